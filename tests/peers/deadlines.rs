//! Servers that do not answer in time.

use std::thread;
use std::time::{Duration, Instant};

use qapi_rt::blocking::Client;
use qapi_rt::qmp::commands;
use qapi_rt::session::client::RawCommand;
use qapi_tests::peers::Age;

use crate::peers::setup::{Blocker, DEADLINE, SHORT, connect};

against_each! {
    a_command_out_of_band_overtakes_a_blocked_queue
    a_command_out_of_band_overtakes_a_queue_that_another_monitor_blocks
    a_late_reply_does_not_disturb_the_next_call
    a_stopped_server_times_out_and_recovers
    a_stopped_server_that_reads_nothing
    many_threads_over_one_connection
    a_server_that_dies_ends_calls_with_an_unknown_outcome
}

/// A2: a call with a deadline of its own, and a reply that comes late and is not taken for that of another call.
fn a_late_reply_does_not_disturb_the_next_call(age: Age) {
    let Some(daemon) = age.storage_daemon() else {
        return;
    };
    let server = daemon.start_ready();
    let client = connect(&server);
    let blocker = Blocker::new(&server);
    let add = RawCommand::with("blockdev-add", blocker.arguments()).unwrap();
    let error = client.call(add).deadline(SHORT).send().unwrap_err();
    assert!(error.is_deadline() && error.maybe_executed(), "{error:?}");
    // In the queue behind it.
    let error = client
        .call(commands::QueryNamedBlockNodes::new())
        .deadline(SHORT)
        .send()
        .unwrap_err();
    assert!(error.is_deadline(), "{error:?}");
    blocker.let_go();
    // Had the first reply been taken for this one's, it would not decode.
    let jobs = client.execute(commands::QueryJobs::new()).unwrap();
    assert_eq!(jobs, []);
    let nodes = client
        .execute(commands::QueryNamedBlockNodes::new())
        .unwrap();
    assert_eq!(nodes.len(), 2);
}

/// A12: a QEMU stopped by SIGSTOP times out, then recovers.
fn a_stopped_server_times_out_and_recovers(age: Age) {
    let Some(qemu) = age.qemu("none") else {
        return;
    };
    let server = qemu.start_ready();
    let client = connect(&server);
    server.pause();
    for _ in 0..3 {
        let query = client.call(commands::QueryName::new()).deadline(SHORT);
        let error = query.send().unwrap_err();
        assert!(error.is_deadline(), "{error:?}");
    }
    server.resume();
    let status = client.execute(commands::QueryStatus::new()).unwrap();
    assert!(status.running);
}

/// A stopped server does not read either: requests beyond what the socket holds cannot be sent.
fn a_stopped_server_that_reads_nothing(age: Age) {
    let Some(qemu) = age.qemu("none") else {
        return;
    };
    let server = qemu.start_ready();
    let client = connect(&server);
    server.pause();
    let long = "x".repeat(4 << 20);
    let query = commands::QomList::new(long);
    let error = client.call(query).deadline(SHORT).send().unwrap_err();
    assert!(error.is_deadline(), "{error:?}");
}

/// The commands that occupy the queue hold up the next, but not one out of band.
fn a_command_out_of_band_overtakes_a_blocked_queue(age: Age) {
    overtake(age, 0);
}

/// None of the queue is executing then.
fn a_command_out_of_band_overtakes_a_queue_that_another_monitor_blocks(age: Age) {
    overtake(age, 1);
}

/// The monitor with this number blocks the machine.
fn overtake(age: Age, blocking: usize) {
    let Some(qemu) = age.qemu("none") else {
        return;
    };
    let server = qemu.monitors(2).start_ready();
    let [client, other] = [0, 1].map(|monitor| {
        Client::builder()
            .deadline(DEADLINE)
            .connect_deadline(DEADLINE)
            .oob(true)
            .connect_unix(server.monitor(monitor))
            .unwrap()
    });
    assert!(client.oob());
    let blocker = Blocker::new(&server);
    let add = RawCommand::with("blockdev-add", blocker.arguments()).unwrap();
    let blocked = [&client, &other][blocking].call(add).start().unwrap();
    // What comes from the other monitor may be read later than what comes from this one.
    let query = || client.call(commands::QueryName::new()).deadline(SHORT);
    let start = Instant::now();
    while query().send().is_ok() {
        assert!(start.elapsed() < DEADLINE, "nothing blocks the machine");
    }
    // More than the server's queue holds, which would then read nothing more.
    let waiting: Vec<_> = (0..20)
        .map(|_| client.call(commands::QueryName::new()).start().unwrap())
        .collect();
    for _ in 0..3 {
        let error = client
            .call(commands::MigratePause::new())
            .oob()
            .deadline(DEADLINE)
            .send()
            .unwrap_err();
        // It has run: there is no migration to pause.
        assert!(error.reply().is_some(), "{error:?}");
    }
    blocker.let_go();
    blocked.wait().unwrap();
    for call in waiting {
        call.wait().unwrap();
    }
}

/// Replies go to the threads whose calls they answer.
fn many_threads_over_one_connection(age: Age) {
    let Some(qemu) = age.qemu("none") else {
        return;
    };
    let server = qemu.args(["-name", "guest"]).start_ready();
    let client = connect(&server);
    thread::scope(|scope| {
        for thread in 0..4 {
            let client = &client;
            scope.spawn(move || {
                for _ in 0..50 {
                    if thread % 2 == 0 {
                        let name = client.execute(commands::QueryName::new()).unwrap();
                        assert_eq!(name.name.as_deref(), Some("guest"));
                    } else {
                        assert!(
                            client
                                .execute(commands::QueryStatus::new())
                                .unwrap()
                                .running
                        );
                    }
                }
            });
        }
    });
}

/// What a server that dies leaves unanswered ends at once.
fn a_server_that_dies_ends_calls_with_an_unknown_outcome(age: Age) {
    let Some(daemon) = age.storage_daemon() else {
        return;
    };
    let mut server = daemon.start_ready();
    let client = Client::builder()
        .deadline(Duration::from_secs(3600))
        .connect_deadline(DEADLINE)
        .connect_unix(server.socket())
        .unwrap();
    let blocker = Blocker::new(&server);
    let add = RawCommand::with("blockdev-add", blocker.arguments()).unwrap();
    let blocked = client.call(add).start().unwrap();
    let waiting = client.call(commands::QueryJobs::new()).start().unwrap();
    server.kill();
    for error in [blocked.wait().unwrap_err(), waiting.wait().unwrap_err()] {
        assert!(
            matches!(error.kind(), qapi_rt::ErrorKind::OutcomeUnknown),
            "{error:?}"
        );
    }
    let error = client.execute(commands::QueryJobs::new()).unwrap_err();
    assert!(!error.maybe_executed(), "{error:?}");
}

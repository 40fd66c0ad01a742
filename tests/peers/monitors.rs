//! Several monitors of one server.

use std::time::Instant;

use qapi_rt::blocking::Client;
use qapi_rt::monitors::NewMonitor;
use qapi_rt::qmp::events::{Resume, Stop};
use qapi_rt::qmp::{Event, MonitorQMPCloseAction, commands};
use qapi_rt::{ErrorKind, Violation};
use qapi_tests::peers::Age;
use serde_json::json;

use crate::peers::setup::{DEADLINE, connect, connect_to, execute};

against_each! {
    two_monitors_on_one_machine
    a_monitor_added_and_removed
    a_monitor_that_its_client_leaves
    a_monitor_that_is_replaced
}

/// Each has its own negotiation, and events go to all.
fn two_monitors_on_one_machine(age: Age) {
    let Some(qemu) = age.qemu("none") else {
        return;
    };
    let server = qemu.arg("-S").monitors(2).start();
    let (one, two) = (connect_to(&server, 0), connect_to(&server, 1));
    let mut events = [one.all_events::<Event>(), two.all_events::<Event>()];
    let mut stops = two.events::<Stop>();
    one.execute(commands::Cont::new()).unwrap();
    two.execute(commands::Stop::new()).unwrap();
    for events in &mut events {
        let names = [(); 2].map(|()| {
            let received = events.recv_deadline(DEADLINE).unwrap();
            assert_eq!(received.missed, 0);
            received.event
        });
        assert!(
            matches!(
                &names,
                [Event::Resume(Resume { .. }), Event::Stop(Stop { .. })]
            ),
            "{names:?}"
        );
    }
    stops.recv_deadline(DEADLINE).unwrap();
}

/// Whether the server can add monitors; the error says which release can.
#[track_caller]
fn can_add(client: &Client) -> bool {
    let version = client.greeting().version.qemu;
    if (version.major, version.minor) >= (11, 1) {
        return true;
    }
    let error = client.add_monitor(NewMonitor::new("added")).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Unsupported { since: "11.1", .. }),
        "{error:?}"
    );
    // Nothing is left of the attempt.
    let devices = client.execute(commands::QueryChardev::new()).unwrap();
    assert!(devices.iter().all(|device| device.label != "added"));
    false
}

/// A second client, which is taken away again, by a pair of sockets and by a path.
fn a_monitor_added_and_removed(age: Age) {
    let Some(qemu) = age.qemu("none") else {
        return;
    };
    let server = qemu.arg("-S").start();
    let client = connect(&server);
    if !can_add(&client) {
        return;
    }
    let path = server.path("added");
    for monitor in [
        NewMonitor::new("added"),
        NewMonitor::new("added").path(&path),
    ] {
        let added = client.add_monitor(monitor.clone()).unwrap();
        assert_eq!(added.id(), "added");
        let mut resumed = added.client().events::<Resume>();
        client.execute(commands::Cont::new()).unwrap();
        resumed.recv_deadline(DEADLINE).unwrap();
        added.client().execute(commands::Stop::new()).unwrap();
        // The id is taken.
        let error = client.add_monitor(monitor).unwrap_err();
        assert!(error.reply().is_some(), "{error:?}");
        let status = added.client().execute(commands::QueryStatus::new());
        assert!(!status.unwrap().running);
        let second = added.client().clone();
        added.remove().unwrap();
        let error = second.execute(commands::QueryStatus::new()).unwrap_err();
        assert!(error.is_disconnected(), "{error:?}");
        let devices = client.execute(commands::QueryChardev::new()).unwrap();
        assert_eq!(devices.len(), 1);
        assert!(!path.exists());
    }
}

/// It goes by itself when its client has gone.
fn a_monitor_that_its_client_leaves(age: Age) {
    let Some(daemon) = age.storage_daemon() else {
        return;
    };
    let server = daemon.start();
    let client = connect(&server);
    let version = client.greeting().version.qemu;
    if (version.major, version.minor) < (11, 1) {
        return;
    }
    let path = server.path("added");
    let monitor = NewMonitor::new("added").path(&path);
    let monitor = monitor.close_action(MonitorQMPCloseAction::Delete);
    // The daemon takes no descriptors.
    let error = client.add_monitor(NewMonitor::new("added")).unwrap_err();
    assert_eq!(error.command(), Some("getfd"));
    for _ in 0..3 {
        let added = client.add_monitor(monitor.clone()).unwrap();
        let nodes = added
            .client()
            .execute(commands::QueryNamedBlockNodes::new());
        assert_eq!(nodes.unwrap(), []);
        drop(added);
        let start = Instant::now();
        while client.execute(commands::QueryChardev::new()).unwrap().len() > 1 {
            assert!(start.elapsed() < DEADLINE, "it is still there");
        }
        assert!(!path.exists());
    }
}

/// Somebody else deletes a client's monitor and makes another one: it is told so.
fn a_monitor_that_is_replaced(age: Age) {
    let Some(qemu) = age.qemu("none") else {
        return;
    };
    let server = qemu.start();
    let client = connect(&server);
    if !can_add(&client) {
        return;
    }
    let added = client.add_monitor(NewMonitor::new("added")).unwrap();
    execute(&client, "object-del", json!({"id": "added"}));
    let object = json!({"qom-type": "monitor-qmp", "id": "other", "chardev": "added"});
    execute(&client, "object-add", object);
    let error = added.client().execute(commands::QueryStatus::new());
    let error = error.unwrap_err();
    assert!(
        error.to_string().contains("replaced this monitor"),
        "{error}"
    );
    let closed = added.client().closed().unwrap();
    assert!(
        matches!(
            closed.kind(),
            ErrorKind::Protocol(Violation::SecondGreeting)
        ),
        "{closed:?}"
    );
}

//! Out-of-band execution and when reading pauses: SV32 to SV36.

use crate::server::monitor::{Monitor, error_for, generic, parse_error, returned};

const YANK: &str = "{'exec-oob':'yank','arguments':{'instances':[]},'id':'oob'}";

fn yanked() -> String {
    returned("{}", "\"oob\"")
}

fn cont(id: usize) -> String {
    format!("{{'execute':'cont','id':{id}}}")
}

/// A monitor whose first request is executing.
fn busy() -> (Monitor, qapi_rt::session::server::Request) {
    let mut monitor = Monitor::oob();
    monitor.hold = true;
    monitor.send(cont(0));
    let request = monitor.session.take_in_band().expect("the first one");
    (monitor, request)
}

#[test]
fn sv32_oob_overtakes() {
    let (mut monitor, executing) = busy();
    assert_eq!(monitor.send(cont(1) + YANK), yanked());
    assert_eq!(monitor.executed, ["yank"]);
    // So do its errors.
    for (request, class, desc) in [
        (
            "'exec-oob':5",
            "GenericError",
            "QMP input member 'exec-oob' must be a string",
        ),
        (
            "'exec-oob':'nope'",
            "CommandNotFound",
            "The command nope has not been found",
        ),
        (
            "'exec-oob':'cont'",
            "GenericError",
            "The command cont does not support OOB",
        ),
        (
            "'exec-oob':'yank'",
            "GenericError",
            "Parameter 'instances' is missing",
        ),
        (
            "'exec-oob':'yank','x':1",
            "GenericError",
            "QMP input member 'x' is unexpected",
        ),
    ] {
        assert_eq!(
            monitor.send(format!("{{{request},'id':1}}")),
            error_for("1", class, desc)
        );
    }
    monitor.hold = false;
    monitor.execute(&executing);
    monitor.run();
    assert_eq!(monitor.output(), returned("{}", "0") + &returned("{}", "1"));
}

#[test]
fn sv33_what_is_malformed_is_in_band() {
    let (mut monitor, executing) = busy();
    let malformed = "{'execute':'yank','exec-oob':'yank','id':1} {'exec-oob':1} {'id':2} ] []";
    // The second one has `exec-oob` and no `execute`.
    assert_eq!(
        monitor.send(malformed),
        generic("QMP input member 'exec-oob' must be a string")
    );
    monitor.execute(&executing);
    let expected = [
        returned("{}", "0"),
        error_for(
            "1",
            "GenericError",
            "QMP input member 'execute' clashes with 'exec-oob'",
        ),
        error_for("2", "GenericError", "QMP input lacks member 'execute'"),
        parse_error("expecting value"),
        generic("QMP input must be a JSON object"),
    ];
    assert_eq!(monitor.output(), expected.concat());
}

#[test]
fn sv34_eight_may_wait() {
    for (queued, served) in [(7, true), (8, false)] {
        let (mut monitor, executing) = busy();
        let requests: String = (1..=queued).map(cont).collect();
        assert_eq!(monitor.send(&requests), "");
        assert_eq!(monitor.session.wants_input(), served);
        let output = monitor.send(YANK);
        assert_eq!(output, if served { yanked() } else { String::new() });
        // One leaves the queue when the executing one is done and it begins.
        monitor.execute(&executing);
        assert_eq!(monitor.output(), returned("{}", "0"));
        assert_eq!(monitor.session.wants_input(), served);
        let next = monitor.session.take_in_band().expect("the next one");
        monitor.run();
        assert_eq!(
            monitor.output(),
            if served { String::new() } else { yanked() }
        );
        assert!(monitor.session.wants_input());
        monitor.execute(&next);
        monitor.hold = false;
        monitor.run();
        let rest: String = (1..=queued)
            .map(|id| returned("{}", &id.to_string()))
            .collect();
        assert_eq!(monitor.output(), rest);
    }
}

#[test]
fn sv34_so_many_may_wait_before_any_begins() {
    // As of a monitor that waits for others to have their turn.
    let mut monitor = Monitor::oob();
    monitor.hold = true;
    monitor.send((0..7).map(cont).collect::<String>());
    assert!(monitor.session.wants_input());
    monitor.send(cont(7));
    assert!(!monitor.session.wants_input());
}

#[test]
fn sv35_without_oob_one_is_read_ahead() {
    let mut monitor = Monitor::qmp();
    monitor.hold = true;
    assert!(monitor.session.wants_input());
    monitor.send(cont(1) + "@ " + &cont(2));
    assert!(!monitor.session.wants_input());
    let first = monitor.session.take_in_band().expect("the first one");
    assert!(!monitor.session.wants_input());
    monitor.execute(&first);
    // The next two were in the same piece of input.
    assert_eq!(
        monitor.output(),
        returned("{}", "1") + &parse_error("stray '@'")
    );
    assert!(!monitor.session.wants_input());
    let second = monitor.session.take_in_band().expect("the second one");
    monitor.execute(&second);
    assert_eq!(monitor.output(), returned("{}", "2"));
    assert!(monitor.session.wants_input());
}

#[test]
fn sv35_large_requests_wait_in_smaller_numbers() {
    use qapi_rt::session::server::Config;
    let config = Config::qmp(crate::server::monitor::version()).queue_limit(1000);
    let request = b"{'execute':'qmp_capabilities','arguments':{'enable':['oob']}}";
    let mut monitor = Monitor::negotiated(&config, request);
    monitor.hold = true;
    let large = format!("{{'execute':'cont','id':'{}'}}", "x".repeat(600));
    monitor.send(&large);
    assert!(monitor.session.wants_input());
    monitor.send(&large);
    assert!(!monitor.session.wants_input());
    monitor.hold = false;
    monitor.run();
    assert!(monitor.session.wants_input());
}

#[test]
fn sv36_one_at_a_time_and_ids_are_not_compared() {
    let mut monitor = Monitor::oob();
    monitor.hold = true;
    monitor.session.receive(YANK.repeat(2).as_bytes());
    monitor.session.receive(cont(1).as_bytes());
    let first = monitor.session.take_oob().expect("the first one");
    // While it is executing nothing is read, so that its reply precedes all that follows.
    assert!(!monitor.session.wants_input() && monitor.session.take_oob().is_none());
    assert!(!monitor.session.has_in_band());
    monitor.execute(&first);
    assert_eq!(monitor.output(), yanked());
    let second = monitor.session.take_oob().expect("the second one");
    monitor.execute(&second);
    assert_eq!(monitor.output(), yanked());
    assert!(monitor.session.has_in_band());
    assert_eq!(
        monitor.send("{'exec-oob':'yank','arguments':{'instances':[]}}"),
        "{\"return\": {}}\r\n"
    );
}

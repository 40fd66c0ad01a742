//! Requests and replies: SV13 to SV20.

use qapi_rt::session::server::Arbiter;

use crate::server::monitor::{Monitor, VERSION, error_for, generic, returned};

fn refuses(monitor: &mut Monitor, members: &str, desc: &str) {
    assert_eq!(
        monitor.send(format!("{{{members}, 'id': 1}}")),
        error_for("1", "GenericError", desc),
        "{members}"
    );
}

#[test]
fn sv13_malformed_requests() {
    for text in [
        "[]",
        "\"x\"",
        "5 ",
        "null ",
        "true ",
        "[{'execute':'query-version'}]",
    ] {
        let expected = generic("QMP input must be a JSON object");
        assert_eq!(Monitor::qmp().send(text), expected, "{text}");
        assert_eq!(Monitor::oob().send(text), expected, "{text}");
    }
    let without = &mut Monitor::qmp();
    let with = &mut Monitor::oob();
    for monitor in [&mut *without, &mut *with] {
        for (members, desc) in [
            (
                "'execute':'query-version','bogus':1",
                "QMP input member 'bogus' is unexpected",
            ),
            (
                "'Execute':'query-version'",
                "QMP input member 'Execute' is unexpected",
            ),
            (
                "'execute':'query-version','control':{'run-oob':true}",
                "QMP input member 'control' is unexpected",
            ),
            ("'execute':5", "QMP input member 'execute' must be a string"),
            (
                "'execute':null",
                "QMP input member 'execute' must be a string",
            ),
            (
                "'execute':'query-version','arguments':[]",
                "QMP input member 'arguments' must be an object",
            ),
            (
                "'execute':'query-version','arguments':null",
                "QMP input member 'arguments' must be an object",
            ),
            ("'arguments':{}", "QMP input lacks member 'execute'"),
        ] {
            refuses(monitor, members, desc);
        }
        let lacks = error_for("1", "GenericError", "QMP input lacks member 'execute'");
        assert_eq!(monitor.send("{'id':1}"), lacks);
        assert_eq!(
            monitor.send("{}"),
            generic("QMP input lacks member 'execute'")
        );
        assert_eq!(
            monitor.send("{'execute':'no-such-command','id':1}"),
            error_for(
                "1",
                "CommandNotFound",
                "The command no-such-command has not been found"
            )
        );
    }
    refuses(
        without,
        "'exec-oob':'query-version'",
        "QMP input member 'exec-oob' is unexpected",
    );
    refuses(
        with,
        "'exec-oob':5",
        "QMP input member 'exec-oob' must be a string",
    );
    refuses(
        with,
        "'execute':'query-version','exec-oob':'query-version'",
        "QMP input member 'execute' clashes with 'exec-oob'",
    );
    refuses(
        with,
        "'exec-oob':'query-version'",
        "The command query-version does not support OOB",
    );
    // See `policy.rs` for the rest of the table.
    assert!(without.executed.is_empty() && with.executed.is_empty());
}

#[test]
fn sv13_of_several_errors_one_is_reported_and_the_id_is_found_behind_them() {
    let output = Monitor::qmp().send("{'a':1,'execute':2,'arguments':3,'b':4,'id':'x'}");
    assert_eq!(
        output,
        error_for(
            "\"x\"",
            "GenericError",
            "QMP input member 'a' is unexpected"
        )
    );
}

#[test]
fn sv14_names_and_missing_arguments() {
    let mut monitor = Monitor::qmp();
    for request in [
        "{'execute':'query-version','id':1}",
        "{'execute':'query-version','arguments':{},'id':1}",
        "{'arguments':{},'id':1,'execute':'query-\\u0076ersion'}",
    ] {
        assert_eq!(monitor.send(request), returned(VERSION, "1"), "{request}");
    }
    for (name, desc) in [
        (
            "Query-Version",
            "The command Query-Version has not been found",
        ),
        ("", "The command  has not been found"),
    ] {
        assert_eq!(
            monitor.send(format!("{{'execute':'{name}','id':1}}")),
            error_for("1", "CommandNotFound", desc)
        );
    }
}

#[test]
fn sv15_ids_are_echoed_by_value() {
    let mut monitor = Monitor::qmp();
    for (written, echoed) in [
        ("null", "null"),
        ("true", "true"),
        ("false", "false"),
        ("0", "0"),
        ("-1", "-1"),
        ("1.5", "1.5"),
        ("-0", "0"),
        ("1e2", "100"),
        ("''", "\"\""),
        ("'it\\'s \"q\"'", r#""it's \"q\"""#),
        ("\"a\\/b\"", "\"a/b\""),
        ("[1,'a',null,{'x':[]}]", r#"[1, "a", null, {"x": []}]"#),
        ("{'a':{'c':[]},'b':1}", r#"{"a": {"c": []}, "b": 1}"#),
    ] {
        let with = |command: &str| format!("{{'execute':'{command}','id':{written}}}");
        assert_eq!(
            monitor.send(with("query-version")),
            returned(VERSION, echoed)
        );
        assert_eq!(
            monitor.send(with("nope")),
            error_for(
                echoed,
                "CommandNotFound",
                "The command nope has not been found"
            )
        );
    }
    assert_eq!(
        monitor.send("{'execute':'cont'}{'execute':'cont','id':null}"),
        "{\"return\": {}}\r\n{\"return\": {}, \"id\": null}\r\n"
    );
}

#[test]
fn sv16_success_that_is_not_answered() {
    let mut monitor = Monitor::agent();
    assert_eq!(monitor.send("{'execute':'guest-shutdown','id':1}\n"), "");
    assert_eq!(
        monitor.send("{'execute':'guest-shutdown','arguments':{'mode':'up'},'id':1}\n"),
        "{\"id\": 1, \"error\": {\"class\": \"GenericError\", \"desc\": \"mode is invalid\"}}\n"
    );
    assert_eq!(
        monitor.send("{'execute':'guest-ping'}\n"),
        "{\"return\": {}}\n"
    );
}

#[test]
fn sv17_one_at_a_time_and_in_order() {
    for mut monitor in [Monitor::qmp(), Monitor::oob()] {
        monitor.hold = true;
        let requests =
            "{'execute':'query-version','id':1}{'execute':'nope','id':2}]{'execute':'cont','id':3}";
        assert_eq!(monitor.send(requests), "");
        let first = monitor.session.take_in_band().expect("the first one");
        assert!(!monitor.session.has_in_band());
        assert!(monitor.session.take_in_band().is_none());
        assert_eq!(monitor.output(), "");
        monitor.execute(&first);
        monitor.hold = false;
        monitor.run();
        let expected = [
            returned(VERSION, "1"),
            error_for(
                "2",
                "CommandNotFound",
                "The command nope has not been found",
            ),
            generic("JSON parse error, expecting value"),
            returned("{}", "3"),
        ];
        assert_eq!(monitor.output(), expected.concat());
    }
}

#[test]
fn sv17_sessions_take_turns() {
    let mut monitors = [Monitor::oob(), Monitor::oob(), Monitor::oob()];
    let mut arbiter = Arbiter::new();
    let mut order = Vec::new();
    for (key, requests) in [(0, 3), (1, 2), (2, 1)] {
        monitors[key].hold = true;
        monitors[key].send("{'execute':'cont'}".repeat(requests));
    }
    loop {
        for (key, monitor) in monitors.iter().enumerate() {
            if monitor.session.has_in_band() {
                arbiter.wait(key);
            }
        }
        let Some(key) = arbiter.next_turn() else {
            break;
        };
        assert_eq!(arbiter.next_turn(), None);
        let request = monitors[key].session.take_in_band().expect("its turn");
        monitors[key].execute(&request);
        order.push(key);
        arbiter.done();
    }
    assert_eq!(order, [0, 1, 2, 0, 1, 0]);
}

#[test]
fn sv17_a_session_that_leaves_gives_up_its_turn_and_not_that_of_others() {
    let mut arbiter = Arbiter::new();
    for key in ["a", "b", "c"] {
        arbiter.wait(key);
    }
    arbiter.leave(&"b");
    assert_eq!(arbiter.next_turn(), Some("a"));
    // What it has executing goes on.
    arbiter.leave(&"a");
    assert_eq!(arbiter.next_turn(), None);
    arbiter.done();
    assert_eq!(arbiter.next_turn(), Some("c"));
    arbiter.done();
    assert_eq!(arbiter.next_turn(), None);
}

#[test]
fn sv18_classes() {
    use qapi_types::{ErrorClass, ErrorReply};
    let mut monitor = Monitor::qmp();
    monitor.hold = true;
    for (class, name) in [
        (ErrorClass::GenericError, "GenericError"),
        (ErrorClass::CommandNotFound, "CommandNotFound"),
        (ErrorClass::DeviceNotActive, "DeviceNotActive"),
        (ErrorClass::DeviceNotFound, "DeviceNotFound"),
        (ErrorClass::KvmMissingCap, "KVMMissingCap"),
    ] {
        monitor.send("{'execute':'cont','id':1}");
        let request = monitor.session.take_in_band().expect("a request");
        let error = ErrorReply::new(class, "why");
        monitor.session.reply(request.ticket(), Err(&error));
        assert_eq!(monitor.output(), error_for("1", name, "why"));
    }
}

#[test]
fn sv19_arguments_are_checked_before_anything_happens() {
    // The handler of `object-del` would complain about the object; it is not reached.
    let mut monitor = Monitor::qmp();
    assert_eq!(
        monitor.send("{'execute':'object-del','arguments':{'id':'a','x':1},'id':1}"),
        error_for("1", "GenericError", "Parameter 'x' is unexpected")
    );
    assert_eq!(
        monitor.send("{'execute':'object-del','arguments':{'id':'a'},'id':1}"),
        error_for("1", "GenericError", "object 'a' not found")
    );
}

#[test]
fn sv20_events_of_a_command_and_its_reply_precede_the_end() {
    let mut monitor = Monitor::qmp();
    monitor.hold = true;
    monitor.send("{'execute':'quit','id':1}");
    let request = monitor.session.take_in_band().expect("a request");
    monitor.session.event(b"{\"event\": \"SHUTDOWN\"}");
    monitor.session.reply(request.ticket(), Ok(b"{}"));
    monitor.session.close();
    assert_eq!(
        monitor.output(),
        "{\"event\": \"SHUTDOWN\"}\r\n{\"return\": {}, \"id\": 1}\r\n"
    );
}

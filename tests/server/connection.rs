//! Life cycle of a connection: SV1 to SV12.

use qapi_rt::session::server::{Closed, Config, Session};
use qapi_types::message::VersionInfo;
use qapi_types::message::VersionTriple;

use crate::server::monitor::{Monitor, VERSION, error_for, generic, returned, version};

const EXPECTING: &str = "Expecting capabilities negotiation with 'qmp_capabilities'";

fn greeting(config: &Config) -> String {
    Monitor::new(config).output()
}

#[test]
fn sv01_greets_with_the_version_that_query_version_returns() {
    let expected =
        format!("{{\"QMP\": {{\"version\": {VERSION}, \"capabilities\": [\"oob\"]}}}}\r\n");
    assert_eq!(greeting(&Config::qmp(version())), expected);

    let candidate = VersionTriple {
        major: 10,
        minor: 1,
        micro: 91,
    };
    let config = Config::qmp(VersionInfo::new(candidate)).oob(false);
    assert_eq!(
        greeting(&config),
        "{\"QMP\": {\"version\": {\"qemu\": {\"major\": 10, \"minor\": 1, \"micro\": 91}, \
         \"package\": \"\"}, \"capabilities\": []}}\r\n"
    );
}

#[test]
fn sv02_lines_end_in_cr_lf_and_pretty_output_takes_several() {
    let mut monitor = Monitor::negotiated(
        &Config::qmp(version()).pretty(true),
        b"{'execute':'qmp_capabilities'}",
    );
    assert_eq!(
        monitor.send(r#"{"execute": "query-status", "id": [1, {"a": "}\"{,: "}, {}, []]}"#),
        "{\r\n    \"return\": {\r\n        \"status\": \"running\",\r\n        \"running\": true\r\n    },\r\n    \
         \"id\": [\r\n        1,\r\n        {\r\n            \"a\": \"}\\\"{,: \"\r\n        },\r\n        \
         {\r\n        },\r\n        [\r\n        ]\r\n    ]\r\n}\r\n"
    );
    assert_eq!(
        monitor.send("]"),
        "{\r\n    \"error\": {\r\n        \"class\": \"GenericError\",\r\n        \
         \"desc\": \"JSON parse error, expecting value\"\r\n    }\r\n}\r\n"
    );
    let greeting = greeting(&Config::qmp(version()).pretty(true).oob(false));
    assert!(greeting.ends_with("        \"capabilities\": [\r\n        ]\r\n    }\r\n}\r\n"));
}

#[test]
fn sv03_output_is_ascii() {
    let mut monitor = Monitor::qmp();
    let id = r#""\u00e9\u20ac\ud83d\ude00\u0000\u0001\u001f\"\\/\b\f\n\r\t\u007f""#;
    let echoed = r#""\u00E9\u20AC\uD83D\uDE00\u0000\u0001\u001F\"\\/\b\f\n\r\t\u007F""#;
    assert_eq!(
        monitor.send(format!("{{'execute':'yank','id':{id}}}")),
        error_for(echoed, "GenericError", "Parameter 'instances' is missing")
    );
    assert_eq!(
        monitor.send("{'execute':'é😀','id':'é\u{2028}\u{fffd}'}"),
        error_for(
            r#""\u00E9\u2028\uFFFD""#,
            "CommandNotFound",
            "The command \\u00E9\\uD83D\\uDE00 has not been found"
        )
    );
    // What is no character becomes one U+FFFD for each broken sequence.
    assert_eq!(
        monitor.send(b"'a\xc3\xa9\xe2\x82\xed\xa0\x80\xff"),
        generic("JSON parse error, stray ''a\\u00E9\\uFFFD\\uFFFD\\uFFFD'")
    );
}

#[test]
fn sv04_numbers() {
    let mut monitor = Monitor::qmp();
    for (written, echoed) in [
        ("-0", "0"),
        ("-0.0", "-0"),
        ("1e2", "100"),
        ("1.5", "1.5"),
        ("0.1", "0.10000000000000001"),
        ("1e-7", "9.9999999999999995e-08"),
        ("1e22", "1e+22"),
        ("123456789012345.678", "123456789012345.67"),
        ("9223372036854775807", "9223372036854775807"),
        ("9223372036854775808", "9223372036854775808"),
        ("18446744073709551615", "18446744073709551615"),
        ("18446744073709551616", "1.8446744073709552e+19"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("-9223372036854775809", "-9.2233720368547758e+18"),
    ] {
        let request = format!("{{'execute':'query-version','id':{written}}}");
        assert_eq!(monitor.send(request), returned(VERSION, echoed));
    }
    // Infinity is neither read nor written.
    assert_eq!(
        monitor.send("{'execute':'query-version','id':1e999}"),
        generic("JSON parse error, number out of range")
    );
    let request = monitor.send("{'execute':'query-status','id':1}");
    assert_eq!(
        request,
        returned(r#"{"status": "running", "running": true}"#, "1")
    );
    monitor.hold = true;
    monitor.send("{'execute':'query-status','id':1}");
    let request = monitor.session.take_in_band().expect("a request");
    monitor.session.reply_value(request.ticket(), &f64::NAN);
    assert_eq!(
        monitor.output(),
        error_for(
            "1",
            "GenericError",
            "JSON cannot express a number that is not finite"
        )
    );
}

#[test]
fn sv05_a_connection_starts_in_negotiation() {
    let config = Config::qmp(version());
    let mut monitor = Monitor::oob();
    assert!(monitor.session.is_oob_enabled());
    monitor.session.close();
    let session = std::mem::replace(&mut monitor.session, Session::new(&config));
    monitor.session = session.next_client(&config);
    assert!(!monitor.session.is_negotiated() && !monitor.session.is_oob_enabled());
    monitor.output();
    assert_eq!(
        monitor.send("{'execute':'query-version','id':1}"),
        error_for("1", "CommandNotFound", EXPECTING)
    );
}

#[test]
fn sv06_only_negotiation_runs_before_it() {
    let mut monitor = Monitor::new(&Config::qmp(version()));
    monitor.output();
    for command in ["query-version", "no-such-command", ""] {
        let request = format!("{{'execute':'{command}','id':1}}");
        assert_eq!(
            monitor.send(request),
            error_for("1", "CommandNotFound", EXPECTING)
        );
    }
    for (request, expected) in [
        ("xx\n", generic("JSON parse error, invalid keyword 'xx'")),
        ("[]", generic("QMP input must be a JSON object")),
        (
            "{'exec-oob':'qmp_capabilities','id':1}",
            error_for(
                "1",
                "GenericError",
                "QMP input member 'exec-oob' is unexpected",
            ),
        ),
    ] {
        assert_eq!(monitor.send(request), expected);
    }
    monitor.session.event(b"{\"event\": \"STOP\"}");
    assert_eq!(monitor.output(), "");
    assert_eq!(monitor.executed, [""; 0]);
}

#[test]
fn sv07_capabilities() {
    let negotiate = |config: &Config, arguments: &str| {
        let mut monitor = Monitor::new(config);
        monitor.output();
        let request = format!("{{'execute':'qmp_capabilities','arguments':{arguments},'id':1}}");
        let output = monitor.send(request);
        let session = &monitor.session;
        (output, session.is_negotiated(), session.is_oob_enabled())
    };
    let config = Config::qmp(version());
    for (arguments, oob) in [
        ("{}", false),
        ("{'enable':[]}", false),
        ("{'enable':['oob']}", true),
        ("{'enable':['oob','oob']}", true),
    ] {
        let expected = (returned("{}", "1"), true, oob);
        assert_eq!(negotiate(&config, arguments), expected, "{arguments}");
    }
    for (arguments, desc) in [
        (
            "{'enable':['zz']}",
            "Parameter 'null' does not accept value 'zz'",
        ),
        (
            "{'enable':['oob','zz']}",
            "Parameter 'null' does not accept value 'zz'",
        ),
        (
            "{'enable':'oob'}",
            "Invalid parameter type for 'enable', expected: array",
        ),
        (
            "{'enable':[1]}",
            "Invalid parameter type for 'enable[0]', expected: string",
        ),
        (
            "{'enable':null}",
            "Invalid parameter type for 'enable', expected: array",
        ),
        ("{'x':1}", "Parameter 'x' is unexpected"),
    ] {
        let expected = (error_for("1", "GenericError", desc), false, false);
        assert_eq!(negotiate(&config, arguments), expected, "{arguments}");
    }
    assert_eq!(
        negotiate(&config.oob(false), "{'enable':['oob','oob']}"),
        (
            error_for("1", "GenericError", "Capability oob not available"),
            false,
            false
        )
    );
}

#[test]
fn sv08_negotiation_happens_once() {
    let mut monitor = Monitor::qmp();
    let complete = "Capabilities negotiation is already complete, command ignored";
    assert_eq!(
        monitor.send("{'execute':'qmp_capabilities','id':1}"),
        error_for("1", "CommandNotFound", complete)
    );
    // Arguments are checked first, as for any command.
    assert_eq!(
        monitor.send("{'execute':'qmp_capabilities','arguments':{'enable':1},'id':1}"),
        error_for(
            "1",
            "GenericError",
            "Invalid parameter type for 'enable', expected: array"
        )
    );
    let mut monitor = Monitor::oob();
    assert_eq!(
        monitor.send("{'exec-oob':'qmp_capabilities','id':1}"),
        error_for(
            "1",
            "GenericError",
            "The command qmp_capabilities does not support OOB"
        )
    );
}

#[test]
fn sv09_oob_is_offered_or_not() {
    let config = Config::qmp(version()).oob(false);
    let expected = format!("{{\"QMP\": {{\"version\": {VERSION}, \"capabilities\": []}}}}\r\n");
    assert_eq!(greeting(&config), expected);
}

#[test]
fn sv10_sessions_have_their_own_state() {
    let (mut first, mut second) = (Monitor::oob(), Monitor::new(&Config::qmp(version())));
    second.output();
    assert_eq!(first.send("{'execute':"), "");
    assert_eq!(
        second.send("{'execute':'query-version','id':2}"),
        error_for("2", "CommandNotFound", EXPECTING)
    );
    assert_eq!(
        first.send("'query-version','id':1}"),
        returned(VERSION, "1")
    );
}

#[test]
fn sv11_closing_drops_what_waits() {
    let config = Config::qmp(version());
    let mut monitor = Monitor::oob();
    monitor.hold = true;
    monitor.send("{'execute':'query-version','id':1}");
    let executing = monitor.session.take_in_band().expect("a request");
    monitor.send("{'execute':'query-version','id':2} {'execute':'query-version','id':3} {'exec");
    monitor.session.close();
    assert_eq!(monitor.session.closed(), Some(Closed::ByClient));
    assert!(!monitor.session.has_in_band());
    assert!(monitor.session.take_in_band().is_none());
    // The reply of what was executing belongs to nobody, not to the next client either.
    monitor.session.reply(executing.ticket(), Ok(b"{}"));
    assert_eq!(monitor.output(), "");
    monitor.session = monitor.session.next_client(&config);
    monitor.output();
    assert_eq!(
        monitor.send("{'execute':'qmp_capabilities','id':4}"),
        returned("{}", "4")
    );
    for id in 0..3 {
        monitor.send(format!("{{'execute':'cont','id':{id}}}"));
        let request = monitor.session.take_in_band().expect("a request");
        monitor.session.reply(executing.ticket(), Ok(b"{}"));
        assert_eq!(monitor.output(), "");
        monitor.execute(&request);
        assert_eq!(monitor.output(), returned("{}", &id.to_string()));
    }
}

#[test]
fn sv11_the_end_of_input_comes_after_what_was_sent_before_it() {
    let mut monitor = Monitor::qmp();
    monitor
        .session
        .receive(b"{'execute':'query-version','id':1} {'execute':'query-version','id':2}");
    monitor.session.eof();
    assert_eq!(monitor.session.closed(), None);
    monitor.run();
    assert_eq!(
        monitor.output(),
        returned(VERSION, "1") + &returned(VERSION, "2")
    );
    assert_eq!(monitor.session.closed(), Some(Closed::ByClient));

    // With out-of-band execution reading does not wait, so that the end overtakes the queue.
    let mut monitor = Monitor::oob();
    monitor.hold = true;
    monitor.send("{'execute':'query-version','id':1}");
    monitor.session.eof();
    assert_eq!(monitor.session.closed(), Some(Closed::ByClient));
    assert!(monitor.session.take_in_band().is_none());
}

#[test]
fn sv12_nothing_comes_before_the_greeting() {
    let mut monitor = Monitor::new(&Config::qmp(version()));
    monitor.session.event(b"{\"event\": \"STOP\"}");
    assert_eq!(monitor.output(), greeting(&Config::qmp(version())));
}

#[test]
fn a_client_that_does_not_read_is_neither_served_nor_kept() {
    let config = Config::qmp(version()).output_limit(16 * 1000);
    let mut monitor = Monitor::negotiated(&config, b"{'execute':'qmp_capabilities'}");
    let flood = b"{'execute':'query-version','id':'0123456789'}".repeat(100);
    monitor.session.receive(&flood);
    monitor.run();
    let served = monitor.executed.len();
    // A sixteenth of the limit, and the message that passed it.
    assert!((1000..1200).contains(&monitor.session.output().len()));
    assert!(!monitor.session.wants_input() && monitor.session.take_in_band().is_none());
    assert_eq!(monitor.session.closed(), None);

    // Having read, it goes on.
    monitor.output();
    monitor.run();
    assert_eq!(monitor.executed.len(), 2 * served);

    while monitor.session.closed().is_none() {
        monitor.session.event(&[b' '; 500]);
        assert!(monitor.session.output().len() < 17_000);
    }
    assert_eq!(monitor.session.closed(), Some(Closed::Overflow));
    assert!(monitor.session.output().len() > 16_000);
}

//! The guest agent's flavour: GA1 to GA11, as far as they are the server's.

use qapi_rt::session::server::{Config, Session};

use crate::server::monitor::{Monitor, version};

fn error(class: &str, desc: &str) -> String {
    format!("{{\"error\": {{\"class\": \"{class}\", \"desc\": \"{desc}\"}}}}\n")
}

const PING: &str = "{'execute':'guest-ping'}\n";
const PONG: &str = "{\"return\": {}}\n";

#[test]
fn ga1_no_greeting_no_negotiation_no_events() {
    let mut monitor = Monitor::agent();
    assert_eq!(monitor.output(), "");
    assert!(monitor.session.is_negotiated());
    for command in ["qmp_capabilities", "query-version", "query-commands"] {
        let desc = format!("The command {command} has not been found");
        let request = format!("{{'execute':'{command}'}}");
        assert_eq!(monitor.send(request), error("CommandNotFound", &desc));
    }
    monitor.session.event(b"{\"event\": \"STOP\"}");
    assert_eq!(monitor.output(), "");
    assert_eq!(monitor.send(PING), PONG);
}

#[test]
fn ga2_lines_end_in_lf_and_requests_are_serial() {
    let mut monitor = Monitor::new(&Config::agent().version(&version()).pretty(true).oob(true));
    assert_eq!(monitor.send(PING), PONG);
    assert_eq!(
        monitor.send("{'exec-oob':'guest-ping'}"),
        error("GenericError", "QMP input member 'exec-oob' is unexpected")
    );
    monitor.hold = true;
    monitor.send(PING.repeat(2));
    assert!(!monitor.session.wants_input());
    let request = monitor.session.take_in_band().expect("a request");
    assert!(monitor.session.take_in_band().is_none() && !monitor.session.wants_input());
    monitor.execute(&request);
    assert_eq!(monitor.output(), PONG);
    assert!(monitor.session.has_in_band());
}

#[test]
fn ga3_ids_are_echoed() {
    assert_eq!(
        Monitor::agent().send("{'execute':'guest-ping','id':['x']}"),
        "{\"return\": {}, \"id\": [\"x\"]}\n"
    );
}

#[test]
fn ga4_the_byte_0xff_puts_an_end_to_whatever_was_before() {
    let stray = error("GenericError", "JSON parse error, stray '\\uFFFD'");
    for before in ["", "{'execute':'gue", "[[", "{'a':1,"] {
        let mut monitor = Monitor::agent();
        assert_eq!(monitor.send(before), "");
        let output = monitor.send([b"\xff", PING.as_bytes()].concat());
        let inside = before.ends_with("gue");
        let expected = if inside {
            error("GenericError", "JSON parse error, stray ''gue\\uFFFD'")
        } else {
            stray.clone()
        };
        assert_eq!(output, expected + PONG, "{before}");
    }
}

#[test]
fn ga4_what_a_client_left_is_completed_by_the_next_one_if_wanted() {
    for (keep, expected) in [
        (
            false,
            error("GenericError", "JSON parse error, invalid keyword 'ping'"),
        ),
        (true, PONG.to_owned()),
    ] {
        let config = Config::agent().version(&version()).keep_partial_input(keep);
        let mut monitor = Monitor::new(&config);
        monitor.send("{'execute':'guest-");
        monitor.session.eof();
        assert!(monitor.session.closed().is_some());
        let session = std::mem::replace(&mut monitor.session, Session::new(&config));
        monitor.session = session.next_client(&config);
        let output = monitor.send("ping'}\n");
        assert_eq!(output.get(..expected.len()), Some(&*expected));
    }
}

#[test]
fn ga5_sync() {
    let mut monitor = Monitor::agent();
    assert_eq!(
        monitor.send("{'execute':'guest-sync','arguments':{'id':7}}"),
        "{\"return\": 7}\n"
    );
    assert_eq!(
        monitor.send("{'execute':'guest-sync-delimited','arguments':{'id':7}}"),
        "\u{ff}{\"return\": 7}\n"
    );
    assert_eq!(
        monitor.send("{'execute':'guest-sync-delimited'}"),
        error("GenericError", "Parameter 'id' is missing")
    );
    // The client's procedure, on a line full of rubbish.
    monitor.send("{'execute': [1, 'x");
    assert_eq!(
        monitor.send(b"\xff{'execute':'guest-sync-delimited','arguments':{'id':8}}"),
        error("GenericError", "JSON parse error, stray ''x\\uFFFD'") + "\u{ff}{\"return\": 8}\n"
    );
}

#[test]
fn ga6_sync_ids_are_signed() {
    let mut monitor = Monitor::agent();
    let mut sync = |id: &str| {
        monitor.send(format!(
            "{{'execute':'guest-sync','arguments':{{'id':{id}}}}}"
        ))
    };
    for id in ["9223372036854775807", "-9223372036854775808"] {
        assert_eq!(sync(id), format!("{{\"return\": {id}}}\n"));
    }
    assert_eq!(
        sync("9223372036854775808"),
        error(
            "GenericError",
            "Invalid parameter type for 'id', expected: integer"
        )
    );
}

#[test]
fn ga7_allowed_and_blocked() {
    let refused = |command: &str| {
        let desc = format!("Command {command} has been disabled: the command is not allowed");
        error("CommandNotFound", &desc)
    };
    let send = |monitor: &mut Monitor, command: &str| {
        let output = monitor.send(format!("{{'execute':'{command}'}}"));
        match output {
            output if output == refused(command) => "refused",
            output if output.starts_with("{\"return\": ") => "executed",
            _ => "other",
        }
    };
    let mut monitor = Monitor::agent();
    monitor.gate.block(["guest-get-time"]);
    assert_eq!(send(&mut monitor, "guest-get-time"), "refused");
    assert_eq!(send(&mut monitor, "guest-ping"), "executed");
    assert!(!monitor.gate.is_enabled("guest-get-time") && monitor.gate.is_enabled("guest-ping"));
    // A command that is on both lists is blocked.
    monitor
        .gate
        .allow_only(["guest-get-time", "guest-get-users"]);
    assert_eq!(send(&mut monitor, "guest-get-time"), "refused");
    assert_eq!(send(&mut monitor, "guest-get-users"), "executed");
    assert_eq!(send(&mut monitor, "guest-info"), "refused");
    // While filesystems are frozen there are other rules.
    monitor.gate.set_frozen(true);
    for command in [
        "guest-ping",
        "guest-info",
        "guest-fsfreeze-status",
        "guest-fsfreeze-thaw",
    ] {
        assert_eq!(send(&mut monitor, command), "executed", "{command}");
    }
    for command in ["guest-get-users", "guest-get-time", "guest-fsfreeze-freeze"] {
        assert_eq!(send(&mut monitor, command), "refused", "{command}");
    }
    assert_eq!(
        monitor.send("{'execute':'guest-sync','arguments':{'id':1}}"),
        "{\"return\": 1}\n"
    );
    monitor.gate.set_frozen(false);
    assert_eq!(send(&mut monitor, "guest-info"), "refused");
    assert_eq!(
        monitor.send("{'execute':'nope'}"),
        error("CommandNotFound", "The command nope has not been found")
    );
}

#[test]
fn ga8_commands_that_do_not_answer_success() {
    let silent: Vec<_> = qapi_types::qga::COMMANDS
        .iter()
        .filter(|info| !info.success_response)
        .map(|info| info.name)
        .collect();
    assert_eq!(
        silent,
        [
            "guest-shutdown",
            "guest-suspend-disk",
            "guest-suspend-hybrid",
            "guest-suspend-ram"
        ]
    );
    let mut monitor = Monitor::agent();
    for command in silent {
        assert_eq!(monitor.send(format!("{{'execute':'{command}'}}")), "");
        assert_eq!(monitor.send(PING), PONG);
    }
}

#[test]
fn ga9_replies_that_are_no_objects() {
    let mut monitor = Monitor::agent();
    assert_eq!(
        monitor.send("{'execute':'guest-get-time'}"),
        "{\"return\": 5}\n"
    );
    monitor.hold = true;
    monitor.send("{'execute':'guest-fsfreeze-status'}");
    let request = monitor.session.take_in_band().expect("a request");
    monitor.session.reply_value(request.ticket(), "thawed");
    assert_eq!(monitor.output(), "{\"return\": \"thawed\"}\n");
}

#[test]
fn ga10_large_files_fit() {
    // 48 MiB in base64, the most that `guest-file-read` gives.
    let data = "A".repeat(64 << 20);
    let mut monitor = Monitor::agent();
    monitor.hold = true;
    monitor.send("{'execute':'guest-file-read'}");
    let request = monitor.session.take_in_band().expect("a request");
    monitor.session.reply_value(request.ticket(), &data);
    assert_eq!(
        monitor.output().len(),
        data.len() + "{\"return\": \"\"}\n".len()
    );
    assert_eq!(monitor.session.closed(), None);
}

#[test]
fn ga11_clients_of_old_agents_fall_back_on_command_not_found() {
    let mut monitor = Monitor::agent();
    monitor.commands = &[];
    assert_eq!(
        monitor.send("{'execute':'guest-sync-delimited','arguments':{'id':1}}"),
        error(
            "CommandNotFound",
            "The command guest-sync-delimited has not been found"
        )
    );
}

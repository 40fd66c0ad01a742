//! Which commands may be executed: the rest of SV13, SV42, and the policies of QEMU's `-compat`.

use qapi_rt::session::server::{Closed, Gate, InputPolicy, OutputPolicy, Policy, Refusal};
use qapi_types::{CommandInfo, ErrorClass, ErrorReply};

use crate::server::monitor::{Monitor, VERSION, error_for, returned};

fn not_found(desc: &str) -> Result<(), Refusal> {
    let error = ErrorReply::new(ErrorClass::CommandNotFound, desc);
    Err(Refusal::Error(error))
}

fn refused(error: ErrorReply) -> Result<(), Refusal> {
    Err(Refusal::Error(error))
}

#[test]
fn sv13_checks_come_in_qemus_order() {
    let mut gate = Gate::new();
    assert_eq!(
        gate.check("x", false, None),
        not_found("The command x has not been found")
    );
    let info = CommandInfo::new("x").features(&["unstable", "deprecated"]);
    let check = |gate: &Gate| gate.check("x", true, Some(&info));

    gate.set_preconfig(true);
    gate.disable("x", Some("of a reason"));
    gate.set_policy(Policy {
        deprecated_input: InputPolicy::Reject,
        unstable_input: InputPolicy::Reject,
        ..Policy::default()
    });
    assert_eq!(
        check(&gate),
        not_found("Deprecated command x disabled by policy")
    );
    gate.set_policy(Policy {
        unstable_input: InputPolicy::Reject,
        ..Policy::default()
    });
    assert_eq!(
        check(&gate),
        not_found("Unstable command x disabled by policy")
    );
    gate.set_policy(Policy::default());
    assert_eq!(
        check(&gate),
        not_found("Command x has been disabled: of a reason")
    );
    gate.disable("x", None);
    assert_eq!(check(&gate), not_found("Command x has been disabled"));
    gate.enable("x");
    assert_eq!(
        check(&gate),
        refused(ErrorReply::generic("The command x does not support OOB"))
    );
    let info = info.allow_oob();
    let check = |gate: &Gate| gate.check("x", true, Some(&info));
    let early = "The command 'x' is permitted only after machine initialization has completed";
    assert_eq!(check(&gate), refused(ErrorReply::generic(early)));
    gate.set_preconfig(false);
    assert_eq!(check(&gate), Ok(()));
}

#[test]
fn sv42_before_the_machine_is_built() {
    let mut monitor = Monitor::qmp();
    monitor.gate.set_preconfig(true);
    assert_eq!(
        monitor.send("{'execute':'query-version','id':1}"),
        returned(VERSION, "1")
    );
    let early = "The command 'cont' is permitted only after machine initialization has completed";
    assert_eq!(
        monitor.send("{'execute':'cont','id':1}"),
        error_for("1", "GenericError", early)
    );
    monitor.gate.set_preconfig(false);
    assert_eq!(
        monitor.send("{'execute':'cont','id':1}"),
        returned("{}", "1")
    );
}

#[test]
fn rejected_commands() {
    let mut monitor = Monitor::qmp();
    monitor.gate.set_policy(Policy {
        deprecated_input: InputPolicy::Reject,
        unstable_input: InputPolicy::Reject,
        ..Policy::default()
    });
    for (command, desc) in [
        (
            "block-job-pause",
            "Deprecated command block-job-pause disabled by policy",
        ),
        (
            "x-colo-lost-heartbeat",
            "Unstable command x-colo-lost-heartbeat disabled by policy",
        ),
    ] {
        assert_eq!(
            monitor.send(format!("{{'execute':'{command}','id':1}}")),
            error_for("1", "CommandNotFound", desc)
        );
    }
    assert_eq!(
        monitor.send("{'execute':'cont','id':1}"),
        returned("{}", "1")
    );
}

#[test]
fn a_crash_ends_the_connection_without_a_word() {
    let mut monitor = Monitor::qmp();
    monitor.gate.set_policy(Policy {
        deprecated_input: InputPolicy::Crash,
        ..Policy::default()
    });
    assert_eq!(
        monitor.send("{'execute':'x-colo-lost-heartbeat'}"),
        "{\"return\": {}}\r\n"
    );
    assert_eq!(monitor.send("{'execute':'block-job-pause'}"), "");
    assert_eq!(monitor.session.closed(), Some(Closed::ByClient));
}

#[test]
fn hidden_output() {
    let hides = |deprecated_output, unstable_output, features: &[&str]| {
        Policy {
            deprecated_output,
            unstable_output,
            ..Policy::default()
        }
        .hides(features)
    };
    use OutputPolicy::{Accept, Hide};
    assert!(!hides(Accept, Accept, &["deprecated", "unstable"]));
    assert!(hides(Hide, Accept, &["deprecated"]));
    assert!(!hides(Hide, Accept, &["unstable", "fdset"]));
    assert!(hides(Accept, Hide, &["deprecated", "unstable"]));
    assert!(!hides(Hide, Hide, &[]));
}

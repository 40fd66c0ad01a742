//! What does not reach a screen: secrets, and what would steer a terminal.

use crate::setup::{daemon, machine};

#[test]
fn secrets_are_not_shown() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    let ended = qmp.say("--trace object-add qom-type=secret id=s data=geheim");
    assert_eq!(ended.code, Some(0));
    assert!(
        ended.err.contains(r#""data":"***""#) && !ended.err.contains("geheim"),
        "{}",
        ended.err
    );
}

#[test]
fn what_a_server_says_does_not_steer_the_terminal() {
    let Some((_server, qmp)) = machine("none") else {
        return;
    };
    let (code, err) = qmp.say("block-job-cancel device=\u{1b}[31m\u{202e}").bad();
    assert_eq!(code, 1, "{err}");
    assert!(err.contains(r"'\u001b[31m\u202e'"), "{err}");
    for form in ["json", "table", "yaml"] {
        let ended = qmp.say(&format!("-o {form} hmp \u{9b}31m"));
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        let out = ended.out;
        assert!(
            out.contains("31m") && !out.contains('\u{9b}'),
            "{form}: {out}"
        );
    }
}

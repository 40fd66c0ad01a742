//! Events as they happen.

use std::process::Stdio;

use crate::setup::{Ended, daemon, machine_of_two};

#[test]
fn events_until_one() {
    let Some((_server, qmp, other)) = machine_of_two() else {
        return;
    };
    let mut command = other.command();
    command.args(["events", "--filter", "RES*", "--until", "SHUTDOWN"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    // It is connected when the kernel says that somebody is.
    while !qmp.say("ls").good().contains("in use") {}
    for command in ["stop", "cont", "stop", "cont", "quit"] {
        qmp.say(command).good();
    }
    let out = Ended::of(child.wait_with_output().unwrap()).good();
    let names: Vec<_> = out
        .lines()
        .map(|line| {
            line.split('"')
                .nth(line.split('"').position(|part| part == "event").unwrap() + 2)
                .unwrap()
        })
        .collect();
    assert!(
        names.ends_with(&["SHUTDOWN"])
            && names[..names.len() - 1]
                .iter()
                .all(|name| *name == "RESUME"),
        "{out}"
    );
}

#[test]
fn events_for_some_time() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    assert_eq!(qmp.say("events --timeout 100ms").good(), "");
    let (code, err) = qmp.say("events --until SHUTDOWN --timeout 100ms").bad();
    assert_eq!((code, &*err), (4, "error: no SHUTDOWN within the time\n"));
}

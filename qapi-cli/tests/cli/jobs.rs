//! Jobs, followed to their end.

use qapi_tests::peers::Server;

use crate::setup::{AGES, Qmp, daemon};
use crate::terminal::Terminal;

fn with_disks() -> Option<(Server, Qmp)> {
    let (server, qmp) = daemon()?;
    for name in ["a", "b"] {
        qmp.say(&format!(
            "blockdev-add driver=null-co node-name={name} size=64M"
        ))
        .good();
    }
    Some((server, qmp))
}

#[test]
fn started_and_followed() {
    let Some((_server, qmp)) = with_disks() else {
        return;
    };
    let end = qmp
        .say("--wait blockdev-backup device=a target=b sync=full job-id=backup0")
        .good();
    assert_eq!(end, "{\"id\": \"backup0\", \"status\": \"concluded\"}\n");
    assert_eq!(qmp.say("job").good(), "[]\n");
    let end = qmp
        .say("blockdev-mirror device=a target=b sync=full --complete")
        .good();
    assert!(end.contains(r#""id": "qmp-"#), "{end}");
}

#[test]
fn switching_over_is_for_the_user_to_say() {
    let Some((_server, qmp)) = with_disks() else {
        return;
    };
    let line = "blockdev-mirror device=a target=b sync=full job-id=m";
    let ended = qmp.say(&format!("--wait {line}"));
    assert_eq!(ended.out, "{\"id\": \"m\", \"status\": \"ready\"}\n");
    let note = "note: m is ready; job-complete has it go on; at its end it stays until `qmp job m --complete` or job-dismiss\n";
    assert_eq!(ended.err, note);
    let ready = qmp.say("job m --wait -q").good();
    assert_eq!(ready, "{\"id\": \"m\", \"status\": \"ready\"}\n");
    assert!(qmp.say("job m").good().contains(r#""status": "ready""#));
    let end = qmp.say("job m --complete").good();
    assert_eq!(end, "{\"id\": \"m\", \"status\": \"concluded\"}\n");
    assert_eq!(qmp.say("job").good(), "[]\n");
}

#[test]
fn its_real_error() {
    let Some((_server, qmp)) = with_disks() else {
        return;
    };
    qmp.say("blockdev-add driver=blkdebug node-name=bad image=b inject-error.0.event=none inject-error.0.errno=28 inject-error.0.iotype=write").good();
    let (code, err) = qmp
        .say("--wait blockdev-backup device=a target=bad sync=full")
        .bad();
    assert_eq!((code, &*err), (1, "error: No space left on device\n"));
}

#[test]
fn watched_later() {
    let Some((_server, qmp)) = with_disks() else {
        return;
    };
    qmp.say("blockdev-backup device=a target=b sync=full job-id=slow speed=1 auto-dismiss=off")
        .good();
    assert!(qmp.say("job slow").good().contains(r#""id": "slow""#));
    let (code, err) = qmp.say("job slow --wait --timeout 3s").bad();
    assert_eq!(code, 4, "{err}");
    qmp.say("job-cancel id=slow").good();
    let (code, err) = qmp.say("job slow --wait").bad();
    assert_eq!((code, &*err), (1, "error: cancelled\n"));
    for line in ["job slow", "job slow --wait", "job slow --complete"] {
        let (code, err) = qmp.say(line).bad();
        assert_eq!((code, &*err), (1, "error: there is no job 'slow'\n"));
    }
}

#[test]
fn what_starts_none_or_several() {
    let Some((_server, qmp)) = with_disks() else {
        return;
    };
    for (line, text) in [
        (
            "--wait query-version",
            "query-version starts no job, so --wait is of no use",
        ),
        (
            "--complete query-version",
            "query-version starts no job, so --complete is of no use",
        ),
        (
            "--wait job-complete id=m",
            "job-complete starts no job; `qmp job ID --wait` follows one that is there",
        ),
        (
            "--complete transaction actions:=[]",
            "--complete does not follow the jobs of a transaction, of which there may be several; `qmp job ID --complete` follows each",
        ),
    ] {
        let (code, err) = qmp.say(line).bad();
        assert_eq!((code, err), (2, format!("error: {text}\n")));
    }
}

#[test]
fn what_is_left_of_those_that_are_not_followed() {
    let Some((_server, qmp)) = with_disks() else {
        return;
    };
    let line = "blockdev-backup device=a target=b sync=full speed=1 --wait job-id=";
    let kept = |id: &str| format!("at its end it stays until `qmp job {id} --wait` or job-dismiss");
    let (code, err) = qmp.say(&format!("{line}late --timeout 3s")).bad();
    assert_eq!((code, err.contains(&kept("late"))), (4, true), "{err}");
    qmp.say("job-cancel id=late").good();
    assert_eq!(qmp.say("job late --wait").bad().0, 1);
    let job = format!("{line}stopped");
    let terminal = Terminal::start(&qmp, &job.split(' ').collect::<Vec<_>>());
    terminal.sees("of 67108864");
    terminal.types("\x03");
    terminal.sees("it goes on without being watched; at its end");
    assert_eq!(terminal.ends(), 130);
    qmp.say("job-cancel id=stopped").good();
    assert_eq!(qmp.say("job stopped --wait").bad().0, 1);
    assert_eq!(qmp.say("job").good(), "[]\n");
}

#[test]
fn what_the_user_says_of_dismissing_counts() {
    let Some((_server, qmp)) = with_disks() else {
        return;
    };
    let line = "blockdev-mirror device=a target=b sync=full job-id=m auto-dismiss=on --wait";
    let ended = qmp.say(line);
    assert_eq!(ended.err, "note: m is ready; job-complete has it go on\n");
    qmp.say("job-complete id=m").good();
    let is_gone = |_| qmp.say("job").good() == "[]\n";
    assert!((0..1000).any(is_gone));
}

#[test]
fn paused_by_what_went_wrong() {
    for age in AGES {
        let Some(server) = age.storage_daemon().map(|launch| launch.start_ready()) else {
            continue;
        };
        let qmp = Qmp::of(&server);
        let add = "blockdev-add driver=null-co size=64M";
        qmp.say(&format!("{add} node-name=b")).good();
        qmp.say("blockdev-add driver=blkdebug node-name=bad image.driver=null-co image.size=64M inject-error.0.event=none inject-error.0.errno=5 inject-error.0.iotype=read inject-error.0.once=on")
            .good();
        let kept = "; at its end it stays until `qmp job j --wait` or job-dismiss";
        let said = "j is paused; a disk could not be read or written: job-resume has it go on once that is mended, job-cancel ends it";
        // Whether it is watched when that happens or later.
        for (line, kept) in [
            (
                "--wait --timeout 100s blockdev-backup device=bad target=b sync=full job-id=j on-source-error=stop",
                kept,
            ),
            ("--wait --timeout 100s job j", ""),
        ] {
            let ended = qmp.say(line);
            assert_eq!(ended.out, "{\"id\": \"j\", \"status\": \"paused\"}\n");
            assert_eq!(
                (ended.code, ended.err),
                (Some(0), format!("note: {said}{kept}\n"))
            );
        }
        let (code, err) = qmp.say("--complete --timeout 100s job j").bad();
        assert_eq!((code, err), (1, format!("error: {said}\n")));
        qmp.say("job-resume id=j").good();
        let end = qmp.say("job j --complete").good();
        assert_eq!(end, "{\"id\": \"j\", \"status\": \"concluded\"}\n");
    }
}

#[test]
fn paused_by_somebody() {
    let Some((_server, qmp)) = with_disks() else {
        return;
    };
    qmp.say("blockdev-backup device=a target=b sync=full job-id=slow speed=1")
        .good();
    qmp.say("job-pause id=slow").good();
    let (code, err) = qmp.say("job slow --wait --timeout 3s").bad();
    assert_eq!(code, 4, "{err}");
    assert!(err.contains("last seen in state paused"), "{err}");
}

#[test]
fn migrations_that_wait() {
    for age in AGES {
        let Some(server) = age
            .qemu("q35")
            .map(|launch| launch.args(["-m", "32", "-S"]).start_ready())
        else {
            continue;
        };
        let qmp = Qmp::of(&server);
        let follow = |how: &str| qmp.run(["query-migrate", how, "--timeout", "100s"]);
        assert_eq!(follow("--wait").bad().0, 1);
        let pause = r#"capabilities:=[{"capability": "pause-before-switchover", "state": true}]"#;
        qmp.run(["migrate-set-capabilities", pause]).good();
        let migrate = |how: &str| {
            qmp.run([
                how,
                "--timeout",
                "100s",
                "migrate",
                "uri=exec:cat > /dev/null",
            ])
        };
        let ended = migrate("--wait");
        let reply = "{\"id\": \"migration\", \"status\": \"pre-switchover\"}\n";
        assert_eq!((ended.code, &*ended.out), (Some(0), reply));
        let note = "note: migration is pre-switchover; migrate-continue state=pre-switchover has it go on\n";
        assert_eq!(ended.err, note);
        let followed = follow("--wait");
        assert_eq!((&*followed.out, &*followed.err), (reply, note));
        qmp.say("migrate_cancel").good();
        while !qmp.say("query-migrate").good().contains("cancelled") {}
        assert_eq!(follow("--wait").bad(), (1, "error: cancelled\n".into()));
        let end = "{\"id\": \"migration\", \"status\": \"concluded\"}\n";
        assert_eq!(migrate("--complete").good(), end);
        assert_eq!(follow("--wait").good(), end);
    }
}

#[test]
fn progress_in_a_narrow_terminal() {
    let Some((_server, qmp)) = with_disks() else {
        return;
    };
    qmp.say("blockdev-backup device=a target=b sync=full job-id=slow speed=16M")
        .good();
    let terminal = Terminal::narrow(&qmp, 40, &["job", "slow", "--wait"]);
    terminal.sees("of 67108864");
    terminal.sees("concluded");
    // Nothing of what was written over before is left.
    let first = terminal.looks(|screen| screen.contents_between(0, 0, 0, 40));
    assert_eq!(first.trim_end(), r#"{"id": "slow", "status": "concluded"}"#);
}

//! Jobs, followed to their end.

use qapi_tests::peers::{Server, storage_daemon};

use crate::setup::Qmp;

fn with_disks(server: &Server) -> Qmp {
    let qmp = Qmp::of(server);
    for name in ["a", "b"] {
        qmp.say(&format!(
            "blockdev-add driver=null-co node-name={name} size=64M"
        ))
        .good();
    }
    qmp
}

#[test]
fn started_and_followed() {
    let Some(server) = storage_daemon().map(|launch| launch.start()) else {
        return;
    };
    let qmp = with_disks(&server);
    let end = qmp
        .say("--wait blockdev-backup device=a target=b sync=full job-id=backup0")
        .good();
    assert_eq!(end, "{\"id\": \"backup0\", \"status\": \"concluded\"}\n");
    assert_eq!(qmp.say("job").good(), "[]\n");
    let end = qmp
        .say("blockdev-mirror device=a target=b sync=full --wait")
        .good();
    assert!(end.contains(r#""id": "qmp-"#), "{end}");
}

#[test]
fn its_real_error() {
    let Some(server) = storage_daemon().map(|launch| launch.start()) else {
        return;
    };
    let qmp = with_disks(&server);
    qmp.say("blockdev-add driver=blkdebug node-name=bad image=b inject-error.0.event=none inject-error.0.errno=28 inject-error.0.iotype=write").good();
    let (code, err) = qmp
        .say("--wait blockdev-backup device=a target=bad sync=full")
        .bad();
    assert_eq!((code, &*err), (1, "error: No space left on device\n"));
}

#[test]
fn watched_later() {
    let Some(server) = storage_daemon().map(|launch| launch.start()) else {
        return;
    };
    let qmp = with_disks(&server);
    qmp.say("blockdev-backup device=a target=b sync=full job-id=slow speed=1 auto-dismiss=off")
        .good();
    assert!(qmp.say("job slow").good().contains(r#""id": "slow""#));
    let (code, err) = qmp.say("job slow --wait --timeout 3s").bad();
    assert_eq!(code, 4, "{err}");
    qmp.say("job-cancel id=slow").good();
    let (code, err) = qmp.say("job slow --wait").bad();
    assert_eq!((code, &*err), (1, "error: cancelled\n"));
    assert_eq!(qmp.say("job slow").bad().0, 1);
    let (code, err) = qmp.say("--wait query-version").bad();
    assert_eq!(
        (code, &*err),
        (
            2,
            "error: query-version starts no job, so --wait is of no use\n"
        )
    );
}

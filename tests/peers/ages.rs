//! Which releases these tests meet.

use qapi_rt::qmp::commands;
use qapi_tests::peers::{Age, tell};

use crate::peers::setup::connect;

fn release(age: Age) -> Option<(i64, i64, i64)> {
    let server = age.qemu("none")?.start_ready();
    let version = connect(&server).execute(commands::QueryVersion::new());
    let triple = version.unwrap().qemu;
    Some((triple.major, triple.minor, triple.micro))
}

/// Two of the same age would show nothing of what differs.
#[test]
fn one_is_newer_than_the_other() {
    let [installed, newer] = [Age::Installed, Age::Newer].map(release);
    for (major, minor, micro) in [installed, newer].into_iter().flatten() {
        tell(&format!("met QEMU {major}.{minor}.{micro}"));
    }
    if newer.is_some() {
        assert!(installed < newer, "{installed:?}, {newer:?}");
    }
}

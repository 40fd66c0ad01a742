//! Guests started and stopped, and what they say.

use qapi_rt::Received;
use qapi_rt::qmp::{Event, RunState, commands};
use qapi_rt::types::Value;
use qapi_tests::peers::Age;
use serde_json::json;

use crate::peers::setup::{DEADLINE, connect, execute};

against_each! {
    stopping_and_continuing
    the_processors
    character_devices
}

/// A11: `stop` and `cont`, whose events come before their replies.
fn stopping_and_continuing(age: Age) {
    let Some(qemu) = age.qemu("q35") else {
        return;
    };
    let server = qemu.args(["-m", "16", "-S"]).start();
    let client = connect(&server);
    for _ in 0..3 {
        let resumed =
            |received: &Received<Event>| matches!(received.event, Event::Resume(_)).then_some(());
        client
            .execute_and_wait(commands::Cont::new(), resumed, DEADLINE)
            .unwrap();
        let status = client.execute(commands::QueryStatus::new()).unwrap();
        assert_eq!(status.status, RunState::Running);
        let stopped =
            |received: &Received<Event>| matches!(received.event, Event::Stop(_)).then_some(());
        client
            .execute_and_wait(commands::Stop::new(), stopped, DEADLINE)
            .unwrap();
        let status = client.execute(commands::QueryStatus::new()).unwrap();
        assert_eq!(status.status, RunState::Paused);
    }
}

/// A11: what all targets tell of their CPUs needs no match over targets.
fn the_processors(age: Age) {
    let Some(qemu) = age.qemu("q35") else {
        return;
    };
    let server = qemu.args(["-m", "16", "-S", "-smp", "3"]).start();
    let cpus = connect(&server)
        .execute(commands::QueryCpusFast::new())
        .unwrap();
    let mut numbers: Vec<_> = cpus.iter().map(|cpu| cpu.cpu_index).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [0, 1, 2]);
    assert!(cpus.iter().all(|cpu| cpu.thread_id > 0));
}

/// A12: a character device that is a ring buffer, and one that is replaced.
fn character_devices(age: Age) {
    let Some(qemu) = age.qemu("q35") else {
        return;
    };
    let server = qemu
        .args(["-m", "16", "-S", "-chardev", "null,id=console"])
        .args(["-device", "isa-serial,chardev=console"])
        .start();
    let client = connect(&server);
    let backend = json!({"type": "ringbuf", "data": {"size": 1024}});
    execute(
        &client,
        "chardev-add",
        json!({"id": "ring", "backend": backend}),
    );
    let write = commands::RingbufWrite::new("ring", "what was said");
    client.execute(write).unwrap();
    let said = client
        .execute(commands::RingbufRead::new("ring", 1024))
        .unwrap();
    assert_eq!(said, "what was said");
    // In place of the one that the serial port has.
    let changed = client
        .execute_raw(
            "chardev-change",
            json!({"id": "console", "backend": backend}),
        )
        .unwrap();
    assert_eq!(
        changed.as_object().map(|object| object.get("pty")),
        Some(None::<&Value>)
    );
    let said = client
        .execute(commands::RingbufRead::new("console", 1024))
        .unwrap();
    assert_eq!(said, "");
}

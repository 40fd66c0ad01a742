//! Dumps of guest memory.

use super::*;

fn dump() -> Server<Dump> {
    let mut server = Server(Dump::new(commands::DumpGuestMemory::new(true, "file:f")));
    server
        .gets(
            "dump-guest-memory",
            r#"{"paging": true, "protocol": "file:f", "detach": true}"#,
        )
        .accepts()
        .waits();
    server
}

#[test]
fn a_dump() {
    let mut server = dump();
    server.0.look();
    let end = server
        .gets("query-dump", "{}")
        .answers(r#"{"status": "active", "completed": 1, "total": 8}"#)
        .tells(progress(1, 8))
        .sends(
            "DUMP_COMPLETED",
            r#"{"result": {"status": "completed", "completed": 8, "total": 8}}"#,
        )
        .gets("query-dump", "{}")
        .answers(r#"{"status": "completed", "completed": 8, "total": 8}"#)
        .pauses()
        .gets("query-migrate", "{}")
        .answers(
            r#"{"blocked-reasons": ["Live migration disabled: dump-guest-memory in progress"]}"#,
        )
        .pauses()
        .gets("query-migrate", "{}")
        .answers(r#"{"blocked-reasons": ["something that lasts"]}"#)
        .ends();
    assert_eq!(end.unwrap(), progress(8, 8));
}

/// What is known of it is told by a server that has no migration.
#[test]
fn a_dump_by_a_server_without_migration() {
    let mut server = dump();
    server.0.look();
    let end = server
        .gets("query-dump", "{}")
        .answers(r#"{"status": "completed", "completed": 8, "total": 8}"#)
        .pauses()
        .gets("query-migrate", "{}")
        .refuses()
        .ends();
    assert_eq!(end.unwrap(), progress(8, 8));
}

#[test]
fn a_dump_that_fails() {
    let end = dump()
        .sends(
            "DUMP_COMPLETED",
            r#"{"result": {"status": "failed", "completed": 1, "total": 8}, "error": "No space left"}"#,
        )
        .gets("query-dump", "{}")
        .answers(r#"{"status": "failed", "completed": 1, "total": 8}"#)
        .pauses()
        .gets("query-migrate", "{}")
        .answers("{}")
        .ends();
    assert_eq!(failed(end), "No space left");
}

/// The reason comes with the event, be it after an answer that tells of the failure.
#[test]
fn a_dump_that_is_seen_to_have_failed() {
    let mut server = dump();
    server.0.look();
    let end = server
        .gets("query-dump", "{}")
        .answers(r#"{"status": "failed", "completed": 1, "total": 8}"#)
        .waits()
        .sends(
            "DUMP_COMPLETED",
            r#"{"result": {"status": "failed", "completed": 1, "total": 8}, "error": "No space left"}"#,
        )
        .gets("query-dump", "{}")
        .answers(r#"{"status": "failed", "completed": 1, "total": 8}"#)
        .pauses()
        .gets("query-migrate", "{}")
        .answers("{}")
        .ends();
    assert_eq!(failed(end), "No space left");
}

/// An event of the dump before is not the reason of this one's failure.
#[test]
fn a_dump_after_one_that_failed() {
    let event = |error| {
        format!(
            r#"{{"result": {{"status": "failed", "completed": 1, "total": 8}}, "error": "{error}"}}"#
        )
    };
    let active = r#"{"status": "active", "completed": 1, "total": 8}"#;
    let mut server = dump();
    server
        .sends("DUMP_COMPLETED", &event("Of another"))
        .gets("query-dump", "{}")
        .answers(active)
        .tells(progress(1, 8))
        .waits();
    server.0.look();
    server
        .gets("query-dump", "{}")
        .answers(r#"{"status": "failed", "completed": 1, "total": 8}"#)
        .waits();
    server.0.look();
    let end = server
        .gets("query-dump", "{}")
        // The answer was made before.
        .sends("DUMP_COMPLETED", &event("No space left"))
        .answers(active)
        .tells(progress(1, 8))
        .gets("query-dump", "{}")
        .answers(r#"{"status": "failed", "completed": 1, "total": 8}"#)
        .pauses()
        .gets("query-migrate", "{}")
        .answers("{}")
        .ends();
    assert_eq!(failed(end), "No space left");
}

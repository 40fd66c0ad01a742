//! Migrations.

use super::*;

const CAPABILITIES: &str = r#"{"capabilities": [{"capability": "events", "state": true}]}"#;

fn migration() -> Server<Migration> {
    let mut server = Server(Migration::outgoing(&commands::Migrate::new().uri("u")));
    server
        .gets("migrate-set-capabilities", CAPABILITIES)
        // Of a migration before.
        .sends("MIGRATION", r#"{"status": "cancelled"}"#)
        .accepts()
        .gets("migrate", r#"{"uri": "u"}"#)
        .sends("MIGRATION", r#"{"status": "setup"}"#)
        .tells(MigrationUpdate::Status(MigrationStatus::Setup))
        .accepts()
        .sends("MIGRATION", r#"{"status": "active"}"#)
        .sends("MIGRATION_PASS", r#"{"pass": 1}"#)
        .tells(MigrationUpdate::Status(MigrationStatus::Active))
        .tells(MigrationUpdate::Pass(1))
        .waits();
    server
}

/// What follows the end: the source is asked whether it has left the state in which it ends migrations.
fn settles(server: &mut Server<Migration>) -> Result<Box<MigrationInfo>, Error> {
    server
        .gets("query-status", "{}")
        .answers(r#"{"status": "finish-migrate", "running": false}"#)
        .pauses()
        .gets("query-status", "{}")
        .answers(r#"{"status": "postmigrate", "running": false}"#)
        .ends()
}

#[test]
fn a_migration() {
    let end = settles(
        migration()
            .sends("MIGRATION", r#"{"status": "completed"}"#)
            .gets("query-migrate", "{}")
            .answers(r#"{"status": "completed", "downtime": 12}"#)
            .tells(MigrationUpdate::Status(MigrationStatus::Completed)),
    );
    assert_eq!(end.unwrap().downtime, Some(12));
}

#[test]
fn a_migration_that_fails() {
    let end = settles(
        migration()
            .sends("MIGRATION", r#"{"status": "failed"}"#)
            .gets("query-migrate", "{}")
            .answers(r#"{"status": "failed", "error-desc": "Broken pipe"}"#)
            .tells(MigrationUpdate::Status(MigrationStatus::Failed)),
    );
    assert_eq!(failed(end), "Broken pipe");
}

#[test]
fn a_migration_cancelled() {
    let mut server = migration();
    server.0.cancel();
    let end = settles(
        server
            .gets("migrate_cancel", "{}")
            .accepts()
            .sends("MIGRATION", r#"{"status": "cancelling"}"#)
            .tells(MigrationUpdate::Status(MigrationStatus::Cancelling))
            .sends("MIGRATION", r#"{"status": "cancelled"}"#)
            .gets("query-migrate", "{}")
            .answers(r#"{"status": "cancelled"}"#)
            .tells(MigrationUpdate::Status(MigrationStatus::Cancelled)),
    );
    assert!(matches!(end, Err(Error::Cancelled)), "{end:?}");
}

#[test]
fn a_migration_of_somebody_else() {
    let mut server = Server(Migration::watch());
    server
        .gets("query-migrate", "{}")
        .sends("MIGRATION", r#"{"status": "active"}"#)
        .answers(r#"{"status": "setup"}"#)
        .tells(MigrationUpdate::Status(MigrationStatus::Active))
        .tells(MigrationUpdate::Progress(Box::new(
            MigrationInfo::new().status(MigrationStatus::Setup),
        )))
        .waits()
        .sends("MIGRATION", r#"{"status": "completed"}"#)
        .gets("query-migrate", "{}")
        .answers(r#"{"status": "completed", "downtime": 12}"#)
        .tells(MigrationUpdate::Status(MigrationStatus::Completed));
    assert_eq!(settles(&mut server).unwrap().downtime, Some(12));

    for none in ["{}", r#"{"status": "none"}"#] {
        let mut server = Server(Migration::watch());
        let end = server.gets("query-migrate", "{}").answers(none).ends();
        assert!(matches!(end, Err(Error::Gone)), "{end:?}");
    }
}

/// The event is of another migration: this one goes on.
#[test]
fn a_migration_that_has_not_ended() {
    let mut server = migration();
    server
        .sends("MIGRATION", r#"{"status": "cancelled"}"#)
        .gets("query-migrate", "{}")
        .answers(r#"{"status": "active"}"#);
    let step = server.0.step();
    let Step::Update(MigrationUpdate::Progress(info)) = step else {
        panic!("{step:?}");
    };
    assert_eq!(info.status, Some(MigrationStatus::Active));
    server.waits();
}

/// The event tells of a later state than the answer.
#[test]
fn a_migration_in_an_earlier_state() {
    let mut server = migration();
    server.0.look();
    server
        .gets("query-migrate", "{}")
        .sends("MIGRATION", r#"{"status": "pre-switchover"}"#)
        .tells(MigrationUpdate::Status(MigrationStatus::PreSwitchover))
        .answers(r#"{"status": "active"}"#);
    let step = server.0.step();
    assert!(
        matches!(step, Step::Update(MigrationUpdate::Progress(_))),
        "{step:?}"
    );
    server.waits();
}

/// The server would refuse to set capabilities.
#[test]
fn a_migration_that_is_resumed() {
    let command = commands::Migrate::new().uri("u").resume(true);
    let mut server = Server(Migration::outgoing(&command));
    let end = settles(
        server
            .gets("migrate", r#"{"uri": "u", "resume": true}"#)
            .accepts()
            .sends("MIGRATION", r#"{"status": "postcopy-active"}"#)
            .tells(MigrationUpdate::Status(MigrationStatus::PostcopyActive))
            .sends("MIGRATION", r#"{"status": "completed"}"#)
            .gets("query-migrate", "{}")
            .answers(r#"{"status": "completed"}"#)
            .tells(MigrationUpdate::Status(MigrationStatus::Completed)),
    );
    assert!(end.is_ok(), "{end:?}");
}

#[test]
fn a_migration_refused() {
    let mut server = Server(Migration::incoming(&commands::MigrateIncoming::new()));
    let end = server
        .gets("migrate-set-capabilities", CAPABILITIES)
        .accepts()
        .gets("migrate-incoming", "{}")
        .refuses()
        .ends();
    assert_eq!(refused(end), "migrate-incoming");
}

/// A destination does not tell of it, nor does a server that has no such command keep anybody.
#[test]
fn who_is_not_asked_or_does_not_know() {
    let status = MigrationUpdate::Status(MigrationStatus::Completed);
    let mut incoming = Server(Migration::incoming(&commands::MigrateIncoming::new()));
    incoming
        .gets("migrate-set-capabilities", CAPABILITIES)
        .accepts()
        .gets("migrate-incoming", "{}")
        .accepts()
        .waits();
    for (mut server, asks) in [(incoming, false), (migration(), true)] {
        server.0.look();
        server
            .gets("query-migrate", "{}")
            .answers(r#"{"status": "completed"}"#)
            .tells(status.clone());
        if asks {
            server.0.cancel();
            server.gets("query-status", "{}").refuses();
        }
        assert!(server.ends().is_ok());
    }
}

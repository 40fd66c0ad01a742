//! Migration, and dumps of guest memory.

use std::time::Duration;

use qapi_rt::blocking::Client;
use qapi_rt::jobs::{Dump, Error, Migration, MigrationUpdate};
use qapi_rt::qmp::{MigrationStatus, RunState, commands};
use qapi_tests::peers::{Age, Server};
use serde_json::json;

use crate::peers::setup::{DEADLINE, connect, execute};

against_each! {
    to_a_file_and_from_it
    to_a_program
    to_a_program_that_fails
    to_nowhere
    a_migration_that_is_cancelled
    a_migration_that_somebody_else_watches
    a_dump_of_guest_memory
    what_follows_a_dump_at_once
}

fn machine(age: Age, arguments: &[&str]) -> Option<(Server, Client)> {
    let server = age
        .qemu("q35")?
        .args(["-m", "32", "-S"])
        .args(arguments)
        .start();
    let client = connect(&server);
    Some((server, client))
}

fn to(uri: &str) -> Migration {
    Migration::outgoing(&commands::Migrate::new().uri(uri))
}

/// A10: out to a file and in from it.
fn to_a_file_and_from_it(age: Age) {
    let Some((source, client)) = machine(age, &[]) else {
        return;
    };
    execute(
        &client,
        "migrate-set-capabilities",
        json!({"capabilities": [{"capability": "xbzrle", "state": false}]}),
    );
    let uri = format!("file:{}", source.path("state").display());
    let mut run = client
        .run(to(&uri))
        .progress_every(Duration::from_millis(1))
        .deadline(DEADLINE);
    let updates: Vec<_> = run.by_ref().collect();
    let info = run.outcome().unwrap();
    assert_eq!(info.status, Some(MigrationStatus::Completed));
    assert!(
        info.ram
            .is_some_and(|ram| ram.total >= 32 << 20 && ram.remaining == 0)
    );
    assert!(
        updates.contains(&MigrationUpdate::Status(MigrationStatus::Active)),
        "{updates:?}"
    );

    let Some((_destination, client)) = machine(age, &["-incoming", "defer"]) else {
        return;
    };
    let status = client.execute(commands::QueryStatus::new()).unwrap();
    assert_eq!(status.status, RunState::Inmigrate);
    let incoming = Migration::incoming(&commands::MigrateIncoming::new().uri(&*uri));
    client.run(incoming).deadline(DEADLINE).outcome().unwrap();
    let status = client.execute(commands::QueryStatus::new()).unwrap();
    assert_ne!(status.status, RunState::Inmigrate);
}

/// A10: out to a program.
fn to_a_program(age: Age) {
    let Some((source, client)) = machine(age, &[]) else {
        return;
    };
    let state = source.path("state");
    let uri = format!("exec:cat > {}", state.display());
    client.run(to(&uri)).deadline(DEADLINE).outcome().unwrap();
    let status = client.execute(commands::QueryStatus::new()).unwrap();
    assert_eq!(status.status, RunState::Postmigrate);
    client.execute(commands::Cont::new()).unwrap();
    assert!(state.metadata().unwrap().len() > 10_000);
}

/// The error is the server's own.
fn to_a_program_that_fails(age: Age) {
    let Some((_source, client)) = machine(age, &[]) else {
        return;
    };
    let outcome = client.run(to("exec:exit 1")).deadline(DEADLINE).outcome();
    assert!(
        matches!(&outcome, Err(Error::Failed(desc)) if !desc.is_empty()),
        "{outcome:?}"
    );
}

fn to_nowhere(age: Age) {
    let Some((_source, client)) = machine(age, &[]) else {
        return;
    };
    let outcome = client
        .run(to("carrier-pigeon:"))
        .deadline(DEADLINE)
        .outcome();
    let Err(Error::Call(error)) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(error.command(), Some("migrate"));
}

/// Nobody reads what the program gets.
fn a_migration_that_is_cancelled(age: Age) {
    let Some((_source, client)) = machine(age, &[]) else {
        return;
    };
    execute(
        &client,
        "migrate-set-parameters",
        json!({"max-bandwidth": 1024}),
    );
    let mut run = client.run(to("exec:cat > /dev/null")).deadline(DEADLINE);
    while let Some(update) = run.next() {
        if update == MigrationUpdate::Status(MigrationStatus::Active) {
            run.cancel();
        }
    }
    let outcome = run.outcome();
    assert!(matches!(outcome, Err(Error::Cancelled)), "{outcome:?}");
}

/// Whoever started it is not there any more.
fn a_migration_that_somebody_else_watches(age: Age) {
    let Some((_source, client)) = machine(age, &[]) else {
        return;
    };
    let watch = || client.run(Migration::watch()).deadline(DEADLINE);
    let outcome = watch().outcome();
    assert!(matches!(outcome, Err(Error::Gone)), "{outcome:?}");

    let limit = |bytes: u32| {
        let parameters = json!({"max-bandwidth": bytes});
        execute(&client, "migrate-set-parameters", parameters);
    };
    limit(1024);
    let mut run = client.run(to("exec:cat > /dev/null")).deadline(DEADLINE);
    run.find(|update| *update == MigrationUpdate::Status(MigrationStatus::Active));
    drop(run);

    let mut run = watch();
    let first = run.next();
    let active = MigrationUpdate::Status(MigrationStatus::Active);
    assert_eq!(first, Some(active));
    limit(1 << 30);
    let info = run.outcome().unwrap();
    assert_eq!(info.status, Some(MigrationStatus::Completed));
    // That it has ended can be asked later, too.
    let again = watch().outcome().unwrap();
    assert_eq!(again.status, Some(MigrationStatus::Completed));
    client.execute(commands::Cont::new()).unwrap();
}

fn a_dump_of_guest_memory(age: Age) {
    let Some((server, client)) = machine(age, &[]) else {
        return;
    };
    let path = server.path("dump");
    let dump = |uri: &str| Dump::new(commands::DumpGuestMemory::new(false, uri));
    let uri = format!("file:{}", path.display());
    let progress = client.run(dump(&uri)).deadline(DEADLINE).outcome().unwrap();
    assert_eq!(progress.current, progress.total);
    assert!(path.metadata().unwrap().len() >= 32 << 20);

    let outcome = client
        .run(dump("file:/nonexistent/dump"))
        .deadline(DEADLINE)
        .outcome();
    let Err(Error::Call(error)) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(error.command(), Some("dump-guest-memory"));
    // It can be opened, but nothing can be written.
    let outcome = client
        .run(dump("file:/dev/full"))
        .deadline(DEADLINE)
        .outcome();
    assert!(
        matches!(&outcome, Err(Error::Failed(desc)) if !desc.is_empty()),
        "{outcome:?}"
    );
}

/// Of a machine that runs and of one that is paused: another dump, one that fails, and a migration.
fn what_follows_a_dump_at_once(age: Age) {
    for runs in [false, true] {
        let Some((server, client)) = machine(age, &[]) else {
            return;
        };
        if runs {
            client.execute(commands::Cont::new()).unwrap();
        }
        let dump = |uri: &str| {
            let dump = Dump::new(commands::DumpGuestMemory::new(false, uri));
            client.run(dump).deadline(DEADLINE).outcome()
        };
        let uri = format!("file:{}", server.path("dump").display());
        for _ in 0..3 {
            dump(&uri).unwrap();
            let outcome = dump("file:/dev/full");
            assert!(matches!(outcome, Err(Error::Failed(_))), "{outcome:?}");
        }
        dump(&uri).unwrap();
        let run = client.run(to("exec:cat > /dev/null")).deadline(DEADLINE);
        run.outcome().unwrap();
    }
}

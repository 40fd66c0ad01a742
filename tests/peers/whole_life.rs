//! One program, in typed commands and unchanged, through the life of a machine.

use std::collections::HashSet;
use std::path::Path;

use qapi_rt::Received;
use qapi_rt::blocking::Client;
use qapi_rt::jobs::{Dump, Job, Migration, Operation};
use qapi_rt::qmp::{
    BlockdevOptions, BlockdevOptionsFile, BlockdevOptionsQcow2, BlockdevOptionsRaw,
    BlockdevRefOrNull, Event, MigrationStatus, MirrorSyncMode, RunState, commands,
};
use qapi_tests::peers::{Age, Server, image};
use serde_json::json;

use crate::peers::setup::{DEADLINE, connect, make_qcow2};

against_each! {
    from_plugging_a_disk_to_moving_out
}

const SIZE: u64 = 4 << 20;

fn machine(age: Age, name: &str, arguments: &[&str]) -> Option<(Server, Client)> {
    let server = age
        .qemu(name)?
        .args(["-m", "32", "-S", "-device", "virtio-scsi-pci"])
        .args(arguments)
        .start();
    let client = connect(&server);
    Some((server, client))
}

fn file(path: &Path) -> BlockdevOptions {
    BlockdevOptions::new(BlockdevOptionsFile::new(path.to_str().unwrap()))
}

fn add_raw(client: &Client, name: &str, path: &Path) {
    image(path, SIZE);
    let raw = BlockdevOptions::new(BlockdevOptionsRaw::new(file(path))).node_name(name);
    client.execute(commands::BlockdevAdd::new(raw)).unwrap();
}

fn add_qcow2(client: &Client, name: &str, path: &Path, backing: Option<BlockdevRefOrNull>) {
    let mut qcow2 = BlockdevOptionsQcow2::new(file(path));
    qcow2.backing = backing;
    let qcow2 = BlockdevOptions::new(qcow2).node_name(name);
    client.execute(commands::BlockdevAdd::new(qcow2)).unwrap();
}

fn plug(client: &Client, node: &str) {
    let mut add = commands::DeviceAdd::new("scsi-hd").id("sd");
    add.extra.insert("drive".into(), json!(node));
    client.execute(add).unwrap();
}

fn unplug(client: &Client) {
    let gone = |received: &Received<Event>| match &received.event {
        Event::DeviceDeleted(event) => (event.device.as_deref() == Some("sd")).then_some(()),
        _ => None,
    };
    client
        .execute_and_wait(commands::DeviceDel::new("sd"), gone, DEADLINE)
        .unwrap();
}

fn run<O: Operation>(client: &Client, operation: O) -> O::Outcome {
    client.run(operation).deadline(DEADLINE).outcome().unwrap()
}

/// The machine's state goes to a file and from there into another one.
fn moves(source: &Client, destination: &Client, state: &Path) {
    let uri = format!("file:{}", state.display());
    let out = commands::Migrate::new().uri(&*uri);
    let info = run(source, Migration::outgoing(&out));
    assert_eq!(info.status, Some(MigrationStatus::Completed));
    let status = source.execute(commands::QueryStatus::new()).unwrap();
    assert!(!status.running);
    let incoming = commands::MigrateIncoming::new().uri(uri);
    run(destination, Migration::incoming(&incoming));
    destination.execute(commands::Cont::new()).unwrap();
    let status = destination.execute(commands::QueryStatus::new()).unwrap();
    assert_eq!(status.status, RunState::Running);
}

fn from_plugging_a_disk_to_moving_out(age: Age) {
    let Some((server, client)) = machine(age, "q35", &[]) else {
        return;
    };
    let disk = server.path("disk");
    make_qcow2(age, &disk, SIZE);
    add_qcow2(&client, "disk", &disk, None);
    plug(&client, "disk");
    unplug(&client);
    plug(&client, "disk");
    client.execute(commands::Cont::new()).unwrap();

    // An overlay takes what the guest writes, and gives it back.
    let overlay = server.path("overlay");
    make_qcow2(age, &overlay, SIZE);
    add_qcow2(&client, "overlay", &overlay, Some(BlockdevRefOrNull::Null));
    client
        .execute(commands::BlockdevSnapshot::new("disk", "overlay"))
        .unwrap();
    run(&client, Job::new(commands::BlockCommit::new("overlay")));
    client
        .execute(commands::BlockdevDel::new("overlay"))
        .unwrap();

    add_raw(&client, "copy", &server.path("copy"));
    let mirror = commands::BlockdevMirror::new("disk", "copy", MirrorSyncMode::Full);
    let outcome = run(&client, Job::new(mirror));
    assert_eq!(outcome.progress.current, outcome.progress.total);
    add_raw(&client, "backup", &server.path("backup"));
    let backup = commands::BlockdevBackup::new("copy", MirrorSyncMode::Full, "backup");
    run(&client, Job::new(backup));
    client
        .execute(commands::BlockdevDel::new("backup"))
        .unwrap();

    let dump = format!("file:{}", server.path("dump").display());
    let dump = Dump::new(commands::DumpGuestMemory::new(false, dump));
    let progress = run(&client, dump);
    assert_eq!(progress.current, progress.total);

    let Some((_server, next)) = machine(age, "q35", &["-incoming", "defer"]) else {
        return;
    };
    let raw = BlockdevOptions::new(BlockdevOptionsRaw::new(file(&server.path("copy"))));
    let raw = raw.node_name("copy");
    next.execute(commands::BlockdevAdd::new(raw)).unwrap();
    plug(&next, "copy");
    moves(&client, &next, &server.path("state"));
    unplug(&next);
}

/// The newest type of machine that both releases have.
#[test]
fn from_one_release_to_the_other_and_back() {
    let ages = [Age::Installed, Age::Newer];
    let types = |age| -> Option<HashSet<String>> {
        let (_server, client) = machine(age, "q35", &[])?;
        let machines = client.execute(commands::QueryMachines::new()).unwrap();
        Some(machines.into_iter().map(|machine| machine.name).collect())
    };
    let [Some(old), Some(new)] = ages.map(types) else {
        return;
    };
    let release = |name: &str| {
        let (major, minor) = name.strip_prefix("pc-q35-")?.split_once('.')?;
        Some((major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?))
    };
    let name = old.intersection(&new).max_by_key(|name| release(name));
    let name = name.expect("they have some in common");
    for [from, to] in [ages, [ages[1], ages[0]]] {
        let source = machine(from, name, &[]);
        let destination = machine(to, name, &["-incoming", "defer"]);
        let (Some((server, source)), Some((_other, destination))) = (source, destination) else {
            return;
        };
        moves(&source, &destination, &server.path("state"));
    }
}

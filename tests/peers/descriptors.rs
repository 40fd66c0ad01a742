//! File descriptors that go with commands.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::process::Command;

use qapi_rt::blocking::Client;
use qapi_rt::qmp::commands;
use qapi_tests::peers;
use serde_json::json;

use crate::setup::{class, connect, execute};
use qapi_rt::types::ErrorClass;

fn net_devices(client: &Client) -> String {
    let command = json!({"command-line": "info network"});
    let text = client
        .execute_raw("human-monitor-command", command)
        .unwrap();
    text.as_str().unwrap_or_default().to_owned()
}

/// A3: descriptors given by name, each with a command of its own, used by a network back end, which a device uses; then
/// back.
#[test]
fn a_network_back_end_of_descriptors() {
    let Some(qemu) = peers::qemu("pc") else {
        return;
    };
    let server = qemu.args(["-m", "16", "-S"]).start();
    let client = connect(&server);
    let mut ours = Vec::new();
    for n in 0..3 {
        let (theirs, our) = UnixStream::pair().unwrap();
        client.getfd(&format!("net{n}"), theirs).unwrap();
        ours.push(our);
    }
    execute(
        &client,
        "netdev_add",
        json!({"type": "socket", "id": "n0", "fd": "net0"}),
    );
    execute(
        &client,
        "device_add",
        json!({"driver": "e1000", "netdev": "n0", "id": "nic0"}),
    );
    // The name was used up.
    let again = json!({"type": "socket", "id": "n1", "fd": "net0"});
    assert_eq!(
        class(client.execute_raw("netdev_add", again)),
        ErrorClass::GenericError
    );
    execute(
        &client,
        "netdev_add",
        json!({"type": "socket", "id": "n1", "fd": "net1"}),
    );
    // A device that cannot be added: roll back.
    let device = json!({"driver": "e1000", "netdev": "n1", "id": "nic0"});
    assert!(client.execute_raw("device_add", device).is_err());
    client.execute(commands::NetdevDel::new("n1")).unwrap();
    client.execute(commands::Closefd::new("net2")).unwrap();
    let devices = net_devices(&client);
    assert!(
        devices.contains("n0: ") && !devices.contains("n1: "),
        "{devices}"
    );
}

/// A3 with what it is about: queues of a tap interface, given as names joined by colons. Needs the rights to make one.
#[test]
fn a_tap_interface_of_two_queues() {
    let Some(qemu) = peers::qemu("pc") else {
        return;
    };
    let name = format!("qapi{}", std::process::id());
    let made = Command::new("ip")
        .args(["tuntap", "add", "dev", &name, "mode", "tap", "multi_queue"])
        .status();
    if !made.is_ok_and(|status| status.success()) {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED a tap interface: it cannot be made here"
        );
        return;
    }
    let server = qemu.args(["-m", "16", "-S"]).start();
    let client = connect(&server);
    let netdev = json!({"type": "tap", "id": "n0", "ifname": name, "queues": 2,
        "script": "no", "downscript": "no"});
    let added = client.execute_raw("netdev_add", netdev);
    let _ = Command::new("ip")
        .args(["tuntap", "del", "dev", &name, "mode", "tap"])
        .status();
    added.unwrap();
}

/// A4: an image that the server could not open itself, by way of a set of descriptors.
#[test]
fn an_image_by_way_of_descriptors() {
    let Some(qemu) = peers::qemu("pc") else {
        return;
    };
    let image = qemu.path("image");
    peers::image(&image, 1 << 20);
    let server = qemu.args(["-m", "16", "-S"]).start();
    let client = connect(&server);
    let open = || {
        let file = OpenOptions::new().read(true).write(true).open(&image);
        file.unwrap()
    };
    let set = client.add_fd(None, "disk for guest 7", open()).unwrap();
    assert_eq!(
        client
            .add_fd(Some(set), "the same, to read", File::open(&image).unwrap())
            .unwrap(),
        set
    );
    let file = json!({"driver": "file", "filename": set.path()});
    execute(
        &client,
        "blockdev-add",
        json!({"node-name": "disk", "driver": "raw", "file": file}),
    );
    execute(
        &client,
        "device_add",
        json!({"driver": "virtio-blk-pci", "drive": "disk", "id": "blk"}),
    );

    // A client that comes later finds it.
    drop(client);
    let client = connect(&server);
    assert_eq!(client.fd_set("disk for guest 7").unwrap(), Some(set));
    assert_eq!(client.fd_set("disk for guest 8").unwrap(), None);
    client.remove_fd_set(set).unwrap();
    // The image is in use all the same.
    let nodes = client
        .execute(commands::QueryNamedBlockNodes::new())
        .unwrap();
    assert_eq!(
        nodes
            .iter()
            .filter(|node| node.image.virtual_size == 1 << 20)
            .count(),
        2
    );
}

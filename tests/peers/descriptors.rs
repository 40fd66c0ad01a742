//! File descriptors that go with commands.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use qapi_rt::blocking::Client;
use qapi_rt::qmp::commands;
use qapi_rt::types::ErrorClass;
use qapi_tests::peers::{self, Age};
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};
use serde_json::json;

use crate::peers::setup::{class, connect, execute};

against_each! {
    a_network_back_end_of_descriptors
    a_tap_interface_of_two_queues
    an_image_by_way_of_descriptors
}

fn net_devices(client: &Client) -> String {
    let command = json!({"command-line": "info network"});
    let text = client
        .execute_raw("human-monitor-command", command)
        .unwrap();
    text.as_str().unwrap_or_default().to_owned()
}

/// A3: descriptors given by name, each with a command of its own, used by a network back end, which a device uses; then
/// back.
fn a_network_back_end_of_descriptors(age: Age) {
    let Some(qemu) = age.qemu("pc") else {
        return;
    };
    let server = qemu.args(["-m", "16", "-S"]).start_ready();
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

/// Opens queues of a new tap interface, says their numbers, and keeps them until its input ends. It takes a system call
/// that safe Rust does not have.
const OPEN_TAP: &str = r#"
    for (1..2) {
        open(my $queue, "+<", "/dev/net/tun") or exit 1;
        # TUNSETIFF with IFF_TAP, IFF_NO_PI and IFF_MULTI_QUEUE.
        ioctl($queue, 0x400454ca, pack("a16 s x22", "$ARGV[0]", 0x1102)) or exit 1;
        push @queues, $queue;
    }
    $| = 1;
    print join(" ", map { fileno($_) } @queues), "\n";
    <STDIN>;
"#;

/// The queues of a new tap interface, which lasts as long as they do; `None` where that is not allowed.
fn tap_queues() -> Option<Vec<OwnedFd>> {
    let name = format!("qapi{}", std::process::id());
    let mut helper = Command::new("perl")
        .args(["-e", OPEN_TAP, &name])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut numbers = String::new();
    BufReader::new(helper.stdout.take()?)
        .read_line(&mut numbers)
        .ok()?;
    let process = pidfd_open(Pid::from_child(&helper), PidfdFlags::empty()).ok()?;
    let queues = numbers.split_whitespace().map(|number| {
        let number = number.parse().ok()?;
        pidfd_getfd(&process, number, PidfdGetfdFlags::empty()).ok()
    });
    let queues: Option<Vec<_>> = queues.collect();
    drop(helper.stdin.take());
    helper.wait().ok()?;
    queues.filter(|queues| !queues.is_empty())
}

/// A3 with what it is about: queues of a tap interface, each given by itself and named together, for a network device;
/// and back.
fn a_tap_interface_of_two_queues(age: Age) {
    let Some(qemu) = age.qemu("pc") else {
        return;
    };
    let Some(queues) = tap_queues() else {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED a_tap_interface_of_two_queues: no tap interface can be made here"
        );
        return;
    };
    let server = qemu.args(["-m", "16", "-S"]).start_ready();
    let client = connect(&server);
    for (n, queue) in queues.into_iter().enumerate() {
        client.getfd(&format!("q{n}"), queue).unwrap();
    }
    execute(
        &client,
        "netdev_add",
        json!({"type": "tap", "id": "n0", "fds": "q0:q1"}),
    );
    let wrong = json!({"driver": "virtio-net-pci", "netdev": "n0", "colour": "red"});
    assert!(client.execute_raw("device_add", wrong).is_err());
    execute(
        &client,
        "device_add",
        json!({"driver": "virtio-net-pci", "netdev": "n0", "id": "nic0", "mq": true}),
    );
    client.execute(commands::NetdevDel::new("n0")).unwrap();
    let again = json!({"type": "tap", "id": "n0", "fds": "q0:q1"});
    assert_eq!(
        class(client.execute_raw("netdev_add", again)),
        ErrorClass::GenericError
    );
}

/// A4: an image that the server could not open itself, by way of a set of descriptors.
fn an_image_by_way_of_descriptors(age: Age) {
    let Some(qemu) = age.qemu("pc") else {
        return;
    };
    let image = qemu.path("image");
    peers::image(&image, 1 << 20);
    let server = qemu.args(["-m", "16", "-S"]).start_ready();
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

//! What differs from server to server: two releases of QEMU, of its storage daemon, and a server of this project's.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use qapi_rt::blocking::Client;
use qapi_rt::server::{Listener, Options, blocking::Server};
use qapi_rt::service::Control;
use qapi_tests::peers::Age;
use vmm::{Vmm, api};

use crate::setup::{AGES, Qmp};
use crate::terminal::Terminal;

fn version(age: Age, qmp: &Qmp) {
    let reply = qmp.say("query-version").good();
    let is_newer = reply.contains(r#""major": 11"#);
    assert_eq!(is_newer, age == Age::Newer, "{reply}");
}

#[test]
fn machines() {
    for age in AGES {
        let Some(launch) = age.qemu("q35") else {
            continue;
        };
        let port = ["-device", "pcie-root-port,id=rp0"];
        let server = launch
            .args(["-name", "guest=peer"])
            .args(port)
            .start_ready();
        let qmp = Qmp::of(&server);
        version(age, &qmp);
        let (commands, pretty) = (
            qmp.say("commands query-*"),
            qmp.say("events --list -o pretty"),
        );
        assert!(commands.good().contains(r#""name": "query-status""#));
        assert!(pretty.good().contains("\nSHUTDOWN\n"));
        let described = qmp.say("describe device_add -o pretty").good();
        assert!(described.contains("  driver: a string\n"), "{described}");
        qmp.say("schema blockdev-add/arg-type/+file").good();
        qmp.say("supports blockdev-add driver=nbd server.type=unix")
            .good();
        assert_eq!(qmp.say("supports blockdev-add driver=nbdx").code, Some(1));
        qmp.say("blockdev-add driver=null-co node-name=n size=1M")
            .good();
        qmp.say("device_add driver=virtio-blk-pci bus=rp0 id=disk drive=n")
            .good();
        let (code, err) = qmp
            .say("device_add driver=virtio-blk-pci bus=rp0 id=disk drive=none")
            .bad();
        assert_eq!(code, 1, "{err}");
        let paths = qmp.run([
            "complete-line",
            "fish",
            "qmp qom-get path=/machine/peripheral/",
        ]);
        assert!(paths.good().contains("path=/machine/peripheral/disk"));
        assert!(
            qmp.say("hmp info status")
                .good()
                .contains("VM status: running")
        );
        // Also where the dynamic loader was told to run it.
        assert!(
            qmp.say("ls")
                .good()
                .contains(r#""machine": "peer", "kind": "qmp""#)
        );
        qmp.say("-s peer stop").good();
        qmp.say("quit").good();
    }
}

/// With commas, and with what releases before 11.1 do not know.
#[test]
fn machines_that_are_found() {
    for age in AGES {
        let Some(launch) = age.qemu("none") else {
            continue;
        };
        let name = format!("with,,comma-{}", std::process::id());
        let mut sockets = vec![launch.path("co,mma")];
        let path = launch.path("co,,mma");
        let monitor = format!("unix:{},server=on,wait=off", path.display());
        let mut launch = launch.args(["-name", &name, "-qmp", &monitor]);
        if age == Age::Newer {
            for (n, object) in [
                "monitor-qmp,id=m0,chardev=o0",
                r#"{"qom-type": "monitor-qmp", "id": "m1", "chardev": "o1"}"#,
            ]
            .into_iter()
            .enumerate()
            {
                let path = launch.path(&format!("object{n}"));
                let chardev = format!("socket,id=o{n},path={},server=on,wait=off", path.display());
                launch = launch.args(["-chardev", &chardev, "-object", object]);
                sockets.push(path);
            }
        }
        let file = launch.path("chardev");
        let name_only = format!("qmp-{}-{age:?}", std::process::id());
        let options = "server=on,wait=off";
        let chardevs = [
            format!("socket,id=q0,path={},{options}", file.display()),
            format!("socket,id=q1,path={name_only},abstract=on,{options}"),
        ];
        for (n, chardev) in chardevs.iter().enumerate() {
            launch = launch.args(["-chardev", chardev, "-qmp", &format!("chardev:q{n}")]);
        }
        sockets.extend([file, format!("@{name_only}").into()]);
        let server = launch.start_ready();
        let mut qmp = Qmp::of(&server);
        let name = name.replace(",,", ",");
        qmp.run(["-s", &name, "query-version"]).good();
        let listed = qmp.say("ls").good();
        let is_free = |row: &str| row.contains(&name_only) && row.contains("\"free\"");
        assert!(listed.split('}').any(is_free), "{listed}");
        for socket in sockets {
            let socket = socket.display().to_string();
            let is_it = |row: &str| row.contains(&name) && row.contains(&socket);
            assert!(listed.split('}').any(is_it), "{socket}: {listed}");
            qmp.socket = socket.into();
            qmp.say("query-version").good();
        }
    }
}

#[test]
fn sockets_with_relative_paths() {
    for age in AGES {
        let start = || Some(age.storage_daemon()?.relative().start_ready());
        // Their sockets have the same name.
        let (Some(server), Some(other)) = (start(), start()) else {
            continue;
        };
        let qmp = Qmp::of(&server);
        let _held = Client::connect_unix(server.socket()).unwrap();
        let listed = qmp.say("ls").good();
        let has = |socket: PathBuf, state: &str| {
            let socket = socket.display().to_string();
            let mut rows = listed.split('}');
            let row = rows.find(|row| row.contains(&socket)).expect("it is there");
            assert!(row.contains(state), "{socket}: {listed}");
        };
        has(server.socket(), r#""state": "in use""#);
        has(other.socket(), r#""state": "free""#);
    }
}

#[test]
fn daemons() {
    for age in AGES {
        let Some(server) = age.storage_daemon().map(|launch| launch.start_ready()) else {
            continue;
        };
        let qmp = Qmp::of(&server);
        version(age, &qmp);
        for name in ["a", "b"] {
            qmp.say(&format!(
                "blockdev-add driver=null-co node-name={name} size=64M"
            ))
            .good();
        }
        let end = qmp.say("--wait blockdev-backup device=a target=b sync=full job-id=j");
        assert_eq!(end.good(), "{\"id\": \"j\", \"status\": \"concluded\"}\n");
        let (code, err) = qmp.say("blockdev-add driver=null-co sise=1").bad();
        assert_eq!(code, 2);
        assert!(err.contains("did you mean 'size'?"), "{err}");
    }
}

/// Its own commands and events, its own schema, no QEMU behind it.
#[test]
fn a_server_of_ours() {
    let directory = std::env::temp_dir().join(format!("qmp-vmm-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let socket = directory.join("m0");
    let control = Control::new();
    let machine = Vmm::new("example", 64, &control).expect("a machine");
    let options = Options::qmp().version(10, 2, 0).control(&control);
    let mut server = Server::new(api::serve(Arc::new(machine)), options).expect("a server");
    server
        .listen(Listener::unix(&socket).expect("a socket"))
        .expect("a listener");
    thread::spawn(move || server.run());

    let qmp = Qmp::at(&socket, &directory.join("home"));
    assert!(qmp.say("query-status").good().contains(r#""status": "#));
    let commands = qmp.say("commands -o pretty").good();
    assert!(commands.contains("\nquery-status\n"), "{commands}");
    let (code, err) = qmp.say("query-statu").bad();
    assert_eq!(code, 1);
    assert!(err.contains("did you mean 'query-status'?"), "{err}");
    let (code, err) = qmp
        .say("blockdev-add driver=fil node-name=a filename=/nowhere")
        .bad();
    assert_eq!(code, 2, "{err}");
    // A descriptor that has no name goes with the command itself.
    let saved = directory.join("saved");
    std::fs::write(&saved, "").unwrap();
    let save = format!(
        "--wait __com.example_snapshot job-id=s --fd {}",
        saved.display()
    );
    let end = qmp.say(&save).good();
    assert_eq!(end, "{\"id\": \"s\", \"status\": \"concluded\"}\n");
    assert!(saved.metadata().unwrap().len() > 0);
    let shell = Terminal::shell(&qmp);
    shell.types("query-sta\t\r");
    shell.sees("\"running\"");
    drop(shell);
    std::fs::remove_dir_all(&directory).unwrap();
}

//! The program, talked to in the ways of other people's clients.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use qapi_rt::blocking::Client;
use serde_json::{Value, json};

/// What a test waits for at most before it fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// The program, in a directory of its own.
struct Program {
    child: Child,
    directory: PathBuf,
}

impl Program {
    fn start() -> Self {
        let (program, told) = Self::start_at(Stdio::null(), |directory| {
            directory.join("qmp.sock").display().to_string()
        });
        assert_eq!(told, format!("unix:{}", program.socket().display()));
        program
    }

    /// With an address, and a standard input; says what it tells of where it listens.
    fn start_at(input: Stdio, address: impl FnOnce(&Path) -> String) -> (Self, String) {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        let name = format!("vmm-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir(&directory).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_vmm"))
            .arg("--socket")
            .arg(address(&directory))
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut program = Self { child, directory };
        let mut line = String::new();
        let output = program.child.stdout.as_mut().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        let told = line.trim_end().strip_prefix("listening on ").unwrap();
        (program, told.to_owned())
    }

    fn socket(&self) -> PathBuf {
        self.directory.join("qmp.sock")
    }

    /// A stream of bytes.
    fn raw(&self) -> Raw {
        let stream = UnixStream::connect(self.socket()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let received = Vec::new();
        Raw { stream, received }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// A client that knows no more than bytes.
struct Raw {
    stream: UnixStream,
    received: Vec<u8>,
}

impl Raw {
    fn send(&mut self, bytes: &str) {
        self.stream.write_all(bytes.as_bytes()).unwrap();
    }

    /// What one read gives.
    fn chunk(&mut self) -> Vec<u8> {
        let mut buffer = vec![0; 1 << 16];
        let count = self.stream.read(&mut buffer).unwrap();
        assert_ne!(count, 0, "the connection was closed");
        buffer.truncate(count);
        buffer
    }

    /// The next message. All of them end in CRLF, and hold none otherwise.
    fn message(&mut self) -> Value {
        loop {
            let end = self.received.windows(2).position(|pair| pair == b"\r\n");
            let Some(end) = end else {
                let chunk = self.chunk();
                self.received.extend(chunk);
                continue;
            };
            let line: Vec<_> = self.received.drain(..end + 2).collect();
            assert!(!line[..end].contains(&b'\n'));
            return serde_json::from_slice(&line).unwrap();
        }
    }
}

#[test]
fn no_line_ends_and_no_ids_and_a_greeting_in_one_piece() {
    let program = Program::start();
    let mut client = program.raw();
    let greeting = client.chunk();
    assert!(greeting.ends_with(b"\r\n"));
    let greeting: Value = serde_json::from_slice(&greeting).unwrap();
    let version = &greeting["QMP"]["version"];
    let qemu = json!({"major": 11, "minor": 1, "micro": 0});
    assert_eq!(*version, json!({"qemu": qemu, "package": "example-vmm"}));
    client.send(r#"{"execute":"qmp_capabilities"}"#);
    assert_eq!(client.message(), json!({"return": {}}));
    client.send(r#"{"execute":"query-name"}"#);
    assert_eq!(client.message(), json!({"return": {"name": "example"}}));
}

#[test]
fn several_requests_in_one_piece_and_one_in_many() {
    let program = Program::start();
    let mut client = program.raw();
    client.message();
    client.send(
        "{'execute': 'qmp_capabilities'}{\"execute\": \"query-name\", \"id\": [1]}\n\n\
         {'execute': 'query-name', 'id': {'a': null}}",
    );
    assert_eq!(client.message(), json!({"return": {}}));
    let name = json!({"name": "example"});
    assert_eq!(client.message(), json!({"return": name, "id": [1]}));
    assert_eq!(client.message(), json!({"return": name, "id": {"a": null}}));
    for byte in r#"{"execute": "query-name", "id": 18446744073709551615}"#.chars() {
        client.send(&byte.to_string());
    }
    let id = u64::MAX;
    assert_eq!(client.message(), json!({"return": name, "id": id}));
}

#[test]
fn out_of_band_execution_if_enabled() {
    let program = Program::start();
    let mut client = program.raw();
    assert_eq!(client.message()["QMP"]["capabilities"], json!(["oob"]));
    client.send(r#"{"execute": "qmp_capabilities", "arguments": {"enable": ["oob"]}}"#);
    assert_eq!(client.message(), json!({"return": {}}));
    client.send(r#"{"exec-oob": "__com.example_ping", "id": "a"}"#);
    assert_eq!(client.message(), json!({"return": {}, "id": "a"}));
    client.send(r#"{"exec-oob": "stop", "id": "b"}"#);
    let error = client.message();
    assert_eq!(error["id"], "b");
    assert_eq!(
        error["error"],
        json!({"class": "GenericError", "desc": "The command stop does not support OOB"})
    );
}

/// libvirt asks a QEMU that it has not met what it can do. What there is not has to be refused in the way that lets it go
/// on.
#[test]
fn probing_with_crlf_and_ids_of_text() {
    let program = Program::start();
    let mut client = program.raw();
    client.message();
    let mut number = 0;
    let mut ask = |command: &str, arguments: Value| {
        number += 1;
        let id = format!("libvirt-{number}");
        let request = match arguments {
            Value::Null => json!({"execute": command, "id": id}),
            arguments => json!({"execute": command, "arguments": arguments, "id": id}),
        };
        client.send(&format!("{request}\r\n"));
        let mut reply = client.message();
        assert_eq!(reply["id"], *id);
        match reply.get_mut("return") {
            Some(value) => Ok(value.take()),
            None => Err(reply["error"].take()),
        }
    };
    let device = json!({"typename": "virtio-net-pci"});
    let there = [
        ("qmp_capabilities", json!({})),
        ("query-version", Value::Null),
        ("query-commands", Value::Null),
        ("query-qmp-schema", Value::Null),
        ("query-status", Value::Null),
        ("query-name", Value::Null),
        ("query-target", Value::Null),
        ("query-kvm", Value::Null),
        ("qom-list-types", Value::Null),
        ("device-list-properties", device.clone()),
        ("qom-list-properties", device),
        ("query-machines", Value::Null),
        ("query-cpu-definitions", Value::Null),
        ("query-command-line-options", Value::Null),
        ("query-migrate-capabilities", Value::Null),
    ];
    for (command, arguments) in there {
        ask(command, arguments).expect(command);
    }
    let not_there = [
        ("query-cpu-model-expansion", json!({"type": "static"})),
        ("query-tpm-models", Value::Null),
        ("query-tpm-types", Value::Null),
        ("query-sev-capabilities", Value::Null),
        ("qom-get", json!({"path": "/machine", "property": "type"})),
        ("getfd", json!({"fdname": "x"})),
    ];
    for (command, arguments) in not_there {
        let desc = format!("The command {command} has not been found");
        let error = json!({"class": "CommandNotFound", "desc": desc});
        assert_eq!(ask(command, arguments), Err(error));
    }
    // And it goes on.
    let status = ask("query-status", Value::Null).unwrap();
    assert_eq!(status, json!({"running": false, "status": "prelaunch"}));
}

#[test]
fn a_port_and_a_socket_that_listens_already() {
    let (mut program, told) = Program::start_at(Stdio::null(), |_| "tcp:127.0.0.1:0".into());
    let client = Client::connect(&told.parse().unwrap()).unwrap();
    client.quit().unwrap();
    assert!(program.child.wait().unwrap().success());

    let place = std::env::temp_dir().join(format!("vmm-inherited-{}.sock", std::process::id()));
    let listener = UnixListener::bind(&place).unwrap();
    let input = OwnedFd::from(listener).into();
    let (mut program, told) = Program::start_at(input, |_| "fd:0".into());
    assert_eq!(told, "fd:0");
    Client::connect_unix(&place).unwrap().quit().unwrap();
    assert!(program.child.wait().unwrap().success());
    std::fs::remove_file(place).unwrap();
}

#[test]
fn every_client_gets_events_and_the_program_ends_cleanly() {
    let mut program = Program::start();
    let first = Client::connect_unix(program.socket()).unwrap();
    let mut second = program.raw();
    second.message();
    second.send("{'execute': 'qmp_capabilities'}");
    second.message();
    first.quit().unwrap();
    let mut event = second.message();
    assert!(event["timestamp"].take().is_object());
    assert_eq!(
        event,
        json!({
            "timestamp": null,
            "event": "SHUTDOWN",
            "data": {"guest": false, "reason": "host-qmp-quit"},
        })
    );
    assert_eq!(second.stream.read(&mut [0]).unwrap(), 0);
    assert!(program.child.wait().unwrap().success());
    assert!(!program.socket().exists());
}

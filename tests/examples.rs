//! The examples do what they say, against the machine that they make up and against QEMU.
#![cfg(unix)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use qapi_rt::blocking::Client;
use qapi_tests::peers;
use serde_json::{Value, json};

/// Where cargo puts a built example. They are built with the workspace, not with this package alone.
fn example(name: &str) -> Option<PathBuf> {
    let test = std::env::current_exe().unwrap();
    let path = test
        .parent()
        .and_then(Path::parent)
        .unwrap()
        .join("examples")
        .join(name);
    if !path.exists() {
        eprintln!("skipped: example {name} is not built; test with --workspace --all-features");
        return None;
    }
    Some(path)
}

fn run(example: &Path, arguments: &[&str]) -> Output {
    let output = Command::new(example).args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output
}

fn printed(example: &Path, arguments: &[&str]) -> String {
    String::from_utf8(run(example, arguments).stdout).unwrap()
}

/// Long enough for a machine under load.
const TIME: Duration = Duration::from_secs(60);

/// Until it serves clients, and those before have gone.
fn wait_for(socket: &Path) {
    let connected = Client::builder()
        .connect_deadline(TIME)
        .connect_unix(socket);
    drop(connected.unwrap());
}

const PLUGGED: &str = "disk0 is plugged in\ndisk0 is unplugged\n";

#[test]
fn hotplug() {
    let Some(hotplug) = example("hotplug") else {
        return;
    };
    assert_eq!(printed(&hotplug, &[]), PLUGGED);
    if let Some(qemu) = peers::qemu("pc") {
        let qemu = qemu.args(["-device", "qemu-xhci"]).start();
        let socket = qemu.socket();
        wait_for(&socket);
        assert_eq!(
            printed(&hotplug, &["--socket", socket.to_str().unwrap()]),
            PLUGGED
        );
    }
}

#[test]
fn backup() {
    const TOLD: &str = "backed up 1048576 bytes\n";
    let Some(backup) = example("backup") else {
        return;
    };
    assert_eq!(printed(&backup, &[]), TOLD);
    if let Some(qemu) = peers::qemu("none") {
        let qemu = qemu.start();
        let socket = qemu.socket();
        wait_for(&socket);
        assert_eq!(
            printed(&backup, &["--socket", socket.to_str().unwrap()]),
            TOLD
        );
    }
}

#[test]
fn agent_tour() {
    let Some(tour) = example("agent-tour") else {
        return;
    };
    let said = |text: &str| text.lines().last().map(str::to_owned);
    let hello = Some("it says: hello, host".to_owned());
    assert_eq!(said(&printed(&tour, &[])), hello);
    if let Some(agent) = peers::guest_agent() {
        let agent = agent.start();
        let socket = agent.socket();
        let connected = qapi_rt::blocking::Agent::builder()
            .connect_deadline(TIME)
            .connect_unix(&socket);
        drop(connected.unwrap());
        assert_eq!(
            said(&printed(&tour, &["--socket", socket.to_str().unwrap()])),
            hello
        );
    }
}

#[test]
fn watch() {
    let Some(watch) = example("watch") else {
        return;
    };
    let told = |text: &str| -> Vec<String> {
        // Each event begins with its time.
        let lines = text.lines().skip(1);
        lines
            .map(|line| {
                line.trim_start_matches(|c: char| c.is_ascii_digit())
                    .trim()
                    .to_owned()
            })
            .collect()
    };
    let mut expected = ["STOP", "it is paused", "RESUME", "SHUTDOWN", "it has ended"];
    expected.sort_unstable();
    let mut seen = told(&printed(&watch, &[]));
    // Tasks tell of replies and events in either order.
    seen.sort_unstable();
    assert_eq!(seen, expected);
    if peers::qemu("none").is_some() {
        let mut seen = told(&printed(&watch, &["--start", "qemu-system-x86_64"]));
        seen.sort_unstable();
        assert_eq!(seen, expected);
    }
}

#[test]
fn proxy() {
    let Some(proxy) = example("proxy") else {
        return;
    };
    let told = "one client has stopped the machine, the other one knows\nit is paused\n";
    assert_eq!(printed(&proxy, &[]), told);
    if let Some(qemu) = peers::qemu("none") {
        let qemu = qemu.start();
        let (socket, shared) = (qemu.socket(), qemu.path("shared"));
        wait_for(&socket);
        let mut command = Command::new(&proxy);
        command
            .arg("--socket")
            .arg(&socket)
            .arg("--listen")
            .arg(&shared);
        let mut proxy = command.spawn().unwrap();
        let client = || {
            let builder = Client::builder().connect_deadline(TIME);
            builder.connect_unix(&shared).unwrap()
        };
        let (one, other) = (client(), client());
        let mut stops = other.events::<qapi_rt::qmp::events::Stop>();
        one.execute(qapi_rt::qmp::commands::Stop::new()).unwrap();
        stops.recv_deadline(TIME).unwrap();
        // What the machine can do, not what the proxy knows of.
        assert!(one.capabilities().unwrap().command("getfd").is_some());
        let getfd = one.call(qapi_rt::qmp::commands::Getfd::new("null"));
        let file = std::fs::File::open("/dev/null").unwrap();
        getfd.fds([file]).send().unwrap();
        other
            .execute(qapi_rt::qmp::commands::Closefd::new("null"))
            .unwrap();
        one.quit().unwrap();
        assert!(proxy.wait().unwrap().success());
    }
}

/// A machine that takes its time with one client's command hears of another's, and what it tells comes as it said it.
#[test]
fn proxy_of_a_machine_that_takes_its_time() {
    let Some(proxy) = example("proxy") else {
        return;
    };
    let directory = std::env::temp_dir().join(format!("qapi-proxy-{}", std::process::id()));
    std::fs::create_dir(&directory).unwrap();
    let (socket, shared) = (directory.join("machine"), directory.join("shared"));
    let listener = UnixListener::bind(&socket).unwrap();
    let mut command = Command::new(&proxy);
    command
        .arg("--socket")
        .arg(&socket)
        .arg("--listen")
        .arg(&shared);
    let mut proxy = command.spawn().unwrap();

    let mut machine = Lines::new(listener.accept().unwrap().0);
    machine.send(r#"{"QMP": {"version": {"qemu": {"major": 10, "minor": 0, "micro": 2}, "package": ""}, "capabilities": []}}"#);
    let negotiation = machine.receive();
    assert_eq!(negotiation["execute"], "qmp_capabilities");
    machine.send(&json!({"return": {}, "id": negotiation["id"]}).to_string());
    wait_for(&shared);
    let client = || {
        let mut client = Lines::new(UnixStream::connect(&shared).unwrap());
        assert!(client.receive()["QMP"].is_object());
        client.send(r#"{"execute": "qmp_capabilities"}"#);
        assert_eq!(client.receive(), json!({"return": {}}));
        client
    };
    let (mut slow, mut quick) = (client(), client());
    slow.send(r#"{"execute": "x-slow"}"#);
    assert_eq!(machine.receive()["execute"], "x-slow");
    quick.send(r#"{"execute": "x-quick"}"#);
    let asked = machine.receive();
    assert_eq!(asked["execute"], "x-quick");

    let event = json!({"event": "X_ODD", "data": {"n": u64::MAX}, "x-more": [null],
        "timestamp": {"seconds": -1, "microseconds": -1}});
    machine.send(&event.to_string());
    assert_eq!(slow.receive(), event);
    assert_eq!(quick.receive(), event);
    machine.send(r#"{"return": {"slow": true}}"#);
    machine.send(&json!({"return": {"quick": true}, "id": asked["id"]}).to_string());
    assert_eq!(slow.receive(), json!({"return": {"slow": true}}));
    assert_eq!(quick.receive(), json!({"return": {"quick": true}}));
    drop(machine);
    assert!(proxy.wait().unwrap().success());
    std::fs::remove_dir_all(&directory).unwrap();
}

/// Messages over a socket, one a line.
struct Lines(BufReader<UnixStream>);

impl Lines {
    fn new(stream: UnixStream) -> Self {
        stream.set_read_timeout(Some(TIME)).unwrap();
        Self(BufReader::new(stream))
    }

    fn send(&mut self, line: &str) {
        writeln!(self.0.get_mut(), "{line}").unwrap();
    }

    fn receive(&mut self) -> Value {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

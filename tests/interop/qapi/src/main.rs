//! The example VMM, driven by both clients of the crate `qapi`.
//!
//! Its argument is the program. It ends with an error, or a panic, if a client is not answered as by QEMU.

use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures::StreamExt as _;
use qapi::futures::QmpStreamTokio;
use qapi::qmp::{self, Event, QMPCapability, RunState};
use qapi::{Dictionary, ErrorClass, ExecuteError, Qmp, Stream};

/// What is waited for at most.
const PATIENCE: Duration = Duration::from_secs(20);

/// The program, with its socket.
struct Machine {
    child: Child,
    socket: PathBuf,
}

impl Machine {
    fn start() -> Result<Self, Box<dyn Error>> {
        let program = std::env::args_os()
            .nth(1)
            .ok_or("usage: qapi-clients PROGRAM")?;
        let name = format!("qapi-clients-{}.sock", std::process::id());
        let socket = std::env::temp_dir().join(name);
        let mut child = Command::new(program)
            .arg("--socket")
            .arg(&socket)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        // It says so when it listens.
        let output = child.stdout.take().ok_or("it has no output")?;
        BufReader::new(output).read_line(&mut String::new())?;
        Ok(Self { child, socket })
    }

    /// It was told to quit.
    fn join(mut self) -> Result<(), Box<dyn Error>> {
        assert!(self.child.wait()?.success());
        assert!(!self.socket.exists());
        Ok(())
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn device() -> qmp::device_add {
    qmp::device_add {
        bus: None,
        id: Some("net0".into()),
        driver: "virtio-net-pci".into(),
        arguments: Dictionary::from_iter([("mq".into(), true.into())]),
    }
}

fn class<T: std::fmt::Debug>(result: Result<T, ExecuteError>) -> ErrorClass {
    match result {
        Err(ExecuteError::Qapi(error)) => error.class,
        other => panic!("{other:?}"),
    }
}

/// Names of events that are expected, in this order: a machine lets a device go while it runs.
fn check(events: &[Event]) {
    match events {
        [
            Event::RESUME { .. },
            Event::DEVICE_DELETED { data, .. },
            Event::STOP { .. },
        ] => assert_eq!(data.device.as_deref(), Some("net0")),
        _ => panic!("{events:?}"),
    }
}

fn blocking(machine: Machine) -> Result<(), Box<dyn Error>> {
    let stream = UnixStream::connect(&machine.socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let reader = BufReader::new(stream.try_clone()?);
    let mut client = Qmp::new(Stream::new(reader, stream));
    let greeting = client.handshake()?;
    assert_eq!(greeting.version.package, "example-vmm");
    let status = client.execute(&qmp::query_status {})?;
    assert_eq!(
        (status.running, status.status),
        (false, RunState::prelaunch)
    );
    client.execute(&device())?;
    client.execute(&qmp::cont {})?;
    client.execute(&qmp::device_del { id: "net0".into() })?;
    client.execute(&qmp::stop {})?;
    let events: Vec<_> = client.events().collect();
    check(&events);
    let missing = client.execute(&qmp::query_mice {});
    assert_eq!(class(missing), ErrorClass::CommandNotFound);
    let missing = client.execute(&qmp::device_del { id: "net0".into() });
    assert_eq!(class(missing), ErrorClass::DeviceNotFound);
    client.execute(&qmp::quit {})?;
    machine.join()
}

async fn asynchronous(machine: Machine) -> Result<(), Box<dyn Error>> {
    let stream = QmpStreamTokio::open_uds(&machine.socket).await?;
    let stream = stream.negotiate_caps([QMPCapability::oob]).await?;
    let (client, mut events) = stream.into_parts();
    let listener = tokio::spawn(async move {
        let mut received = Vec::new();
        while let Some(Ok(event)) = events.next().await {
            received.push(event);
        }
        received
    });
    // Several at once.
    let statuses = (0..32).map(|_| client.execute(qmp::query_status {}));
    for status in futures::future::join_all(statuses).await {
        assert_eq!(status?.status, RunState::prelaunch);
    }
    client.execute(device()).await?;
    client.execute(qmp::cont {}).await?;
    client
        .execute(qmp::device_del { id: "net0".into() })
        .await?;
    client.execute(qmp::stop {}).await?;
    let jobs = client.execute(qmp::query_jobs {}).await?;
    assert!(jobs.is_empty());
    let missing = client.execute(qmp::query_mice {}).await;
    assert_eq!(class(missing), ErrorClass::CommandNotFound);
    client.execute(qmp::quit {}).await?;
    let mut events = listener.await?;
    let last = events.pop();
    assert!(matches!(last, Some(Event::SHUTDOWN { .. })), "{last:?}");
    check(&events);
    machine.join()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    blocking(Machine::start()?)?;
    println!("the blocking client: ok");
    tokio::time::timeout(PATIENCE, asynchronous(Machine::start()?)).await??;
    println!("the tokio client: ok");
    Ok(())
}

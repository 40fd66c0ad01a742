//! Servers in processes of their own: the real ones, this project's, and bare ones that cost as little as possible.

use crate::Result;
use qapi_rt::qmp::{RunState, Service, StatusInfo, commands, serve};
use qapi_rt::server::{Listener, Options, Server, blocking};
use qapi_rt::service::{Call, Result as Reply};
use std::env;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// The argument that makes this program a server; its kind and its socket follow.
pub const SERVE: &str = "serve";

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    /// Sends back whatever it reads.
    Echo,
    /// A QMP server with one canned reply.
    Canned,
    /// The same, with an event before each reply.
    CannedEvents,
    /// The same, with very many.
    Flood,
    Tokio,
    Blocking,
    Daemon,
    Qemu,
}

impl Kind {
    /// Those that this program can be.
    const OWN: [Kind; 6] = [
        Kind::Echo,
        Kind::Canned,
        Kind::CannedEvents,
        Kind::Flood,
        Kind::Tokio,
        Kind::Blocking,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Echo => "bare echo",
            Kind::Canned => "canned replies",
            Kind::CannedEvents => "canned replies and events",
            Kind::Flood => "canned replies and very many events",
            Kind::Tokio => "`server::Server`, tokio with two threads",
            Kind::Blocking => "`server::blocking::Server`",
            Kind::Daemon => "`qemu-storage-daemon`",
            Kind::Qemu => "`qemu-system-x86_64 -machine none`",
        }
    }

    /// A command that costs the server little.
    pub fn request(self) -> &'static str {
        match self {
            Kind::Daemon => "{\"execute\":\"query-jobs\"}\n",
            _ => "{\"execute\":\"query-status\"}\n",
        }
    }

    fn command(self, socket: &Path) -> Result<Command> {
        let chardev = format!("socket,id=c,path={},server=on,wait=off", socket.display());
        let mut command = match self {
            Kind::Daemon => Command::new("qemu-storage-daemon"),
            Kind::Qemu => Command::new("qemu-system-x86_64"),
            _ => Command::new(env::current_exe()?),
        };
        match self {
            Kind::Daemon => command
                .args(["--chardev", &chardev, "--monitor", "chardev=c"])
                .arg("--pidfile")
                .arg(pid_file(socket)),
            Kind::Qemu => command
                .args(["-machine", "none", "-nodefaults", "-display", "none"])
                .args(["-chardev", &chardev, "-mon", "chardev=c,mode=control"])
                .arg("-pidfile")
                .arg(pid_file(socket)),
            _ => command.args([SERVE, self.name()]).arg(socket),
        };
        Ok(command)
    }
}

fn pid_file(socket: &Path) -> PathBuf {
    socket.with_extension("pid")
}

pub struct Process {
    pub kind: Kind,
    pub socket: PathBuf,
    child: Child,
}

impl Process {
    /// Starts it and waits until it listens. `None` if it is not installed.
    pub fn start(kind: Kind, socket: &Path) -> Result<Option<Process>> {
        let mut command = kind.command(socket)?;
        // One that had this name before may have been killed.
        for left in [pid_file(socket), socket.to_owned()] {
            let _ = std::fs::remove_file(left);
        }
        let child = match command.stdin(Stdio::null()).stdout(Stdio::null()).spawn() {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            child => child?,
        };
        let mut process = Process {
            kind,
            socket: socket.to_owned(),
            child,
        };
        let end = Instant::now() + Duration::from_secs(30);
        while !process.is_ready() {
            if process.child.try_wait()?.is_some() || Instant::now() > end {
                return Err(format!("{} does not listen", kind.name()).into());
            }
            thread::sleep(Duration::from_micros(200));
        }
        Ok(Some(process))
    }

    /// A monitor of QEMU may give up who connects right after somebody who only tried, so it is not tried.
    fn is_ready(&self) -> bool {
        match self.kind {
            Kind::Daemon | Kind::Qemu => pid_file(&self.socket).exists() && self.socket.exists(),
            _ => UnixStream::connect(&self.socket).is_ok(),
        }
    }

    /// A connection that is negotiated, where there is something to negotiate.
    pub fn connect(&self) -> Result<Connection> {
        let stream = UnixStream::connect(&self.socket)?;
        let mut connection = Connection {
            reader: BufReader::with_capacity(1 << 16, stream),
            line: Vec::new(),
        };
        if self.kind != Kind::Echo {
            connection.read()?;
            connection.trip(b"{\"execute\":\"qmp_capabilities\"}\n")?;
        }
        Ok(connection)
    }

    /// Resident memory, in bytes.
    pub fn memory(&self) -> Result<f64> {
        memory(&self.child.id().to_string())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Resident memory of a process, which may be `self`, in bytes.
pub fn memory(process: &str) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(1024.0 * kib.ok_or("no VmRSS")?.parse::<f64>()?)
}

/// A client that writes and reads lines.
pub struct Connection {
    reader: BufReader<UnixStream>,
    line: Vec<u8>,
}

impl Connection {
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.reader.get_mut().write_all(bytes)?)
    }

    pub fn read(&mut self) -> Result<()> {
        self.line.clear();
        match self.reader.read_until(b'\n', &mut self.line)? {
            0 => Err("the connection ended".into()),
            _ => Ok(()),
        }
    }

    pub fn trip(&mut self, request: &[u8]) -> Result<()> {
        self.write(request)?;
        self.read()
    }

    /// The same with a small buffer, for where there are thousands.
    pub fn small(self) -> Connection {
        Connection {
            reader: BufReader::with_capacity(512, self.reader.into_inner()),
            line: Vec::new(),
        }
    }
}

/// Is a server until it is killed.
pub fn run(kind: &str, socket: &Path) -> Result<()> {
    let kind = Kind::OWN.into_iter().find(|own| own.name() == kind);
    match kind.ok_or("there is no such server")? {
        Kind::Tokio => {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let server = Server::new(serve(Arc::new(Machine)), Options::qmp());
                server.listen(Listener::unix(socket)?)?;
                server.run().await;
                Ok(())
            })
        }
        Kind::Blocking => {
            let mut server = blocking::Server::new(serve(Arc::new(Machine)), Options::qmp())?;
            server.listen(Listener::unix(socket)?)?;
            Ok(server.run()?)
        }
        Kind::Echo => listen(socket, echo),
        Kind::CannedEvents => listen(socket, |stream| answer(stream, EVENT)),
        Kind::Flood => listen(socket, |stream| {
            answer(stream, &(flood_event() + "\r\n").repeat(FLOOD))
        }),
        _ => listen(socket, |stream| answer(stream, "")),
    }
}

struct Machine;

impl Service for Machine {
    async fn query_status(&self, _: &Call, _: commands::QueryStatus) -> Reply<StatusInfo> {
        Ok(StatusInfo::new(true, RunState::Running))
    }
}

/// A thread for each client, which ends with it.
fn listen(socket: &Path, serve: fn(UnixStream) -> Result<()>) -> Result<()> {
    for stream in UnixListener::bind(socket)?.incoming() {
        let stream = stream?;
        thread::Builder::new()
            .stack_size(256 << 10)
            .spawn(move || {
                let _ = serve(stream);
            })?;
    }
    Ok(())
}

fn echo(mut stream: UnixStream) -> Result<()> {
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            count => stream.write_all(&buffer[..count])?,
        }
    }
}

const GREETING: &[u8] = b"{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 2, \"minor\": 0, \"major\": 10}, \"package\": \"\"}, \
                          \"capabilities\": [\"oob\"]}}\r\n";
const VERSION: &str = "{\"qemu\": {\"micro\": 2, \"minor\": 0, \"major\": 10}, \"package\": \"\"}";
const EVENT: &str =
    "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"RESUME\"}\r\n";

/// How many events [`Kind::Flood`] sends with a reply.
pub const FLOOD: usize = 200_000;

/// The event that it sends.
pub fn flood_event() -> String {
    qapi_benches::samples::event()
}

/// Answers every object that it has read, whatever it is, with QEMU's version and the object's id. Not every client ends
/// its requests with a new line. There are no events before the end of negotiation, which is the first reply.
fn answer(mut stream: UnixStream, event: &str) -> Result<()> {
    stream.write_all(GREETING)?;
    let (mut input, mut output) = (vec![0; 64 << 10], String::new());
    let (mut held, mut seen, mut depth) = (0, 0, 0);
    let mut before = "";
    loop {
        let count = stream.read(&mut input[held..])?;
        if count == 0 {
            return Ok(());
        }
        held += count;
        let mut start = 0;
        output.clear();
        while seen < held {
            match input[seen] {
                b'{' => depth += 1,
                b'}' => depth -= 1,
                _ => {}
            }
            seen += 1;
            if depth > 0 || input[seen - 1] != b'}' {
                continue;
            }
            output.push_str(before);
            output.push_str("{\"return\": ");
            output.push_str(VERSION);
            let object = std::str::from_utf8(&input[start..seen - 1])?;
            if let Some((_, id)) = object.rsplit_once("\"id\":") {
                output.push_str(", \"id\": ");
                output.push_str(id.trim());
            }
            output.push_str("}\r\n");
            before = event;
            start = seen;
        }
        input.copy_within(start..held, 0);
        held -= start;
        seen -= start;
        stream.write_all(output.as_bytes())?;
    }
}

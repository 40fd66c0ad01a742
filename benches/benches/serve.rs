//! The servers beside a bare echo and a real storage daemon, each in a process of its own. Prints Markdown.
//!
//! `qemu-storage-daemon` is measured if it is installed. The limit of open files has to be above 11,100 for the crowd;
//! otherwise the crowd is as large as the limit allows, and that is said.

use std::error::Error;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use qapi_rt::qmp::{RunState, Service, StatusInfo, commands, serve};
use qapi_rt::server::{Listener, Options, Server, blocking};
use qapi_rt::service::{Call, Result as Reply};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const ROUNDS: usize = 7;
const TRIPS: usize = 5_000;
const DEPTH: usize = 64;
const BATCHES: usize = 200;
const IDLE: usize = 10_000;
const ACTIVE: usize = 1_000;

struct Machine;

impl Service for Machine {
    async fn query_status(&self, _: &Call, _: commands::QueryStatus) -> Reply<StatusInfo> {
        Ok(StatusInfo::new(true, RunState::Running))
    }
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["echo", path] => echo(path),
        ["tokio", path] => {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let server = Server::new(serve(Arc::new(Machine)), Options::qmp());
                server.listen(Listener::unix(path)?)?;
                server.run().await;
                Ok(())
            })
        }
        ["blocking", path] => {
            let mut server = blocking::Server::new(serve(Arc::new(Machine)), Options::qmp())?;
            server.listen(Listener::unix(path)?)?;
            Ok(server.run()?)
        }
        // Cargo says `--bench`.
        _ => measure(),
    }
}

fn echo(path: &str) -> Result<()> {
    for stream in UnixListener::bind(path)?.incoming() {
        let mut stream = stream?;
        let mut buffer = [0; 4096];
        loop {
            match stream.read(&mut buffer)? {
                0 => break,
                count => stream.write_all(&buffer[..count])?,
            }
        }
    }
    Ok(())
}

/// A server in a process of its own.
struct Peer {
    name: &'static str,
    request: &'static str,
    path: PathBuf,
    child: Child,
}

impl Peer {
    fn start(name: &'static str, directory: &Path) -> Result<Option<Self>> {
        let path = directory.join(name);
        let mut request = "{\"execute\":\"query-status\"}\n";
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(name).arg(&path);
        if name == "daemon" {
            request = "{\"execute\":\"query-jobs\"}\n";
            command = Command::new("qemu-storage-daemon");
            let chardev = format!("socket,id=c,path={},server=on,wait=off", path.display());
            command.args(["--chardev", &chardev, "--monitor", "chardev=c"]);
        }
        command.stdout(Stdio::null());
        let child = match command.spawn() {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            child => child?,
        };
        let peer = Self {
            name,
            request,
            path,
            child,
        };
        let end = Instant::now() + Duration::from_secs(20);
        while UnixStream::connect(&peer.path).is_err() {
            if Instant::now() > end {
                return Err(format!("{name} does not listen").into());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(Some(peer))
    }

    fn connect(&self) -> Result<Client> {
        let stream = UnixStream::connect(&self.path)?;
        let mut client = Client {
            reader: BufReader::with_capacity(1 << 16, stream),
            line: Vec::new(),
        };
        if self.name != "echo" {
            client.read()?;
            client.trip(b"{\"execute\":\"qmp_capabilities\"}\n")?;
        }
        Ok(client)
    }

    /// Resident memory, in bytes.
    fn memory(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
        Ok(1024.0 * kib.ok_or("no VmRSS")?.parse::<f64>()?)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Client {
    reader: BufReader<UnixStream>,
    line: Vec<u8>,
}

impl Client {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.reader.get_mut().write_all(bytes)?)
    }

    fn read(&mut self) -> Result<()> {
        self.line.clear();
        match self.reader.read_until(b'\n', &mut self.line)? {
            0 => Err("the connection ended".into()),
            _ => Ok(()),
        }
    }

    fn trip(&mut self, request: &[u8]) -> Result<()> {
        self.write(request)?;
        self.read()
    }
}

/// Round trips a second, one after the other.
fn one_by_one(peer: &Peer) -> Result<f64> {
    let mut client = peer.connect()?;
    let start = Instant::now();
    for _ in 0..TRIPS {
        client.trip(peer.request.as_bytes())?;
    }
    Ok(TRIPS as f64 / start.elapsed().as_secs_f64())
}

/// Round trips a second, many under way.
fn pipelined(peer: &Peer) -> Result<f64> {
    let mut client = peer.connect()?;
    let requests = peer.request.repeat(DEPTH);
    let start = Instant::now();
    for _ in 0..BATCHES {
        client.write(requests.as_bytes())?;
        for _ in 0..DEPTH {
            client.read()?;
        }
    }
    Ok((BATCHES * DEPTH) as f64 / start.elapsed().as_secs_f64())
}

fn measure() -> Result<()> {
    let directory = std::env::temp_dir().join(format!("qapi-serve-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let result = report(&directory);
    std::fs::remove_dir_all(&directory)?;
    result
}

fn report(directory: &Path) -> Result<()> {
    let mut peers = Vec::new();
    for name in ["echo", "tokio", "blocking", "daemon"] {
        match Peer::start(name, directory)? {
            Some(peer) => peers.push(peer),
            None => println!("{name}: skipped, not installed"),
        }
    }
    println!("| | one by one, trips/s | of the echo | {DEPTH} deep, trips/s | of the echo |");
    println!("| --- | --- | --- | --- | --- |");
    let mut rounds = vec![(Vec::new(), Vec::new()); peers.len()];
    for _ in 0..ROUNDS {
        for (peer, (single, deep)) in peers.iter().zip(&mut rounds) {
            single.push(one_by_one(peer)?);
            deep.push(pipelined(peer)?);
        }
    }
    for (peer, (single, deep)) in peers.iter().zip(&rounds) {
        println!(
            "| {} | {:.0} | {:.2} | {:.0} | {:.2} |",
            peer.name,
            median(single.clone()),
            ratio(single, &rounds[0].0),
            median(deep.clone()),
            ratio(deep, &rounds[0].1),
        );
    }
    println!();
    for peer in peers
        .iter()
        .filter(|p| ["tokio", "blocking"].contains(&p.name))
    {
        crowd(peer)?;
        flood(peer)?;
    }
    Ok(())
}

/// Many clients that are idle, and some that are not.
fn crowd(peer: &Peer) -> Result<()> {
    let before = peer.memory()?;
    let mut idle = Vec::new();
    let mut short = None;
    for _ in 0..IDLE + ACTIVE {
        match peer.connect() {
            Ok(client) => idle.push(client.reader.into_inner()),
            Err(error) => {
                short = Some(error);
                break;
            }
        }
    }
    let count = idle.len();
    let each = (peer.memory()? - before) / count as f64;
    println!(
        "{}: {count} clients, {each:.0} bytes of resident memory each",
        peer.name
    );
    if let Some(error) = short {
        println!("{}: no more than that, {error}", peer.name);
    }
    let mut active: Vec<Client> = idle
        .drain(..ACTIVE.min(count))
        .map(|stream| Client {
            reader: BufReader::with_capacity(512, stream),
            line: Vec::new(),
        })
        .collect();
    let start = Instant::now();
    let turns = 20;
    for _ in 0..turns {
        for client in &mut active {
            client.write(peer.request.as_bytes())?;
        }
        for client in &mut active {
            client.read()?;
        }
    }
    let rate = (turns * active.len()) as f64 / start.elapsed().as_secs_f64();
    println!(
        "{}: {} of them active: {rate:.0} trips/s together, {:.0} bytes each",
        peer.name,
        active.len(),
        (peer.memory()? - before) / count as f64
    );
    Ok(())
}

/// How long a command takes while another client sends as fast as it can.
fn flood(peer: &Peer) -> Result<()> {
    let quiet = latencies(peer)?;
    let stop = Arc::new(AtomicBool::new(false));
    let mut flooding = peer.connect()?;
    let requests = peer.request.repeat(DEPTH);
    let is_stopped = Arc::clone(&stop);
    let thread = std::thread::spawn(move || {
        while !is_stopped.load(Ordering::SeqCst) {
            let sent = flooding.write(requests.as_bytes()).is_ok();
            if !sent || (0..DEPTH).any(|_| flooding.read().is_err()) {
                return;
            }
        }
    });
    let loud = latencies(peer)?;
    stop.store(true, Ordering::SeqCst);
    // It cannot fail.
    let _ = thread.join();
    println!(
        "{}: a trip takes {} / {} µs (median / 99th of 100), beside a flood {} / {}\n",
        peer.name, quiet.0, quiet.1, loud.0, loud.1
    );
    Ok(())
}

/// Median and 99th percentile, in microseconds.
fn latencies(peer: &Peer) -> Result<(u128, u128)> {
    let mut client = peer.connect()?;
    let mut times = Vec::new();
    for _ in 0..2_000 {
        let start = Instant::now();
        client.trip(peer.request.as_bytes())?;
        times.push(start.elapsed().as_micros());
        std::thread::sleep(Duration::from_micros(200));
    }
    times.sort_unstable();
    Ok((times[times.len() / 2], times[times.len() * 99 / 100]))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The median of the ratios of each round.
fn ratio(values: &[f64], base: &[f64]) -> f64 {
    median(
        values
            .iter()
            .zip(base)
            .map(|(value, base)| value / base)
            .collect(),
    )
}

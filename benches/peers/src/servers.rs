//! Servers beside a bare echo and the real ones: round trips, a crowd of clients, a client that floods.

use crate::Result;
use crate::process::{Connection, Kind, Process};
use crate::stats::{Required, head, median, ratio, row};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const ROUNDS: usize = 7;
const STARTS: usize = 11;
const TRIPS: usize = 5_000;
const DEPTH: usize = 64;
const BATCHES: usize = 200;
const IDLE: usize = 10_000;
const ACTIVE: usize = 1_000;
const TURNS: usize = 20;

/// The first one is what one call after the other is compared with, the last one what many at once are.
const KINDS: [Kind; 5] = [
    Kind::Echo,
    Kind::Tokio,
    Kind::Blocking,
    Kind::Qemu,
    Kind::Daemon,
];

pub fn report(scratch: &Path) -> Result<()> {
    println!(
        "Each server is a process of its own with a unix socket; one client sends `query-status` (`query-jobs` to the storage \
         daemon, which has no such command). Round trips a second by the clock, medians of {ROUNDS} rounds, and from the start \
         of the process to the end of negotiation, median of {STARTS}.\n"
    );
    let mut servers = Vec::new();
    for (n, kind) in KINDS.into_iter().enumerate() {
        match Process::start(kind, &scratch.join(n.to_string()))? {
            Some(server) => servers.push(server),
            None => println!("skipped: there is no {}\n", kind.name()),
        }
    }
    trips(&servers, scratch)?;
    raise_limit();
    println!("\n### Many clients\n");
    println!(
        "*Active* clients take turns in sending a command; a trip is that of one other client, alone and beside one that sends \
         {DEPTH} commands at a time without end: median and 99th percentile of 2,000.\n"
    );
    head(&[
        "",
        "clients",
        "resident memory of each, bytes",
        "active",
        "trips/s together",
        "a trip, µs",
        "beside a flood, µs",
    ]);
    let ours = |server: &&Process| [Kind::Tokio, Kind::Blocking].contains(&server.kind);
    for server in servers.iter().filter(ours) {
        let crowd = Crowd::measure(server)?;
        let [alone, flooded] = latencies(server)?;
        row([
            server.kind.name().to_owned(),
            crowd.clients.to_string(),
            format!("{:.0}", crowd.memory),
            crowd.active.to_string(),
            format!("{:.0}", crowd.rate),
            alone,
            flooded,
        ]);
    }
    Ok(())
}

fn trips(servers: &[Process], scratch: &Path) -> Result<()> {
    let mut single = vec![Vec::new(); servers.len()];
    let mut deep = single.clone();
    for _ in 0..ROUNDS {
        for (n, server) in servers.iter().enumerate() {
            single[n].push(one_by_one(server)?);
            deep[n].push(pipelined(server)?);
        }
    }
    let daemon = servers.iter().position(|one| one.kind == Kind::Daemon);
    head(&[
        "",
        "start, ms",
        "one by one, trips/s",
        "of the echo",
        "required",
        "64 deep, trips/s",
        "of the daemon",
        "required",
        "of the echo",
        "required",
    ]);
    for (n, server) in servers.iter().enumerate() {
        let ours = [Kind::Tokio, Kind::Blocking].contains(&server.kind);
        let required = |bound| ours.then_some(Required::AtLeast(bound));
        let of_echo = ratio(&single[n], &single[0]);
        let deep_of_echo = ratio(&deep[n], &deep[0]);
        let of_daemon = daemon.map(|daemon| ratio(&deep[n], &deep[daemon]));
        row([
            server.kind.name().to_owned(),
            started(server.kind, scratch)?,
            format!("{:.0}", median(&single[n])),
            format!("{of_echo:.2}"),
            Required::shown(required(0.6), of_echo),
            format!("{:.0}", median(&deep[n])),
            of_daemon.map_or("".to_owned(), |times| format!("{times:.1}")),
            of_daemon.map_or("".to_owned(), |times| {
                Required::shown(required(20.0), times)
            }),
            format!("{deep_of_echo:.2}"),
            Required::shown(required(0.5), deep_of_echo),
        ]);
    }
    Ok(())
}

fn started(kind: Kind, scratch: &Path) -> Result<String> {
    let mut times = Vec::new();
    for n in 0..STARTS {
        let start = Instant::now();
        let socket = scratch.join(format!("start-{n}"));
        if let Some(process) = Process::start(kind, &socket)? {
            process.connect()?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        // What was killed leaves its socket.
        std::fs::remove_file(socket)?;
    }
    Ok(format!("{:.1}", median(&times)))
}

/// QEMU's servers are slow enough for a tenth of the trips to do.
fn share(server: &Process) -> usize {
    match server.kind {
        Kind::Daemon | Kind::Qemu => 10,
        _ => 1,
    }
}

/// Round trips a second, one after the other.
fn one_by_one(server: &Process) -> Result<f64> {
    let mut client = server.connect()?;
    let trips = TRIPS / share(server);
    let start = Instant::now();
    for _ in 0..trips {
        client.trip(server.kind.request().as_bytes())?;
    }
    Ok(trips as f64 / start.elapsed().as_secs_f64())
}

/// Round trips a second, many under way.
fn pipelined(server: &Process) -> Result<f64> {
    let mut client = server.connect()?;
    let requests = server.kind.request().repeat(DEPTH);
    let batches = BATCHES / share(server);
    let start = Instant::now();
    for _ in 0..batches {
        client.write(requests.as_bytes())?;
        for _ in 0..DEPTH {
            client.read()?;
        }
    }
    Ok((batches * DEPTH) as f64 / start.elapsed().as_secs_f64())
}

/// As many open files as the system lets this process and its servers have.
fn raise_limit() {
    if let Ok((_, most)) = getrlimit(Resource::RLIMIT_NOFILE) {
        // Where that is refused, the crowd is smaller, which the report shows.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, most, most);
    }
}

/// Many clients that are idle, and some that are not.
struct Crowd {
    clients: usize,
    /// Of the server, for each client.
    memory: f64,
    active: usize,
    rate: f64,
}

impl Crowd {
    fn measure(server: &Process) -> Result<Crowd> {
        let before = server.memory()?;
        let mut all = Vec::new();
        while all.len() < IDLE + ACTIVE {
            match server.connect() {
                Ok(client) => all.push(client.small()),
                Err(error) => {
                    eprintln!("no more clients: {error}");
                    break;
                }
            }
        }
        let clients = all.len();
        let active = ACTIVE.min(clients);
        let start = Instant::now();
        for _ in 0..TURNS {
            for client in &mut all[..active] {
                client.write(server.kind.request().as_bytes())?;
            }
            for client in &mut all[..active] {
                client.read()?;
            }
        }
        Ok(Crowd {
            clients,
            memory: (server.memory()? - before) / clients as f64,
            active,
            rate: (TURNS * active) as f64 / start.elapsed().as_secs_f64(),
        })
    }
}

/// How long a command takes alone, and while another client sends as fast as it can.
fn latencies(server: &Process) -> Result<[String; 2]> {
    let alone = latency(server)?;
    let stop = Arc::new(AtomicBool::new(false));
    let flooding = server.connect()?;
    let requests = server.kind.request().repeat(DEPTH);
    let is_stopped = Arc::clone(&stop);
    let thread = std::thread::spawn(move || flood(flooding, &requests, &is_stopped));
    let flooded = latency(server)?;
    stop.store(true, Ordering::SeqCst);
    thread.join().map_err(|_| "the flood has panicked")?;
    Ok([alone, flooded])
}

fn flood(mut client: Connection, requests: &str, stop: &AtomicBool) {
    while !stop.load(Ordering::SeqCst) {
        let sent = client.write(requests.as_bytes()).is_ok();
        if !sent || (0..DEPTH).any(|_| client.read().is_err()) {
            return;
        }
    }
}

fn latency(server: &Process) -> Result<String> {
    let mut client = server.connect()?;
    let mut times = Vec::new();
    for _ in 0..2_000 {
        let start = Instant::now();
        client.trip(server.kind.request().as_bytes())?;
        times.push(start.elapsed().as_micros());
        std::thread::sleep(Duration::from_micros(200));
    }
    times.sort_unstable();
    let at = |percent: usize| times[times.len() * percent / 100];
    Ok(format!("{} / {}", at(50), at(99)))
}

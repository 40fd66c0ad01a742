//! Clients: calls to a server, beside loops that only write and read, and the memory of a connection.

mod bare;
mod flood;
mod memory;
mod others;
mod ours;
mod python;

use crate::Result;
use crate::cpu::Cost;
use crate::process::{Kind, Process};
use crate::stats::{Required, head, median, ratio, row};
use std::path::Path;

pub use memory::{MEMORY, print as print_memory};
pub use python::shell as qmp_shell;

/// With the storage daemon, whose replies take unequal times, and with canned replies.
const ROUNDS: [usize; 2] = [101, 41];
/// Calls that are under way at once, where there are several.
const DEPTH: usize = 64;
/// The places of the bare loops among the contenders.
const BARE: usize = 0;
const BARE_TOKIO: usize = 1;

/// The place of canned replies among what is called.
const CANNED: usize = 1;

/// Makes so many calls, and tells what they cost the client.
type Work = Box<dyn FnMut(usize) -> Result<Cost>>;

struct Contender {
    name: &'static str,
    /// How many calls are under way at once.
    depth: usize,
    /// Connects to a socket. `None` if what it takes is not installed.
    connect: fn(&Path, usize) -> Result<Option<Work>>,
    /// Calls a second relative to the bare loop, with the storage daemon and with canned replies.
    required: [Option<Required>; 2],
    /// Calls a second to canned replies relative to the bare loop of its kind that has as many under way.
    required_deep: Option<Required>,
}

impl Contender {
    const fn new(
        name: &'static str,
        depth: usize,
        connect: fn(&Path, usize) -> Result<Option<Work>>,
    ) -> Self {
        let required = [None; 2];
        Self {
            name,
            depth,
            connect,
            required,
            required_deep: None,
        }
    }

    /// The bare loop that does what this one does with as many calls under way.
    fn floor(&self) -> usize {
        let name = match self.name.contains("tokio") {
            true => CONTENDERS[BARE_TOKIO].name,
            false => CONTENDERS[BARE].name,
        };
        let same = |other: &Contender| other.name == name && other.depth == self.depth;
        CONTENDERS.iter().position(same).unwrap_or(BARE)
    }
}

const CONTENDERS: &[Contender] = &[
    Contender::new("bare loop", 1, bare::blocking),
    Contender::new("bare loop, tokio", 1, bare::tokio),
    Contender::new("bare loop, tokio with two threads", 1, bare::tokio_threads),
    Contender {
        required: [Some(Required::AtLeast(0.97)), Some(Required::AtLeast(0.77))],
        ..Contender::new("`qapi-rt`, blocking", 1, ours::blocking)
    },
    Contender::new("`qapi-rt`, tokio", 1, ours::tokio),
    Contender {
        required: [None, Some(Required::AtLeast(0.75))],
        ..Contender::new("`qapi-rt`, tokio with two threads", 1, ours::tokio_threads)
    },
    Contender::new("`qapi`, blocking", 1, others::qapi_blocking),
    Contender::new("`qapi`, tokio", 1, others::qapi_tokio),
    Contender::new("`qmp`, tokio", 1, others::qmp),
    Contender::new("`qemu.qmp`, Python's asyncio", 1, python::connect),
    Contender::new("bare loop", DEPTH, bare::blocking),
    Contender::new("bare loop, with ids", DEPTH, bare::blocking_with_ids),
    Contender::new(
        "bare loop, with `oob` and ids",
        DEPTH,
        bare::blocking_with_oob,
    ),
    Contender::new("bare loop, tokio", DEPTH, bare::tokio),
    Contender {
        required_deep: Some(Required::AtLeast(0.3)),
        ..Contender::new("`qapi-rt`, blocking", DEPTH, ours::blocking)
    },
    Contender {
        required_deep: Some(Required::AtLeast(0.3)),
        ..Contender::new("`qapi-rt`, blocking, queued", DEPTH, ours::blocking_queued)
    },
    Contender::new(
        "`qapi-rt`, blocking, ids left out",
        DEPTH,
        ours::blocking_without_ids,
    ),
    Contender {
        required: [Some(Required::AtLeast(1.0)), None],
        ..Contender::new(
            "`qapi-rt`, blocking, with `oob`",
            DEPTH,
            ours::blocking_with_oob,
        )
    },
    Contender {
        required_deep: Some(Required::AtLeast(0.5)),
        ..Contender::new("`qapi-rt`, tokio", DEPTH, ours::tokio)
    },
    Contender::new(
        "`qapi-rt`, tokio, ids left out",
        DEPTH,
        ours::tokio_without_ids,
    ),
    Contender {
        required: [Some(Required::AtLeast(1.0)), None],
        ..Contender::new("`qapi-rt`, tokio, with `oob`", DEPTH, ours::tokio_with_oob)
    },
    Contender::new(
        "`qapi-rt`, tokio with two threads",
        DEPTH,
        ours::tokio_threads,
    ),
    Contender::new("`qmp`, tokio", DEPTH, others::qmp),
    Contender::new("`qemu.qmp`, Python's asyncio", DEPTH, python::connect),
];

pub fn report(scratch: &Path) -> Result<()> {
    println!(
        "The command `query-version`. Calls a second by the clock, medians of {} rounds, of {} with canned replies; how many times the rate of a \
         bare loop that writes a request and reads until a line ends, one call after the other; of a bare loop with as many calls \
         under way, on tokio where the client is; and CPU time of the client's process for a call, system calls included. *Canned replies* come from a process that costs as little as possible. \
         `qapi` makes one call at a time, since it uses ids only with out-of-band execution, which it never detects. With \
         many calls under way as many are required as of the bare loop; a client that numbers its requests gets there with \
         `oob`, where QEMU reads requests while it executes others.\n",
        ROUNDS[0], ROUNDS[1]
    );
    for (n, kind) in [Kind::Daemon, Kind::Canned].into_iter().enumerate() {
        println!("### Calls: {}\n", kind.name());
        let calls = [8, 80][n] * DEPTH;
        match measure(&scratch.join(n.to_string()), kind, ROUNDS[n], calls)? {
            Some(costs) => table(&costs, n),
            None => println!("skipped: there is no {}", kind.name()),
        }
        println!();
    }
    flood::report(scratch)?;
    println!();
    memory::report(scratch)
}

/// What a call of each contender cost in each round; nothing if the contender is not there.
fn measure(
    scratch: &Path,
    kind: Kind,
    rounds: usize,
    calls: usize,
) -> Result<Option<Vec<Vec<Cost>>>> {
    std::fs::create_dir_all(scratch)?;
    let mut servers = Vec::new();
    let mut work = Vec::new();
    for (n, contender) in CONTENDERS.iter().enumerate() {
        // A monitor of the daemon serves one client at a time, so each has a server of its own.
        let Some(server) = Process::start(kind, &scratch.join(n.to_string()))? else {
            return Ok(None);
        };
        work.push((contender.connect)(&server.socket, contender.depth)?);
        servers.push(server);
    }
    let mut costs = vec![Vec::new(); work.len()];
    let steps: Vec<usize> = (1..work.len())
        .filter(|n| coprime(*n, work.len()))
        .collect();
    for round in 0..rounds {
        // Nobody always comes first, or always after the same one.
        let step = steps[round % steps.len()];
        for turn in 0..work.len() {
            let n = (turn * step + round) % work.len();
            if let Some(work) = &mut work[n] {
                let cost = work(calls)?;
                costs[n].push(Cost {
                    cpu: cost.cpu / calls as f64,
                    wall: cost.wall / calls as f64,
                });
            }
        }
    }
    Ok(Some(costs))
}

fn coprime(a: usize, b: usize) -> bool {
    if b == 0 { a == 1 } else { coprime(b, a % b) }
}

fn table(costs: &[Vec<Cost>], server: usize) {
    head(&[
        "",
        "under way",
        "calls/s",
        "of the bare loop",
        "of bare tokio",
        "of bare, as many under way",
        "CPU, µs a call",
        "CPU / bare's",
        "required of the bare loop",
        "of bare, as many under way",
    ]);
    let rates = |n: usize| -> Vec<f64> { costs[n].iter().map(|cost| 1.0 / cost.wall).collect() };
    for (n, contender) in CONTENDERS.iter().enumerate() {
        if costs[n].is_empty() {
            continue;
        }
        let of_bare = ratio(&rates(n), &rates(BARE));
        let of_floor = ratio(&rates(n), &rates(contender.floor()));
        let cpu = |n: usize| -> Vec<f64> { costs[n].iter().map(|cost| cost.cpu).collect() };
        let deep = contender.required_deep.filter(|_| server == CANNED);
        row([
            contender.name.to_owned(),
            contender.depth.to_string(),
            format!("{:.0}", median(&rates(n))),
            format!("{of_bare:.2}"),
            format!("{:.2}", ratio(&rates(n), &rates(BARE_TOKIO))),
            format!("{of_floor:.2}"),
            format!("{:.2}", median(&cpu(n)) * 1e6),
            format!("{:.1}", ratio(&cpu(n), &cpu(contender.floor()))),
            Required::shown(contender.required[server], of_bare),
            Required::shown(deep, of_floor),
        ]);
    }
}

//! Round trips with a server: this project's clients, those of the crate `qapi`, and loops that only write and read.

use crate::Result;
use crate::stats::{Required, head, median, ratio, row};
use qapi_rt::blocking::{Client, Pending};
use qapi_rt::qmp::commands::QueryVersion;
use std::collections::VecDeque;
use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

const ROUNDS: usize = 15;
/// Calls that are under way at once, where there are several.
const DEPTH: usize = 64;

/// The argument that makes this program such a server.
pub const ECHO_SERVER: &str = "echo-server";

const GREETING: &[u8] = b"{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 2, \"minor\": 0, \"major\": 10}, \"package\": \"\"}, \
                          \"capabilities\": [\"oob\"]}}\r\n";
const VERSION: &str = "{\"qemu\": {\"micro\": 2, \"minor\": 0, \"major\": 10}, \"package\": \"\"}";
const REQUEST: &[u8] = b"{\"execute\":\"query-version\"}\n";

/// Makes so many calls.
type Work = Box<dyn FnMut(usize) -> Result<()>>;

struct Contender {
    name: &'static str,
    /// Connects to a socket.
    connect: fn(&Path) -> Result<Work>,
    /// Calls a second relative to the first contender, with a real server and with an echo.
    required: [Option<Required>; 2],
}

impl Contender {
    const fn new(name: &'static str, connect: fn(&Path) -> Result<Work>) -> Self {
        let required = [None; 2];
        Self {
            name,
            connect,
            required,
        }
    }
}

/// The first one is what the others are compared with. Each has a server of its own.
const CONTENDERS: &[Contender] = &[
    Contender::new("bare loop", bare),
    Contender {
        required: [Some(Required::AtLeast(0.97)), Some(Required::AtLeast(0.77))],
        ..Contender::new("`qapi-rt`, blocking", blocking)
    },
    Contender {
        required: [Some(Required::AtLeast(1.0)), None],
        ..Contender::new("`qapi-rt`, blocking, 64 under way", blocking_pipelined)
    },
    Contender::new("bare loop, 64 under way", bare_pipelined),
    Contender::new("`qapi`, blocking", qapi::blocking),
    Contender::new("`qapi`, tokio", qapi::tokio),
];

pub fn report(scratch: &Path) -> Result<()> {
    println!(
        "`query-version`, by one thread: calls a second, elapsed, medians of {ROUNDS} rounds, and relative to a loop that \
         writes a request and reads a line. *Echo* is a process that answers whatever it reads.\n"
    );
    head(&[
        "",
        "storage daemon",
        "relative",
        "required",
        "echo",
        "relative",
        "required",
    ]);
    let daemons = measure(scratch, "daemon", storage_daemon, 500)?;
    let echoes = measure(scratch, "echo", echo, 5000)?;
    for ((contender, daemon), echo) in CONTENDERS.iter().zip(&daemons).zip(&echoes) {
        let mut cells = vec![contender.name.to_owned()];
        let servers = [(daemon, &daemons[0]), (echo, &echoes[0])];
        for ((rates, first), required) in servers.into_iter().zip(contender.required) {
            if rates.is_empty() {
                cells.resize(cells.len() + 3, String::new());
                continue;
            }
            let ratio = ratio(rates, first);
            cells.push(format!("{:.0}", median(rates)));
            cells.push(format!("{ratio:.2}"));
            cells.push(Required::shown(required, ratio));
        }
        row(cells);
    }
    Ok(())
}

/// Calls a second of each contender in each round; nothing if there is no such server.
fn measure(
    scratch: &Path,
    name: &str,
    server: fn(&Path) -> Result<Option<Child>>,
    calls: usize,
) -> Result<Vec<Vec<f64>>> {
    let mut servers = Servers(Vec::new());
    let mut work = Vec::new();
    for (n, contender) in CONTENDERS.iter().enumerate() {
        let socket = scratch.join(format!("{name}-{n}"));
        let Some(child) = server(&socket)? else {
            return Ok(vec![Vec::new(); CONTENDERS.len()]);
        };
        servers.0.push(child);
        while UnixStream::connect(&socket).is_err() {
            std::thread::sleep(Duration::from_millis(5));
        }
        work.push((contender.connect)(&socket)?);
    }
    let mut rates = vec![Vec::new(); work.len()];
    for round in 0..ROUNDS {
        for turn in 0..work.len() {
            // Nobody always comes first.
            let n = (turn + round) % work.len();
            let start = Instant::now();
            work[n](calls)?;
            rates[n].push(calls as f64 / start.elapsed().as_secs_f64());
        }
    }
    Ok(rates)
}

struct Servers(Vec<Child>);

impl Drop for Servers {
    fn drop(&mut self) {
        for server in &mut self.0 {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

fn storage_daemon(socket: &Path) -> Result<Option<Child>> {
    let chardev = format!("socket,id=c,path={},server=on,wait=off", socket.display());
    let mut command = Command::new("qemu-storage-daemon");
    command.args(["--chardev", &chardev, "--monitor", "chardev=c"]);
    match command.spawn() {
        Ok(child) => Ok(Some(child)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("skipped: there is no qemu-storage-daemon");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

fn echo(socket: &Path) -> Result<Option<Child>> {
    let mut command = Command::new(env::current_exe()?);
    Ok(Some(command.arg(ECHO_SERVER).arg(socket).spawn()?))
}

/// A server that costs as little as possible: it answers all that it read at once, whatever it was, and echoes ids.
pub fn echo_server(socket: &Path) -> Result<()> {
    let listener = UnixListener::bind(socket)?;
    loop {
        // One client after the other, also those that only look whether it is there.
        let _ = answer(listener.accept()?.0);
    }
}

fn answer(mut stream: UnixStream) -> Result<()> {
    stream.write_all(GREETING)?;
    let (mut input, mut output) = (vec![0; 64 << 10], String::new());
    let mut held = 0;
    loop {
        let count = stream.read(&mut input[held..])?;
        if count == 0 {
            return Ok(());
        }
        let end = held + count;
        let mut start = 0;
        output.clear();
        while let Some(length) = input[start..end].iter().position(|&byte| byte == b'\n') {
            let line = std::str::from_utf8(&input[start..start + length])?;
            start += length + 1;
            output.push_str("{\"return\": ");
            output.push_str(VERSION);
            if let Some((_, id)) = line.rsplit_once("\"id\":") {
                output.push_str(", \"id\": ");
                output.push_str(id.trim_end_matches('}'));
            }
            output.push_str("}\r\n");
        }
        input.copy_within(start..end, 0);
        held = end - start;
        stream.write_all(output.as_bytes())?;
    }
}

fn open(socket: &Path) -> Result<UnixStream> {
    let mut stream = UnixStream::connect(socket)?;
    let mut line = String::new();
    let mut reader = BufReader::new(stream.try_clone()?);
    reader.read_line(&mut line)?;
    stream.write_all(b"{\"execute\":\"qmp_capabilities\"}\n")?;
    reader.read_line(&mut line)?;
    Ok(stream)
}

/// Reads once; gives how many lines ended.
fn read_lines(stream: &mut UnixStream, buffer: &mut [u8]) -> Result<usize> {
    match stream.read(buffer)? {
        0 => Err("the server has gone".into()),
        count => Ok(buffer[..count]
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count()),
    }
}

fn bare(socket: &Path) -> Result<Work> {
    let mut stream = open(socket)?;
    let mut buffer = [0; 4096];
    Ok(Box::new(move |calls| {
        for _ in 0..calls {
            stream.write_all(REQUEST)?;
            while read_lines(&mut stream, &mut buffer)? == 0 {}
        }
        Ok(())
    }))
}

fn bare_pipelined(socket: &Path) -> Result<Work> {
    let mut stream = open(socket)?;
    let mut buffer = [0; 4096];
    Ok(Box::new(move |calls| {
        let mut under_way = 0;
        for _ in 0..calls {
            stream.write_all(REQUEST)?;
            under_way += 1;
            while under_way >= DEPTH {
                under_way -= read_lines(&mut stream, &mut buffer)?;
            }
        }
        while under_way > 0 {
            under_way -= read_lines(&mut stream, &mut buffer)?;
        }
        Ok(())
    }))
}

fn blocking(socket: &Path) -> Result<Work> {
    let client = Client::connect_unix(socket)?;
    Ok(Box::new(move |calls| {
        for _ in 0..calls {
            client.execute(QueryVersion::new())?;
        }
        Ok(())
    }))
}

fn blocking_pipelined(socket: &Path) -> Result<Work> {
    let client = Client::connect_unix(socket)?;
    Ok(Box::new(move |calls| {
        let mut pending: VecDeque<Pending<QueryVersion>> = VecDeque::with_capacity(DEPTH);
        for _ in 0..calls {
            if pending.len() == DEPTH
                && let Some(first) = pending.pop_front()
            {
                first.wait()?;
            }
            pending.push_back(client.call(QueryVersion::new()).start()?);
        }
        for pending in pending {
            pending.wait()?;
        }
        Ok(())
    }))
}

mod qapi {
    use super::{Path, Result, UnixStream, Work};
    use ::qapi::qmp::query_version;

    pub fn blocking(socket: &Path) -> Result<Work> {
        let stream = UnixStream::connect(socket)?;
        // It reads and writes through one buffer each.
        let mut qmp = ::qapi::Qmp::new(::qapi::Stream::new(
            std::io::BufReader::new(stream.try_clone()?),
            stream,
        ));
        qmp.handshake()?;
        Ok(Box::new(move |calls| {
            for _ in 0..calls {
                qmp.execute(&query_version {})?;
            }
            Ok(())
        }))
    }

    pub fn tokio(socket: &Path) -> Result<Work> {
        let runtime = ::tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let service = runtime.block_on(async {
            let stream = ::qapi::futures::QmpStreamTokio::open_uds(socket).await?;
            let stream = stream.negotiate().await?;
            let (service, _task) = stream.spawn_tokio();
            std::io::Result::Ok(service)
        })?;
        Ok(Box::new(move |calls| {
            runtime.block_on(async {
                for _ in 0..calls {
                    service.execute(query_version {}).await?;
                }
                Ok(())
            })
        }))
    }
}

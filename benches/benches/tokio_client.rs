//! The tokio client beside bare loops that write requests and read lines: round trips, pipelined and not, against the
//! storage daemon and an echo server; and the memory of a thousand connections.
//!
//! What is compared runs in turns. Ratios are medians of those of each turn.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use qapi_rt::qmp::commands::{QueryVersion, Stop};
use qapi_rt::session::client::Request;
use qapi_rt::{Client, blocking};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::runtime::Runtime;

const GREETING: &[u8] =
    b"{\"QMP\": {\"version\": {\"qemu\": {\"major\": 10, \"minor\": 0, \"micro\": 2}, \
    \"package\": \"\"}, \"capabilities\": [\"oob\"]}}\r\n";
const EVENT: &[u8] =
    b"{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"RESUME\"}\r\n";
const CAPABILITIES: &[u8] = b"{\"execute\":\"qmp_capabilities\"}\n";

/// How many requests are under way at once where they are pipelined.
const PIPELINED: usize = 64;
const CONNECTIONS: usize = 1000;
const MINUTE: Duration = Duration::from_secs(60);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, command, path] = &arguments[..]
        && command == "echo"
    {
        return echo(Path::new(path));
    }
    if arguments.iter().any(|argument| argument == "--test") {
        return;
    }
    let directory = std::env::temp_dir().join(format!("qapi-bench-{}", std::process::id()));
    std::fs::create_dir(&directory).expect("a directory can be made");
    run(&directory);
    let _ = std::fs::remove_dir_all(&directory);
}

fn run(directory: &Path) {
    let one = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let two = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    println!(
        "| server | calls | client | µs a call | its CPU, µs | bare blocking / it | bare tokio / it |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    let path = directory.join("daemon");
    let chardev = format!("socket,id=c,path={},server=on,wait=off", path.display());
    let daemon = Command::new("qemu-storage-daemon")
        .args(["--chardev", &chardev, "--monitor", "chardev=c"])
        .stdin(Stdio::null())
        .spawn();
    match daemon {
        Ok(daemon) => {
            let daemon = Server {
                child: daemon,
                path,
            };
            // A monitor serves one client at a time, so each turn connects anew.
            compare(
                "storage daemon",
                &daemon,
                &[&one, &two],
                QueryVersion::new,
                200,
            );
        }
        Err(error) => println!("SKIPPED storage daemon: {error}"),
    }
    let path = directory.join("echo");
    let child = Command::new(std::env::current_exe().expect("a path"))
        .arg("echo")
        .arg(&path)
        .stdin(Stdio::null())
        .spawn()
        .expect("this program starts");
    let server = Server { child, path };
    compare("echo", &server, &[&one, &two], Stop::new, 2000);
    memory(&server.path, &one);
}

struct Server {
    child: Child,
    path: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn compare<R: Request>(
    name: &str,
    server: &Server,
    runtimes: &[&Runtime],
    command: fn() -> R,
    calls: usize,
) {
    let request = format!("{{\"execute\":\"{}\"}}\n", command().name());
    let line = request.as_bytes();
    for width in [1, PIPELINED] {
        let calls = calls * width.min(4) / width * width;
        let mut times: Vec<Vec<Cost>> = Vec::new();
        for _ in 0..21 {
            let mut turn = vec![
                bare_blocking(&server.path, line, calls, width),
                runtimes[0].block_on(bare_tokio(&server.path, line, calls, width)),
                ours_blocking(&server.path, command, calls, width),
            ];
            for runtime in runtimes {
                turn.push(runtime.block_on(ours_tokio(server.path.clone(), command, calls, width)));
            }
            times.push(turn);
        }
        let clients = [
            "bare blocking",
            "bare tokio",
            "`blocking::Client`",
            "`Client`, one thread",
            "`Client`, two threads, one task",
        ];
        let kind = if width == 1 {
            "one by one"
        } else {
            "64 at a time"
        };
        for (index, client) in clients.iter().enumerate() {
            let of =
                |f: &dyn Fn(&[Cost]) -> f64| median(times.iter().map(|turn| f(turn)).collect());
            let elapsed = of(&|turn| turn[index].elapsed) * 1e6;
            let cpu = of(&|turn| turn[index].cpu) * 1e6;
            let blocking = of(&|turn| turn[0].elapsed / turn[index].elapsed);
            let tokio = of(&|turn| turn[1].elapsed / turn[index].elapsed);
            println!(
                "| {name} | {kind} | {client} | {elapsed:.1} | {cpu:.1} | {blocking:.2} | {tokio:.2} |"
            );
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What a call took, in seconds.
#[derive(Clone, Copy)]
struct Cost {
    elapsed: f64,
    /// Of this process, system calls included.
    cpu: f64,
}

struct Clock {
    start: Instant,
    cpu: u64,
}

impl Clock {
    fn start() -> Self {
        Self {
            cpu: nanoseconds(),
            start: Instant::now(),
        }
    }

    fn stop(self, calls: usize) -> Cost {
        let elapsed = self.start.elapsed().as_secs_f64() / calls as f64;
        let cpu = (nanoseconds() - self.cpu) as f64 / 1e9 / calls as f64;
        Cost { elapsed, cpu }
    }
}

/// The time that the threads of this process have run.
fn nanoseconds() -> u64 {
    let tasks = std::fs::read_dir("/proc/self/task").expect("Linux");
    let times = tasks.map(|task| {
        let path = task.expect("a thread").path().join("schedstat");
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.split(' ')
            .next()
            .and_then(|time| time.parse().ok())
            .unwrap_or(0)
    });
    times.sum::<u64>()
}

fn connect(path: &Path) -> UnixStream {
    let start = Instant::now();
    loop {
        match UnixStream::connect(path) {
            Ok(stream) => return stream,
            Err(error) => assert!(start.elapsed() < MINUTE, "{error}"),
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Reads until so many lines have come.
fn lines(stream: &mut UnixStream, buffer: &mut [u8], mut count: usize) {
    while count > 0 {
        let read = stream.read(buffer).expect("it reads");
        assert!(read > 0, "the server is there");
        count -= buffer[..read].iter().filter(|byte| **byte == b'\n').count();
    }
}

fn bare_blocking(path: &Path, request: &[u8], calls: usize, width: usize) -> Cost {
    let mut stream = connect(path);
    let mut buffer = vec![0; 64 << 10];
    lines(&mut stream, &mut buffer, 1);
    stream.write_all(CAPABILITIES).expect("it writes");
    lines(&mut stream, &mut buffer, 1);
    let request = request.repeat(width);
    let clock = Clock::start();
    for _ in 0..calls / width {
        stream.write_all(&request).expect("it writes");
        lines(&mut stream, &mut buffer, width);
    }
    clock.stop(calls)
}

async fn bare_tokio(path: &Path, request: &[u8], calls: usize, width: usize) -> Cost {
    async fn lines(stream: &mut tokio::net::UnixStream, buffer: &mut [u8], mut count: usize) {
        while count > 0 {
            let read = stream.read(buffer).await.expect("it reads");
            assert!(read > 0, "the server is there");
            count -= buffer[..read].iter().filter(|byte| **byte == b'\n').count();
        }
    }
    let stream = connect(path);
    stream.set_nonblocking(true).expect("a socket");
    let mut stream = tokio::net::UnixStream::from_std(stream).expect("a socket");
    let mut buffer = vec![0; 64 << 10];
    lines(&mut stream, &mut buffer, 1).await;
    stream.write_all(CAPABILITIES).await.expect("it writes");
    lines(&mut stream, &mut buffer, 1).await;
    let request = request.repeat(width);
    let clock = Clock::start();
    for _ in 0..calls / width {
        stream.write_all(&request).await.expect("it writes");
        lines(&mut stream, &mut buffer, width).await;
    }
    clock.stop(calls)
}

fn ours_blocking<R: Request>(path: &Path, command: fn() -> R, calls: usize, width: usize) -> Cost {
    let builder = blocking::Client::builder().connect_deadline(MINUTE);
    let client = builder.connect_unix(path).expect("it connects");
    let clock = Clock::start();
    for _ in 0..calls / width {
        if width == 1 {
            client.execute(command()).expect("a reply");
            continue;
        }
        let pending: Vec<_> = (0..width)
            .map(|_| client.call(command()).start().expect("it is sent"))
            .collect();
        for call in pending {
            call.wait().expect("a reply");
        }
    }
    clock.stop(calls)
}

async fn ours_tokio<R: Request>(
    path: PathBuf,
    command: fn() -> R,
    calls: usize,
    width: usize,
) -> Cost {
    let builder = Client::builder().connect_deadline(MINUTE);
    let client = builder.connect_unix(path).await.expect("it connects");
    let clock = Clock::start();
    for _ in 0..calls / width {
        if width == 1 {
            client.execute(command()).await.expect("a reply");
            continue;
        }
        let pending: Vec<_> = (0..width)
            .map(|_| client.call(command()).start().expect("it is sent"))
            .collect();
        for call in pending {
            call.wait().await.expect("a reply");
        }
    }
    let cost = clock.stop(calls);
    client.close().await;
    cost
}

/// What this process grows by for each connection that has had a call and an event.
fn memory(path: &Path, runtime: &Runtime) {
    runtime.block_on(async {
        let mut connections = Vec::with_capacity(CONNECTIONS);
        // What is needed once.
        connections.push(connection(path).await);
        let before = resident();
        for _ in 1..CONNECTIONS {
            connections.push(connection(path).await);
        }
        let bytes = (resident() - before) / (CONNECTIONS - 1);
        println!("\n{CONNECTIONS} connections, each with a subscriber: {bytes} bytes each");
    });
}

async fn connection(path: &Path) -> (Client, qapi_rt::client::EventStream<qapi_rt::EventMessage>) {
    let builder = Client::builder().connect_deadline(MINUTE);
    let client = builder.connect_unix(path).await.expect("it connects");
    let mut events = client.raw_events(|_| true);
    client
        .execute_raw("x-event", serde_json::Value::Null)
        .await
        .expect("a reply");
    events.recv().await.expect("an event");
    (client, events)
}

/// Resident memory in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kilobytes
        .and_then(|n| n.parse::<usize>().ok())
        .expect("a number")
        << 10
}

/// A server that answers everything with nothing, as fast as it can.
fn echo(path: &Path) {
    let listener = UnixListener::bind(path).expect("a socket");
    for stream in listener.incoming() {
        let stream = stream.expect("a connection");
        let thread = std::thread::Builder::new().stack_size(64 << 10);
        let spawned = thread.spawn(move || answer(stream));
        spawned.expect("a thread");
    }
}

fn answer(mut stream: UnixStream) {
    if stream.write_all(GREETING).is_err() {
        return;
    }
    let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
    let (mut line, mut out) = (Vec::new(), Vec::new());
    while reader
        .read_until(b'\n', &mut line)
        .is_ok_and(|count| count > 0)
    {
        if line.windows(7).any(|part| part == b"x-event") {
            out.extend_from_slice(EVENT);
        }
        out.extend_from_slice(b"{\"return\": {}");
        // It is the last member.
        if let Some(at) = line.windows(5).position(|part| part == b"\"id\":") {
            out.extend_from_slice(b", ");
            out.extend_from_slice(line[at..].trim_ascii().strip_suffix(b"}").unwrap_or(b""));
        }
        out.extend_from_slice(b"}\r\n");
        line.clear();
        if reader.buffer().is_empty() {
            if stream.write_all(&out).is_err() {
                return;
            }
            out.clear();
        }
    }
}

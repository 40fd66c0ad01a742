//! Servers whose clients and system fail them: connections cut at any byte, clients that take nothing, no descriptors left,
//! commands that panic, never end, or are left by their clients by the thousand.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use qapi_rt::qmp::{RunState, StatusInfo, commands};
use qapi_rt::server::{Listener, Options, Server, blocking};
use qapi_rt::service::{Call, Completer, Router, deferred};
use qapi_rt::testing::{Recording, Side};
use qapi_rt::types::{ErrorReply, Value};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::support::{Client, Kind, PATIENCE, both, start};

/// Set in the process in which descriptors are exhausted.
const ALONE: &str = "QAPI_FAULTS_ALONE";

fn router() -> Router {
    Router::new()
        .on(|_, _: commands::QueryStatus| async { Ok(StatusInfo::new(true, RunState::Running)) })
        .on(|call: Call, _: commands::Getfd| async move {
            let came = call.take_fd().map(drop);
            came.ok_or_else(|| ErrorReply::generic("No file descriptor"))
        })
        .fallback(|call: Call, _| async move { Ok(Value::from(call.command())) })
}

const STATUS: &str = "{'execute': 'query-status'}";

/// What the clients of recorded sessions sent.
fn recorded() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("replay/sessions");
    let files = std::fs::read_dir(folder).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    // An agent's clients begin otherwise.
    let paths = paths.filter(|path| !path.ends_with("agent.txt"));
    let said = |path| {
        let recording = Recording::read(path).unwrap();
        let messages = recording.messages().iter();
        let client = messages.filter(|message| message.side == Side::Client);
        let lines = client.map(|message| format!("{}\n", Value::Object(message.body.clone())));
        lines.collect::<String>().into_bytes()
    };
    paths.map(said).collect()
}

/// What a server driven here says to a client that sends these pieces and then no more.
fn answered(server: &mut blocking::Server<Router>, pieces: &[&[u8]]) -> Vec<u8> {
    let mut client = server.connect().unwrap();
    client.set_nonblocking(true).unwrap();
    let mut output = Vec::new();
    for piece in pieces {
        client.write_all(piece).unwrap();
        assert!(server.process().unwrap());
        drain(&mut client, &mut output);
    }
    client.shutdown(std::net::Shutdown::Write).unwrap();
    while server.clients() > 0 {
        assert!(server.process().unwrap());
        drain(&mut client, &mut output);
    }
    output
}

fn drain(client: &mut UnixStream, output: &mut Vec<u8>) {
    if let Err(error) = client.read_to_end(output) {
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    }
}

both! {
    // A handler's panic ends its connection, and its turn.
    a_panic_harms_nobody_else(kind) {
        let router = router().on(|_: Call, _: commands::Cont| async {
            if true {
                panic!("the machine is broken");
            }
            Ok(())
        });
        let server = start(kind, router, Options::qmp(), vec![], 21);
        let mut other = server.client();
        for _ in 0..20 {
            let mut client = server.client();
            client.send("{'execute': 'cont'}{'execute': 'cont'}");
            assert_eq!(client.line(), None);
            assert_eq!(other.call(STATUS)["return"]["running"], true);
        }
    }
}

#[test]
fn recorded_clients_are_cut_off_at_every_byte() {
    let mut server = blocking::Server::new(router(), Options::qmp().oob(false)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    let tokio_server = Server::new(router(), Options::qmp().oob(false));
    for said in recorded() {
        // Without out-of-band execution all is answered that came whole.
        let text = String::from_utf8(said).unwrap().replace("\"oob\"", "");
        let said = text.as_bytes();
        let whole = answered(&mut server, &[said]);
        let replies = whole.split(|byte| *byte == b'\n').count();
        assert!(replies > said.split(|byte| *byte == b'\n').count());
        let bytes: Vec<&[u8]> = said.chunks(1).collect();
        assert_eq!(answered(&mut server, &bytes), whole, "byte by byte");
        for cut in 0..said.len() {
            let output = answered(&mut server, &[&said[..cut]]);
            assert!(whole.starts_with(&output), "cut at {cut}");
            // A request ends with its last bracket.
            let count = |byte| said[..cut].iter().filter(|b| **b == byte).count();
            let begun = said[..cut].split(|byte| *byte == b'\n').count();
            let whole_last = cut > 0 && said[cut - 1] != b'\n' && count(b'{') == count(b'}');
            let complete = begun - usize::from(!whole_last);
            let replies = output.split(|byte| *byte == b'\n').count() - 2;
            assert_eq!(replies, complete, "cut at {cut}");
            if cut % 7 == 0 {
                let asynchronous = runtime.block_on(async {
                    let (mut ours, theirs) = tokio::io::duplex(1 << 20);
                    tokio_server.serve(theirs);
                    ours.write_all(&said[..cut]).await.unwrap();
                    ours.shutdown().await.unwrap();
                    let mut output = Vec::new();
                    ours.read_to_end(&mut output).await.unwrap();
                    output
                });
                assert_eq!(asynchronous, output, "cut at {cut}");
            }
        }
    }
    assert_eq!(server.clients(), 0);
}

both! {
    a_client_that_takes_nothing_for_long_is_disconnected(kind) {
        let options = Options::qmp().patience(Duration::from_millis(50));
        let server = start(kind, router(), options, vec![], 2);
        let mut lazy = server.client();
        // More than the kernel takes, and only for this one.
        let data = json!({"text": "x".repeat(1_000_000)});
        server.control.events().emit_raw("X", data.as_object().unwrap());
        let mut idle = server.client();
        // Reading would be taking; what it sends tells whether it is still there.
        let end = Instant::now() + PATIENCE;
        while lazy.stream.write(b" ").is_ok() {
            assert!(Instant::now() < end, "it is kept");
            std::thread::sleep(Duration::from_millis(5));
        }
        // One that has nothing to take is kept for any time.
        assert_eq!(idle.call(STATUS)["return"]["running"], true);
    }

    who_does_not_read_gives_up_its_turn(kind) {
        let (completer, stopped) = deferred();
        let stopped = Arc::new(Mutex::new(Some(stopped)));
        let stopping = Arc::clone(&stopped);
        let router = router().on(move |_, _: commands::Stop| {
            stopping.lock().unwrap().take().expect("it is called once")
        });
        let options = Options::qmp().output_limit(1 << 20);
        let server = start(kind, router, options, vec![], 2);
        let (mut lazy, mut other) = (server.client(), server.client());
        other.send("{'execute': 'stop'}");
        while stopped.lock().unwrap().is_some() {
            std::thread::yield_now();
        }
        // It waits for its turn, and has to read before it gets one.
        lazy.send(STATUS);
        std::thread::sleep(Duration::from_millis(20));
        let data = json!({"text": "x".repeat(500_000)});
        server.control.events().emit_raw("X", data.as_object().unwrap());
        let event = other.message();
        assert_eq!(event["event"], "X", "{event}");
        completer.complete(Ok(()));
        assert_eq!(other.message(), json!({"return": {}}));
        assert_eq!(other.call(STATUS)["return"]["running"], true);
        assert_eq!(lazy.message()["event"], "X");
        assert_eq!(lazy.message()["return"]["running"], true);
    }

    a_client_that_takes_some_now_and_then_is_kept(kind) {
        let options = Options::qmp().patience(PATIENCE);
        let server = start(kind, router(), options, vec![], 1);
        let mut slow = server.client();
        let data = json!({"text": "x".repeat(1_000_000)});
        server.control.events().emit_raw("X", data.as_object().unwrap());
        let mut taken = vec![0; 10_000];
        for _ in 0..50 {
            slow.stream.read_exact(&mut taken).unwrap();
            std::thread::sleep(Duration::from_millis(1));
        }
        // What is left of the event, and then the reply.
        assert!(slow.line().unwrap().ends_with(b"}}"));
        assert_eq!(slow.call(STATUS)["return"]["running"], true);
    }

    clients_out_of_pace_harm_nobody_else(kind) {
        let server = start(kind, router(), Options::qmp(), vec![], 7);
        let (begin, end) = STATUS.split_at(10);
        let mut stopped = server.client();
        stopped.send(begin);
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            // Nobody reads what these are answered, and one's request has no end.
            for text in [STATUS, "@ ", " \n", "[1, "] {
                let mut flooding = server.client().stream;
                let is_over = &is_over;
                scope.spawn(move || {
                    flooding.set_write_timeout(Some(Duration::from_millis(5))).unwrap();
                    let text = text.repeat(1000);
                    while !is_over.load(Ordering::Relaxed) {
                        // It may not fit, and the client may have been disconnected.
                        let _ = flooding.write(text.as_bytes());
                    }
                });
            }
            let (mut slow, mut other) = (server.client(), server.client());
            for byte in STATUS.bytes() {
                slow.stream.write_all(&[byte]).unwrap();
                assert_eq!(other.call(STATUS)["return"]["running"], true);
            }
            assert_eq!(slow.message()["return"]["running"], true);
            is_over.store(true, Ordering::Relaxed);
        });
        assert_eq!(stopped.call(end)["return"]["running"], true);
    }

    thousands_of_commands_are_left_by_their_clients(kind) {
        let waiting = Arc::new(Mutex::new(Vec::<Completer<()>>::new()));
        let kept = Arc::clone(&waiting);
        let router = router().on(move |_, _: commands::Stop| {
            let (completer, done) = deferred();
            kept.lock().unwrap().push(completer);
            done
        });
        let options = Options::qmp().concurrent(true);
        let server = start(kind, router, options, vec![Listener::tcp("127.0.0.1:0").unwrap()], 2000);
        let mut last = server.client();
        for _ in 1..2000 {
            let mut client = server.client();
            client.send("{'execute': 'stop'}{'execute': 'stop'}");
        }
        // Each of their first commands is executed to its end, and none of the second.
        let end = Instant::now() + PATIENCE;
        let mut ended = 0;
        while ended < 1999 {
            assert!(Instant::now() < end, "{ended} have begun");
            for completer in std::mem::take(&mut *waiting.lock().unwrap()) {
                ended += usize::from(!completer.is_abandoned());
                completer.complete(Ok(()));
            }
            assert_eq!(last.call(STATUS)["return"]["running"], true);
        }
        drop(server);
        assert!(waiting.lock().unwrap().iter().all(Completer::is_abandoned));
    }

    without_descriptors(kind) {
        let name = match kind {
            Kind::Tokio => "service::faults::without_descriptors::tokio",
            Kind::Blocking => "service::faults::without_descriptors::blocking",
        };
        // Others would want some, too.
        if std::env::var_os(ALONE).is_none() {
            let program = std::env::current_exe().unwrap();
            let mut child = std::process::Command::new(program);
            let ended = child.args([name, "--exact", "--nocapture"]).env(ALONE, "1").output().unwrap();
            let told = String::from_utf8_lossy(&ended.stdout);
            assert!(ended.status.success() && told.contains("1 passed"), "{told}");
            return;
        }
        exhaust(kind);
    }
}

fn exhaust(kind: Kind) {
    let path = std::env::temp_dir().join(format!("qapi-faults-{}", std::process::id()));
    let listener = Listener::unix(&path).unwrap();
    let server = start(kind, router(), Options::qmp(), vec![listener], 1);
    let mut early = server.client();
    let maximum = getrlimit(Resource::Nofile).maximum;
    let current = Some(64);
    setrlimit(Resource::Nofile, Rlimit { current, maximum }).unwrap();
    let mut fillers = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        fillers.push(file);
    }
    // No descriptor can be received: the command is told that it has none, and nobody is harmed.
    let kept = fillers.pop().unwrap();
    let pass = |client: &mut Client| {
        let passed = [kept.as_fd()];
        let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        assert!(control.push(SendAncillaryMessage::ScmRights(&passed)));
        let bytes = b"{'execute': 'getfd', 'arguments': {'fdname': 'a'}}";
        let bytes = [std::io::IoSlice::new(bytes)];
        sendmsg(&client.stream, &bytes, &mut control, SendFlags::NOSIGNAL).unwrap();
        client.message()
    };
    assert_eq!(pass(&mut early)["error"]["desc"], "No file descriptor");
    assert_eq!(early.call(STATUS)["return"]["running"], true);
    // One for the client, and none for the server to accept it.
    fillers.pop();
    let mut late = Client::new(UnixStream::connect(&path).unwrap());
    for _ in 0..20 {
        assert_eq!(early.call(STATUS)["return"]["running"], true);
        std::thread::sleep(Duration::from_millis(5));
    }
    late.stream.set_nonblocking(true).unwrap();
    let nothing = late.stream.read(&mut [0]).unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
    late.stream.set_nonblocking(false).unwrap();
    drop(fillers);
    late.negotiate();
    assert_eq!(late.call(STATUS)["return"]["running"], true);
    assert_eq!(pass(&mut late), json!({"return": {}}));
}

//! The guest agent, which acts on this machine.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use qapi_rt::agent::{Capture, Exec, ReadFile, WriteFile};
use qapi_rt::blocking::Agent;
use qapi_rt::qga::commands;
use qapi_rt::types::{ErrorClass, Object, Value};
use qapi_rt::{Error, ErrorKind, Violation};
use qapi_tests::peers::{Age, Server};

against_each! {
    commands_typed_and_raw
    an_agent_that_must_not_synchronise
    what_the_client_before_left_behind_does_no_harm
    stale_bytes_in_the_channel_do_no_harm
    a_program_and_its_output
    a_program_that_is_not_there
    a_program_that_takes_too_long
    files_written_and_read_whole
    files_copied_piece_by_piece
    a_file_in_one_piece_of_48_mebibytes
    a_file_written_in_pieces_as_large_as_can_be
    files_that_cannot_be_opened_or_read
    files_given_up_are_closed
    an_agent_that_was_restarted_is_connected_to_again
    an_agent_that_dies_leaves_the_outcome_unknown
    a_stopped_agent_times_out_and_recovers
    a_command_without_success_reply_tells_its_errors
}

/// More than any call here takes: some move 50 MiB, in a build that is not optimised.
const DEADLINE: Duration = Duration::from_secs(600);

fn connect(server: &Server) -> Agent {
    Agent::builder()
        .deadline(DEADLINE)
        .connect_deadline(DEADLINE)
        .connect_unix(server.socket())
        .expect("the agent listens")
}

#[track_caller]
fn class<T: std::fmt::Debug>(result: Result<T, Error>) -> ErrorClass {
    let error = result.expect_err("an error");
    error.class().expect("the agent's error").clone()
}

fn commands_typed_and_raw(age: Age) {
    let Some(agent) = age.guest_agent() else {
        return;
    };
    let server = agent.start();
    let mut agent = connect(&server);
    let info = agent.execute(commands::GuestInfo::new()).unwrap();
    let ping = info
        .supported_commands
        .iter()
        .find(|command| command.name == "guest-ping");
    assert!(ping.is_some_and(|ping| ping.enabled));
    assert_eq!(
        agent.execute_raw("guest-ping", Value::Null).unwrap(),
        Value::Object(Object::new())
    );
    assert_eq!(
        class(agent.execute_raw("guest-ponder", Value::Null)),
        ErrorClass::CommandNotFound
    );
    // Synchronisation commands are commands too.
    let answer = agent.execute(commands::GuestSync::new(1234)).unwrap();
    assert_eq!(answer, 1234);
    let sync = commands::GuestSyncDelimited::new(1235);
    assert_eq!(agent.execute(sync).unwrap(), 1235);
    let info = agent.execute(commands::GuestInfo::new()).unwrap();
    assert!(!info.version.is_empty());
}

fn an_agent_that_must_not_synchronise(age: Age) {
    let Some(agent) = age.guest_agent() else {
        return;
    };
    let server = agent
        .arg("--block-rpcs=guest-sync,guest-sync-delimited")
        .start();
    let error = connect(&server)
        .execute(commands::GuestPing::new())
        .unwrap_err();
    assert!(
        matches!(
            error.kind(),
            ErrorKind::Protocol(Violation::NoSynchronization)
        ),
        "{error:?}"
    );
}

/// A client that went away has left half a request, or none. It has its replies: an agent that finds nobody to write to
/// ends itself. Replies that stay in the channel are the next test's.
fn what_the_client_before_left_behind_does_no_harm(age: Age) {
    for left in [
        "{\"execute\":\"guest-get-time\"}\n{\"execute\":\"guest-get-time\"}\n",
        "{\"execute\":\"guest-pi",
        "{\"execute\":\"guest-ping\",\"arguments\":{\"text",
    ] {
        let Some(agent) = age.guest_agent() else {
            return;
        };
        let server = agent.start();
        drop(connect(&server));
        let mut before = UnixStream::connect(server.socket()).unwrap();
        before.write_all(left.as_bytes()).unwrap();
        let requests = left.matches('\n').count();
        let replies = BufReader::new(&before).lines().take(requests);
        assert_eq!(replies.map(Result::unwrap).count(), requests);
        drop(before);
        let mut agent = connect(&server);
        let info = agent.execute(commands::GuestInfo::new()).unwrap();
        assert!(!info.version.is_empty());
    }
}

/// Between client and agent sits a channel that holds stale bytes.
fn stale_bytes_in_the_channel_do_no_harm(age: Age) {
    let Some(agent) = age.guest_agent() else {
        return;
    };
    let server = agent.start();
    drop(connect(&server));
    let channel = UnixStream::connect(server.socket()).unwrap();
    let stale = b"{\"return\": {}}\n\xFF{\"return\": 17}\n{\"return\": {\"half".as_slice();
    let reader = stale.chain(channel.try_clone().unwrap());
    let mut agent = Agent::builder()
        .deadline(DEADLINE)
        .over(reader, channel)
        .unwrap();
    assert_eq!(agent.execute(commands::GuestSync::new(5)).unwrap(), 5);
}

fn a_program_and_its_output(age: Age) {
    let Some(agent) = age.guest_agent() else {
        return;
    };
    let server = agent.start();
    let mut agent = connect(&server);
    let script = "read line; echo \"$line, $NAME\"; echo oh >&2; exit 3";
    let shell = || Exec::new("/bin/sh").arg("-c").arg(script).input("hello\n");

    let output = agent.exec(shell().env("NAME", "world")).unwrap();
    assert_eq!(output.stdout, b"hello, world\n");
    assert_eq!(output.stderr, b"oh\n");
    assert_eq!((output.code, output.signal), (Some(3), None));
    assert!(!output.success() && !output.truncated);

    let output = agent.exec(shell().capture(Capture::Merged)).unwrap();
    assert_eq!(output.stdout, b"hello, \noh\n");
    assert_eq!(output.stderr, b"");

    let output = agent.exec(shell().capture(Capture::None)).unwrap();
    assert_eq!((output.stdout, output.code), (vec![], Some(3)));

    let killed = Exec::new("/bin/sh").args(["-c", "kill -9 $$"]);
    assert_eq!(agent.exec(killed).unwrap().signal, Some(9));

    let much = Exec::new("/bin/sh").args(["-c", "head -c 20000000 /dev/zero"]);
    let output = agent.exec(much).unwrap();
    assert!(output.truncated);
    assert_eq!(output.stdout.len(), 16 << 20);

    // No byte more than is kept.
    let just = Exec::new("/bin/sh").args(["-c", "head -c 16777216 /dev/zero"]);
    let output = agent.exec(just).unwrap();
    assert_eq!(output.stdout.len(), 16 << 20);
    assert!(!output.truncated);
}

fn a_program_that_is_not_there(age: Age) {
    let Some(agent) = age.guest_agent() else {
        return;
    };
    let server = agent.start();
    let result = connect(&server).exec(Exec::new("/nowhere/nothing"));
    assert_eq!(class(result), ErrorClass::GenericError);
}

/// It goes on when the client gives up, and does not disturb what comes next.
fn a_program_that_takes_too_long(age: Age) {
    let Some(agent) = age.guest_agent() else {
        return;
    };
    let server = agent.start();
    let mut agent = connect(&server);
    // With its folder the file goes too, so that the program does not outlive a test that fails.
    let running = server.path("running");
    fs::write(&running, "").unwrap();
    let wait = format!("while [ -e {} ]; do sleep 0.1; done", running.display());
    let (tell, told) = mpsc::channel();
    let program = Exec::new("/bin/sh")
        .args(["-c", &wait])
        .started(move |pid| tell.send(pid).unwrap())
        .deadline(Duration::from_millis(300));
    let error = agent.exec(program).unwrap_err();
    assert!(error.is_deadline(), "{error:?}");
    let pid = format!("with pid {}", told.recv().unwrap());
    assert!(error.to_string().contains(&pid), "{error}");
    assert_eq!(agent.execute(commands::GuestSync::new(7)).unwrap(), 7);
    fs::remove_file(running).unwrap();
}

fn files_written_and_read_whole(age: Age) {
    let Some(agent) = age.guest_agent() else {
        return;
    };
    let server = agent.start();
    let mut agent = connect(&server);
    let contents: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    let path = server.path("file").to_str().unwrap().to_owned();
    for (length, chunk) in [
        (0, 10),
        (10, 10),
        (25, 10),
        (1 << 20, 1 << 20),
        (contents.len(), 300_000),
    ] {
        let contents = &contents[..length];
        let file = WriteFile::new(&path).chunk(chunk);
        agent.write_file(file, contents).unwrap();
        assert_eq!(fs::read(&path).unwrap(), contents);
        let file = ReadFile::new(&path).chunk(chunk);
        assert_eq!(agent.read_file(file).unwrap(), contents);
    }

    agent.write_file(path.as_str(), b"one").unwrap();
    agent
        .write_file(WriteFile::new(&path).append(), b", two")
        .unwrap();
    assert_eq!(agent.read_file(path.as_str()).unwrap(), b"one, two");

    // The limit is what may be read, not more, whatever the chunk.
    for chunk in [3, 8, 100] {
        let file = || ReadFile::new(&path).chunk(chunk);
        assert_eq!(agent.read_file(file().limit(8)).unwrap(), b"one, two");
        let error = agent.read_file(file().limit(7)).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::TooMuch(7)), "{error:?}");
    }
}

/// A piece is all of a file that is in memory, and what fails here does not end the connection.
fn files_copied_piece_by_piece(age: Age) {
    /// Notes the largest piece, and fails after some.
    struct Narrow {
        room: usize,
        written: Vec<u8>,
        largest: usize,
    }

    impl Write for Narrow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.largest = self.largest.max(bytes.len());
            let count = bytes.len().min(self.room - self.written.len());
            self.written.extend(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let Some(agent) = age.guest_agent() else {
        return;
    };
    let mut server = agent.start();
    let mut agent = connect(&server);
    let path = server.path("file").to_str().unwrap().to_owned();
    let contents: Vec<u8> = (0..=255).cycle().take(1000).collect();
    let file = WriteFile::new(&path).chunk(300);
    assert_eq!(agent.write_file_from(file, &*contents).unwrap(), 1000);
    assert_eq!(fs::read(&path).unwrap(), contents);
    let mut copy = Narrow {
        room: 1000,
        written: Vec::new(),
        largest: 0,
    };
    let file = || ReadFile::new(&path).chunk(300);
    assert_eq!(agent.read_file_to(file(), &mut copy).unwrap(), 1000);
    assert_eq!((copy.written, copy.largest), (contents.clone(), 300));
    assert_eq!(agent.read_file_to(&*path, io::sink()).unwrap(), 1000);

    // What cannot be written here.
    copy = Narrow {
        room: 700,
        written: Vec::new(),
        largest: 0,
    };
    let error = agent.read_file_to(file(), &mut copy).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Local(_)), "{error:?}");
    assert!(!error.is_disconnected() && copy.written == contents[..700]);
    let error = agent.read_file_to(file().limit(700), &mut io::sink());
    assert!(matches!(error.unwrap_err().kind(), ErrorKind::TooMuch(700)));

    // What cannot be read here: from the start, and in between.
    let broken = || fs::File::open(server.path("")).unwrap();
    let error = agent.write_file_from(&*path, broken()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Local(_)), "{error:?}");
    assert_eq!(fs::read(&path).unwrap(), contents);
    let reader = contents[..300].chain(broken());
    let file = WriteFile::new(&path).chunk(300);
    let error = agent.write_file_from(file, reader).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Local(_)), "{error:?}");
    assert_eq!(fs::read(&path).unwrap(), contents[..300]);

    // All of them were closed.
    let pid = server.child().id();
    let open = fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let mut open = open.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
    assert!(!open.any(|file| file.to_str() == Some(&path)));
}

/// As much as an agent gives and takes in one command.
fn a_file_in_one_piece_of_48_mebibytes(age: Age) {
    let Some(agent) = age.guest_agent() else {
        return;
    };
    let server = agent.start();
    let mut agent = connect(&server);
    let path = server.path("file").to_str().unwrap().to_owned();
    let contents = vec![0xA5; 48 << 20];
    fs::write(&path, &contents).unwrap();
    let file = ReadFile::new(&path).chunk(usize::MAX);
    // No assert_eq, which would show all of it.
    assert!(agent.read_file(file).unwrap() == contents);
}

/// Not more is sent at once than the agent accepts.
fn a_file_written_in_pieces_as_large_as_can_be(age: Age) {
    let Some(agent) = age.guest_agent() else {
        return;
    };
    let server = agent.start();
    let path = server.path("file");
    let contents = vec![0x5A; 50 << 20];
    let file = WriteFile::new(path.display().to_string()).chunk(usize::MAX);
    connect(&server).write_file(file, &contents).unwrap();
    assert!(fs::read(&path).unwrap() == contents);
}

fn files_that_cannot_be_opened_or_read(age: Age) {
    let Some(agent) = age.guest_agent() else {
        return;
    };
    let server = agent.start();
    let mut agent = connect(&server);
    let nowhere = server.path("nowhere/file").to_str().unwrap().to_owned();
    assert_eq!(
        class(agent.read_file(nowhere.as_str())),
        ErrorClass::GenericError
    );
    assert_eq!(
        class(agent.write_file(nowhere, b"")),
        ErrorClass::GenericError
    );
    // It can be opened, but not read.
    let error = agent
        .read_file(server.path("").to_str().unwrap())
        .unwrap_err();
    assert_eq!(error.command(), Some("guest-file-read"));
    // The handle was closed: they count up, and one that is open is found again.
    assert_eq!(agent.execute(commands::GuestSync::new(7)).unwrap(), 7);
}

/// A file whose reading or writing was given up is closed before the next call, even if it was opened after that.
#[cfg(target_os = "linux")]
fn files_given_up_are_closed(age: Age) {
    for command in [
        "guest-file-open",
        "guest-file-read",
        "guest-file-write",
        "guest-file-close",
    ] {
        let Some(agent) = age.guest_agent() else {
            return;
        };
        let mut server = agent.start();
        let folder = format!("/proc/{}/fd", server.child().id());
        let open = || fs::read_dir(&folder).unwrap().count();
        let path = server.path("file").to_str().unwrap().to_owned();
        fs::write(&path, "contents").unwrap();
        drop(connect(&server));
        let server = Arc::new(server);
        let channel = UnixStream::connect(server.socket()).unwrap();
        let writer = Pausing {
            channel: channel.try_clone().unwrap(),
            command,
            server: Some(Arc::clone(&server)),
        };
        let mut agent = Agent::builder()
            .deadline(Duration::from_secs(1))
            .over(channel, writer)
            .unwrap();
        let ping = commands::GuestPing::new();
        agent.execute_within(ping.clone(), DEADLINE).unwrap();
        let before = open();
        let error = if command == "guest-file-write" {
            agent.write_file(path, b"other").unwrap_err()
        } else {
            agent.read_file(path).unwrap_err()
        };
        assert!(error.is_deadline(), "{error:?}");
        server.resume();
        agent.execute_within(ping, DEADLINE).unwrap();
        assert_eq!(open(), before, "{command} given up");
    }
}

/// Pauses the agent before it is sent a command, once.
struct Pausing {
    channel: UnixStream,
    command: &'static str,
    server: Option<Arc<Server>>,
}

impl Write for Pausing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if String::from_utf8_lossy(bytes).contains(self.command)
            && let Some(server) = self.server.take()
        {
            server.pause();
        }
        self.channel.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn an_agent_that_was_restarted_is_connected_to_again(age: Age) {
    let Some(agent) = age.guest_agent() else {
        return;
    };
    let mut server = agent.start();
    let mut agent = connect(&server);
    assert_eq!(agent.execute(commands::GuestSync::new(1)).unwrap(), 1);
    server.kill();
    server.restart();
    assert_eq!(agent.execute(commands::GuestSync::new(2)).unwrap(), 2);
}

fn an_agent_that_dies_leaves_the_outcome_unknown(age: Age) {
    let Some(agent) = age.guest_agent() else {
        return;
    };
    let mut server = agent.start();
    drop(connect(&server));
    let channel = UnixStream::connect(server.socket()).unwrap();
    let (wrote, written) = mpsc::channel();
    let writer = Telling(channel.try_clone().unwrap(), wrote);
    let mut agent = Agent::builder()
        .deadline(DEADLINE)
        .over(channel, writer)
        .unwrap();
    assert_eq!(agent.execute(commands::GuestSync::new(1)).unwrap(), 1);
    server.pause();
    let error = std::thread::scope(|scope| {
        let call = scope.spawn(|| agent.execute(commands::GuestPing::new()).unwrap_err());
        written.recv().unwrap();
        server.kill();
        call.join().unwrap()
    });
    assert!(
        matches!(error.kind(), ErrorKind::OutcomeUnknown),
        "{error:?}"
    );
}

/// Tells when `guest-ping` was written.
struct Telling(UnixStream, mpsc::Sender<()>);

impl Write for Telling {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.0.write(bytes)?;
        if String::from_utf8_lossy(&bytes[..count]).contains("guest-ping") {
            let _ = self.1.send(());
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The call that was given up is executed when the agent goes on; its reply is not taken for that of the next.
fn a_stopped_agent_times_out_and_recovers(age: Age) {
    let Some(agent) = age.guest_agent() else {
        return;
    };
    let server = agent.start();
    let mut agent = connect(&server);
    assert_eq!(agent.execute(commands::GuestSync::new(1)).unwrap(), 1);
    server.pause();
    for number in 2..4 {
        let error = agent
            .execute_within(commands::GuestSync::new(number), Duration::from_millis(100))
            .unwrap_err();
        assert!(error.is_deadline(), "{error:?}");
    }
    server.resume();
    assert_eq!(agent.execute(commands::GuestSync::new(4)).unwrap(), 4);
}

/// `guest-shutdown` is answered only if it fails.
fn a_command_without_success_reply_tells_its_errors(age: Age) {
    let Some(agent) = age.guest_agent() else {
        return;
    };
    // The agent refuses before it acts.
    let server = agent.arg("--block-rpcs=guest-shutdown").start();
    let mut agent = connect(&server);
    assert_eq!(
        class(agent.execute(commands::GuestShutdown::new())),
        ErrorClass::CommandNotFound
    );
    assert_eq!(agent.execute(commands::GuestSync::new(2)).unwrap(), 2);
}

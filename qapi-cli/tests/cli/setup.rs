//! What the tests share: the real program, with a home of its own.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use qapi_rt::blocking::Client;
use qapi_tests::peers::{Age, Server, qemu, storage_daemon};

/// Of the releases that are there.
pub(crate) const AGES: [Age; 2] = [Age::Installed, Age::Newer];

/// A storage daemon, if it is installed.
pub(crate) fn daemon() -> Option<(Server, Qmp)> {
    let server = storage_daemon()?.start_ready();
    let qmp = Qmp::of(&server);
    Some((server, qmp))
}

/// A machine of a type, if QEMU is installed.
pub(crate) fn machine(kind: &str) -> Option<(Server, Qmp)> {
    let server = qemu(kind)?.start_ready();
    let qmp = Qmp::of(&server);
    Some((server, qmp))
}

/// A machine with two monitors, and the program at each of them.
pub(crate) fn machine_of_two() -> Option<(Server, Qmp, Qmp)> {
    let server = qemu("none")?.monitors(2).start_ready();
    let qmp = Qmp::of(&server);
    let other = Qmp::at(&server.monitor(1), &qmp.home);
    Some((server, qmp, other))
}

/// The program, run to its end.
pub(crate) struct Qmp {
    pub(crate) home: PathBuf,
    pub(crate) socket: PathBuf,
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// What it printed, if all went well.
    #[track_caller]
    pub(crate) fn good(self) -> String {
        assert_eq!((self.code, &*self.err), (Some(0), ""), "{self:?}");
        self.out
    }

    /// Its exit code and what it said is wrong.
    #[track_caller]
    pub(crate) fn bad(self) -> (i32, String) {
        assert_eq!(self.out, "", "{self:?}");
        (self.code.expect("an exit code"), self.err)
    }
}

impl Qmp {
    /// For a server, which is up when this returns.
    pub(crate) fn of(server: &Server) -> Self {
        let client = Client::builder().connect_deadline(Duration::from_secs(60));
        drop(
            client
                .connect_unix(server.socket())
                .expect("the server starts"),
        );
        Self::at(&server.socket(), &server.path("home"))
    }

    pub(crate) fn at(socket: &Path, home: &Path) -> Self {
        Self {
            home: home.to_owned(),
            socket: socket.to_owned(),
        }
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_qmp"));
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.home)
            .env("QMP_SOCKET", &self.socket)
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run<T: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = T>) -> Ended {
        let output = self.command().args(words).output();
        Ended::of(output.expect("the program was built"))
    }

    /// With something at its standard input.
    pub(crate) fn reads(&self, words: &[&str], input: &[u8]) -> Ended {
        let mut command = self.command();
        command.args(words).stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program was built");
        let mut stdin = child.stdin.take().expect("a pipe");
        // It need not read all of it.
        let _ = stdin.write_all(input);
        drop(stdin);
        Ended::of(child.wait_with_output().expect("it ends"))
    }

    /// Words separated by blanks.
    pub(crate) fn say(&self, line: &str) -> Ended {
        self.run(line.split_whitespace())
    }
}

//! What the tests share.

use std::fmt::Debug;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use qapi_rt::Error;
use qapi_rt::blocking::Client;
use qapi_rt::types::{ErrorClass, Value};
use qapi_tests::peers::{Age, Server};
use serde_json::json;

/// More than anything takes that is to succeed, on a machine that has other things to do as well.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// Less than anything takes that is not to succeed.
pub(crate) const SHORT: Duration = Duration::from_millis(200);

/// A client of the first monitor.
pub(crate) fn connect(server: &Server) -> Client {
    connect_to(server, 0)
}

/// A client of any monitor.
pub(crate) fn connect_to(server: &Server, monitor: usize) -> Client {
    Client::builder()
        .deadline(DEADLINE)
        .connect_deadline(DEADLINE)
        .connect_unix(server.monitor(monitor))
        .expect("the server starts")
}

/// Executes a command whose reply is of no interest.
#[track_caller]
pub(crate) fn execute(client: &Client, command: &str, arguments: Value) {
    if let Err(error) = client.execute_raw(command, arguments) {
        panic!("{error}");
    }
}

/// Adds a raw image of a size in bytes as the node `name`.
pub(crate) fn add_image(client: &Client, server: &Server, name: &str, size: u64) -> PathBuf {
    let path = server.path(name);
    qapi_tests::peers::image(&path, size);
    let file = json!({"driver": "file", "filename": path});
    execute(
        client,
        "blockdev-add",
        json!({"node-name": name, "driver": "raw", "file": file}),
    );
    path
}

/// Makes an image in the format qcow2 of a size in bytes.
pub(crate) fn make_qcow2(age: Age, path: &Path, size: u64) {
    let program = age.program("qemu-img").expect("it comes with the daemon");
    let made = Command::new(program)
        .args(["create", "-q", "-f", "qcow2"])
        .arg(path)
        .arg(size.to_string())
        .status();
    assert!(made.expect("the program was found").success());
}

/// The server's error class.
#[track_caller]
pub(crate) fn class<T: Debug>(result: Result<T, Error>) -> ErrorClass {
    let error = result.expect_err("an error");
    error.class().expect("the server's error").clone()
}

/// A command that occupies the server until it is let go.
pub(crate) struct Blocker {
    fifo: PathBuf,
}

impl Blocker {
    pub(crate) fn new(server: &Server) -> Self {
        let fifo = server.path("fifo");
        let made = Command::new("mkfifo").arg(&fifo).status();
        assert!(made.expect("mkfifo is everywhere").success());
        Self { fifo }
    }

    /// The arguments of a `blockdev-add` that does not return before it is let go: the server opens a configuration
    /// file that is a pipe which nobody writes to.
    pub(crate) fn arguments(&self) -> Value {
        json!({
            "node-name": "blocked",
            "driver": "blkdebug",
            "config": self.fifo,
            "image": {"driver": "null-co", "size": 65536},
        })
    }

    /// Lets it go. Waits until the server is there to be let go.
    pub(crate) fn let_go(&self) {
        let writer = OpenOptions::new().write(true).open(&self.fifo);
        drop(writer.expect("the pipe can be opened"));
    }
}

//! Serves a machine's control plane on a unix socket until a client ends it.
//!
//! ```sh
//! cargo run -p vmm -- --socket vmm.sock
//! ```
//!
//! With `--socket -` it serves the socket that it was started with as its standard input, listening already.

use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixListener;
use std::process::ExitCode;
use std::sync::Arc;

use qapi_rt::server::{Listener, Options, blocking::Server};
use qapi_rt::service::{Control, Done, Hook};
use vmm::{Vmm, api};

/// Tells of every command, so that one sees what a management program does.
struct Log;

impl Hook for Log {
    fn after(&self, done: &Done<'_>) {
        let (client, command, elapsed) = (done.client, done.command, done.elapsed);
        match done.result {
            Ok(()) => eprintln!("client {client}: {command} ({elapsed:?})"),
            Err(error) => eprintln!("client {client}: {command}: {error}"),
        }
    }
}

fn serve(socket: &str) -> io::Result<()> {
    // The machine's events are emitted from its threads, so it has the handle on the server before there is one.
    let control = Control::new();
    let machine = Vmm::new("example", 64, &control)?;
    let options = Options::qmp()
        .version(10, 2, 0)
        .package("example-vmm")
        .control(&control)
        .hook(Log);
    let mut server = Server::new(api::serve(Arc::new(machine)), options)?;
    server.listen(match socket {
        "-" => UnixListener::from(io::stdin().as_fd().try_clone_to_owned()?).into(),
        path => Listener::unix(path)?,
    })?;
    println!("listening on {socket}");
    // A VMM with a loop of its own would add the server's descriptor to that, and call `process`.
    server.run()
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (option, path, rest) = (arguments.next(), arguments.next(), arguments.next());
    let (Some("--socket"), Some(path), None) = (option.as_deref(), path, rest) else {
        eprintln!("usage: vmm --socket PATH");
        return ExitCode::from(2);
    };
    match serve(&path) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("vmm: cannot serve {path}: {error}");
            ExitCode::FAILURE
        }
    }
}

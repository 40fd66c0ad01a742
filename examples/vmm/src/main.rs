//! Serves a machine's control plane until a client ends it.
//!
//! ```sh
//! cargo run -p vmm -- --socket vmm.sock
//! ```
//!
//! The address may also be `unix:PATH`, `tcp:HOST:PORT`, or `fd:3`: a socket that the program inherited, listening already.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use qapi_rt::Address;
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

fn serve(address: &str) -> Result<(), Box<dyn Error>> {
    let address: Address = address.parse()?;
    // The machine's events are emitted from its threads, so it has the handle on the server before there is one.
    let control = Control::new();
    let machine = Vmm::new("example", 64, &control)?;
    let options = Options::qmp()
        .package("example-vmm")
        .control(&control)
        .hook(Log);
    let mut server = Server::new(api::serve(Arc::new(machine)), options)?;
    let listener = Listener::bind(&address)?;
    // With the port that the system chose.
    let address = listener.local_addr().map_or(address, Address::from);
    server.listen(listener)?;
    println!("listening on {address}");
    // A VMM with a loop of its own would add the server's descriptor to that, and call `process`.
    Ok(server.run()?)
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (option, address, rest) = (arguments.next(), arguments.next(), arguments.next());
    let (Some("--socket"), Some(address), None) = (option.as_deref(), address, rest) else {
        eprintln!("usage: vmm --socket ADDRESS");
        return ExitCode::from(2);
    };
    match serve(&address) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("vmm: cannot serve {address}: {error}");
            ExitCode::FAILURE
        }
    }
}

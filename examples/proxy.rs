//! Shares one monitor among many clients. A monitor of QEMU serves one client at a time; others wait, in silence.
//!
//! ```sh
//! cargo run --example proxy --features server,tokio                # a demonstration
//! cargo run --example proxy --features server,tokio -- --socket vm.sock --listen shared.sock
//! ```

mod support;

use std::error::Error;
use std::time::Duration;

use qapi_rt::qmp::{commands, events};
use qapi_rt::server::{Listener, Options, Server};
use qapi_rt::service::Router;
use qapi_rt::session::client::RawCommand;
use qapi_rt::types::ErrorReply;
use qapi_rt::{Client, ErrorKind};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let machine = support::connect().await?;
    let version = machine.greeting().version.qemu;
    let options = Options::qmp()
        .version(version.major, version.minor, version.micro)
        .package(&machine.greeting().version.package)
        // Clients wait for each other in the machine only.
        .concurrent(true)
        // What is forwarded waits for its turn there.
        .oob(false);
    let server = Server::new(forward(machine.clone()), options);

    // Events of the machine go to all clients.
    let (mut events, control) = (machine.raw_events(|_| true), server.control().clone());
    tokio::spawn(async move {
        while let Ok(received) = events.recv().await {
            if let Err(error) = control.events().forward(&received.event) {
                eprintln!("{}: {error}", received.event.name());
            }
        }
        control.shut_down();
    });

    match (support::option("--listen"), support::option("--socket")) {
        (Some(address), _) => server.listen(Listener::bind(&address.parse()?)?)?,
        (None, Some(_)) => return Err("where to listen is missing: --listen ADDRESS".into()),
        (None, None) => {
            let (one, other) = (attach(&server).await?, attach(&server).await?);
            tokio::spawn(async move { demonstrate(&one, &other).await });
        }
    }
    server.run().await;
    Ok(())
}

/// Every command goes to the machine, whatever it is, with the descriptors that came with it, and its reply or error comes
/// back.
fn forward(machine: Client) -> Router {
    Router::new().fallback(move |call, arguments| {
        let machine = machine.clone();
        async move {
            let mut command = RawCommand::new(call.command());
            command.arguments = arguments;
            let fds = std::iter::from_fn(|| call.take_fd());
            // How long it may take is for the client to say.
            let call = machine.call(command).deadline(Duration::MAX);
            let reply = call.fds(fds).send().await;
            reply.map_err(|error| match error.kind() {
                ErrorKind::Command(reply) => reply.clone(),
                _ => ErrorReply::generic(error.to_string()),
            })
        }
    })
}

async fn attach(server: &Server<Router>) -> Result<Client, Box<dyn Error>> {
    let (ours, theirs) = tokio::io::duplex(4096);
    server.serve(theirs);
    let (reader, writer) = tokio::io::split(ours);
    Ok(Client::builder().over(reader, writer).await?)
}

async fn demonstrate(one: &Client, other: &Client) -> Result<(), qapi_rt::Error> {
    let mut stops = other.events::<events::Stop>();
    one.execute(commands::Stop::new()).await?;
    stops.recv().await?;
    println!("one client has stopped the machine, the other one knows");
    let status = other.execute(commands::QueryStatus::new()).await?;
    println!("it is {}", status.status);
    one.quit().await
}

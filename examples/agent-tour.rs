//! Looks around inside a guest, by its agent.
//!
//! ```sh
//! cargo run --example agent-tour --features server,tokio,qga
//! cargo run --example agent-tour --features server,tokio,qga -- --socket qga.sock
//! ```
//!
//! An agent needs no guest to be tried: `qemu-ga -m unix-listen -p qga.sock` acts on the machine that it runs on.

mod support;

use std::error::Error;
use std::sync::Arc;

use qapi_rt::Agent;
use qapi_rt::agent::Exec;
use qapi_rt::qga::{self, GuestExec, GuestExecStatus, GuestOSInfo, commands};
use qapi_rt::server::{Options, Server};
use qapi_rt::service::{Call, Result as Reply};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut agent = match support::option("--socket") {
        Some(address) => Agent::builder().connect(&address.parse()?).await?,
        None => made_up(),
    };
    // The channel may hold what an earlier client left; the first call synchronises.
    let info = agent.execute(commands::GuestInfo::new()).await?;
    let enabled = info
        .supported_commands
        .iter()
        .filter(|command| command.enabled);
    println!("agent {} allows {} commands", info.version, enabled.count());

    let system = agent.execute(commands::GuestGetOsinfo::new()).await?;
    println!(
        "it runs {}",
        system.pretty_name.as_deref().unwrap_or("something")
    );

    let echo = agent.exec(Exec::new("echo").arg("hello, host")).await?;
    println!(
        "it says: {}",
        String::from_utf8_lossy(&echo.stdout).trim_end()
    );
    Ok(())
}

/// An agent in this process, as the host would see it.
fn made_up() -> Agent {
    let server = Server::new(qga::serve(Arc::new(Guest)), Options::agent());
    let (ours, theirs) = tokio::io::duplex(4096);
    server.serve(theirs);
    tokio::spawn(async move { server.run().await });
    Agent::builder().over(ours)
}

struct Guest;

impl qga::Service for Guest {
    async fn guest_get_osinfo(&self, _: &Call, _: commands::GuestGetOsinfo) -> Reply<GuestOSInfo> {
        Ok(GuestOSInfo::new().pretty_name("a simulated guest"))
    }

    async fn guest_exec(&self, _: &Call, _: commands::GuestExec) -> Reply<GuestExec> {
        Ok(GuestExec::new(4711))
    }

    async fn guest_exec_status(
        &self,
        _: &Call,
        _: commands::GuestExecStatus,
    ) -> Reply<GuestExecStatus> {
        Ok(GuestExecStatus::new(true)
            .exitcode(0)
            .out_data("aGVsbG8sIGhvc3QK"))
    }
}

//! A server of all commands, of which a machine answers one.

use std::sync::Arc;

use qapi_rt::Address;
use qapi_rt::qmp::{RunState, Service, StatusInfo, commands, serve};
use qapi_rt::server::{Listener, Options, Server};
use qapi_rt::service::{Call, Result};

struct Machine;

impl Service for Machine {
    async fn query_status(&self, _: &Call, _: commands::QueryStatus) -> Result<StatusInfo> {
        Ok(StatusInfo::new(true, RunState::Running))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let server = Server::new(serve(Arc::new(Machine)), Options::qmp());
    server.listen(Listener::bind(&Address::Unix("qmp.sock".into()))?)?;
    server.run().await;
    Ok(())
}

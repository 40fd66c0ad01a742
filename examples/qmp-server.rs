//! The least that a management program takes for a machine: it can be looked at, paused, resumed and ended.
//!
//! ```sh
//! cargo run --example qmp-server --features server,tokio -- --socket qmp.sock
//! ```

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use qapi_rt::Address;
use qapi_rt::qmp::{RunState, Service, ShutdownCause, StatusInfo, commands, events, serve};
use qapi_rt::server::{Listener, Options, Server};
use qapi_rt::service::{Call, Result};
use qapi_rt::types::Event as _;

/// A machine that does nothing.
struct Machine {
    state: Mutex<RunState>,
}

impl Machine {
    /// Changes the state; says whether it was another one.
    fn enter(&self, state: RunState) -> bool {
        let mut current = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *current, state.clone()) != state
    }
}

impl Service for Machine {
    const EVENTS: &'static [&'static str] = &[
        events::Stop::NAME,
        events::Resume::NAME,
        events::Shutdown::NAME,
    ];

    async fn query_status(&self, _: &Call, _: commands::QueryStatus) -> Result<StatusInfo> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(StatusInfo::new(*state == RunState::Running, state.clone()))
    }

    async fn stop(&self, call: &Call, _: commands::Stop) -> Result<()> {
        if self.enter(RunState::Paused) {
            call.emit(&events::Stop::new());
        }
        Ok(())
    }

    async fn cont(&self, call: &Call, _: commands::Cont) -> Result<()> {
        if self.enter(RunState::Running) {
            call.emit(&events::Resume::new());
        }
        Ok(())
    }

    async fn quit(&self, call: &Call, _: commands::Quit) -> Result<()> {
        call.emit(&events::Shutdown::new(false, ShutdownCause::HostQmpQuit));
        call.control().shut_down();
        Ok(())
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (option, address) = (arguments.next(), arguments.next());
    let address = address.map(|address| address.parse::<Address>());
    let (Some("--socket"), Some(Ok(address))) = (option.as_deref(), address) else {
        eprintln!("usage: qmp-server --socket ADDRESS, such as unix:PATH or tcp:HOST:PORT");
        return ExitCode::from(2);
    };
    let machine = Machine {
        state: Mutex::new(RunState::Running),
    };
    let server = Server::new(serve(Arc::new(machine)), Options::qmp());
    let listening = Listener::bind(&address).and_then(|listener| server.listen(listener));
    if let Err(error) = listening {
        eprintln!("qmp-server: cannot listen on {address}: {error}");
        return ExitCode::FAILURE;
    }
    server.run().await;
    ExitCode::SUCCESS
}

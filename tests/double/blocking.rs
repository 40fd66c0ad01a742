//! Doubles for tests without an async runtime.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use qapi_rt::ErrorKind;
use qapi_rt::qmp::{RunState, Service, StatusInfo, commands, events, serve};
use qapi_rt::server::Options;
use qapi_rt::service::{Call, Control, Result, Router};
use qapi_rt::testing::blocking::{connect, connect_with};
use qapi_rt::testing::{Double, call};
use qapi_rt::types::Event as _;

#[test]
fn a_part_is_played() {
    let double = Double::new()
        .expect(call(commands::Stop::new()).emits(events::Stop::new()))
        .expect(call(commands::Cont::new()));
    let (client, server) = connect(double.clone()).unwrap();
    let mut stopped = client.events::<events::Stop>();
    client.execute(commands::Stop::new()).unwrap();
    // It came ahead of the reply.
    assert!(stopped.try_recv().unwrap().is_some());
    let error = double.finish().unwrap_err();
    assert_eq!(
        error.to_string(),
        "1 expected command was not called:\n  cont\n"
    );
    client.execute(commands::Cont::new()).unwrap();
    double.finish().unwrap();
    // The server has ended when this returns.
    drop(server);
    let error = client.execute(commands::Cont::new()).unwrap_err();
    assert!(error.is_disconnected(), "{error}");
}

/// A service that keeps state, and emits events by itself.
struct Machine {
    running: AtomicBool,
    control: Control,
}

impl Service for Machine {
    const EVENTS: &'static [&'static str] = &[events::Resume::NAME];

    async fn query_status(&self, _: &Call, _: commands::QueryStatus) -> Result<StatusInfo> {
        let (running, state) = match self.running.load(Ordering::SeqCst) {
            true => (true, RunState::Running),
            false => (false, RunState::Paused),
        };
        Ok(StatusInfo::new(running, state))
    }

    async fn cont(&self, _: &Call, _: commands::Cont) -> Result<()> {
        self.running.store(true, Ordering::SeqCst);
        self.control.events().emit(&events::Resume::new());
        Ok(())
    }

    async fn quit(&self, _: &Call, _: commands::Quit) -> Result<()> {
        self.control.shut_down();
        Ok(())
    }
}

#[test]
fn a_service_of_one_s_own_is_a_double() {
    let control = Control::new();
    let machine = Arc::new(Machine {
        running: AtomicBool::new(false),
        control: control.clone(),
    });
    let options = Options::qmp().version(9, 1, 2).control(&control);
    let (client, server) = connect_with(serve(machine), options).unwrap();
    assert_eq!(client.greeting().version.qemu.minor, 1);
    let mut events = client.events::<events::Resume>();
    client.execute(commands::Cont::new()).unwrap();
    let status = client.execute(commands::QueryStatus::new()).unwrap();
    assert!(status.running);
    assert!(events.try_recv().unwrap().is_some());
    client.quit().unwrap();
    server.join();
}

async fn fail() -> Result<()> {
    panic!("the machine is on fire")
}

#[test]
#[should_panic(expected = "the machine is on fire")]
fn a_handler_s_panic_ends_the_connection_and_can_be_passed_on() {
    let router = Router::new().on(|_, _: commands::Stop| fail());
    let (client, server) = connect(router).unwrap();
    let error = client.execute(commands::Stop::new()).unwrap_err();
    if let ErrorKind::OutcomeUnknown = error.kind() {
        server.join();
    }
    panic!("{error}");
}

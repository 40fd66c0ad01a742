//! Both ends of a control interface of its own schema, connected by a stream within the process.

use std::sync::{Arc, Mutex};

use qapi_rt::Client;
use qapi_rt::server::{Options, Server};
use qapi_rt::service::{Call, Result};
use qapi_rt::types::Event as _;

#[allow(dead_code)] // this program does not use all of it
mod thermostat {
    include!(concat!(env!("OUT_DIR"), "/thermostat.rs"));
}
use thermostat::{Mode, Service, Was, commands, events, serve};

struct Heater(Mutex<Mode>);

impl Service for Heater {
    const EVENTS: &'static [&'static str] = &[events::HeaterHot::NAME];

    async fn heater_set(&self, call: &Call, wish: commands::HeaterSet) -> Result<Was> {
        let was = std::mem::replace(&mut *self.0.lock().unwrap(), wish.mode);
        if let Some(target) = wish.target.filter(|degrees| *degrees > 60) {
            call.emit(&events::HeaterHot::new(target));
        }
        Ok(Was::new(was))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let heater = Arc::new(Heater(Mutex::new(Mode::Off)));
    let options = Options::named(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    let server = Server::new(serve(heater), options);
    let (ours, theirs) = tokio::io::duplex(4096);
    server.serve(theirs);

    let (reader, writer) = tokio::io::split(ours);
    let client = Client::builder().over(reader, writer).await?;
    let mut hot = client.events::<events::HeaterHot>();
    let turbo = commands::HeaterSet::new(Mode::Turbo).target(70i16);
    let was = client.execute(turbo).await?;
    assert_eq!(was.mode, Mode::Off);
    assert_eq!(hot.recv().await?.event.target, 70);

    let gas = [("mode", "gas")].into_iter().collect();
    let refused = client.execute_raw("heater-set", gas).await;
    println!("{}", refused.unwrap_err());
    Ok(())
}

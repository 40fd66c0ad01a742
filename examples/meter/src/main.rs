//! Sums up the readings in a log of messages, one per line.

#[allow(dead_code)] // this program does not use all of it
#[rustfmt::skip] // it is as qapi-gen writes it
mod meter;

use meter::{Event, Phase};
use qapi_types::Events as _;
use qapi_types::message::ServerMessage;

const LOG: &str = r#"
{"event": "METER_READ", "data": {"phase": "l1", "watts": 1200}, "timestamp": {"seconds": 1, "microseconds": 0}}
{"event": "METER_READ", "data": {"phase": "l4", "watts": 3.5}, "timestamp": {"seconds": 2, "microseconds": 0}}
{"event": "METER_LOST", "timestamp": {"seconds": 3, "microseconds": 0}}
"#;

fn main() -> qapi_types::Result<()> {
    let mut total = 0.0;
    for line in LOG.trim().lines() {
        let ServerMessage::Event(event) = ServerMessage::parse(line.as_bytes())? else {
            continue;
        };
        match Event::decode(&event.name, event.data)? {
            Event::MeterRead(reading) => {
                // A phase that the schema does not have is no error.
                if !matches!(reading.phase, Phase::Unrecognized(_)) {
                    total += reading.watts;
                }
            }
            other => println!("ignored: {}", other.name()),
        }
    }
    println!("{total} W");
    Ok(())
}

//! Events as fast as the client takes them.

use super::ours::one_thread;
use crate::Result;
use crate::cpu::{self, Cost};
use crate::process::{FLOOD, Kind, Process, flood_event};
use crate::stats::{Required, head, median, ratio, row};
use qapi_rt::Client;
use qapi_rt::qmp::Event;
use qapi_rt::qmp::commands::QueryVersion;
use qapi_rt::types::Events as _;
use qapi_rt::types::message::ServerMessage;
use std::hint::black_box;
use std::path::Path;

const ROUNDS: usize = 11;

pub fn report(scratch: &Path) -> Result<()> {
    let text = flood_event();
    println!("### A flood of events\n");
    println!(
        "{FLOOD} events of {} bytes, from a process that has them ready, to a client on tokio with one subscriber, which takes \
         them decoded. *Parsed alone* is the same text taken apart and decoded as often, without a client. Medians of {ROUNDS} \
         rounds; the share of the CPU time is what bounds the rate where the sender has a processor of its own.\n",
        text.len()
    );
    let Some(server) = Process::start(Kind::Flood, &scratch.join("flood"))? else {
        return Ok(());
    };
    let (mut client, mut parsed, mut lost) = (Vec::new(), Vec::new(), 0);
    for _ in 0..ROUNDS {
        let (cost, missed) = subscribed(&server.socket)?;
        client.push(cost);
        lost += missed;
        parsed.push(parse(&text)?);
    }
    let cpu = |costs: &[Cost]| -> Vec<f64> { costs.iter().map(|cost| cost.cpu).collect() };
    let rates = |costs: &[Cost]| -> Vec<f64> {
        let rate = |cost: &Cost| FLOOD as f64 / cost.wall;
        costs.iter().map(rate).collect()
    };
    let nanos = |costs: &[Cost]| format!("{:.0}", median(&cpu(costs)) * 1e9 / FLOOD as f64);
    head(&[
        "",
        "events/s",
        "lost",
        "CPU, ns an event",
        "rate / parsed alone",
        "by CPU time",
        "required",
    ]);
    let by_cpu = ratio(&cpu(&parsed), &cpu(&client));
    row([
        "`qapi-rt`, tokio".to_owned(),
        format!("{:.0}", median(&rates(&client))),
        lost.to_string(),
        nanos(&client),
        format!("{:.2}", ratio(&rates(&client), &rates(&parsed))),
        format!("{by_cpu:.2}"),
        Required::shown(Some(Required::AtLeast(0.5)), by_cpu),
    ]);
    row([
        "parsed alone".to_owned(),
        format!("{:.0}", median(&rates(&parsed))),
        String::new(),
        nanos(&parsed),
        "1.00".to_owned(),
        "1.00".to_owned(),
        String::new(),
    ]);
    Ok(())
}

/// What it costs to take all events, from the first one on, and how many were dropped.
fn subscribed(socket: &Path) -> Result<(Cost, u64)> {
    one_thread()?.block_on(async {
        let client = Client::connect_unix(socket).await?;
        let mut events = client.all_events::<Event>();
        let pending = client.call(QueryVersion::new()).start()?;
        let mut lost = 0;
        let mut taken = 0;
        let mut take = async || -> Result<bool> {
            let received = events.recv().await?;
            black_box(&received.event);
            lost += received.missed;
            taken += 1 + received.missed as usize;
            Ok(taken < FLOOD)
        };
        take().await?;
        let meter = cpu::Meter::start()?;
        while take().await? {}
        let cost = meter.stop()?;
        pending.wait().await?;
        Ok((cost, lost))
    })
}

fn parse(text: &str) -> Result<Cost> {
    cpu::of_process(|| {
        for _ in 0..FLOOD {
            match ServerMessage::parse_str(black_box(text))? {
                ServerMessage::Event(event) => {
                    black_box(Event::decode(&event.name, event.data)?);
                }
                other => return Err(format!("no event: {other:?}").into()),
            }
        }
        Ok(())
    })
}

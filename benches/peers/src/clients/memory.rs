//! What a connection takes, measured in a process that does nothing else.

use super::ours::one_thread;
use crate::Result;
use crate::process::{Kind, Process, memory};
use crate::stats::{head, row};
use qapi_rt::blocking;
use qapi_rt::qmp::{Event, commands::QueryVersion};
use serde_json::Value;
use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

/// The argument that makes this program print what a connection takes; a client's name and a socket follow.
pub const MEMORY: &str = "memory";

const CONNECTIONS: usize = 1000;

/// A client's name, and the bytes that a connection of it takes.
type Client = (&'static str, fn(&Path) -> Result<f64>);

const CLIENTS: [Client; 4] = [
    ("`qapi-rt`, tokio", ours),
    ("`qapi-rt`, blocking", ours_blocking),
    ("`qapi`, tokio", qapi),
    ("`qmp`, tokio", qmp),
];

pub fn report(scratch: &Path) -> Result<()> {
    println!("### Memory of a connection\n");
    println!(
        "Bytes of resident memory for each of {CONNECTIONS} connections in one process, after a call and an event; those of \
         `qapi-rt` and `qmp` with a subscriber to events.\n"
    );
    let socket = scratch.join("events");
    let server = Process::start(Kind::CannedEvents, &socket)?.ok_or("this program is there")?;
    head(&["", "bytes"]);
    for (name, _) in CLIENTS {
        let output = Command::new(env::current_exe()?)
            .args([MEMORY, name])
            .arg(&server.socket)
            .stderr(Stdio::inherit())
            .output()?;
        if !output.status.success() {
            return Err(format!("{name}: {}", output.status).into());
        }
        row([name, String::from_utf8(output.stdout)?.trim()]);
    }
    Ok(())
}

/// Measures one kind of client.
pub fn print(name: &str, socket: &Path) -> Result<()> {
    let client = CLIENTS.iter().find(|(client, _)| *client == name);
    let (_, measure) = client.ok_or("there is no such client")?;
    println!("{:.0}", measure(socket)?);
    Ok(())
}

/// Resident memory for each connection but the first, which comes with what is needed once.
fn each<T>(mut connect: impl FnMut() -> Result<T>) -> Result<f64> {
    let mut connections = Vec::with_capacity(CONNECTIONS);
    connections.push(connect()?);
    let before = memory("self")?;
    for _ in 1..CONNECTIONS {
        connections.push(connect()?);
    }
    Ok((memory("self")? - before) / (CONNECTIONS - 1) as f64)
}

fn ours(socket: &Path) -> Result<f64> {
    let runtime = one_thread()?;
    each(|| {
        runtime.block_on(async {
            let client = qapi_rt::Client::connect_unix(socket).await?;
            let mut events = client.all_events::<Event>();
            client.execute(QueryVersion::new()).await?;
            events.recv().await?;
            Ok((client, events))
        })
    })
}

fn ours_blocking(socket: &Path) -> Result<f64> {
    each(|| {
        let client = blocking::Client::connect_unix(socket)?;
        let mut events = client.all_events::<Event>();
        client.execute(QueryVersion::new())?;
        events.recv()?;
        Ok((client, events))
    })
}

fn qapi(socket: &Path) -> Result<f64> {
    let runtime = one_thread()?;
    each(|| {
        runtime.block_on(async {
            let stream = qapi::futures::QmpStreamTokio::open_uds(socket).await?;
            let (service, task) = stream.negotiate().await?.spawn_tokio();
            service.execute(qapi::qmp::query_version {}).await?;
            Ok((service, task))
        })
    })
}

fn qmp(socket: &Path) -> Result<f64> {
    let runtime = one_thread()?;
    each(|| {
        runtime.block_on(async {
            let client = qmp::Client::connect(qmp::Endpoint::unix(socket)).await?;
            let mut events = client.events();
            let none = Option::<()>::None;
            let _: Value = client.execute("query-version", none).await?;
            events.recv().await?;
            Ok((client, events))
        })
    })
}

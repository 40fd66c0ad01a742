//! Many clients for some time: connections that come and go, calls of every kind, calls given up, events. In the end this
//! process holds what it held after the first rounds: as much memory, as many descriptors.
//!
//! Rounds go on for `SOAK_SECONDS`, two if not said. QEMU takes part where it is installed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use qapi_rt::qmp::{Event, commands, events, serve};
use qapi_rt::server::{Listener, Options, Server};
use qapi_rt::types::{Object, Value};
use qapi_rt::{Client, ErrorKind, Received, blocking};
use qapi_tests::peers;

use super::{Folder, Held, Machine, alone, runtime, seconds};

/// Rounds after which caches are filled and threads have their heaps.
const WARM_UP: usize = 5;
const CLIENTS: usize = 8;
const CALLS: usize = 40;
/// Long enough for a machine under load.
const DEADLINE: Duration = Duration::from_secs(60);
/// What memory may vary by, in bytes. It varies by less than one MiB.
const SLACK: usize = 4 << 20;
/// Connections whose other end has not noticed yet may still be open.
const OPEN_SLACK: usize = 2 * CLIENTS;

fn is_command_not_found<T>(result: Result<T, qapi_rt::Error>) -> bool {
    result.is_err_and(|error| matches!(error.kind(), ErrorKind::Command(_)))
}

fn descriptor() -> std::io::Result<std::fs::File> {
    std::fs::File::open("/dev/null")
}

/// One client's life. Half of them end in the middle of a call.
async fn life(socket: PathBuf, number: usize) -> Result<(), qapi_rt::Error> {
    let builder = Client::builder().connect_deadline(DEADLINE).oob(true);
    let client = builder.connect_unix(socket).await?;
    let mut stops = client.events::<events::Stop>();
    for n in 0..CALLS {
        match n % 8 {
            0 => {
                client.execute(commands::Stop::new()).await?;
                stops.recv().await?;
            }
            1 => assert!(is_command_not_found(
                client.execute(commands::QueryBlock::new()).await
            )),
            2 => {
                let raw = client.execute_raw("query-version", Value::Null).await?;
                assert!(raw["qemu"]["major"].is_i64());
            }
            3 => {
                let getfd = commands::Getfd::new("null");
                let fds = [descriptor().expect("it can be opened")];
                client.execute_with_fds(getfd, fds).await?;
            }
            // Given up at once; the reply comes to nobody.
            4 => drop(client.call(commands::QueryStatus::new()).start()?),
            _ => {
                let status = client.call(commands::QueryStatus::new());
                let other = client.call(commands::QueryCommands::new());
                let (status, other) = (status.start()?, other.start()?);
                assert!(other.wait().await?.len() > 3);
                assert!(status.wait().await?.running);
            }
        }
    }
    if number.is_multiple_of(2) {
        client.close().await;
    } else {
        drop(client.call(commands::QueryStatus::new()).start()?);
    }
    Ok(())
}

/// The same without a runtime.
fn blocking_life(socket: &Path) -> Result<(), qapi_rt::Error> {
    let builder = blocking::Client::builder().connect_deadline(DEADLINE);
    let client = builder.connect_unix(socket)?;
    let mut stops = client.events::<events::Stop>();
    for _ in 0..CALLS / 4 {
        client.execute(commands::Stop::new())?;
        stops.recv_deadline(DEADLINE)?;
        drop(client.call(commands::QueryStatus::new()).start()?);
        assert!(is_command_not_found(
            client.execute(commands::QueryBlock::new())
        ));
        assert!(client.execute(commands::QueryStatus::new())?.running);
    }
    Ok(())
}

/// With our server: all its clients, and one that hears of every event.
async fn with_our_server(socket: &Path) {
    let machine = Arc::new(Machine::default());
    let server = Server::new(serve(Arc::clone(&machine)), Options::qmp());
    server.listen(Listener::unix(socket).unwrap()).unwrap();
    let control = server.control().clone();
    let server = tokio::spawn(async move { server.run().await });

    let watcher = Client::connect_unix(socket).await.unwrap();
    let mut stops = watcher.events::<events::Stop>();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|n| tokio::spawn(life(socket.to_owned(), n)))
        .collect();
    let path = socket.to_owned();
    let other = tokio::task::spawn_blocking(move || blocking_life(&path));
    for client in clients {
        client.await.unwrap().unwrap();
    }
    other.await.unwrap().unwrap();
    for _ in 0..machine.stops.load(Ordering::SeqCst) {
        let received = stops.recv().await.unwrap();
        assert_eq!(received.missed, 0);
    }
    control.shut_down();
    server.await.unwrap();
    assert!(stops.recv().await.is_err());
}

/// A QEMU that goes on from round to round, and a connection that does not.
async fn with_qemu(socket: &Path) -> Result<(), qapi_rt::Error> {
    let builder = Client::builder().connect_deadline(DEADLINE).oob(true);
    let client = builder.connect_unix(socket).await?;
    client.execute(commands::Cont::new()).await?;
    let stopped =
        |received: &Received<Event>| matches!(received.event, Event::Stop(_)).then_some(());
    let stop = commands::Stop::new();
    client.execute_and_wait(stop, stopped, DEADLINE).await?;
    client.execute_oob(commands::QueryStatus::new()).await.ok();
    let raw = client.execute_raw("no-such-command", Value::Object(Object::new()));
    assert!(is_command_not_found(raw.await));
    client.capabilities().await?;
    client.close().await;
    Ok(())
}

#[test]
fn what_is_held_does_not_grow() {
    let _alone = alone();
    let runtime = runtime();
    let folder = Folder::new();
    let socket = folder.0.join("ours");
    let qemu = peers::qemu("none").map(peers::Launch::start);
    let round = || {
        runtime.block_on(async {
            with_our_server(&socket).await;
            if let Some(qemu) = &qemu {
                with_qemu(&qemu.socket()).await.unwrap();
            }
        });
    };
    for _ in 0..WARM_UP {
        round();
    }
    let before = Held::now();
    let end = Instant::now() + seconds(2);
    let mut rounds = 0;
    while rounds < WARM_UP || Instant::now() < end {
        round();
        rounds += 1;
    }
    let after = Held::now();
    let told = format!("{rounds} rounds; before: {before:?}, after: {after:?}");
    println!("{told}");
    assert!(after.memory <= before.memory + SLACK, "{told}");
    assert!(
        after.descriptors <= before.descriptors + OPEN_SLACK,
        "{told}"
    );
    // The runtime keeps threads for what blocks, at most one of them busy here.
    assert!(after.threads <= before.threads + 2, "{told}");
}

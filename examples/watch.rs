//! Prints the events of a machine until it ends.
//!
//! ```sh
//! cargo run --example watch --features server,tokio                           # a simulated one
//! cargo run --example watch --features server,tokio -- --start qemu-system-x86_64
//! cargo run --example watch --features server,tokio -- --socket vm.sock  # only looks
//! ```

mod support;

use std::error::Error;
use std::process::Command;
use std::time::Duration;

use qapi_rt::qmp::{Event, commands};
use qapi_rt::types::Events as _;
use qapi_rt::{Client, ErrorKind};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = match support::option("--start") {
        Some(program) => start(&program).await?,
        None => support::connect().await?,
    };
    let greeting = client.greeting();
    let version = &greeting.version.qemu;
    println!("QEMU {}.{}.{}", version.major, version.minor, version.micro);

    let mut events = client.all_events::<Event>();
    if support::option("--socket").is_none() {
        // Calls and events go over one connection; whoever wants both needs no second one.
        let client = client.clone();
        tokio::spawn(async move { pause_and_end(&client).await });
    }
    loop {
        match events.recv().await {
            Ok(received) => println!("{} {}", received.timestamp.seconds(), received.event.name()),
            Err(error) if matches!(error.kind(), ErrorKind::Decode(_)) => println!("{error}"),
            Err(_) => break,
        }
    }
    println!("it has ended");
    Ok(())
}

async fn pause_and_end(client: &Client) -> Result<(), qapi_rt::Error> {
    client.execute(commands::Stop::new()).await?;
    let status = client.execute(commands::QueryStatus::new()).await?;
    println!("it is {}", status.status);
    client.execute(commands::Cont::new()).await?;
    client.quit().await
}

/// Starts a machine without anything in it. If it dies, connecting fails at once.
async fn start(program: &str) -> Result<Client, Box<dyn Error>> {
    let socket = std::env::temp_dir().join(format!("watch-{}.sock", std::process::id()));
    let mut child = Command::new(program)
        .args(["-M", "none", "-nodefaults", "-display", "none", "-qmp"])
        .arg(format!("unix:{},server=on,wait=off", socket.display()))
        .spawn()?;
    let client = Client::builder()
        .connect_deadline(Duration::from_secs(10))
        .child(|| child.try_wait())
        .connect_unix(&socket)
        .await;
    // Whoever waits for it anyway, so that it leaves no zombie.
    std::thread::spawn(move || child.wait());
    Ok(client?)
}

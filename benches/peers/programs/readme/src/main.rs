//! The first program of the README, as it is there.

use std::time::Duration;

use qapi_rt::Client;
use qapi_rt::qmp::{Event, commands};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), qapi_rt::Error> {
    let client = Client::connect_unix("qmp.sock").await?;
    println!("{}", client.execute(commands::QueryStatus::new()).await?.status);

    // The event that reports success may arrive before the reply, so the wait begins before the command is sent.
    let gone = |received: &qapi_rt::Received<Event>| match &received.event {
        Event::DeviceDeleted(event) if event.device.as_deref() == Some("tablet0") => Some(true),
        Event::DeviceUnplugGuestError(event) if event.device.as_deref() == Some("tablet0") => Some(false),
        _ => None,
    };
    let unplug = commands::DeviceDel::new("tablet0");
    let (_, gone) = client.execute_and_wait(unplug, gone, Duration::from_secs(10)).await?;
    println!("{}", if gone { "unplugged" } else { "the guest refuses" });
    Ok(())
}

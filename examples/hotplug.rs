//! Hands a disk to a running machine as a file descriptor, plugs it in, and unplugs it again.
//!
//! ```sh
//! cargo run --example hotplug --features server,tokio
//! ```
//!
//! With a QEMU, whose guest need not cooperate since the disk is on USB:
//!
//! ```sh
//! qemu-system-x86_64 -nodefaults -display none -device qemu-xhci -qmp unix:vm.sock,server=on,wait=off &
//! cargo run --example hotplug --features server,tokio -- --socket vm.sock
//! ```

mod support;

use std::error::Error;
use std::time::Duration;

use qapi_rt::Received;
use qapi_rt::qmp::{BlockdevOptions, BlockdevOptionsFile, Event, commands};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = support::connect().await?;

    // The machine opens no file by its name, so it needs no right to.
    let image = support::image("disk0")?;
    let set = client.add_fd(None, "disk0", image).await?;
    let file = BlockdevOptionsFile::new(set.path());
    let node = BlockdevOptions::new(file).node_name("image0");
    client.execute(commands::BlockdevAdd::new(node)).await?;

    let mut device = commands::DeviceAdd::new("usb-storage").id("disk0");
    // Devices have properties that no schema knows.
    device.extra.insert("drive".into(), "image0".into());
    client.execute(device).await?;
    println!("disk0 is plugged in");

    // The reply only says that unplugging began.
    let gone = |received: &Received<Event>| match &received.event {
        Event::DeviceDeleted(event) if event.device.as_deref() == Some("disk0") => Some(Ok(())),
        Event::DeviceUnplugGuestError(event) if event.device.as_deref() == Some("disk0") => {
            Some(Err("the guest does not let it go"))
        }
        _ => None,
    };
    let request = commands::DeviceDel::new("disk0");
    let deadline = Duration::from_secs(10);
    let (_, unplugged) = client.execute_and_wait(request, gone, deadline).await?;
    unplugged?;
    client.execute(commands::BlockdevDel::new("image0")).await?;
    client.remove_fd_set(set).await?;
    println!("disk0 is unplugged");
    Ok(())
}

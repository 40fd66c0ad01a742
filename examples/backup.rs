//! Backs a disk up while the machine runs, shows how far it is, and learns how it ended.
//!
//! ```sh
//! cargo run --example backup --features server,tokio
//! ```
//!
//! With a QEMU, which gets both images as file descriptors:
//!
//! ```sh
//! qemu-system-x86_64 -nodefaults -display none -qmp unix:vm.sock,server=on,wait=off &
//! cargo run --example backup --features server,tokio -- --socket vm.sock
//! ```

mod support;

use std::error::Error;
use std::time::Duration;

use qapi_rt::Client;
use qapi_rt::jobs::{Job, JobUpdate};
use qapi_rt::qmp::{BlockdevOptions, BlockdevOptionsFile, MirrorSyncMode, commands};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = support::connect().await?;
    attach(&client, "disk0").await?;
    attach(&client, "backup0").await?;

    let backup = commands::BlockdevBackup::new("disk0", MirrorSyncMode::Full, "backup0");
    let job = Job::new(backup);
    let mut run = client.run(job).progress_every(Duration::from_millis(100));
    while let Some(update) = run.next().await {
        match update {
            JobUpdate::Progress(progress) => {
                eprintln!("{} of {}", progress.current, progress.total)
            }
            JobUpdate::Status(status) => eprintln!("{status}"),
            _ => {}
        }
    }
    // The error is the job's own, such as that the target is full.
    let outcome = run.outcome().await?;
    println!("backed up {} bytes", outcome.progress.current);
    Ok(())
}

/// Adds an image as a block node of this name.
async fn attach(client: &Client, node: &str) -> Result<(), Box<dyn Error>> {
    let set = client.add_fd(None, node, support::image(node)?).await?;
    let file = BlockdevOptions::new(BlockdevOptionsFile::new(set.path())).node_name(node);
    client.execute(commands::BlockdevAdd::new(file)).await?;
    Ok(())
}

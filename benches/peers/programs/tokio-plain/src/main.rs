//! Asks a machine on what it does, without tokio's macros.

use std::error::Error;

use qapi_rt::{Client, qmp::commands};
use tokio::runtime;

fn main() -> Result<(), Box<dyn Error>> {
    runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let client = Client::connect_unix("qmp.sock").await?;
            println!(
                "{}",
                client.execute(commands::QueryStatus::new()).await?.status
            );
            Ok(())
        })
}

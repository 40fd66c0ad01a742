//! Asks a machine on what it does.

use qapi_rt::{Client, qmp::commands};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), qapi_rt::Error> {
    let client = Client::connect_unix("qmp.sock").await?;
    println!("{}", client.execute(commands::QueryStatus::new()).await?.status);
    Ok(())
}

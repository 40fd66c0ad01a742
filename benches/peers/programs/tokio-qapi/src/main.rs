//! Asks a machine on what it does.

use qapi::futures::QmpStreamTokio;
use qapi::qmp::query_status;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let stream = QmpStreamTokio::open_uds("qmp.sock").await?;
    let (service, _task) = stream.negotiate().await?.spawn_tokio();
    println!("{:?}", service.execute(query_status {}).await?.status);
    Ok(())
}

//! Asks a machine on what it does, without tokio's macros.

use std::error::Error;

use qapi::futures::QmpStreamTokio;
use qapi::qmp::query_status;
use tokio::runtime;

fn main() -> Result<(), Box<dyn Error>> {
    runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let stream = QmpStreamTokio::open_uds("qmp.sock").await?;
            let (service, _task) = stream.negotiate().await?.spawn_tokio();
            println!("{:?}", service.execute(query_status {}).await?.status);
            Ok(())
        })
}

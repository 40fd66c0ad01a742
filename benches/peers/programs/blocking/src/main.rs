//! Asks a machine on what it does.

use qapi_rt::{blocking::Client, qmp::commands};

fn main() -> Result<(), qapi_rt::Error> {
    let client = Client::connect_unix("qmp.sock")?;
    println!("{}", client.execute(commands::QueryStatus::new())?.status);
    Ok(())
}

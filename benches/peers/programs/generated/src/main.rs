//! Asks a machine on what it does, with types for just that.

use qapi_rt::blocking::Client;

#[allow(dead_code)]
mod qmp {
    include!(concat!(env!("OUT_DIR"), "/qmp.rs"));
}

fn main() -> Result<(), qapi_rt::Error> {
    let client = Client::connect_unix("qmp.sock")?;
    println!(
        "{}",
        client.execute(qmp::commands::QueryStatus::new())?.status
    );
    Ok(())
}

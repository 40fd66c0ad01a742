//! Asks a machine on what it does.

use std::io::BufReader;
use std::os::unix::net::UnixStream;

use qapi::qmp::query_status;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let stream = UnixStream::connect("qmp.sock")?;
    let reader = BufReader::new(stream.try_clone()?);
    let mut qmp = qapi::Qmp::new(qapi::Stream::new(reader, stream));
    qmp.handshake()?;
    println!("{:?}", qmp.execute(&query_status {})?.status);
    Ok(())
}

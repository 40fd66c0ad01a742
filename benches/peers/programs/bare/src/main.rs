//! What a program costs that asks a QMP server one thing over its socket, and knows nothing of what it says.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;

fn main() -> io::Result<()> {
    let path = std::env::args_os().nth(1).unwrap_or_default();
    let mut stream = BufReader::new(UnixStream::connect(path)?);
    let mut line = String::new();
    stream.read_line(&mut line)?;
    for request in ["qmp_capabilities", "query-status"] {
        let request = format!("{{\"execute\":\"{request}\"}}\n");
        stream.get_mut().write_all(request.as_bytes())?;
        line.clear();
        stream.read_line(&mut line)?;
    }
    print!("{line}");
    Ok(())
}

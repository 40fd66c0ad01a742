//! Asks a server for its schema.

use serde_json::{Deserializer, Value};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// How long a server may take for everything.
const PATIENCE: Duration = Duration::from_secs(20);

/// More than any server's schema takes.
const MAX_BYTES: u64 = 64 << 20;

/// The server's answer to `query-qmp-schema`, if the argument names a server.
pub(crate) fn introspection(argument: &str) -> Option<Result<String, String>> {
    let answer = if let Some(path) = argument.strip_prefix("unix:") {
        unix(path)
    } else {
        let address = argument.strip_prefix("tcp:")?;
        match TcpStream::connect(address) {
            Ok(stream) => exchange(&stream),
            Err(error) => Err(format!("cannot connect: {error}")),
        }
    };
    Some(answer.map_err(|message| format!("{argument}: {message}")))
}

#[cfg(unix)]
fn unix(path: &str) -> Result<String, String> {
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(stream) => exchange(&stream),
        Err(error) => Err(format!("cannot connect: {error}")),
    }
}

#[cfg(not(unix))]
fn unix(_: &str) -> Result<String, String> {
    Err("this system has no such sockets; use tcp:HOST:PORT".to_owned())
}

/// A socket whose reads can be limited in time.
trait Socket {
    fn set_patience(&self, patience: Duration) -> io::Result<()>;
}

impl Socket for TcpStream {
    fn set_patience(&self, patience: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(patience))
    }
}

#[cfg(unix)]
impl Socket for std::os::unix::net::UnixStream {
    fn set_patience(&self, patience: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(patience))
    }
}

/// Reads until a point in time.
struct Patient<'s, S> {
    socket: &'s S,
    until: Instant,
}

impl<S: Socket> Read for Patient<'_, S>
where
    for<'s> &'s S: Read,
{
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.socket.set_patience(left)?;
        (&mut { self.socket }).read(buffer)
    }
}

/// Greeting, negotiation, question, answer.
fn exchange<S: Socket>(socket: &S) -> Result<String, String>
where
    for<'s> &'s S: Read + Write,
{
    let patient = Patient {
        socket,
        until: Instant::now() + PATIENCE,
    };
    let reader = io::BufReader::new(patient).take(MAX_BYTES);
    let mut messages = Deserializer::from_reader(reader).into_iter::<Value>();
    let mut next = |waiting_for: &str| match messages.next() {
        Some(Ok(value)) => Ok(value),
        None => Err(format!(
            "the server closed the connection before its {waiting_for}"
        )),
        Some(Err(error)) if error.is_io() => {
            let late = matches!(
                error.io_error_kind(),
                Some(io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
            );
            Err(match late {
                true => {
                    let hint = match waiting_for {
                        "greeting" => {
                            ". A QMP socket that serves another client greets once that is gone; a guest agent does not \
                             greet, and has no introspection"
                        }
                        _ => ": it greeted, and fell silent",
                    };
                    format!(
                        "no {waiting_for} within {} seconds{hint}",
                        PATIENCE.as_secs()
                    )
                }
                false => format!("cannot read the {waiting_for}: {error}"),
            })
        }
        Some(Err(error)) => Err(format!(
            "this is no QMP server, whose {waiting_for} is JSON: {error}"
        )),
    };
    let greeting = next("greeting")?;
    if greeting.get("QMP").is_none() {
        return Err("this is no QMP server, which greets with an object that has 'QMP'".to_owned());
    }
    let mut answer = Value::Null;
    for command in ["qmp_capabilities", "query-qmp-schema"] {
        let request = format!("{{\"execute\": \"{command}\"}}\r\n");
        let mut writer = socket;
        let sent = writer.write_all(request.as_bytes());
        sent.map_err(|error| format!("cannot send {command}: {error}"))?;
        answer = loop {
            let message = next(&format!("answer to {command}"))?;
            if let Some(error) = message.get("error") {
                let text = error.get("desc").and_then(Value::as_str);
                return Err(format!(
                    "the server refused {command}: {}",
                    text.unwrap_or("without a reason")
                ));
            }
            if message.get("return").is_some() {
                break message;
            }
        };
    }
    Ok(answer.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// Has said all that it will say.
    struct Silent(Cell<&'static [u8]>);

    impl Socket for Silent {
        fn set_patience(&self, _: Duration) -> io::Result<()> {
            Ok(())
        }
    }

    impl Read for &Silent {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let mut left = self.0.get();
            let read = left.read(buffer)?;
            self.0.set(left);
            match read {
                0 => Err(io::ErrorKind::WouldBlock.into()),
                read => Ok(read),
            }
        }
    }

    impl Write for &Silent {
        fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
            Ok(buffer.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn who_greeted_is_not_said_to_serve_another_client() {
        let told = |said: &'static str| {
            exchange(&Silent(Cell::new(said.as_bytes()))).expect_err("nothing is answered")
        };
        assert!(told("").contains("no greeting within 20 seconds. A QMP socket that serves"));
        assert_eq!(
            told("{\"QMP\": {}}\n"),
            "no answer to qmp_capabilities within 20 seconds: it greeted, and fell silent"
        );
    }
}

//! A recording's client, played to a server.

use std::fmt::Write as _;
use std::io::{self, Read, Write};

use qapi_types::{Mode, Object, from_str};

use super::difference;
use super::exchange::{Exchange, Outcome};
use super::recording::{Malformed, Recording, Side};
use crate::frame::Splitter;

/// A message longer than this ends the conversation.
const LIMIT: usize = 64 << 20;

impl Recording {
    /// Says to a server what the recorded client said, each message when as many replies have come as had come then.
    /// Gives what was said this time.
    ///
    /// A server that does not answer is waited for as long as the stream's own time-out says.
    ///
    /// # Errors
    /// When the stream fails, ends before the conversation, or carries something that is no message.
    pub fn play(&self, mut stream: impl Read + Write) -> io::Result<Recording> {
        let mut played = Recording::new();
        let mut splitter = Splitter::new(LIMIT);
        let mut greeted = false;
        for message in self.messages() {
            match message.side {
                Side::Client => {
                    let mut line = qapi_types::to_vec(&message.body).map_err(invalid)?;
                    line.push(b'\n');
                    stream.write_all(&line)?;
                    played.push(Side::Client, message.body.clone());
                }
                Side::Server if message.body.contains_key("event") => {}
                // QEMU greets twice who connects while it is setting its monitor up.
                Side::Server if greeted && message.body.contains_key("QMP") => {}
                // The greeting, or a reply.
                Side::Server => loop {
                    let body = receive(&mut splitter, &mut stream)?;
                    let greeting = body.contains_key("QMP");
                    let other = body.contains_key("event") || (greeting && greeted);
                    greeted |= greeting;
                    played.push(Side::Server, body);
                    if !other {
                        break;
                    }
                },
            }
        }
        Ok(played)
    }

    /// Where another session with the same requests went differently: one had success where the other had an error, or
    /// an error of another class. Nothing, if it went the same way. What successful commands returned is not compared.
    ///
    /// # Errors
    /// When one of both has a reply to no request.
    pub fn differences(&self, other: &Recording) -> Result<String, Malformed> {
        let (wanted, got) = (self.exchanges()?, other.exchanges()?);
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = match (wanted.len(), got.len()) {
            (wanted, got) if wanted == got => Ok(()),
            (wanted, got) => writeln!(out, "{got} requests, {wanted} were expected"),
        };
        for (wanted, got) in wanted.iter().zip(&got) {
            compare(wanted, got, &mut out);
        }
        Ok(out)
    }
}

fn compare(wanted: &Exchange, got: &Exchange, out: &mut String) {
    if !wanted.is_same_call(got) {
        let _ = writeln!(out, "{got}\n  expected: {wanted}");
        if wanted.command == got.command {
            let value = |exchange: &Exchange| exchange.arguments.clone().into();
            out.push_str(&difference::lines(&value(wanted), &value(got)));
        }
        return;
    }
    let same = match (&wanted.outcome, &got.outcome) {
        (Outcome::Return(_), Outcome::Return(_)) | (Outcome::Silence, Outcome::Silence) => true,
        (Outcome::Error(wanted), Outcome::Error(got)) => wanted.class == got.class,
        _ => false,
    };
    if !same {
        let (wanted_outcome, got_outcome) = (&wanted.outcome, &got.outcome);
        let _ = writeln!(
            out,
            "{got}\n  answered: {got_outcome}\n  expected: {wanted_outcome}"
        );
    }
}

fn receive(splitter: &mut Splitter, stream: &mut impl Read) -> io::Result<Object> {
    let mut buffer = vec![0; 16 << 10];
    loop {
        let next = splitter.next(|text| from_str::<Object>(text, Mode::Lenient));
        if let Some((_, body)) = next.map_err(|fault| invalid(format!("{fault:?}")))? {
            return Ok(body);
        }
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        // A guest agent sets this mark before some replies.
        let mark = usize::from(buffer[0] == 0xFF);
        splitter.push(&buffer[mark..count]);
    }
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

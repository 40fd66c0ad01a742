//! What waits to be written.

use qapi_types::codec::Encode;
use qapi_types::{ErrorReply, Result, Style, Writer};

use super::KEEP;
use super::config::{Flavour, Rules};
use super::layout;

/// Messages, each with its layout and its end.
#[derive(Debug)]
pub(super) struct Output {
    bytes: Vec<u8>,
    /// How many of them were written.
    sent: usize,
    pretty: bool,
    end: &'static [u8],
}

impl Output {
    pub(super) fn new(rules: &Rules) -> Self {
        Self {
            bytes: Vec::new(),
            sent: 0,
            pretty: rules.pretty,
            end: match rules.flavour {
                Flavour::Qmp => b"\r\n",
                Flavour::Agent => b"\n",
            },
        }
    }

    pub(super) fn waiting(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    pub(super) fn sent(&mut self, bytes: usize) {
        assert!(bytes <= self.waiting().len(), "more was sent than there is");
        self.sent += bytes;
        if self.sent == self.bytes.len() {
            self.bytes.clear();
            self.sent = 0;
            if self.bytes.capacity() > KEEP {
                self.bytes = Vec::new();
            }
        } else if self.sent > self.bytes.len() / 2 {
            self.bytes.drain(..self.sent);
            self.sent = 0;
        }
    }

    /// Adds a message that `write` writes as one line.
    pub(super) fn put(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        write(&mut self.bytes);
        if self.pretty {
            let line = self.bytes.split_off(start);
            layout::spread(&line, &mut self.bytes);
        }
        self.bytes.extend_from_slice(self.end);
    }

    /// Adds a success reply; an error reply if the value cannot be written.
    pub(super) fn put_return(
        &mut self,
        id: Option<&[u8]>,
        delimited: bool,
        value: impl FnOnce(&mut Vec<u8>) -> Result<()>,
    ) {
        self.put(|out| {
            let start = out.len();
            if delimited {
                out.push(0xFF);
            }
            out.extend_from_slice(b"{\"return\": ");
            if let Err(error) = value(out) {
                out.truncate(start);
                write_error(out, id, &error.into());
                return;
            }
            if let Some(id) = id {
                out.extend_from_slice(b", \"id\": ");
                out.extend_from_slice(id);
            }
            out.push(b'}');
        });
    }

    /// Adds an error reply.
    pub(super) fn put_error(&mut self, id: Option<&[u8]>, error: &ErrorReply) {
        self.put(|out| write_error(out, id, error));
    }
}

fn write_error(out: &mut Vec<u8>, id: Option<&[u8]>, error: &ErrorReply) {
    out.push(b'{');
    if let Some(id) = id {
        out.extend_from_slice(b"\"id\": ");
        out.extend_from_slice(id);
        out.extend_from_slice(b", ");
    }
    out.extend_from_slice(b"\"error\": ");
    let mut writer = Writer::new(out, Style::Ascii);
    error.encode(&mut writer);
    // Two strings.
    let _ = writer.finish();
    out.push(b'}');
}

//! The server end of a connection: what QEMU's monitors and its guest agent do, without I/O.
//!
//! A [`Session`] is one connection. Bytes that a transport reads go in, requests to be executed come out, replies and
//! events go in, bytes to be written come out. All rules of the protocols are in between: greeting and negotiation, JSON in
//! QEMU's dialect with its limits and its way of going on after errors, order of replies, out-of-band execution, when to
//! stop reading. What the session can answer without executing anything it answers by itself.
//!
//! Several sessions that share one dispatcher take turns by an [`Arbiter`]. Events pass a [`Throttle`] once, before
//! they are given to all sessions. Whether a command may be executed at all is asked of a [`Gate`].
//!
//! ```
//! use qapi_rt::session::server::{Config, Session};
//! use qapi_rt::types::message::{VersionInfo, VersionTriple};
//!
//! let version = VersionTriple { major: 10, minor: 2, micro: 0 };
//! let mut session = Session::new(&Config::qmp(VersionInfo::new(version)));
//! session.sent(session.output().len()); // the greeting
//!
//! session.receive(b"{'execute': 'qmp_capabilities'} {'execute': 'query-name', 'id': 7}");
//! while let Some(request) = session.take_in_band() {
//!     assert_eq!(request.command(), "query-name");
//!     session.reply(request.ticket(), Ok(br#"{"name": "demo"}"#));
//! }
//! assert_eq!(
//!     session.output(),
//!     b"{\"return\": {}}\r\n{\"return\": {\"name\": \"demo\"}, \"id\": 7}\r\n"
//! );
//! ```
//!
//! What is wrong with input is told as by the release whose version the session was given ([`Config::version`]): before
//! 11.1 when brackets balance, from 11.1 on at once, with line and column of all that the connection sent (to an agent,
//! all that its clients sent). What 11.0 does is not known; it is taken to be as 10.2.
//!
//! # Where it differs from QEMU
//!
//! - A reply belongs to the session of its request, never to whoever is connected when it is ready.
//! - What needs no execution (negotiation, malformed input) is answered in its order within the session, but does not
//!   wait for commands of other sessions.
//! - Reading also pauses while much output waits, and a client that never reads is given up: see
//!   [`Config::output_limit`]. Large requests wait in smaller numbers: see [`Config::queue_limit`].
//! - Numbers like `0e5` are numbers, as in RFC 8259. Those beyond the range of a double are errors, not infinite.
//! - Of a stray token at most 64 KiB are quoted.
//! - Of several errors in one request the first in the text is reported; QEMU's choice depends on hashes.

mod arbiter;
mod config;
mod connection;
mod gate;
mod layout;
mod lexer;
mod limits;
mod negotiation;
mod output;
mod request;
mod throttle;
mod tokens;

pub use arbiter::Arbiter;
pub use config::{Config, Flavour};
pub use connection::{Closed, Session};
pub use gate::{Gate, InputPolicy, OutputPolicy, Policy, Refusal};
#[cfg(unix)]
pub use request::Descriptors;
pub use request::{Request, Ticket};
pub use throttle::Throttle;

/// Buffers that grew beyond this are given back once they are empty: most sessions are idle most of the time.
const KEEP: usize = 4 << 10;

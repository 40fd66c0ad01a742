//! A client for threads that block: no runtime, and no thread of its own.
//!
//! ```no_run
//! # #[cfg(all(unix, feature = "qmp"))]
//! # fn main() -> Result<(), qapi_rt::Error> {
//! use std::time::Duration;
//!
//! use qapi_rt::blocking::Client;
//! use qapi_rt::qmp::commands::{Cont, QueryStatus};
//!
//! let client = Client::builder()
//!     .connect_deadline(Duration::from_secs(5))
//!     .connect_unix("/run/vm/qmp.sock")?;
//! let status = client.execute(QueryStatus::new())?;
//! if !status.running {
//!     client.call(Cont::new()).deadline(Duration::from_secs(1)).send()?;
//! }
//! # Ok(())
//! # }
//! # #[cfg(not(all(unix, feature = "qmp")))]
//! # fn main() {}
//! ```
//!
//! # Threads
//!
//! A [`Client`] is cheap to clone and used by any number of threads at once; their calls share the connection. Replies and
//! events are read by whichever thread waits for something: in between nothing is read, and events
//! that came meanwhile reach their subscribers at the next call, or when a subscriber waits; who subscribes afterwards is not
//! told of them. A server may find its output unread for that long. [`Builder::reader_thread`] has them read at once, at the price of two thread switches a call.
//!
//! # Deadlines
//!
//! Every call has a deadline, of 30 seconds unless set, which also covers writing to a server that does not read. A call
//! whose deadline passed does not disturb those after it: if it was not sent it never is, and if it was its
//! reply is dropped.

mod builder;
mod call;
mod client;
mod connection;
mod events;
mod wait;

#[cfg(feature = "qga")]
pub use crate::agent::blocking::{Agent, AgentBuilder};
#[cfg(any(feature = "qmp-block", feature = "qmp-migration"))]
pub use crate::jobs::blocking::Running;
pub use builder::Builder;
pub use call::{Call, Pending};
pub use client::Client;
pub use events::EventStream;

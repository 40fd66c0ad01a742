//! A client for tasks of tokio.
//!
//! ```no_run
//! # #[cfg(all(unix, feature = "qmp"))]
//! # async fn example() -> Result<(), qapi_rt::Error> {
//! use std::time::Duration;
//!
//! use qapi_rt::Client;
//! use qapi_rt::qmp::commands::{Cont, QueryStatus};
//!
//! let client = Client::builder()
//!     .connect_deadline(Duration::from_secs(5))
//!     .connect_unix("/run/vm/qmp.sock")
//!     .await?;
//! let status = client.execute(QueryStatus::new()).await?;
//! if !status.running {
//!     client.call(Cont::new()).deadline(Duration::from_secs(1)).send().await?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Tasks
//!
//! A [`Client`] is cheap to clone and used by any number of tasks at once; their calls share the connection. Each connection
//! has a task of its own, which reads replies and events as they come. It runs on the runtime in which the connection was
//! made, which has to have I/O and time enabled; other runtimes may use the client. When that runtime ends, so does the
//! connection.
//!
//! # Deadlines
//!
//! Every call has a deadline, of 30 seconds unless set, which also covers writing to a server that does not read. A call
//! whose deadline passed does not disturb those after it: if it was not sent it never is, and if it was its
//! reply is dropped.
//!
//! # Cancel safety
//!
//! Any future here may be dropped at any time. A call that was dropped is treated as one whose deadline passed: the rest
//! of a request that was sent in part is sent by the connection's task. Whether the server has executed it cannot be known
//! then. Events are not lost by dropping [`EventStream::recv`].

mod builder;
mod call;
mod connection;
mod driver;
mod events;
mod handle;
#[cfg(all(test, shuttle))]
mod schedules;
mod wait;

pub use builder::Builder;
pub use call::{Call, Pending};
pub use events::EventStream;
pub use handle::Client;

//! For test suites: servers that play a part, and recordings of sessions.
//!
//! - A [`Double`] is told beforehand which commands to expect and what to answer.
//! - A service of one's own, which keeps state, is a double as well: whatever implements
//!   [`Dispatch`](crate::service::Dispatch) can be connected to in one line, on tokio with [`connect()`] and without a
//!   runtime with [`blocking::connect`].
//! - A [`Recorder`] writes down what passes between a client and a real server. A [`Recording`] can be checked against a
//!   schema, and replayed: its server's part to a client ([`Double::replay`]), its client's part to a server
//!   ([`Recording::play`]).

#[cfg(all(feature = "testing", any(target_os = "linux", target_os = "android")))]
pub mod blocking;
mod check;
#[cfg(all(feature = "testing", feature = "tokio"))]
mod connect;
mod difference;
#[cfg(feature = "testing")]
mod double;
mod exchange;
#[cfg(feature = "testing")]
mod expectation;
mod play;
mod recorder;
mod recording;
mod wire;

pub use check::Discrepancy;
#[cfg(all(unix, feature = "testing", feature = "tokio"))]
pub use connect::listen;
#[cfg(all(feature = "testing", feature = "tokio"))]
pub use connect::{Serving, connect, connect_with};
#[cfg(feature = "testing")]
pub use double::{Double, Unexpected};
pub use exchange::{Exchange, Notice, Outcome};
#[cfg(feature = "testing")]
pub use expectation::{Expectation, ExpectedCall, any_call, call, call_if};
pub use recorder::{Recorded, Recorder};
pub use recording::{Malformed, Message, Recording, Side};

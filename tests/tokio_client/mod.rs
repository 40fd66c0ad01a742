//! The tokio client against servers that a test plays, and against real ones.
#![cfg(unix)]

mod agent;
mod calls;
mod cancel;
mod connect;
mod descriptors;
mod ends;
mod events;
mod faults;
mod jobs;
mod many;
mod real;
mod reconnect;
mod server;

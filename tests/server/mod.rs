//! Servers: the session's rules one by one, against recordings, and against real servers.

mod monitor;

#[cfg(target_os = "linux")]
mod addresses;
mod agent;
mod arguments;
mod at_once;
mod connection;
mod descriptors;
mod events;
mod json;
mod live;
mod oob;
mod policy;
mod requests;
mod splits;
mod stratovirt;
mod transcript;

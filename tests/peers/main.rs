//! The clients against real servers: QEMU without a guest, its storage daemon, its guest agent. A server that is not
//! installed is a visible skip, unless `QAPI_REQUIRE_PEERS` is set.
#![cfg(unix)]

mod block_jobs;
mod connecting;
mod deadlines;
mod descriptors;
mod guest_agent;
mod hotplug;
mod machine;
mod migration;
mod monitors;
mod setup;
mod snapshots;
mod with_tokio;

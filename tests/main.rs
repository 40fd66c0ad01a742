//! Tests across the crates. They are one program, since each more costs a link and what it shares with the others;
//! `cargo test -p qapi-tests --test all peers` runs those of one folder or file.

mod blocking_client;
mod clock;
mod double;
mod examples;
mod model;
mod pace;
mod pages;
mod peers;
mod releases;
mod replay;
mod server;
mod service;
mod strict;
mod tokio_client;
mod transcripts;
mod usage;

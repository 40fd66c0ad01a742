//! The blocking client.

mod calls;
mod connecting;
mod events;
mod faults;
mod jobs;
mod real;
mod reconnect;

use std::os::unix::net::UnixStream;

use qapi_rt::blocking::{Builder, Client};
use serde_json::{Value, json};

use crate::blocking_client::fake::SOON;

/// A client of a server that negotiates.
fn client(stream: UnixStream) -> Client {
    connect(Client::builder(), stream)
}

fn connect(builder: Builder<'_>, stream: UnixStream) -> Client {
    builder.deadline(SOON).over_unix(stream).unwrap()
}

/// Executes a command without arguments.
fn call(client: &Client, name: &str) -> Result<Value, qapi_rt::Error> {
    client.execute_raw(name, json!(null))
}

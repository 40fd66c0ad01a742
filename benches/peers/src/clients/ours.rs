//! This project's clients.

use super::Work;
use crate::Result;
use crate::cpu;
use qapi_rt::blocking::Call;
use qapi_rt::qmp::commands::QueryVersion;
use qapi_rt::session::client::Ids;
use qapi_rt::{Client, blocking, client};
use std::collections::VecDeque;
use std::path::Path;
use tokio::runtime::{Builder, Runtime};

type Pending = blocking::Pending<QueryVersion>;

pub fn one_thread() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

pub fn two_threads() -> Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    Ok(builder.worker_threads(2).enable_all().build()?)
}

pub fn blocking(socket: &Path, depth: usize) -> Result<Option<Work>> {
    with(blocking::Client::connect_unix(socket)?, depth, |call| {
        call.start()
    })
}

pub fn blocking_queued(socket: &Path, depth: usize) -> Result<Option<Work>> {
    with(blocking::Client::connect_unix(socket)?, depth, |call| {
        call.queue()
    })
}

pub fn blocking_without_ids(socket: &Path, depth: usize) -> Result<Option<Work>> {
    let builder = blocking::Client::builder().ids(Ids::Never);
    with(builder.connect_unix(socket)?, depth, |call| call.start())
}

pub fn blocking_with_oob(socket: &Path, depth: usize) -> Result<Option<Work>> {
    let builder = blocking::Client::builder().oob(true);
    with(builder.connect_unix(socket)?, depth, |call| call.start())
}

/// Has a call under way.
type Begin = for<'a> fn(Call<'a, QueryVersion>) -> std::result::Result<Pending, qapi_rt::Error>;

fn with(client: blocking::Client, depth: usize, begin: Begin) -> Result<Option<Work>> {
    Ok(Some(Box::new(move |calls| {
        cpu::of_process(|| {
            if depth == 1 {
                for _ in 0..calls {
                    client.execute(QueryVersion::new())?;
                }
                return Ok(());
            }
            let mut pending: VecDeque<Pending> = VecDeque::new();
            for _ in 0..calls {
                if pending.len() == depth
                    && let Some(first) = pending.pop_front()
                {
                    first.wait()?;
                }
                pending.push_back(begin(client.call(QueryVersion::new()))?);
            }
            for pending in pending {
                pending.wait()?;
            }
            Ok(())
        })
    })))
}

pub fn tokio(socket: &Path, depth: usize) -> Result<Option<Work>> {
    on(one_thread()?, Client::builder(), socket, depth)
}

pub fn tokio_without_ids(socket: &Path, depth: usize) -> Result<Option<Work>> {
    let builder = Client::builder().ids(Ids::Never);
    on(one_thread()?, builder, socket, depth)
}

pub fn tokio_with_oob(socket: &Path, depth: usize) -> Result<Option<Work>> {
    let builder = Client::builder().oob(true);
    on(one_thread()?, builder, socket, depth)
}

pub fn tokio_threads(socket: &Path, depth: usize) -> Result<Option<Work>> {
    on(two_threads()?, Client::builder(), socket, depth)
}

fn on(
    runtime: Runtime,
    builder: client::Builder<'_>,
    socket: &Path,
    depth: usize,
) -> Result<Option<Work>> {
    let client = runtime.block_on(builder.connect_unix(socket))?;
    Ok(Some(Box::new(move |calls| {
        cpu::of_process(|| {
            runtime.block_on(async {
                if depth == 1 {
                    for _ in 0..calls {
                        client.execute(QueryVersion::new()).await?;
                    }
                    return Ok(());
                }
                let mut pending = VecDeque::new();
                for _ in 0..calls {
                    if pending.len() == depth
                        && let Some(first) = pending.pop_front()
                    {
                        client::Pending::wait(first).await?;
                    }
                    pending.push_back(client.call(QueryVersion::new()).start()?);
                }
                for pending in pending {
                    pending.wait().await?;
                }
                Ok(())
            })
        })
    })))
}

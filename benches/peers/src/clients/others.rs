//! Other people's clients in Rust.

use super::{Work, ours};
use crate::Result;
use crate::cpu;
use qapi::qmp::query_version;
use serde_json::Value;
use std::io::BufReader;
use std::os::unix::net::UnixStream;
use std::path::Path;

pub fn qapi_blocking(socket: &Path, _: usize) -> Result<Option<Work>> {
    let stream = UnixStream::connect(socket)?;
    // It reads and writes through one buffer each.
    let reader = BufReader::new(stream.try_clone()?);
    let mut qmp = qapi::Qmp::new(qapi::Stream::new(reader, stream));
    qmp.handshake()?;
    Ok(Some(Box::new(move |calls| {
        cpu::of_process(|| {
            for _ in 0..calls {
                qmp.execute(&query_version {})?;
            }
            Ok(())
        })
    })))
}

pub fn qapi_tokio(socket: &Path, _: usize) -> Result<Option<Work>> {
    let runtime = ours::one_thread()?;
    let service = runtime.block_on(async {
        let stream = qapi::futures::QmpStreamTokio::open_uds(socket).await?;
        let (service, _task) = stream.negotiate().await?.spawn_tokio();
        std::io::Result::Ok(service)
    })?;
    Ok(Some(Box::new(move |calls| {
        cpu::of_process(|| {
            runtime.block_on(async {
                for _ in 0..calls {
                    service.execute(query_version {}).await?;
                }
                Ok(())
            })
        })
    })))
}

pub fn qmp(socket: &Path, depth: usize) -> Result<Option<Work>> {
    let runtime = ours::one_thread()?;
    let client = runtime.block_on(qmp::Client::connect(qmp::Endpoint::unix(socket)))?;
    Ok(Some(Box::new(move |calls| {
        cpu::of_process(|| {
            runtime.block_on(async {
                let some = |count| {
                    let client = client.clone();
                    async move {
                        for _ in 0..count {
                            let none = Option::<()>::None;
                            let _: Value = client.execute("query-version", none).await?;
                        }
                        qmp::Result::Ok(())
                    }
                };
                let tasks: Vec<_> = (0..depth)
                    .map(|_| tokio::spawn(some(calls / depth)))
                    .collect();
                for task in tasks {
                    task.await??;
                }
                Ok(())
            })
        })
    })))
}

//! Loops that write requests and read until as many lines have ended: what no client can do without.

use super::Work;
use crate::Result;
use crate::cpu;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::runtime::Runtime;

const REQUEST: &[u8] = b"{\"execute\":\"query-version\"}\n";
const NEGOTIATION: &[u8] = b"{\"execute\":\"qmp_capabilities\"}\n";
const NEGOTIATION_OOB: &[u8] =
    b"{\"execute\":\"qmp_capabilities\",\"arguments\":{\"enable\":[\"oob\"]}}\n";

fn open(socket: &Path, negotiation: &[u8]) -> Result<UnixStream> {
    let mut stream = UnixStream::connect(socket)?;
    let mut line = String::new();
    let mut reader = BufReader::new(stream.try_clone()?);
    reader.read_line(&mut line)?;
    stream.write_all(negotiation)?;
    reader.read_line(&mut line)?;
    Ok(stream)
}

/// How many lines end in what was read.
fn ended(read: &[u8]) -> Result<usize> {
    if read.is_empty() {
        return Err("the server has gone".into());
    }
    Ok(read.iter().filter(|&&byte| byte == b'\n').count())
}

pub fn blocking(socket: &Path, depth: usize) -> Result<Option<Work>> {
    with(open(socket, NEGOTIATION)?, depth, REQUEST.repeat(depth))
}

pub fn blocking_with_ids(socket: &Path, depth: usize) -> Result<Option<Work>> {
    with(open(socket, NEGOTIATION)?, depth, with_ids(depth))
}

pub fn blocking_with_oob(socket: &Path, depth: usize) -> Result<Option<Work>> {
    with(open(socket, NEGOTIATION_OOB)?, depth, with_ids(depth))
}

fn with_ids(depth: usize) -> Vec<u8> {
    let request = |id| format!("{{\"execute\":\"query-version\",\"id\":{id}}}\n");
    (0..depth).map(request).collect::<String>().into_bytes()
}

fn with(mut stream: UnixStream, depth: usize, requests: Vec<u8>) -> Result<Option<Work>> {
    let mut buffer = vec![0; 64 << 10];
    Ok(Some(Box::new(move |calls| {
        cpu::of_process(|| {
            for _ in 0..calls / depth {
                stream.write_all(&requests)?;
                let mut lines = 0;
                while lines < depth {
                    let count = stream.read(&mut buffer)?;
                    lines += ended(&buffer[..count])?;
                }
            }
            Ok(())
        })
    })))
}

pub fn tokio(socket: &Path, depth: usize) -> Result<Option<Work>> {
    on(super::ours::one_thread()?, socket, depth)
}

pub fn tokio_threads(socket: &Path, depth: usize) -> Result<Option<Work>> {
    on(super::ours::two_threads()?, socket, depth)
}

fn on(runtime: Runtime, socket: &Path, depth: usize) -> Result<Option<Work>> {
    let stream = open(socket, NEGOTIATION)?;
    stream.set_nonblocking(true)?;
    let guard = runtime.enter();
    let mut stream = ::tokio::net::UnixStream::from_std(stream)?;
    drop(guard);
    let mut buffer = vec![0; 64 << 10];
    let requests = REQUEST.repeat(depth);
    Ok(Some(Box::new(move |calls| {
        cpu::of_process(|| {
            runtime.block_on(async {
                for _ in 0..calls / depth {
                    stream.write_all(&requests).await?;
                    let mut lines = 0;
                    while lines < depth {
                        let count = stream.read(&mut buffer).await?;
                        lines += ended(&buffer[..count])?;
                    }
                }
                Ok(())
            })
        })
    })))
}

//! The servers, driven step by step.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use qapi_rt::server::{Server, blocking};
use qapi_rt::service::{Answer, Control, Dispatch};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::runtime::Runtime;

/// A server, and the other ends of its connections.
pub(super) trait Host {
    fn control(&self) -> Control;
    fn connect(&mut self);
    /// Says how many bytes there is room for.
    fn send(&mut self, client: usize, bytes: &[u8]) -> usize;
    fn read(&mut self, client: usize, most: usize) -> Vec<u8>;
    fn hang_up(&mut self, client: usize);
    /// Does all that can be done.
    fn pump(&mut self);
    /// How many clients it has.
    fn clients(&self) -> usize;
}

pub(super) struct Threadless<D: Dispatch> {
    pub(super) server: blocking::Server<D>,
    pub(super) streams: Vec<Option<UnixStream>>,
}

impl<D: Dispatch<Answer = Answer>> Host for Threadless<D> {
    fn control(&self) -> Control {
        self.server.control().clone()
    }

    fn connect(&mut self) {
        let stream = self.server.connect().unwrap();
        stream.set_nonblocking(true).unwrap();
        self.streams.push(Some(stream));
    }

    fn send(&mut self, client: usize, bytes: &[u8]) -> usize {
        let stream = self.streams[client].as_mut().unwrap();
        stream.write_all(bytes).unwrap();
        bytes.len()
    }

    fn read(&mut self, client: usize, most: usize) -> Vec<u8> {
        let mut bytes = vec![0; most];
        let stream = self.streams[client].as_mut().unwrap();
        let count = stream.read(&mut bytes).unwrap_or(0);
        bytes.truncate(count);
        bytes
    }

    fn hang_up(&mut self, client: usize) {
        self.streams[client] = None;
    }

    fn pump(&mut self) {
        for _ in 0..12 {
            assert!(self.server.process().unwrap());
        }
    }

    fn clients(&self) -> usize {
        self.server.clients()
    }
}

pub(super) struct Tasks<'a, D: Dispatch<Answer = Answer> + Send + Sync> {
    pub(super) runtime: &'a Runtime,
    pub(super) server: Server<D>,
    /// Tasks that are there without clients.
    pub(super) others: usize,
    pub(super) room: usize,
    pub(super) streams: Vec<Option<DuplexStream>>,
}

impl<D: Dispatch<Answer = Answer> + Send + Sync> Host for Tasks<'_, D> {
    fn control(&self) -> Control {
        self.server.control().clone()
    }

    fn connect(&mut self) {
        let (ours, theirs) = tokio::io::duplex(self.room);
        let _in_runtime = self.runtime.enter();
        self.server.serve(theirs);
        self.streams.push(Some(ours));
    }

    fn send(&mut self, client: usize, bytes: &[u8]) -> usize {
        let stream = self.streams[client].as_mut().unwrap();
        self.runtime.block_on(async {
            let mut sent = 0;
            while sent < bytes.len() {
                // The server may not be reading, as it has too much to do.
                let write = stream.write(&bytes[sent..]);
                match tokio::time::timeout(Duration::from_millis(1), write).await {
                    Ok(count) => sent += count.unwrap(),
                    Err(_) => break,
                }
            }
            sent
        })
    }

    fn read(&mut self, client: usize, most: usize) -> Vec<u8> {
        let mut bytes = vec![0; most];
        let stream = self.streams[client].as_mut().unwrap();
        let read = self.runtime.block_on(async {
            tokio::time::timeout(Duration::from_millis(1), stream.read(&mut bytes)).await
        });
        bytes.truncate(read.map_or(0, Result::unwrap));
        bytes
    }

    fn hang_up(&mut self, client: usize) {
        self.streams[client] = None;
    }

    fn pump(&mut self) {
        // Virtual time passes when there is nothing to be done.
        let time = async { tokio::time::sleep(Duration::from_millis(1)).await };
        self.runtime.block_on(time);
    }

    fn clients(&self) -> usize {
        self.runtime.metrics().num_alive_tasks() - self.others
    }
}

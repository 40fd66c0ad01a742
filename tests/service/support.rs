//! Servers of both kinds in threads, and a client that reads lines.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use qapi_rt::server::{Listener, Options, Server, blocking};
use qapi_rt::service::{Answer, Control, Dispatch};
use serde_json::Value;

/// What a test waits for at most before it fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Tokio,
    Blocking,
}

/// Runs a test against servers of both kinds.
macro_rules! both {
    ($($name:ident($kind:ident) $body:block)*) => {$(
        mod $name {
            use super::*;

            fn test($kind: Kind) $body

            #[test]
            fn tokio() {
                test(Kind::Tokio);
            }

            #[test]
            fn blocking() {
                test(Kind::Blocking);
            }
        }
    )*};
}
pub(crate) use both;

/// A server in a thread. Dropping it ends it.
pub(crate) struct Running {
    pub(crate) control: Control,
    clients: mpsc::Receiver<UnixStream>,
    thread: Option<JoinHandle<()>>,
}

/// Serves `clients` sockets of this process, and whoever comes to the listeners.
pub(crate) fn start<D: Dispatch<Answer = Answer> + Send + Sync>(
    kind: Kind,
    dispatch: D,
    options: Options,
    listeners: Vec<Listener>,
    clients: usize,
) -> Running {
    let (send, receive) = mpsc::channel();
    let (ready, is_ready) = mpsc::channel();
    let thread = std::thread::spawn(move || match kind {
        Kind::Tokio => {
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let server = Server::new(dispatch, options);
                ready.send(server.control().clone()).unwrap();
                for listener in listeners {
                    server.listen(listener).unwrap();
                }
                for _ in 0..clients {
                    let client = server.connect().unwrap().into_std().unwrap();
                    client.set_nonblocking(false).unwrap();
                    send.send(client).unwrap();
                }
                server.run().await;
            });
        }
        Kind::Blocking => {
            let mut server = blocking::Server::new(dispatch, options).unwrap();
            ready.send(server.control().clone()).unwrap();
            for listener in listeners {
                server.listen(listener).unwrap();
            }
            for _ in 0..clients {
                send.send(server.connect().unwrap()).unwrap();
            }
            server.run().unwrap();
        }
    });
    Running {
        control: is_ready.recv_timeout(PATIENCE).unwrap(),
        clients: receive,
        thread: Some(thread),
    }
}

impl Running {
    /// The next client; its greeting is still to come.
    pub(crate) fn connect(&self) -> Client {
        Client::new(self.clients.recv_timeout(PATIENCE).unwrap())
    }

    /// The next client, in command mode.
    pub(crate) fn client(&self) -> Client {
        let mut client = self.connect();
        client.negotiate();
        client
    }

    /// Waits until the server has ended by itself.
    pub(crate) fn join(mut self) {
        self.thread.take().unwrap().join().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.control.shut_down();
        if let Some(thread) = self.thread.take() {
            // A failure of its own matters only if the test did not fail before.
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking());
        }
    }
}

pub(crate) struct Client {
    pub(crate) stream: UnixStream,
    buffer: Vec<u8>,
}

impl Client {
    pub(crate) fn new(stream: UnixStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        let buffer = Vec::new();
        Self { stream, buffer }
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).unwrap();
    }

    /// The next line as it came, without its end; `None` at the end of the connection.
    pub(crate) fn line(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = self.buffer.drain(..=end).collect();
                line.truncate(line.trim_ascii_end().len());
                return Some(line);
            }
            let mut chunk = [0; 4096];
            match self.stream.read(&mut chunk) {
                Ok(0) => return None,
                Ok(count) => self.buffer.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("nothing came: {error}"),
            }
        }
    }

    /// The next message; events without their timestamp.
    pub(crate) fn message(&mut self) -> Value {
        let line = self.line().expect("the connection is still there");
        let mut message: Value = serde_json::from_slice(&line).unwrap();
        if let Some(object) = message.as_object_mut() {
            object.remove("timestamp");
        }
        message
    }

    pub(crate) fn call(&mut self, text: &str) -> Value {
        self.send(text);
        self.message()
    }

    pub(crate) fn negotiate(&mut self) {
        let greeting = self.message();
        assert!(greeting.get("QMP").is_some(), "{greeting}");
        let reply = self.call("{'execute': 'qmp_capabilities'}");
        assert_eq!(reply, serde_json::json!({"return": {}}));
    }
}

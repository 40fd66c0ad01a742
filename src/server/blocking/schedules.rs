//! A server and the threads around it in orders that chance would not find: those that complete deferred replies, emit events,
//! and end it. Nobody waits for a time here: if nobody is woken, nothing goes on, until shuttle gives up.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags, poll};
use serde_json::{Value, json};
use shuttle::rand::{Rng as _, thread_rng};
use shuttle::sync::Mutex;
use shuttle::thread;

use super::Server;
use crate::schedules::schedules;
use crate::server::Options;
use crate::service::{Completer, Control, Router, deferred};
use crate::types::Object;

/// Replies that are to be given.
#[derive(Clone, Default)]
struct Later(Arc<Mutex<VecDeque<Completer<Value>>>>);

impl Later {
    fn router(&self) -> Router {
        let later = self.clone();
        Router::new()
            .on_raw("later", move |_, _| {
                let (completer, reply) = deferred();
                later.0.lock().unwrap().push_back(completer);
                reply
            })
            .on_raw("now", |_, _| async { Ok(json!("now")) })
    }

    /// Completes one of them, or has its client told that nobody will.
    fn complete(&self) {
        loop {
            let next = {
                let mut waiting = self.0.lock().unwrap();
                let count = waiting.len();
                (count > 0).then(|| waiting.remove(thread_rng().gen_range(0..count)))
            };
            match next.flatten() {
                Some(completer) if thread_rng().gen_range(0..4) == 0 => drop(completer),
                Some(completer) => completer.complete(Ok(json!("later"))),
                None => {
                    thread::yield_now();
                    continue;
                }
            }
            return;
        }
    }
}

/// Runs a server as an event loop does: when its descriptor is readable.
fn serve(mut server: Server<Router>) {
    loop {
        let is_readable = {
            let mut fds = [PollFd::new(&server, PollFlags::IN)];
            poll(&mut fds, Some(&Default::default())).unwrap() > 0
        };
        match is_readable {
            true if !server.process().unwrap() => return,
            true => {}
            false => thread::yield_now(),
        }
    }
}

/// A client, which waits for what it reads.
struct Client {
    stream: UnixStream,
    received: Vec<u8>,
}

impl Client {
    fn of(server: &mut Server<Router>) -> Self {
        let stream = server.connect().unwrap();
        stream.set_nonblocking(true).unwrap();
        Self {
            stream,
            received: Vec::new(),
        }
    }

    fn send(&mut self, request: &Value) {
        self.stream
            .write_all(format!("{request}\n").as_bytes())
            .unwrap();
    }

    /// The next message; `None` at the end.
    fn receive(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.received.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.received.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).unwrap());
            }
            let mut some = [0; 512];
            match self.stream.read(&mut some) {
                Ok(0) => return None,
                // It has ended, and did not read all.
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
                Ok(count) => self.received.extend_from_slice(&some[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::yield_now(),
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn negotiate(&mut self) {
        assert!(self.receive().unwrap().get("QMP").is_some());
        self.send(&json!({"execute": "qmp_capabilities", "id": "negotiated"}));
        let reply = self.receive().unwrap();
        assert_eq!(reply, json!({"return": {}, "id": "negotiated"}));
    }
}

#[test]
fn every_reply_and_event_comes() {
    const EVENTS: usize = 2;
    schedules(|| {
        let later = Later::default();
        let mut server = Server::new(later.router(), Options::qmp()).unwrap();
        let mut clients: Vec<Client> = (0..2).map(|_| Client::of(&mut server)).collect();
        let control = server.control().clone();
        let server = thread::spawn(move || serve(server));
        clients.iter_mut().for_each(Client::negotiate);
        let clients: Vec<_> = clients
            .into_iter()
            .map(|client| thread::spawn(move || ask(client, EVENTS)))
            .collect();
        let completing = later.clone();
        let completing = thread::spawn(move || (0..2).for_each(|_| completing.complete()));
        let emitting = control.clone();
        let emitting = thread::spawn(move || emit(&emitting, EVENTS));
        (0..2).for_each(|_| later.complete());
        completing.join().unwrap();
        emitting.join().unwrap();
        let clients: Vec<Client> = clients.into_iter().map(|it| it.join().unwrap()).collect();
        control.shut_down();
        server.join().unwrap();
        for mut client in clients {
            assert_eq!(client.receive(), None);
        }
    });
}

fn emit(control: &Control, count: usize) {
    for number in 0..count {
        let mut data = Object::new();
        data.insert("number".to_owned(), number.into());
        control.events().emit_raw("E", &data);
    }
}

/// Has commands executed, two of which are answered later, until all replies and events have come.
fn ask(mut client: Client, events: usize) -> Client {
    for (id, name) in ["later", "now", "later"].iter().enumerate() {
        client.send(&json!({"execute": name, "id": id}));
    }
    let (mut replies, mut numbers) = (Vec::new(), Vec::new());
    while replies.len() < 3 || numbers.len() < events {
        let message = client.receive().expect("the server goes on");
        match message["data"]["number"].as_u64() {
            Some(number) => numbers.push(number as usize),
            None => {
                let abandoned = "The command was abandoned";
                let name = ["later", "now", "later"][replies.len()];
                assert!(
                    message["return"] == name
                        || name == "later" && message["error"]["desc"] == abandoned,
                    "{message}"
                );
                replies.push(message["id"].as_u64().unwrap() as usize);
            }
        }
    }
    assert_eq!(replies, [0, 1, 2]);
    assert_eq!(numbers, (0..events).collect::<Vec<_>>());
    client
}

#[test]
fn who_leaves_while_its_command_executes_holds_nobody_up() {
    schedules(|| {
        let later = Later::default();
        let mut server = Server::new(later.router(), Options::qmp()).unwrap();
        let mut leaving = Client::of(&mut server);
        let mut staying = Client::of(&mut server);
        let control = server.control().clone();
        let server = thread::spawn(move || serve(server));
        let leaving = thread::spawn(move || {
            leaving.negotiate();
            leaving.send(&json!({"execute": "later"}));
        });
        let completing = later.clone();
        let completing = thread::spawn(move || completing.complete());
        staying.negotiate();
        staying.send(&json!({"execute": "now"}));
        assert_eq!(staying.receive(), Some(json!({"return": "now"})));
        leaving.join().unwrap();
        completing.join().unwrap();
        control.shut_down();
        assert_eq!(staying.receive(), None);
        server.join().unwrap();
    });
}

#[test]
fn a_server_is_ended_at_any_moment() {
    schedules(|| {
        let later = Later::default();
        let mut server = Server::new(later.router(), Options::qmp()).unwrap();
        let mut client = Client::of(&mut server);
        let control = server.control().clone();
        let server = thread::spawn(move || serve(server));
        let ending = thread::spawn(move || {
            control.events().emit_raw("E", &Object::new());
            control.shut_down();
        });
        assert!(
            client
                .receive()
                .is_none_or(|message| message.get("QMP").is_some())
        );
        let _ = client
            .stream
            .write_all(b"{'execute': 'qmp_capabilities'}\n{'execute': 'now'}\n");
        while client.receive().is_some() {}
        ending.join().unwrap();
        server.join().unwrap();
    });
}

#[test]
fn a_server_without_clients_is_ended_at_any_moment() {
    schedules(|| {
        let server = Server::new(Later::default().router(), Options::qmp()).unwrap();
        let control = server.control().clone();
        let server = thread::spawn(move || serve(server));
        control.shut_down();
        server.join().unwrap();
    });
}

//! Histories of servers: several clients whose requests come in pieces, commands that are answered later and in any order,
//! events, clients that leave. The servers are the real ones, driven step by step.

mod client;
mod hosts;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use qapi_rt::qmp::commands::Yank;
use qapi_rt::server::{Options, Server, blocking};
use qapi_rt::service::{Call, Completer, Router, deferred};
use qapi_rt::types::{Empty, ErrorReply, Object, Value as Reply};
use serde_json::{Value, json};

use crate::model::runner;
use crate::model::subject::Check;
use client::{Client, Due, Request};
use hosts::{Host, Tasks, Threadless};

const CLIENTS: usize = 4;

#[derive(Clone, Copy, Debug)]
enum Step {
    Connect {
        oob: bool,
    },
    Request {
        client: u8,
        oob: bool,
    },
    /// So many bytes of its requests come to the server.
    Send {
        client: u8,
        most: u16,
    },
    Read {
        client: u8,
        most: u16,
    },
    /// A command ends, with success, an error, or because it is forgotten.
    Complete {
        which: u8,
        how: u8,
    },
    Emit,
    HangUp {
        client: u8,
    },
}

fn step() -> impl Strategy<Value = Step> {
    (any::<u8>(), any::<u8>(), any::<u16>()).prop_map(|(kind, which, number)| {
        let client = which;
        let most = 1 + number % (1 << (number % 11));
        match kind {
            0..12 => Step::Connect {
                oob: number % 2 == 0,
            },
            12..80 => Step::Request {
                client,
                oob: number % 3 == 0,
            },
            80..130 => Step::Send { client, most },
            130..170 => Step::Read { client, most },
            170..230 => Step::Complete {
                which,
                how: (number % 8) as u8,
            },
            230..248 => Step::Emit,
            248.. => Step::HangUp { client },
        }
    })
}

/// A command in execution, as its handler was told of it.
enum Completion {
    InBand(Completer<Reply>),
    OutOfBand(Completer<Empty>),
}

struct Started {
    client: usize,
    request: usize,
    oob: bool,
    completion: Completion,
}

#[derive(Clone, Default)]
struct Machine(Arc<Mutex<Vec<Started>>>);

impl Machine {
    fn started(&self, call: &Call, oob: bool, completion: Completion) {
        let id = call.id().expect("all requests have ids");
        let number = |n: usize| usize::try_from(id[n].as_i64().unwrap()).unwrap();
        let (client, request) = (number(0), number(1));
        self.0.lock().unwrap().push(Started {
            client,
            request,
            oob,
            completion,
        });
    }

    fn router(&self) -> Router {
        let (in_band, out_of_band) = (self.clone(), self.clone());
        Router::new()
            .on(move |call, _: Yank| {
                let (completer, done) = deferred::<Empty>();
                let oob = call.is_out_of_band();
                out_of_band.started(&call, oob, Completion::OutOfBand(completer));
                async move { done.await.map(|_| ()) }
            })
            .fallback(move |call, _: Object| {
                let (completer, done) = deferred::<Reply>();
                in_band.started(&call, false, Completion::InBand(completer));
                done
            })
    }
}

struct World<H> {
    host: H,
    machine: Machine,
    concurrent: bool,
    executing: Vec<Started>,
    clients: Vec<Client>,
    events: u32,
}

impl<H: Host> World<H> {
    fn play(&mut self, steps: &[Step]) -> Check {
        self.step(Step::Connect { oob: true })?;
        for step in steps {
            self.step(*step)?;
        }
        // Everything is sent, executed and read.
        for _ in 0..self
            .clients
            .iter()
            .map(|client| client.requests.len())
            .sum::<usize>()
            + 2
        {
            for client in 0..self.clients.len() {
                let client = u8::try_from(client).unwrap();
                self.step(Step::Send {
                    client,
                    most: u16::MAX,
                })?;
                self.step(Step::Read {
                    client,
                    most: u16::MAX,
                })?;
            }
            self.step(Step::Complete { which: 0, how: 0 })?;
        }
        while !self.executing.is_empty() {
            self.step(Step::Complete { which: 0, how: 0 })?;
        }
        for (number, client) in self.clients.iter().enumerate().filter(|(_, c)| !c.gone) {
            let unanswered = client.requests.iter().position(|request| !request.answered);
            prop_assert_eq!(unanswered, None, "of client {}: {:?}", number, client);
            prop_assert!(client.negotiated && client.events.is_empty(), "{client:?}");
        }
        let present = self.clients.iter().filter(|client| !client.gone).count();
        prop_assert_eq!(self.host.clients(), present);
        Ok(())
    }

    fn step(&mut self, step: Step) -> Check {
        match step {
            Step::Connect { oob } if self.clients.len() < CLIENTS => self.connect(oob),
            Step::Request { client, oob } => self.request(client, oob),
            Step::Send { client, most } => {
                let Some(number) = self.pick(client) else {
                    return Ok(());
                };
                let client = &mut self.clients[number];
                let most = client.stream.len().min(client.sent + usize::from(most));
                let bytes = client.stream[client.sent..most].to_vec();
                client.sent += self.host.send(number, &bytes);
            }
            Step::Read { client, most } => {
                let Some(number) = self.pick(client) else {
                    return Ok(());
                };
                let mut left = usize::from(most);
                while left > 0 {
                    let bytes = self.host.read(number, left);
                    left -= bytes.len();
                    if bytes.is_empty() {
                        break;
                    }
                    self.received(number, &bytes)?;
                    self.host.pump();
                }
            }
            Step::Complete { which, how } => self.complete(which, how),
            Step::Emit => {
                self.events += 1;
                let data = Object::from_iter([("number".to_owned(), self.events.into())]);
                self.host.control().events().emit_raw("E", &data);
                for client in self.clients.iter_mut().filter(|client| client.is_open()) {
                    client.events.push_back(self.events);
                }
            }
            Step::HangUp { client } => {
                if let Some(number) = self.pick(client) {
                    self.clients[number].gone = true;
                    self.host.hang_up(number);
                }
            }
            Step::Connect { .. } => {}
        }
        self.host.pump();
        self.look()
    }

    fn pick(&self, which: u8) -> Option<usize> {
        let number = usize::from(which) % self.clients.len();
        (!self.clients[number].gone).then_some(number)
    }

    fn connect(&mut self, oob: bool) {
        self.host.connect();
        let enable = if oob { json!(["oob"]) } else { json!([]) };
        let arguments = json!({"enable": enable});
        let request = json!({"execute": "qmp_capabilities", "arguments": arguments, "id": "n"});
        let stream = request.to_string().into_bytes();
        self.clients.push(Client {
            oob,
            negotiation: stream.len(),
            stream,
            ..Client::default()
        });
    }

    fn request(&mut self, client: u8, oob: bool) {
        let Some(number) = self.pick(client) else {
            return;
        };
        let client = &mut self.clients[number];
        let oob = oob && client.oob;
        let id = json!([number, client.requests.len()]);
        let request = match oob {
            true => json!({"exec-oob": "yank", "arguments": {"instances": []}, "id": id}),
            false => json!({"execute": "x-command", "arguments": {"a": "}{"}, "id": id}),
        };
        client
            .stream
            .extend_from_slice(request.to_string().as_bytes());
        client.requests.push(Request {
            oob,
            end: client.stream.len(),
            started: false,
            due: None,
            answered: false,
        });
    }

    fn complete(&mut self, which: u8, how: u8) {
        if self.executing.is_empty() {
            return;
        }
        let started = self
            .executing
            .remove(usize::from(which) % self.executing.len());
        let due = match (&started.completion, how) {
            (_, 0) => Due::Error("The command was abandoned".to_owned()),
            (_, 1) => Due::Error("failed".to_owned()),
            (Completion::InBand(_), _) => Due::Return(json!(started.request)),
            (Completion::OutOfBand(_), _) => Due::Return(json!({})),
        };
        let request = &mut self.clients[started.client].requests[started.request];
        request.due = Some((due, self.events));
        match (started.completion, how) {
            (completion, 0) => drop(completion),
            (Completion::InBand(completer), 1) => {
                completer.complete(Err(ErrorReply::generic("failed")));
            }
            (Completion::OutOfBand(completer), 1) => {
                completer.complete(Err(ErrorReply::generic("failed")));
            }
            (Completion::InBand(completer), _) => {
                completer.complete(Ok(i64::try_from(started.request).unwrap().into()));
            }
            (Completion::OutOfBand(completer), _) => completer.complete(Ok(Empty::default())),
        }
    }

    /// What has begun.
    fn look(&mut self) -> Check {
        let begun = std::mem::take(&mut *self.machine.0.lock().unwrap());
        for started in begun {
            self.begun(&started)?;
            self.executing.push(started);
        }
        let idle = !self.executing.iter().any(|started| !started.oob);
        for (number, client) in self.clients.iter_mut().enumerate() {
            let waits = client.waits();
            prop_assert!(
                !(idle && waits),
                "client {number} waits for nothing: {client:?}"
            );
            if !waits {
                client.overtaken.clear();
            }
        }
        Ok(())
    }

    fn begun(&mut self, started: &Started) -> Check {
        let Started {
            client: number,
            request: index,
            oob,
            ..
        } = *started;
        let client = &self.clients[number];
        prop_assert!(
            client.sent >= client.negotiation,
            "nothing before negotiation"
        );
        prop_assert!(!client.executes(oob), "one after the other");
        let request = &client.requests[index];
        prop_assert!(!request.started && request.end <= client.sent && request.oob == oob);
        let earlier = client.requests[..index].iter().filter(|r| r.oob == oob);
        prop_assert!(earlier.clone().all(|r| r.started), "in order: {client:?}");
        if !oob && !self.concurrent {
            let others = self.executing.iter().filter(|started| !started.oob).count();
            prop_assert_eq!(others, 0, "one at a time");
            for (other, client) in self.clients.iter_mut().enumerate() {
                if other == number {
                    client.overtaken.clear();
                } else if client.waits() {
                    // One may have had its turn when this one came.
                    let turns = client.overtaken.iter().filter(|by| **by == number).count();
                    prop_assert!(turns < 2, "client {other} does not get its turn");
                    client.overtaken.push(number);
                }
            }
        }
        self.clients[number].requests[index].started = true;
        Ok(())
    }

    /// What a client reads.
    fn received(&mut self, number: usize, bytes: &[u8]) -> Check {
        let client = &mut self.clients[number];
        client.input.extend_from_slice(bytes);
        while let Some(end) = client.input.windows(2).position(|pair| pair == b"\r\n") {
            let line: Vec<u8> = client.input.drain(..end + 2).collect();
            let message: Value = serde_json::from_slice(&line).expect("a message");
            client.message(&message)?;
        }
        Ok(())
    }
}

fn histories<H: Host>(share: u32, new: impl Fn(Machine, Options, usize) -> H) {
    let script = (vec(step(), 0..90), any::<bool>(), 300..3000_usize);
    let outcome = runner(share).run(&script, |(steps, concurrent, room)| {
        let machine = Machine::default();
        let options = Options::qmp().concurrent(concurrent);
        let mut world = World {
            host: new(machine.clone(), options, room),
            machine,
            concurrent,
            executing: Vec::new(),
            clients: Vec::new(),
            events: 0,
        };
        world.play(&steps)
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

#[test]
fn the_model_foretells_the_blocking_server() {
    histories(4, |machine, options, _| Threadless {
        server: blocking::Server::new(machine.router(), options).unwrap(),
        streams: Vec::new(),
    });
}

#[test]
fn the_model_foretells_the_tokio_server() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    histories(4, |machine, options, room| {
        // What the server before this one left has gone by now.
        runtime.block_on(async { tokio::time::sleep(Duration::from_secs(5)).await });
        Tasks {
            runtime: &runtime,
            server: Server::new(machine.router(), options),
            // The one that sends events in time.
            others: runtime.metrics().num_alive_tasks() + 1,
            room,
            streams: Vec::new(),
        }
    });
}

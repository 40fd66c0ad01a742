//! What tests share that try threads and tasks in orders that chance would not find: a server that takes and gives a few bytes at a
//! time. No wait ends by its time here, so what nobody wakes is a deadlock, which fails the test.

use std::collections::VecDeque;
use std::io;
use std::task::Waker;

use shuttle::rand::{Rng as _, thread_rng};
use shuttle::sync::{Condvar, Mutex, MutexGuard};

use crate::events::Capacity;

/// What may be in the socket that the server has not taken: less than a request.
pub(crate) const ROOM: usize = 40;

pub(crate) const CAPACITY: Capacity = Capacity {
    events: 100,
    bytes: 1 << 20,
};

/// Tries a test in as many orders as `SCHEDULES` says.
pub(crate) fn schedules(test: impl Fn() + Send + Sync + 'static) {
    let wanted = std::env::var("SCHEDULES").ok();
    let count = wanted.map_or(1000, |count| count.parse().expect("a number"));
    shuttle::check_random(test, count);
}

/// Both ends of a socket.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    ends: Mutex<Ends>,
    changed: Condvar,
    /// What was requested, in this order.
    pub(crate) requests: Mutex<Vec<String>>,
}

#[derive(Debug, Default)]
pub(crate) struct Ends {
    to_server: VecDeque<u8>,
    to_client: VecDeque<u8>,
    /// The server is gone.
    has_ended: bool,
    is_closed: bool,
    /// Tasks of the client that wait for a change.
    tasks: Vec<Waker>,
}

impl Wire {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Ends> {
        self.ends.lock().unwrap()
    }

    /// Waits until the other side has done something.
    pub(crate) fn wait<'a>(&self, ends: MutexGuard<'a, Ends>) -> MutexGuard<'a, Ends> {
        self.changed.wait(ends).unwrap()
    }

    /// Does something of which those who wait are to hear.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Ends) -> T) -> T {
        let mut ends = self.lock();
        let result = change(&mut ends);
        let tasks = std::mem::take(&mut ends.tasks);
        drop(ends);
        tasks.into_iter().for_each(Waker::wake);
        self.changed.notify_all();
        result
    }

    /// Answers each request with its name, and tells of events.
    pub(crate) fn serve(&self, events: usize) {
        let mut told = 0..events;
        while let Some((name, id)) = self.request() {
            self.requests.lock().unwrap().push(name.clone());
            if let Some(number) = told.next() {
                let time = "\"timestamp\": {\"seconds\": 1, \"microseconds\": 0}";
                self.say(&format!("{{\"event\": \"E{number}\", {time}}}\n"));
            }
            self.say(&format!("{{\"return\": \"{name}\"{id}}}\n"));
        }
    }

    /// The name of the command that is requested next, and the id of the request; `None` if there is none any more.
    fn request(&self) -> Option<(String, String)> {
        let mut line = Vec::new();
        loop {
            let mut ends = self.lock();
            while ends.to_server.is_empty() {
                if ends.is_closed {
                    return None;
                }
                ends = self.wait(ends);
            }
            drop(ends);
            self.change(|ends| {
                while let Some(byte) = ends.to_server.pop_front() {
                    line.push(byte);
                    if byte == b'\n' {
                        break;
                    }
                }
            });
            if line.ends_with(b"\n") {
                let request: serde_json::Value = serde_json::from_slice(&line).unwrap();
                let name = request["execute"].as_str().unwrap().to_owned();
                let id = request.get("id").map(|id| format!(", \"id\": {id}"));
                return Some((name, id.unwrap_or_default()));
            }
        }
    }

    fn say(&self, text: &str) {
        self.change(|ends| ends.to_client.extend(text.bytes()));
    }

    pub(crate) fn cut(&self) {
        self.change(|ends| ends.has_ended = true);
    }

    pub(crate) fn close(&self) {
        self.change(|ends| ends.is_closed = true);
    }
}

impl Ends {
    pub(crate) fn is_over(&self) -> bool {
        self.has_ended || self.is_closed
    }

    pub(crate) fn is_readable(&self) -> bool {
        self.is_over() || !self.to_client.is_empty()
    }

    pub(crate) fn is_writable(&self) -> bool {
        self.is_over() || self.to_server.len() < ROOM
    }

    /// Some of what there is to read, nothing at the end.
    pub(crate) fn read(&mut self, room: usize) -> io::Result<Vec<u8>> {
        match room.min(self.to_client.len()) {
            0 if self.is_over() => Ok(Vec::new()),
            0 => Err(io::ErrorKind::WouldBlock.into()),
            most => Ok(self.to_client.drain(..some(most)).collect()),
        }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_over() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        match bytes.len().min(ROOM - self.to_server.len()) {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            most => {
                let count = some(most);
                self.to_server.extend(&bytes[..count]);
                Ok(count)
            }
        }
    }

    pub(crate) fn wake_later(&mut self, task: &Waker) {
        self.tasks.push(task.clone());
    }
}

fn some(most: usize) -> usize {
    thread_rng().gen_range(1..=most)
}

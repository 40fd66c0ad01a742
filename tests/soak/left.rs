//! Commands by the thousand that their clients leave, and commands that never end: what they hold is given back.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use qapi_rt::qmp::commands;
use qapi_rt::server::{Listener, Options, Server};
use qapi_rt::service::{Call, Completer, Router, deferred};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::descriptors::{SOON, file, pass};
use super::support::{Client, Kind, both, start};
use super::{Folder, Held, alone, runtime};

const CLIENTS: usize = 200;
const WAVES: usize = 10;
/// Waves after which threads have their heaps.
const WARM_UP: usize = 3;
/// What each command holds, in bytes.
const SIZE: usize = 100_000;
/// What memory may vary by: what the commands of a wave hold.
const SLACK: usize = CLIENTS * SIZE;
const REQUESTS: &str = "{'execute': 'stop'}{'execute': 'stop'}";
/// Short, where it is certain to pass.
const GRACE: Duration = Duration::from_millis(50);

/// What commands in execution share.
#[derive(Clone, Default)]
struct Commands {
    /// One is held by each that was begun and has not been dropped.
    alive: Arc<()>,
    waiting: Arc<Mutex<Vec<Completer<()>>>>,
}

impl Commands {
    fn alive(&self) -> usize {
        Arc::strong_count(&self.alive) - 1
    }

    /// Each holds memory and the descriptor that came with it while it waits.
    fn router(&self) -> Router {
        let Self { alive, waiting } = self.clone();
        let alive = Arc::downgrade(&alive);
        Router::new().on(move |call: Call, _: commands::Stop| {
            let (completer, done) = deferred();
            waiting.lock().unwrap().push(completer);
            let held = (alive.upgrade(), vec![1_u8; SIZE], call.take_fd());
            async move {
                let result = done.await;
                drop(held);
                result
            }
        })
    }

    #[track_caller]
    fn until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        let end = Instant::now() + SOON;
        while !condition(self) {
            let (alive, held) = (self.alive(), Held::now());
            assert!(Instant::now() < end, "{what}: {alive} commands, {held:?}");
            thread::yield_now();
        }
    }

    /// Clients that leave while their commands execute; those go on.
    fn left(&self, socket: &Path) {
        let file = [file("x")];
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let mut client = Client::new(UnixStream::connect(socket).unwrap());
                client.negotiate();
                pass(&client.stream, REQUESTS, &file);
                client
            })
            .collect();
        let begun = |commands: &Self| commands.waiting.lock().unwrap().len() == CLIENTS;
        self.until("all begin", begun);
        drop(clients);
    }
}

both! {
    what_commands_hold_is_given_back(kind) {
        let _alone = alone();
        let folder = Folder::new();
        let socket = folder.0.join("left");
        let commands = Commands::default();
        let before = Held::now();
        let options = Options::qmp().concurrent(true).grace(GRACE);
        let listener = Listener::unix(&socket).unwrap();
        let server = start(kind, commands.router(), options, vec![listener], 0);
        let mut warm = None;
        let idle = Held::now();
        for wave in 0..WAVES {
            commands.left(&socket);
            assert_eq!(commands.alive(), CLIENTS);
            // The second commands may begin: they came as a whole.
            commands.until("all end", |commands| {
                for completer in std::mem::take(&mut *commands.waiting.lock().unwrap()) {
                    completer.complete(Ok(()));
                }
                commands.alive() == 0 && Held::now().descriptors <= idle.descriptors
            });
            let now = Held::now();
            if wave == WARM_UP {
                warm = Some(now.memory);
            }
            let most = warm.map_or(usize::MAX, |warm| warm + SLACK);
            assert!(now.memory <= most, "{now:?}, of at most {most}");
        }
        // These never end, but with the server.
        commands.left(&socket);
        server.control.shut_down();
        server.join();
        commands.until("all are dropped", |commands| commands.alive() == 0);
        // Who completes them keeps what would wake the server.
        let waiting = std::mem::take(&mut *commands.waiting.lock().unwrap());
        assert!(waiting.iter().all(Completer::is_abandoned));
        drop(waiting);
        commands.until("all is closed", |_| Held::now().descriptors <= before.descriptors);
    }
}

/// The runtime goes on, and has no task of the server any more.
#[test]
fn no_task_of_a_server_is_left() {
    let _alone = alone();
    let runtime = runtime();
    let commands = Commands::default();
    runtime.block_on(async {
        let options = Options::qmp().concurrent(true).grace(GRACE);
        let server = Server::new(commands.router(), options);
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            let (mut client, theirs) = tokio::io::duplex(1 << 16);
            server.serve(theirs);
            let requests = format!("{{'execute': 'qmp_capabilities'}}{REQUESTS}");
            client.write_all(requests.as_bytes()).await.unwrap();
            clients.push(client);
        }
        while commands.waiting.lock().unwrap().len() < CLIENTS {
            tokio::task::yield_now().await;
        }
        // Half of the clients stay.
        let mut stay = clients.split_off(CLIENTS / 2);
        drop(clients);
        server.control().shut_down();
        server.run().await;
        for client in &mut stay {
            client.read_to_end(&mut Vec::new()).await.unwrap();
        }
    });
    commands.until("all are dropped", |commands| commands.alive() == 0);
    let tasks = || runtime.metrics().num_alive_tasks();
    commands.until("no task is left", |_| tasks() == 0);
}

//! A machine that is killed in the midst of jobs, migrations and plugging: of each call it is told truly whether it may have
//! been executed. The machine's own trace says what it got.
//!
//! `QAPI_KILLS` says at how many moments, three if not said.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use qapi_rt::types::Value;
use qapi_rt::{Client, Error, ErrorKind};
use qapi_tests::{Seeded, Source, peers};
use serde_json::json;

use crate::peers::setup::DEADLINE;

/// Machines are killed so many milliseconds after they were connected to, at most.
const LATEST: usize = 150;

/// How calls ended, by the number in each.
#[derive(Default)]
struct Told {
    last: AtomicUsize,
    calls: Mutex<HashMap<usize, Option<Result<Value, Error>>>>,
}

impl Told {
    fn next(&self) -> usize {
        self.last.fetch_add(1, Ordering::SeqCst)
    }

    /// Whether the connection is still there.
    async fn call(&self, client: &Client, number: usize, command: &str, arguments: Value) -> bool {
        self.calls.lock().unwrap().insert(number, None);
        let result = client.execute_raw(command, arguments).await;
        let goes_on = !result.as_ref().is_err_and(Error::is_disconnected);
        self.calls.lock().unwrap().insert(number, Some(result));
        goes_on
    }
}

/// Plugs disks and unplugs them.
async fn plug(client: Client, told: Arc<Told>) {
    loop {
        let [node, added, removed, deleted] = [(); 4].map(|()| told.next());
        let name = format!("n-{node}-");
        let id = format!("d-{added}-");
        let add = json!({"driver": "null-co", "node-name": name});
        let plug = json!({"driver": "scsi-hd", "drive": name, "id": id, "serial": "s"});
        let unplug = json!({"id": id, "serial": format!("r-{removed}-")});
        let delete = json!({"node-name": name, "x": format!("x-{deleted}-")});
        let all = [
            (node, "blockdev-add", add),
            (added, "device_add", plug),
            // With what it does not know, so that each request is told from all others.
            (removed, "device_del", unplug),
            (deleted, "blockdev-del", delete),
        ];
        for (number, command, arguments) in all {
            if !told.call(&client, number, command, arguments).await {
                return;
            }
        }
        let id = json!({"id": id});
        if client.execute_raw("device_del", id).await.is_err() {
            return;
        }
    }
}

/// Starts jobs that make images.
async fn make(client: Client, told: Arc<Told>, folder: String) {
    loop {
        let number = told.next();
        let options = json!({"driver": "file", "filename": format!("{folder}/i"), "size": 65536});
        let job = json!({"job-id": format!("j-{number}-"), "options": options});
        if !told.call(&client, number, "blockdev-create", job).await {
            return;
        }
        let id = json!({"id": format!("j-{number}-")});
        if client
            .execute_raw("job-dismiss", id)
            .await
            .is_err_and(|error| error.is_disconnected())
        {
            return;
        }
    }
}

/// Migrates into files, and cancels that.
async fn migrate(client: Client, told: Arc<Told>, folder: String) {
    loop {
        let number = told.next();
        let uri = json!({"uri": format!("file:{folder}/m-{number}-")});
        if !told.call(&client, number, "migrate", uri).await
            || client
                .execute_raw("migrate_cancel", Value::Null)
                .await
                .is_err()
        {
            return;
        }
    }
}

#[test]
fn every_outcome_is_told_truly() {
    let kills = std::env::var("QAPI_KILLS").map_or(3, |text| text.parse().unwrap());
    let mut source = Seeded(u64::from(std::process::id()));
    let mut counts = [0; 4];
    for _ in 0..kills {
        let Some(launch) = peers::qemu("q35") else {
            return;
        };
        let log = launch.path("log");
        let launch = launch.args(["-m", "16", "-S", "-device", "virtio-scsi-pci"]);
        let launch = launch
            .args(["-trace", "handle_qmp_command", "-D"])
            .arg(&log);
        let mut server = launch.start();
        let folder = log.parent().unwrap().to_str().unwrap().to_owned();
        let told = Arc::new(Told::default());
        let runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = { runtime }.worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let builder = Client::builder().oob(source.below(2) == 0);
            let builder = builder.deadline(DEADLINE).connect_deadline(DEADLINE);
            let client = builder.connect_unix(server.socket()).await.unwrap();
            let moment = Duration::from_millis(source.below(LATEST) as u64);
            let tasks = [
                tokio::spawn(plug(client.clone(), Arc::clone(&told))),
                tokio::spawn(plug(client.clone(), Arc::clone(&told))),
                tokio::spawn(make(client.clone(), Arc::clone(&told), folder.clone())),
                tokio::spawn(migrate(client.clone(), Arc::clone(&told), folder)),
            ];
            tokio::time::sleep(moment).await;
            server.kill();
            let killed = Instant::now();
            for task in tasks {
                task.await.unwrap();
            }
            assert!(killed.elapsed() < DEADLINE, "calls end with the machine");
            // None of a machine that is gone.
            let number = told.next();
            told.call(&client, number, "stop", Value::Null).await;
            let calls = told.calls.lock().unwrap();
            let after = calls[&number].as_ref().unwrap().as_ref().unwrap_err();
            assert!(matches!(after.kind(), ErrorKind::Closed), "{after}");
        });
        let log = std::fs::read_to_string(log).unwrap();
        for (number, result) in told.calls.lock().unwrap().iter() {
            let arrived = log.contains(&format!("-{number}-\""));
            let result = result.as_ref().expect("each call has ended");
            let kind = match result {
                Ok(_) => 0,
                Err(error) if error.reply().is_some() => 0,
                Err(error) if !error.maybe_executed() => 1,
                Err(error) => {
                    assert!(matches!(error.kind(), ErrorKind::OutcomeUnknown), "{error}");
                    if arrived { 2 } else { 3 }
                }
            };
            match kind {
                0 => assert!(
                    arrived,
                    "call {number} was answered and not asked: {result:?}"
                ),
                1 => assert!(!arrived, "call {number} was not sent: {result:?}"),
                _ => {}
            }
            counts[kind] += 1;
        }
    }
    let [answered, unsent, arrived, lost] = counts;
    peers::tell(&format!(
        "{kills} machines killed: {answered} calls answered, {unsent} not sent, of unknown outcome {arrived} that came to the \
         machine and {lost} that did not"
    ));
}

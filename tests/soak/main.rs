//! A server under load, and over time; connections that are cut off; descriptors; commands that are left. What this process holds
//! is counted, so that one test runs at a time.
#![cfg(target_os = "linux")]

mod cuts;
mod descriptors;
mod left;
mod lives;
mod load;
#[allow(dead_code, reason = "it is shared with other tests")]
#[path = "../service/support.rs"]
mod support;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use qapi_rt::qmp::{RunState, Service, StatusInfo, commands, events};
use qapi_rt::service::{Call, Result as Reply};

/// Held by the test that runs.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    let guard = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    // From a process's first runtime on tokio keeps a pair of sockets, if it has to do with signals.
    drop(runtime());
    guard
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap()
}

/// A number of the environment.
fn wanted(name: &str, otherwise: usize) -> usize {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

/// How long a test goes on.
fn seconds(otherwise: usize) -> Duration {
    Duration::from_secs(wanted("SOAK_SECONDS", otherwise) as u64)
}

#[derive(Default)]
struct Machine {
    stops: AtomicUsize,
}

impl Service for Machine {
    const EVENTS: &'static [&'static str] = &["STOP"];

    async fn query_status(&self, _: &Call, _: commands::QueryStatus) -> Reply<StatusInfo> {
        Ok(StatusInfo::new(true, RunState::Running))
    }

    async fn stop(&self, call: &Call, _: commands::Stop) -> Reply<()> {
        self.stops.fetch_add(1, Ordering::SeqCst);
        call.emit(&events::Stop::new());
        Ok(())
    }

    async fn getfd(&self, call: &Call, _: commands::Getfd) -> Reply<()> {
        assert!(call.take_fd().is_some(), "a descriptor came with it");
        Ok(())
    }
}

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("qapi-soak-{}", std::process::id()));
        std::fs::create_dir(&path).expect("a folder can be made");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What this process holds.
#[derive(Debug)]
struct Held {
    /// Resident memory, in bytes.
    memory: usize,
    descriptors: usize,
    threads: usize,
}

impl Held {
    fn now() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
        let number = |key: &str| -> usize {
            let line = status.lines().find_map(|line| line.strip_prefix(key));
            let word = line.and_then(|rest| rest.split_whitespace().next());
            word.and_then(|word| word.parse().ok()).expect("a number")
        };
        Self {
            memory: number("VmRSS:") << 10,
            descriptors: std::fs::read_dir("/proc/self/fd").expect("Linux").count(),
            threads: number("Threads:"),
        }
    }
}

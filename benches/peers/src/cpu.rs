//! CPU time, which other processes on the machine disturb less than the clock.

use crate::Result;
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeVal;
use nix::time::{ClockId, clock_gettime};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a process cost, with all processes that it waited for.
#[derive(Clone, Copy)]
pub struct Cost {
    /// User and system time in seconds.
    pub cpu: f64,
    /// Elapsed time in seconds.
    pub wall: f64,
}

/// Runs a command to its end, its output discarded. It has to succeed.
pub fn run(command: &mut Command) -> Result<Cost> {
    run_until(command, 0)
}

/// Runs a command that has to end with this status.
pub fn run_until(command: &mut Command, status: i32) -> Result<Cost> {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(Stdio::piped());
    let before = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let start = Instant::now();
    let output = command.spawn()?.wait_with_output()?;
    let wall = start.elapsed().as_secs_f64();
    let after = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    if output.status.code() != Some(status) {
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{command:?}: {}\n{text}", output.status).into());
    }
    let cpu = seconds(&after) - seconds(&before);
    Ok(Cost { cpu, wall })
}

/// What this process, all its threads, spends on something.
pub fn of_process(work: impl FnOnce() -> Result<()>) -> Result<Cost> {
    let meter = Meter::start()?;
    work()?;
    meter.stop()
}

/// Measures what this process spends from one moment to another.
pub struct Meter {
    before: Usage,
    start: Instant,
}

impl Meter {
    pub fn start() -> Result<Self> {
        Ok(Self {
            before: getrusage(UsageWho::RUSAGE_SELF)?,
            start: Instant::now(),
        })
    }

    pub fn stop(self) -> Result<Cost> {
        let wall = self.start.elapsed().as_secs_f64();
        let after = getrusage(UsageWho::RUSAGE_SELF)?;
        let cpu = seconds(&after) - seconds(&self.before);
        Ok(Cost { cpu, wall })
    }
}

/// The most memory that any process waited for has had, in bytes.
pub fn peak_of_children() -> Result<i64> {
    Ok(getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss() << 10)
}

fn seconds(usage: &Usage) -> f64 {
    let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    seconds(usage.user_time()) + seconds(usage.system_time())
}

/// The time that this thread has run.
pub fn thread() -> Duration {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID);
    time.expect("Linux has this clock").into()
}

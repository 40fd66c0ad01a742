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

/// The argument that makes this program say how much memory a command takes; the command follows.
pub const PEAK: &str = "peak";

/// The most memory that any process of a command has, in bytes. However the command ends is good.
pub fn peak(command: &Command) -> Result<f64> {
    // In a process of its own, since the most is that of all processes that were ever waited for.
    let mut measuring = Command::new(std::env::current_exe()?);
    measuring.arg(PEAK).arg(command.get_program());
    measuring.args(command.get_args());
    for (name, value) in command.get_envs() {
        measuring.env(name, value.unwrap_or_default());
    }
    let output = measuring.output()?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// What a command costs, and the most memory in bytes that any process of it has.
pub fn with_peak(command: &Command) -> Result<(Cost, f64)> {
    let before = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let start = Instant::now();
    let peak = peak(command)?;
    let wall = start.elapsed().as_secs_f64();
    let cpu = seconds(&getrusage(UsageWho::RUSAGE_CHILDREN)?) - seconds(&before);
    Ok((Cost { cpu, wall }, peak))
}

/// Runs a command, and prints what [`peak`] gives.
pub fn print_peak(command: &[String]) -> Result<()> {
    let (program, arguments) = command.split_first().ok_or("no command")?;
    Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    println!("{}", getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss() << 10);
    Ok(())
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

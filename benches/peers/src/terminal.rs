//! The command `qmp`, as a whole process: beside a bare exchange of messages, QEMU's `qmp-shell`, and programs to build.

use crate::Result;
use crate::build;
use crate::clients::qmp_shell;
use crate::cpu::{self, Cost};
use crate::process::{Kind, Process};
use crate::stats::{Required, head, median, ratio, row};
use std::path::{Path, PathBuf};
use std::process::Command;

const ROUNDS: usize = 101;
/// Of a whole process the bare one is too short to be measured alone.
const TIMES: usize = 10;

pub fn report(scratch: &Path) -> Result<()> {
    let programs = Programs::build(scratch)?;
    let Some(server) = Process::start(Kind::Qemu, &scratch.join("m"))? else {
        println!("`qemu-system-x86_64` is not installed.");
        return Ok(());
    };
    processes(&programs, &server.socket, scratch)?;
    completion(&programs, &server.socket, scratch)?;
    size(&programs)
}

struct Programs {
    qmp: PathBuf,
    bare: PathBuf,
}

impl Programs {
    fn build(scratch: &Path) -> Result<Self> {
        let target = scratch.join("programs");
        for program in [build::manifest("bare"), build::ours("qapi-cli")] {
            let mut command = Command::new(env!("CARGO"));
            command.args(["build", "--release", "--locked", "--manifest-path"]);
            command.arg(program).arg("--target-dir").arg(&target);
            cpu::run(&mut command)?;
        }
        let program = |name| target.join("release").join(name);
        Ok(Self {
            qmp: program("qmp"),
            bare: program("bare"),
        })
    }

    /// With nothing of the user's.
    fn qmp(&self, home: &Path) -> Command {
        let mut command = Command::new(&self.qmp);
        command.env_remove("XDG_CACHE_HOME").env("HOME", home);
        command
    }
}

/// From start to exit.
fn processes(programs: &Programs, socket: &Path, home: &Path) -> Result<()> {
    let shell = qmp_shell();
    let mut costs: [Vec<Cost>; 3] = Default::default();
    for round in 0..ROUNDS {
        costs[0].push(repeated(|| {
            let mut command = Command::new(&programs.bare);
            command.arg(socket);
            command
        })?);
        costs[1].push(repeated(|| {
            let mut command = programs.qmp(home);
            command.arg("-s").arg(socket).arg("query-status");
            command
        })?);
        // It is slow enough to be seen in fewer rounds.
        if let Some(shell) = shell.as_ref().filter(|_| round % 10 == 0) {
            let mut command = Command::new("sh");
            command.args(["-c", "echo query-status | exec \"$0\" \"$1\""]);
            costs[2].push(cpu::run(command.arg(shell).arg(socket))?);
        }
    }
    println!(
        "The command `query-status` to `qemu-system-x86_64 -machine none`, as a whole process from start to exit. Milliseconds, \
         medians of {ROUNDS} rounds of {TIMES} processes each, of `qmp-shell` every tenth; *bare* connects, reads and writes \
         lines, and prints the last. `qmp` masks and lays out nothing here, since its output is not a terminal.\n"
    );
    head(&[
        "",
        "elapsed",
        "CPU",
        "elapsed / bare",
        "required",
        "`qmp-shell`'s elapsed / this",
        "required",
    ]);
    let part = |at: usize, part: fn(&Cost) -> f64| costs[at].iter().map(part).collect::<Vec<_>>();
    let wall = |at| part(at, |cost| cost.wall * 1000.0);
    let (bare, slow) = (wall(0), wall(2));
    for (at, name) in ["bare", "`qmp`", "`qmp-shell`, qemu.qmp 0.0.6"]
        .into_iter()
        .enumerate()
    {
        let own = wall(at);
        if own.is_empty() {
            continue;
        }
        // The rounds of `qmp-shell` are fewer.
        let times = match at {
            2 => median(&own) / median(&bare),
            _ => ratio(&own, &bare),
        };
        let faster = (!slow.is_empty()).then(|| median(&slow) / median(&own));
        let required = |at_qmp| (at == 1).then_some(at_qmp);
        row([
            name.to_owned(),
            format!("{:.2}", median(&own)),
            format!("{:.2}", median(&part(at, |cost| cost.cpu * 1000.0))),
            format!("{times:.2}"),
            Required::shown(required(Required::AtMost(1.5)), times),
            faster.map_or_else(String::new, |times| format!("{times:.1}")),
            faster.map_or_else(String::new, |times| {
                Required::shown(required(Required::AtLeast(20.0)), times)
            }),
        ]);
    }
    Ok(())
}

/// The cost of one of some processes.
fn repeated(command: impl Fn() -> Command) -> Result<Cost> {
    let mut sum = Cost {
        cpu: 0.0,
        wall: 0.0,
    };
    for _ in 0..TIMES {
        let cost = cpu::run(&mut command())?;
        sum.cpu += cost.cpu / TIMES as f64;
        sum.wall += cost.wall / TIMES as f64;
    }
    Ok(sum)
}

/// With the schema kept from before, as all but the first time.
fn completion(programs: &Programs, socket: &Path, home: &Path) -> Result<()> {
    let lines = [
        "qmp query-st",
        "qmp blockdev-add driver=qcow2 file.dr",
        "qmp device_add driver=virtio-blk",
    ];
    println!(
        "\nCompletion in bash, zsh and fish runs a process for each Tab, which asks the server what cannot be kept. CPU milliseconds.\n"
    );
    head(&["", "CPU", "required"]);
    for line in lines {
        let cost = repeated_after_first(|| {
            let mut command = programs.qmp(home);
            command.env("QMP_SOCKET", socket);
            command.args(["complete-line", "fish", line]);
            command
        })?;
        row([
            format!("`{line}`"),
            format!("{cost:.1}"),
            Required::shown(Some(Required::AtMost(50.0)), cost),
        ]);
    }
    Ok(())
}

fn repeated_after_first(command: impl Fn() -> Command) -> Result<f64> {
    cpu::run(&mut command())?;
    let mut costs = Vec::new();
    for _ in 0..ROUNDS {
        costs.push(cpu::run(&mut command())?.cpu * 1000.0);
    }
    Ok(median(&costs))
}

fn size(programs: &Programs) -> Result<()> {
    let size = build::stripped(&programs.qmp)?;
    let required = Required::shown(Some(Required::AtMost(6.0)), size);
    println!(
        "\nThe binary, built with `--release` and stripped: {size:.2} MB (required {required})."
    );
    Ok(())
}

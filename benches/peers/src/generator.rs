//! Whole processes: `qapi-gen` beside QEMU's generator, on QEMU's own schema.

use crate::Result;
use crate::build;
use crate::cpu::{self, Cost};
use crate::stats::{Required, head, median, ratio, row};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The newest release of QEMU that the schema is restated from.
const RELEASE: &str = include_str!("../../../schema/VERSION").trim_ascii_end();
const ROUNDS: usize = 15;
/// Short processes run several times a round.
const REPEATS: usize = 10;

/// A QEMU back end that generates nothing, so that reading and checking remain.
const NO_BACKEND: &str = "\
from qapi.backend import QAPIBackend

class Nothing(QAPIBackend):
    def generate(self, *args, **kwargs):
        pass
";

/// A command that is measured.
struct Contender {
    name: String,
    /// The one that it is compared with.
    beside: usize,
    /// Of QEMU's CPU time, how many times this one's.
    required: Option<Required>,
    /// The same of elapsed time.
    required_elapsed: Option<Required>,
    /// Milliseconds of CPU time.
    limit: Option<Required>,
    command: Command,
    repeats: usize,
    cpu: Vec<f64>,
    wall: Vec<f64>,
}

pub fn report(scratch: &Path) -> Result<()> {
    let Some(source) = std::env::var_os("QEMU_SRC").map(PathBuf::from) else {
        println!("skipped: QEMU_SRC names no source tree of QEMU");
        return Ok(());
    };
    compare(&std::path::absolute(source)?, scratch)
}

fn compare(source: &Path, scratch: &Path) -> Result<()> {
    let ours = qapi_gen()?;
    let schema = source.join("qapi/qapi-schema.json");
    let mut contenders = vec![
        Contender::new("QEMU's generator", 1, qemu(source, scratch, &[])?),
        Contender::new("QEMU's generator, nothing generated", 1, {
            std::fs::write(scratch.join("no_backend.py"), NO_BACKEND)?;
            qemu(source, scratch, &["-B", "no_backend.Nothing"])?
        }),
        // Documentation style differs between releases; to be lenient changes nothing else here.
        Contender::new("`qapi-gen check`", REPEATS, {
            ours_on(&ours, &["check", "--legacy"], &schema)
        })
        .beside(1)
        .required(60.0),
        Contender::new("`qapi-gen generate`", REPEATS, {
            let file = scratch.join("generated.rs");
            let mut command = ours_on(&ours, &["generate", "--legacy"], &schema);
            command.arg("-o").arg(file);
            command
        })
        .required(6.0)
        .required_elapsed(9.0),
        Contender::new("`qapi-gen generate --no-format`", REPEATS, {
            let file = scratch.join("generated.rs");
            let mut command = ours_on(&ours, &["generate", "--no-format", "--legacy"], &schema);
            command.arg("-o").arg(file);
            command
        })
        .required(7.0),
    ];
    let restated = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/qapi/qapi-schema.json");
    contenders.push(
        Contender::new("`qapi-gen check`, schema/", REPEATS, {
            ours_on(&ours, &["check"], &restated)
        })
        .beside(1),
    );
    match documented() {
        Some(schema) => contenders.push(
            Contender::new(&format!("`qapi-gen check`, {RELEASE}"), REPEATS, {
                ours_on(&ours, &["check"], &schema)
            })
            .beside(1)
            .limit(15.0),
        ),
        None => println!("skipped: QAPI_CORPUS has no schema of {RELEASE}\n"),
    }

    let script = build::script(scratch)?;
    let script = |commands: &[&str]| {
        let mut command = Command::new(&script);
        command.arg(scratch).args(commands);
        command
    };
    contenders.extend([
        Contender::new("unoptimised build script, schema/", 1, script(&[])).limit(2500.0),
        Contender::new("the same, ten commands", 1, script(&build::COMMANDS)).limit(500.0),
    ]);

    for contender in &mut contenders {
        contender.run()?;
        contender.forget();
    }
    for _ in 0..ROUNDS {
        for contender in &mut contenders {
            contender.run()?;
        }
    }
    let version = std::fs::read_to_string(source.join("VERSION"))?;
    println!(
        "Whole processes, on the documented QMP schema of QEMU {} unless another is named. Milliseconds, medians of {ROUNDS} \
         rounds. QEMU's generator has no mode that only checks; the second row is a back end that writes nothing, and what only checks \
         is compared with it.\n",
        version.trim()
    );
    head(&[
        "",
        "CPU",
        "elapsed",
        "QEMU's CPU / this",
        "QEMU's elapsed / this",
        "required, times",
        "required, times elapsed",
        "required, CPU ms",
    ]);
    for contender in &contenders {
        let beside = &contenders[contender.beside];
        let times = ratio(&beside.cpu, &contender.cpu);
        let elapsed = ratio(&beside.wall, &contender.wall);
        let cpu = median(&contender.cpu) * 1e3;
        row([
            contender.name.clone(),
            format!("{cpu:.1}"),
            format!("{:.1}", median(&contender.wall) * 1e3),
            format!("{times:.1}"),
            format!("{elapsed:.1}"),
            Required::shown(contender.required, times),
            Required::shown(contender.required_elapsed, elapsed),
            Required::shown(contender.limit, cpu),
        ]);
    }
    Ok(())
}

impl Contender {
    fn new(name: &str, repeats: usize, command: Command) -> Contender {
        Contender {
            name: name.to_owned(),
            beside: 0,
            required: None,
            required_elapsed: None,
            limit: None,
            command,
            repeats,
            cpu: Vec::new(),
            wall: Vec::new(),
        }
    }

    /// The one to compare it with, unless that is the first.
    fn beside(mut self, index: usize) -> Contender {
        self.beside = index;
        self
    }

    /// How many times QEMU's generator must take.
    fn required(mut self, times: f64) -> Contender {
        self.required = Some(Required::AtLeast(times));
        self
    }

    /// The same by the clock.
    fn required_elapsed(mut self, times: f64) -> Contender {
        self.required_elapsed = Some(Required::AtLeast(times));
        self
    }

    /// How many milliseconds of CPU time it may take.
    fn limit(mut self, milliseconds: f64) -> Contender {
        self.limit = Some(Required::AtMost(milliseconds));
        self
    }

    fn run(&mut self) -> Result<()> {
        let costs = (0..self.repeats).map(|_| cpu::run(&mut self.command));
        let costs: Vec<Cost> = costs.collect::<Result<_>>()?;
        let middle = |part: fn(&Cost) -> f64| median(&costs.iter().map(part).collect::<Vec<_>>());
        self.cpu.push(middle(|cost| cost.cpu));
        self.wall.push(middle(|cost| cost.wall));
        Ok(())
    }

    fn forget(&mut self) {
        self.cpu.clear();
        self.wall.clear();
    }
}

/// QEMU's generator, writing into the scratch folder.
fn qemu(source: &Path, scratch: &Path, options: &[&str]) -> Result<Command> {
    let mut command = Command::new(interpreter()?);
    command
        .arg(source.join("scripts/qapi-gen.py"))
        .args(options)
        .arg("-b")
        .arg("-o")
        .arg(scratch)
        .arg(source.join("qapi/qapi-schema.json"))
        .env("PYTHONPATH", scratch)
        // Compiled once, in the first run, which does not count.
        .env("PYTHONPYCACHEPREFIX", scratch.join("cache"));
    Ok(command)
}

/// Python itself rather than a script that chooses one, as version managers have it.
pub fn interpreter() -> Result<PathBuf> {
    let python = std::env::var_os("PYTHON").unwrap_or("python3".into());
    let mut command = Command::new(python);
    command.args(["-c", "import sys; print(sys.executable)"]);
    let output = command.output()?;
    Ok(String::from_utf8(output.stdout)?.trim().into())
}

fn ours_on(ours: &Path, options: &[&str], schema: &Path) -> Command {
    let mut command = Command::new(ours);
    command.args(options).arg(schema);
    command
}

/// Builds the command `qapi-gen` for release.
pub fn qapi_gen() -> Result<PathBuf> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args([
            "build",
            "--release",
            "--package",
            "qapi-gen",
            "--bin",
            "qapi-gen",
        ])
        .args([
            "--message-format",
            "json-render-diagnostics",
            "--manifest-path",
        ])
        .arg(manifest)
        .stderr(Stdio::inherit())
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    let executable = text.lines().rev().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message["executable"].as_str()?))
    });
    executable.ok_or_else(|| "qapi-gen was not built".into())
}

fn documented() -> Option<PathBuf> {
    let beside = || concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").into();
    let corpus = PathBuf::from(std::env::var_os("QAPI_CORPUS").unwrap_or_else(beside));
    let root = corpus.join(format!("schemas/{RELEASE}/qapi/qapi-schema.json"));
    root.is_file().then_some(root)
}

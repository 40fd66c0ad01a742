//! How the cost of `qapi-gen check` grows with a schema.

use crate::Result;
use crate::cpu;
use crate::generator::qapi_gen;
use crate::stats::{head, median, row};
use qapi_benches::schemas::{self, Files};
use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

const ROUNDS: usize = 7;

/// The argument that makes this program run a command and print the memory that it took; the command follows.
pub const PEAK: &str = "peak";

/// A way to make a schema of some size, and a size; the other one is ten times that.
type Shape = (&'static str, fn(usize) -> Files, usize);

const SHAPES: [Shape; 4] = [
    ("groups of six definitions", schemas::mixed, 200),
    (
        "includes, each in the one before",
        schemas::include_chain,
        100,
    ),
    ("members of one struct", schemas::wide_struct, 10_000),
    (
        "structs, each the base of the next",
        schemas::base_chain,
        500,
    ),
];

/// What is no schema, by a number of errors or by bytes.
const HOSTILE: [Shape; 6] = [
    ("unknown types", schemas::unknown_types, 10_000),
    ("bytes of a comment", schemas::comment, 1 << 20),
    ("bytes of documentation", schemas::documentation, 1 << 20),
    ("bytes of a string", schemas::string, 1 << 20),
    ("bytes of brackets", schemas::brackets, 1 << 20),
    ("bytes of an array of strings", schemas::array, 1 << 17),
];

pub fn report(scratch: &Path) -> Result<()> {
    println!(
        "`qapi-gen check` on schemas of two sizes. CPU milliseconds, medians of {ROUNDS}; instructions as valgrind counts \
         them; the most memory that it had. Required: ten times the schema, ten times the cost.\n"
    );
    table(&SHAPES, 0, scratch)?;
    println!("\nInput that is refused:\n");
    table(&HOSTILE, 1, scratch)
}

fn table(shapes: &[Shape], status: i32, scratch: &Path) -> Result<()> {
    head(&[
        "",
        "n",
        "CPU, n",
        "CPU, 10 n",
        "times",
        "instructions, n",
        "instructions, 10 n",
        "times",
        "memory, 10 n",
    ]);
    let ours = qapi_gen()?;
    for (name, make, size) in shapes {
        let small = Measured::of(&ours, make(*size), status, scratch)?;
        let large = Measured::of(&ours, make(10 * size), status, scratch)?;
        let millions = |n: Option<f64>| n.map_or("".to_owned(), |n| format!("{:.1} M", n / 1e6));
        let times = small.instructions.zip(large.instructions);
        row([
            (*name).to_owned(),
            size.to_string(),
            format!("{:.1}", small.cpu * 1e3),
            format!("{:.1}", large.cpu * 1e3),
            format!("{:.1}", large.cpu / small.cpu),
            millions(small.instructions),
            millions(large.instructions),
            times.map_or("".to_owned(), |(small, large)| {
                format!("{:.1}", large / small)
            }),
            format!("{:.0} MiB", large.memory / f64::from(1 << 20)),
        ]);
    }
    Ok(())
}

struct Measured {
    cpu: f64,
    instructions: Option<f64>,
    /// In bytes.
    memory: f64,
}

impl Measured {
    fn of(ours: &Path, files: Files, status: i32, scratch: &Path) -> Result<Measured> {
        for (name, text) in files {
            std::fs::write(scratch.join(name), text)?;
        }
        let root = scratch.join("root.json");
        let run = || cpu::run_until(Command::new(ours).arg("check").arg(&root), status);
        run()?;
        let cpu: Result<Vec<f64>> = (0..ROUNDS).map(|_| Ok(run()?.cpu)).collect();
        Ok(Measured {
            cpu: median(&cpu?),
            instructions: instructions(ours, &root),
            memory: peak(ours, &root)?,
        })
    }
}

/// What valgrind counts, if it is installed.
fn instructions(ours: &Path, root: &Path) -> Option<f64> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    let output = command.arg(ours).arg("check").arg(root).output().ok()?;
    let text = String::from_utf8_lossy(&output.stderr);
    let (_, count) = text.split_once("Collected : ")?;
    count.split_whitespace().next()?.parse().ok()
}

/// In a process between, since a process only learns the most that any of its children had.
fn peak(ours: &Path, root: &Path) -> Result<f64> {
    let mut command = Command::new(env::current_exe()?);
    let output = command
        .arg(PEAK)
        .arg(ours)
        .arg("check")
        .arg(root)
        .output()?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// Runs a command and prints how much memory it took at most, in bytes.
pub fn print_peak(command: &[String]) -> Result<()> {
    let (program, arguments) = command.split_first().ok_or("no command")?;
    Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    println!("{}", cpu::peak_of_children()?);
    Ok(())
}

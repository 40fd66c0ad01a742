//! How the cost of `qapi-gen check` grows with a schema.

use crate::Result;
use crate::cpu;
use crate::generator::qapi_gen;
use crate::stats::{head, median, row};
use qapi_benches::schemas::{self, Files};
use std::path::Path;
use std::process::Command;

const ROUNDS: usize = 7;

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

pub fn report(scratch: &Path) -> Result<()> {
    println!(
        "`qapi-gen check` on schemas of two sizes. CPU milliseconds, medians of {ROUNDS}; instructions as valgrind counts \
         them. Required: ten times the schema, ten times the cost.\n"
    );
    head(&[
        "",
        "n",
        "CPU, n",
        "CPU, 10 n",
        "times",
        "instructions, n",
        "instructions, 10 n",
        "times",
    ]);
    let ours = qapi_gen()?;
    for (name, make, size) in SHAPES {
        let small = Measured::of(&ours, make(size), scratch)?;
        let large = Measured::of(&ours, make(10 * size), scratch)?;
        let millions = |n: Option<f64>| n.map_or("".to_owned(), |n| format!("{:.1} M", n / 1e6));
        let times = small.instructions.zip(large.instructions);
        row([
            name.to_owned(),
            size.to_string(),
            format!("{:.1}", small.cpu * 1e3),
            format!("{:.1}", large.cpu * 1e3),
            format!("{:.1}", large.cpu / small.cpu),
            millions(small.instructions),
            millions(large.instructions),
            times.map_or("".to_owned(), |(small, large)| {
                format!("{:.1}", large / small)
            }),
        ]);
    }
    Ok(())
}

struct Measured {
    cpu: f64,
    instructions: Option<f64>,
}

impl Measured {
    fn of(ours: &Path, files: Files, scratch: &Path) -> Result<Measured> {
        for (name, text) in files {
            std::fs::write(scratch.join(name), text)?;
        }
        let root = scratch.join("root.json");
        let run = || cpu::run(Command::new(ours).arg("check").arg(&root));
        run()?;
        let cpu: Result<Vec<f64>> = (0..ROUNDS).map(|_| Ok(run()?.cpu)).collect();
        Ok(Measured {
            cpu: median(&cpu?),
            instructions: instructions(ours, &root),
        })
    }
}

/// What valgrind counts, if it is installed.
fn instructions(ours: &Path, root: &Path) -> Option<f64> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    let output = command.arg(ours).arg("check").arg(root).output().ok()?;
    let text = String::from_utf8(output.stderr).ok()?;
    let (_, count) = text.split_once("Collected : ")?;
    count.split_whitespace().next()?.parse().ok()
}

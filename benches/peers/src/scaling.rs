//! How the cost of `qapi-gen` grows with a schema.

use crate::Result;
use crate::cpu;
use crate::generator::qapi_gen;
use crate::stats::{Required, head, median, row};
use qapi_benches::schemas::{self, Files};
use qapi_gen::Releases;
use qapi_gen::restate::{Exceptions, Words, restate};
use std::env;
use std::path::Path;
use std::process::Command;

const ROUNDS: usize = 7;

/// The argument that makes this program restate a schema; its root file follows. No command of `qapi-gen` does.
pub const RESTATE: &str = "restate";

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

const CONSTRUCTS: [Shape; 15] = [
    ("groups of six definitions", schemas::mixed, 20),
    (
        "includes, each in the one before",
        schemas::include_chain,
        100,
    ),
    ("values of an enum", schemas::enum_values, 200),
    ("members of a struct", schemas::wide_struct, 100),
    (
        "structs, each a member of the one before",
        schemas::nested_structs,
        50,
    ),
    (
        "structs without members, each the base of the next",
        schemas::empty_base_chain,
        100,
    ),
    (
        "structs with a member, each the base of the next",
        schemas::base_chain,
        20,
    ),
    ("branches of a union", schemas::union_branches, 50),
    (
        "unions, each a branch of the one before",
        schemas::nested_unions,
        50,
    ),
    (
        "alternates, and a command for each",
        schemas::alternates,
        50,
    ),
    ("commands", schemas::commands, 50),
    ("events", schemas::events, 50),
    ("features of a command", schemas::features, 500),
    ("conditions of a command", schemas::conditions, 500),
    ("paragraphs of documentation", schemas::documented, 500),
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
    table(&HOSTILE, 1, scratch)?;
    constructs(scratch)?;
    large(scratch)
}

/// Every construct of the language, by every command that reads a schema and writes something.
fn constructs(scratch: &Path) -> Result<()> {
    println!(
        "\nEvery construct of the language, from n to 10 n: how many times the instructions, for how many times the bytes read \
         and written. Required of each: at most 1.15.\n"
    );
    let ours = qapi_gen()?;
    let this = env::current_exe()?;
    let tools: [(&str, &Path, &[&str]); 5] = [
        ("`check`", &ours, &["check"]),
        ("`generate`", &ours, &["generate"]),
        ("`generate --service`", &ours, &["generate", "--service"]),
        ("`introspect`", &ours, &["introspect"]),
        ("restating", &this, &[RESTATE]),
    ];
    let names = tools.map(|(name, ..)| name);
    head(&[&["", "n"], &names[..], &["most", "required"]].concat());
    for (name, make, size) in CONSTRUCTS {
        let mut cells = vec![name.to_owned(), size.to_string()];
        let mut most: f64 = 0.0;
        for (_, program, arguments) in tools {
            let cost = |size| -> Result<(f64, f64)> {
                let read = write(make(size), scratch)?;
                let root = scratch.join("root.json");
                let written = Command::new(program).args(arguments).arg(&root).output()?;
                let counted = instructions(program, arguments, &root);
                let counted = counted.ok_or("valgrind is not installed")?;
                Ok((counted, (read + written.stdout.len()) as f64))
            };
            let (small, large) = (cost(size)?, cost(10 * size)?);
            let times = (large.0 / small.0) / (large.1 / small.1);
            most = most.max(times);
            cells.push(format!("{times:.2}"));
        }
        cells.push(format!("{most:.2}"));
        cells.push(Required::shown(Some(Required::AtMost(1.15)), most));
        row(cells);
    }
    Ok(())
}

/// Schemas that are larger than any is.
fn large(scratch: &Path) -> Result<()> {
    println!("\nLarge schemas, one run each.\n");
    head(&["", "n", "CPU, s", "elapsed, s", "memory", "required"]);
    let ours = qapi_gen()?;
    let seconds = |bound| (Some(Required::AtMost(bound)), None);
    let memory = |bound| (None, Some(Required::AtMost(bound)));
    for (name, make, size, command, (time, space)) in [
        (
            "`check`, branches of a union",
            schemas::union_branches as fn(usize) -> Files,
            50_000,
            "check",
            seconds(1.5),
        ),
        (
            "`check`, structs without members, each the base of the next",
            schemas::empty_base_chain,
            60_000,
            "check",
            seconds(1.0),
        ),
        (
            "`generate`, branches of a union",
            schemas::union_branches,
            50_000,
            "generate",
            seconds(1.5),
        ),
        (
            "`generate`, structs without members, each the base of the next",
            schemas::empty_base_chain,
            60_000,
            "generate",
            seconds(1.0),
        ),
        (
            "`generate`, structs with a member, each the base of the next",
            schemas::base_chain,
            5_000,
            "generate",
            memory(300.0),
        ),
    ] {
        write(make(size), scratch)?;
        let root = scratch.join("root.json");
        let cost = cpu::run(Command::new(&ours).arg(command).arg(&root))?;
        let peak = peak(&ours, &[command], &root)? / f64::from(1 << 20);
        let required = match time {
            Some(_) => Required::shown(time, cost.cpu),
            None => Required::shown(space, peak),
        };
        row([
            name.to_owned(),
            size.to_string(),
            format!("{:.2}", cost.cpu),
            format!("{:.2}", cost.wall),
            format!("{peak:.0} MiB"),
            required,
        ]);
    }
    Ok(())
}

/// Writes a schema's files; how many bytes they have.
fn write(files: Files, scratch: &Path) -> Result<usize> {
    let mut bytes = 0;
    for (name, text) in files {
        bytes += text.len();
        std::fs::write(scratch.join(name), text)?;
    }
    Ok(bytes)
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
        write(files, scratch)?;
        let root = scratch.join("root.json");
        let run = || cpu::run_until(Command::new(ours).arg("check").arg(&root), status);
        run()?;
        let cpu: Result<Vec<f64>> = (0..ROUNDS).map(|_| Ok(run()?.cpu)).collect();
        Ok(Measured {
            cpu: median(&cpu?),
            instructions: instructions(ours, &["check"], &root),
            memory: peak(ours, &["check"], &root)?,
        })
    }
}

/// What valgrind counts, if it is installed.
fn instructions(program: &Path, arguments: &[&str], root: &Path) -> Option<f64> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    let output = command
        .arg(program)
        .args(arguments)
        .arg(root)
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr);
    let (_, count) = text.split_once("Collected : ")?;
    count.split_whitespace().next()?.parse().ok()
}

/// In a process between, since a process only learns the most that any of its children had.
fn peak(ours: &Path, arguments: &[&str], root: &Path) -> Result<f64> {
    cpu::peak(Command::new(ours).args(arguments).arg(root))
}

/// Reads a schema and prints it anew.
pub fn print_restated(root: &Path) -> Result<()> {
    let schema = qapi_gen::Frontend::new().read(root)?;
    let words = Words::default();
    let exceptions = Exceptions::of(&schema, &words);
    for file in restate(&schema, &Releases::default(), &exceptions, &words, "") {
        print!("{}", file.text);
    }
    Ok(())
}

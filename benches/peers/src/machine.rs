//! The head of the report: when, where, how to repeat it.

use std::process::Command;

const HOW: &str = "
This page is the output of the program in `benches/peers`. To repeat it:

```sh
cd benches/peers
QEMU_SRC=~/qemu-10.0.2 QAPI_CORPUS=~/corpus cargo run --release > ../../docs/performance.md
cargo run --release -- codec clients  # some sections; --help lists them
cargo bench -p qapi-benches           # our own code alone, in process
```

`QEMU_SRC` is an unpacked source tree of QEMU, `PYTHON` the interpreter for its generator, and the corpus may
hold the schema of QEMU's newest release. What is missing is skipped, and the report says so.

What is compared takes turns, so that load affects all alike; ratios are medians of the ratios of each round.
Times are CPU time (user and system) unless they are called elapsed or by the clock. Where a figure is required,
the row says so, and marks a requirement that is missed.";

/// Prints it.
pub fn head() {
    println!("# Performance\n");
    let date = version("date", &["-u", "+%F"]).unwrap_or_default();
    let mut about = vec![format!("Measured on {date}"), machine()];
    let versions = [
        ("rustc", &["--version"][..]),
        ("qemu-system-x86_64", &["--version"]),
        ("python3", &["--version"]),
    ];
    about.extend(
        versions
            .iter()
            .filter_map(|(program, arguments)| version(program, arguments)),
    );
    println!("{}.", about.join("; "));
    println!("{HOW}");
}

/// The first line of what a program says of itself.
fn version(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().next().map(str::to_owned)
}

fn machine() -> String {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    let model = model.map_or("an unknown processor", |(_, model)| model);
    format!("{count} cores of {model}, with a load of {load} before it began")
}

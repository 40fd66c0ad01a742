//! The head of the report: when, where, how to repeat it.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

const HOW: &str = "
Written by the tool in `benches/peers`; to repeat it:

```sh
cd benches/peers
QEMU_SRC=~/qemu-10.0.2 QAPI_CORPUS=~/corpus cargo run --release > ../../docs/performance.md
cargo run --release -- codec          # one section; --help lists them
cargo bench -p qapi-benches           # our own code alone, in process
```

`QEMU_SRC` is an unpacked source tree of QEMU, and the corpus may hold
`schemas/10.2.0/qapi/qapi-schema.json`. What is not there is skipped, and said to be. What is compared runs
in turns, so that load hits all alike; ratios are medians of the ratios of each round. Times are CPU time
(user and system) unless they are called elapsed. What is required is stated, and marked where it is missed.";

/// Prints it.
pub fn head() {
    println!("# Performance\n");
    let mut about = vec![format!("Measured on {}", date()), machine()];
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

/// Today, as the calendar has it (UTC).
fn date() -> String {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs());
    let (mut year, mut day) = (1970, seconds / 86_400);
    let leap = |year: u64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    while day >= 365 + u64::from(leap(year)) {
        day -= 365 + u64::from(leap(year));
        year += 1;
    }
    let february = 28 + u64::from(leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", day + 1)
}

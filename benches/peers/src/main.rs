//! Measures this project beside QEMU's generator and the crate `qapi-qmp`, and prints the results
//! as Markdown. Everything that is compared runs in turns, so that load on the machine hits all
//! alike, and is measured in CPU time.
#![forbid(unsafe_code)]

mod build;
mod codec;
mod cpu;
mod generator;
mod scaling;
mod stats;

use std::path::Path;
use std::process::ExitCode;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const USAGE: &str = "usage: peers generator|scaling|codec|build...

generator  QEMU_SRC is QEMU's source tree; PYTHON the interpreter (python3);
           QAPI_CORPUS may hold schemas/10.2.0/qapi/qapi-schema.json
scaling    counts instructions if valgrind is installed
codec      needs nothing
build      compiles the programs in programs/; takes minutes";

fn main() -> ExitCode {
    let topics: Vec<String> = std::env::args().skip(1).collect();
    let known =
        |topic: &String| ["generator", "scaling", "codec", "build"].contains(&topic.as_str());
    if topics.is_empty() || !topics.iter().all(known) {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    }
    for topic in topics {
        let scratch = std::env::temp_dir().join(format!("qapi-peers-{}", std::process::id()));
        let result = report(&topic, &scratch);
        // It was not even made if that is what went wrong.
        let _ = std::fs::remove_dir_all(&scratch);
        if let Err(error) = result {
            eprintln!("error: {topic}: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn report(topic: &str, scratch: &Path) -> Result<()> {
    std::fs::create_dir_all(scratch)?;
    match topic {
        "generator" => generator::report(scratch),
        "scaling" => scaling::report(scratch),
        "codec" => codec::report(),
        _ => build::report(scratch),
    }
}

//! Measures this project beside what else there is, and prints one report as Markdown. Everything that is compared runs in
//! turns, so that load on the machine hits all alike.
#![forbid(unsafe_code)]

mod build;
mod clients;
mod codec;
mod cpu;
mod generator;
mod machine;
mod process;
mod programs;
mod scaling;
mod servers;
mod stats;
mod terminal;

use std::path::Path;
use std::process::ExitCode;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A part of the report. What it measures says itself how to read it.
struct Section {
    name: &'static str,
    title: &'static str,
    /// What it takes, for the usage.
    needs: &'static str,
    /// Prints tables. The folder is empty, and removed afterwards.
    run: fn(&Path) -> Result<()>,
}

/// In the order of the report.
const SECTIONS: &[Section] = &[
    Section {
        name: "generator",
        title: "The generator beside QEMU's",
        needs: "QEMU_SRC, QEMU's source tree; PYTHON, the interpreter (python3); QAPI_CORPUS, which may hold the schema of QEMU's newest release",
        run: generator::report,
    },
    Section {
        name: "scaling",
        title: "How cost grows",
        needs: "valgrind, for counts of instructions",
        run: scaling::report,
    },
    Section {
        name: "codec",
        title: "Messages into types and back",
        needs: "nothing",
        run: |_| codec::report(),
    },
    Section {
        name: "build",
        title: "Cold build of a program that uses ten commands",
        needs: "minutes",
        run: build::report,
    },
    Section {
        name: "programs",
        title: "Whole programs",
        needs: "strip; minutes",
        run: programs::report,
    },
    Section {
        name: "clients",
        title: "Clients",
        needs: "qemu-storage-daemon; python3 and the network, for qemu.qmp",
        run: clients::report,
    },
    Section {
        name: "servers",
        title: "Servers",
        needs: "qemu-system-x86_64, qemu-storage-daemon; 11,100 open files",
        run: servers::report,
    },
    Section {
        name: "terminal",
        title: "The command `qmp`",
        needs: "qemu-system-x86_64; python3 and the network, for qemu.qmp; strip; a minute",
        run: terminal::report,
    },
];

/// What the report starts this program for, in a process of its own; `None` if it is to make the report.
fn helper(arguments: &[String]) -> Option<Result<()>> {
    let (mode, rest) = arguments.split_first()?;
    match (mode.as_str(), rest) {
        (process::SERVE, [kind, socket]) => Some(process::run(kind, Path::new(socket))),
        (clients::MEMORY, [client, socket]) => {
            Some(clients::print_memory(client, Path::new(socket)))
        }
        (scaling::RESTATE, [root]) => Some(scaling::print_restated(Path::new(root))),
        (cpu::PEAK, command) => Some(cpu::print_peak(command)),
        _ => None,
    }
}

fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    if let Some(result) = helper(&names) {
        if let Err(error) = &result {
            eprintln!("error: {error}");
        }
        return match result {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        };
    }
    let known = |name: &String| SECTIONS.iter().any(|section| section.name == *name);
    if !names.iter().all(known) {
        eprintln!("usage: peers [SECTION]...\n\nWithout a section the whole report is made.\n");
        for section in SECTIONS {
            eprintln!(
                "{:10} {}; needs {}",
                section.name, section.title, section.needs
            );
        }
        return ExitCode::from(2);
    }
    if names.is_empty() {
        machine::head();
    }
    let chosen =
        |section: &&Section| names.is_empty() || names.iter().any(|name| name == section.name);
    let mut code = ExitCode::SUCCESS;
    for section in SECTIONS.iter().filter(chosen) {
        let scratch = std::env::temp_dir().join(format!("qapi-peers-{}", std::process::id()));
        println!("\n## {}\n", section.title);
        let result = std::fs::create_dir_all(&scratch)
            .map_err(Into::into)
            .and_then(|()| (section.run)(&scratch));
        // It was not even made if that is what went wrong.
        let _ = std::fs::remove_dir_all(&scratch);
        if let Err(error) = result {
            eprintln!("error: {}: {error}", section.name);
            code = ExitCode::FAILURE;
        }
    }
    code
}

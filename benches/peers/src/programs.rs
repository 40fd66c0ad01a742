//! What whole programs cost to build: the runtime, its types, and what they depend on.

use crate::Result;
use crate::build;
use crate::cpu::{self, Cost};
use crate::stats::{Required, head, median, ratio, row};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

const ROUNDS: usize = 3;

/// What asks a machine on what it does, in one flavour: our client with all of QMP's types, with those of one subject, and
/// that of the crate `qapi`, which the others are compared with.
struct Flavour {
    name: &'static str,
    ours: &'static str,
    theirs: &'static str,
    /// Of the CPU time, unoptimised and optimised.
    required: [f64; 2],
}

const FLAVOURS: [Flavour; 3] = [
    Flavour {
        name: "tokio",
        ours: "tokio",
        theirs: "tokio-qapi",
        required: [0.45, 0.48],
    },
    Flavour {
        name: "tokio without its macros",
        ours: "tokio-plain",
        theirs: "tokio-plain-qapi",
        required: [0.45, 0.48],
    },
    Flavour {
        name: "blocking",
        ours: "blocking",
        theirs: "blocking-qapi",
        required: [0.36, 0.45],
    },
];

/// What has cargo leave out the types of other subjects.
const PART: [&str; 3] = ["--no-default-features", "--features", "part"];

const PROFILES: [(&str, &str); 2] = [("dev", "debug"), ("release", "release")];

/// What one build gives.
struct Built {
    cold: Cost,
    /// CPU seconds after a change in `main.rs`.
    again: f64,
    /// Bytes of memory of the largest compiler.
    peak: f64,
    /// Megabytes of the stripped program.
    size: f64,
}

pub fn report(scratch: &Path) -> Result<()> {
    let target = scratch.join("cold");
    println!(
        "A client that asks for `query-status`, from nothing, as in the section before this; medians of {ROUNDS} rounds. \
         *Again* is after a change in `main.rs`; *largest* the memory of the largest compiler.\n"
    );
    head(&[
        "",
        "profile",
        "CPU, s",
        "elapsed, s",
        "CPU / `qapi`'s",
        "required",
        "again / `qapi`'s",
        "required",
        "largest, MB",
        "required",
        "program, MB",
        "of `qapi`'s",
        "required",
    ]);
    for flavour in &FLAVOURS {
        for program in [flavour.ours, flavour.theirs] {
            build::fetch(program)?;
        }
        for ((profile, folder), required) in PROFILES.into_iter().zip(flavour.required) {
            let (mut whole, mut part, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
            let built =
                |program, features: &[&str]| built(program, features, profile, folder, &target);
            for _ in 0..ROUNDS {
                whole.push(built(flavour.ours, &[])?);
                part.push(built(flavour.ours, &PART)?);
                theirs.push(built(flavour.theirs, &[])?);
            }
            for (name, of, beside) in [
                ("`qapi-rt`", &whole, Some(&*theirs)),
                ("`qapi-rt` with `qmp-run-state`", &part, Some(&*theirs)),
                ("`qapi` 0.15", &theirs, None),
            ] {
                let names = [format!("{name}, {}", flavour.name), profile.to_owned()];
                row(names.into_iter().chain(figures(of, beside, required)));
            }
        }
    }
    println!("\nOther programs, one round each, beside that of the README.\n");
    head(&[
        "",
        "profile",
        "CPU, s",
        "elapsed, s",
        "CPU / the README's",
        "required",
    ]);
    for program in ["readme", "generated", "server"] {
        build::fetch(program)?;
    }
    let programs: [(&str, PathBuf, Option<Required>); 6] = [
        (
            "the README's first program",
            build::manifest("readme"),
            None,
        ),
        (
            "a blocking client with one command by `Builder`",
            build::manifest("generated"),
            None,
        ),
        (
            "a server of all commands, tokio",
            build::manifest("server"),
            None,
        ),
        (
            "`examples/vmm`, a server of QMP and QGA",
            build::ours("examples/vmm"),
            None,
        ),
        (
            "`qmp`",
            build::ours("qapi-cli"),
            Some(Required::AtMost(2.5)),
        ),
        ("`qapi-gen`", build::ours("qapi-gen"), None),
    ];
    for (profile, _) in PROFILES {
        let mut first = None;
        for (name, manifest, required) in &programs {
            let cost = build::cold(manifest, profile, &target)?;
            let times = cost.cpu / *first.get_or_insert(cost.cpu);
            row([
                (*name).to_owned(),
                profile.to_owned(),
                format!("{:.1}", cost.cpu),
                format!("{:.1}", cost.wall),
                format!("{times:.2}"),
                Required::shown(*required, times),
            ]);
        }
    }
    Ok(())
}

/// Builds a program of `programs/` from nothing, and once more after a change.
fn built(
    program: &str,
    features: &[&str],
    profile: &str,
    folder: &str,
    target: &Path,
) -> Result<Built> {
    let manifest = build::manifest(program);
    if target.exists() {
        std::fs::remove_dir_all(target)?;
    }
    let command = || {
        let mut command = build::command(&manifest, profile, target);
        command.args(features);
        command
    };
    let (cold, peak) = cpu::with_peak(&command())?;
    let main = manifest.with_file_name("src/main.rs");
    File::options()
        .append(true)
        .open(main)?
        .set_modified(SystemTime::now())?;
    let again = cpu::run(&mut command())?.cpu;
    let size = build::stripped(&target.join(folder).join(format!("on-{program}")))?;
    Ok(Built {
        cold,
        again,
        peak,
        size,
    })
}

/// A row's figures of what was built, beside what it is compared with; what is compared with itself has no requirements.
fn figures(built: &[Built], beside: Option<&[Built]>, required: f64) -> Vec<String> {
    let all = |built: &[Built], part: fn(&Built) -> f64| built.iter().map(part).collect::<Vec<_>>();
    let figure = |part, digits| format!("{:.digits$}", median(&all(built, part)));
    let share = |part: fn(&Built) -> f64, most: f64| match beside {
        Some(beside) => {
            let share = ratio(&all(built, part), &all(beside, part));
            let required = Required::shown(Some(Required::AtMost(most)), share);
            [format!("{share:.2}"), required]
        }
        None => [String::new(), String::new()],
    };
    let [cold, cold_required] = share(|built| built.cold.cpu, required);
    let [again, again_required] = share(|built| built.again, 0.15);
    let [size, size_required] = share(|built| built.size, 0.5);
    let peak = median(&all(built, |built| built.peak)) / 1e6;
    let peak_required = beside.map(|_| Required::shown(Some(Required::AtMost(450.0)), peak));
    vec![
        figure(|built| built.cold.cpu, 1),
        figure(|built| built.cold.wall, 1),
        cold,
        cold_required,
        again,
        again_required,
        format!("{peak:.0}"),
        peak_required.unwrap_or_default(),
        figure(|built| built.size, 2),
        size,
        size_required,
    ]
}

//! What whole programs cost to build: the runtime, its types, and what they depend on.

use crate::Result;
use crate::build;
use crate::cpu::{self, Cost};
use crate::stats::{Required, head, median, ratio, row};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

const ROUNDS: usize = 3;

/// Asks a machine on what it does, with our client and with that of the crate `qapi`.
struct Pair {
    flavour: &'static str,
    ours: &'static str,
    theirs: &'static str,
    /// Of the CPU time, unoptimised and optimised.
    required: [f64; 2],
}

const PAIRS: [Pair; 2] = [
    Pair {
        flavour: "tokio",
        ours: "tokio",
        theirs: "tokio-qapi",
        required: [0.45, 0.48],
    },
    Pair {
        flavour: "blocking",
        ours: "blocking",
        theirs: "blocking-qapi",
        required: [0.36, 0.45],
    },
];

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
    for pair in &PAIRS {
        for program in [pair.ours, pair.theirs] {
            build::fetch(program)?;
        }
        for ((profile, folder), required) in PROFILES.into_iter().zip(pair.required) {
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                ours.push(built(pair.ours, profile, folder, &target)?);
                theirs.push(built(pair.theirs, profile, folder, &target)?);
            }
            compare(pair.flavour, profile, required, &ours, &theirs);
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
    build::fetch("readme")?;
    let programs: [(&str, PathBuf, Option<Required>); 4] = [
        (
            "the README's first program",
            build::manifest("readme"),
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
fn built(program: &str, profile: &str, folder: &str, target: &Path) -> Result<Built> {
    let manifest = build::manifest(program);
    if target.exists() {
        std::fs::remove_dir_all(target)?;
    }
    let (cold, peak) = cpu::with_peak(&build::command(&manifest, profile, target))?;
    let main = manifest.with_file_name("src/main.rs");
    File::options()
        .append(true)
        .open(main)?
        .set_modified(SystemTime::now())?;
    let again = cpu::run(&mut build::command(&manifest, profile, target))?.cpu;
    let size = build::stripped(&target.join(folder).join(format!("on-{program}")))?;
    Ok(Built {
        cold,
        again,
        peak,
        size,
    })
}

fn compare(flavour: &str, profile: &str, required: f64, ours: &[Built], theirs: &[Built]) {
    let all = |built: &[Built], part: fn(&Built) -> f64| built.iter().map(part).collect::<Vec<_>>();
    let share = |part: fn(&Built) -> f64| ratio(&all(ours, part), &all(theirs, part));
    let (cold, again) = (share(|built| built.cold.cpu), share(|built| built.again));
    let size = share(|built| built.size);
    let peak = median(&all(ours, |built| built.peak)) / 1e6;
    let at_most = |most, figure| Required::shown(Some(Required::AtMost(most)), figure);
    for (name, built) in [("`qapi-rt`", ours), ("`qapi` 0.15", theirs)] {
        let figure = |part, digits| format!("{:.digits$}", median(&all(built, part)));
        let row_of_ours = name == "`qapi-rt`";
        let only_ours = |text: String| if row_of_ours { text } else { String::new() };
        row([
            format!("{name}, {flavour}"),
            profile.to_owned(),
            figure(|built| built.cold.cpu, 1),
            figure(|built| built.cold.wall, 1),
            only_ours(format!("{cold:.2}")),
            only_ours(at_most(required, cold)),
            only_ours(format!("{again:.2}")),
            only_ours(at_most(0.15, again)),
            figure(|built| built.peak / 1e6, 0),
            only_ours(at_most(450.0, peak)),
            figure(|built| built.size, 2),
            only_ours(format!("{size:.2}")),
            only_ours(at_most(0.5, size)),
        ]);
    }
}

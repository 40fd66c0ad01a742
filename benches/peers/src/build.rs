//! Cold builds of a program that uses ten commands: all its dependencies from scratch.

use crate::Result;
use crate::cpu::{self, Cost};
use crate::stats::{Required, head, median, ratio, row};
use std::path::{Path, PathBuf};
use std::process::Command;

const ROUNDS: usize = 3;

/// The programs in `programs/`; the first is what the others are compared with.
const PROGRAMS: [(&str, &str, Option<Required>); 3] = [
    ("qapi-qmp", "`qapi-qmp` 0.15", None),
    (
        "qapi-types",
        "`qapi-types`, all of QMP",
        Some(Required::AtMost(0.40)),
    ),
    (
        "selected",
        "ten commands by `Builder`",
        Some(Required::AtMost(0.36)),
    ),
];

/// The commands that the programs use.
pub const COMMANDS: [&str; 10] = [
    "qmp_capabilities",
    "query-version",
    "query-status",
    "query-block",
    "blockdev-add",
    "blockdev-del",
    "device_add",
    "device_del",
    "cont",
    "stop",
];

pub fn report(target: &Path) -> Result<()> {
    for (program, ..) in PROGRAMS {
        fetch(program)?;
    }
    println!(
        "From nothing, all dependencies and the generator included. Seconds, medians of {ROUNDS} rounds; nothing is compiled \
         incrementally, and downloads are not counted.\n"
    );
    head(&[
        "",
        "profile",
        "CPU",
        "elapsed",
        "CPU / qapi-qmp's",
        "required",
    ]);
    for profile in ["dev", "release"] {
        let mut costs: [Vec<Cost>; PROGRAMS.len()] = Default::default();
        for _ in 0..ROUNDS {
            for (costs, (program, ..)) in costs.iter_mut().zip(PROGRAMS) {
                costs.push(build(program, profile, target)?);
            }
        }
        let part = |costs: &[Cost], part: fn(&Cost) -> f64| costs.iter().map(part).collect();
        let base: Vec<f64> = part(&costs[0], |cost| cost.cpu);
        for (costs, (_, name, required)) in costs.iter().zip(PROGRAMS) {
            let cpu: Vec<f64> = part(costs, |cost| cost.cpu);
            let wall: Vec<f64> = part(costs, |cost| cost.wall);
            let share = ratio(&cpu, &base);
            row([
                name.to_owned(),
                profile.to_owned(),
                format!("{:.1}", median(&cpu)),
                format!("{:.1}", median(&wall)),
                format!("{share:.2}"),
                Required::shown(required, share),
            ]);
        }
    }
    Ok(())
}

/// Builds what generates code as build scripts do, without optimisation, in a folder; its path.
pub fn script(folder: &Path) -> Result<PathBuf> {
    let target = folder.join("script");
    fetch("script")?;
    build("script", "dev", &target)?;
    Ok(target.join("debug/script"))
}

/// Builds a program with nothing to build on.
fn build(program: &str, profile: &str, target: &Path) -> Result<Cost> {
    cold(&manifest(program), profile, target)
}

/// Builds the package of a manifest, with nothing to build on.
pub fn cold(manifest: &Path, profile: &str, target: &Path) -> Result<Cost> {
    if target.exists() {
        std::fs::remove_dir_all(target)?;
    }
    cpu::run(&mut command(manifest, profile, target))
}

/// What builds the package of a manifest.
pub fn command(manifest: &Path, profile: &str, target: &Path) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.arg("build").arg("--manifest-path").arg(manifest);
    command.args([
        "--offline",
        "--locked",
        "--profile",
        profile,
        "--target-dir",
    ]);
    // Cargo compiles incrementally what comes from a path but not what comes from a registry, as
    // `qapi-qmp` does. That costs a third more in the first build.
    command.env("CARGO_INCREMENTAL", "0").arg(target);
    command
}

/// The size of a program without symbols, in megabytes.
pub fn stripped(program: &Path) -> Result<f64> {
    let stripped = program.with_extension("stripped");
    cpu::run(Command::new("strip").arg("-o").arg(&stripped).arg(program))?;
    Ok(std::fs::metadata(&stripped)?.len() as f64 / 1e6)
}

/// Fetches what a program in `programs/` needs.
pub fn fetch(program: &str) -> Result<Cost> {
    let mut command = Command::new(env!("CARGO"));
    command.args(["fetch", "--locked", "--manifest-path"]);
    cpu::run(command.arg(manifest(program)))
}

/// Of a package of this repository.
pub fn ours(folder: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join(folder).join("Cargo.toml")
}

/// Of a program in `programs/`.
pub fn manifest(program: &str) -> PathBuf {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("programs");
    programs.join(program).join("Cargo.toml")
}

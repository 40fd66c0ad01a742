//! Brings this repository to another release of QEMU, given the source trees of QEMU's releases: the schema and the facts
//! in `schema/`, the generated modules, the places that state the newest release, and what changed for users in CHANGELOG.md.

mod changes;
mod data;
mod modules;
mod releases;
mod stage;
mod statements;

use releases::Release;
use stage::Stage;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "usage: cargo run -p qapi-refresh -- [--workspace DIR] FOLDER

FOLDER has the source trees of QEMU's releases, each in a folder named like 10.2.0 or qemu-10.2.0. Of them only qapi/,
qga/ and storage-daemon/qapi/ are read.";

fn main() -> ExitCode {
    let mut arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let mut workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    if arguments.len() == 3 && arguments[0] == "--workspace" {
        workspace = PathBuf::from(arguments.remove(1));
        arguments.remove(0);
    }
    let [folder] = arguments.as_slice() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match refresh(&workspace, Path::new(folder)) {
        Ok(Some(entry)) => {
            println!("CHANGELOG.md has:\n\n{entry}");
            ExitCode::SUCCESS
        }
        Ok(None) => {
            println!("It is the same release: nothing changed.");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// Refreshes everything, or changes nothing; the entry of CHANGELOG.md, if it is another release.
fn refresh(workspace: &Path, folder: &Path) -> Result<Option<String>, String> {
    let schema = workspace.join("schema");
    let before = Release::restated(&schema)?;
    let oldest = releases::oldest(&schema)?;
    let releases = releases::read(folder, &oldest)?;
    let now = releases
        .last()
        .ok_or_else(|| format!("{}: no release from {oldest} on is there", folder.display()))?;
    let stage = Stage::of(workspace)?;
    let staged = stage.root();
    data::write(&staged.join("schema"), &releases)?;
    for (path, builder) in modules::modules(staged) {
        let code = builder.generate_to_string().map_err(|e| e.to_string())?;
        save(&path, &code)?;
    }
    statements::write(staged, &before.version, &now.version)?;
    let entry = changes::write(staged, &before, now)?;
    stage.put_back(workspace)?;
    Ok(entry)
}

fn load(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn save(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

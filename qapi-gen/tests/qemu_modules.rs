//! The modules of `qapi-types` for QEMU's own schemas are what the generator makes of the schema
//! files in `schema/`.
//!
//! With the environment variable `QAPI_BLESS` set, they are written instead of compared.

#[path = "../../refresh/src/modules.rs"]
mod modules;

use qapi_gen::Frontend;
use std::path::{Path, PathBuf};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Files on no subject: what they define is there with any.
const COMMON: [&str; 7] = [
    "common.json",
    "compat.json",
    "control.json",
    "error.json",
    "introspect.json",
    "pragma.json",
    "qapi-schema.json",
];

/// The names in the list that starts with this in a manifest.
fn list(manifest: &str, start: &str) -> Vec<String> {
    let manifest = std::fs::read_to_string(workspace().join(manifest)).unwrap();
    let (_, rest) = manifest.split_once(start).unwrap();
    let (list, _) = rest.split_once(']').unwrap();
    list.split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_file_has_a_subject_and_every_subject_a_feature() {
    if !workspace().join("schema").is_dir() {
        eprintln!("skipped: the schemas are not beside this package");
        return;
    }
    let subjects = modules::SUBJECTS.map(|(subject, _)| format!("qmp-{subject}"));
    assert_eq!(list("qapi-types/Cargo.toml", "\nqmp = ["), subjects);
    let [first, rest @ ..] = &list("Cargo.toml", "\nqmp = [")[..] else {
        panic!("qapi-rt has no feature qmp");
    };
    assert_eq!((first.as_str(), rest), ("qapi-types/qmp", &subjects[..]));

    // A file that QEMU adds is to be looked at: it may bring whatever it needs to everybody.
    let schema = Frontend::new().read(workspace().join("schema/qapi/qapi-schema.json"));
    let names = schema
        .unwrap()
        .modules()
        .iter()
        .map(|module| module.name.to_string())
        .collect::<Vec<_>>();
    let files = names.iter().map(|name| name.rsplit('/').next().unwrap());
    let patterns = || modules::SUBJECTS.iter().flat_map(|(_, files)| files.iter());
    for file in files.clone() {
        assert!(
            COMMON.contains(&file) || patterns().any(|pattern| modules::covers(pattern, file)),
            "{file} is on no subject in refresh/src/modules.rs"
        );
    }
    let of_releases = "qmp-dropped.json";
    for pattern in patterns().chain(&COMMON).filter(|it| **it != of_releases) {
        let mut files = files.clone();
        assert!(
            files.any(|file| modules::covers(pattern, file)),
            "{pattern} covers no file"
        );
    }
}

#[test]
fn every_module_is_what_the_generator_makes() {
    if !workspace().join("schema").is_dir() {
        eprintln!("skipped: the schemas are not beside this package");
        return;
    }
    for (path, builder) in modules::modules(&workspace()) {
        let code = builder.generate_to_string().unwrap();
        if std::env::var_os("QAPI_BLESS").is_some() {
            std::fs::write(&path, code).unwrap();
            continue;
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        let differs = code.lines().zip(written.lines()).position(|(a, b)| a != b);
        assert!(
            code == written,
            "{} is not up to date from line {} on (QAPI_BLESS=1 writes it anew)",
            path.display(),
            differs.map_or(written.lines().count(), |line| line) + 1
        );
    }
}

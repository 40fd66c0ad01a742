//! The modules of `qapi-types` for QEMU's own schemas are what the generator makes of the schema
//! files in `schema/`.
//!
//! With the environment variable `QAPI_BLESS` set, they are written instead of compared.

#[path = "../../refresh/src/modules.rs"]
mod modules;

use std::path::{Path, PathBuf};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
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

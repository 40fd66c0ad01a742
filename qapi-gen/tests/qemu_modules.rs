//! The modules of `qapi-types` for QEMU's own schemas are what the generator makes of the schema
//! files in `schema/`.
//!
//! With the environment variable `QAPI_BLESS` set, they are written instead of compared.

use qapi_gen::{Builder, Releases};
use std::path::{Path, PathBuf};

const MANUAL: &str = "https://www.qemu.org/docs/master/interop/";

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn builder(schema: &str, facts: &str, page: &str, namespace: &str) -> Builder {
    let schemas = workspace().join("schema");
    let facts = std::fs::read_to_string(schemas.join("releases").join(facts)).unwrap();
    Builder::new(schemas.join(schema))
        .types_crate("crate")
        .releases(Releases::parse(&facts).unwrap())
        .reference(format!("{MANUAL}{page}"), namespace)
}

/// The code as it was written, or a message that it was not compared.
fn compare(module: &str, builder: &Builder) {
    let path = workspace().join("qapi-types/src").join(module);
    let code = builder.generate_to_string().unwrap();
    if std::env::var_os("QAPI_BLESS").is_some() {
        std::fs::write(&path, code).unwrap();
        return;
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

fn outside_workspace() -> bool {
    let outside = !workspace().join("schema").is_dir();
    if outside {
        eprintln!("skipped: the schemas are not beside this package");
    }
    outside
}

#[test]
fn qmp() {
    if !outside_workspace() {
        let page = "qemu-qmp-ref.html";
        compare(
            "qmp.rs",
            &builder("qapi/qapi-schema.json", "qmp.txt", page, "QMP"),
        );
    }
}

#[test]
fn qga() {
    if !outside_workspace() {
        let page = "qemu-ga-ref.html";
        compare(
            "qga.rs",
            &builder("qga/qapi-schema.json", "qga.txt", page, "QGA"),
        );
    }
}

/// Whatever QMP has too comes from there.
#[test]
fn qsd() {
    if !outside_workspace() {
        let page = "qemu-storage-daemon-qmp-ref.html";
        let schema = "storage-daemon/qapi/qapi-schema.json";
        let builder =
            builder(schema, "qsd.txt", page, "QSD").extern_path("qapi/*.json", "crate::qmp");
        compare("qsd.rs", &builder);
    }
}

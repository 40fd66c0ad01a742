//! Reading and checking schemas, in process.

use divan::Bencher;
use divan::counter::BytesCount;
use qapi_benches::schemas::{self, Files};
use qapi_gen::introspect::{Options, schema_info};
use qapi_gen::{Frontend, MemoryLoader};
use std::path::PathBuf;

fn main() {
    divan::main();
}

#[divan::bench]
fn check_qmp(bencher: Bencher) {
    let root = qapi_schema::qmp();
    bencher.bench(|| Frontend::new().read(&root).expect("QMP's schema is right"));
}

/// The schema of a QEMU release with all its documentation, if one is at hand.
#[divan::bench]
fn check_qmp_documented(bencher: Bencher) {
    let Some(root) = documented() else {
        eprintln!("\nskipped: QAPI_CORPUS has no schema of the newest release");
        return;
    };
    bencher.bench(|| {
        let frontend = Frontend::new().style(true);
        frontend.read(&root).expect("QEMU's schema is right")
    });
}

#[divan::bench]
fn introspect_qmp(bencher: Bencher) {
    let schema = Frontend::new().read(qapi_schema::qmp());
    let schema = schema.expect("QMP's schema is right");
    bencher.bench(|| schema_info(&schema, &Options::default()));
}

#[divan::bench(args = [100, 1_000])]
fn mixed_definitions(bencher: Bencher, groups: usize) {
    check(bencher, schemas::mixed(groups));
}

#[divan::bench(args = [100, 1_000])]
fn include_chain(bencher: Bencher, depth: usize) {
    check(bencher, schemas::include_chain(depth));
}

#[divan::bench(args = [10_000, 100_000])]
fn struct_members(bencher: Bencher, members: usize) {
    check(bencher, schemas::wide_struct(members));
}

#[divan::bench(args = [500, 5_000])]
fn base_chain(bencher: Bencher, length: usize) {
    check(bencher, schemas::base_chain(length));
}

fn check(bencher: Bencher, files: Files) {
    let bytes: usize = files.iter().map(|(_, text)| text.len()).sum();
    let loader = MemoryLoader::new(files);
    bencher.counter(BytesCount::new(bytes)).bench(|| {
        Frontend::new()
            .loader(&loader)
            .read("root.json")
            .expect("the schema is right")
    });
}

fn documented() -> Option<PathBuf> {
    let beside = || concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared").into();
    let corpus = PathBuf::from(std::env::var_os("QAPI_CORPUS").unwrap_or_else(beside));
    let release = include_str!("../../schema/VERSION").trim();
    let root = corpus.join(format!("schemas/{release}/qapi/qapi-schema.json"));
    root.is_file().then_some(root)
}

//! From a schema to formatted Rust, in process.

use divan::Bencher;
use qapi_gen::{Builder, Frontend};

fn main() {
    divan::main();
}

#[divan::bench]
fn everything() -> String {
    generate(&Builder::new(qapi_schema::qmp()))
}

#[divan::bench]
fn ten_commands() -> String {
    generate(&Builder::new(qapi_schema::qmp()).commands(qapi_benches::TEN_COMMANDS))
}

/// What is left of [`everything`] when the schema has been read.
#[divan::bench]
fn backend(bencher: Bencher) {
    let schema = Frontend::new().read(qapi_schema::qmp());
    let schema = schema.expect("QMP's schema is right");
    let builder = Builder::new(qapi_schema::qmp());
    bencher.bench(|| {
        builder
            .generate_from(&schema)
            .expect("the options are right")
    });
}

fn generate(builder: &Builder) -> String {
    builder.generate_to_string().expect("QMP's schema is right")
}

//! The code generated for small schemas, one a construct: compared with the files in `golden/`,
//! compiled, and run.
//!
//! A page of the documentation shows both. With the environment variable `QAPI_BLESS` set, the
//! files are written instead of compared.

use qapi_gen::{Builder, Condition, ServiceOptions};
use std::path::{Path, PathBuf};

// What has a service is compiled and run by the tests of `qapi-rt`, which this package does not depend on.
/// Compiled as a user's crate does: warnings are errors here, but for those about code that this
/// test does not use, and clippy's pedantic ones beyond those that the header of every file lists.
#[deny(warnings, clippy::pedantic)]
#[deny(
    missing_copy_implementations,
    missing_debug_implementations,
    missing_docs,
    rust_2018_idioms,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unused_lifetimes
)]
#[allow(dead_code, unreachable_pub)]
#[allow(
    clippy::doc_markdown,
    clippy::fn_params_excessive_bools,
    clippy::many_single_char_names,
    clippy::match_same_arms,
    clippy::pub_underscore_fields,
    clippy::similar_names,
    clippy::single_match_else,
    clippy::struct_excessive_bools,
    clippy::struct_field_names,
    clippy::too_many_lines,
    clippy::used_underscore_binding,
    clippy::used_underscore_items
)]
// The files are as generated, whichever rustfmt there is.
#[rustfmt::skip]
#[path = "golden"]
pub(crate) mod generated {
    #[path = "alternate.rs"]
    pub mod alternate;
    #[path = "command.rs"]
    pub mod command;
    #[path = "conditions.rs"]
    pub mod conditions;
    #[path = "enum.rs"]
    pub mod enum_;
    #[path = "event.rs"]
    pub mod event;
    #[path = "names.rs"]
    pub mod names;
    #[path = "recursive.rs"]
    pub mod recursive;
    #[path = "struct.rs"]
    pub mod struct_;
    #[path = "union.rs"]
    pub mod union;
}

pub(crate) fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

pub(crate) fn builder(name: &str) -> Builder {
    let builder = Builder::new(directory().join(name).with_extension("json"));
    match name {
        "conditions" => builder
            .condition("LINUX", Condition::Cfg("target_os = \"linux\""))
            .condition("NOWHERE", Condition::Cfg("any()"))
            .condition("PIXMAN", Condition::False)
            .condition("VNC", Condition::True),
        "service" => builder
            .condition("LINUX", Condition::Cfg("target_os = \"linux\""))
            .condition("NOWHERE", Condition::Cfg("any()"))
            .service(ServiceOptions::new().required(["query-s*"])),
        "service_local" => builder.service(ServiceOptions::new().local(true)),
        _ => builder,
    }
}

/// Compares with a file, or writes it.
fn expect(text: &str, path: &Path) {
    if std::env::var_os("QAPI_BLESS").is_some() {
        std::fs::write(path, text).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    let mut lines = text.lines().zip(expected.lines()).enumerate();
    if let Some((line, (now, then))) = lines.find(|(_, (now, then))| now != then) {
        panic!(
            "{}:{}: generated\n  {now}\nexpected\n  {then}\n(QAPI_BLESS=1 writes the files anew)",
            path.display(),
            line + 1
        );
    }
    assert_eq!(
        text.lines().count(),
        expected.lines().count(),
        "{}",
        path.display()
    );
}

#[test]
fn the_generated_code_is_the_expected_code() {
    let mut count = 0;
    for entry in std::fs::read_dir(directory()).unwrap() {
        let schema = entry.unwrap().path();
        if schema
            .extension()
            .is_none_or(|extension| extension != "json")
        {
            continue;
        }
        count += 1;
        let name = schema.file_stem().unwrap().to_str().unwrap();
        let code = builder(name).generate_to_string().unwrap();
        expect(&code, &schema.with_extension("rs"));
    }
    assert_eq!(
        count, 11,
        "each schema has its module above, or is a service"
    );
}

/// The types that the codec is tested with.
#[test]
fn the_code_that_the_codec_is_tested_with() {
    let lamps = Path::new(env!("CARGO_MANIFEST_DIR")).join("../qapi-types/tests/lamps");
    if !lamps.is_dir() {
        eprintln!("skipped: the crate of the codec is not beside this package");
        return;
    }
    let code = Builder::new(lamps.join("lamps.json")).generate_to_string();
    expect(&code.unwrap(), &lamps.join("mod.rs"));
}

#[test]
fn the_page_shows_what_is_generated() {
    expect(&crate::page::page(), &crate::page::path());
}

#[test]
fn the_same_schema_gives_the_same_bytes() {
    for name in ["union", "names", "conditions"] {
        let code = builder(name).generate_to_string().unwrap();
        assert_eq!(code, builder(name).generate_to_string().unwrap());
    }
}

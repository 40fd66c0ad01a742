//! Writes tables of the generated commands and events, so that tests can pick a type by its name on the wire.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use qapi_gen::{Builder, Frontend, ServiceOptions, model::Schema};

/// The schema of a user.
const OWN: &str = "usage/heater.json";
/// The schema of a vendor who extends QEMU's.
const VENDOR: &str = "service/vendor.json";

fn main() -> Result<(), qapi_gen::Error> {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    println!("cargo::rerun-if-changed=build.rs");
    println!(
        "cargo::rerun-if-changed={}",
        qapi_schema::directory().display()
    );
    for (module, root, dropped) in [
        ("qmp", qapi_schema::qmp(), Some(qapi_schema::qmp_dropped())),
        ("qga", qapi_schema::qga(), Some(qapi_schema::qga_dropped())),
        (
            "qsd",
            qapi_schema::storage_daemon(),
            Some(qapi_schema::storage_daemon_dropped()),
        ),
        ("heater", OWN.into(), None),
    ] {
        let frontend = dropped.into_iter().fold(Frontend::new(), Frontend::extend);
        let schema = frontend.docs(false).read(root)?;
        write_table(&out, module, &schema);
        if module == "qmp" {
            write_queries(&out, &schema);
        }
    }
    Builder::new(OWN).generate()?;
    Builder::new(VENDOR)
        .extern_path("qapi/*.json", "::qapi_rt::types::qmp")
        .service(ServiceOptions::new())
        .generate()?;
    Ok(())
}

fn write_table(out: &Path, module: &str, schema: &Schema) {
    let mut text = format!("Interface {{\n    name: \"{module}\",\n");
    let event = if schema.events().next().is_some() {
        format!("Some(recode_event::<{module}::Event>)")
    } else {
        "None".to_owned()
    };
    let _ = writeln!(text, "    recode_event: {event},\n    commands: &[");
    for command in schema.commands() {
        let (name, ident) = (&command.name, ident(&command.name));
        let _ = writeln!(
            text,
            "        Command::of::<{module}::commands::{ident}>(\"{name}\"),"
        );
    }
    text.push_str("    ],\n    events: &[\n");
    for event in schema.events() {
        let (name, ident) = (&event.name, ident(&event.name));
        let _ = writeln!(
            text,
            "        Event::of::<{module}::events::{ident}>(\"{name}\"),"
        );
    }
    text.push_str("    ],\n}\n");
    let path = out.join(format!("{module}_table.rs"));
    std::fs::write(path, text).expect("OUT_DIR can be written to");
}

/// The commands that ask and change nothing.
fn write_queries(out: &Path, schema: &Schema) {
    let others = ["device-list-properties", "trace-event-get-state"];
    let mut text = "[\n".to_owned();
    for command in schema.commands() {
        let name = command.name.as_str();
        let prefixes = ["query-", "x-query-", "qom-list"];
        if prefixes.iter().any(|start| name.starts_with(start)) || others.contains(&name) {
            let _ = writeln!(text, "    Query::of::<commands::{}>(),", ident(name));
        }
    }
    text.push_str("]\n");
    std::fs::write(out.join("queries.rs"), text).expect("OUT_DIR can be written to");
}

/// The type that a command or event became. A mistake here does not compile, as the tables compare names.
fn ident(name: &str) -> String {
    let words = name.split(['-', '_', '.']).filter(|word| !word.is_empty());
    words
        .map(|word| {
            let (first, rest) = word.split_at(1);
            let rest = match word.chars().any(|c| c.is_ascii_lowercase()) {
                true => rest.to_owned(),
                false => rest.to_ascii_lowercase(),
            };
            first.to_ascii_uppercase() + &rest
        })
        .collect()
}

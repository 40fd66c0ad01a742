//! Describes the guest agent's commands, which an agent itself does not.

use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let root = qapi_schema::qga();
    println!("cargo::rerun-if-changed={}", root.display());
    let schema = qapi_gen::Frontend::new().read(root)?;
    let info = qapi_gen::introspect::schema_info(&schema, &Default::default());
    let directory = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("no OUT_DIR")?);
    Ok(std::fs::write(directory.join("agent.json"), info)?)
}

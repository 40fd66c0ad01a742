//! Generates the service traits for QEMU's own schemas.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "server")]
    services::generate()?;
    Ok(())
}

#[cfg(feature = "server")]
mod services {
    use qapi_gen::{Builder, Error, ServiceOptions};
    use std::path::PathBuf;

    pub(crate) fn generate() -> Result<(), Error> {
        if cfg!(feature = "qmp") {
            service(qapi_schema::qmp(), "qmp")?;
        }
        if cfg!(feature = "qga") {
            service(qapi_schema::qga(), "qga")?;
        }
        if cfg!(feature = "qsd") {
            service(qapi_schema::storage_daemon(), "qsd")?;
        }
        Ok(())
    }

    /// The types are in `qapi-types` already.
    fn service(schema: PathBuf, module: &str) -> Result<(), Error> {
        let options = ServiceOptions::new().types_from(format!("::qapi_types::{module}"));
        Builder::new(schema)
            .docs(false)
            .service(options)
            .file(format!("{module}.rs"))
            .generate()?;
        Ok(())
    }
}

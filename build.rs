//! Generates the service traits for QEMU's own schemas.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "server")]
    services::generate()?;
    #[cfg(feature = "server")]
    services::library()?;
    Ok(())
}

#[cfg(feature = "server")]
mod services {
    use qapi_gen::{Builder, Error, ServiceOptions};
    use std::path::PathBuf;

    pub(crate) fn generate() -> Result<(), Error> {
        println!("cargo::rustc-env=QEMU_RELEASE={}", qapi_schema::VERSION);
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

    /// Describes the commands that the library answers by itself: they may be missing from a service's schema.
    pub(crate) fn library() -> Result<(), Box<dyn std::error::Error>> {
        let root = qapi_schema::qmp();
        let mut text = String::new();
        for file in ["pragma.json", "control.json", "introspect.json"] {
            let path = root.with_file_name(file);
            println!("cargo::rerun-if-changed={}", path.display());
            text += &format!("{{ 'include': '{file}' }}\n");
        }
        let schema = qapi_gen::Frontend::new().read_text(root, text)?;
        let info = qapi_gen::introspect::schema_info(&schema, &Default::default());
        let directory = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("no OUT_DIR")?);
        Ok(std::fs::write(directory.join("library.json"), info)?)
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

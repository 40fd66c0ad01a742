//! Generating Rust from a build script.

mod rewritten;

use crate::frontend::Frontend;
use crate::model::Schema;
#[cfg(feature = "service")]
use crate::rust::ServiceOptions;
use crate::rust::{self, Decision, Error, Glob, Options, Reference};
use rewritten::Rewritten;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What becomes of what the schema makes conditional on a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition<'a> {
    /// The symbol is defined.
    True,
    /// The symbol is not defined: what needs it is left out.
    False,
    /// The symbol is defined if this predicate holds, written as inside `#[cfg(…)]`.
    Cfg(&'a str),
}

/// Generates Rust from a schema, usually in a build script.
///
/// ```no_run
/// # fn main() -> Result<(), qapi_gen::Error> {
/// qapi_gen::Builder::new("schema/vmm.json")
///     .commands(["query-*", "device_add"])
///     .generate()?; // OUT_DIR/vmm.rs
/// # Ok(())
/// # }
/// ```
///
/// The crate takes the file in with
/// `pub mod vmm { include!(concat!(env!("OUT_DIR"), "/vmm.rs")); }`.
#[derive(Clone, Debug)]
pub struct Builder {
    schema: PathBuf,
    include_path: Vec<PathBuf>,
    #[cfg(feature = "legacy")]
    legacy: bool,
    extensions: Vec<PathBuf>,
    out_dir: Option<PathBuf>,
    file: Option<PathBuf>,
    used_list: Option<PathBuf>,
    options: Options,
}

impl Builder {
    /// For the schema with this root file.
    pub fn new(schema: impl Into<PathBuf>) -> Builder {
        Builder {
            schema: schema.into(),
            include_path: Vec::new(),
            #[cfg(feature = "legacy")]
            legacy: false,
            extensions: Vec::new(),
            out_dir: None,
            file: None,
            used_list: None,
            options: Options::default(),
        }
    }

    /// Whether forms of the language that QEMU dropped are read too, back to release 1.0.
    #[cfg(feature = "legacy")]
    #[cfg_attr(docsrs, doc(cfg(feature = "legacy")))]
    pub fn legacy(mut self, legacy: bool) -> Builder {
        self.legacy = legacy;
        self
    }

    /// Adds a directory in which included files are looked for that are not beside the file that
    /// includes them. With `qapi_schema::directory()` a schema can
    /// `{ 'include': 'qapi/common.json' }`.
    pub fn include_path(mut self, directory: impl Into<PathBuf>) -> Builder {
        self.include_path.push(directory.into());
        self
    }

    /// Adds the definitions and parts of definitions in another file, as [`Frontend::extend`] does: such as
    /// what earlier releases understand and the last one dropped.
    pub fn extend(mut self, file: impl Into<PathBuf>) -> Builder {
        self.extensions.push(file.into());
        self
    }

    /// Generates only the commands that these patterns cover, and what they need. `*` stands for
    /// any text, `?` for any character. Events are then generated only if [asked
    /// for](Builder::events).
    pub fn commands<P: Into<String>>(mut self, patterns: impl IntoIterator<Item = P>) -> Builder {
        let globs = patterns.into_iter().map(Glob::new);
        self.options.commands.get_or_insert_default().extend(globs);
        self
    }

    /// Generates only the events that these patterns cover, and what they need; see
    /// [`commands`](Builder::commands).
    pub fn events<P: Into<String>>(mut self, patterns: impl IntoIterator<Item = P>) -> Builder {
        let globs = patterns.into_iter().map(Glob::new);
        self.options.events.get_or_insert_default().extend(globs);
        self
    }

    /// Decides about a symbol that the schema's conditions name. What depends on symbols that
    /// nobody decided about is generated. A symbol that the schema does not name is ignored, since one
    /// set of decisions may serve several schemas.
    pub fn condition(mut self, symbol: impl Into<String>, condition: Condition) -> Builder {
        let decision = match condition {
            Condition::True => Decision::True,
            Condition::False => Decision::False,
            Condition::Cfg(predicate) => Decision::Cfg(predicate.to_owned()),
        };
        self.options.conditions.insert(symbol.into(), decision);
        self
    }

    /// Takes what some schema files define from a module that exists already, generated from the
    /// same files, such as `::qapi_types::qmp`. The pattern covers the file's path relative to
    /// the root file's directory, or the end of that path; it must cover some file.
    pub fn extern_path(mut self, file: impl Into<String>, module: impl Into<String>) -> Builder {
        self.options
            .extern_paths
            .push((Glob::new(file), module.into()));
        self
    }

    /// Generates what some schema files define under `#[cfg(…)]` with this predicate, such as `feature = "migration"`, so
    /// that whoever compiles the code takes a part of it. The pattern covers files as that of
    /// [`extern_path`](Builder::extern_path) does, and the first that covers a file counts; what is in others is always
    /// there. A type is there whenever something is that uses it, so each part is whole. An event whose predicate does not
    /// hold is received as one of another release.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), qapi_gen::Error> {
    /// qapi_gen::Builder::new("schema/vmm.json")
    ///     .file_cfg("block*.json", "feature = \"block\"")
    ///     .file_cfg("migration.json", "feature = \"migration\"")
    ///     .generate()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn file_cfg(mut self, file: impl Into<String>, predicate: impl Into<String>) -> Builder {
        self.options
            .file_cfgs
            .push((Glob::new(file), predicate.into()));
        self
    }

    /// Says from which schema a module was generated that [`extern_path`](Builder::extern_path) names, where that is not
    /// this one: that of QEMU, say, while this is of a fork. Then only what both have in the same shape is taken from there;
    /// the rest, and what uses something of the rest, is generated. [`differences`](Builder::differences) tells what that is.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let qemu = std::path::PathBuf::new(); // qapi_schema::qmp()
    /// qapi_gen::Builder::new("fork/qapi/qapi-schema.json")
    ///     .extern_path("*.json", "::qapi_types::qmp")
    ///     .extern_schema("::qapi_types::qmp", qapi_gen::Frontend::new().read(qemu)?)
    ///     .generate()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn extern_schema(mut self, module: impl Into<String>, schema: Schema) -> Builder {
        let schema = Arc::new(schema);
        self.options.extern_schemas.push((module.into(), schema));
        self
    }

    /// Derives one more trait (or several, separated by commas) for the items made from the
    /// definitions that the pattern covers. Their names are those of the schema, which must have
    /// such a definition, generated or not.
    pub fn derive(mut self, pattern: impl Into<String>, derive: impl Into<String>) -> Builder {
        self.options
            .derives
            .push((Glob::new(pattern), derive.into()));
        self
    }

    /// Puts an attribute, such as `#[must_use]`, in front of the items made from the definitions
    /// that the pattern covers, as for [`derive`](Builder::derive).
    pub fn attribute(
        mut self,
        pattern: impl Into<String>,
        attribute: impl Into<String>,
    ) -> Builder {
        self.options
            .attributes
            .push((Glob::new(pattern), attribute.into()));
        self
    }

    /// The path under which the generated code finds the crate `qapi-types`; `::qapi_types`
    /// unless told otherwise.
    pub fn types_crate(mut self, path: impl Into<String>) -> Builder {
        self.options.types_crate = path.into();
        self
    }

    /// Whether the schema's documentation becomes rustdoc, as it does by default with the cargo
    /// feature `docs`, and never without. Each item names its place in the schema anyway.
    pub fn docs(mut self, docs: bool) -> Builder {
        self.options.docs = docs && cfg!(feature = "docs");
        self
    }

    /// Whether the code is laid out for people, as it is by default. Otherwise each item is a line, which saves a part of the
    /// time.
    pub fn format(mut self, format: bool) -> Builder {
        self.options.format = format;
        self
    }

    /// Links every item to QEMU's reference manual: the address of its page, and the namespace of
    /// the schema in it, such as `QMP`.
    pub fn reference(mut self, page: impl Into<String>, namespace: impl Into<String>) -> Builder {
        self.options.reference = Some(Reference {
            page: page.into(),
            namespace: namespace.into(),
        });
        self
    }

    /// Makes types for a client of several releases: a member that some release does not send is
    /// an `Option`. The facts are those that [`Releases`](crate::Releases) computes.
    #[cfg(feature = "releases")]
    #[cfg_attr(docsrs, doc(cfg(feature = "releases")))]
    pub fn releases(mut self, facts: crate::Releases) -> Builder {
        self.options.releases = facts;
        self
    }

    /// Adds what `query-qmp-schema` answers as the constant `INTROSPECTION`, a JSON text. It
    /// describes the commands and events that are generated, and no others. What a `cfg` decides, by a
    /// [`condition`](Builder::condition), counts as there.
    #[cfg(feature = "service")]
    #[cfg_attr(docsrs, doc(cfg(feature = "service")))]
    pub fn introspection(mut self, introspection: bool) -> Builder {
        self.options.introspection = introspection;
        self
    }

    /// Adds the service trait, which a server of the crate `qapi-rt` drives, and the constant
    /// `INTROSPECTION`.
    #[cfg(feature = "service")]
    #[cfg_attr(docsrs, doc(cfg(feature = "service")))]
    pub fn service(mut self, options: ServiceOptions) -> Builder {
        self.options.service = Some(options);
        self
    }

    /// Where the file goes; `OUT_DIR` of the build script unless told otherwise.
    pub fn out_dir(mut self, directory: impl Into<PathBuf>) -> Builder {
        self.out_dir = Some(directory.into());
        self
    }

    /// What the file is called; the name of the schema's root file with `.rs` unless told
    /// otherwise.
    pub fn file(mut self, name: impl Into<PathBuf>) -> Builder {
        self.file = Some(name.into());
        self
    }

    /// Also writes a list of what is generated, to this file in the same directory: commands, events, and the parts of
    /// types that they need. `qapi-gen diff --used-by` takes it, and tells whether another release of the schema breaks
    /// whoever uses no more than that.
    pub fn used_list(mut self, name: impl Into<PathBuf>) -> Builder {
        self.used_list = Some(name.into());
        self
    }

    /// Writes the file, if it is not there with the same contents already, and gives its path.
    /// Tells cargo to run the build script again when one of the schema's files changes.
    ///
    /// # Errors
    ///
    /// The schema is rejected, an option is wrong, or the file cannot be written.
    pub fn generate(&self) -> Result<PathBuf, Error> {
        let directory = match &self.out_dir {
            Some(directory) => directory.clone(),
            None => std::env::var_os("OUT_DIR").ok_or(Error::NoOutDir)?.into(),
        };
        let name = match &self.file {
            Some(name) => name.clone(),
            None => {
                Path::new(self.schema.file_name().unwrap_or("schema".as_ref())).with_extension("rs")
            }
        };
        let path = directory.join(name);
        let result = self.read();
        // A rejected schema is to be read again when it has changed.
        let sources = match &result {
            Ok(schema) => Some(schema.sources()),
            Err(Error::Schema(errors) | Error::Legacy(errors)) => Some(&errors.sources),
            Err(_) => None,
        };
        println!("cargo::rerun-if-changed={}", self.schema.display());
        for (_, file) in sources.iter().flat_map(|sources| sources.files()) {
            println!("cargo::rerun-if-changed={}", file.name());
        }
        let schema = result?;
        let failed = |error| Error::Write {
            path: path.clone(),
            error,
        };
        for warning in self
            .warning(&schema)
            .into_iter()
            .chain(self.differences(&schema))
        {
            println!("cargo::warning={warning}");
        }
        let mut file = Rewritten::new(&path);
        match rust::generate(&schema, &self.options, &mut |text| file.write(text)) {
            Ok(()) => file.finish().map_err(failed)?,
            Err(Error::Output(error)) => return Err(failed(error)),
            Err(error) => return Err(error),
        }
        if let Some(name) = &self.used_list {
            let path = directory.join(name);
            let mut file = Rewritten::new(&path);
            let written = file.write(&self.used_from(&schema)?);
            written
                .and_then(|()| file.finish())
                .map_err(|error| Error::Write { path, error })?;
        }
        Ok(path)
    }

    /// The code that [`generate`](Builder::generate) writes.
    ///
    /// # Errors
    ///
    /// The schema is rejected, or an option is wrong.
    pub fn generate_to_string(&self) -> Result<String, Error> {
        self.generate_from(&self.read()?)
    }

    /// The code for a schema that was read already, perhaps not from disk.
    ///
    /// # Errors
    ///
    /// An option is wrong.
    pub fn generate_from(&self, schema: &Schema) -> Result<String, Error> {
        let mut code = String::new();
        rust::generate(schema, &self.options, &mut |text| {
            code.push_str(text);
            Ok(())
        })?;
        Ok(code)
    }

    /// What is to be said before code is generated for a schema: that there will be far more of it than of the schema, since
    /// structs repeat the members of long lines of bases. [`generate`](Builder::generate) tells it to cargo.
    pub fn warning(&self, schema: &Schema) -> Option<String> {
        rust::excess(schema, &self.options)
    }

    /// Which definitions the modules of [`extern_schema`](Builder::extern_schema) have in another shape than the schema, so
    /// that they are generated; `None` if there are none. [`generate`](Builder::generate) tells it to cargo.
    pub fn differences(&self, schema: &Schema) -> Option<String> {
        rust::differences(schema, &self.options)
    }

    /// Writes the code for a schema that was read already, as it is made: all of it may be far larger than the schema
    /// ([`warning`](Builder::warning)).
    ///
    /// # Errors
    ///
    /// An option is wrong, and nothing was written; or `out` takes no more ([`Error::Output`]).
    pub fn generate_into(&self, schema: &Schema, mut out: impl io::Write) -> Result<(), Error> {
        rust::generate(schema, &self.options, &mut |text| {
            out.write_all(text.as_bytes())
        })
    }

    /// The list of [`used_list`](Builder::used_list), for a schema that was read already.
    ///
    /// # Errors
    ///
    /// An option is wrong.
    pub fn used_from(&self, schema: &Schema) -> Result<String, Error> {
        rust::used(schema, &self.options)
    }

    #[cfg(feature = "legacy")]
    fn read(&self) -> Result<Schema, Error> {
        let read = |legacy| self.frontend().legacy(legacy).read(&self.schema);
        read(self.legacy).map_err(|errors| match !self.legacy && read(true).is_ok() {
            true => Error::Legacy(errors),
            false => Error::Schema(errors),
        })
    }

    #[cfg(not(feature = "legacy"))]
    fn read(&self) -> Result<Schema, Error> {
        self.frontend().read(&self.schema).map_err(Error::Schema)
    }

    fn frontend(&self) -> Frontend<'static> {
        let directories = self.include_path.iter();
        let frontend = directories.fold(Frontend::new(), Frontend::include_path);
        let extensions = self.extensions.iter();
        extensions.fold(frontend, Frontend::extend)
    }
}

//! Reads, checks and explains [QAPI] schemas, QEMU's description of its control interface, and generates Rust from them.
//!
//! # In a build script
//!
//! [`Builder`] is all that most users need. Where the schema is wrong, the build fails with every error and its place.
//!
//! ```no_run
//! // build.rs
//! fn main() -> Result<(), qapi_gen::Error> {
//!     qapi_gen::Builder::new("schema/vmm.json")
//!         .commands(["query-*", "device_add"]) // optional: only these, and what they need
//!         .generate()?; // OUT_DIR/vmm.rs
//!     Ok(())
//! }
//! ```
//!
//! The crate then includes the file, and needs the crate `qapi-types`, on which generated code is built:
//!
//! ```ignore
//! #[allow(dead_code)] // unless everything is used
//! mod vmm {
//!     include!(concat!(env!("OUT_DIR"), "/vmm.rs"));
//! }
//! ```
//!
//! [`Builder::service`] adds a trait for servers, with a method for each command. What the generated code looks like,
//! construct by construct, is shown in the repository's `docs/generated-code.md`.
//!
//! # As a library
//!
//! [`Frontend`] reads a schema and gives the checked [`model`], or all independent errors; [`render`] turns them into text.
//! [`introspect`] makes of a model what a server answers to `query-qmp-schema`.
//!
//! ```
//! use qapi_gen::{Frontend, render};
//!
//! let text = "{ 'enum': 'Mode', 'data': [ 'off', 'eco' ] }\n\
//!             { 'command': 'mode-set', 'data': { 'mode': 'Mood' } }\n";
//! let errors = Frontend::new().read_text("vmm.json", text).unwrap_err();
//! assert_eq!(
//!     render::short(&errors.diagnostics[0], &errors.sources),
//!     "vmm.json: In command 'mode-set':\n\
//!      vmm.json:2: parameter 'mode' uses unknown type 'Mood' [T4]\n"
//! );
//!
//! let schema = Frontend::new().read_text("vmm.json", text.replace("Mood", "Mode"))?;
//! let names: Vec<&str> = schema.commands().map(|command| command.name.as_str()).collect();
//! assert_eq!(names, ["mode-set"]);
//! # Ok::<(), qapi_gen::diagnostic::Errors>(())
//! ```
//!
//! # Features
//!
//! Build scripts want to compile little, so they leave out what they do not need with `default-features = false`; the only
//! dependencies are quote, proc-macro2 and strsim then.
//!
//! | feature | what it adds |
//! |---|---|
//! | `diff` | what changed between two interfaces, and what that breaks |
//! | `docs` | the schema's documentation becomes that of the generated code |
//! | `explain` | the rules of the language at length |
//! | `export` | schemas in forms for other languages |
//! | `fmt` | the form of documentation comments |
//! | `human` | diagnostics with source excerpts and suggested names |
//! | `import` | schemas from what servers tell of theirs |
//! | `json` | diagnostics for programs, see `render::json` |
//! | `legacy` | schemas of QEMU before 6.2, in forms of the language that were dropped since |
//! | `lsp` | a language server for editors |
//! | `reference` | schemas as people read them: a web site, Markdown, text |
//! | `releases` | types for clients of several releases, see `Releases` |
//! | `service` | service traits, and the introspection data that servers answer with |
//! | `syn` | Rust code in the builder's options is parsed, so that a mistake is reported where it was made |
//! | `cli` (default) | the command `qapi-gen`, and all of these |
//!
//! [QAPI]: https://www.qemu.org/docs/master/devel/qapi-code-gen.html
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod check;
pub mod diagnostic;
#[cfg(feature = "diff")]
#[cfg_attr(docsrs, doc(cfg(feature = "diff")))]
pub mod diff;
#[cfg(feature = "explain")]
#[cfg_attr(docsrs, doc(cfg(feature = "explain")))]
pub mod explain;
#[cfg(feature = "export")]
#[cfg_attr(docsrs, doc(cfg(feature = "export")))]
pub mod export;
#[cfg(feature = "fmt")]
#[cfg_attr(docsrs, doc(cfg(feature = "fmt")))]
pub mod format;
mod frontend;
#[cfg(feature = "import")]
#[cfg_attr(docsrs, doc(cfg(feature = "import")))]
pub mod import;
#[cfg(any(feature = "diff", feature = "export", feature = "import"))]
// Each of them needs another part of it.
#[cfg_attr(not(feature = "cli"), allow(dead_code))]
mod interface;
#[cfg(feature = "service")]
#[cfg_attr(docsrs, doc(cfg(feature = "service")))]
pub mod introspect;
#[cfg(feature = "json")]
mod json;
#[cfg(any(feature = "cli", feature = "import"))]
mod layout;
#[cfg(feature = "legacy")]
mod legacy;
mod loader;
#[cfg(feature = "lsp")]
#[cfg_attr(docsrs, doc(cfg(feature = "lsp")))]
pub mod lsp;
mod markdown;
pub mod model;
mod names;
mod print;
#[cfg(feature = "reference")]
#[cfg_attr(docsrs, doc(cfg(feature = "reference")))]
pub mod reference;
#[cfg(feature = "releases")]
#[cfg_attr(docsrs, doc(cfg(feature = "releases")))]
pub mod releases;
pub mod render;
// Only the command restates schemas; build scripts are spared compiling it.
#[cfg(feature = "cli")]
pub mod restate;
#[cfg(feature = "docs")]
mod rst;
mod rust;
pub mod source;
mod suggest;
mod syntax;

pub use builder::{Builder, Condition};
pub use frontend::{Frontend, LANGUAGE};
#[cfg(any(feature = "diff", feature = "export", feature = "import"))]
#[cfg_attr(
    docsrs,
    doc(cfg(any(feature = "diff", feature = "export", feature = "import")))
)]
pub use interface::{Interface, NotIntrospection};
pub use loader::{DiskLoader, FolderLoader, Loader, MemoryLoader};
pub use names::Name;

#[cfg(feature = "releases")]
pub use releases::Releases;
pub use rust::Error;
#[cfg(feature = "service")]
#[cfg_attr(docsrs, doc(cfg(feature = "service")))]
pub use rust::ServiceOptions;

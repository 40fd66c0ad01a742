//! What the caller wants generated, and how.

use super::glob::Glob;
use crate::model::Schema;
#[cfg(feature = "releases")]
use crate::releases::Releases;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where QEMU's reference manual describes a definition.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    /// The page.
    pub(crate) page: String,
    /// The namespace within its anchors: `QMP`, `QGA` or `QSD`.
    pub(crate) namespace: String,
}

/// What a generated file makes of a condition's symbol. Without one, whatever the symbol guards is
/// generated without condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It is defined.
    True,
    /// It is not defined: what needs it is left out.
    False,
    /// It is defined if this predicate holds, written as inside `#[cfg(…)]`.
    Cfg(String),
}

/// The symbols that were decided.
pub(crate) type Decisions = BTreeMap<String, Decision>;

/// The choices of a run.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// The path of the crate `qapi-types` as seen from the generated code.
    pub(crate) types_crate: String,
    /// Whether the schema's documentation becomes that of the items.
    pub(crate) docs: bool,
    /// Whether the code is laid out for people; otherwise each item is a line.
    pub(crate) format: bool,
    /// The commands to generate; with neither commands nor events chosen: everything.
    pub(crate) commands: Option<Vec<Glob>>,
    /// The events to generate.
    pub(crate) events: Option<Vec<Glob>>,
    pub(crate) conditions: Decisions,
    /// Schema files whose types exist already, with the path of the module that has them.
    pub(crate) extern_paths: Vec<(Glob, String)>,
    /// Schema files of which what is generated is there under a predicate of `#[cfg(…)]`.
    pub(crate) file_cfgs: Vec<(Glob, String)>,
    /// The schemas that some of those modules were generated from.
    pub(crate) extern_schemas: Vec<(String, Arc<Schema>)>,
    /// Traits to derive in addition, by pattern for the item.
    pub(crate) derives: Vec<(Glob, String)>,
    /// Attributes to put in front of items, by pattern for the item.
    pub(crate) attributes: Vec<(Glob, String)>,
    pub(crate) reference: Option<Reference>,
    /// What is known of other releases.
    #[cfg(feature = "releases")]
    pub(crate) releases: Releases,
    /// Whether the introspection data becomes a constant.
    #[cfg(feature = "service")]
    pub(crate) introspection: bool,
    /// The service trait, if there is to be one.
    #[cfg(feature = "service")]
    pub(crate) service: Option<ServiceOptions>,
}

impl Options {
    /// The module that has what a file of the schema defines, if that is not the generated one.
    pub(crate) fn extern_path(&self, schema: &Schema, file: usize) -> Option<&str> {
        of_file(&self.extern_paths, schema, file)
    }

    /// The predicate under which what a file of the schema defines is there.
    pub(crate) fn file_cfg(&self, schema: &Schema, file: usize) -> Option<&str> {
        of_file(&self.file_cfgs, schema, file)
    }
}

/// What is said of a file, by the first pattern that covers it.
fn of_file<'l>(list: &'l [(Glob, String)], schema: &Schema, file: usize) -> Option<&'l str> {
    let name = &schema.modules()[file].name;
    let covering = list.iter().find(|(glob, _)| glob.matches_path(name));
    covering.map(|(_, said)| said.as_str())
}

impl Default for Options {
    fn default() -> Options {
        Options {
            types_crate: "::qapi_types".to_owned(),
            docs: cfg!(feature = "docs"),
            format: true,
            commands: None,
            events: None,
            conditions: Decisions::default(),
            extern_paths: Vec::new(),
            file_cfgs: Vec::new(),
            extern_schemas: Vec::new(),
            derives: Vec::new(),
            attributes: Vec::new(),
            reference: None,
            #[cfg(feature = "releases")]
            releases: Releases::default(),
            #[cfg(feature = "service")]
            introspection: false,
            #[cfg(feature = "service")]
            service: None,
        }
    }
}

/// How the service trait is generated, for [`Builder::service`](crate::Builder::service).
///
/// ```
/// use qapi_gen::ServiceOptions;
/// let options = ServiceOptions::new().required(["query-status", "quit"]);
/// # drop(options);
/// ```
#[derive(Clone, Debug)]
#[cfg(feature = "service")]
pub struct ServiceOptions {
    pub(crate) required: Vec<Glob>,
    pub(crate) local: bool,
    pub(crate) types: Option<String>,
    pub(crate) runtime_crate: String,
}

#[cfg(feature = "service")]
impl Default for ServiceOptions {
    fn default() -> ServiceOptions {
        ServiceOptions {
            required: Vec::new(),
            local: false,
            types: None,
            runtime_crate: "::qapi_rt".to_owned(),
        }
    }
}

#[cfg(feature = "service")]
impl ServiceOptions {
    /// A trait whose methods all have a default: a command that is not implemented does not exist
    /// for clients.
    pub fn new() -> ServiceOptions {
        ServiceOptions::default()
    }

    /// The methods of commands that these patterns cover have no default, so that the compiler
    /// demands them. `*` stands for any text, `?` for any character. Each pattern must cover a
    /// command that is generated.
    pub fn required<P: Into<String>>(mut self, patterns: impl IntoIterator<Item = P>) -> Self {
        self.required.extend(patterns.into_iter().map(Glob::new));
        self
    }

    /// Whether the service stays on one thread: neither it nor its futures have to be `Send`. Only
    /// the blocking server takes such a service.
    pub fn local(mut self, local: bool) -> Self {
        self.local = local;
        self
    }

    /// Generates the service alone. The types are those of this module, which was generated from
    /// the same schema, such as `::qapi_types::qmp`; the file re-exports all of it.
    pub fn types_from(mut self, module: impl Into<String>) -> Self {
        self.types = Some(module.into());
        self
    }

    /// The path under which the generated code finds the crate `qapi-rt`; `::qapi_rt` unless told
    /// otherwise.
    pub fn runtime_crate(mut self, path: impl Into<String>) -> Self {
        self.runtime_crate = path.into();
        self
    }
}

#[cfg(feature = "service")]
impl Options {
    /// The module that has the types already, if only the service trait is generated.
    pub(crate) fn types_from(&self) -> Option<&str> {
        self.service.as_ref()?.types.as_deref()
    }

    /// The commands that the service trait always has.
    pub(crate) fn required(&self) -> &[Glob] {
        self.service
            .as_ref()
            .map_or(&[], |service| &service.required)
    }
}

#[cfg(not(feature = "service"))]
impl Options {
    pub(crate) fn types_from(&self) -> Option<&str> {
        None
    }

    pub(crate) fn required(&self) -> &[Glob] {
        &[]
    }
}

//! What the caller wants generated, and how.

use super::condition::Decisions;
use super::glob::Glob;
#[cfg(feature = "service")]
use super::service::ServiceOptions;
#[cfg(feature = "releases")]
use crate::releases::Releases;

/// Where QEMU's reference manual describes a definition.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    /// The page.
    pub(crate) page: String,
    /// The namespace within its anchors: `QMP`, `QGA` or `QSD`.
    pub(crate) namespace: String,
}

/// The choices of a run.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// The path of the crate `qapi-types` as seen from the generated code.
    pub(crate) types_crate: String,
    /// Whether the schema's documentation becomes that of the items.
    pub(crate) docs: bool,
    /// The commands to generate; with neither commands nor events chosen: everything.
    pub(crate) commands: Option<Vec<Glob>>,
    /// The events to generate.
    pub(crate) events: Option<Vec<Glob>>,
    pub(crate) conditions: Decisions,
    /// Schema files whose types exist already, with the path of the module that has them.
    pub(crate) extern_paths: Vec<(Glob, String)>,
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

impl Default for Options {
    fn default() -> Options {
        Options {
            types_crate: "::qapi_types".to_owned(),
            docs: cfg!(feature = "docs"),
            commands: None,
            events: None,
            conditions: Decisions::default(),
            extern_paths: Vec::new(),
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

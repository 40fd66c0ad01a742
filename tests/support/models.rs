//! Interfaces together with the schemas that they were generated from.

use qapi_gen::model::Schema;
use std::path::Path;

use qapi_gen::Frontend;

use crate::codecs::{HEATER, Interface, QGA, QMP, QSD};

/// An interface of QEMU, generated and as schema.
pub struct Model {
    /// The generated types.
    pub interface: &'static Interface,
    /// Their schema.
    pub schema: Schema,
}

impl Model {
    fn new(interface: &'static Interface, root: impl AsRef<Path>) -> Self {
        let schema = Frontend::new().docs(false).read(root);
        Self {
            interface,
            schema: schema.expect("the schema is good"),
        }
    }
}

/// The three interfaces of QEMU: QMP, guest agent and storage daemon.
pub fn models() -> [Model; 3] {
    [
        Model::new(&QMP, qapi_schema::qmp()),
        Model::new(&QGA, qapi_schema::qga()),
        Model::new(&QSD, qapi_schema::storage_daemon()),
    ]
}

/// The interface of this package's own schema, which has what QEMU's have not.
pub fn heater_model() -> Model {
    Model::new(
        &HEATER,
        concat!(env!("CARGO_MANIFEST_DIR"), "/usage/heater.json"),
    )
}

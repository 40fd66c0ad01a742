//! The schema as `query-qmp-schema` describes it.

use crate::introspect::{Options, schema_info_of};
use crate::model::{Condition, Definition};
use crate::print::Code;
use crate::rust::condition::Presence;
use crate::rust::plan::Plan;

/// What a server of this interface answers to `query-qmp-schema`, as a constant.
pub(crate) fn introspection(plan: &Plan) -> Code {
    // The commands and events that are in the generated file, re-exported ones included.
    let here = |definition: &Definition| match *definition {
        Definition::Command(id) => !plan.command_item(id).place.is_absent(),
        Definition::Event(id) => !plan.event_item(id).place.is_absent(),
        Definition::Enum(_) | Definition::Object(_) | Definition::Alternate(_) => false,
    };
    let interface: Vec<Definition> = plan
        .schema
        .definitions()
        .iter()
        .copied()
        .filter(here)
        .collect();
    let generated = |condition: &Condition| plan.presence(Some(condition)) != Presence::Never;
    let json = schema_info_of(plan.schema, &Options::default(), &interface, &generated);
    // A row of it is a line, as in no other literal.
    let mut text = Code::default();
    text.token_of(["r#\"", json.trim_end(), "\"#"]);
    code! {
        text =>
        /// What is here as `query-qmp-schema` describes it, as JSON text.
        pub const INTROSPECTION: &str = #text;
    }
}

//! The schema as `query-qmp-schema` describes it.

use super::Output;
use super::condition::Decision;
use super::plan::{Place, Plan};
use crate::compact::CollectVec as _;
use crate::introspect::{Options, schema_info_of};
use crate::model::Definition;

impl Plan<'_> {
    /// The commands and events that are in the generated file, re-exported ones included.
    fn interface(&self) -> Vec<Definition> {
        let here = |definition: &Definition| match *definition {
            Definition::Command(id) => self.command_item(id).place != Place::Absent,
            Definition::Event(id) => self.event_item(id).place != Place::Absent,
            Definition::Enum(_) | Definition::Object(_) | Definition::Alternate(_) => false,
        };
        let definitions = self.schema.definitions().iter().copied();
        definitions.filter(here).collect_vec()
    }
}

impl Output<'_, '_> {
    /// What a server of this interface answers to `query-qmp-schema`, as a constant.
    pub(crate) fn introspection(&mut self) {
        let decisions = &self.plan.options.conditions;
        let defined = |symbol: &str| !matches!(decisions.get(symbol), Some(Decision::False));
        let options = Options {
            defined: Some(&defined),
            ..Options::default()
        };
        let json = schema_info_of(self.plan.schema, &options, &self.plan.interface());
        self.t.blank();
        self.t
            .doc("What is here as `query-qmp-schema` describes it, as JSON text.");
        let text = json.trim_end();
        self.t
            .line(&["pub const INTROSPECTION: &str = r#\"", text, "\"#;"]);
    }
}

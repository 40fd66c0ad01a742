//! In place of the schema's documentation: nothing.

use crate::model::{Condition, Features, Text};
use crate::rust::docs::Source;
use crate::rust::plan::{Module, Plan};

impl Plan<'_> {
    pub(super) fn description(&self, _: &Source, _: Module) -> Vec<String> {
        Vec::new()
    }

    pub(super) fn part_description(
        &self,
        _: Option<&Text>,
        _: &Features,
        _: Option<&Condition>,
        _: Module,
    ) -> Vec<String> {
        Vec::new()
    }
}

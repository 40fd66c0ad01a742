//! The schema as `query-qmp-schema` describes it.

use crate::introspect::{Options, schema_info_of};
use crate::model::Definition;
use crate::rust::options::Decision;
use crate::rust::plan::Plan;
use proc_macro2::TokenStream;
use quote::quote;

/// What a server of this interface answers to `query-qmp-schema`, as a constant.
pub(crate) fn introspection(plan: &Plan) -> TokenStream {
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
    let decisions = &plan.options.conditions;
    let defined = |symbol: &str| !matches!(decisions.get(symbol), Some(Decision::False));
    let options = Options {
        defined: Some(&defined),
        ..Options::default()
    };
    let json = schema_info_of(plan.schema, &options, &interface);
    // A row of it is a line, as in no other literal.
    let text: TokenStream = format!("r#\"{}\"#", json.trim_end())
        .parse()
        .unwrap_or_default();
    quote! {
        /// What is here as `query-qmp-schema` describes it, as JSON text.
        pub const INTROSPECTION: &str = #text;
    }
}

//! What the last of several releases dropped, as a file beside its schema.

use crate::restate::{read, restated};
use qapi_gen::model::{Definition, Schema};
use qapi_gen::restate::{Words, dropped};
use qapi_gen::{Frontend, MemoryLoader};

/// The file that says what the last of these schemas dropped, and the last schema with it.
fn dropped_by(schemas: &[&str]) -> (String, Schema) {
    let schemas: Vec<Schema> = schemas
        .iter()
        .map(|text| read(&[("main.json", text)]))
        .collect();
    let names = ["6.0.0", "7.0", "8.0"];
    let releases: Vec<(&str, &Schema)> = names.into_iter().zip(&schemas).collect();
    let text = dropped(&releases, &Words::default(), "Dropped.").unwrap();
    let last = restated(schemas.last().unwrap());
    let files = [
        ("main.json", last[0].text.as_str()),
        ("dropped.json", text.as_str()),
    ];
    let frontend = Frontend::new()
        .loader(MemoryLoader::new(files))
        .extend("dropped.json");
    let whole = frontend.read("main.json");
    (
        text.clone(),
        whole.unwrap_or_else(|e| panic!("{:?}: {text}", e.diagnostics)),
    )
}

#[test]
fn what_can_no_longer_be_said_is_kept_beside_the_schema() {
    let of = |values: &str, branches: &str, members: &str, more: &str| {
        format!(
            "{{ 'enum': 'Kind', 'data': [ {values} ] }}
             {{ 'union': 'Add', 'base': {{ 'kind': 'Kind' }}, 'discriminator': 'kind',
                'data': {{ {branches} }} }}
             {{ 'command': 'add', 'data': 'Add', 'boxed': true }}
             {{ 'command': 'set', 'data': {{ {members} }}, 'returns': 'Set' }} {more}"
        )
    };
    let received = "{ 'struct': 'Set', 'data': { 'old': 'bool' } }";
    let first = of(
        "'a', 'gone'",
        "'gone': 'Gone'",
        "'x': 'int', 'mode': 'Mode', '*rest': 'str'",
        &format!(
            "{received} {{ 'enum': 'Mode', 'data': [ 'm' ] }} {{ 'command': 'first', 'returns': [ 'Gone' ] }}
             {{ 'struct': 'Base', 'data': {{ '*deep': 'Mode' }} }}
             {{ 'struct': 'Gone', 'base': 'Base', 'data': {{}} }} {{ 'event': 'GONE' }}"
        ),
    );
    let second = of("'a'", "", "'x': 'int', '*rest': 'str'", received);
    let third = of("'a'", "", "'x': 'int'", "{ 'struct': 'Set', 'data': {} }");
    let (text, whole) = dropped_by(&[&first, &second, &third]);
    assert_eq!(
        text,
        "\
# Dropped.

{
  'pragma': { 'documentation-exceptions': [ 'Base', 'Kind', 'Mode', 'set' ] }
}

##
# @Mode:
#
# Until 6.0.
##
{ 'enum': 'Mode', 'data': [ 'm' ] }

##
# @Base:
#
# Until 6.0.
##
{ 'struct': 'Base', 'data': { '*deep': 'Mode' } }

##
# @Gone:
#
# Until 6.0.
##
{ 'struct': 'Gone', 'base': 'Base', 'data': {} }

##
# @first:
#
# Until 6.0.
##
{ 'command': 'first', 'returns': [ 'Gone' ] }

{
  'union': 'Add',
  'base': {},
  'discriminator': 'kind',
  'data': { 'gone': 'Gone' }
}

##
# @Kind:
#
# @gone: (until 6.0)
##
{ 'enum': 'Kind', 'data': [ 'gone' ] }

##
# @set:
#
# @mode: (until 6.0)
# @rest: (until 7.0)
##
{ 'command': 'set', 'data': { '*mode': 'Mode', '*rest': 'str' } }
"
    );
    let set = whole.commands().find(|c| c.name == "set").unwrap();
    let arguments = whole.object(set.arguments.unwrap());
    let members = arguments.members.iter().map(|m| m.name.as_str());
    assert_eq!(members.collect::<Vec<_>>(), ["x", "mode", "rest"]);
    let Some(Definition::Object(add)) = whole.definition("Add") else {
        panic!("it is a union");
    };
    let branches = &whole.object(add).variants.as_ref().unwrap().branches;
    assert!(branches.iter().any(|b| b.value == "gone" && b.explicit));
}

#[test]
fn a_type_that_became_something_else_cannot_be_kept() {
    let old = read(&[(
        "main.json",
        "{ 'struct': 'Is', 'data': {} } { 'command': 'gone', 'data': { 'x': 'Is' } }",
    )]);
    let new = read(&[("main.json", "{ 'enum': 'Is', 'data': [] }")]);
    let error = dropped(&[("6.0", &old), ("7.0", &new)], &Words::default(), "").unwrap_err();
    assert_eq!(error, "'Is' is something else by now");
}

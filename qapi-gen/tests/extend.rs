//! Files that extend a schema.

use qapi_gen::diagnostic::Code;
use qapi_gen::model::{Definition, Schema};
use qapi_gen::{Frontend, MemoryLoader};

const SCHEMA: &str = "\
##
# @Kind:
#
# @disk: a disk
#
# Since: 1.0
##
{ 'enum': 'Kind', 'data': [ 'disk' ] }
{ 'struct': 'Disk', 'data': { 'size': 'int' } }
{ 'union': 'Thing', 'base': { 'kind': 'Kind' }, 'discriminator': 'kind', 'data': { 'disk': 'Disk' } }
{ 'alternate': 'Ref', 'data': { 'name': 'str' } }
{ 'command': 'add', 'data': { 'thing': 'Thing', 'at': 'Ref' }, 'returns': 'Disk' }
{ 'command': 'ping' }
{ 'command': 'boxed', 'data': 'Disk', 'boxed': true }
{ 'event': 'ADDED', 'data': { 'name': 'str' } }
";

fn read(extension: &str) -> Result<Schema, Vec<(Code, String)>> {
    let files = [
        ("dir/main.json", SCHEMA),
        ("elsewhere/more.json", extension),
    ];
    let result = Frontend::new()
        .loader(MemoryLoader::new(files))
        .extend("elsewhere/more.json")
        .read("dir/main.json");
    result.map_err(|errors| {
        let diagnostics = errors.diagnostics.into_iter();
        diagnostics.map(|d| (d.code, d.message)).collect()
    })
}

fn members(schema: &Schema, object: Option<qapi_gen::model::ObjectId>) -> Vec<String> {
    let members = schema.all_members(schema.object(object.unwrap()));
    let member = |m: &qapi_gen::model::Member| format!("{}: {}", m.name, schema.type_name(m.ty));
    members.map(|(_, m)| member(m)).collect()
}

#[test]
fn parts_are_added_to_what_the_schema_defines() {
    let schema = read(
        "##
# @Kind:
#
# @tape: a tape
##
{ 'enum': 'Kind', 'data': [ 'tape' ] }
{ 'struct': 'Tape', 'data': { 'length': 'int' } }
{ 'union': 'Thing', 'base': { '*label': 'str' }, 'discriminator': 'kind', 'data': { 'tape': 'Tape' } }
{ 'struct': 'Disk', 'data': { '*heads': 'int' } }
{ 'alternate': 'Ref', 'data': { 'definition': 'Disk' } }
{ 'command': 'add', 'data': { '*force': 'bool' } }
{ 'command': 'ping', 'data': { '*id': 'str' } }
{ 'event': 'ADDED', 'data': { '*tape': 'Tape' } }
{ 'command': 'rewind' }",
    )
    .unwrap();
    let Some(Definition::Enum(kind)) = schema.definition("Kind") else {
        panic!("it is an enum");
    };
    let kind = schema.enum_(kind);
    let documented =
        |v: &qapi_gen::model::EnumValue| (v.name.to_string(), v.doc.as_ref().unwrap().text.clone());
    assert_eq!(
        kind.values.iter().map(documented).collect::<Vec<_>>(),
        [
            ("disk".into(), "a disk".into()),
            ("tape".into(), "a tape".to_owned())
        ]
    );
    assert_eq!(kind.doc.as_ref().unwrap().since(), Some("1.0"));
    let Some(Definition::Object(thing)) = schema.definition("Thing") else {
        panic!("it is a union");
    };
    assert_eq!(members(&schema, Some(thing)), ["kind: Kind", "label: str"]);
    let branches = &schema.object(thing).variants.as_ref().unwrap().branches;
    let branch = |value: &str| {
        branches
            .iter()
            .find(|b| b.value == *value)
            .map(|b| b.object)
    };
    assert_eq!(
        members(&schema, branch("disk")),
        ["size: int", "heads: int"]
    );
    assert_eq!(members(&schema, branch("tape")), ["length: int"]);
    let Some(Definition::Alternate(id)) = schema.definition("Ref") else {
        panic!("it is an alternate");
    };
    assert_eq!(schema.alternate(id).alternatives.len(), 2);
    let command = |name: &str| schema.commands().find(|c| c.name == *name).unwrap();
    assert_eq!(
        members(&schema, command("add").arguments),
        ["thing: Thing", "at: Ref", "force: bool"]
    );
    assert!(command("add").returns.is_some());
    assert_eq!(members(&schema, command("ping").arguments), ["id: str"]);
    assert_eq!(command("rewind").arguments, None);
    let event = schema.events().next().unwrap();
    assert_eq!(members(&schema, event.data), ["name: str", "tape: Tape"]);

    let modules: Vec<&str> = schema.modules().iter().map(|m| m.name.as_str()).collect();
    assert_eq!(modules, ["main.json", "more.json"]);
    let names = |at: usize| {
        let definitions = &schema.definitions()[schema.modules()[at].definitions.clone()];
        definitions
            .iter()
            .map(|d| schema.name(*d).to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(1), ["Tape", "rewind"]);
}

#[test]
fn what_does_not_fit_is_defined_twice() {
    for extension in [
        "{ 'struct': 'Kind', 'data': {} }",
        "{ 'command': 'boxed', 'data': { 'x': 'int' } }",
        "{ 'command': 'add', 'data': 'Disk' }",
        "{ 'struct': 'New', 'data': {} } { 'enum': 'New', 'data': [] }",
    ] {
        let errors = read(extension).unwrap_err();
        let codes: Vec<Code> = errors.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes, [Code::Redefinition], "{extension}: {errors:?}");
    }
    // The schema itself may not say things twice.
    let twice = [
        ("main.json", "{ 'command': 'x' } { 'command': 'x' }"),
        ("more.json", ""),
    ];
    let frontend = Frontend::new()
        .loader(MemoryLoader::new(twice))
        .extend("more.json");
    assert!(frontend.read("main.json").is_err());
}

#[test]
fn the_whole_is_checked() {
    let error = |extension: &str| read(extension).unwrap_err().remove(0);
    let (code, message) = error("{ 'struct': 'Disk', 'data': { 'size': 'int' } }");
    assert_eq!(code, Code::MemberClash, "{message}");
    let (code, message) = error("{ 'struct': 'Disk', 'data': { '*x': 'Nothing' } }");
    assert_eq!(code, Code::UnknownType, "{message}");
    let files = [("main.json", "{ 'command': 'x' }")];
    let frontend = Frontend::new()
        .loader(MemoryLoader::new(files))
        .extend("gone.json");
    let errors = frontend.read("main.json").unwrap_err();
    assert_eq!(
        errors.diagnostics[0].message,
        "cannot read 'gone.json': no such file"
    );
}

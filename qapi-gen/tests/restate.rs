//! Restated schemas: the layout, what is kept and what is not, and the data in `schema/`.

#[allow(dead_code)] // Other tests need more of it.
mod common;

use qapi_gen::model::{
    Alternative, Condition, Definition, EnumValue, Features, Member, Object, Schema,
};
use qapi_gen::restate::{Exceptions, File, Words, dropped, restate, strangers};
use qapi_gen::{Frontend, Loader, MemoryLoader, Releases};
use std::fmt::Write as _;
use std::path::Path;

fn read(files: &[(&str, &str)]) -> Schema {
    let loader = MemoryLoader::new(files.iter().copied());
    match Frontend::new().loader(loader).style(true).read(files[0].0) {
        Ok(schema) => schema,
        Err(errors) => panic!("{:?}", errors.diagnostics),
    }
}

fn restated(schema: &Schema) -> Vec<File> {
    let words = Words::default();
    restate(
        schema,
        &Releases::default(),
        &Exceptions::of(schema, &words),
        &words,
        "Restated.",
    )
}

fn read_restated(files: &[File]) -> Schema {
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|f| (f.module.as_str(), f.text.as_str()))
        .collect();
    read(&files)
}

const ROOT: &str = r#"
# A comment.
##
# = Free-form text
##
{ 'include': 'sub/types.json' }
{ 'pragma': { 'doc-required': true, 'command-name-exceptions': [ 'do_it', 'unused' ],
              'command-returns-exceptions': [ 'do_it' ],
              'member-name-exceptions': [ 'Mode', 'Opts' ],
              'documentation-exceptions': [ 'Undated' ] } }
##
# @do_it:
#
# Prose that stays behind.
#
# @plain: prose (default: 1; since 2.1)
#
# @marked: more prose
#
# Features:
#
# @unstable: prose
#
# @probe: prose (since 3.0)
#
# Returns: prose
#
# Since: 2.0.0
##
{ 'command': 'do_it', 'coroutine': true, 'gen': false, 'returns': 'str',
  'allow-preconfig': true, 'success-response': false,
  'features': [ 'probe' ], 'if': { 'all': [ 'A', { 'not': 'B' }, { 'any': [ 'C' ] } ] },
  'data': { '*plain': [ 'int' ],
            'marked': { 'type': 'Mode', 'features': [ { 'name': 'unstable', 'if': 'A' } ] } } }
##
# @boxed:
# Since: 2.2
##
{ 'command': 'boxed', 'data': 'Any', 'boxed': true, 'allow-oob': true }
##
# @HAPPENED:
#
# @what: prose
#
# Since: 2.2
##
{ 'event': 'HAPPENED', 'data': { 'what': 'Choice' } }
##
# @Undated:
#
# @old: prose
#
# @new: prose (since 9.0)
##
{ 'struct': 'Undated', 'data': { 'old': 'int', 'new': { 'type': 'int' } } }
##
# @Bare:
##
{ 'struct': 'Bare', 'data': {} }
"#;

const TYPES: &str = r#"
{ 'include': 'more.json' }
##
# @Mode:
#
# @On: prose
#
# @off: Since 2.3.
#
# Since: 2.0
##
{ 'enum': 'Mode', 'data': [ 'On', { 'name': 'off', 'if': 'OFF', 'features': [] } ],
  'prefix': 'MODE_C' }
##
# @Any:
#
# @mode: prose
#
# Since: 2.0
##
{ 'union': 'Any', 'base': { 'mode': 'Mode' }, 'discriminator': 'mode',
  'data': { 'On': { 'type': 'Opts', 'if': 'ON' } } }
##
# @Choice:
#
# @opts: prose
#
# @name: prose (since 2.4)
#
# Since: 2.0
##
{ 'alternate': 'Choice', 'data': { 'opts': 'Opts', 'name': { 'type': 'str', 'if': 'N' } } }
"#;

const MORE: &str = r#"
{ 'include': 'old-names.json' }
##
# @Opts:
#
# @some_size: prose
#
# @a-long-name-of-a-member: prose
#
# Since: 2.0
##
{ 'struct': 'Opts', 'data': { '*some_size': 'size', '*a-long-name-of-a-member': [ 'Opts' ] } }
"#;

fn original() -> Schema {
    read(&[
        ("main.json", ROOT),
        ("sub/types.json", TYPES),
        ("sub/more.json", MORE),
        ("sub/old-names.json", ""),
    ])
}

fn text<'f>(files: &'f [File], module: &str) -> &'f str {
    let file = files.iter().find(|f| f.module == module);
    &file.unwrap_or_else(|| panic!("no module {module}")).text
}

#[test]
fn the_layout_is_canonical() {
    let files = restated(&original());
    let modules: Vec<&str> = files.iter().map(|f| f.module.as_str()).collect();
    assert_eq!(
        modules,
        [
            "main.json",
            "sub/types.json",
            "sub/more.json",
            "sub/old-names.json"
        ]
    );
    assert_eq!(
        text(&files, "main.json"),
        "\
# Restated.

{ 'include': 'sub/types.json' }

##
# @do_it:
#
# @plain: (since 2.1)
# @marked: (since 2.0)
#
# Features:
#
# @probe: can be probed for (since 3.0)
# @unstable: may change or go away in any release
#
# Since: 2.0
##
{
  'command': 'do_it',
  'data': {
    '*plain': [ 'int' ],
    'marked': {
      'type': 'Mode',
      'features': [ { 'name': 'unstable', 'if': 'A' } ]
    }
  },
  'returns': 'str',
  'gen': false,
  'success-response': false,
  'allow-preconfig': true,
  'coroutine': true,
  'features': [ 'probe' ],
  'if': { 'all': [ 'A', { 'not': 'B' }, { 'any': [ 'C' ] } ] }
}

##
# @boxed:
#
# Since: 2.2
##
{ 'command': 'boxed', 'data': 'Any', 'boxed': true, 'allow-oob': true }

##
# @HAPPENED:
#
# @what: (since 2.2)
#
# Since: 2.2
##
{ 'event': 'HAPPENED', 'data': { 'what': 'Choice' } }

##
# @Undated:
#
# @new: (since 9.0)
##
{ 'struct': 'Undated', 'data': { 'old': 'int', 'new': 'int' } }

{ 'struct': 'Bare', 'data': {} }
"
    );
    assert_eq!(
        text(&files, "sub/types.json"),
        "\
# Restated.

{ 'include': 'more.json' }

##
# @Mode:
#
# @On: (since 2.0)
# @off: (since 2.3)
#
# Since: 2.0
##
{
  'enum': 'Mode',
  'prefix': 'MODE_C',
  'data': [ 'On', { 'name': 'off', 'if': 'OFF' } ]
}

##
# @Any:
#
# @mode: (since 2.0)
#
# Since: 2.0
##
{
  'union': 'Any',
  'base': { 'mode': 'Mode' },
  'discriminator': 'mode',
  'data': { 'On': { 'type': 'Opts', 'if': 'ON' } }
}

##
# @Choice:
#
# @opts: (since 2.0)
# @name: (since 2.4)
#
# Since: 2.0
##
{
  'alternate': 'Choice',
  'data': { 'opts': 'Opts', 'name': { 'type': 'str', 'if': 'N' } }
}
"
    );
    assert_eq!(
        text(&files, "sub/old-names.json"),
        "\
# Restated.

{
  'pragma': {
    'command-name-exceptions': [ 'do_it' ],
    'command-returns-exceptions': [ 'do_it' ],
    'documentation-exceptions': [ 'Undated' ],
    'member-name-exceptions': [ 'Mode', 'Opts' ]
  }
}
"
    );
}

#[test]
fn the_model_stays_the_same() {
    let original = original();
    let files = restated(&original);
    let again = read_restated(&files);
    assert_eq!(shape(&again), shape(&original));
    assert_eq!(restated(&again), files);
}

#[test]
fn long_names_of_features_keep_documentation_in_its_width() {
    let name = "long-".repeat(12) + "name";
    let text = format!("{{ 'struct': 'Some', 'data': {{}}, 'features': [ '{name}' ] }}");
    let original = read(&[("main.json", &text)]);
    let files = restated(&original);
    let wrapped = format!("# @{name}:\n#     can be probed for\n");
    assert!(files[0].text.contains(&wrapped), "{}", files[0].text);
    assert_eq!(shape(&read_restated(&files)), shape(&original));
}

#[test]
fn exceptions_can_be_shared() {
    let one = read(&[("main.json", "{ 'command': 'a' }")]);
    let pragma = "{ 'pragma': { 'command-name-exceptions': [ 'a_b' ] } } ";
    let other = read(&[("main.json", &format!("{pragma}{{ 'command': 'a_b' }}"))]);
    let words = Words::default();
    let shared = Exceptions::of(&one, &words).merge(Exceptions::of(&other, &words));
    assert_eq!(shared, Exceptions::of(&other, &words));
    assert_eq!(
        restate(&one, &Releases::default(), &shared, &words, "")[0].text,
        "{ 'pragma': { 'command-name-exceptions': [ 'a_b' ] } }\n\n{ 'command': 'a' }\n"
    );
}

#[test]
fn words_become_documentation() {
    let schema = read(&[(
        "main.json",
        "{ 'command': 'lamp-set', 'data': { 'on': 'bool', '*level': { 'type': 'int', 'features': [ 'deprecated' ] } } }",
    )]);
    let words = "
        # a remark
        lamp-set: Switches a lamp, in a text that is too long for a single line. It has two sentences.
        lamp-set.on: whether there is light
        lamp-set deprecated: use @on
        lamp-gone: What is not there is left out.";
    let words = Words::parse(words).unwrap();
    let exceptions = Exceptions::of(&schema, &words);
    let restated = restate(&schema, &Releases::default(), &exceptions, &words, "");
    let text = &restated[0].text;
    let expected = "\
##
# @lamp-set:
#
# Switches a lamp, in a text that is too long for a single line.  It
# has two sentences.
#
# @on: whether there is light
#
# Features:
#
# @deprecated: use @on
##
";
    assert!(text.contains(expected), "{text}");
    // `level` is not described.
    assert!(text.contains("{ 'documentation-exceptions': [ 'lamp-set' ] }"));
    read_restated(&restated);

    assert_eq!(strangers(&words, &[schema]), ["lamp-gone"]);
    let other = read(&[("main.json", "{ 'command': 'lamp-set' }")]);
    assert_eq!(
        strangers(&words, &[other]),
        ["lamp-gone", "lamp-set deprecated", "lamp-set.on"]
    );
    for (text, error) in [
        ("a: b\n\na: c", "line 3: 'a' is described already"),
        ("a b", "line 1: expected SUBJECT: TEXT"),
    ] {
        assert_eq!(Words::parse(text).unwrap_err(), error);
    }
}

/// Words about what went would be lost in silence.
#[test]
fn the_words_for_qemus_schemas_are_about_what_these_have() {
    let data = common::data();
    let words = std::fs::read_to_string(data.join("words.txt")).unwrap();
    let schemas = [
        ("qapi/qapi-schema.json", "qmp"),
        ("qga/qapi-schema.json", "qga"),
    ];
    let schemas = schemas.map(|(root, name)| {
        let dropped = data.join(format!("releases/{name}-dropped.json"));
        Frontend::new()
            .extend(dropped)
            .read(data.join(root))
            .unwrap()
    });
    let words = Words::parse(&words).unwrap();
    assert_eq!(strangers(&words, &schemas), [""; 0]);
}

/// Everything that a schema says, but for documentation and places.
fn shape(schema: &Schema) -> String {
    let mut out = String::new();
    for module in schema.modules() {
        let _ = writeln!(out, "module {} {:?}", module.name, module.includes);
        for &definition in &schema.definitions()[module.definitions.clone()] {
            let name = schema.name(definition);
            let _ = match definition {
                Definition::Enum(id) => {
                    let e = schema.enum_(id);
                    let values = e.values.iter().map(value).collect::<String>();
                    let more = qualified(&e.condition, &e.features);
                    writeln!(out, "enum {name} {:?}{more}{values}", e.prefix)
                }
                Definition::Object(id) => {
                    let o = schema.object(id);
                    writeln!(out, "object {name} {}", object(schema, o))
                }
                Definition::Alternate(id) => {
                    let a = schema.alternate(id);
                    let list = a.alternatives.iter();
                    let list = list.map(|a| alternative(schema, a)).collect::<String>();
                    let more = qualified(&a.condition, &a.features);
                    writeln!(out, "alternate {name}{more}{list}")
                }
                Definition::Command(id) => {
                    let c = schema.command(id);
                    let arguments = c.arguments.map(|id| &schema.object(id).name);
                    let returns = c.returns.map(|ty| schema.type_name(ty));
                    let flags = [
                        c.boxed,
                        c.gen_,
                        c.success_response,
                        c.allow_oob,
                        c.allow_preconfig,
                        c.coroutine,
                    ];
                    let more = qualified(&c.condition, &c.features);
                    writeln!(
                        out,
                        "command {name} {arguments:?} {returns:?} {flags:?}{more}"
                    )
                }
                Definition::Event(id) => {
                    let e = schema.event(id);
                    let data = e.data.map(|id| &schema.object(id).name);
                    let more = qualified(&e.condition, &e.features);
                    writeln!(out, "event {name} {data:?} {}{more}", e.boxed)
                }
            };
        }
    }
    out
}

fn object(schema: &Schema, o: &Object) -> String {
    let base = o.base.map(|id| &schema.object(id).name);
    let mut out = format!("{base:?}{}", qualified(&o.condition, &o.features));
    o.members.iter().for_each(|m| out += &member(schema, m));
    if let Some(variants) = &o.variants {
        let _ = write!(out, "\n  tag {}", variants.tag);
        for branch in &variants.branches {
            let ty = &schema.object(branch.object).name;
            let explicit = branch.explicit;
            let _ = write!(
                out,
                "\n  {} {ty} {explicit} {:?}",
                branch.value, branch.condition
            );
        }
    }
    out
}

fn member(schema: &Schema, m: &Member) -> String {
    let ty = schema.type_name(m.ty);
    let more = qualified(&m.condition, &m.features);
    format!("\n  {} {ty} {}{more}", m.name, m.optional)
}

fn value(v: &EnumValue) -> String {
    format!("\n  {}{}", v.name, qualified(&v.condition, &v.features))
}

fn alternative(schema: &Schema, a: &Alternative) -> String {
    format!(
        "\n  {} {} {:?}",
        a.name,
        schema.type_name(a.ty),
        a.condition
    )
}

fn qualified(condition: &Option<Condition>, features: &Features) -> String {
    let features: Vec<_> = features.iter().map(|f| (&f.name, &f.condition)).collect();
    format!(" {condition:?} {features:?}")
}

const ROOTS: [(&str, &str); 3] = [
    ("qemu", "qapi/qapi-schema.json"),
    ("qga", "qga/qapi-schema.json"),
    ("qsd", "storage-daemon/qapi/qapi-schema.json"),
];

#[test]
fn the_data_passes_every_check() {
    for (_, root) in ROOTS {
        let result = Frontend::new().style(true).read(common::data().join(root));
        let errors = result.err().map(|e| e.diagnostics);
        assert!(errors.is_none(), "{root}: {errors:?}");
    }
}

#[test]
fn every_file_can_be_included_by_itself() {
    for entry in std::fs::read_dir(common::data().join("qapi")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let text = format!("{{ 'include': 'pragma.json' }} {{ 'include': '{name}' }}");
        let root = common::data().join("qapi/downstream.json");
        let errors = Frontend::new().read_text(root, text).err();
        let errors = errors.map(|e| e.diagnostics);
        assert!(errors.is_none(), "{name}: {errors:?}");
    }
}

#[test]
fn restating_qemus_schemas_keeps_their_models() {
    let Some(folder) = common::corpus("schemas") else {
        return;
    };
    for release in &common::releases()[1..] {
        for (_, root) in ROOTS {
            let path = folder.join("schemas").join(release).join(root);
            let original = Frontend::new().legacy(true).read(&path);
            let original =
                original.unwrap_or_else(|e| panic!("{release} {root}: {:?}", e.diagnostics));
            let files = restated(&original);
            // Where the root is, a file is named relative to the root's folder.
            let place = Path::new(root);
            let loader = MemoryLoader::new(
                files
                    .iter()
                    .map(|f| (place.with_file_name(&f.module), f.text.as_str())),
            );
            let again = Frontend::new().loader(&loader as &dyn Loader).read(place);
            let again = again.unwrap_or_else(|e| panic!("{release} {root}: {:?}", e.diagnostics));
            assert!(shape(&again) == shape(&original), "{release} {root}");
            assert!(restated(&again) == files, "{release} {root}");
        }
    }
}

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

#[test]
fn releases_that_facts_refute_are_corrected() {
    let facts = Releases::parse(
        "releases 1.0 2.0 3.0\n\
         command go 2.0-\n\
         \x20 member late 3.0\n\
         enum Mode 1.0,3.0\n\
         \x20 value b 3.0\n",
    )
    .unwrap();
    let schema = read(&[(
        "main.json",
        "##\n# @go:\n#\n# @late: late\n#\n# @later: (since 3.1)\n#\n# Since: 1.5\n##\n\
         { 'command': 'go', 'data': { '*late': 'int', '*later': 'Mode' } }\n\
         ##\n# @Mode:\n#\n# @a: (since 0.9)\n#\n# @b: (since 2.5)\n#\n# Since: 0.9\n##\n\
         { 'enum': 'Mode', 'data': [ 'a', 'b' ] }\n",
    )]);
    let words = Words::default();
    let files = restate(
        &schema,
        &facts,
        &Exceptions::of(&schema, &words),
        &words,
        "",
    );
    // 1.5 is later than the release that lacks the command, so may be right; the others cannot be.
    let comments: String = files[0]
        .text
        .lines()
        .filter(|l| l.contains("ince"))
        .map(|l| l.to_owned() + "\n")
        .collect();
    assert_eq!(
        comments,
        "# @late: (since 3.0)\n# @later: (since 3.1)\n# Since: 1.5\n\
         # @a: (since 3.0)\n# @b: (since 2.5)\n# Since: 3.0\n"
    );
}

//! Restated schemas: the layout, what is kept and what is not, and the data in `schema/`.

mod common;

use qapi_gen::introspect::{Options, schema_info};
use qapi_gen::model::{
    Alternative, Condition, Definition, EnumValue, Features, Member, Object, Schema,
};
use qapi_gen::restate::{Exceptions, File, restate};
use qapi_gen::{Frontend, Loader, MemoryLoader};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

fn read(files: &[(&str, &str)]) -> Schema {
    let loader = MemoryLoader::new(files.iter().copied());
    match Frontend::new().loader(loader).style(true).read(files[0].0) {
        Ok(schema) => schema,
        Err(errors) => panic!("{:?}", errors.diagnostics),
    }
}

fn restated(schema: &Schema) -> Vec<File> {
    restate(schema, &Exceptions::of(schema), "Restated.")
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
    let shared = Exceptions::of(&one).merge(Exceptions::of(&other));
    assert_eq!(shared, Exceptions::of(&other));
    assert_eq!(
        restate(&one, &shared, "")[0].text,
        "{ 'pragma': { 'command-name-exceptions': [ 'a_b' ] } }\n\n{ 'command': 'a' }\n"
    );
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
fn the_data_introspects_as_qemu_does() {
    let Some(folder) = common::corpus("introspection") else {
        return;
    };
    let version = std::fs::read_to_string(common::data().join("VERSION")).unwrap();
    for (name, root) in ROOTS {
        let schema = Frontend::new().read(common::data().join(root));
        let schema = schema.unwrap_or_else(|e| panic!("{root}: {:?}", e.diagnostics));
        let ours = schema_info(&schema, &Options::default());
        let theirs = folder.join(format!(
            "introspection/{}.{name}.masked.json",
            version.trim()
        ));
        let theirs = std::fs::read_to_string(theirs).unwrap();
        let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert!(parse(&ours) == parse(&theirs), "{root}");
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

/// The files below a folder, by path relative to it.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push(path.strip_prefix(folder).unwrap().to_owned()),
            }
        }
    }
    found.sort();
    found
}

#[test]
fn the_data_is_what_the_command_writes() {
    let Some(folder) = common::corpus("schemas") else {
        return;
    };
    let output = Path::new(env!("CARGO_TARGET_TMPDIR")).join("restate");
    let stale = output.join("qapi/stale.json");
    std::fs::create_dir_all(output.join("qapi")).unwrap();
    std::fs::write(&stale, "").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_qapi-gen"));
    command.arg("restate").arg("-o").arg(&output);
    for release in common::releases() {
        let tree = folder.join("schemas").join(&release);
        command
            .arg("--release")
            .arg(format!("{release}={}", tree.display()));
    }
    assert!(command.status().unwrap().success());
    assert!(!stale.exists());

    let written = files_below(&output);
    for path in &written {
        let read = |folder: &Path| std::fs::read_to_string(folder.join(path)).ok();
        assert!(
            read(&output) == read(&common::data()),
            "{} is not up to date",
            path.display()
        );
    }
    let data = |path: &&PathBuf| path.extension().is_some_and(|e| e == "json" || e == "txt");
    let kept = files_below(&common::data());
    let kept: Vec<&PathBuf> = kept.iter().filter(data).collect();
    assert_eq!(kept, written.iter().filter(data).collect::<Vec<_>>());
}

#[test]
fn releases_that_cannot_be_read_are_reported() {
    let run = |release: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_qapi-gen"));
        command.args([
            "restate",
            "-o",
            env!("CARGO_TARGET_TMPDIR"),
            "--release",
            release,
        ]);
        let output = command.output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (code, message) = run("10.2.0");
    assert_eq!(code, Some(2));
    assert!(message.contains("VERSION= is missing"), "{message}");
    let (code, message) = run("10.2.0=no-such-folder");
    assert_eq!(code, Some(2));
    assert!(message.contains("no-such-folder"), "{message}");
}

//! Restated schemas: the layout, what is kept and what is not.

mod dropped;
mod qemu;
mod shape;

use qapi_gen::model::Schema;
use qapi_gen::restate::{Exceptions, File, Words, restate, strangers};
use qapi_gen::{Frontend, MemoryLoader, Releases};
use shape::shape;

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

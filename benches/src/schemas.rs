//! Schemas of any size, as (name, text) of each file; the root is `root.json`.

use std::fmt::Write;

/// A schema's files.
pub type Files = Vec<(String, String)>;

/// `size` groups of definitions of each kind, documented, in files of a hundred groups.
pub fn mixed(size: usize) -> Files {
    let mut files = vec![("root.json".to_owned(), String::new())];
    for first in (0..size).step_by(100) {
        let name = format!("part-{first}.json");
        let mut text = String::new();
        for n in first..size.min(first + 100) {
            text.push_str(&GROUP.replace("NNN", &n.to_string()));
        }
        writeln!(files[0].1, "{{ 'include': '{name}' }}").expect(INFALLIBLE);
        files.push((name, text));
    }
    files
}

/// Each file but the last includes the next.
pub fn include_chain(depth: usize) -> Files {
    let name = |n| match n {
        0 => "root.json".to_owned(),
        n => format!("file-{n}.json"),
    };
    (0..depth)
        .map(|n| {
            let include = if n + 1 < depth {
                format!("{{ 'include': '{}' }}\n", name(n + 1))
            } else {
                String::new()
            };
            (
                name(n),
                format!("{include}{{ 'struct': 'S{n}s', 'data': {{ 'a': 'int' }} }}\n"),
            )
        })
        .collect()
}

/// A struct with so many members.
pub fn wide_struct(members: usize) -> Files {
    let mut text = String::from("{ 'struct': 'Wide', 'data': {");
    for n in 0..members {
        let comma = if n > 0 { "," } else { "" };
        write!(text, "{comma}\n  'member-{n}': 'str'").expect(INFALLIBLE);
    }
    text.push_str("\n} }\n");
    vec![("root.json".to_owned(), text)]
}

/// Structs of which each is the base of the next; a command takes the last.
pub fn base_chain(length: usize) -> Files {
    let mut text = String::from("{ 'struct': 'S0s', 'data': { 'm0': 'int' } }\n");
    for n in 1..length {
        let base = n - 1;
        writeln!(
            text,
            "{{ 'struct': 'S{n}s', 'base': 'S{base}s', 'data': {{ 'm{n}': 'int' }} }}"
        )
        .expect(INFALLIBLE);
    }
    writeln!(text, "{{ 'command': 'take', 'data': 'S{}s' }}", length - 1).expect(INFALLIBLE);
    vec![("root.json".to_owned(), text)]
}

/// A struct whose members, so many, are of types that do not exist.
pub fn unknown_types(members: usize) -> Files {
    let mut text = String::from("{ 'struct': 'Wide', 'data': {");
    for n in 0..members {
        let comma = if n > 0 { "," } else { "" };
        write!(text, "{comma}\n  'member-{n}': 'Type{n}'").expect(INFALLIBLE);
    }
    text.push_str("\n} }\n");
    vec![("root.json".to_owned(), text)]
}

/// So many bytes of a comment, before an error.
pub fn comment(bytes: usize) -> Files {
    hostile("# ", &"a".repeat(bytes), "\n]\n")
}

/// So many bytes of documentation that describes nothing.
pub fn documentation(bytes: usize) -> Files {
    hostile(
        "##\n# @Nothing:\n#\n",
        &"# words\n".repeat(bytes / 8),
        "##\n",
    )
}

/// So many bytes of a string.
pub fn string(bytes: usize) -> Files {
    hostile("{ 'struct': '", &"a".repeat(bytes), "' }\n")
}

/// So many brackets, none of which is closed.
pub fn brackets(bytes: usize) -> Files {
    hostile("{ 'data': ", &"[".repeat(bytes), "\n")
}

/// An array, of so many bytes, of strings where none may be.
pub fn array(bytes: usize) -> Files {
    hostile("{ 'struct': [", &"'a', ".repeat(bytes / 5), "'a'] }\n")
}

fn hostile(before: &str, text: &str, after: &str) -> Files {
    vec![("root.json".to_owned(), format!("{before}{text}{after}"))]
}

const INFALLIBLE: &str = "a string takes any text";

const GROUP: &str = r#"
##
# @KindNNN:
#
# What a thing is.
#
# @plain: nothing special
#
# @fancy: has a @FancyNNN
#
# @off: not there  (since 1.5)
#
# Since: 1.2
##
{ 'enum': 'KindNNN', 'data': [ 'plain', 'fancy', { 'name': 'off', 'if': 'CONFIG_OFF' } ] }

##
# @FancyNNN:
#
# @label: how it is called
#
# @size: in bytes.  It is never less than the size of what it holds,
#     and most often a good deal more.
#
# @parts: what it is made of
#
# Since: 1.2
##
{ 'struct': 'FancyNNN', 'data': { 'label': 'str', '*size': 'size', '*parts': [ 'str' ] } }

##
# @ThingNNN:
#
# @kind: what it is
#
# @id: its name
#
# Since: 1.2
##
{ 'union': 'ThingNNN', 'base': { 'kind': 'KindNNN', 'id': 'str' },
  'discriminator': 'kind', 'data': { 'fancy': 'FancyNNN' } }

##
# @ThingRefNNN:
#
# @thing: a thing of one's own
#
# @id: one that exists
#
# Since: 1.3
##
{ 'alternate': 'ThingRefNNN', 'data': { 'thing': 'ThingNNN', 'id': 'str' } }

##
# @thing-add-NNN:
#
# Add a thing.
#
# @thing: the thing
#
# @after: where to put it
#
# Features:
#
# @unstable: not settled yet
#
# Returns: all things
#
# Since: 1.3
##
{ 'command': 'thing-add-NNN', 'data': { 'thing': 'ThingNNN', '*after': 'ThingRefNNN' },
  'returns': [ 'ThingNNN' ], 'features': [ 'unstable' ] }

##
# @THING_ADDED_NNN:
#
# A thing was added.
#
# @id: its name
#
# Since: 1.3
##
{ 'event': 'THING_ADDED_NNN', 'data': { 'id': 'str' } }
"#;

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

/// Structs without members, each the base of the next.
pub fn empty_base_chain(length: usize) -> Files {
    let struct_ = |n| match n {
        0 => "{ 'struct': 'S0s', 'data': {} }\n".to_owned(),
        n => format!(
            "{{ 'struct': 'S{n}s', 'base': 'S{}s', 'data': {{}} }}\n",
            n - 1
        ),
    };
    one((0..length).map(struct_))
}

/// An enum with so many values, and a command that takes it.
pub fn enum_values(count: usize) -> Files {
    let values = list((0..count).map(|n| format!("'value-{n}'")));
    one([
        format!("{{ 'enum': 'Kind', 'data': [ {values} ] }}\n"),
        "{ 'command': 'take', 'data': { 'kind': 'Kind' } }\n".to_owned(),
    ])
}

/// A union with so many branches of types of their own, and a command that takes it.
pub fn union_branches(count: usize) -> Files {
    let values = list((0..count).map(|n| format!("'value-{n}'")));
    let branches = list((0..count).map(|n| format!("'value-{n}': 'S{n}s'")));
    let types =
        (0..count).map(|n| format!("{{ 'struct': 'S{n}s', 'data': {{ 'm{n}': 'int' }} }}\n"));
    one(types.chain([
        format!("{{ 'enum': 'Kind', 'data': [ {values} ] }}\n"),
        format!(
            "{{ 'union': 'Choice', 'base': {{ 'kind': 'Kind' }}, 'discriminator': 'kind', 'data': {{ {branches} }} }}\n"
        ),
        "{ 'command': 'take', 'data': { 'choice': 'Choice' } }\n".to_owned(),
    ]))
}

/// Unions of which each is a branch of the one before.
pub fn nested_unions(depth: usize) -> Files {
    let union = |n| {
        format!(
            "{{ 'union': 'U{n}s', 'base': {{ 'tag{n}': 'Kind' }}, 'discriminator': 'tag{n}', 'data': {{ 'next': 'U{}s' }} }}\n",
            n + 1
        )
    };
    let ends = [
        "{ 'enum': 'Kind', 'data': [ 'next' ] }\n".to_owned(),
        format!("{{ 'struct': 'U{depth}s', 'data': {{}} }}\n"),
        "{ 'command': 'take', 'data': { 'first': 'U0s' } }\n".to_owned(),
    ];
    one((0..depth).map(union).chain(ends))
}

/// Structs of which each is a member of the one before.
pub fn nested_structs(depth: usize) -> Files {
    let struct_ = |n| {
        format!(
            "{{ 'struct': 'S{n}s', 'data': {{ 'm': 'S{}s' }} }}\n",
            n + 1
        )
    };
    let ends = [
        format!("{{ 'struct': 'S{depth}s', 'data': {{}} }}\n"),
        "{ 'command': 'take', 'data': { 'first': 'S0s' } }\n".to_owned(),
    ];
    one((0..depth).map(struct_).chain(ends))
}

/// So many alternates.
pub fn alternates(count: usize) -> Files {
    one((0..count).flat_map(|n| {
        [
            format!("{{ 'struct': 'S{n}s', 'data': {{}} }}\n{{ 'alternate': 'A{n}s', 'data': {{ 'o': 'S{n}s', 's': 'str' }} }}\n"),
            format!("{{ 'command': 'take-{n}', 'data': {{ 'a': 'A{n}s' }} }}\n"),
        ]
    }))
}

/// So many commands.
pub fn commands(count: usize) -> Files {
    one((0..count)
        .map(|n| format!("{{ 'command': 'do-{n}', 'data': {{ 'n': 'int', '*s': [ 'str' ] }} }}\n")))
}

/// So many events.
pub fn events(count: usize) -> Files {
    one((0..count).map(|n| format!("{{ 'event': 'DONE_{n}', 'data': {{ 'n': 'int' }} }}\n")))
}

/// A command with so many features.
pub fn features(count: usize) -> Files {
    let features = list((0..count).map(|n| format!("'feature-{n}'")));
    one([format!(
        "{{ 'command': 'do', 'features': [ {features} ] }}\n"
    )])
}

/// A command under so many conditions.
pub fn conditions(count: usize) -> Files {
    let symbols = list((0..count).map(|n| format!("'HAVE_{n}'")));
    one([format!(
        "{{ 'command': 'do', 'if': {{ 'all': [ {symbols} ] }} }}\n"
    )])
}

/// A command whose documentation has so many lines.
pub fn documented(lines: usize) -> Files {
    let text = "# Words about it, with a *stress* and a ``literal``.\n#\n".repeat(lines);
    one([format!("##\n# @do:\n#\n{text}##\n{{ 'command': 'do' }}\n")])
}

fn list(elements: impl Iterator<Item = String>) -> String {
    elements.collect::<Vec<_>>().join(", ")
}

/// One file of these definitions.
fn one(definitions: impl IntoIterator<Item = String>) -> Files {
    let text = definitions.into_iter().collect();
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

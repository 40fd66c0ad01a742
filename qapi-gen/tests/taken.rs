//! Up to which release of QEMU what is wrong today was right: facts of its generators' history, each with a neighbour that
//! none of them took since 6.0.

use qapi_gen::{Frontend, MemoryLoader};

type Release = Option<(u32, u32)>;

/// What is wrong with a schema, and until when it was right.
fn taken(text: &str) -> Vec<(String, Release)> {
    let loader = MemoryLoader::new([("main.json", text)]);
    let errors = Frontend::new()
        .loader(loader)
        .read("main.json")
        .unwrap_err();
    let diagnostics = errors.diagnostics.iter();
    diagnostics
        .map(|d| (d.code.to_string(), d.taken_until))
        .collect()
}

#[track_caller]
fn assert_taken(text: &str, expected: &[(&str, Release)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(code, until)| ((*code).to_owned(), *until))
        .collect();
    assert_eq!(taken(text), expected, "{text}");
}

const UNTIL_6_1: Release = Some((6, 1));
const UNTIL_8_0: Release = Some((8, 0));
const UNTIL_8_2: Release = Some((8, 2));
const UNTIL_9_0: Release = Some((9, 0));

#[test]
fn unions_without_discriminator() {
    for branches in [
        "'a': 'int'",
        "'a': [ 'str' ]",
        "'a': { 'type': 'QType', 'if': 'A' }",
    ] {
        let text = format!("{{ 'union': 'Uni', 'data': {{ {branches} }} }}");
        let found = taken(&text);
        assert_eq!(found[0], ("E2".into(), UNTIL_6_1), "{text}");
        assert!(
            found.iter().all(|(_, until)| *until == UNTIL_6_1),
            "{text}: {found:?}"
        );
    }
    for (rest, codes) in [
        ("'data': {}", &["E2"][..]),
        ("'data': { 'A_b': 'int' }", &["E2", "U10"]),
        ("'base': { 'k': 'QType' }, 'data': { 'a': 'int' }", &["E2"]),
        ("'discriminator': 'k', 'data': { 'a': 'int' }", &["E2"]),
        ("'base': 'Missing'", &["E2"]),
    ] {
        let found = taken(&format!("{{ 'union': 'Uni', {rest} }}"));
        assert_eq!(found[0], (codes[0].into(), None), "{rest}: {found:?}");
    }
    // Branches of other unions were never of any type.
    let union = "{ 'union': 'Uni', 'base': { 'k': 'QType' }, 'discriminator': 'k', 'data': { 'qnum': 'int' } }";
    assert_taken(union, &[("U10", None)]);
    assert_taken(
        "{ 'struct': 'Abc', 'data': { 'm': { 'typ': 'int' } } }",
        &[("E2", None)],
    );
}

#[test]
fn conditions_in_c() {
    let with = |condition: &str| format!("{{ 'event': 'E', 'if': {condition} }}");
    for condition in ["'defined(A) && B > 2'", "'lower'"] {
        assert_taken(&with(condition), &[("C1", UNTIL_6_1)]);
    }
    assert_taken(&with("[ 'defined(A)', 'B' ]"), &[("C2", UNTIL_6_1)]);
    for (condition, code) in [
        ("''", "C1"),
        ("' '", "C1"),
        ("[]", "C2"),
        ("[ 'A', '' ]", "C2"),
        ("[ [ 'A' ] ]", "C2"),
        ("true", "C2"),
        ("{ 'all': [ 'defined(A)' ] }", "C1"),
        ("{ 'not': 'defined(A)' }", "C1"),
    ] {
        assert_taken(&with(condition), &[(code, None)]);
    }
}

#[test]
fn conditions_that_no_release_took_are_wrong_in_legacy_input_too() {
    for condition in ["''", "[]", "[ 'A', ' ' ]"] {
        let text = format!("{{ 'event': 'E', 'if': {condition} }}");
        assert!(
            Frontend::new()
                .legacy(true)
                .read_text("main.json", text)
                .is_err(),
            "{condition}"
        );
    }
}

/// A definition with this documentation.
fn documented(doc: &str, definition: &str) -> String {
    let doc: String = doc
        .lines()
        .map(|line| format!("#{}{line}\n", if line.is_empty() { "" } else { " " }))
        .collect();
    format!("##\n{doc}##\n{definition}\n")
}

#[test]
fn documentation() {
    let ping = "{ 'command': 'ping', 'data': { 'a': 'int' } }";
    let plain = "{ 'command': 'ping' }";
    for (doc, definition, expected) in [
        ("@ping:", ping, &[("D22", UNTIL_8_2)][..]),
        (
            "@ping:",
            "{ 'command': 'ping', 'features': [ 'f' ] }",
            &[("D22", None)],
        ),
        ("@ping:\n\n@b: text", plain, &[("D21", None)]),
        ("@ping:\n\nFeatures:\n\nText", plain, &[("D16", UNTIL_8_2)]),
        ("@ping:\n\nReturns: text", plain, &[("D19", UNTIL_8_2)]),
        (
            "@Ping:\n\nReturns: text",
            "{ 'struct': 'Ping', 'data': {} }",
            &[("D19", None)],
        ),
        (
            "@Ping:\n\nErrors: text",
            "{ 'struct': 'Ping', 'data': {} }",
            &[("D19", UNTIL_8_2)],
        ),
        ("@ping:\n\nNote: text", plain, &[("D20", UNTIL_9_0)]),
        ("@ping:\n\nNote: text\n\n@a: text", ping, &[("D20", None)]),
        // What is described was never called otherwise.
        (
            "@ping:\n\n@b: text",
            "{ 'command': 'ping', 'data': { 'bb': 'int' } }",
            &[("D22", None)],
        ),
        // With a blank before the colon it was text.
        ("@ping:\n\n@a : text", ping, &[("D22", UNTIL_8_2)]),
        (
            "@ping:\n\nExamples:\n\n-> text",
            plain,
            &[("D20", UNTIL_9_0)],
        ),
        // A tag had all the text up to the next one.
        ("@ping:\n\nSince:\n\nText", plain, &[("D18", UNTIL_8_2)]),
        ("@ping:\n\nTODO:\nSince: 1.0", plain, &[("D18", None)]),
        ("@ping:\n\nSince:", plain, &[("D18", None)]),
        // A description ended at a blank line.
        ("@ping:\n\n@a:\ntext", ping, &[("D18", UNTIL_8_2)]),
        ("@ping:\n\n@a:\n\ntext", ping, &[("D18", None)]),
        // The column of the first text was the one to keep to.
        (
            "@ping:\n\n@a: text\n     more\n    less",
            ping,
            &[("D23", UNTIL_8_0)],
        ),
        (
            "@ping:\n\n@a: text\n     more\n  less",
            ping,
            &[("D23", None)],
        ),
        (
            "@ping:\n\n@a:\n     more\n  less",
            ping,
            &[("D23", UNTIL_8_0)],
        ),
        (
            "@ping:\n\nErrors:\n     more\n  less",
            plain,
            &[("D23", None)],
        ),
        // A tag needed no blank line before it.
        (
            "@ping:\n\n@a: text\n    more\nSince: 1.0",
            ping,
            &[("D23", UNTIL_8_2)],
        ),
        (
            "@ping:\n\n@a: text\n    more\nErrors: none",
            ping,
            &[("D23", None)],
        ),
    ] {
        assert_taken(&documented(doc, definition), expected);
    }
}

/// From which release on what is right was taken; something wrong is added, since without there is nothing to report.
#[test]
fn forms_that_came_later() {
    let pair = "{ 'struct': 'Pair', 'data': { 'a': 'int' } }";
    let kind = "{ 'enum': 'Which', 'data': [ 'a', 'b' ] }";
    let union = |name: &str, branch: &str| {
        let tag = name.to_lowercase();
        format!(
            "{{ 'union': '{name}', 'base': {{ '{tag}': 'Which' }}, 'discriminator': '{tag}', 'data': {{ 'a': '{branch}' }} }}"
        )
    };
    let inner = union("Inner", "Pair");
    for (text, from) in [
        ("{ 'event': 'E', 'if': 'A' }".to_owned(), (6, 0)),
        ("{ 'event': 'E', 'if': { 'not': 'A' } }".to_owned(), (6, 2)),
        (
            "{ 'enum': 'E1e', 'data': [ { 'name': 'a', 'if': 'A' } ] }".to_owned(),
            (6, 0),
        ),
        (
            "{ 'enum': 'E1e', 'data': [ { 'name': 'a', 'features': [ 'f' ] } ] }".to_owned(),
            (6, 2),
        ),
        (
            "{ 'alternate': 'Alt', 'data': { 'a': 'str', 'b': 'Pair' } }".to_owned(),
            (6, 0),
        ),
        (
            "{ 'alternate': 'Alt', 'data': { 'a': 'str', 'b': [ 'Pair' ] } }".to_owned(),
            (7, 1),
        ),
        (inner.clone(), (6, 0)),
        (format!("{inner} {}", union("Outer", "Inner")), (8, 1)),
        (
            "{ 'pragma': { 'member-name-exceptions': [] } }".to_owned(),
            (6, 0),
        ),
        (
            "{ 'pragma': { 'documentation-exceptions': [] } }".to_owned(),
            (9, 0),
        ),
        (
            documented(
                "@ping:\n\n@abc: text\n    more",
                "{ 'command': 'ping', 'data': { 'abc': 'int' } }",
            ),
            (8, 1),
        ),
        (
            documented(
                "@ping:\n\n@a: text\n   more",
                "{ 'command': 'ping', 'data': { 'a': 'int' } }",
            ),
            (8, 1),
        ),
        (
            documented(
                "@ping:\n\n@abc: text\n    more\n\nSince: 1.0",
                "{ 'command': 'ping', 'data': { 'abc': 'int' } }",
            ),
            (8, 1),
        ),
        (
            documented(
                "@ping:\n\n@a:\n  text\n  more",
                "{ 'command': 'ping', 'data': { 'a': 'int' } }",
            ),
            (6, 0),
        ),
        (
            documented(
                "@ping:\n\n@aaa: t\n      more",
                "{ 'command': 'ping', 'data': { 'aaa': 'int' } }",
            ),
            (6, 0),
        ),
    ] {
        let text = format!("{text}\n{pair} {kind} {{ 'event': 'WRONG', 'if': 'defined(A)' }}\n");
        let loader = MemoryLoader::new([("main.json", text.as_str())]);
        let errors = Frontend::new()
            .loader(loader)
            .read("main.json")
            .unwrap_err();
        assert_eq!(errors.diagnostics.len(), 1, "{text}: {errors}");
        assert_eq!(errors.taken_from, from, "{text}");
    }
}

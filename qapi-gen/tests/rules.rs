//! Every rule of the language, by cases of schemas that keep it and schemas that break it.

use crate::common::cases::{Case, cases};
use qapi_gen::diagnostic::{Code, Errors};
use qapi_gen::{Frontend, MemoryLoader};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

/// Rules whose cases need more than a few lines; see `hostile.rs`.
const ELSEWHERE: &[Code] = &[Code::UnreadableRoot, Code::NestingTooDeep, Code::TooLarge];

fn read(case: &Case) -> Result<(), Errors> {
    Frontend::new()
        .style(true)
        .loader(MemoryLoader::new(case.files.clone()))
        .read("main.json")
        .map(drop)
}

/// What was found, a line per diagnostic: code, place, message.
fn found(errors: &Errors) -> Vec<(String, &str)> {
    let line = |d: &qapi_gen::diagnostic::Diagnostic| {
        let mut line = d.code.to_string();
        if let Some(location) = d.location(&errors.sources) {
            let position = location.position;
            let file = errors.sources.file(position.file).name();
            write!(line, " {file}:{}", position.line).unwrap();
            if location.with_column {
                write!(line, ":{}", position.column).unwrap();
            }
        }
        line
    };
    errors
        .diagnostics
        .iter()
        .map(|d| (line(d), d.message.as_str()))
        .collect()
}

/// Splits an expected line into code and place, and the words that are to be in the message.
fn split_expected(line: &str) -> (String, Vec<&str>) {
    let mut words = line.split(' ');
    let place = format!("{} {}", words.next().unwrap(), words.next().unwrap());
    let message = words.map(|w| w.trim_end_matches(','));
    (place, message.filter(|w| !w.is_empty()).collect())
}

fn judge(case: &Case) -> Result<(), String> {
    let result = read(case);
    let found = match &result {
        Ok(()) => Vec::new(),
        Err(errors) => found(errors),
    };
    let expected: Vec<_> = match &case.expected[..] {
        [accept] if accept.starts_with("accept") => Vec::new(),
        lines => lines.iter().map(|l| split_expected(l)).collect(),
    };
    let agree = found.len() == expected.len()
        && found.iter().zip(&expected).all(|(found, expected)| {
            found.0 == expected.0 && expected.1.iter().all(|word| found.1.contains(word))
        });
    if agree {
        return Ok(());
    }
    let mut report = format!("{}\n  expected:\n", case.title);
    for line in &case.expected {
        writeln!(report, "    {line}").unwrap();
    }
    report.push_str("  found:\n");
    for (place, message) in &found {
        writeln!(report, "    {place} {message}").unwrap();
    }
    Err(report)
}

#[test]
fn every_case_comes_out_as_expected() {
    let failures: Vec<String> = cases().iter().filter_map(|c| judge(c).err()).collect();
    assert!(
        failures.is_empty(),
        "{} cases differ\n\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[test]
fn every_rule_has_a_schema_that_breaks_it_and_one_that_does_not() {
    let mut broken = BTreeSet::new();
    let mut kept = BTreeSet::new();
    for line in cases().iter().flat_map(|c| &c.expected) {
        let mut words = line.split(' ').map(str::to_owned);
        match words.next().unwrap() {
            accept if accept == "accept" => kept.extend(words),
            code => _ = broken.insert(code),
        }
    }
    for code in Code::ALL {
        if ELSEWHERE.contains(code) {
            continue;
        }
        assert!(broken.contains(code.as_str()), "no case breaks {code}");
        assert!(kept.contains(code.as_str()), "no case nearly breaks {code}");
    }
    for code in broken.iter().chain(&kept) {
        let known = Code::ALL.iter().any(|c| c.as_str() == code);
        assert!(known, "a case names {code}, which is no rule");
    }
}

#[test]
fn the_table_of_rules_is_up_to_date() {
    let mut table = String::from(
        "# Diagnostics\n\n\
         Every error that `qapi-gen` finds in a schema carries the code of the rule that is\n\
         broken. `qapi-gen check --message-format json` gives it as `code`. Codes are stable.\n\
         `qapi-gen explain CODE` explains a rule, and so does the [guide](guide/rules/README.md).\n\n\
         | code | rule |\n| --- | --- |\n",
    );
    for code in Code::ALL {
        let rule = code.rule().replace('|', "\\|");
        let style = if code.is_style() {
            " (style: see below)"
        } else {
            ""
        };
        let family = code.as_str().trim_end_matches(|c: char| c.is_ascii_digit());
        let page = format!("guide/rules/{family}.md#{}", code.as_str().to_lowercase());
        writeln!(table, "| [{code}]({page}) | {rule}{style} |").unwrap();
    }
    table.push_str(
        "\nRules of style are enforced by `qapi-gen check` alone. They are never a reason not to\n\
         generate code from a schema or to introspect it.\n\n\
         This table is written by `QAPI_BLESS=1 cargo test -p qapi-gen --test all rules`.\n",
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/diagnostics.md");
    if std::env::var_os("QAPI_BLESS").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == table,
        "docs/diagnostics.md differs from the rules; QAPI_BLESS=1 writes it"
    );
}

/// The errors of a schema in one file.
fn errors(text: &str) -> Errors {
    Frontend::new()
        .loader(MemoryLoader::new([("main.json", text)]))
        .read("main.json")
        .expect_err("the schema is wrong")
}

#[test]
fn likely_corrections_are_offered() {
    for (text, correction) in [
        ("{ 'comand': 'stop' }", "command"),
        ("{ 'command': 'stop', 'retruns': 'int' }", "returns"),
        ("{ 'pragma': { 'doc-requird': true } }", "doc-required"),
        ("{ 'command': 'stop', 'if': { 'al': [ 'X' ] } }", "all"),
        ("{ 'struct': 'Pair', 'data': { 'next': 'Pari' } }", "Pair"),
        ("{ 'struct': 'Pair', 'data': { 'next': 'sizes' } }", "size"),
        (
            "{ 'enum': 'Kind', 'data': [ 'red' ] }
             { 'struct': 'One', 'data': {} }
             { 'union': 'Shape', 'base': { 'kind': 'Kind' }, 'discriminator': 'kind',
               'data': { 'redd': 'One' } }",
            "red",
        ),
        (
            "{ 'union': 'Shape', 'base': { 'kind': 'Kind' }, 'discriminator': 'kid', 'data': {} }
             { 'enum': 'Kind', 'data': [ 'red' ] }",
            "kind",
        ),
    ] {
        let errors = errors(text);
        let help = errors.diagnostics.iter().flat_map(|d| &d.help);
        let expected = format!("did you mean '{correction}'?");
        assert!(
            help.into_iter().any(|h| *h == expected),
            "{text}\n{:#?}",
            errors.diagnostics
        );
    }
    let strange = errors("{ 'struct': 'Pair', 'data': { 'next': 'Quadrangle' } }");
    assert!(strange.diagnostics[0].help.is_empty());
}

#[test]
fn dropped_forms_say_what_replaced_them_and_are_legacy_input() {
    for (text, replacement) in [
        ("{ 'type': 'Pair', 'data': {} }", "struct"),
        ("{ 'command': 'stop', 'gen': 'no' }", "false"),
        ("{ 'command': 'stop', 'if': 'defined(X)' }", "all"),
        ("{ 'command': 'stop', 'if': [ 'X', 'Y' ] }", "all"),
        ("{ 'struct': 'Pair', 'data': { 'x': '**' } }", "any"),
        (
            "{ 'pragma': { 'returns-whitelist': [] } }",
            "command-returns-exceptions",
        ),
        (
            "{ 'pragma': { 'name-case-whitelist': [] } }",
            "member-name-exceptions",
        ),
        (
            "{ 'union': 'Shape', 'data': { 'a': 'str' } }",
            "discriminator",
        ),
        (
            "{ 'union': 'Either', 'discriminator': {}, 'data': { 'a': 'str' } }",
            "alternate",
        ),
        (
            "##\n# @stop:\n#\n# Note: stops\n##\n{ 'command': 'stop' }",
            ".. note::",
        ),
    ] {
        let errors = errors(text);
        let first = &errors.diagnostics[0];
        let told = first.help.iter().any(|h| h.contains(replacement));
        assert!(told, "{text}\n{first:#?}");
        let legacy = Frontend::new()
            .legacy(true)
            .loader(MemoryLoader::new([("main.json", text)]))
            .read("main.json");
        assert!(legacy.is_ok(), "{text}\n{}", legacy.unwrap_err());
    }
}

#[test]
fn other_places_are_shown() {
    let labels = |text: &str| -> Vec<(String, u32)> {
        let errors = errors(text);
        let labels = errors.diagnostics[0].labels.iter();
        let place = |l: &qapi_gen::diagnostic::Label| {
            let text = errors.sources.text(l.span).trim_matches('\'').to_owned();
            (text, errors.sources.start(l.span).line)
        };
        labels.map(place).collect()
    };
    let earlier = labels("{ 'command': 'stop' }\n{ 'command': 'stop' }");
    assert_eq!(earlier, [("stop".into(), 1)]);
    let inherited = labels(
        "{ 'struct': 'Sub', 'base': 'Base', 'data': { 'x': 'str' } }
         { 'struct': 'Base', 'data': { '*x': 'int' } }",
    );
    assert_eq!(inherited, [("*x".into(), 2)]);
    let key = labels("{ 'command': 'stop',\n  'command': 'go' }");
    assert_eq!(key, [("command".into(), 1)]);
    let value = labels("{ 'enum': 'Kind', 'data': [ 'a',\n 'b', 'a' ] }");
    assert_eq!(value, [("a".into(), 1)]);
}

#[test]
fn errors_of_meaning_name_their_definition() {
    let errors = errors("{ 'struct': 'Pair', 'data': { 'x': 'Gone', 'y': [ 'Gone' ] } }");
    for diagnostic in &errors.diagnostics {
        let (kind, name) = diagnostic.definition.as_ref().unwrap();
        assert_eq!((kind.as_str(), &**name), ("struct", "Pair"));
        // The place is the expression's, the primary span is what is wrong.
        assert_eq!(errors.sources.text(diagnostic.primary.unwrap()), "'Gone'");
    }
    assert_eq!(errors.diagnostics.len(), 2);
}

#[test]
fn messages_say_where_a_member_comes_from() {
    for (text, words) in [
        (
            "{ 'command': 'stop', 'data': { 'x': 'Gone' } }",
            "parameter 'x'",
        ),
        (
            "{ 'event': 'GONE', 'data': { 'x': 'Gone' } }",
            "parameter 'x'",
        ),
        (
            "{ 'struct': 'Pair', 'data': { 'x': 'Gone' } }",
            "member 'x'",
        ),
        (
            "{ 'union': 'Shape', 'base': { 'x': 'Gone' }, 'discriminator': 'x', 'data': {} }",
            "base member 'x'",
        ),
        (
            "{ 'struct': 'Sub', 'base': 'Base', 'data': { 'x': 'str' } }
             { 'struct': 'Base', 'data': { 'x': 'int' } }",
            "of type 'Base'",
        ),
        ("{ 'enum': 'Kind', 'data': [ 'a', 'a' ] }", "value 'a'"),
    ] {
        let message = &errors(text).diagnostics[0].message;
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn unknown_keys_come_with_the_valid_ones() {
    let errors = errors("{ 'alternate': 'Either', 'base': 'Base', 'data': { 'one': 'str' } }");
    let notes = errors.diagnostics[0].notes.join("\n");
    assert!(
        notes.contains("'alternate', 'data', 'features', 'if'"),
        "{notes}"
    );
}

#[test]
fn style_is_a_matter_of_checking_alone() {
    let text = "##\n# One. Two.\n##\n";
    let frontend = || Frontend::new().loader(MemoryLoader::new([("main.json", text)]));
    assert!(frontend().read("main.json").is_ok());
    let errors = frontend().style(true).read("main.json").unwrap_err();
    assert!(errors.diagnostics.iter().all(|d| d.code.is_style()));
}

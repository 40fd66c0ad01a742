//! Every rule of the language, by cases of schemas that keep it and schemas that break it.
//!
//! The cases are in `rules/*.txt`; each is
//!
//! ```text
//! === TITLE
//! the text of main.json
//! +++ NAME
//! the text of another file
//! ---
//! CODE FILE:LINE[:COLUMN] words that the message contains
//! ```
//!
//! with one line per diagnostic, in order, or `accept` and the rules that the schema nearly
//! breaks. `%{XX}` stands for a byte; `%{EOF}` ends a file without a newline.

use qapi_gen::diagnostic::{Code, Errors};
use qapi_gen::{Frontend, MemoryLoader};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

/// Rules whose cases need more than a few lines; see `hostile.rs`.
const ELSEWHERE: &[Code] = &[Code::UnreadableRoot, Code::NestingTooDeep];

/// Rules that no test breaks.
const UNTESTED: &[(Code, &str)] = &[(Code::TooLarge, "needs 4 GiB of text")];

struct Case {
    title: String,
    files: Vec<(String, Vec<u8>)>,
    expected: Vec<String>,
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths.iter().flat_map(|path| parse(path)).collect()
}

fn parse(path: &Path) -> Vec<Case> {
    let name = path.file_stem().unwrap().to_str().unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    let mut cases: Vec<Case> = Vec::new();
    let mut in_files = false;
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("=== ") {
            cases.push(Case {
                title: format!("{name}: {title}"),
                files: vec![("main.json".into(), Vec::new())],
                expected: Vec::new(),
            });
            in_files = true;
            continue;
        }
        let Some(case) = cases.last_mut() else {
            continue;
        };
        if line == "---" {
            in_files = false;
        } else if let Some(name) = line.strip_prefix("+++ ") {
            case.files.push((name.into(), Vec::new()));
        } else if in_files {
            let (_, file) = case.files.last_mut().unwrap();
            unescape(line, file);
        } else if !line.is_empty() {
            case.expected.push(line.to_owned());
        }
    }
    for case in &mut cases {
        // The blank line before the next case belongs to nobody; one after `---` is not here.
        assert!(!case.expected.is_empty(), "{}: no expectation", case.title);
    }
    cases
}

fn unescape(line: &str, out: &mut Vec<u8>) {
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("%{") {
        let (byte, after) = after.split_once('}').expect("closing brace");
        out.extend(before.bytes());
        if byte == "EOF" {
            return;
        }
        out.push(u8::from_str_radix(byte, 16).expect("two hexadecimal digits"));
        rest = after;
    }
    out.extend(rest.bytes());
    out.push(b'\n');
}

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
        if ELSEWHERE.contains(code) || UNTESTED.iter().any(|(c, _)| c == code) {
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
         broken. `qapi-gen check --message-format json` gives it as `code`. Codes are stable.\n\n\
         | code | rule |\n| --- | --- |\n",
    );
    for code in Code::ALL {
        let rule = code.rule().replace('|', "\\|");
        let style = if code.is_style() {
            " (style: see below)"
        } else {
            ""
        };
        writeln!(table, "| {code} | {rule}{style} |").unwrap();
    }
    table.push_str(
        "\nRules of style are enforced by `qapi-gen check` alone. They are never a reason not to\n\
         generate code from a schema or to introspect it.\n\n\
         This table is written by `QAPI_BLESS=1 cargo test -p qapi-gen --test rules`.\n",
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

//! The rules at length: every one is explained, with the examples that the tests of the rules have.

use crate::common::cases::{Case, cases};
use crate::common::run::Scratch;
use qapi_gen::diagnostic::Code;
use qapi_gen::explain::explain;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A condition of a certain depth.
macro_rules! deep {
    ($depth:literal) => {
        [
            concat!("open=$(yes \"{ 'not':\" | head -n ", $depth, ")"),
            concat!("close=$(yes '}' | head -n ", $depth, ")"),
            "echo \"{ 'command': 'stop', 'if': $open 'A' $close }\" >deep.json",
            "qapi-gen check --message-format short deep.json",
        ]
    };
}
/// Rules for which a few lines of a schema are no example, with commands for a shell.
const SESSIONS: [(Code, &str, &[&str]); 6] = [
    (
        Code::UnreadableRoot,
        "breaks",
        &["mkdir schema.json", "qapi-gen check schema.json"],
    ),
    (
        Code::UnreadableRoot,
        "keeps",
        &[
            "echo \"{ 'command': 'stop' }\" >schema.json",
            "qapi-gen check schema.json",
        ],
    ),
    (Code::NestingTooDeep, "breaks", &deep!("1000")),
    (Code::NestingTooDeep, "keeps", &deep!("999")),
    (
        Code::TooLarge,
        "breaks",
        &["truncate --size 4G big.json", "qapi-gen check big.json"],
    ),
    (
        Code::TooLarge,
        "keeps",
        &["truncate --size 0 empty.json", "qapi-gen check empty.json"],
    ),
];

/// The sections of QEMU's *How to use the QAPI code generator* that state rules.
const SECTIONS: [&str; 18] = [
    "Alternate types",
    "Commands",
    "Configuring the schema",
    "Definition documentation",
    "Documentation comments",
    "Documentation markup",
    "Enumeration types",
    "Events",
    "Features",
    "Include directives",
    "Naming rules and reserved names",
    "Pragma directives",
    "Schema syntax",
    "Special features",
    "Struct types",
    "Type references and array types",
    "Union types",
    "Built-in Types",
];

/// What codes start with, and what the page with their rules is called.
const FAMILIES: [(&str, &str); 17] = [
    ("L", "Characters and strings"),
    ("P", "Syntax"),
    ("I", "Include directives"),
    ("G", "Pragmas"),
    ("D", "Documentation"),
    ("N", "Names"),
    ("E", "Expressions"),
    ("C", "Conditions"),
    ("F", "Features"),
    ("T", "Types"),
    ("M", "Enums"),
    ("S", "Structs"),
    ("U", "Unions"),
    ("K", "Commands"),
    ("V", "Events"),
    ("A", "Alternates"),
    ("R", "Redefinitions"),
];

fn family(code: Code) -> &'static str {
    code.as_str().trim_end_matches(|c: char| c.is_ascii_digit())
}

fn below(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Compares a generated file, or writes it if that is asked for.
fn generated(path: &Path, text: &str) {
    if std::env::var_os("QAPI_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        return;
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == text,
        "{} is not up to date: QAPI_BLESS=1",
        path.display()
    );
}

/// A text, in which what is no UTF-8 is written as in the cases.
fn readable(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text += chunk.valid();
        for byte in chunk.invalid() {
            text += &format!("%{{{byte:02X}}}");
        }
    }
    text
}

/// A case as an example; `None` if it cannot be shown as text.
fn example(case: &Case) -> Option<String> {
    let mut text = String::new();
    for (name, bytes) in &case.files {
        if name != "main.json" {
            text += &format!("+++ {name}\n");
        }
        let lines = &readable(bytes);
        let plain = lines.chars().all(|c| c == '\n' || !c.is_control());
        // These are what examples and pages are told apart by.
        if !plain || lines.contains("=== ") || lines.contains("```") {
            return None;
        }
        text += lines.trim_end();
        text.push('\n');
    }
    (!text.trim().is_empty()).then_some(text)
}

/// What a shell shows.
fn session(commands: &[&str]) -> String {
    let dir = Scratch::new("session", &[]);
    let programs = Path::new(env!("CARGO_BIN_EXE_qapi-gen")).parent().unwrap();
    let mut script = format!("PATH={}:$PATH\n", programs.display());
    for command in commands {
        script += &format!("echo {}\n{command} 2>&1\n", quoted(&format!("$ {command}")));
    }
    let mut shell = std::process::Command::new("sh");
    let shell = shell.args(["-c", &script]).current_dir(&dir.0);
    let shown = String::from_utf8(shell.output().unwrap().stdout).unwrap();
    let lines = shown.lines().filter(|line| !line.is_empty());
    lines.map(|line| format!("{}\n", line.trim_end())).collect()
}

/// A word for the shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\\''"))
}

/// The shortest cases that are about a rule and nothing else, or at least about little else.
fn examples() -> String {
    let cases = cases();
    let mut found: BTreeMap<(usize, &str), (usize, usize, String)> = BTreeMap::new();
    for case in &cases {
        let Some(text) = example(case) else {
            continue;
        };
        let expected: Vec<&str> = case.expected.iter().map(String::as_str).collect();
        let (kind, about): (&str, Vec<&str>) = match expected.as_slice() {
            [line] if line.starts_with("accept") => ("keeps", line.split(' ').skip(1).collect()),
            lines => (
                "breaks",
                lines.iter().filter_map(|l| l.split(' ').next()).collect(),
            ),
        };
        for (at, code) in Code::ALL.iter().enumerate() {
            let count = about.iter().filter(|c| **c == code.as_str()).count();
            let first = kind == "keeps" || about.first() == Some(&code.as_str());
            if count == 0 || !first {
                continue;
            }
            let rank = (about.len() - 1, text.len(), text.clone());
            let best = found.entry((at, kind)).or_insert_with(|| rank.clone());
            if rank < *best {
                *best = rank;
            }
        }
    }
    for (code, kind, commands) in SESSIONS {
        let at = Code::ALL.iter().position(|c| *c == code).unwrap();
        let before = found.insert((at, kind), (0, 0, session(commands)));
        assert!(before.is_none(), "{code} has an example in the cases");
    }
    let mut out = String::from(
        "Made from the cases in tests/rules by `QAPI_BLESS=1 cargo test -p qapi-gen --test all explain`.\n",
    );
    for ((at, kind), (_, _, text)) in &found {
        out += &format!("=== {} {kind}\n{text}", Code::ALL[*at]);
    }
    out
}

#[cfg(target_os = "linux")] // Where others lack these commands.
#[test]
fn examples_are_cases_of_the_tests() {
    generated(&below("src/explain/examples.txt"), &examples());
}

#[test]
fn every_rule_is_explained() {
    for &code in Code::ALL {
        let explanation = explain(code);
        assert!(
            SECTIONS.contains(&explanation.section),
            "{code}: {}",
            explanation.section
        );
        let sentences = explanation.text.matches(['.', ':']).count();
        assert!(
            sentences > 0 && explanation.text.len() > 40,
            "{code}: {}",
            explanation.text
        );
        assert_ne!(explanation.text.replace('\n', " "), code.rule());
        assert!(
            !explanation.breaks.trim().is_empty(),
            "{code} has no example that breaks it"
        );
        assert!(
            !explanation.keeps.trim().is_empty(),
            "{code} has no example that keeps it"
        );
    }
    let rules = include_str!("../src/explain/rules.txt");
    assert_eq!(rules.split("\n\n").count(), Code::ALL.len());
}

#[test]
fn the_guide_has_the_explanations() {
    let mut index = String::from(
        "# Rules of the schema language\n\n\
         Each error of `qapi-gen` has the code of a rule. `qapi-gen explain CODE` prints what these pages have.\n\n",
    );
    for (letter, title) in FAMILIES {
        let codes: Vec<Code> = Code::ALL
            .iter()
            .copied()
            .filter(|c| family(*c) == letter)
            .collect();
        let mut page = format!(
            "# {title}\n\nMade by `QAPI_BLESS=1 cargo test -p qapi-gen --test all explain`.\n"
        );
        index += &format!("- [{title}]({letter}.md)\n");
        for code in codes {
            page += &("\n".to_owned() + &explain(code).markdown());
            let anchor = code.as_str().to_ascii_lowercase();
            index += &format!("  - [{code}]({letter}.md#{anchor}): {}\n", code.rule());
        }
        generated(&below(&format!("../docs/guide/rules/{letter}.md")), &page);
    }
    generated(&below("../docs/guide/rules/README.md"), &index);
    let known = |code: &Code| FAMILIES.iter().any(|(letter, _)| family(*code) == *letter);
    assert!(Code::ALL.iter().all(known));
}

#[test]
fn the_command_explains_and_lists() {
    let dir = Scratch::new("explain", &[]);
    let run = dir.run(&["explain", "T4"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert!(
        run.stdout
            .starts_with("T4: A type is defined.\n\nThe name is defined nowhere"),
        "{}",
        run.stdout
    );
    for part in [
        "\nBreaks it:\n\n    { ",
        "\nKeeps it:\n\n    { ",
        "section \"Type references and array types\"\n",
    ] {
        assert!(run.stdout.contains(part), "{}", run.stdout);
    }
    // As a diagnostic has it.
    assert_eq!(dir.run(&["explain", "error[t4]"]).stdout, run.stdout);
    let list = dir.run(&["explain"]).stdout;
    assert_eq!(list.lines().count(), Code::ALL.len());
    let unknown = dir.run(&["explain", "Z9"]);
    assert_eq!((unknown.status, unknown.stdout.as_str()), (2, ""));
    assert!(
        unknown
            .stderr
            .contains("no rule 'Z9'; qapi-gen explain lists"),
        "{}",
        unknown.stderr
    );
}

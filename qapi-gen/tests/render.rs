//! Renderings of diagnostics, compared with texts that are kept beside the schemas.
//!
//! Each directory in `tests/render` holds a schema, `main.json`, and what the renderers make of its
//! errors. After a change on purpose, run with `QAPI_GEN_UPDATE=1` and review the difference.

use qapi_gen::diagnostic::Errors;
use qapi_gen::render::{self, Style};
use qapi_gen::{DiskLoader, Frontend, Loader, MemoryLoader};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Serves a directory's files by their names alone, so that the texts do not depend on where the
/// directory is.
struct Directory(PathBuf);

impl Loader for Directory {
    fn load(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        DiskLoader.load(&self.0.join(path))
    }

    fn identity(&self, path: &Path) -> PathBuf {
        DiskLoader.identity(&self.0.join(path))
    }
}

fn render(errors: &Errors, one: impl Fn(&qapi_gen::diagnostic::Diagnostic) -> String) -> String {
    errors.diagnostics.iter().map(one).collect()
}

#[test]
fn renderings_are_as_recorded() {
    let update = std::env::var_os("QAPI_GEN_UPDATE").is_some();
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/render");
    let mut differences = String::new();
    let mut count = 0;
    for case in std::fs::read_dir(cases).unwrap() {
        let case = case.unwrap().path();
        let errors = Frontend::new()
            .style(true)
            .loader(Directory(case.clone()))
            .read("main.json")
            .expect_err("the schema has errors");
        let sources = &errors.sources;
        let actual = [
            (
                "human.txt",
                render(&errors, |d| render::human(d, sources, Style::Plain) + "\n"),
            ),
            ("short.txt", render(&errors, |d| render::short(d, sources))),
            (
                "json.txt",
                render(&errors, |d| render::json(d, sources) + "\n"),
            ),
        ];
        for (name, text) in actual {
            let path = case.join(name);
            if update {
                std::fs::write(&path, &text).unwrap();
            }
            let expected = std::fs::read_to_string(&path).unwrap_or_default();
            if text != expected {
                let path = path.display();
                let _ = writeln!(differences, "--- {path}\n{expected}\n+++ actual\n{text}");
            }
        }
        count += 1;
    }
    assert!(differences.is_empty(), "{differences}");
    assert!(count > 0);
}

fn errors(text: impl Into<Vec<u8>>) -> Errors {
    Frontend::new()
        .loader(MemoryLoader::new([("main.json", text.into())]))
        .read("main.json")
        .expect_err("the schema has errors")
}

#[test]
fn colour_adds_escape_sequences_and_nothing_else() {
    let errors = errors("{ 'command': 'c', 'data': 'Missing' }");
    let diagnostic = &errors.diagnostics[0];
    let plain = render::human(diagnostic, &errors.sources, Style::Plain);
    let coloured = render::human(diagnostic, &errors.sources, Style::Colored);
    assert!(!plain.contains('\u{1b}'));
    let mut stripped = String::new();
    for (i, part) in coloured.split("\u{1b}[").enumerate() {
        let after_sequence = match i {
            0 => part,
            _ => part.split_once('m').expect("a colour").1,
        };
        stripped += after_sequence;
    }
    assert!(coloured.len() > plain.len());
    assert_eq!(stripped, plain);
}

#[test]
fn hostile_text_reaches_no_terminal() {
    let hostile = "\u{1b}]0;x\u{7}\u{9b}31m\u{202e}\u{8}";
    let text = format!("# {hostile}\n{{ 'struct': '{hostile}', 'data': {{}} {hostile} }}\n");
    let errors = errors(text);
    for diagnostic in &errors.diagnostics {
        for text in [
            render::human(diagnostic, &errors.sources, Style::Plain),
            render::short(diagnostic, &errors.sources),
            render::json(diagnostic, &errors.sources),
        ] {
            let bad = text.chars().find(|&c| c.is_control() && c != '\n');
            assert_eq!(bad, None, "{text:?}");
        }
        let human = render::human(diagnostic, &errors.sources, Style::Plain);
        assert!(!human.contains('\u{202e}'));
    }
}

#[test]
fn huge_lines_are_not_shown_whole() {
    let long = "x".repeat(1_000_000);
    for text in [
        format!("{{ 'command': 'c', 'data': '{long}' }}"),
        format!("{{ 'struct': '{long}', 'data': {{ 'a': 'Missing' }} }}"),
        format!("{{ 'command': 'c', 'data': 'Missing' }} # {long}"),
    ] {
        let errors = errors(text);
        for diagnostic in &errors.diagnostics {
            let human = render::human(diagnostic, &errors.sources, Style::Plain);
            assert!(human.len() < 20_000, "{}", human.len());
            assert!(human.contains("--> main.json:1:"), "{human:.500}");
            let short = render::short(diagnostic, &errors.sources);
            assert!(short.len() < 20_000, "{}", short.len());
        }
    }
}

#[test]
fn errors_at_the_very_end_are_shown() {
    for text in [
        "",
        "{",
        "{\n",
        "{ 'enum'",
        "[",
        "'",
        "{ 'a': [ 'b',\r\n\r\n",
        "\u{feff}{",
    ] {
        let result = Frontend::new()
            .loader(MemoryLoader::new([("main.json", text)]))
            .read("main.json");
        let Err(errors) = result else { continue };
        for diagnostic in &errors.diagnostics {
            let human = render::human(diagnostic, &errors.sources, Style::Plain);
            assert!(human.contains("--> main.json:"), "{text:?}: {human}");
        }
    }
}

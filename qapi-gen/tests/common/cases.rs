//! Cases of schemas that keep and that break the rules of the language.
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

use std::path::Path;

/// Schema files, and what is expected of them.
pub(crate) struct Case {
    pub(crate) title: String,
    pub(crate) files: Vec<(String, Vec<u8>)>,
    pub(crate) expected: Vec<String>,
}

pub(crate) fn cases() -> Vec<Case> {
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

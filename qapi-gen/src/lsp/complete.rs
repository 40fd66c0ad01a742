//! What may be written at a place.

mod types;

use super::context::{Code, Place, place as context};
use super::index::{Def, Index};
use super::request::place;
use super::text::Encoding;
use super::transport::Failure;
use super::workspace::Workspace;
use crate::diagnostic::DefinitionKind;
use serde_json::{Value, json};
use std::ops::Range;
use std::path::Path;

/// How many proposals one answer has; the client asks again when more is typed.
const MANY: usize = 300;

/// Kinds of proposal as the protocol numbers them.
mod kind {
    pub(super) const FIELD: u8 = 5;
    pub(super) const VALUE: u8 = 12;
    pub(super) const KEYWORD: u8 = 14;
    pub(super) const FILE: u8 = 17;
    pub(super) const CONSTANT: u8 = 21;
}

/// Something that may be written.
struct Item {
    label: String,
    kind: u8,
    detail: String,
    /// What follows it.
    suffix: &'static str,
    /// Whether it is a string of the language; `true` and text of comments are none.
    string: bool,
}

fn item(label: impl Into<String>, kind: u8, detail: impl Into<String>) -> Item {
    Item {
        label: label.into(),
        kind,
        detail: detail.into(),
        suffix: "",
        string: true,
    }
}

pub(super) fn complete(workspace: &mut Workspace, params: &Value) -> Result<Value, Failure> {
    let (path, offset) = place(workspace, params)?;
    let encoding = workspace.encoding;
    let text = workspace.files.document(&path).map(|d| d.text.clone());
    let text = text.unwrap_or_default();
    let Some(index) = workspace.index(&path) else {
        return Ok(Value::Null);
    };
    let (items, word, quoted) = match context(&text, offset) {
        Place::Comment(line) => {
            let (items, length) = in_comment(index, &path, &text, offset, &line);
            (items, offset - length..offset, true)
        }
        Place::Code(code) => {
            let items = in_code(index, &path, offset, &code);
            (items, code.word, code.quoted)
        }
    };
    Ok(answer(items, &text, word, offset, quoted, encoding))
}

fn answer(
    items: Vec<Item>,
    text: &str,
    word: Range<usize>,
    offset: usize,
    quoted: bool,
    encoding: Encoding,
) -> Value {
    let typed = text[word.start..offset].to_ascii_lowercase();
    let lines = super::text::Lines::new(text);
    let range = lines.range(text, word.clone(), encoding);
    let after = text[word.end..].trim_start_matches('\'').trim_start();
    let has_colon = after.starts_with(':');
    let closed = text[word.end..].starts_with('\'');
    let mut list: Vec<Value> = Vec::new();
    let mut more = false;
    for item in items {
        if item.label.is_empty() || !item.label.to_ascii_lowercase().contains(&typed) {
            continue;
        }
        if list.len() == MANY {
            more = true;
            break;
        }
        let suffix = match item.suffix {
            ": " if has_colon => "",
            suffix => suffix,
        };
        // A quote that is there already is not written again.
        let new = match (item.string, quoted, closed) {
            (false, ..) => format!("{}{suffix}", item.label),
            (true, true, true) => item.label.clone(),
            (true, true, false) => format!("{}'{suffix}", item.label),
            (true, false, _) => format!("'{}'{suffix}", item.label),
        };
        list.push(json!({
            "label": item.label,
            "kind": item.kind,
            "detail": item.detail,
            "filterText": text[word.start..offset].to_owned() + &item.label,
            "sortText": rank(&item.label, &typed),
            "textEdit": { "range": range, "newText": new },
        }));
    }
    json!({ "isIncomplete": more, "items": list })
}

/// What starts with what was typed comes first.
fn rank(label: &str, typed: &str) -> String {
    let first = label.to_ascii_lowercase().starts_with(typed);
    format!("{}{label}", if first { '0' } else { '1' })
}

/// Proposals in a comment, and how much of the text before the place they replace.
fn in_comment(
    index: &Index,
    path: &Path,
    text: &str,
    offset: usize,
    line: &str,
) -> (Vec<Item>, usize) {
    let in_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let name = line.trim_end_matches(in_name);
    let typed = line.len() - name.len();
    let plain = |item: Item| Item {
        string: false,
        ..item
    };
    let def = index
        .file(path)
        .and_then(|file| index.definition_after(file, offset));
    let start = text[..offset].rfind(['\n', '\r']).map_or(0, |at| at + 1);
    let before = text[..start].trim_end();
    let items = match (name, def) {
        ("@", Some(def)) if before.ends_with("\n##") || before == "##" => {
            vec![Item {
                suffix: ":",
                ..item(def.name.as_str(), kind::FIELD, def.kind.as_str())
            }]
        }
        ("@", Some(def)) => {
            let comment = &before[before.rfind("\n##").unwrap_or(0)..];
            let in_features = comment.contains("\n# Features:");
            let undescribed = def.undocumented(in_features);
            let new = undescribed.iter().map(|name| Item {
                suffix: ": ",
                ..item(name.as_str(), kind::FIELD, "not documented yet")
            });
            let known = parts(def).filter(|part| !undescribed.iter().any(|n| **n == *part.label));
            new.chain(known).collect::<Vec<_>>()
        }
        ("", _) => {
            let sections = [
                ("Features:", "what can be probed for"),
                ("Returns: ", "the result of a command"),
                ("Errors:", "when a command fails"),
                ("Since: ", "the release that has it first"),
                ("TODO: ", "left out of the manual"),
                (".. note:: ", "a remark"),
                (".. qmp-example::", "messages"),
            ];
            let sections = sections.map(|(name, what)| item(name, kind::KEYWORD, what));
            sections.into_iter().collect::<Vec<_>>()
        }
        (name, _) if name.ends_with('`') && !name.ends_with("``") => index
            .definitions
            .iter()
            .map(|def| item(def.name.as_str(), symbol_kind(def.kind), def.kind.as_str()))
            .collect::<Vec<_>>(),
        (name, Some(def)) if name.ends_with('@') => parts(def).collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    (items.into_iter().map(plain).collect::<Vec<_>>(), typed)
}

fn parts(def: &Def) -> impl Iterator<Item = Item> {
    let kind = match def.kind {
        DefinitionKind::Enum => kind::VALUE,
        _ => kind::FIELD,
    };
    let parts = def.parts.iter();
    parts.map(move |part| item(part.name.as_str(), kind, def.part_kind()))
}

fn symbol_kind(kind: DefinitionKind) -> u8 {
    match kind {
        DefinitionKind::Enum => 13,
        DefinitionKind::Struct => 22,
        DefinitionKind::Union => 7,
        DefinitionKind::Alternate => 8,
        DefinitionKind::Command => 3,
        DefinitionKind::Event => 23,
    }
}

const KINDS: [(&str, DefinitionKind); 6] = [
    ("enum", DefinitionKind::Enum),
    ("struct", DefinitionKind::Struct),
    ("union", DefinitionKind::Union),
    ("alternate", DefinitionKind::Alternate),
    ("command", DefinitionKind::Command),
    ("event", DefinitionKind::Event),
];

fn in_code(index: &Index, path: &Path, offset: usize, code: &Code) -> Vec<Item> {
    let Some(frame) = code.frames.last() else {
        return Vec::new();
    };
    let kind = KINDS.iter().find(|(word, _)| {
        let keys = &code.frames[0].keys;
        keys.iter().any(|key| key == word)
    });
    let kind = kind.map(|(_, kind)| *kind);
    let is_key = !frame.array && frame.key.is_none();
    if is_key {
        let keys = keys(index, path, offset, code, kind);
        let new = keys.into_iter().filter(|key| {
            let written = key.label.trim_start_matches('*');
            let mut known = frame.keys.iter().map(|key| key.trim_start_matches('*'));
            !known.any(|key| key == written)
        });
        let with_colon = new.map(|key| Item {
            suffix: ": ",
            ..key
        });
        return with_colon.collect::<Vec<_>>();
    }
    values(index, path, code, kind)
}

fn words(words: &[&str]) -> Vec<Item> {
    let words = words.iter();
    words
        .map(|word| item(*word, kind::KEYWORD, ""))
        .collect::<Vec<_>>()
}

/// The keys that an object may have.
fn keys(
    index: &Index,
    path: &Path,
    offset: usize,
    code: &Code,
    kind: Option<DefinitionKind>,
) -> Vec<Item> {
    use DefinitionKind::{Alternate, Command, Enum, Event, Struct, Union};
    let depth = code.frames.len();
    let (outer, data) = (code.key(0), matches!(code.key(0), Some("data" | "base")));
    if code.is_in("if") {
        return words(&["all", "any", "not"]);
    }
    let in_features = code.is_in("features");
    match (depth, kind) {
        (1, None) => words(&[
            "enum",
            "struct",
            "union",
            "alternate",
            "command",
            "event",
            "include",
            "pragma",
        ]),
        (1, Some(Enum)) => words(&["data", "prefix", "if", "features"]),
        (1, Some(Struct)) => words(&["data", "base", "if", "features"]),
        (1, Some(Union)) => words(&["base", "discriminator", "data", "if", "features"]),
        (1, Some(Alternate)) => words(&["data", "if", "features"]),
        (1, Some(Event)) => words(&["data", "boxed", "if", "features"]),
        (1, Some(Command)) => words(&[
            "data",
            "returns",
            "boxed",
            "gen",
            "success-response",
            "allow-oob",
            "allow-preconfig",
            "coroutine",
            "if",
            "features",
        ]),
        (2, None) if outer == Some("pragma") => words(&[
            "doc-required",
            "command-name-exceptions",
            "command-returns-exceptions",
            "documentation-exceptions",
            "member-name-exceptions",
        ]),
        _ if in_features => words(&["name", "if"]),
        (3, Some(Enum)) if data => words(&["name", "if", "features"]),
        (2, Some(Union)) if outer == Some("data") => branches(index, code),
        (2, _) if data => described(index, path, offset),
        (3, Some(Union)) if outer == Some("data") => words(&["type", "if"]),
        (3, Some(Alternate)) => words(&["type", "if"]),
        (3, _) if data => words(&["type", "if", "features"]),
        _ => Vec::new(),
    }
}

/// The values of the enum that tells a union's branches apart.
fn branches(index: &Index, code: &Code) -> Vec<Item> {
    let known = code.setting("union").and_then(|name| index.named(name));
    let tag = known.and_then(|union| index.tag_enum(union)).or_else(|| {
        // The expression may be too faulty to be known.
        let base = index.named(code.setting("base")?)?;
        let (def, part) = index.part(base, code.setting("discriminator")?)?;
        let (ty, _) = index.definitions[def].parts[part].ty.as_ref()?;
        index.named(ty)
    });
    let tag = tag.map(|tag| &index.definitions[tag]);
    tag.into_iter().flat_map(parts).collect::<Vec<_>>()
}

/// Members that documentation has and the definition does not.
fn described(index: &Index, path: &Path, offset: usize) -> Vec<Item> {
    let Some(file) = index.file(path) else {
        return Vec::new();
    };
    let text = index.sources.file(file).text();
    let Some(before) = text.get(..offset) else {
        return Vec::new();
    };
    let Some(end) = before.rfind("\n##") else {
        return Vec::new();
    };
    let start = before[..end].rfind("\n##").unwrap_or(0);
    let lines = before[start..end].lines();
    let lines = lines.take_while(|line| !line.starts_with("# Features:"));
    // The first one is the definition's.
    let names = lines
        .filter_map(|line| line.strip_prefix("# @")?.split_once(':'))
        .skip(1);
    names
        .map(|(name, _)| item(name, kind::FIELD, "documented"))
        .collect::<Vec<_>>()
}

fn values(index: &Index, path: &Path, code: &Code, kind: Option<DefinitionKind>) -> Vec<Item> {
    let depth = code.frames.len();
    if code.is_in("if") {
        let symbols = index.symbols().into_iter();
        return symbols
            .map(|name| item(name, kind::CONSTANT, "condition"))
            .collect::<Vec<_>>();
    }
    if code.is_in("features") {
        return features(index);
    }
    match (code.key(0), depth) {
        (Some("include"), 1) => siblings(path),
        (Some("discriminator"), 1) => tags(index, code),
        (Some("base" | "returns" | "data"), _) => types::types(index, code, kind),
        (Some("boxed" | "allow-oob" | "allow-preconfig" | "coroutine"), 1) => flag("true"),
        (Some("gen" | "success-response"), 1) => flag("false"),
        (Some("pragma"), 2) => flag("true"),
        (Some("pragma"), 3) => index
            .definitions
            .iter()
            .map(|def| item(def.name.as_str(), symbol_kind(def.kind), def.kind.as_str()))
            .collect::<Vec<_>>(),
        _ => Vec::new(),
    }
}

fn flag(value: &str) -> Vec<Item> {
    vec![Item {
        string: false,
        ..item(value, kind::KEYWORD, "")
    }]
}

/// Members of a union's base that may tell its branches apart.
fn tags(index: &Index, code: &Code) -> Vec<Item> {
    let union = code.setting("union").and_then(|name| index.named(name));
    let base = code.setting("base").and_then(|name| index.named(name));
    let Some(def) = union.or(base) else {
        return Vec::new();
    };
    let owners = index.lineage(def).into_iter();
    let parts = owners.flat_map(|def| &index.definitions[def].parts);
    let is_enum = |name: &str| {
        let def = index.named(name).map(|def| index.definitions[def].kind);
        def == Some(DefinitionKind::Enum)
    };
    let tags = parts.filter(|part| {
        !part.optional
            && part
                .ty
                .as_ref()
                .is_some_and(|(ty, array)| !array && is_enum(ty))
    });
    tags.map(|part| item(part.name.as_str(), kind::FIELD, "member"))
        .collect::<Vec<_>>()
}

fn features(index: &Index) -> Vec<Item> {
    let mut names = vec!["deprecated", "unstable"];
    for def in &index.definitions {
        let parts = def.parts.iter().flat_map(|part| &part.features);
        names.extend(def.features.iter().chain(parts).map(|name| name.as_str()));
    }
    names[2..].sort_unstable();
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    let seen = seen.into_iter();
    seen.map(|name| item(name, kind::CONSTANT, "feature"))
        .collect::<Vec<_>>()
}

/// Schema files beside a file.
fn siblings(path: &Path) -> Vec<Item> {
    let entries = path
        .parent()
        .and_then(|folder| std::fs::read_dir(folder).ok());
    let entries = entries.into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path() != path)
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.ends_with(".json"))
        .collect::<Vec<_>>();
    names.sort_unstable();
    let names = names.into_iter();
    names
        .map(|name| item(name, kind::FILE, "file"))
        .collect::<Vec<_>>()
}

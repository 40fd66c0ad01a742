//! Other names for types, commands, events, members, values and features.

use super::index::{Index, Target};
use super::names::{Places, named};
use super::transport::{Failure, code};
use super::workspace::Workspace;
use crate::diagnostic::Diagnostic;
use crate::names::FastMap;
use crate::source::Span;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

fn refuse(message: impl Into<String>) -> Failure {
    Failure::new(code::REQUEST_FAILED, message)
}

/// Whether something is the schema's to name.
fn check_target(index: &Index, target: &Target) -> Result<(), Failure> {
    match target {
        Target::Builtin(_) => Err(refuse(format!(
            "{} belongs to the language",
            index.describe(target)
        ))),
        Target::Feature(_, name) if matches!(&**name, "deprecated" | "unstable") => Err(refuse(
            format!("the feature '{name}' belongs to the language"),
        )),
        Target::Symbol(name) => Err(refuse(format!(
            "the condition '{name}' is defined by whoever builds, not by the schema"
        ))),
        _ => Ok(()),
    }
}

pub(super) fn prepare(workspace: &mut Workspace, params: &Value) -> Result<Value, Failure> {
    let Some((root, target, span)) = named(workspace, params)? else {
        return Err(refuse("there is no name here that can be changed"));
    };
    let encoding = workspace.encoding;
    let index = workspace
        .index_at(&root)
        .ok_or_else(|| refuse("there is no schema"))?;
    check_target(index, &target)?;
    let (_, range) = Places::new(index, encoding).range(span);
    Ok(json!({ "range": range, "placeholder": index.name_of(&target).as_str() }))
}

pub(super) fn rename(workspace: &mut Workspace, params: &Value) -> Result<Value, Failure> {
    let new = params["newName"]
        .as_str()
        .ok_or_else(|| Failure::params("there is no 'newName'"))?;
    let name_like = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if new.is_empty() || !new.chars().all(name_like) {
        return Err(Failure::params(format!(
            "'{new}' is no name: names consist of ASCII letters, digits, '-', '_' and '.'"
        )));
    }
    let Some((root, target, _)) = named(workspace, params)? else {
        return Err(refuse("there is no name here that can be changed"));
    };
    let encoding = workspace.encoding;
    let index = workspace
        .index_at(&root)
        .ok_or_else(|| refuse("there is no schema"))?;
    check_target(index, &target)?;
    let old = index.name_of(&target);
    if old == new {
        return Ok(json!({ "changes": {} }));
    }
    check_reserved(index, &target, new)?;
    let mut by_file: BTreeMap<PathBuf, Vec<Span>> = BTreeMap::new();
    for mention in index.mentions_of(&target) {
        if index.sources.text(mention.span) == &*old {
            let file = index.sources.file_of(mention.span);
            let path = index.paths[file.0 as usize].clone();
            by_file.entry(path).or_default().push(mention.span);
        }
    }
    let mut places = Places::new(index, encoding);
    let mut edits = Vec::new();
    let mut texts = FastMap::default();
    for (path, mut spans) in by_file {
        spans.dedup();
        let ranges: Vec<Value> = spans
            .iter()
            .map(|span| json!({ "range": places.range(*span).1, "newText": new }))
            .collect::<Vec<_>>();
        edits.push((path.clone(), ranges));
        let file = index.sources.file_of(spans[0]);
        let base = index.sources.start_of(file);
        let mut text = index.sources.file(file).text().to_owned();
        for span in spans.iter().rev() {
            let range = (span.start - base) as usize..(span.end - base) as usize;
            text.replace_range(range, new);
        }
        texts.insert(path, text);
    }
    // What would be wrong then and is not now is why not.
    for root in workspace.all_roots() {
        let mut known = workspace.errors_now(&root);
        for error in workspace.errors_with(&root, texts.clone()) {
            match known.iter().position(|k| is_same(k, &error, &old, new)) {
                Some(at) => _ = known.swap_remove(at),
                None => {
                    return Err(refuse(format!(
                        "'{old}' cannot become '{new}': {} [{}]",
                        error.message, error.code
                    )));
                }
            }
        }
    }
    let files = &workspace.files;
    let changes: serde_json::Map<String, Value> = edits
        .into_iter()
        .map(|(path, edits)| (files.uri(&path), edits.into()))
        .collect();
    Ok(json!({ "changes": changes }))
}

/// Features and values that the language gives a meaning to.
fn check_reserved(index: &Index, target: &Target, new: &str) -> Result<(), Failure> {
    let Target::Feature(def, _) = target else {
        return Ok(());
    };
    let def = &index.definitions[*def];
    let parts = def.parts.iter().flat_map(|part| &part.features);
    if matches!(new, "deprecated" | "unstable")
        || def.features.iter().chain(parts).any(|f| *f == new)
    {
        return Err(refuse(format!(
            "'{new}' would be taken for the feature of that name that there is already, or that the language has"
        )));
    }
    Ok(())
}

/// Whether a diagnostic is one that was there before, which may name what has another name now.
fn is_same(known: &Diagnostic, error: &Diagnostic, old: &str, new: &str) -> bool {
    known.code == error.code
        && (known.message == error.message || known.message.replace(old, new) == error.message)
}

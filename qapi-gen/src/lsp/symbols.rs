//! The definitions of a file, and of everything.

use super::names::Places;
use super::request::document_path;
use super::transport::Failure;
use super::workspace::Workspace;
use crate::diagnostic::DefinitionKind;
use serde_json::{Value, json};

/// How many symbols one answer has.
const MANY: usize = 1000;

/// Kinds of symbol as the protocol numbers them.
fn kind(kind: DefinitionKind) -> u8 {
    match kind {
        DefinitionKind::Union => 5,
        DefinitionKind::Enum => 10,
        DefinitionKind::Alternate => 11,
        DefinitionKind::Command => 12,
        DefinitionKind::Struct => 23,
        DefinitionKind::Event => 24,
    }
}

pub(super) fn of_document(workspace: &mut Workspace, params: &Value) -> Result<Value, Failure> {
    let path = document_path(workspace, params)?;
    let encoding = workspace.encoding;
    let Some(index) = workspace.index(&path) else {
        return Ok(json!([]));
    };
    let Some(file) = index.file(&path) else {
        return Ok(json!([]));
    };
    let mut places = Places::new(index, encoding);
    let mut symbols = Vec::new();
    for def in index.in_file(file) {
        let part_kind = match def.kind {
            DefinitionKind::Enum => 22,
            _ => 8,
        };
        let children = def.parts.iter().map(|part| {
            let (_, range) = places.range(part.span);
            let detail = part
                .ty
                .as_ref()
                .map_or(String::new(), |(ty, array)| match array {
                    true => format!("[{ty}]"),
                    false => ty.to_string(),
                });
            json!({
                "name": if part.name.is_empty() { "?" } else { &part.name },
                "detail": detail,
                "kind": part_kind,
                "range": range,
                "selectionRange": range,
            })
        });
        let children: Vec<Value> = children.collect::<Vec<_>>();
        symbols.push(json!({
            // Clients refuse symbols without a name.
            "name": if def.name.is_empty() { "?" } else { &def.name },
            "detail": def.kind.as_str(),
            "kind": kind(def.kind),
            "range": places.range(def.span).1,
            "selectionRange": places.range(def.name_span).1,
            "children": children,
        }));
    }
    Ok(symbols.into())
}

pub(super) fn of_workspace(workspace: &mut Workspace, params: &Value) -> Result<Value, Failure> {
    let query = params["query"].as_str().unwrap_or_default();
    let query = query.to_ascii_lowercase();
    let encoding = workspace.encoding;
    let mut found = Vec::new();
    for root in workspace.all_roots() {
        let Some(index) = workspace.index_at(&root) else {
            continue;
        };
        let mut places = Places::new(index, encoding);
        for def in &index.definitions {
            if is_like(&def.name, &query) {
                let (path, range) = places.range(def.name_span);
                found.push((path.to_owned(), range, def.name.clone(), def.kind));
            }
        }
    }
    // The shortest name is the one that was meant most fully.
    found.sort_by_key(|(_, _, name, _)| name.len());
    let mut symbols: Vec<Value> = Vec::new();
    for (path, range, name, of_kind) in found {
        let symbol = json!({
            "name": name.as_str(),
            "kind": kind(of_kind),
            "location": { "uri": workspace.files.uri(&path), "range": range },
        });
        if symbols.len() < MANY && !symbols.contains(&symbol) {
            symbols.push(symbol);
        }
    }
    Ok(symbols.into())
}

/// Whether a name has the letters of a query, in their order.
fn is_like(name: &str, query: &str) -> bool {
    let mut letters = name.chars().map(|c| c.to_ascii_lowercase());
    query.chars().all(|c| letters.any(|letter| letter == c))
}

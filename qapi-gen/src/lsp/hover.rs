//! What is known of a name.

use super::index::{Index, Role, Target};
use super::names::{Places, named};
use super::request::place;
use super::transport::Failure;
use super::workspace::Workspace;
use crate::explain::explain;
use crate::markdown::{code, escaped};
use crate::rst::markdown::labelled;
use crate::syntax::ast::DocSectionKind;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// How many lines of a definition are shown, and how many uses.
const MANY_LINES: usize = 40;
const MANY_USES: usize = 12;

pub(super) fn hover(workspace: &mut Workspace, params: &Value) -> Result<Value, Failure> {
    let (path, offset) = place(workspace, params)?;
    let mut parts = Vec::new();
    let mut range = Value::Null;
    let encoding = workspace.encoding;
    if let Some((root, target, span)) = named(workspace, params)?
        && let Some(index) = workspace.index_at(&root)
    {
        parts.push(describe(index, &target));
        range = Places::new(index, encoding).range(span).1;
    }
    for found in workspace.found(&path) {
        if found.range.start <= offset && offset <= found.range.end {
            let explanation = explain(found.code);
            parts.push(format!(
                "**{}: {}**\n\n{}",
                found.code,
                found.code.rule(),
                explanation.text
            ));
        }
    }
    if parts.is_empty() {
        return Ok(Value::Null);
    }
    let contents = json!({ "kind": "markdown", "value": parts.join("\n\n---\n\n") });
    Ok(match range {
        Value::Null => json!({ "contents": contents }),
        range => json!({ "contents": contents, "range": range }),
    })
}

fn describe(index: &Index, target: &Target) -> String {
    let mut out = format!("**{}**\n", escaped(&index.describe(target)));
    match target {
        Target::Definition(def) => {
            let def = &index.definitions[*def];
            let source = index.sources.text(def.span);
            let lines: Vec<&str> = source.lines().take(MANY_LINES + 1).collect::<Vec<_>>();
            let shown = lines[..lines.len().min(MANY_LINES)].join("\n");
            let more = if lines.len() > MANY_LINES {
                "\n…"
            } else {
                ""
            };
            let mut fence = "```".to_owned();
            while shown.contains(&fence) {
                fence.push('`');
            }
            _ = writeln!(out, "\n{fence}qapi\n{shown}{more}\n{fence}");
            for (kind, text) in &def.sections {
                let title = match kind {
                    DocSectionKind::Returns => "**Returns:**",
                    DocSectionKind::Errors => "**Errors:**",
                    DocSectionKind::Since => "**Since:**",
                    DocSectionKind::Todo => "**To do:**",
                    _ => "",
                };
                prose(&mut out, title, text);
            }
            features(&mut out, &def.features, index, target);
        }
        Target::Part(def, part) => {
            let def = &index.definitions[*def];
            let part = &def.parts[*part];
            if let Some((ty, array)) = &part.ty {
                let (open, close) = if *array { ("[", "]") } else { ("", "") };
                let optional = if part.optional { ", optional" } else { "" };
                let kind = index.named(ty).map(|def| index.definitions[def].kind);
                let kind = kind.map_or(String::new(), |kind| format!(" ({kind})"));
                let ty = code(&format!("{open}{ty}{close}"));
                _ = writeln!(out, "\nType: {ty}{kind}{optional}");
            }
            prose(&mut out, "", &part.text);
            if !part.text.contains("since")
                && let Some(since) = def.section(DocSectionKind::Since)
            {
                prose(&mut out, "**Since:**", since);
            }
            features(&mut out, &part.features, index, target);
        }
        Target::Feature(def, name) => {
            let texts = &index.definitions[*def].feature_texts;
            if let Some((_, text)) = texts.iter().find(|(n, _)| n == name) {
                prose(&mut out, "", text);
            }
        }
        Target::Builtin(builtin) => {
            _ = writeln!(out, "\nJSON: {}", builtin.json_kind().as_str());
        }
        Target::Symbol(_) => {}
    }
    uses(&mut out, index, target);
    out
}

/// Writes what a schema says, after a label.
fn prose(out: &mut String, label: &str, text: &str) {
    if !text.trim().is_empty() {
        _ = writeln!(out, "\n{}", labelled(label, text, &|_| None));
    }
}

fn features(out: &mut String, features: &[crate::Name], index: &Index, target: &Target) {
    let (Target::Definition(def) | Target::Part(def, _)) = target else {
        return;
    };
    let texts = &index.definitions[*def].feature_texts;
    for feature in features {
        let text = texts.iter().find(|(name, _)| name == feature);
        let text = text.map_or("", |(_, text)| text.as_str());
        let label = format!("**Feature {}:**", escaped(feature));
        _ = writeln!(out, "\n{}", labelled(&label, text, &|_| None));
    }
}

/// The definitions that use it.
fn uses(out: &mut String, index: &Index, target: &Target) {
    let uses = index
        .mentions_of(target)
        .filter(|mention| mention.role == Role::Use);
    let mut names: Vec<&str> = uses
        .filter_map(|mention| Some(index.definitions[mention.within?].name.as_str()))
        .collect::<Vec<_>>();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return;
    }
    let shown = names.iter().take(MANY_USES);
    let shown: Vec<String> = shown.map(|name| code(name)).collect::<Vec<_>>();
    let more = match names.len().saturating_sub(MANY_USES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    _ = writeln!(out, "\nUsed by {}{more}", shown.join(", "));
}

//! What can be done about a diagnostic.

use super::request::document_path;
use super::transport::Failure;
use super::workspace::Workspace;
use crate::diagnostic::Code;
use crate::explain::{SOURCE, anchor, explain};
use serde_json::{Value, json};

/// The command that explains a rule; its argument is the rule's code.
pub(super) const EXPLAIN: &str = "qapi-gen.explain";

pub(super) fn actions(workspace: &mut Workspace, params: &Value) -> Result<Value, Failure> {
    let path = document_path(workspace, params)?;
    let encoding = workspace.encoding;
    let found = workspace.found(&path);
    let document = workspace.files.document(&path).expect("it is open");
    let text = &document.text;
    let wanted = document.lines.offsets(text, &params["range"], encoding)?;
    let mut actions = Vec::new();
    for one in found {
        if one.range.start > wanted.end || wanted.start > one.range.end {
            continue;
        }
        if let Some((title, range, new)) = &one.fix {
            let range = document.lines.range(text, range.clone(), encoding);
            let edit = json!({ "range": range, "newText": new });
            let mut changes = serde_json::Map::new();
            changes.insert(document.uri.clone(), json!([edit]));
            actions.push(json!({
                "title": title,
                "kind": "quickfix",
                "diagnostics": [one.json],
                "edit": { "changes": changes },
            }));
        }
        let title = format!("Explain {}", one.code);
        let command =
            json!({ "title": title, "command": EXPLAIN, "arguments": [one.code.as_str()] });
        actions.push(json!({
            "title": title,
            "kind": "quickfix",
            "diagnostics": [one.json],
            "command": command,
        }));
    }
    Ok(actions.into())
}

/// Runs a command: the explanation of a rule.
pub(super) fn execute(params: &Value) -> Result<String, Failure> {
    if params["command"] != EXPLAIN {
        return Err(Failure::params("there is no such command"));
    }
    let written = params["arguments"][0].as_str().unwrap_or_default();
    let code = Code::ALL.iter().find(|code| code.as_str() == written);
    let code = code.ok_or_else(|| Failure::params(format!("there is no rule '{written}'")))?;
    let explanation = explain(*code);
    Ok(format!(
        "{code}: {}\n\n{}\n\n{SOURCE}#{}",
        code.rule(),
        explanation.text,
        anchor(explanation.section)
    ))
}

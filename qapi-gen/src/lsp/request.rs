//! What requests are about.

use super::transport::Failure;
use super::workspace::Workspace;
use serde_json::Value;
use std::path::PathBuf;

/// The URI of a document.
pub(super) fn uri(document: &Value) -> Result<&str, Failure> {
    document["uri"]
        .as_str()
        .ok_or_else(|| Failure::params("a document has a 'uri'"))
}

/// The open file that a request is about.
pub(super) fn document_path(workspace: &Workspace, params: &Value) -> Result<PathBuf, Failure> {
    let uri = uri(&params["textDocument"])?;
    let path = workspace.path(uri);
    match workspace.files.document(&path) {
        Some(_) => Ok(path),
        None => Err(Failure::params(format!("{uri} is not open"))),
    }
}

/// The open file, and the offset in it, that a request is about.
pub(super) fn place(workspace: &Workspace, params: &Value) -> Result<(PathBuf, usize), Failure> {
    let path = document_path(workspace, params)?;
    let document = workspace.files.document(&path).expect("it is open");
    let position = &params["position"];
    let offset = document
        .lines
        .offset(&document.text, position, workspace.encoding)?;
    Ok((path, offset))
}

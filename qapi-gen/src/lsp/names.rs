//! Where a name is defined, and where it is used.

use super::files::Files;
use super::index::{Index, Mention, Role, Target};
use super::request::place;
use super::text::{Encoding, Lines};
use super::transport::Failure;
use super::workspace::Workspace;
use crate::loader::Loader;
use crate::names::FastMap;
use crate::source::{FileId, Span};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Turns places into what the protocol has for them.
pub(super) struct Places<'i> {
    pub(super) index: &'i Index,
    pub(super) encoding: Encoding,
    lines: FastMap<FileId, Lines>,
}

impl<'i> Places<'i> {
    pub(super) fn new(index: &'i Index, encoding: Encoding) -> Places<'i> {
        Places {
            index,
            encoding,
            lines: FastMap::default(),
        }
    }

    /// The file of a place, and the range in it.
    pub(super) fn range(&mut self, span: Span) -> (&'i Path, Value) {
        let sources = &self.index.sources;
        let file = sources.file_of(span);
        let text = sources.file(file).text();
        let base = sources.start_of(file);
        let lines = self.lines.entry(file).or_insert_with(|| Lines::new(text));
        let range = (span.start - base) as usize..(span.end - base) as usize;
        let range = lines.range(text, range, self.encoding);
        (&self.index.paths[file.0 as usize], range)
    }
}

/// What a request is about: a name, and the root file of its schema.
pub(super) fn named(
    workspace: &mut Workspace,
    params: &Value,
) -> Result<Option<(PathBuf, Target, Span)>, Failure> {
    let (path, offset) = place(workspace, params)?;
    let Some(root) = workspace.root(&path) else {
        return Ok(None);
    };
    let Some(index) = workspace.index_at(&root) else {
        return Ok(None);
    };
    let mention = index
        .file(&path)
        .and_then(|file| index.mention_at(file, offset));
    Ok(mention.map(|mention| (root, mention.target.clone(), mention.span)))
}

/// Locations, with the addresses that the editor has for files.
fn locations(found: Vec<(PathBuf, Value)>, files: &Files) -> Value {
    let mut all: Vec<Value> = Vec::with_capacity(found.len());
    for (path, range) in found {
        let location = json!({ "uri": files.uri(&path), "range": range });
        // Schemas that share files find the same.
        if !all.contains(&location) {
            all.push(location);
        }
    }
    all.into()
}

pub(super) fn definition(workspace: &mut Workspace, params: &Value) -> Result<Value, Failure> {
    let (path, offset) = place(workspace, params)?;
    if let Some(included) = included(workspace, &path, offset) {
        let start = json!({ "line": 0, "character": 0 });
        let range = json!({ "start": start, "end": start });
        return Ok(locations(vec![(included, range)], &workspace.files));
    }
    let Some((root, target, _)) = named(workspace, params)? else {
        return Ok(Value::Null);
    };
    let found = spans(workspace, &root, &target, &|mention| {
        mention.role == Role::Declaration
    });
    Ok(locations(found, &workspace.files))
}

pub(super) fn references(workspace: &mut Workspace, params: &Value) -> Result<Value, Failure> {
    let Some((root, target, _)) = named(workspace, params)? else {
        return Ok(Value::Null);
    };
    let with_declaration = params["context"]["includeDeclaration"] != false;
    let wanted = |mention: &Mention| with_declaration || mention.role != Role::Declaration;
    let mut found = spans(workspace, &root, &target, &wanted);
    // Another schema may use the same definition, as that of QEMU's storage daemon does.
    let declared = spans(workspace, &root, &target, &|m| m.role == Role::Declaration);
    for other in workspace.all_roots() {
        if other != root
            && let Some(target) = same_target(workspace, &other, &target, &declared)
        {
            found.extend(spans(workspace, &other, &target, &wanted));
        }
    }
    Ok(locations(found, &workspace.files))
}

/// What another schema calls something that is declared in files of both.
fn same_target(
    workspace: &mut Workspace,
    root: &Path,
    target: &Target,
    declared: &[(PathBuf, Value)],
) -> Option<Target> {
    if let Target::Symbol(_) | Target::Builtin(_) = target {
        return Some(target.clone());
    }
    let (path, range) = declared.first()?;
    let encoding = workspace.encoding;
    let index = workspace.index_at(root)?;
    let file = index.file(path)?;
    let text = index.sources.file(file).text();
    let offset = Lines::new(text)
        .offset(text, &range["start"], encoding)
        .ok()?;
    Some(index.mention_at(file, offset)?.target.clone())
}

/// The places of a name in a schema.
pub(super) fn spans(
    workspace: &mut Workspace,
    root: &Path,
    target: &Target,
    wanted: &dyn Fn(&Mention) -> bool,
) -> Vec<(PathBuf, Value)> {
    let encoding = workspace.encoding;
    let Some(index) = workspace.index_at(root) else {
        return Vec::new();
    };
    let mut places = Places::new(index, encoding);
    let found = index.mentions_of(target).filter(|m| wanted(m));
    found
        .map(|mention| {
            let (path, range) = places.range(mention.span);
            (path.to_owned(), range)
        })
        .collect::<Vec<_>>()
}

pub(super) fn highlights(workspace: &mut Workspace, params: &Value) -> Result<Value, Failure> {
    let Some((root, target, span)) = named(workspace, params)? else {
        return Ok(Value::Null);
    };
    let encoding = workspace.encoding;
    let Some(index) = workspace.index_at(&root) else {
        return Ok(Value::Null);
    };
    let file = index.sources.file_of(span);
    let mut places = Places::new(index, encoding);
    let here = index
        .mentions_of(&target)
        .filter(|mention| index.sources.file_of(mention.span) == file);
    let highlights = here.map(|mention| {
        // Text, read, write.
        let kind = match mention.role {
            Role::Documentation => 1,
            Role::Use => 2,
            Role::Declaration => 3,
        };
        json!({ "range": places.range(mention.span).1, "kind": kind })
    });
    Ok(highlights.collect::<Vec<_>>().into())
}

/// The file that the line names which includes it.
fn included(workspace: &Workspace, path: &Path, offset: usize) -> Option<PathBuf> {
    let document = workspace.files.document(path)?;
    let line = document.lines.line_of(offset);
    let text = document.lines.line(&document.text, line);
    let rest = text.trim_start_matches(['{', ' ', '\t']);
    let rest = rest.strip_prefix("'include'")?.trim_start();
    let name = rest.strip_prefix(':')?.trim_start().strip_prefix('\'')?;
    let file = path.parent()?.join(name.split('\'').next()?);
    let file = workspace.files.identity(&file);
    (workspace.files.document(&file).is_some() || file.is_file()).then_some(file)
}

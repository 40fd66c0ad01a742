//! Which schemas there are, and what is wrong with them.

use super::files::{Document, Edited, Files};
use super::index::Index;
use super::report::{Found, convert};
use super::text::Encoding;
use super::{Options, uri};
use crate::check;
use crate::diagnostic::Diagnostic;
use crate::loader::Loader;
use crate::names::{FastMap, FastSet};
use crate::source::SourceMap;
use crate::syntax::{self, Parsed};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The name that QEMU gives the root of a schema.
const ROOT_NAME: &str = "qapi-schema.json";

/// How many files of a folder are looked at for one that includes another.
const MANY_FILES: usize = 500;

/// A schema.
struct Schema {
    files: Vec<PathBuf>,
    /// What is wrong, file by file.
    found: FastMap<PathBuf, Vec<Found>>,
    index: Option<Index>,
}

pub(super) struct Workspace {
    pub(super) files: Files,
    pub(super) encoding: Encoding,
    /// Whether the client can be asked to tell of files that change on disk.
    pub(super) watches: bool,
    /// What is wrong with the options, until the client is told.
    pub(super) warnings: Vec<String>,
    options: Options,
    /// By the path of the root file; those of open files, as they were read last.
    schemas: BTreeMap<PathBuf, Schema>,
    /// The root file of the schema that an open file belongs to.
    roots: FastMap<PathBuf, PathBuf>,
    stale: bool,
    /// What was published last of files that had something wrong.
    published: FastMap<PathBuf, Vec<Value>>,
    /// Open files that changed since.
    changed: FastSet<PathBuf>,
}

impl Workspace {
    pub(super) fn new(options: Options, encoding: Encoding) -> Workspace {
        Workspace {
            files: Files::default(),
            encoding,
            watches: false,
            warnings: Vec::new(),
            options,
            schemas: BTreeMap::new(),
            roots: FastMap::default(),
            stale: false,
            published: FastMap::default(),
            changed: FastSet::default(),
        }
    }

    pub(super) fn path(&self, uri: &str) -> PathBuf {
        self.files.identity(&uri::to_path(uri))
    }

    pub(super) fn open(&mut self, document: Document) {
        let path = self.path(&document.uri);
        self.files.open(document);
        self.changed.insert(path);
        self.refresh_roots();
    }

    pub(super) fn close(&mut self, path: &Path) {
        self.files.close(path);
        self.changed.remove(path);
        self.refresh_roots();
    }

    pub(super) fn changed(&mut self, path: &Path) {
        self.stale = true;
        self.changed.insert(path.to_owned());
    }

    /// Looks anew which schemas the open files belong to: files on disk, or those that are open, are others.
    pub(super) fn refresh_roots(&mut self) {
        self.roots.clear();
        self.stale = true;
    }

    /// Reads everything again that may have changed.
    fn refresh(&mut self) {
        if !std::mem::take(&mut self.stale) {
            return;
        }
        let mut schemas = BTreeMap::new();
        for path in self.files.opened() {
            let known = self.roots.get(&path);
            if let Some(root) = known {
                let root = root.clone();
                let schema = schemas
                    .entry(root.clone())
                    .or_insert_with(|| self.check(&root));
                if schema.files.contains(&path) {
                    continue;
                }
            }
            let root = self.root_of(&path);
            if !schemas.contains_key(&root) {
                schemas.insert(root.clone(), self.check(&root));
            }
            self.roots.insert(path, root);
        }
        // A root is there for the files that belong to it now.
        schemas.retain(|root, _| self.roots.values().any(|used| used == root));
        self.schemas = schemas;
    }

    fn parse(&self, loader: &dyn Loader, root: &Path, options: syntax::Options) -> Parsed {
        let input = syntax::Input {
            loader,
            search: &self.options.include_path,
            extensions: &[],
        };
        syntax::parse(root, None, input, options)
    }

    fn paths(&self, sources: &SourceMap) -> Vec<PathBuf> {
        let files = sources.files();
        files
            .map(|(_, file)| self.files.identity(Path::new(file.name())))
            .collect::<Vec<_>>()
    }

    /// Everything that is wrong, as `qapi-gen check` finds it.
    fn errors(&self, loader: &dyn Loader, root: &Path) -> (SourceMap, Vec<Diagnostic>) {
        let options = syntax::Options {
            legacy: self.options.legacy,
            style: true,
            docs: false,
        };
        match check::check(self.parse(loader, root, options)) {
            Ok(schema) => (schema.sources, Vec::new()),
            Err(errors) => (errors.sources, errors.diagnostics),
        }
    }

    fn check(&self, root: &Path) -> Schema {
        let (sources, diagnostics) = self.errors(&self.files, root);
        let files = self.paths(&sources);
        let mut found: FastMap<PathBuf, Vec<Found>> = FastMap::default();
        for (file, one) in convert(diagnostics, &sources, &files, &self.files, self.encoding) {
            let path = file.map_or(root, |file| &files[file]);
            found.entry(path.to_owned()).or_default().push(one);
        }
        Schema {
            files,
            found,
            index: None,
        }
    }

    /// What would be wrong if files had another text.
    pub(super) fn errors_with(
        &self,
        root: &Path,
        texts: FastMap<PathBuf, String>,
    ) -> Vec<Diagnostic> {
        let edited = Edited {
            files: &self.files,
            texts,
        };
        self.errors(&edited, root).1
    }

    pub(super) fn errors_now(&self, root: &Path) -> Vec<Diagnostic> {
        self.errors(&self.files, root).1
    }

    /// The root file of the schema that a file belongs to.
    fn root_of(&self, file: &Path) -> PathBuf {
        for root in &self.options.roots {
            let root = self.files.identity(root);
            if self.includes(&root, file) {
                return root;
            }
        }
        let folders = file.ancestors().skip(1);
        for root in folders.map(|folder| folder.join(ROOT_NAME)) {
            if root == file || self.includes(&root, file) {
                return root;
            }
        }
        let mut seen = vec![file.to_owned()];
        while let Some(next) = self.includer(&seen[seen.len() - 1]) {
            if seen.contains(&next) {
                break;
            }
            seen.push(next);
        }
        seen.swap_remove(seen.len() - 1)
    }

    /// Whether a file belongs to the schema of a root file.
    fn includes(&self, root: &Path, file: &Path) -> bool {
        if self.files.document(root).is_none() && !root.is_file() {
            return false;
        }
        let options = syntax::Options {
            legacy: self.options.legacy,
            style: false,
            docs: false,
        };
        let parsed = self.parse(&self.files, root, options);
        self.paths(&parsed.sources).iter().any(|path| path == file)
    }

    /// A file of the same folder that includes this one.
    fn includer(&self, file: &Path) -> Option<PathBuf> {
        let name = file.file_name()?.to_str()?;
        let written = format!("'{name}'");
        let entries = std::fs::read_dir(file.parent()?).ok()?;
        let mut paths: Vec<PathBuf> = entries
            .flatten()
            .take(MANY_FILES)
            .map(|entry| entry.path())
            .filter(|path| path.extension() == file.extension() && path != file)
            .collect::<Vec<_>>();
        paths.sort_unstable();
        paths.into_iter().find(|path| {
            let Ok(text) = self.files.load(path) else {
                return false;
            };
            let text = String::from_utf8_lossy(&text);
            text.contains("'include'") && text.contains(&written) && self.includes(path, file)
        })
    }

    /// What is to be published: files, and all that is wrong with each, where that is something else than before or the
    /// editor's text is.
    pub(super) fn publish(&mut self) -> Vec<Value> {
        self.refresh();
        let mut now: BTreeMap<PathBuf, Vec<Value>> = BTreeMap::new();
        for schema in self.schemas.values() {
            for (path, found) in &schema.found {
                let list = now.entry(path.clone()).or_default();
                // Two schemas may share a file, and what is wrong with it.
                for one in found {
                    if !list.contains(&one.json) {
                        list.push(one.json.clone());
                    }
                }
            }
        }
        for path in self.published.keys().chain(&self.changed) {
            now.entry(path.clone()).or_default();
        }
        let mut messages = Vec::new();
        for (path, list) in now {
            let before = self.published.get(&path).map(Vec::as_slice);
            if before.unwrap_or_default() != list || self.changed.contains(&path) {
                let mut message =
                    json!({ "uri": self.files.uri(&path), "diagnostics": list.clone() });
                if let Some(document) = self.files.document(&path) {
                    message["version"] = document.version.clone();
                }
                messages.push(message);
            }
            match list.is_empty() {
                true => self.published.remove(&path),
                false => self.published.insert(path, list),
            };
        }
        self.changed.clear();
        messages
    }

    /// What is wrong with a file.
    pub(super) fn found(&mut self, path: &Path) -> Vec<Found> {
        self.refresh();
        let schemas = self.schemas.values();
        let mut all: Vec<Found> = Vec::new();
        for one in schemas.flat_map(|s| s.found.get(path)).flatten() {
            if all.iter().all(|other| other.json != one.json) {
                all.push(one.clone());
            }
        }
        all
    }

    pub(super) fn root(&mut self, path: &Path) -> Option<PathBuf> {
        self.refresh();
        self.roots.get(path).cloned()
    }

    /// The names of the schema that an open file belongs to.
    pub(super) fn index(&mut self, path: &Path) -> Option<&Index> {
        let root = self.root(path)?;
        self.index_of(&root)
    }

    fn index_of(&mut self, root: &Path) -> Option<&Index> {
        if self.schemas.get(root)?.index.is_none() {
            let options = syntax::Options {
                legacy: self.options.legacy,
                style: false,
                docs: true,
            };
            let parsed = self.parse(&self.files, root, options);
            let paths = self.paths(&parsed.sources);
            self.schemas.get_mut(root)?.index = Some(Index::new(parsed, paths));
        }
        self.schemas.get(root)?.index.as_ref()
    }

    /// The roots of all schemas that open files belong to.
    pub(super) fn all_roots(&mut self) -> Vec<PathBuf> {
        self.refresh();
        self.schemas.keys().cloned().collect::<Vec<_>>()
    }

    pub(super) fn index_at(&mut self, root: &Path) -> Option<&Index> {
        self.refresh();
        self.index_of(root)
    }
}

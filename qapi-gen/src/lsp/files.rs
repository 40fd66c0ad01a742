//! The text of schema files: buffers of the editor over files on disk.

use super::text::{Encoding, Lines};
use super::transport::Failure;
use super::uri;
use crate::loader::{DiskLoader, Loader};
use crate::names::FastMap;
use serde_json::Value;
use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A file that is open in the editor.
pub(super) struct Document {
    /// Its address as the editor writes it.
    pub(super) uri: String,
    pub(super) version: Value,
    pub(super) text: String,
    pub(super) lines: Lines,
}

impl Document {
    /// Applies changes, each to what the one before left.
    pub(super) fn change(&mut self, changes: &Value, encoding: Encoding) -> Result<(), Failure> {
        let changes = changes
            .as_array()
            .ok_or_else(|| Failure::params("contentChanges is a list"))?;
        for change in changes {
            let text = change["text"]
                .as_str()
                .ok_or_else(|| Failure::params("a change has a text"))?;
            match &change["range"] {
                Value::Null => text.clone_into(&mut self.text),
                range => {
                    let range = self.lines.offsets(&self.text, range, encoding)?;
                    self.text.replace_range(range, text);
                }
            }
            self.lines = Lines::new(&self.text);
        }
        Ok(())
    }
}

/// What was read from disk, and the state that it was in.
struct OnDisk {
    stamp: (Option<SystemTime>, u64),
    text: Vec<u8>,
}

/// Gives the front end buffers, and files where there is none.
#[derive(Default)]
pub(super) struct Files {
    open: FastMap<PathBuf, Document>,
    disk: RefCell<FastMap<PathBuf, OnDisk>>,
}

impl Files {
    pub(super) fn open(&mut self, document: Document) {
        let path = self.identity(&uri::to_path(&document.uri));
        self.open.insert(path, document);
    }

    pub(super) fn close(&mut self, path: &Path) -> Option<Document> {
        self.open.remove(path)
    }

    pub(super) fn document(&self, path: &Path) -> Option<&Document> {
        self.open.get(path)
    }

    pub(super) fn document_mut(&mut self, path: &Path) -> Option<&mut Document> {
        self.open.get_mut(path)
    }

    /// The paths of open files, sorted.
    pub(super) fn opened(&self) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = self.open.keys().cloned().collect::<Vec<_>>();
        paths.sort_unstable();
        paths
    }

    /// The address to use for a file.
    pub(super) fn uri(&self, path: &Path) -> String {
        match self.open.get(path) {
            Some(document) => document.uri.clone(),
            None => uri::of_path(path),
        }
    }
}

impl Loader for Files {
    fn load(&self, path: &Path) -> io::Result<Vec<u8>> {
        let path = self.identity(path);
        if let Some(document) = self.open.get(&path) {
            return Ok(document.text.clone().into_bytes());
        }
        let metadata = std::fs::metadata(&path)?;
        let stamp = (metadata.modified().ok(), metadata.len());
        let mut disk = self.disk.borrow_mut();
        if let Some(known) = disk.get(&path).filter(|known| known.stamp == stamp) {
            return Ok(known.text.clone());
        }
        let text = DiskLoader.load(&path)?;
        let known = OnDisk {
            stamp,
            text: text.clone(),
        };
        disk.insert(path, known);
        Ok(text)
    }

    fn identity(&self, path: &Path) -> PathBuf {
        DiskLoader.identity(path)
    }
}

/// Files of which some have another text.
pub(super) struct Edited<'f> {
    pub(super) files: &'f Files,
    pub(super) texts: FastMap<PathBuf, String>,
}

impl Loader for Edited<'_> {
    fn load(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.texts.get(&self.identity(path)) {
            Some(text) => Ok(text.clone().into_bytes()),
            None => self.files.load(path),
        }
    }

    fn identity(&self, path: &Path) -> PathBuf {
        self.files.identity(path)
    }
}

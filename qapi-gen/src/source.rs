//! Source text and positions in it.
//!
//! All files of one schema share one address space: a [`Span`] is a pair of offsets into their
//! concatenation, and [`SourceMap`] turns it back into file, line and column.

use std::sync::{Arc, OnceLock};

/// A file of a schema, in the order in which files were first read; the root is the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub(crate) u32);

/// A range of source text, in bytes, within one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    /// The smallest range that covers both; they must lie in the same file.
    pub(crate) fn to(self, other: Span) -> Span {
        Span {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }
}

/// A resolved position: 1-based line and column, 0-based byte offset in the file.
///
/// A line ends at LF, CRLF or CR. A column counts characters; a tab is one character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The file.
    pub file: FileId,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Offset in bytes from the start of the file.
    pub offset: usize,
}

/// The text of one file, and how it came to be read.
#[derive(Debug)]
pub struct SourceFile {
    name: String,
    text: Arc<String>,
    start: u32,
    included_from: Option<Span>,
    line_starts: OnceLock<Vec<u32>>,
    /// The number of characters before each block of [`BLOCK`] bytes.
    characters: OnceLock<Vec<u32>>,
}

/// Bytes between remembered counts of characters, so that columns far into a line are cheap.
const BLOCK: usize = 1 << 10;

impl SourceFile {
    /// The name as given by the caller, joined with the paths of the includes that led here.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text. Bytes that are not valid UTF-8 are replaced by U+FFFD.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The include expression by which this file was first read; `None` for the root.
    pub fn included_from(&self) -> Option<Span> {
        self.included_from
    }

    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            let bytes = self.text.as_bytes();
            let mut starts = Vec::with_capacity(bytes.len() / 32);
            starts.push(0);
            let mut at = 0;
            while let Some(n) = bytes[at..].iter().position(|b| matches!(b, b'\n' | b'\r')) {
                at += n + 1;
                if bytes[at - 1] == b'\n' || bytes.get(at) != Some(&b'\n') {
                    starts.push(at as u32);
                }
            }
            starts
        })
    }

    /// The number of characters that start before an offset.
    fn characters_before(&self, offset: u32) -> u32 {
        let count = |bytes: &[u8]| bytes.iter().filter(|&&b| b as i8 >= -0x40).count() as u32;
        let bytes = self.text.as_bytes();
        let blocks = self.characters.get_or_init(|| {
            let mut sum = 0;
            let before = |block| {
                sum += count(block);
                sum
            };
            [0].into_iter()
                .chain(bytes.chunks(BLOCK).map(before))
                .collect::<Vec<_>>()
        });
        let offset = offset as usize;
        let block = offset / BLOCK;
        blocks[block] + count(&bytes[block * BLOCK..offset])
    }

    /// The text of a line (from 1), without its line ending.
    pub fn line(&self, line: u32) -> &str {
        let starts = self.line_starts();
        let index = line.saturating_sub(1) as usize;
        let Some(&start) = starts.get(index) else {
            return "";
        };
        let end = starts
            .get(index + 1)
            .map_or(self.text.len(), |&e| e as usize);
        self.text[start as usize..end].trim_end_matches(['\n', '\r'])
    }
}

/// Every file that was read for one schema.
#[derive(Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
    end: u32,
}

impl SourceMap {
    /// Adds a file. `None` if all texts together would exceed 4 GiB.
    pub(crate) fn add(
        &mut self,
        name: String,
        text: String,
        included_from: Option<Span>,
    ) -> Option<FileId> {
        let start = self.end;
        // One spare position, so that the end of one file is not the start of the next.
        let len = u32::try_from(text.len()).ok()?.checked_add(1)?;
        self.end = start.checked_add(len)?;
        self.files.push(SourceFile {
            name,
            text: Arc::new(text),
            start,
            included_from,
            line_starts: OnceLock::new(),
            characters: OnceLock::new(),
        });
        Some(FileId(self.files.len() as u32 - 1))
    }

    /// The files in the order in which they were first read.
    pub fn files(&self) -> impl ExactSizeIterator<Item = (FileId, &SourceFile)> {
        self.files
            .iter()
            .enumerate()
            .map(|(i, f)| (FileId(i as u32), f))
    }

    /// One file.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// The file in which a span lies.
    pub fn file_of(&self, span: Span) -> FileId {
        let after = self.files.partition_point(|f| f.start <= span.start);
        FileId(after.saturating_sub(1) as u32)
    }

    /// The source text of a span.
    pub fn text(&self, span: Span) -> &str {
        let file = self.file(self.file_of(span));
        &file.text[(span.start - file.start) as usize..(span.end - file.start) as usize]
    }

    /// Where a span starts.
    pub fn start(&self, span: Span) -> Position {
        self.position(self.file_of(span), span.start)
    }

    /// The line on which a span starts, from 1; cheaper than [`start`](SourceMap::start).
    pub fn line(&self, span: Span) -> u32 {
        let file = self.file(self.file_of(span));
        let offset = span.start - file.start;
        file.line_starts().partition_point(|&s| s <= offset) as u32
    }

    /// Where a span ends (the position after its last character).
    pub fn end(&self, span: Span) -> Position {
        self.position(self.file_of(span), span.end)
    }

    fn position(&self, id: FileId, at: u32) -> Position {
        let file = self.file(id);
        let offset = (at - file.start).min(file.text.len() as u32);
        let starts = file.line_starts();
        let line = starts.partition_point(|&s| s <= offset);
        let line_start = starts[line - 1];
        let column = file.characters_before(offset) - file.characters_before(line_start) + 1;
        Position {
            file: id,
            line: line as u32,
            column,
            offset: offset as usize,
        }
    }

    /// The include expressions that led to a file, outermost first.
    pub fn include_trail(&self, file: FileId) -> Vec<Span> {
        let mut trail = Vec::new();
        let mut from = self.file(file).included_from;
        while let Some(span) = from {
            trail.push(span);
            from = self.file(self.file_of(span)).included_from;
        }
        trail.reverse();
        trail
    }

    pub(crate) fn start_of(&self, file: FileId) -> u32 {
        self.file(file).start
    }

    /// The text of a file, shared.
    pub(crate) fn shared_text(&self, file: FileId) -> Arc<String> {
        self.file(file).text.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_and_every_line_ending() {
        let mut map = SourceMap::default();
        map.add("a".into(), "x\n".into(), None).unwrap();
        let id = map.add("b".into(), "é\r\nab\rcd\n".into(), None).unwrap();
        let base = map.start_of(id);
        let at = |o: u32| {
            let span = Span {
                start: base + o,
                end: base + o,
            };
            let p = map.start(span);
            (p.file, p.line, p.column)
        };
        assert_eq!(at(0), (id, 1, 1));
        assert_eq!(at(2), (id, 1, 2));
        assert_eq!(at(5), (id, 2, 2));
        assert_eq!(at(7), (id, 3, 1));
        let at_end = Span {
            start: base + 9,
            end: base + 9,
        };
        assert_eq!(map.line(at_end), 3);
        assert_eq!(map.file(id).line(2), "ab");
        assert_eq!(map.file(id).line(9), "");
    }
}

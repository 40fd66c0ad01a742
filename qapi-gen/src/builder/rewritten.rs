//! A file that is left alone as far as it has its contents already, so that nothing is compiled again if it has all.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

pub(super) struct Rewritten<'p> {
    path: &'p Path,
    /// What is there already, as far as all was the same.
    old: Option<File>,
    /// What takes the rest.
    new: Option<BufWriter<File>>,
    /// How much was there or was written.
    length: u64,
    buffer: Vec<u8>,
}

impl<'p> Rewritten<'p> {
    pub(super) fn new(path: &'p Path) -> Self {
        Rewritten {
            path,
            old: File::open(path).ok(),
            new: None,
            length: 0,
            buffer: Vec::new(),
        }
    }

    pub(super) fn write(&mut self, text: &str) -> io::Result<()> {
        if !self.is_there(text.as_bytes()) {
            self.rest()?.write_all(text.as_bytes())?;
        }
        self.length += text.len() as u64;
        Ok(())
    }

    /// Whether this comes next in what is there already.
    fn is_there(&mut self, text: &[u8]) -> bool {
        let Some(old) = &mut self.old else {
            return false;
        };
        self.buffer.clear();
        let next = old.take(text.len() as u64).read_to_end(&mut self.buffer);
        next.is_ok() && self.buffer == text
    }

    /// What takes all that follows.
    fn rest(&mut self) -> io::Result<&mut BufWriter<File>> {
        self.old = None;
        match self.new {
            Some(ref mut file) => Ok(file),
            ref mut none => {
                let mut options = OpenOptions::new();
                options.write(true).create(true).truncate(false);
                let mut file = options.open(self.path)?;
                file.seek(SeekFrom::Start(self.length))?;
                Ok(none.insert(BufWriter::new(file)))
            }
        }
    }

    /// Cuts off what was there beyond the end.
    pub(super) fn finish(mut self) -> io::Result<()> {
        let complete = match &self.old {
            Some(old) => old.metadata()?.len() == self.length,
            None => false,
        };
        if !complete {
            let length = self.length;
            let file = self.rest()?;
            file.flush()?;
            file.get_ref().set_len(length)?;
        }
        Ok(())
    }
}

//! Command lines of processes.

use std::fs;
use std::path::{Path, PathBuf};

/// A command line, and where it was said.
#[derive(Clone, Debug, Default)]
pub(crate) struct CommandLine {
    /// The program's name or path first.
    pub(crate) words: Vec<String>,
    pub(crate) directory: PathBuf,
    /// Whether the dynamic loader was told to run it.
    pub(crate) is_loaded: bool,
}

impl CommandLine {
    /// Of a process, as far as one may see it.
    pub(crate) fn of(process: u32) -> Option<Self> {
        let process = PathBuf::from(format!("/proc/{process}"));
        let line = fs::read(process.join("cmdline")).ok()?;
        let words = line
            .split(|byte| *byte == 0)
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect();
        let directory = fs::read_link(process.join("cwd")).unwrap_or_default();
        Some(Self::new(words, directory))
    }

    pub(crate) fn new(mut words: Vec<String>, directory: PathBuf) -> Self {
        let skipped = loader(&words);
        words.drain(..skipped);
        Self {
            words,
            directory,
            is_loaded: skipped > 0,
        }
    }

    /// The program's name, without its folder.
    pub(crate) fn name(&self) -> &str {
        let program = self.words.first().map(String::as_str);
        program
            .unwrap_or_default()
            .rsplit('/')
            .next()
            .unwrap_or_default()
    }

    /// The program's file, if it was started by a path.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        let program = self.words.first()?;
        program
            .contains('/')
            .then(|| self.directory.join(Path::new(program)))
    }
}

/// How many words belong to the dynamic loader, which runs programs with libraries that are not the system's: `man ld.so`.
fn loader(words: &[String]) -> usize {
    const WITH_VALUE: [&str; 7] = [
        "--library-path",
        "--inhibit-rpath",
        "--preload",
        "--audit",
        "--argv0",
        "--glibc-hwcaps-prepend",
        "--glibc-hwcaps-mask",
    ];
    let is_loader = words.first().is_some_and(|program| {
        let name = program.rsplit('/').next().unwrap_or_default();
        name.starts_with("ld-") || name.starts_with("ld.so")
    });
    if !is_loader {
        return 0;
    }
    let mut at = 1;
    while let Some(option) = words.get(at).filter(|word| word.starts_with("--")) {
        at += 1 + usize::from(WITH_VALUE.contains(&option.as_str()));
    }
    at.min(words.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn has(line: &str, name: &str, file: Option<&str>) {
        let words = line.split(' ').map(str::to_owned).collect();
        let line = CommandLine::new(words, "/x".into());
        assert_eq!((line.name(), line.file()), (name, file.map(PathBuf::from)));
    }

    #[test]
    fn programs() {
        has(
            "/usr/bin/qemu-system-arm -S",
            "qemu-system-arm",
            Some("/usr/bin/qemu-system-arm"),
        );
        has("qemu-system-arm", "qemu-system-arm", None);
        has("./qemu-ga -v", "qemu-ga", Some("/x/./qemu-ga"));
        has(
            "/y/ld-linux-x86-64.so.2 --library-path /y/lib --argv0 q --list /y/bin/qemu-ga -p s",
            "qemu-ga",
            Some("/y/bin/qemu-ga"),
        );
        has("/y/ld-musl-x86_64.so.1 --argv0", "", None);
        has("", "", None);
    }
}

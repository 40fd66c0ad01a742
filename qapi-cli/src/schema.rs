//! The server's schema, kept between runs.
//!
//! It is 330 KB, so it is asked for once for each version and binary. What is kept decides what a text means and what can be
//! completed, but never that something is refused: before that, the server is asked anew.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use qapi_rt::blocking::Client;
use qapi_rt::capabilities::Capabilities;

use crate::processes::CommandLine;

/// So many files are kept.
const MOST: usize = 64;
/// How their names end.
const SCHEMA: &str = "schema";
const HELP: &str = "help";

/// Where a schema is kept, and for what server.
#[derive(Debug)]
pub(crate) struct Cache {
    /// Without what its name ends with.
    file: PathBuf,
    key: String,
}

impl Cache {
    /// For the server at the other end; `None` if there is no place for it.
    pub(crate) fn of(client: &Client, address: &str) -> Option<Self> {
        let directory = directory()?;
        let version = &client.greeting().version;
        let qemu = &version.qemu;
        let (major, minor, micro) = (qemu.major, qemu.minor, qemu.micro);
        let server = client.server_process().and_then(binary);
        let server = server.unwrap_or_else(|| format!("address {address:?}"));
        let package = &version.package;
        let key = format!("{major}.{minor}.{micro} {package:?} {server}");
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let file = directory.join(format!("{:016x}", hasher.finish()));
        Some(Self { file, key })
    }

    /// What is kept, if it is for this very server and whole.
    pub(crate) fn load(&self) -> Option<Capabilities> {
        Capabilities::parse(self.read(SCHEMA)?.as_bytes()).ok()
    }

    /// What is kept of the human monitor's help.
    pub(crate) fn load_help(&self) -> Option<String> {
        self.read(HELP)
    }

    fn read(&self, what: &str) -> Option<String> {
        let text = fs::read_to_string(self.file.with_extension(what)).ok()?;
        let (key, text) = text.split_once('\n')?;
        (key == self.key).then(|| text.to_owned())
    }

    /// Keeps a schema. If that is not possible, it will be asked for again.
    pub(crate) fn store(&self, schema: &str) {
        let _ = self.write(SCHEMA, schema);
    }

    /// The same for the human monitor's help.
    pub(crate) fn store_help(&self, help: &str) {
        let _ = self.write(HELP, help);
    }

    fn write(&self, what: &str, text: &str) -> std::io::Result<()> {
        let directory = self.file.parent().unwrap_or(Path::new("."));
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)?;
        // Whoever reads meanwhile finds the old one, or the new one.
        let new = self.file.with_extension(format!("{}", std::process::id()));
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)?;
        write!(file, "{}\n{text}", self.key)?;
        fs::rename(&new, self.file.with_extension(what))?;
        prune(directory)
    }
}

/// Removes the oldest.
fn prune(directory: &Path) -> std::io::Result<()> {
    let mut kept = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        kept.push((entry.metadata()?.modified()?, entry.path()));
    }
    kept.sort();
    let surplus = kept.len().saturating_sub(MOST);
    for (_, path) in kept.drain(..surplus) {
        fs::remove_file(path)?;
    }
    Ok(())
}

fn directory() -> Option<PathBuf> {
    let absolute = |name| {
        let path = PathBuf::from(std::env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    let cache = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    Some(cache.join("qmp"))
}

/// The program that a process runs, this very file, and with which options that change the schema.
fn binary(process: u32) -> Option<String> {
    let line = CommandLine::of(process)?;
    let process = PathBuf::from(format!("/proc/{process}"));
    let executed = process.join("exe");
    let path = fs::read_link(&executed).ok()?;
    // Of a program that the dynamic loader was told to run, what is executed is the loader.
    let named = line.file().filter(|_| line.is_loaded);
    let named = named.map(|file| {
        process
            .join("root")
            .join(file.strip_prefix("/").unwrap_or(&file))
    });
    let file = named.unwrap_or(executed);
    let data = fs::metadata(&file).ok()?;
    // Hides what is deprecated, also from the schema.
    let is_compat = |option: &str| matches!(option, "-compat" | "--compat");
    let compat: Vec<_> = line
        .words
        .windows(2)
        .filter(|pair| is_compat(&pair[0]))
        .map(|pair| &pair[1])
        .collect();
    let (device, inode, size) = (data.dev(), data.ino(), data.size());
    let changed = (data.mtime(), data.mtime_nsec());
    Some(format!(
        "{path:?} {device} {inode} {size} {changed:?} {compat:?}"
    ))
}

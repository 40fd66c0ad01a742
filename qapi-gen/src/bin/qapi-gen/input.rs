//! Schemas as the command line names them.

use qapi_gen::diagnostic::Errors;
use qapi_gen::model::Schema;
use qapi_gen::{DiskLoader, FolderLoader, Frontend, Loader as _};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// How schemas are read.
#[derive(Clone, clap::Args)]
pub(crate) struct Language {
    /// Look here for included files that are not beside the file that includes them.
    #[arg(short = 'I', long = "include-path", value_name = "DIR")]
    include_path: Vec<PathBuf>,
    /// Read no file that is outside of this folder, wherever links lead: for schemas that are not trusted.
    #[arg(long, value_name = "DIR")]
    within: Vec<PathBuf>,
    /// Also read forms of the language that QEMU has dropped since release 1.0.
    #[arg(long)]
    pub(crate) legacy: bool,
    /// Files whose contents are added.
    #[arg(skip)]
    extensions: Vec<PathBuf>,
}

impl Language {
    pub(crate) fn frontend(&self) -> Frontend<'static> {
        self.reading(self.legacy)
    }

    pub(crate) fn reading(&self, legacy: bool) -> Frontend<'static> {
        let directories = self.include_path.iter();
        let mut frontend = directories.fold(Frontend::new().legacy(legacy), Frontend::include_path);
        if !self.within.is_empty() {
            frontend = frontend.loader(FolderLoader::new(&self.within));
        }
        self.extensions.iter().fold(frontend, Frontend::extend)
    }

    pub(crate) fn extended_by(&self, files: &[PathBuf]) -> Language {
        Language {
            extensions: files.to_owned(),
            ..self.clone()
        }
    }

    /// What `--legacy` makes of a schema that was rejected without it.
    pub(crate) fn legacy_reading(&self, root: &Root) -> Option<Schema> {
        let frontend = self.reading(true);
        match root {
            // What a pipe had is gone.
            Root::File(path) if !self.legacy && !is_pipe(path) => frontend.read(path).ok(),
            _ => None,
        }
    }
}

/// Why there is no schema.
pub(crate) enum Failure {
    Errors(Errors),
    /// Standard input cannot be read.
    Stdin(io::Error),
}

/// How messages name standard input.
const STDIN: &str = "<stdin>";

/// A schema's root file, or standard input.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Root {
    File(PathBuf),
    Stdin,
}

impl From<&Path> for Root {
    fn from(argument: &Path) -> Root {
        match argument.to_str() {
            Some("-") => Root::Stdin,
            _ => Root::File(argument.to_owned()),
        }
    }
}

impl Root {
    /// How diagnostics name it.
    pub(crate) fn name(&self) -> &Path {
        match self {
            Root::File(path) => path,
            Root::Stdin => Path::new(STDIN),
        }
    }

    /// The bytes of the root file.
    pub(crate) fn text(&self) -> Result<Vec<u8>, Failure> {
        match self {
            Root::File(path) if is_pipe(path) => std::fs::read(path).map_err(Failure::Stdin),
            // The library says why a file cannot be read.
            Root::File(path) => match DiskLoader.load(path) {
                Ok(text) => Ok(text),
                Err(_) => match Frontend::new().read(path) {
                    Ok(_) => Ok(Vec::new()),
                    Err(errors) => Err(Failure::Errors(errors)),
                },
            },
            Root::Stdin => {
                let mut text = Vec::new();
                let mut stdin = io::stdin().lock();
                stdin.read_to_end(&mut text).map_err(Failure::Stdin)?;
                Ok(text)
            }
        }
    }

    /// Reads the schema. What standard input includes is relative to the current directory.
    pub(crate) fn read(&self, frontend: &Frontend) -> Result<Schema, Failure> {
        match self {
            // A pipe, such as a shell's process substitution, is read here: the library refuses it.
            Root::File(path) if is_pipe(path) => match std::fs::read(path) {
                Ok(text) => frontend.read_text(path, text).map_err(Failure::Errors),
                Err(_) => frontend.read(path).map_err(Failure::Errors),
            },
            Root::File(path) => frontend.read(path).map_err(Failure::Errors),
            Root::Stdin => frontend
                .read_text(self.name(), self.text()?)
                .map_err(Failure::Errors),
        }
    }
}

/// The files that a schema was read from.
pub(crate) fn files(schema: &Schema) -> impl Iterator<Item = PathBuf> {
    let files = schema.sources().files();
    files.map(|(_, file)| match file.name() {
        STDIN => "/dev/stdin".into(),
        name => name.into(),
    })
}

/// Whether reading a file is a matter of waiting for whoever writes it.
fn is_pipe(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        std::fs::metadata(path).is_ok_and(|m| m.file_type().is_fifo())
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

//! The way in: from a schema's root file to the checked model.

use crate::check;
use crate::diagnostic::Errors;
use crate::loader::{DiskLoader, Loader};
use crate::model::Schema;
use crate::syntax;
use std::path::{Path, PathBuf};

/// The first release of QEMU that writes its schemas in today's language, which the front end reads unless told otherwise.
/// What older releases wrote is legacy input.
pub const LANGUAGE: &str = "10.2";

/// Reads and checks schemas.
///
/// ```
/// use qapi_gen::{Frontend, MemoryLoader};
/// let errors = Frontend::new()
///     .loader(MemoryLoader::new([("main.json", "{ 'struct': 'Disk', 'data': { 'format': 'DiskFormat' } }")]))
///     .read("main.json")
///     .unwrap_err();
/// assert_eq!(errors.diagnostics[0].code.as_str(), "T4");
/// ```
pub struct Frontend<'l> {
    pub(crate) legacy: bool,
    style: bool,
    docs: bool,
    search: Vec<PathBuf>,
    extensions: Vec<PathBuf>,
    loader: Box<dyn Loader + 'l>,
}

impl Default for Frontend<'_> {
    fn default() -> Self {
        Frontend::new()
    }
}

impl<'l> Frontend<'l> {
    /// A front end that reads today's language from disk.
    pub fn new() -> Self {
        Frontend {
            legacy: false,
            style: false,
            docs: true,
            search: Vec::new(),
            extensions: Vec::new(),
            loader: Box::new(DiskLoader),
        }
    }

    /// Whether forms of the language that QEMU dropped are read too, back to release 1.0.
    #[cfg(feature = "legacy")]
    #[cfg_attr(docsrs, doc(cfg(feature = "legacy")))]
    pub fn legacy(mut self, legacy: bool) -> Self {
        self.legacy = legacy;
        self
    }

    /// Whether rules about the style of documentation ([`Code::is_style`]) are enforced.
    ///
    /// [`Code::is_style`]: crate::diagnostic::Code::is_style
    pub fn style(mut self, style: bool) -> Self {
        self.style = style;
        self
    }

    /// Whether documentation is kept in the model, as it is by default. It is checked either way.
    pub fn docs(mut self, docs: bool) -> Self {
        self.docs = docs;
        self
    }

    /// Adds a directory in which included files are looked for that are not beside the file that
    /// includes them; the first directory that has one is the one that counts. Modules found there
    /// are named by their path in it.
    pub fn include_path(mut self, directory: impl Into<PathBuf>) -> Self {
        self.search.push(directory.into());
        self
    }

    /// Adds the contents of another file, after the schema's own. What it defines is added to the schema. Where it says
    /// again what the schema defines, by the same name, the members, values, branches and alternatives that it lists are
    /// added to that definition, with their documentation; of the rest of such an expression nothing is taken.
    ///
    /// So data about what earlier releases of an interface had extends the schema of the last one. Part of QEMU's language
    /// this is not.
    pub fn extend(mut self, file: impl Into<PathBuf>) -> Self {
        self.extensions.push(file.into());
        self
    }

    /// Where files come from, instead of from disk.
    pub fn loader(mut self, loader: impl Loader + 'l) -> Self {
        self.loader = Box::new(loader);
        self
    }

    /// Reads a schema from its root file.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the schema; or that its root file cannot be read
    /// ([`Code::UnreadableRoot`](crate::diagnostic::Code::UnreadableRoot)).
    pub fn read(&self, root: impl AsRef<Path>) -> Result<Schema, Errors> {
        self.run(root.as_ref(), None)
    }

    /// Reads a schema whose root file's text is at hand; its includes are relative to `name`.
    ///
    /// # Errors
    ///
    /// As for [`read`](Frontend::read).
    pub fn read_text(
        &self,
        name: impl AsRef<Path>,
        text: impl Into<Vec<u8>>,
    ) -> Result<Schema, Errors> {
        self.run(name.as_ref(), Some(text.into()))
    }

    fn run(&self, root: &Path, text: Option<Vec<u8>>) -> Result<Schema, Errors> {
        let options = syntax::Options {
            legacy: self.legacy,
            style: self.style,
            docs: self.docs,
        };
        let input = syntax::Input {
            loader: &*self.loader,
            search: &self.search,
            extensions: &self.extensions,
        };
        check::check(syntax::parse(root, text, input, options))
    }
}

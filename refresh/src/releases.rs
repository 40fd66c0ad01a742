//! The releases compared.

use crate::load;
use qapi_gen::Frontend;
use qapi_gen::model::{Era, Schema};
use std::path::Path;

/// The schemas of a source tree: the name for their facts, and the root file.
pub(crate) const SCHEMAS: [(&str, &str); 3] = [
    ("qmp", "qapi/qapi-schema.json"),
    ("qsd", "storage-daemon/qapi/qapi-schema.json"),
    ("qga", "qga/qapi-schema.json"),
];

/// The interfaces of a release.
pub(crate) struct Release {
    /// With three numbers.
    pub(crate) version: String,
    /// In the order of [`SCHEMAS`].
    pub(crate) schemas: Vec<Schema>,
}

impl Release {
    /// The one that the repository is at.
    pub(crate) fn restated(schema: &Path) -> Result<Release, String> {
        let version = load(&schema.join("VERSION"))?;
        Release::read(version.trim(), schema)
    }

    fn read(version: &str, tree: &Path) -> Result<Release, String> {
        let read = |(_, root): &(&str, &str)| {
            let root = tree.join(root);
            // An older release may have written an older language. That is as good as today's if none of its forms is
            // there that have no equal.
            Frontend::new()
                .read(&root)
                .or_else(|errors| {
                    let legacy = Frontend::new().legacy(true).read(&root);
                    legacy.map_err(|_| errors)
                })
                .map_err(|errors| errors.to_string())
        };
        Ok(Release {
            version: version.to_owned(),
            schemas: SCHEMAS.iter().map(read).collect::<Result<_, _>>()?,
        })
    }

    /// Whether it can be restated in today's language.
    fn is_current(&self) -> bool {
        self.schemas.iter().all(|s| s.era() == Era::Current)
    }
}

/// The oldest release compared, which stays: the types promise to work with every release since then.
pub(crate) fn oldest(schema: &Path) -> Result<String, String> {
    let path = schema.join("releases/qmp.txt");
    let facts = load(&path)?;
    let facts = qapi_gen::Releases::parse(&facts);
    let facts = facts.map_err(|error| format!("{}: {error}", path.display()))?;
    let oldest = facts.names().first().cloned();
    oldest.ok_or_else(|| format!("{}: no release is named", path.display()))
}

/// Reads the releases in a folder from `oldest` on, oldest first.
pub(crate) fn read(folder: &Path, oldest: &str) -> Result<Vec<Release>, String> {
    let at = |error| format!("{}: {error}", folder.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(at)? {
        let path = entry.map_err(at)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.strip_prefix("qemu-").unwrap_or(&name);
        if let Some(numbers) = numbers(name)
            && Some(numbers.as_slice()) >= self::numbers(oldest).as_deref()
        {
            found.push((numbers, name.to_owned(), path));
        }
    }
    found.sort();
    let releases: Vec<Release> = found
        .iter()
        .map(|(_, name, path)| Release::read(name, path))
        .collect::<Result<_, _>>()?;
    match releases.last() {
        Some(last) if !last.is_current() => Err(format!(
            "{} is written in a language older than today's",
            last.version
        )),
        _ => Ok(releases),
    }
}

/// The numbers of a release; `None` for any other text, a release candidate among them.
fn numbers(version: &str) -> Option<Vec<u32>> {
    let numbers = version.split('.').map(str::parse);
    let mut numbers: Vec<u32> = numbers.collect::<Result<_, _>>().ok()?;
    (2..=3).contains(&numbers.len()).then(|| {
        numbers.resize(3, 0);
        numbers
    })
}

/// A version as people say it: without a micro number of 0.
pub(crate) fn short(version: &str) -> &str {
    version.strip_suffix(".0").unwrap_or(version)
}

//! Where pages for people state the newest release. Code reads it from `schema/VERSION`.

use crate::releases::short;
use crate::{load, save};
use std::path::Path;

/// Files and what they say, with `{}` for the release.
const STATEMENTS: [(&str, &str); 5] = [
    ("README.md", "any; QEMU {} ready-made"),
    ("docs/guide/versions.md", "the newest is {}"),
    (
        "qapi-types/README.md",
        "as of QEMU {} and for every release since",
    ),
    (
        "qapi-types/src/lib.rs",
        "as of QEMU {} and for every release since",
    ),
    ("src/lib.rs", "as of QEMU {} and for every release since"),
];

/// The files.
pub(crate) fn files() -> impl Iterator<Item = &'static str> {
    STATEMENTS.iter().map(|(file, _)| *file)
}

/// Replaces one release by another.
pub(crate) fn write(workspace: &Path, before: &str, now: &str) -> Result<(), String> {
    for (file, statement) in STATEMENTS {
        let path = workspace.join(file);
        let text = load(&path)?;
        let [old, new] = [before, now].map(|version| statement.replace("{}", short(version)));
        if !text.contains(&old) {
            return Err(format!("{file} does not say: {old}"));
        }
        save(&path, &text.replace(&old, &new))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(file: &str, statement: &str) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let text = load(&root.join(file)).unwrap();
        assert!(text.contains(statement), "{file} does not say: {statement}");
    }

    #[test]
    fn pages_state_the_release_of_the_data() {
        let version = include_str!("../../schema/VERSION").trim();
        for (file, statement) in STATEMENTS {
            says(file, &statement.replace("{}", short(version)));
        }
    }

    #[test]
    fn pages_state_the_release_of_the_language() {
        let generator = format!("QEMU {}", qapi_gen::LANGUAGE);
        says("docs/compatibility-with-qemu.md", &generator);
        says("docs/guide/schema-language.md", &generator);
    }
}

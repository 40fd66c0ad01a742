//! Schemas and transcripts of real servers, where they are at hand, and the data in `schema/`.

pub(crate) mod cases;
pub(crate) mod run;

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The releases that the facts in `schema/` are about, oldest first, as the corpus names them. The last is the newest.
pub(crate) fn releases() -> Vec<String> {
    let facts = std::fs::read_to_string(data().join("releases/qmp.txt")).expect("facts are there");
    let mut lines = facts.lines();
    let listed = lines.find_map(|line| line.strip_prefix("releases "));
    let short = listed.expect("facts name releases").split(' ');
    short.map(|release| format!("{release}.0")).collect()
}

/// Whether a release writes a language older than today's.
pub(crate) fn is_legacy(release: &str) -> bool {
    let numbers = |release: &str| -> Vec<u32> {
        let parts = release.split('.').map(|part| part.parse());
        parts.collect::<Result<_, _>>().expect("a release's number")
    };
    numbers(release) < numbers(qapi_gen::LANGUAGE)
}

/// The folder that `QAPI_CORPUS` names, if it has this part: a folder or file in it. If not, `None` and a word about it,
/// unless `QAPI_REQUIRE_CORPUS` is set. `tests/make-corpus` makes most parts.
pub(crate) fn corpus(part: &str) -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = match std::env::var_os("QAPI_CORPUS") {
        Some(folder) => workspace.join(folder),
        None => workspace.join("../shared"),
    };
    let path = folder.join(part);
    if path.exists() {
        return Some(folder);
    }
    let required = std::env::var_os("QAPI_REQUIRE_CORPUS").is_some();
    let message = format!("no QAPI corpus at {}", path.display());
    assert!(!required, "{message}");
    // Not by a macro that the test harness captures: a skipped test passes.
    _ = writeln!(std::io::stderr(), "SKIPPED: {message}");
    None
}

/// The data of the crate qapi-schema.
pub(crate) fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema")
}

//! Material that is not part of the repository.

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A folder of the corpus, which lies where the environment variable `QAPI_CORPUS` says, or beside the workspace.
/// Where it is absent the test `what` is to be skipped, unless `QAPI_REQUIRE_CORPUS` forbids that.
///
/// # Panics
/// When the corpus is required and absent.
pub fn corpus(folder: &str, what: &str) -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    let root = match std::env::var_os("QAPI_CORPUS") {
        Some(root) => workspace.join(root),
        None => workspace.join("../shared"),
    };
    let path = root.join(folder);
    if path.is_dir() {
        return Some(path);
    }
    let required = std::env::var_os("QAPI_REQUIRE_CORPUS").is_some();
    assert!(
        !required,
        "{} is absent, but required for {what}",
        path.display()
    );
    // Past the capture of output that passing tests are subject to.
    let _ = writeln!(
        std::io::stderr(),
        "SKIPPED {what}: no {}; set QAPI_CORPUS",
        path.display()
    );
    None
}

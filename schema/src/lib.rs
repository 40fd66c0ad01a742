#![doc = include_str!("../README.md")]
// Beside what the repository's docs/build writes, not elsewhere.
#![cfg_attr(
    not(docsrs),
    doc = "\n## As web sites\n\nThe interfaces with search: [QMP](../reference/qmp/index.html), the \
           [storage daemon](../reference/qsd/index.html), the [guest agent](../reference/qga/index.html)."
)]
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

/// The release of QEMU that the schemas describe.
pub const VERSION: &str = include_str!("../VERSION").trim_ascii_end();

/// The root file of QMP's schema.
pub fn qmp() -> PathBuf {
    path("qapi/qapi-schema.json")
}

/// The root file of the storage daemon's schema, which shares QMP's files.
pub fn storage_daemon() -> PathBuf {
    path("storage-daemon/qapi/qapi-schema.json")
}

/// The root file of the guest agent's schema.
pub fn qga() -> PathBuf {
    path("qga/qapi-schema.json")
}

/// In what other releases' QMP differs.
pub fn qmp_releases() -> PathBuf {
    path("releases/qmp.txt")
}

/// In what other releases' storage daemons differ.
pub fn storage_daemon_releases() -> PathBuf {
    path("releases/qsd.txt")
}

/// In what other releases' guest agents differ.
pub fn qga_releases() -> PathBuf {
    path("releases/qga.txt")
}

/// What clients of earlier releases can say in QMP and the last one dropped: for `Builder::extend`.
pub fn qmp_dropped() -> PathBuf {
    path("releases/qmp-dropped.json")
}

/// What clients of earlier storage daemons can say and the last one dropped. QMP's has it all.
pub fn storage_daemon_dropped() -> PathBuf {
    path("releases/qsd-dropped.json")
}

/// What clients of earlier guest agents can say and the last one dropped.
pub fn qga_dropped() -> PathBuf {
    path("releases/qga-dropped.json")
}

/// The folder that all paths are below: with it as include path of `qapi_gen::Builder`, a schema of
/// one's own can include `qapi/common.json` and the like.
pub fn directory() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn path(name: &str) -> PathBuf {
    directory().join(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_a_file() {
        let roots = [qmp(), storage_daemon(), qga()];
        let facts = [qmp_releases(), storage_daemon_releases(), qga_releases()];
        let dropped = [qmp_dropped(), storage_daemon_dropped(), qga_dropped()];
        for path in roots.iter().chain(&facts).chain(&dropped) {
            assert!(path.is_file(), "{} is missing", path.display());
        }
    }

    #[test]
    fn the_version_is_that_of_the_facts() {
        let facts = std::fs::read_to_string(qmp_releases()).unwrap();
        let releases = facts.lines().find(|l| l.starts_with("releases ")).unwrap();
        let last = releases.split(' ').next_back().unwrap();
        assert!(VERSION.starts_with(last), "{VERSION} and {last}");
    }
}

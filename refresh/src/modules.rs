//! How the modules of qapi-types for QEMU's interfaces are made from `schema/`.

use qapi_gen::{Builder, Releases};
use std::path::{Path, PathBuf};

/// Where they are.
pub(crate) const FOLDER: &str = "qapi-types/src";

/// Their files.
pub(crate) const FILES: [&str; 3] = ["qmp.rs", "qga.rs", "qsd.rs"];

/// Subjects of QMP, each a feature of the crates, with the schema's files on them.
pub(crate) const SUBJECTS: [(&str, &[&str]); 12] = [
    ("audio", &["audio.json"]),
    (
        "block",
        &[
            "block*.json",
            "job.json",
            "transaction.json",
            "qmp-dropped.json",
        ],
    ),
    ("char", &["char.json"]),
    (
        "machine",
        &[
            "accelerator.json",
            "acpi*.json",
            "cxl.json",
            "machine*.json",
            "misc-*.json",
            "pci.json",
            "tpm.json",
            "uefi.json",
        ],
    ),
    ("migration", &["migration.json", "dump.json"]),
    (
        "misc",
        &["misc.json", "replay.json", "trace.json", "yank.json"],
    ),
    (
        "net",
        &["ebpf.json", "net.json", "rocker.json", "sockets.json"],
    ),
    (
        "qom",
        &["authz.json", "crypto.json", "qdev.json", "qom.json"],
    ),
    ("run-state", &["run-state.json"]),
    ("stats", &["stats.json"]),
    ("ui", &["ui.json"]),
    ("virtio", &["cryptodev.json", "vfio.json", "virtio.json"]),
];

/// The modules: where each is, and what makes it.
pub(crate) fn modules(workspace: &Path) -> Vec<(PathBuf, Builder)> {
    let schema = workspace.join("schema");
    let version = std::fs::read_to_string(schema.join("VERSION")).expect("the release is stated");
    // That of the release, since the anchors of another one may differ.
    let manual = format!(
        "https://qemu.readthedocs.io/en/v{}/interop/",
        version.trim_end()
    );
    let builder = |root: &str, name: &str, page: &str| {
        let releases = schema.join("releases");
        let facts = releases.join(format!("{name}.txt"));
        let facts = std::fs::read_to_string(facts).expect("facts are beside the schema");
        Builder::new(schema.join(root))
            .extend(releases.join(format!("{name}-dropped.json")))
            .types_crate("crate")
            .releases(Releases::parse(&facts).expect("facts are well-formed"))
            .reference(format!("{manual}{page}"), name.to_uppercase())
    };
    let qsd = builder(
        "storage-daemon/qapi/qapi-schema.json",
        "qsd",
        "qemu-storage-daemon-qmp-ref.html",
    );
    // Whatever QMP has too comes from there.
    let qsd = qsd
        .extern_path("qapi/*.json", "crate::qmp")
        .extern_path("qsd-dropped.json", "crate::qmp");
    let qmp = builder("qapi/qapi-schema.json", "qmp", "qemu-qmp-ref.html");
    // What a release has dropped takes no part.
    let folders = [schema.join("qapi"), schema.join("releases")];
    let names: Vec<String> = folders.iter().flat_map(|folder| names(folder)).collect();
    let patterns = SUBJECTS.iter().flat_map(|(subject, files)| {
        let there = files
            .iter()
            .filter(|file| names.iter().any(|name| covers(file, name)));
        there.map(move |file| (subject, *file))
    });
    let qmp = patterns.fold(qmp, |qmp, (subject, file)| {
        qmp.file_cfg(file, format!("feature = \"qmp-{subject}\""))
    });
    let qga = builder("qga/qapi-schema.json", "qga", "qemu-ga-ref.html");
    let folder = workspace.join(FOLDER);
    let files = FILES.map(|file| folder.join(file)).into_iter();
    files.zip([qmp, qga, qsd]).collect()
}

/// Whether a pattern, with one `*` at most, covers a file.
pub(crate) fn covers(pattern: &str, file: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => file.starts_with(start) && file.ends_with(end),
        None => file == pattern,
    }
}

/// The names of the files in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

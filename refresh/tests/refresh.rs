//! Copies of this repository brought from release to release.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What a refresh reads and writes.
const KEPT: [&str; 11] = [
    "CHANGELOG.md",
    "schema",
    "qapi-types/src/qmp.rs",
    "qapi-types/src/qga.rs",
    "qapi-types/src/qsd.rs",
    "README.md",
    "docs/guide/versions.md",
    "docs/schema.md",
    "qapi-types/README.md",
    "qapi-types/src/lib.rs",
    "src/lib.rs",
];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Schemas of QEMU's releases, unless they are not there, which is said.
fn corpus() -> Option<PathBuf> {
    let root = std::env::var_os("QAPI_CORPUS").unwrap_or_else(|| "../shared".into());
    let folder = workspace().join(root).join("schemas");
    if folder.is_dir() {
        return Some(folder.canonicalize().unwrap());
    }
    let message = format!("no schemas of QEMU at {}", folder.display());
    assert!(
        std::env::var_os("QAPI_REQUIRE_CORPUS").is_none(),
        "{message}"
    );
    // Not by a macro that the test harness captures: a skipped test passes.
    _ = writeln!(std::io::stderr(), "SKIPPED: {message}");
    None
}

/// An empty folder of a test's own.
fn scratch(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn copy(from: &Path, to: &Path) {
    if !from.is_dir() {
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(from, to).unwrap();
        return;
    }
    for entry in std::fs::read_dir(from).unwrap() {
        let name = entry.unwrap().file_name();
        copy(&from.join(&name), &to.join(&name));
    }
}

/// The files below a folder with their contents, by path relative to it.
fn contents(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(folder).unwrap().to_owned(), text));
            }
        }
    }
    found.sort();
    found
}

fn refresh(workspace: &Path, releases: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_qapi-refresh"));
    command.arg("--workspace").arg(workspace).arg(releases);
    command.output().unwrap()
}

fn changes(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_owned()).unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn a_copy_is_brought_from_release_to_release() {
    let Some(corpus) = corpus() else { return };
    let folder = scratch("copy");
    let (copied, releases) = (folder.join("copy"), folder.join("releases"));
    for name in KEPT {
        copy(&workspace().join(name), &copied.join(name));
    }
    std::fs::write(copied.join("schema/qapi/stale.json"), "").unwrap();
    let facts = std::fs::read_to_string(copied.join("schema/releases/qmp.txt")).unwrap();
    let compared = facts.lines().find_map(|l| l.strip_prefix("releases "));
    let compared: Vec<&str> = compared.unwrap().split(' ').collect();

    // Up to 10.0, then up to the last but one that the change log is about, then up to the last.
    let changelog = |root: &Path| std::fs::read_to_string(root.join("CHANGELOG.md")).unwrap();
    let (last, committed) = (*compared.last().unwrap(), changelog(&workspace()));
    let heading = format!("\n### QEMU {last}, from ");
    let (_, rest) = committed.split_once(&heading).expect(&heading);
    let steps = ["10.0", rest.lines().next().unwrap(), last];
    let mut told = Vec::new();
    let mut added = 0;
    for step in steps {
        let end = compared.iter().position(|r| *r == step).unwrap() + 1;
        for release in &compared[added..end] {
            copy(
                &corpus.join(format!("{release}.0")),
                &releases.join(format!("qemu-{release}.0")),
            );
        }
        added = end;
        told.push(changes(&refresh(&copied, &releases)));
        let version = std::fs::read_to_string(copied.join("schema/VERSION")).unwrap();
        assert_eq!(version, format!("{step}.0\n"));
        let readme = std::fs::read_to_string(copied.join("qapi-types/README.md")).unwrap();
        assert!(
            readme.contains(&format!("as of QEMU {step} and for")),
            "{readme}"
        );
    }
    assert!(!copied.join("schema/qapi/stale.json").exists());

    let told = told[1..].concat();
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    for text in [
        "`query-accelerators`;",
        "`SCLP_CPI_INFO_AVAILABLE`;",
        "`postcopy-device` of `MigrationStatus`",
        "`children`",
        "`reconnect` of `ChardevSocket`",
        "- Gone: `detach` of `migrate`; `query-migrationthreads`;",
        "- New, and has to be in requests: `sub-type` of `CXLDRAMEvent`;",
        "`flags` of `CXLCommonEventBase` was uint8",
        "- Deprecated: `query-kvm`.",
    ] {
        assert!(told.contains(text), "{text} is not in {told}");
    }
    // Each release has its entry, the last one as it is here.
    let section = |text: &str| {
        let start = text.find(&heading).unwrap() + 1;
        let end = text[start..].find("\n##").map_or(text.len(), |n| start + n);
        text[start..end].trim_end().to_owned()
    };
    let ours = changelog(&copied);
    for pair in steps.windows(2) {
        let heading = format!("\n### QEMU {}, from {}\n", pair[1], pair[0]);
        assert_eq!(ours.matches(&heading).count(), 1, "{ours}");
    }
    assert_eq!(section(&ours), section(&committed));
    std::fs::copy(
        workspace().join("CHANGELOG.md"),
        copied.join("CHANGELOG.md"),
    )
    .unwrap();

    // There is nothing that the way there would have left behind.
    let [ours, theirs] = [copied, workspace()].map(|root| {
        let data = [
            "schema/releases",
            "schema/qapi",
            "schema/qga",
            "schema/storage-daemon",
        ];
        let mut all: Vec<_> = data
            .iter()
            .flat_map(|name| contents(&root.join(name)))
            .collect();
        for name in KEPT
            .iter()
            .filter(|name| Path::new(name).extension().is_some())
        {
            all.push((
                name.into(),
                std::fs::read_to_string(root.join(name)).unwrap(),
            ));
        }
        all
    });
    for (copy, original) in ours.iter().zip(&theirs) {
        assert!(
            copy == original,
            "{} is not as committed",
            original.0.display()
        );
    }
    assert_eq!(ours.len(), theirs.len());
}

/// Half a refresh would be taken for a whole one by the next.
#[test]
fn what_fails_changes_nothing() {
    let Some(corpus) = corpus() else { return };
    let folder = scratch("failing");
    let (copied, releases) = (folder.join("copy"), folder.join("releases"));
    for name in KEPT {
        copy(&workspace().join(name), &copied.join(name));
    }
    let version = std::fs::read_to_string(copied.join("schema/VERSION")).unwrap();
    copy(&corpus.join(version.trim()), &releases.join("99.0.0"));
    let page = copied.join("docs/guide/versions.md");
    let text = std::fs::read_to_string(&page).unwrap();
    std::fs::write(&page, text.replace("the newest is", "the latest is")).unwrap();
    let before = contents(&copied);
    let output = refresh(&copied, &releases);
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(
        message.contains("versions.md does not say: the newest is"),
        "{message}"
    );
    assert!(contents(&copied) == before, "something was changed");

    std::fs::write(&page, text).unwrap();
    let told = changes(&refresh(&copied, &releases));
    assert!(told.contains("Nothing changed but the number."), "{told}");
    let version = std::fs::read_to_string(copied.join("schema/VERSION")).unwrap();
    assert_eq!(version, "99.0.0\n");
}

#[test]
fn what_cannot_be_read_is_reported() {
    let folder = scratch("unreadable");
    copy(&workspace().join("schema"), &folder.join("schema"));
    let run = |releases: &Path| {
        let output = refresh(&folder, releases);
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let message = run(&folder.join("nowhere"));
    assert!(message.contains("nowhere"), "{message}");
    // Neither is a release since the oldest one compared.
    for name in ["5.2.0", "99.0.0-rc1"] {
        std::fs::create_dir_all(folder.join("old").join(name)).unwrap();
    }
    let message = run(&folder.join("old"));
    assert!(
        message.contains("no release from 6.0 on is there"),
        "{message}"
    );
    std::fs::create_dir_all(folder.join("empty/99.0.0")).unwrap();
    let message = run(&folder.join("empty"));
    assert!(message.contains("qapi-schema.json"), "{message}");

    let usage = Command::new(env!("CARGO_BIN_EXE_qapi-refresh")).output();
    assert_eq!(usage.unwrap().status.code(), Some(2));
}

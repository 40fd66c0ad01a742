//! The schemas that QEMU ships, and the verdicts of its own generator on schemas that are wrong.
//!
//! They are not part of this repository: the environment variable `QAPI_CORPUS` names the folder
//! (`../shared` next to the workspace by default). Without it the tests say so and pass, unless
//! `QAPI_REQUIRE_CORPUS` is set.

use crate::common;
use qapi_gen::diagnostic::Errors;
use qapi_gen::{DiskLoader, Frontend, Loader, MemoryLoader};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Root files, by release in which they appeared.
const ROOTS: &[&str] = &[
    "qapi-schema.json",
    "qapi-schema-guest.json",
    "qapi/qapi-schema.json",
    "qga/qapi-schema.json",
    "storage-daemon/qapi/qapi-schema.json",
];

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

#[test]
fn every_release_is_accepted() {
    let Some(corpus) = common::corpus("schemas") else {
        return;
    };
    let mut read = 0;
    for release in entries(&corpus.join("schemas")) {
        let legacy = common::is_legacy(release.file_name().unwrap().to_str().unwrap());
        for root in ROOTS.iter().map(|r| release.join(r)).filter(|r| r.exists()) {
            let today = Frontend::new().style(true).read(&root);
            assert_eq!(today.is_ok(), !legacy, "{}", root.display());
            let frontend = Frontend::new().legacy(legacy).style(!legacy);
            match frontend.read(&root) {
                Ok(schema) => assert!(schema.commands().count() > 10),
                Err(errors) => panic!("{}:\n{errors}", root.display()),
            }
            read += 1;
        }
    }
    assert!(read > 20, "only {read} schemas");
}

/// Where a generator first stops: its verdict in short.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Accepted,
    /// Rejected, at this file and line if any.
    Rejected(Option<(String, u32)>),
}

/// The verdict in the output of QEMU's generator, which is empty if it accepts. The first place
/// that is not part of an include trail counts.
fn expected(error: &str) -> Verdict {
    if error.trim().is_empty() {
        return Verdict::Accepted;
    }
    let place = |line: &str| {
        let mut parts = line.split(':');
        let file = parts.next()?.to_owned();
        let line = parts.next()?.parse().ok()?;
        parts.next().map(|_| (file, line))
    };
    let about_this = |line: &&str| !line.starts_with("In file included");
    Verdict::Rejected(error.lines().filter(about_this).find_map(place))
}

fn found(errors: &Errors) -> Verdict {
    let location = errors.diagnostics[0].location(&errors.sources);
    Verdict::Rejected(location.map(|location| {
        let position = location.position;
        let file = errors.sources.file(position.file).name().to_owned();
        (file, position.line)
    }))
}

#[test]
fn places_are_taken_from_transcripts() {
    let at = |file: &str, line| Verdict::Rejected(Some((file.to_owned(), line)));
    assert_eq!(expected("\n"), Verdict::Accepted);
    assert_eq!(expected("a.json:3:14: stray 'x'\n"), at("a.json", 3));
    let trail =
        "In file included from a.json:1:\nb.json: In struct 'S':\nb.json:7: bad\nb.json:2: first";
    assert_eq!(expected(trail), at("b.json", 7));
    assert_eq!(
        expected("can't read 'a.json': gone"),
        Verdict::Rejected(None)
    );
}

/// Compares verdicts, and fails where too many differ.
#[derive(Default)]
struct Tally {
    accepted: usize,
    rejected: usize,
    wrong_verdict: usize,
    wrong_place: usize,
    report: String,
}

impl Tally {
    fn add(&mut self, name: &str, error: &str, found: Result<(), &Errors>) {
        let expected = expected(error);
        let (found, message) = match found {
            Ok(()) => (Verdict::Accepted, String::new()),
            Err(errors) => (self::found(errors), errors.diagnostics[0].message.clone()),
        };
        match expected {
            Verdict::Accepted => self.accepted += 1,
            Verdict::Rejected(_) => self.rejected += 1,
        }
        if expected == found {
            return;
        }
        match (&expected, &found) {
            (Verdict::Rejected(_), Verdict::Rejected(_)) => self.wrong_place += 1,
            _ => self.wrong_verdict += 1,
        }
        self.report +=
            &format!("{name}: expected {expected:?}: {error}\n  found {found:?}: {message}\n");
    }

    fn judge(self) {
        eprintln!(
            "{} accepted, {} rejected; {} verdicts and {} places differ\n{}",
            self.accepted, self.rejected, self.wrong_verdict, self.wrong_place, self.report
        );
        assert!(self.accepted > 0 && self.rejected > 0);
        assert_eq!(self.wrong_verdict, 0, "verdicts differ:\n{}", self.report);
        assert!(
            self.wrong_place * 100 <= self.rejected,
            "more than one in a hundred places differ:\n{}",
            self.report
        );
    }
}

/// Reads from a folder on disk by paths relative to it.
struct In<'p>(&'p Path);

impl Loader for In<'_> {
    fn load(&self, path: &Path) -> io::Result<Vec<u8>> {
        DiskLoader.load(&self.0.join(path))
    }

    fn identity(&self, path: &Path) -> PathBuf {
        DiskLoader.identity(&self.0.join(path))
    }
}

#[test]
fn verdicts_on_the_cases_of_the_suite() {
    let Some(corpus) = common::corpus("suite") else {
        return;
    };
    let suite = corpus.join("suite");
    let mut tally = Tally::default();
    for path in entries(&suite) {
        if path.extension().is_none_or(|e| e != "err") {
            continue;
        }
        let error = fs::read_to_string(&path).unwrap();
        let name = path.with_extension("json");
        let name = name.file_name().unwrap().to_str().unwrap();
        let result = Frontend::new().style(true).loader(In(&suite)).read(name);
        tally.add(name, &error, result.as_ref().map(drop));
    }
    tally.judge();
}

#[test]
fn verdicts_on_schemas_with_one_fault() {
    let Some(corpus) = common::corpus("suite/mutants.jsonl") else {
        return;
    };
    let text = fs::read_to_string(corpus.join("suite/mutants.jsonl")).unwrap();
    let mut tally = Tally::default();
    for record in text.lines() {
        let record: Value = serde_json::from_str(record).unwrap();
        let field = |key: &str| record[key].as_str().unwrap();
        let files = record["files"].as_object().unwrap();
        let files = files
            .iter()
            .map(|(path, t)| (path.as_str(), t.as_str().unwrap()));
        let result = Frontend::new()
            .style(true)
            .loader(MemoryLoader::new(files))
            .read(field("main"));
        assert_eq!(
            record["accept"].as_bool().unwrap(),
            field("error").is_empty()
        );
        tally.add(field("id"), field("error"), result.as_ref().map(drop));
    }
    tally.judge();
}

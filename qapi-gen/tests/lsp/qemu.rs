//! The schema of QEMU's last release, where it is at hand.

use crate::common::{corpus, is_legacy, releases};
use crate::lsp::client::{Client, edited, find, uri};
use qapi_gen::format::{changes, format};
use qapi_gen::model::{Definition, Schema, Text};
use qapi_gen::{Frontend, MemoryLoader};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The files of a folder and those in it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        match entry.path() {
            path if path.is_dir() => all.extend(files(&path)),
            path if path.extension().is_some_and(|e| e == "json") => all.push(path),
            _ => {}
        }
    }
    all
}

fn newest() -> Option<PathBuf> {
    let release = releases().pop().unwrap();
    let folder = corpus(&format!("schemas/{release}"))?;
    Some(folder.join("schemas").join(release))
}

#[test]
fn an_edit_in_one_of_many_files_shows_in_the_others() {
    let Some(folder) = newest() else { return };
    let folder = std::fs::canonicalize(folder).unwrap();
    let job = folder.join("qapi/job.json");
    let text = std::fs::read_to_string(&job).unwrap();
    let mut client = Client::new(json!({}), Value::Null);
    client.open(&job, &text);
    assert_eq!(client.diagnostics(&job), [] as [Value; 0]);
    // Found by the root's name above it, as in a source tree.
    let found = client
        .request(
            "workspace/symbol",
            json!({ "query": "BlockdevOptionsQcow2" }),
        )
        .unwrap();
    assert_eq!(found[0]["name"], "BlockdevOptionsQcow2");
    let (line, character) = find(&text, "'JobType'", 0);
    let place = (line, character + 1);
    let references = client.at("references", &job, place, json!({})).unwrap();
    let elsewhere = |location: &&Value| location["uri"] != uri(&job);
    let all = references.as_array().unwrap();
    assert!(all.iter().filter(elsewhere).count() > 0, "{references:#}");
    let hover = client.at("hover", &job, place, json!({})).unwrap();
    let hover = hover["contents"]["value"].as_str().unwrap();
    assert!(hover.contains("**Since:** 1.7"), "{hover}");
    // A new name in all files gives a schema.
    let renamed = client
        .at("rename", &job, place, json!({ "newName": "KindOfJob" }))
        .unwrap();
    let changes = renamed["changes"].as_object().unwrap();
    assert!(changes.len() > 1);
    let all = files(&folder).into_iter().map(|path| {
        let text = std::fs::read_to_string(&path).unwrap();
        let text = match changes.get(&uri(&path)) {
            Some(edits) => edited(&text, edits),
            None => text,
        };
        (path, text)
    });
    let loader = MemoryLoader::new(all);
    let root = folder.join("qapi/qapi-schema.json");
    let schema = Frontend::new().loader(loader).read(root);
    let schema = schema.unwrap_or_else(|errors| panic!("{errors}"));
    assert!(schema.definition("JobType").is_none());
    assert!(schema.definition("KindOfJob").is_some());
    // The name that a type has elsewhere is refused.
    let taken = client.at("rename", &job, place, json!({ "newName": "BlockInfo" }));
    let message = taken.unwrap_err().to_string();
    assert!(message.contains("BlockInfo"), "{message}");
    client.change(&job, Value::Null, &text.replace("JobType", "JobSort"));
    let other = loop {
        let found = client.notification("textDocument/publishDiagnostics");
        if found["params"]["uri"] != uri(&job) {
            break found;
        }
    };
    assert_eq!(other["params"]["diagnostics"][0]["code"], "T4", "{other:#}");
    client.quit();
}

#[test]
fn the_documentation_of_the_last_release_has_its_form_already() {
    let Some(folder) = newest() else { return };
    let mut changed = Vec::new();
    for path in files(&folder) {
        let text = std::fs::read_to_string(&path).unwrap();
        for change in changes(&text) {
            changed.push(text[change.range].to_owned());
        }
    }
    // One description of 11.1 is indented by three columns.
    assert!(changed.len() <= 1, "{changed:#?}");
}

/// Everything that a schema's documentation says, word by word.
fn documentation(schema: &Schema) -> Vec<String> {
    let mut texts = Vec::new();
    let mut add = |text: &Text| {
        // Lines may be broken elsewhere, and blank lines be more or less.
        let words: Vec<&str> = text.text.split_whitespace().collect();
        texts.push(words.join(" "));
    };
    for definition in schema.definitions() {
        let (doc, features) = match *definition {
            Definition::Enum(id) => (&schema.enum_(id).doc, &schema.enum_(id).features),
            Definition::Object(id) => (&schema.object(id).doc, &schema.object(id).features),
            Definition::Alternate(id) => {
                (&schema.alternate(id).doc, &schema.alternate(id).features)
            }
            Definition::Command(id) => (&schema.command(id).doc, &schema.command(id).features),
            Definition::Event(id) => (&schema.event(id).doc, &schema.event(id).features),
        };
        doc.iter()
            .flat_map(|doc| &doc.sections)
            .for_each(|section| add(&section.text));
        features
            .iter()
            .filter_map(|feature| feature.doc.as_ref())
            .for_each(&mut add);
        if let Definition::Object(id) = *definition {
            let members = schema.object(id).members.iter();
            members
                .filter_map(|member| member.doc.as_ref())
                .for_each(&mut add);
        }
        if let Definition::Enum(id) = *definition {
            let values = schema.enum_(id).values.iter();
            values
                .filter_map(|value| value.doc.as_ref())
                .for_each(&mut add);
        }
    }
    texts
}

/// The text of documentation without blank lines, which sections need not have, with other indentation, and on long lines.
fn spoilt(text: &str) -> String {
    let mut out = String::new();
    let mut directive = false;
    for line in text.lines() {
        directive = (directive && line != "##") || line.contains("::") || line.starts_with("# |");
        let new = match line.strip_prefix("#     ") {
            Some(rest) if !directive => format!("#   {rest}"),
            _ => line.to_owned(),
        };
        out += &new;
        out.push('\n');
    }
    out
}

#[test]
fn formatted_documentation_says_what_it_said() {
    for release in releases().into_iter().filter(|release| !is_legacy(release)) {
        let part = format!("schemas/{release}");
        let Some(folder) = corpus(&part) else { return };
        let folder = folder.join(part);
        let texts = |change: &dyn Fn(&str) -> String| {
            let all = files(&folder).into_iter().map(|path| {
                let text = std::fs::read_to_string(&path).unwrap();
                (path, change(&text))
            });
            let frontend = Frontend::new().loader(MemoryLoader::new(all));
            let schema = frontend.read(folder.join("qapi/qapi-schema.json"));
            documentation(&schema.unwrap_or_else(|errors| panic!("{errors}")))
        };
        let before = texts(&str::to_owned);
        for (what, change) in [
            ("as it is", &format as &dyn Fn(&str) -> String),
            ("spoilt", &|text| {
                let new = format(&spoilt(text));
                assert_eq!(changes(&new), [], "it changes again");
                new
            }),
        ] {
            let after = texts(change);
            let differs = before
                .iter()
                .zip(&after)
                .find(|(before, after)| before != after);
            assert_eq!(differs, None, "{release}, {what}");
            assert_eq!(before.len(), after.len());
        }
    }
}

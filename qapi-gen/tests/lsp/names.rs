//! What names mean: hover, definition, references, highlights, other names.

use crate::lsp::client::{Client, edited, find, uri};
use crate::lsp::{ROOT, TYPES, schema};
use serde_json::{Value, json};
use std::path::Path;

/// Ranges of an answer as `FILE:LINE:CHARACTER`, sorted.
fn places(answer: &Value) -> Vec<String> {
    let locations = answer.as_array().unwrap().iter();
    let mut places: Vec<String> = locations
        .map(|location| {
            let uri = location["uri"].as_str().unwrap();
            let start = &location["range"]["start"];
            let file = uri.rsplit('/').next().unwrap();
            format!("{file}:{}:{}", start["line"], start["character"])
        })
        .collect();
    places.sort();
    places
}

fn at(file: &str, text: &str, what: &str, nth: usize, skip: usize) -> String {
    let (line, character) = find(text, what, nth);
    format!("{file}:{line}:{}", character + skip)
}

fn root(what: &str, nth: usize, skip: usize) -> String {
    at("qapi-schema.json", ROOT, what, nth, skip)
}

fn types(what: &str, nth: usize, skip: usize) -> String {
    at("types.json", TYPES, what, nth, skip)
}

#[test]
fn a_name_leads_to_its_definition_and_back() {
    let (_scratch, root_path, types_path) = schema("names");
    let mut client = Client::new(json!({}), Value::Null);
    client.open(&root_path, ROOT);
    client.open(&types_path, TYPES);
    let mut definition = |path: &Path, place: (usize, usize)| {
        places(&client.at("definition", path, place, json!({})).unwrap())
    };
    let point = types("'Point', 'data'", 0, 1);
    let (line, character) = find(ROOT, "'Point'", 0);
    // At the start of the word, in it, and right behind it.
    for character in [character + 1, character + 3, character + 6] {
        assert_eq!(
            definition(&root_path, (line, character)),
            std::slice::from_ref(&point)
        );
    }
    let (line, character) = find(ROOT, "`Point`", 0);
    assert_eq!(definition(&root_path, (line, character + 1)), [point]);
    let (line, character) = find(TYPES, "discriminator': 'kind", 0);
    assert_eq!(
        definition(&types_path, (line, character + 18)),
        [types("'kind'", 0, 1)]
    );
    let (line, character) = find(TYPES, "'dot': ", 0);
    assert_eq!(
        definition(&types_path, (line, character + 1)),
        [types("'dot'", 0, 1)]
    );
    let (line, character) = find(TYPES, "see @y", 0);
    assert_eq!(
        definition(&types_path, (line, character + 5)),
        [types("'*y'", 0, 2)]
    );
    assert_eq!(
        definition(&root_path, (0, 15)),
        ["types.json:0:0"],
        "what an include names is a file"
    );
    let mut references = |place, declaration: bool| {
        let context = json!({ "context": { "includeDeclaration": declaration } });
        places(&client.at("references", &root_path, place, context).unwrap())
    };
    let (line, character) = find(ROOT, "'Point'", 0);
    let mut expected = vec![
        root("`Point`", 0, 1),
        root("'Point'", 0, 1),
        root("['Point']", 0, 2),
        root("'data': 'Point'", 0, 9),
        types("@Point:", 0, 1),
        types("'dot': 'Point'", 0, 8),
        types("'type': 'Point'", 0, 9),
    ];
    expected.sort();
    assert_eq!(references((line, character + 1), false), expected);
    expected.push(types("'Point', 'data'", 0, 1));
    expected.sort();
    assert_eq!(references((line, character + 1), true), expected);
    let (line, character) = find(TYPES, "'dot', 'line'", 0);
    let marks = client
        .at(
            "documentHighlight",
            &types_path,
            (line, character + 1),
            json!({}),
        )
        .unwrap();
    assert_eq!(marks.as_array().unwrap().len(), 2, "{marks:#}");
    client.quit();
}

#[test]
fn what_documentation_contains_is_shown_and_nothing_else() {
    let (_scratch, root_path, _) = schema("shown");
    let root = ROOT.replace(
        "Moves a `Point`, or a @Shape.",
        "Moves ``far``, <b>now</b>, [to](https://example.org/).\n#\n# .. note:: `Slowly`.",
    );
    let root = root.replace("'move',", "'move', # ```\n");
    let mut client = Client::new(json!({}), Value::Null);
    client.open(&root_path, &root);
    let place = find(&root, "'move'", 0);
    let place = (place.0, place.1 + 1);
    let answer = client.at("hover", &root_path, place, json!({})).unwrap();
    let text = answer["contents"]["value"].as_str().unwrap();
    for part in [
        "Moves `far`, \\<b>now\\</b>, \\[to\\](<https://example.org/>).",
        "> **Note:** `Slowly`.",
        "**Since:** 1.0",
        "\n````qapi\n",
        "}\n````\n",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    client.quit();
}

#[test]
fn hover_tells_what_a_name_is() {
    let (_scratch, root_path, types_path) = schema("hover");
    let mut client = Client::new(json!({}), Value::Null);
    client.open(&root_path, ROOT);
    client.open(&types_path, TYPES);
    let mut hover = |path: &Path, place: (usize, usize)| {
        let answer = client.at("hover", path, place, json!({})).unwrap();
        answer["contents"]["value"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let (line, character) = find(ROOT, "'Point'", 0);
    let text = hover(&root_path, (line, character + 2));
    for part in [
        "struct 'Point'",
        "{ 'struct': 'Point', 'data'",
        "A place.",
        "**Since:** 1.0",
        "**Feature fast:** quick",
        "Used by `MOVED`, `Shape`, `move`",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let (line, character) = find(TYPES, "'*y'", 0);
    let text = hover(&types_path, (line, character + 2));
    for part in [
        "member 'y' of struct 'Point'",
        "Type: `int`, optional",
        "up (since 1.1)",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let (line, character) = find(TYPES, "'int'", 0);
    assert!(hover(&types_path, (line, character + 1)).contains("built-in type 'int'"));
    let (line, character) = find(TYPES, "@kind", 0);
    let answer = client.at("hover", &types_path, (line, character + 1), json!({}));
    let range = &answer.unwrap()["range"];
    assert_eq!(
        range["start"],
        json!({ "line": line, "character": character + 1 })
    );
    // Nothing is known of nothing.
    assert_eq!(
        client.at("hover", &types_path, (0, 0), json!({})),
        Ok(Value::Null)
    );
    // Where something is wrong, the rule is told.
    client.change(&root_path, Value::Null, &ROOT.replace("'Shape'", "'Shap'"));
    let (line, character) = find(ROOT, "'Shape'", 0);
    let answer = client
        .at("hover", &root_path, (line, character + 2), json!({}))
        .unwrap();
    let text = answer["contents"]["value"].as_str().unwrap();
    assert!(
        text.contains("T4") && text.contains("defined nowhere"),
        "{text}"
    );
    client.quit();
}

#[test]
fn another_name_is_written_everywhere() {
    let (scratch, root_path, types_path) = schema("rename");
    let mut client = Client::new(json!({}), Value::Null);
    client.open(&root_path, ROOT);
    client.open(&types_path, TYPES);
    let (root_path, types_path) = (root_path.as_path(), types_path.as_path());
    let place = |text: &str, what: &str| {
        let (line, character) = find(text, what, 0);
        (line, character + 1)
    };
    let ready = client
        .at(
            "prepareRename",
            root_path,
            place(ROOT, "'Point'"),
            json!({}),
        )
        .unwrap();
    assert_eq!(ready["placeholder"], "Point");
    let renames = [
        (
            root_path,
            ROOT,
            "'Point'",
            "Place",
            &[
                ("@Point:", "@Place:"),
                ("'Point'", "'Place'"),
                ("`Point`", "`Place`"),
            ][..],
        ),
        (
            types_path,
            TYPES,
            "'kind'",
            "sort",
            &[("@kind:", "@sort:"), ("'kind'", "'sort'")],
        ),
        (types_path, TYPES, "'dot'", "spot", &[("'dot'", "'spot'")]),
        (
            types_path,
            TYPES,
            "*y",
            "up",
            &[("'*y'", "'*up'"), ("@y", "@up")],
        ),
    ];
    for (path, text, what, new, replaced) in renames {
        let answer = client
            .at("rename", path, place(text, what), json!({ "newName": new }))
            .unwrap();
        let mut changed = Vec::new();
        for (path, before) in [(root_path, ROOT), (types_path, TYPES)] {
            let mut expected = before.to_owned();
            for (old, new) in replaced {
                expected = expected.replace(old, new);
            }
            let edits = &answer["changes"][uri(path)];
            let after = match edits {
                Value::Null => before.to_owned(),
                edits => edited(before, edits),
            };
            assert_eq!(after, expected, "{what}");
            changed.push((
                path.file_name().unwrap().to_str().unwrap().to_owned(),
                after,
            ));
        }
        // It is still a schema.
        for (name, text) in &changed {
            std::fs::write(scratch.0.join(name), text).unwrap();
        }
        let run = scratch.run(&["check", "qapi-schema.json"]);
        assert_eq!(run.status, 0, "{}", run.stderr);
    }
    client.quit();
}

#[test]
fn another_name_that_would_break_something_is_refused() {
    let (_scratch, root_path, types_path) = schema("refused");
    let mut client = Client::new(json!({}), Value::Null);
    client.open(&root_path, ROOT);
    client.open(&types_path, TYPES);
    let mut refused = |what: &str, skip: usize, new: &str| {
        let (line, character) = find(TYPES, what, 0);
        let new = json!({ "newName": new });
        let answer = client.at("rename", &types_path, (line, character + skip), new);
        answer.unwrap_err()["message"].as_str().unwrap().to_owned()
    };
    // A name that there is, one that types may not have, one with strange characters, one of a member that a branch has.
    assert!(refused("'Point', 'data'", 1, "Shape").contains("[R1]"));
    assert!(refused("'Point', 'data'", 1, "point").contains("[N"));
    assert!(refused("'Point', 'data'", 1, "a b").contains("is no name"));
    assert!(refused("'Point', 'data'", 1, "").contains("is no name"));
    assert!(refused("'kind'", 1, "x").contains("[U"));
    assert!(refused("'int'", 1, "long").contains("belongs to the language"));
    assert!(refused("CONFIG_LINE", 1, "CONFIG").contains("whoever builds"));
    assert!(refused("'fast'", 1, "unstable").contains("the language has"));
    assert!(refused("'union'", 1, "x").contains("no name here"));
    client.quit();
}

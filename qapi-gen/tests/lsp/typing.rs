//! Text in the making: nothing ends the server, and what is wrong in the end is what `qapi-gen check` finds.

use crate::common::run::Scratch;
use crate::lsp::client::{Client, find};
use crate::lsp::{ROOT, TYPES, schema};
use serde_json::{Value, json};
use std::path::Path;

/// Diagnostics as `CODE LINE:COLUMN MESSAGE`, sorted; positions count from 1, in characters.
fn reported(found: &[Value]) -> Vec<String> {
    let mut lines: Vec<String> = found
        .iter()
        .map(|one| {
            let start = &one["range"]["start"];
            let number = |key: &str| start[key].as_u64().unwrap() + 1;
            let message = one["message"].as_str().unwrap().lines().next().unwrap();
            let (line, column) = (number("line"), number("character"));
            format!(
                "{} {line}:{column} {message}",
                one["code"].as_str().unwrap()
            )
        })
        .collect();
    lines.sort();
    lines
}

/// The same of a file on disk, by the command; all text is of ASCII.
fn checked(scratch: &Scratch, root: &str, file: &str) -> Vec<String> {
    let run = scratch.run(&["check", "--message-format", "json", root]);
    let mut lines: Vec<String> = run
        .stdout
        .lines()
        .filter_map(|line| {
            let one: Value = serde_json::from_str(line).unwrap();
            let primary = &one["spans"][0];
            (primary["file"] == file).then(|| {
                let text = |key: &str| one[key].as_str().unwrap().to_owned();
                let place = format!("{}:{}", primary["line_start"], primary["column_start"]);
                format!("{} {place} {}", text("code"), text("message"))
            })
        })
        .collect();
    lines.sort();
    lines
}

fn ask_everything(client: &mut Client, path: &Path, place: (usize, usize)) {
    for method in [
        "hover",
        "definition",
        "references",
        "completion",
        "documentHighlight",
    ] {
        client.at(method, path, place, json!({})).unwrap();
    }
    // Whether there is something to change the name of, or not.
    _ = client.at("rename", path, place, json!({ "newName": "other" }));
    for method in ["documentSymbol", "formatting"] {
        client.at(method, path, place, json!({})).unwrap();
    }
    let here = json!({ "line": place.0, "character": place.1 });
    let range = json!({ "range": { "start": here, "end": here } });
    client.at("codeAction", path, place, range).unwrap();
}

#[test]
fn a_file_is_typed_character_by_character() {
    let (_scratch, root, types) = schema("typed");
    let mut client = Client::new(json!({}), Value::Null);
    client.open(&root, ROOT);
    client.open(&types, "");
    client.diagnostics(&types);
    let (mut line, mut character) = (0, 0);
    for (at, c) in TYPES.char_indices() {
        let here = json!({ "line": line, "character": character });
        let text = c.to_string();
        client.change(&types, json!({ "start": here, "end": here }), &text);
        match c {
            '\n' => (line, character) = (line + 1, 0),
            c => character += c.len_utf16(),
        }
        if at % 7 == 0 {
            ask_everything(&mut client, &types, (line, character));
        }
    }
    assert_eq!(client.diagnostics(&types), [] as [Value; 0]);
    // The text is the one that was typed: a name near its end has its place.
    let (line, character) = find(TYPES, "'Base'", 1);
    let hover = client
        .at("hover", &types, (line, character + 1), json!({}))
        .unwrap();
    assert!(hover.to_string().contains("struct 'Base'"), "{hover}");
    client.quit();
}

#[test]
fn random_edits_end_in_what_the_command_finds() {
    let seed = ROOT.replace("types.json", "other.json") + &TYPES.replace(['€', '𝄞'], "x");
    let seed = seed.replace("{ 'include': 'other.json' }\n", "");
    let scratch = Scratch::new("random", &[]);
    let path = scratch.0.join("a.json");
    let mut random = 0x9e37_79b9_u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % below.max(1) as u64) as usize
    };
    let pieces = [
        "'", "{", "}", "[", "]", ",", ":", "#", "##\n", "\n", " ", "@", "`", "x", "'data': ",
        "true", "\t", "*",
    ];
    let mut different = 0;
    for round in 0..12 {
        let mut client = Client::new(json!({}), Value::Null);
        let mut text = seed.clone();
        client.open(&path, &text);
        for _ in 0..=round {
            let start = next(text.len());
            let end = (start + next(12)).min(text.len());
            let new = pieces[next(pieces.len())];
            let place = |at: usize| {
                let before = &text[..at];
                let line = before.matches('\n').count();
                let start = before.rfind('\n').map_or(0, |at| at + 1);
                (line, at - start)
            };
            let (first, last) = (place(start), place(end));
            let json = |(line, character)| json!({ "line": line, "character": character });
            let range = json!({ "start": json(first), "end": json(last) });
            client.change(&path, range, new);
            text.replace_range(start..end, new);
            ask_everything(&mut client, &path, first);
        }
        let found = reported(&client.diagnostics(&path));
        client.quit();
        std::fs::write(&path, &text).unwrap();
        // As an absolute path, which is what the server has.
        let name = path.to_str().unwrap();
        assert_eq!(found, checked(&scratch, name, name), "{text}");
        different += usize::from(!found.is_empty());
    }
    assert!(different > 6, "most edits break something");
}

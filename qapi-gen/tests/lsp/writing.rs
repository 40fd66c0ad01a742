//! Help with writing: completion, symbols, the form of documentation, things to do about errors.

use crate::common::run::Scratch;
use crate::lsp::client::{Client, edited, find, uri};
use crate::lsp::{ROOT, TYPES, schema};
use serde_json::{Value, json};

/// What is proposed at the mark `|` in a file of the schema that ends with this text.
fn proposals(test: &str, text: &str) -> Vec<String> {
    let (_scratch, root, _) = schema(test);
    let text = format!("{ROOT}{text}");
    let (line, character) = find(&text, "|", 0);
    let text = text.replace('|', "");
    let mut client = Client::new(json!({}), Value::Null);
    client.open(&root, &text);
    let answer = client.at("completion", &root, (line, character), json!({}));
    let answer = answer.unwrap();
    let items = answer["items"].as_array().unwrap();
    let new = items.iter().map(|item| {
        let edit = json!([item["textEdit"]]);
        let after = edited(&text, &edit);
        // The line as it is then.
        after.lines().nth(line).unwrap().to_owned()
    });
    let new = new.collect();
    client.quit();
    new
}

#[test]
fn what_may_stand_at_a_place_is_proposed() {
    let cases: [(&str, &[&str]); 18] = [
        ("{ 'stru|", &["{ 'struct': "]),
        ("{ 'com|' }", &["{ 'command' }"]),
        (
            "{ 'union': 'U', 'disc|",
            &["{ 'union': 'U', 'discriminator': "],
        ),
        (
            "{ 'struct': 'S', 'data': { 'a': 'Sha|' } }",
            &["{ 'struct': 'S', 'data': { 'a': 'Shape' } }"],
        ),
        (
            "{ 'struct': 'S', 'data': { 'a': ['Kin|",
            &["{ 'struct': 'S', 'data': { 'a': ['Kind'"],
        ),
        (
            "{ 'struct': 'S', 'data': { 'a': { 'type': 'uint3|' } } }",
            &["{ 'struct': 'S', 'data': { 'a': { 'type': 'uint32' } } }"],
        ),
        (
            "{ 'struct': 'S', 'data': { 'a': { 'ty|",
            &["{ 'struct': 'S', 'data': { 'a': { 'type': "],
        ),
        // A base has members; an enum has none, a union is none.
        (
            "{ 'struct': 'S', 'base': 'a|' }",
            &["{ 'struct': 'S', 'base': 'Base' }"],
        ),
        (
            "{ 'union': 'U', 'base': 'Base', 'discriminator': '|' }",
            &["{ 'union': 'U', 'base': 'Base', 'discriminator': 'kind' }"],
        ),
        (
            "{ 'union': 'U', 'base': 'Base', 'discriminator': 'kind', 'data': { 'dot': 'Point', '|",
            &[
                "{ 'union': 'U', 'base': 'Base', 'discriminator': 'kind', 'data': { 'dot': 'Point', 'line': ",
            ],
        ),
        (
            "{ 'event': 'E', 'features': [ '|' ] }",
            &[
                "{ 'event': 'E', 'features': [ 'deprecated' ] }",
                "{ 'event': 'E', 'features': [ 'unstable' ] }",
                "{ 'event': 'E', 'features': [ 'fast' ] }",
            ],
        ),
        (
            "{ 'event': 'E', 'if': '|' }",
            &["{ 'event': 'E', 'if': 'CONFIG_LINE' }"],
        ),
        (
            "{ 'event': 'E', 'if': { 'a|",
            &[
                "{ 'event': 'E', 'if': { 'all': ",
                "{ 'event': 'E', 'if': { 'any': ",
            ],
        ),
        (
            "{ 'command': 'c', 'gen': |",
            &["{ 'command': 'c', 'gen': false"],
        ),
        ("{ 'include': '|' }", &["{ 'include': 'types.json' }"]),
        (
            "##\n# @|\n##\n{ 'event': 'E', 'data': { 'a': 'int' } }\n",
            &["# @E:"],
        ),
        (
            "##\n# @E:\n#\n# @|\n##\n{ 'event': 'E', 'data': { 'a': 'int' } }\n",
            &["# @a: "],
        ),
        (
            "##\n# @E:\n#\n# Sin|\n##\n{ 'event': 'E' }\n",
            &["# Since: "],
        ),
    ];
    for (at, (text, expected)) in cases.into_iter().enumerate() {
        assert_eq!(
            proposals(&format!("proposals-{at}"), text),
            expected,
            "{text}"
        );
    }
    let types = proposals("proposals-types", "##\n# See `Sha|\n##\n");
    assert_eq!(types, ["# See `Shape"]);
    // Members that the documentation has are what is to be written.
    let members =
        "##\n# @S:\n#\n# @a: one\n#\n# @b: two\n##\n{ 'struct': 'S', 'data': { 'a': 'int', '|";
    assert_eq!(
        proposals("proposals-members", members),
        ["{ 'struct': 'S', 'data': { 'a': 'int', 'b': "]
    );
}

#[test]
fn types_are_proposed_where_they_may_stand() {
    let types = "{ 'enum': 'RunState', 'data': [ 'on' ] }
{ 'struct': 'RunStruct', 'data': { 'state': 'RunState' } }
{ 'union': 'RunUnion', 'base': 'RunStruct', 'discriminator': 'state', 'data': {} }
{ 'alternate': 'RunAlternate', 'data': { 'a': 'RunState' } }
{ 'command': 'run', 'data': 'RunStruct' }
";
    let scratch = Scratch::new("types", &[]);
    let path = scratch.0.join("a.json");
    let mut client = Client::new(json!({}), Value::Null);
    let mut proposed = |expression: &str| -> String {
        let text = format!("{types}{expression}\n");
        let place = find(&text, "|", 0);
        client.open(&path, &text.replace('|', ""));
        let answer = client.at("completion", &path, place, json!({})).unwrap();
        let items = answer["items"].as_array().unwrap().iter();
        let mut labels: Vec<&str> = items.map(|i| i["label"].as_str().unwrap()).collect();
        labels.sort_unstable();
        labels.join(" ")
    };
    let any = "RunAlternate RunState RunStruct RunUnion";
    for (expression, expected) in [
        ("{ 'struct': 'S', 'data': { 'a': 'Run|' } }", any),
        ("{ 'struct': 'S', 'data': { 'a': ['Run|'] } }", any),
        (
            "{ 'struct': 'S', 'data': { 'a': { 'type': 'Run|' } } }",
            any,
        ),
        (
            "{ 'struct': 'S', 'data': { '*a': { 'type': ['Run|'] } } }",
            any,
        ),
        // A member may be called like a keyword.
        ("{ 'struct': 'S', 'data': { 'if': 'Run|' } }", any),
        ("{ 'struct': 'S', 'data': { 'features': ['Run|'] } }", any),
        ("{ 'command': 'c', 'data': { 'a': 'Run|' } }", any),
        ("{ 'event': 'E', 'data': { 'a': { 'type': 'Run|' } } }", any),
        ("{ 'command': 'c', 'returns': 'Run|' }", any),
        ("{ 'command': 'c', 'returns': ['Run|'] }", any),
        ("{ 'union': 'U', 'base': { 'a': 'Run|' } }", any),
        ("{ 'union': 'U', 'base': { 'a': { 'type': 'Run|' } } }", any),
        ("{ 'alternate': 'A', 'data': { 'a': ['Run|'] } }", any),
        // Alternatives are no alternates, branches have members, a base is a struct.
        (
            "{ 'alternate': 'A', 'data': { 'a': 'Run|' } }",
            "RunState RunStruct RunUnion",
        ),
        (
            "{ 'union': 'U', 'base': 'B', 'data': { 'a': 'Run|' } }",
            "RunStruct RunUnion",
        ),
        (
            "{ 'union': 'U', 'data': { 'a': { 'type': 'Run|' } } }",
            "RunStruct RunUnion",
        ),
        ("{ 'union': 'U', 'data': { 'a': ['Run|'] } }", ""),
        ("{ 'command': 'c', 'data': 'Run|' }", "RunStruct RunUnion"),
        ("{ 'event': 'E', 'data': 'Run|' }", "RunStruct RunUnion"),
        ("{ 'event': 'E', 'data': ['Run|'] }", ""),
        ("{ 'struct': 'S', 'base': 'Run|' }", "RunStruct"),
        ("{ 'union': 'U', 'base': 'Run|' }", "RunStruct"),
        ("{ 'struct': 'S', 'data': 'Run|' }", ""),
        ("{ 'enum': 'N', 'data': [ 'Run|' ] }", ""),
        ("{ 'enum': 'N', 'data': [ { 'name': 'Run|' } ] }", ""),
        // Built-in types.
        ("{ 'struct': 'S', 'data': { 'abc': 'uint8|' } }", "uint8"),
        ("{ 'union': 'U', 'base': { 'abc': 'uint8|' } }", "uint8"),
        ("{ 'command': 'c', 'returns': 'uint8|' }", "uint8"),
        ("{ 'struct': 'S', 'data': { 'a': 'any|' } }", "any"),
        ("{ 'alternate': 'A', 'data': { 'a': 'any|' } }", ""),
        ("{ 'alternate': 'A', 'data': { 'a': 'null|' } }", "null"),
        ("{ 'union': 'U', 'data': { 'a': 'uint8|' } }", ""),
        ("{ 'command': 'c', 'data': 'uint8|' }", ""),
    ] {
        assert_eq!(proposed(expression), expected, "{expression}");
    }
    client.quit();
}

#[test]
fn symbols_are_the_definitions_with_their_parts() {
    let (_scratch, root, types) = schema("symbols");
    let mut client = Client::new(json!({}), Value::Null);
    client.open(&root, ROOT);
    client.open(&types, TYPES);
    let document = json!({ "textDocument": { "uri": uri(&types) } });
    let symbols = client
        .request("textDocument/documentSymbol", document)
        .unwrap();
    let lines = symbols.as_array().unwrap().iter().map(|symbol| {
        let children = symbol["children"].as_array().unwrap().iter();
        let children: Vec<&str> = children.map(|c| c["name"].as_str().unwrap()).collect();
        let text = |key: &str| symbol[key].as_str().unwrap().to_owned();
        format!("{} {} {}", text("detail"), text("name"), children.join(","))
    });
    assert_eq!(
        lines.collect::<Vec<_>>(),
        [
            "struct Point x,y",
            "enum Kind dot,line",
            "struct Base kind",
            "union Shape "
        ]
    );
    let found = client
        .request("workspace/symbol", json!({ "query": "MV" }))
        .unwrap();
    let names: Vec<&str> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["move", "MOVED"]);
    client.quit();
}

#[test]
fn documentation_is_formatted_as_the_command_formats_it() {
    let text = "##\n# @E:\n# Text é\n# @a:  one\n#  two\n##\n{ 'event': 'E', 'data': { 'a': 'int' } }\n\n##\n# @F:\n# Text.\n##\n{ 'event': 'F' }\n";
    let scratch = Scratch::new("formatting", &[("a.json", text)]);
    let path = scratch.0.join("a.json");
    let mut client = Client::new(json!({}), Value::Null);
    client.open(&path, text);
    let document = json!({ "textDocument": { "uri": uri(&path) }, "options": {} });
    let edits = client
        .request("textDocument/formatting", document.clone())
        .unwrap();
    let formatted = edited(text, &edits);
    let mut of_range = document;
    of_range["range"] =
        json!({ "start": { "line": 9, "character": 0 }, "end": { "line": 11, "character": 0 } });
    let one = client
        .request("textDocument/rangeFormatting", of_range)
        .unwrap();
    assert_eq!(
        (
            edits.as_array().unwrap().len(),
            one.as_array().unwrap().len()
        ),
        (2, 1)
    );
    client.quit();
    let check = scratch.run(&["fmt", "--check", "a.json"]);
    assert_eq!((check.status, check.stdout.as_str()), (1, "a.json\n"));
    assert_eq!(
        scratch.run_with_input(&["fmt", "-"], text).stdout,
        formatted
    );
    assert_eq!(scratch.run(&["fmt", "a.json"]).status, 0);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), formatted);
    assert_eq!(scratch.run(&["fmt", "--check", "a.json"]).status, 0);
    assert_eq!(scratch.run(&["fmt", "absent.json"]).status, 2);
    assert!(
        formatted.contains("# @a: one\n#     two\n##\n"),
        "{formatted}"
    );
}

#[test]
fn what_is_no_schema_is_not_formatted() {
    let text = "not json at all\n##\n# @E:\n# Text\n##\n";
    let good = "##\n# @E:\n# Text\n##\n{ 'event': 'E' }\n";
    let files = [("bad.json", text), ("good.json", good)];
    let scratch = Scratch::new("no-schema", &files);
    for arguments in [&["fmt", "bad.json"][..], &["fmt", "--check", "bad.json"]] {
        let run = scratch.run(arguments);
        assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{}", run.stderr);
        let place = run.stderr.contains("stray 'not'") && run.stderr.contains("bad.json:1:1");
        assert!(place, "{}", run.stderr);
    }
    let piped = scratch.run_with_input(&["fmt", "-"], text);
    assert_eq!((piped.status, piped.stdout.as_str()), (1, ""));
    assert!(piped.stderr.contains("<stdin>:1:1"), "{}", piped.stderr);
    // The others are formatted all the same.
    assert_eq!(scratch.run(&["fmt", "bad.json", "good.json"]).status, 1);
    let read = |name| std::fs::read_to_string(scratch.0.join(name)).unwrap();
    assert_eq!(read("bad.json"), text);
    assert_ne!(read("good.json"), good);
}

#[test]
fn errors_come_with_things_to_do() {
    let text = "{ 'event': 'E', 'data': { 'a': 'Intt', 'b': 'itn' } }\n\n##\n# Text. Text\n##\n";
    let scratch = Scratch::new("actions", &[]);
    let path = scratch.0.join("a.json");
    let mut client = Client::new(json!({}), Value::Null);
    client.open(&path, text);
    let (line, character) = find(text, "itn", 0);
    let place = json!({ "line": line, "character": character });
    let mut actions = |range: Value| {
        let params =
            json!({ "textDocument": { "uri": uri(&path) }, "range": range, "context": {} });
        client.request("textDocument/codeAction", params).unwrap()
    };
    let here = actions(json!({ "start": place, "end": place }));
    let titles = |actions: &Value| -> Vec<String> {
        let actions = actions.as_array().unwrap().iter();
        actions
            .map(|a| a["title"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(titles(&here), ["Write 'int'", "Explain T4"]);
    let changes = &here[0]["edit"]["changes"][uri(&path)];
    assert!(edited(text, changes).contains("'b': 'int' }"));
    let third = json!({ "line": 3, "character": 8 });
    let spaces = actions(json!({ "start": third, "end": third }));
    let changes = &spaces[0]["edit"]["changes"][uri(&path)];
    assert!(
        edited(text, changes).contains("# Text.  Text\n"),
        "{spaces:#}"
    );
    let command = &here[1]["command"];
    let params = json!({ "command": command["command"], "arguments": command["arguments"] });
    let explained = client.request("workspace/executeCommand", params).unwrap();
    assert!(explained.as_str().unwrap().contains("defined nowhere"));
    let shown = client.notification("window/showMessage");
    assert_eq!(shown["params"]["message"], explained);
    let unknown = client.request("workspace/executeCommand", json!({ "command": "x" }));
    assert_eq!(unknown.unwrap_err()["code"], -32602);
    client.quit();
}

//! Beginning and end, messages that are wrong, which schema a file belongs to.

use crate::common::run::Scratch;
use crate::lsp::client::{Client, find, uri};
use crate::lsp::{ROOT, TYPES, schema};
use serde_json::{Value, json};

#[test]
fn the_exit_status_tells_an_orderly_end_from_others() {
    let client = Client::new(json!({}), Value::Null);
    client.quit();

    let mut client = Client::new(json!({}), Value::Null);
    client.notify("exit", Value::Null);
    assert_eq!(client.wait(), 1);

    assert_eq!(Client::raw(&[]).wait(), 1);

    let mut client = Client::raw(&["--stdio"]);
    client.write(b"GET / HTTP/1.1\r\n\r\n");
    assert_eq!(client.wait(), 2);
}

#[test]
fn requests_out_of_order_and_wrong_ones_have_errors_as_answers() {
    let mut client = Client::raw(&[]);
    let code = |result: Result<Value, Value>| result.unwrap_err()["code"].as_i64().unwrap();
    let hover = json!({ "textDocument": { "uri": "file:///no" }, "position": {} });
    assert_eq!(
        code(client.request("textDocument/hover", hover.clone())),
        -32002
    );
    // Before the greeting nothing is known; this is not answered.
    client.notify("textDocument/didOpen", json!({}));
    let greeting = json!({ "capabilities": {} });
    client.request("initialize", greeting.clone()).unwrap();
    assert_eq!(code(client.request("initialize", greeting)), -32600);
    assert_eq!(code(client.request("textDocument/hover", hover)), -32602);
    assert_eq!(
        code(client.request("textDocument/hover", json!([1]))),
        -32602
    );
    assert_eq!(
        code(client.request("textDocument/nothing", json!({}))),
        -32601
    );
    client.send("{ no JSON");
    let answer = client.receive();
    assert_eq!(
        (&answer["id"], &answer["error"]["code"]),
        (&Value::Null, &json!(-32700))
    );
    client.send("[]");
    assert_eq!(client.receive()["error"]["code"], -32600);
    // A notification that makes no sense is logged, and changes nothing.
    client.notify("textDocument/didChange", json!({ "textDocument": {} }));
    let logged = client.notification("window/logMessage");
    let message = logged["params"]["message"].as_str().unwrap();
    assert!(message.contains("didChange"), "{message}");
    assert_eq!(client.request("shutdown", Value::Null), Ok(Value::Null));
    assert_eq!(code(client.request("workspace/symbol", json!({}))), -32600);
    client.notify("exit", Value::Null);
    assert_eq!(client.wait(), 0);
}

#[test]
fn buffers_count_and_not_what_is_on_disk() {
    let (_scratch, root, types) = schema("buffers");
    let mut client = Client::new(json!({}), Value::Null);
    client.open(&root, ROOT);
    assert_eq!(client.diagnostics(&root), [] as [Value; 0]);
    // Another file of the schema changes, and is not saved.
    client.open(&types, TYPES);
    client.diagnostics(&types);
    client.change(&types, Value::Null, &TYPES.replace("Point", "Place"));
    let found = client.notification("textDocument/publishDiagnostics");
    // The file that uses the type is wrong now.
    assert_eq!(found["params"]["uri"], uri(&root));
    let found = &found["params"]["diagnostics"];
    assert_eq!(found.as_array().unwrap().len(), 3, "{found:#}");
    assert_eq!(found[0]["code"], "T4");
    let (line, character) = find(ROOT, "'Point'", 0);
    assert_eq!(
        found[0]["range"]["start"],
        json!({ "line": line, "character": character })
    );
    let href = found[0]["codeDescription"]["href"].as_str().unwrap();
    assert!(href.starts_with("https://www.qemu.org/docs/"), "{href}");
    // Closed without saving, it is as on disk.
    let document = json!({ "textDocument": { "uri": uri(&types) } });
    client.notify("textDocument/didClose", document);
    loop {
        let found = client.notification("textDocument/publishDiagnostics");
        if found["params"]["uri"] == uri(&root) {
            assert_eq!(found["params"]["diagnostics"], json!([]));
            break;
        }
    }
    client.quit();
}

#[test]
fn changes_are_applied_in_the_encoding_that_was_agreed_upon() {
    let text = "# €𝄞 x\n{ 'enum': 'Ee', 'data': [] }\n";
    let broken = [
        json!({ "encodings": ["utf-32", "utf-8", "utf-16"], "name": "utf-8", "at": 10 }),
        json!({ "encodings": ["utf-16"], "name": "utf-16", "at": 6 }),
        json!({ "encodings": null, "name": "utf-16", "at": 6 }),
    ];
    let scratch = Scratch::new("encodings", &[]);
    let path = scratch.0.join("a.json");
    for case in broken {
        let general = json!({ "general": { "positionEncodings": case["encodings"] } });
        let mut client = Client::new(general, Value::Null);
        assert_eq!(client.capabilities["positionEncoding"], case["name"]);
        client.open(&path, text);
        assert_eq!(client.diagnostics(&path), [] as [Value; 0]);
        // What stands for x ends the comment, and puts an error behind other characters.
        let at = case["at"].as_u64().unwrap();
        let x = json!({ "start": { "line": 0, "character": at }, "end": { "line": 0, "character": at + 1 } });
        let second =
            json!({ "start": { "line": 1, "character": 0 }, "end": { "line": 1, "character": 0 } });
        client.changes(
            &path,
            json!([
                { "range": x, "text": "y\n" },
                { "range": second, "text": "{ 'enum': 'Ff', 'data': ['€'] }" },
            ]),
        );
        let found = client.diagnostics(&path);
        assert_eq!(found[0]["code"], "L4", "{found:?}");
        assert_eq!(
            found[0]["range"]["start"],
            json!({ "line": 1, "character": 26 })
        );
        let width = if case["name"] == "utf-8" { 29 } else { 27 };
        assert_eq!(
            found[0]["range"]["end"],
            json!({ "line": 1, "character": width })
        );
        client.quit();
    }
}

#[test]
fn a_file_belongs_to_the_schema_that_includes_it() {
    let broken = "{ 'command': 'c', 'data': 'Absent' }\n";
    let files = [
        (
            "qapi-schema.json",
            "{ 'include': 'sub/in.json' }\n{ 'struct': 'Absent', 'data': {} }\n",
        ),
        ("sub/in.json", broken),
        ("sub/alone.json", broken),
        ("sub/qapi-schema.json", "{ 'include': 'other.json' }\n"),
        ("sub/other.json", broken),
        (
            "parts/top.json",
            "{ 'include': 'middle.json' }\n{ 'struct': 'Absent', 'data': {} }\n",
        ),
        ("parts/middle.json", "{ 'include': 'low.json' }\n"),
        ("parts/low.json", broken),
    ];
    let scratch = Scratch::new("roots", &files);
    let mut client = Client::new(json!({}), Value::Null);
    let errors = |client: &mut Client, name: &str| {
        let path = scratch.0.join(name);
        client.open(&path, broken);
        client.diagnostics(&path).len()
    };
    assert_eq!(errors(&mut client, "sub/in.json"), 0);
    assert_eq!(errors(&mut client, "sub/alone.json"), 1);
    assert_eq!(errors(&mut client, "sub/other.json"), 1);
    assert_eq!(errors(&mut client, "parts/low.json"), 0);
    client.quit();
    // Told so, a root that nothing would find.
    std::fs::write(
        scratch.0.join("root.json"),
        "{ 'include': 'sub/alone.json' }\n{ 'struct': 'Absent', 'data': {} }\n",
    )
    .unwrap();
    let root = scratch.0.join("root.json").display().to_string();
    let mut client = Client::new(json!({}), json!({ "roots": [root] }));
    assert_eq!(errors(&mut client, "sub/alone.json"), 0);
    client.quit();
    let mut client = Client::raw(&["--root", &root]);
    client
        .request("initialize", json!({ "capabilities": {} }))
        .unwrap();
    assert_eq!(errors(&mut client, "sub/alone.json"), 0);
    client.quit();
}

#[test]
fn options_that_are_of_no_use_are_told() {
    let scratch = Scratch::new("options", &[("a.json", "{ 'command': 'c' }\n")]);
    let absent = scratch.0.join("absent.json").display().to_string();
    let folder = scratch.0.display().to_string();
    let shown = |arguments: &[&str], options: Value| -> Vec<String> {
        let mut client = Client::raw(arguments);
        let params = json!({
            "capabilities": {}, "rootUri": uri(&scratch.0), "initializationOptions": options,
        });
        client.request("initialize", params).unwrap();
        client.notify("initialized", json!({}));
        // What comes before the answer to another request is all.
        client
            .request("workspace/symbol", json!({ "query": "" }))
            .unwrap();
        let told = client.told();
        client.quit();
        let told = told.iter().map(|message| {
            assert_eq!(message["method"], "window/showMessage", "{message}");
            assert_eq!(message["params"]["type"], 2, "{message}");
            message["params"]["message"].as_str().unwrap().to_owned()
        });
        told.collect()
    };
    for (arguments, options, expected) in [
        (vec![], Value::Null, vec![]),
        (
            vec![],
            json!({ "roots": ["a.json"], "legacy": true, "includePath": [] }),
            vec![],
        ),
        (vec!["--root", &absent], Value::Null, vec![absent.as_str()]),
        (vec!["--root", &folder], Value::Null, vec!["it is no file"]),
        (
            vec![],
            json!({ "roots": ["a.json", "absent.json"] }),
            vec![&absent],
        ),
        (
            vec![],
            json!({ "roots": 5 }),
            vec!["'roots' is a list of paths, not 5"],
        ),
        (
            vec![],
            json!({ "roots": [true], "includePath": "a", "legacy": "yes" }),
            vec![
                "'roots' has true",
                "'includePath' is a list",
                "'legacy' is true or false",
            ],
        ),
        (
            vec![],
            json!([]),
            vec!["initializationOptions are an object"],
        ),
        (
            vec![],
            json!({ "root": ["a.json"], "includepath": [], "verbose": 1 }),
            vec![
                "no option 'includepath'; did you mean 'includePath'?",
                "no option 'root'; did you mean 'roots'?",
                "no option 'verbose'; there are roots, includePath, legacy",
            ],
        ),
    ] {
        let told = shown(&arguments, options.clone());
        assert_eq!(told.len(), expected.len(), "{options}: {told:?}");
        for (told, expected) in told.iter().zip(expected) {
            assert!(told.contains(expected), "{told}");
        }
    }
}

#[test]
fn files_that_change_on_disk_are_read_again() {
    let (scratch, root, types) = schema("disk");
    let watches =
        json!({ "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": true } } });
    let mut client = Client::new(watches, Value::Null);
    let asked = client.notification("client/registerCapability");
    assert_eq!(
        asked["params"]["registrations"][0]["method"],
        "workspace/didChangeWatchedFiles"
    );
    let answer = json!({ "jsonrpc": "2.0", "id": asked["id"], "result": null });
    client.send(&answer.to_string());
    client.open(&root, ROOT);
    assert_eq!(client.diagnostics(&root).len(), 0);
    std::fs::write(&types, "\n").unwrap();
    let change = json!({ "changes": [{ "uri": uri(&types), "type": 2 }] });
    client.notify("workspace/didChangeWatchedFiles", change);
    assert_eq!(client.diagnostics(&root).len(), 4);
    drop(scratch);
    client.quit();
}

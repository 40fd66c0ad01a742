//! The language server, in process: from a change to what is wrong then, and from a question to its answer.

use divan::Bencher;
use qapi_gen::lsp::{Options, serve};
use serde_json::{Value, json};
use std::io::{self, BufReader, PipeReader, PipeWriter, Read, Write, pipe};
use std::path::PathBuf;

fn main() {
    divan::main();
}

/// An editor with one file of a schema open.
struct Editor {
    input: PipeWriter,
    output: BufReader<PipeReader>,
    uri: String,
    version: u64,
}

impl Editor {
    fn new() -> Editor {
        let root = documented().unwrap_or_else(qapi_schema::qmp);
        let path = root.with_file_name("block-core.json");
        let text = std::fs::read_to_string(&path).expect("the file is there");
        let (from_editor, input) = pipe().expect("there is a pipe");
        let (output, mut to_editor) = pipe().expect("there is a pipe");
        std::thread::spawn(move || {
            serve(
                BufReader::new(from_editor),
                &mut to_editor,
                Options::default(),
            )
        });
        let mut editor = Editor {
            input,
            output: BufReader::new(output),
            uri: format!("file://{}", path.display()),
            version: 0,
        };
        editor.ask("initialize", json!({ "capabilities": {} }));
        let document = json!({ "uri": editor.uri, "version": 0, "text": text });
        editor.send(json!({
            "method": "textDocument/didOpen",
            "params": { "textDocument": document },
        }));
        editor.published();
        editor
    }

    fn send(&mut self, message: Value) {
        let body = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{body}", body.len()).expect("it listens");
    }

    fn receive(&mut self) -> io::Result<Value> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.output.read_exact(&mut byte)?;
            head.extend(byte);
        }
        let head = String::from_utf8_lossy(&head);
        let length = head.trim().trim_start_matches("Content-Length: ");
        let mut body = vec![0; length.parse().map_err(io::Error::other)?];
        self.output.read_exact(&mut body)?;
        Ok(serde_json::from_slice(&body)?)
    }

    fn published(&mut self) {
        loop {
            let params = &self.receive().expect("it answers")["params"];
            if params["uri"] == self.uri && params["version"] == self.version {
                return;
            }
        }
    }

    /// Types a space at the start, or takes it back.
    fn edit(&mut self) {
        let taken_back = self.version % 2;
        self.version += 1;
        let range = json!({
            "start": { "line": 0, "character": 0 },
            "end": { "line": 0, "character": taken_back },
        });
        let text = if taken_back == 0 { " " } else { "" };
        let params = json!({
            "textDocument": { "uri": self.uri, "version": self.version },
            "contentChanges": [{ "range": range, "text": text }],
        });
        self.send(json!({ "method": "textDocument/didChange", "params": params }));
        self.published();
    }

    fn ask(&mut self, method: &str, params: Value) {
        self.send(json!({ "id": 1, "method": method, "params": params }));
        while self.receive().expect("it answers").get("id").is_none() {}
    }
}

#[divan::bench]
fn edit(bencher: Bencher) {
    let mut editor = Editor::new();
    bencher.bench_local(|| editor.edit());
}

#[divan::bench(args = ["hover", "completion", "documentSymbol", "formatting"])]
fn question_after_an_edit(bencher: Bencher, method: &str) {
    let mut editor = Editor::new();
    let method = format!("textDocument/{method}");
    bencher.bench_local(|| {
        editor.edit();
        let position = json!({ "line": 100, "character": 0 });
        let document = json!({ "uri": editor.uri });
        editor.ask(
            &method,
            json!({ "textDocument": document, "position": position }),
        );
    });
}

/// The schema of a QEMU release with all its documentation, if one is at hand.
fn documented() -> Option<PathBuf> {
    let beside = || concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared").into();
    let corpus = PathBuf::from(std::env::var_os("QAPI_CORPUS").unwrap_or_else(beside));
    let release = include_str!("../../schema/VERSION").trim();
    let root = corpus.join(format!("schemas/{release}/qapi/qapi-schema.json"));
    std::fs::canonicalize(root).ok()
}

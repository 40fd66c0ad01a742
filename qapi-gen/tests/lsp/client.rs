//! An editor, as far as the server can tell: it speaks the protocol over pipes.

use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

pub(crate) struct Client {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    next_id: u64,
    version: u64,
    waiting: VecDeque<Value>,
    pub(crate) capabilities: Value,
}

pub(crate) fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

impl Client {
    /// A server that was greeted by a client with these abilities.
    pub(crate) fn new(capabilities: Value, options: Value) -> Client {
        let mut client = Client::raw(&[]);
        let params = json!({
            "processId": null,
            "rootUri": null,
            "capabilities": capabilities,
            "initializationOptions": options,
        });
        client.capabilities = client.request("initialize", params).unwrap()["capabilities"].take();
        client.notify("initialized", json!({}));
        client
    }

    /// A server that was not greeted yet.
    pub(crate) fn raw(arguments: &[&str]) -> Client {
        let mut child = Command::new(env!("CARGO_BIN_EXE_qapi-gen"))
            .arg("lsp")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Client {
            input: child.stdin.take(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
            next_id: 1,
            version: 0,
            waiting: VecDeque::new(),
            capabilities: Value::Null,
        }
    }

    pub(crate) fn send(&mut self, body: &str) {
        let message = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        self.write(message.as_bytes());
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().unwrap();
        input.write_all(bytes).unwrap();
        input.flush().unwrap();
    }

    pub(crate) fn receive(&mut self) -> Value {
        let mut length = None;
        loop {
            let mut line = String::new();
            let read = self.output.read_line(&mut line).unwrap();
            assert_ne!(read, 0, "the server is gone");
            if line == "\r\n" {
                break;
            }
            if let Some(value) = line.strip_prefix("Content-Length: ") {
                length = value.trim().parse::<usize>().ok();
            }
        }
        let mut body = vec![0; length.unwrap()];
        self.output.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    pub(crate) fn notify(&mut self, method: &str, params: Value) {
        let message = json!({ "jsonrpc": "2.0", "method": method, "params": params });
        self.send(&message.to_string());
    }

    /// The result of a request, or its error.
    pub(crate) fn request(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        let id = self.next_id;
        self.next_id += 1;
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.send(&message.to_string());
        loop {
            let mut message = self.receive();
            if message.get("method").is_some() {
                self.waiting.push_back(message);
                continue;
            }
            assert_eq!(message["id"], id, "{message}");
            return match message["error"].take() {
                Value::Null => Ok(message["result"].take()),
                error => Err(error),
            };
        }
    }

    pub(crate) fn open(&mut self, path: &Path, text: &str) {
        self.version += 1;
        let document = json!({
            "uri": uri(path), "languageId": "json", "version": self.version, "text": text,
        });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// Replaces a range, or everything.
    pub(crate) fn change(&mut self, path: &Path, range: Value, text: &str) {
        let change = match range {
            Value::Null => json!({ "text": text }),
            range => json!({ "range": range, "text": text }),
        };
        self.changes(path, json!([change]));
    }

    pub(crate) fn changes(&mut self, path: &Path, changes: Value) {
        self.version += 1;
        let document = json!({ "uri": uri(path), "version": self.version });
        let params = json!({ "textDocument": document, "contentChanges": changes });
        self.notify("textDocument/didChange", params);
    }

    /// What is wrong with a file that is open, after everything that was sent.
    pub(crate) fn diagnostics(&mut self, path: &Path) -> Vec<Value> {
        loop {
            let message = self.notification("textDocument/publishDiagnostics");
            let params = &message["params"];
            if params["uri"] == uri(path) && params["version"] == self.version {
                return params["diagnostics"].as_array().unwrap().clone();
            }
        }
    }

    pub(crate) fn notification(&mut self, method: &str) -> Value {
        loop {
            let message = match self.waiting.pop_front() {
                Some(message) => message,
                None => self.receive(),
            };
            if message["method"] == method {
                return message;
            }
        }
    }

    /// What came beside answers, and was not asked for yet.
    pub(crate) fn told(&mut self) -> Vec<Value> {
        self.waiting.drain(..).collect()
    }

    /// A request about a place in a document.
    pub(crate) fn at(
        &mut self,
        method: &str,
        path: &Path,
        (line, character): (usize, usize),
        more: Value,
    ) -> Result<Value, Value> {
        let mut params = more;
        params["textDocument"] = json!({ "uri": uri(path) });
        params["position"] = json!({ "line": line, "character": character });
        self.request(&format!("textDocument/{method}"), params)
    }

    /// Ends the input, and gives the exit status.
    pub(crate) fn wait(mut self) -> i32 {
        drop(self.input.take());
        self.child.wait().unwrap().code().unwrap()
    }

    /// Ends as editors do.
    pub(crate) fn quit(mut self) {
        assert_eq!(self.request("shutdown", Value::Null), Ok(Value::Null));
        self.notify("exit", Value::Null);
        assert_eq!(self.wait(), 0);
    }
}

/// Where a text stands the nth time: line, and UTF-16 units, of its start.
#[track_caller]
pub(crate) fn find(text: &str, what: &str, nth: usize) -> (usize, usize) {
    let (at, _) = text.match_indices(what).nth(nth).expect(what);
    let before = &text[..at];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (
        before.matches('\n').count(),
        before[start..].encode_utf16().count(),
    )
}

/// Applies the edits to a text that an answer has for it.
pub(crate) fn edited(text: &str, edits: &Value) -> String {
    let offset = |position: &Value| {
        let line = position["line"].as_u64().unwrap() as usize;
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        let mut units = position["character"].as_u64().unwrap() as usize;
        let rest = text[start..].chars();
        let bytes = rest.take_while(|c| {
            let fits = units >= c.len_utf16() && units > 0;
            units = units.saturating_sub(c.len_utf16());
            fits
        });
        start + bytes.map(char::len_utf8).sum::<usize>()
    };
    let edits = edits.as_array().unwrap().iter();
    let mut edits: Vec<(usize, usize, &str)> = edits
        .map(|edit| {
            let range = &edit["range"];
            let new = edit["newText"].as_str().unwrap();
            (offset(&range["start"]), offset(&range["end"]), new)
        })
        .collect();
    edits.sort_unstable();
    let mut out = text.to_owned();
    for (start, end, new) in edits.into_iter().rev() {
        out.replace_range(start..end, new);
    }
    out
}

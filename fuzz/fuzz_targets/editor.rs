//! The language server, while somebody types: any edits, and questions about any place. Each question is answered once, and in the
//! end the server has the text that the editor has.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use qapi_gen::lsp::{End, Options, serve};
use serde_json::{Value, json};

const URI: &str = "file:///nowhere/main.json";

const QUESTIONS: [&str; 9] = [
    "hover",
    "definition",
    "references",
    "documentHighlight",
    "prepareRename",
    "rename",
    "completion",
    "codeAction",
    "rangeFormatting",
];

/// An editor with one file open.
struct Editor {
    sent: Vec<u8>,
    text: String,
    version: i32,
    /// How many questions were asked.
    asked: u32,
}

// A length and the first text; then an action each, two places and the text of an edit.
fuzz_target!(|input: &[u8]| {
    let mut rest = input;
    let mut editor = Editor { sent: Vec::new(), text: text(&mut rest), version: 0, asked: 0 };
    editor.ask("initialize", json!({"capabilities": {}}));
    editor.tell("initialized", json!({}));
    editor.open();
    while let [action, from, to, tail @ ..] = rest {
        rest = tail;
        let (from, to) = (editor.place(*from), editor.place(*to));
        let range = from.min(to)..from.max(to);
        match usize::from(*action) {
            0..=127 => editor.replace(range, &text(&mut rest)),
            action => editor.question(QUESTIONS[action % QUESTIONS.len()], range),
        }
    }
    let before = editor.summary();
    editor.tell("textDocument/didClose", json!({"textDocument": {"uri": URI}}));
    editor.open();
    let after = editor.summary();
    let last = editor.asked;
    editor.ask("shutdown", Value::Null);
    editor.tell("exit", Value::Null);

    let mut output = Vec::new();
    let end = serve(Cursor::new(editor.sent), &mut output, Options::default());
    assert_eq!(end.expect("nothing fails"), End::Orderly);
    let answers: Vec<Value> = answers(&output).collect();
    let ids: Vec<u64> = answers.iter().filter_map(|answer| answer["id"].as_u64()).collect();
    assert!(ids.iter().copied().eq(1..=u64::from(last) + 1), "an answer each, in order");
    let answer = |id: u32| &answers[id as usize - 1]["result"];
    for (before, after) in before.zip(after) {
        assert_eq!(answer(before), answer(after));
    }
});

/// A byte that says how long it is, and the text. Ends of lines are LF.
fn text(rest: &mut &[u8]) -> String {
    let Some((length, tail)) = rest.split_first() else {
        return String::new();
    };
    let (text, tail) = tail.split_at(tail.len().min(usize::from(*length)));
    *rest = tail;
    String::from_utf8_lossy(text).replace('\r', "")
}

impl Editor {
    fn send(&mut self, message: &Value) {
        let message = message.to_string();
        self.sent.extend(format!("Content-Length: {}\r\n\r\n{message}", message.len()).bytes());
    }

    fn ask(&mut self, method: &str, params: Value) -> u32 {
        self.asked += 1;
        self.send(&json!({"jsonrpc": "2.0", "id": self.asked, "method": method, "params": params}));
        self.asked
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    fn open(&mut self) {
        self.version += 1;
        let document = json!({"uri": URI, "languageId": "qapi", "version": self.version, "text": self.text});
        self.tell("textDocument/didOpen", json!({"textDocument": document}));
    }

    /// A place in the text, of 256 that there are.
    fn place(&self, byte: u8) -> usize {
        let at = self.text.len() * usize::from(byte) / 255;
        (at..).find(|at| self.text.is_char_boundary(*at)).expect("the end is one")
    }

    fn position(&self, at: usize) -> Value {
        let before = &self.text[..at];
        let line = before.rfind('\n').map_or(0, |end| end + 1);
        json!({"line": before.matches('\n').count(), "character": before[line..].encode_utf16().count()})
    }

    fn replace(&mut self, range: std::ops::Range<usize>, text: &str) {
        self.version += 1;
        let at = json!({"start": self.position(range.start), "end": self.position(range.end)});
        self.text.replace_range(range, text);
        self.tell("textDocument/didChange", json!({
            "textDocument": {"uri": URI, "version": self.version},
            "contentChanges": [{"range": at, "text": text}],
        }));
    }

    fn question(&mut self, name: &str, range: std::ops::Range<usize>) {
        let start = self.position(range.start);
        let params = json!({
            "textDocument": {"uri": URI},
            "position": start,
            "range": {"start": start, "end": self.position(range.end)},
            "newName": "Renamed",
            "context": {"includeDeclaration": true, "diagnostics": []},
            "options": {"tabSize": 4, "insertSpaces": true},
        });
        self.ask(&format!("textDocument/{name}"), params);
    }

    /// Asks what depends on all of the text; the numbers of the questions.
    fn summary(&mut self) -> std::ops::RangeInclusive<u32> {
        let first = self.asked + 1;
        self.ask("textDocument/documentSymbol", json!({"textDocument": {"uri": URI}}));
        let options = json!({"tabSize": 4, "insertSpaces": true});
        let last = self.ask("textDocument/formatting", json!({"textDocument": {"uri": URI}, "options": options}));
        first..=last
    }
}

/// The responses among what the server sent.
fn answers(mut output: &[u8]) -> impl Iterator<Item = Value> {
    std::iter::from_fn(move || {
        let head = output.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
        let length = std::str::from_utf8(&output[..head]).expect("a header");
        let length = length.rsplit(' ').next().and_then(|text| text.parse().ok());
        let (message, rest) = output[head + 4..].split_at(length.expect("a length"));
        output = rest;
        Some(serde_json::from_slice::<Value>(message).expect("a message"))
    })
    .filter(|message| message.get("method").is_none())
}

//! The session: its beginning and end, and what is done in which order.

use super::files::Document;
use super::options::configured;
use super::request::{document_path, uri};
use super::text::{Encoding, Lines};
use super::transport::{self, Client, Failure, Message, code};
use super::workspace::Workspace;
use super::{End, Options, actions, complete, hover, names, rename, symbols};
use crate::format;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::{self, BufRead, Write};
use std::sync::mpsc::{Receiver, TryRecvError, channel};

pub(super) fn serve(
    mut input: impl BufRead + Send + 'static,
    output: &mut dyn Write,
    options: Options,
) -> io::Result<End> {
    let (sender, messages) = channel();
    std::thread::spawn(move || {
        loop {
            let message = transport::read(&mut input).transpose();
            let Some(message) = message else { break };
            let last = message.is_err();
            if sender.send(message).is_err() || last {
                break;
            }
        }
    });
    let mut session = Session {
        client: Client::new(output),
        state: State::New(options),
        queue: VecDeque::new(),
        messages,
        unpublished: false,
    };
    session.run()
}

enum State {
    New(Options),
    Running(Box<Workspace>),
    ShutDown,
}

struct Session<'o> {
    client: Client<'o>,
    state: State,
    /// What has come and is not done yet.
    queue: VecDeque<Message>,
    messages: Receiver<io::Result<Message>>,
    /// Whether something may be wrong that the client was not told.
    unpublished: bool,
}

/// What to do after a message.
enum Next {
    Go,
    End(End),
}

impl Session<'_> {
    fn run(&mut self) -> io::Result<End> {
        loop {
            // What has come is looked at as a whole: a request may be cancelled by a message behind it, and of several
            // changes only the last state has to be checked.
            let mut ended = false;
            loop {
                match self.messages.try_recv() {
                    Ok(message) => self.queue.push_back(message?),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => {
                        ended = true;
                        break;
                    }
                }
            }
            match self.queue.pop_front() {
                Some(message) => {
                    if let Next::End(end) = self.message(message)? {
                        return Ok(end);
                    }
                }
                None if self.unpublished => self.publish()?,
                None if ended => return Ok(End::Abrupt),
                None => match self.messages.recv() {
                    Ok(message) => self.queue.push_back(message?),
                    Err(_) => return Ok(End::Abrupt),
                },
            }
        }
    }

    fn publish(&mut self) -> io::Result<()> {
        self.unpublished = false;
        if let State::Running(workspace) = &mut self.state {
            for params in workspace.publish() {
                let method = "textDocument/publishDiagnostics";
                self.client.notify(method, params)?;
            }
        }
        Ok(())
    }

    fn message(&mut self, message: Message) -> io::Result<Next> {
        match message {
            Message::Invalid { id, error } => self.client.answer(id, Err(error))?,
            Message::Response => {}
            Message::Request { id, method, params } => {
                let result = match self.is_cancelled(&id) {
                    true => Err(Failure::new(code::REQUEST_CANCELLED, "cancelled")),
                    false => self.request(&method, &params),
                };
                self.client.answer(id, result)?;
            }
            Message::Notification { method, params } => match method.as_str() {
                "exit" => {
                    return Ok(Next::End(match self.state {
                        State::ShutDown => End::Orderly,
                        _ => End::Abrupt,
                    }));
                }
                _ => self.notification(&method, &params)?,
            },
        }
        Ok(Next::Go)
    }

    /// Whether the client has taken a request back.
    fn is_cancelled(&self, request: &Value) -> bool {
        self.queue.iter().any(|message| match message {
            Message::Notification { method, params } => {
                method == "$/cancelRequest" && params["id"] == *request
            }
            _ => false,
        })
    }

    fn request(&mut self, method: &str, params: &Value) -> Result<Value, Failure> {
        match (&mut self.state, method) {
            (State::New(options), "initialize") => {
                let encoding = Encoding::negotiate(&params["capabilities"]);
                let (options, warnings) = configured(options, params);
                let mut workspace = Workspace::new(options, encoding);
                workspace.warnings = warnings;
                let watched = &params["capabilities"]["workspace"]["didChangeWatchedFiles"];
                workspace.watches = watched["dynamicRegistration"] == true;
                self.state = State::Running(Box::new(workspace));
                Ok(capabilities(encoding))
            }
            (State::New(_), _) => {
                let message = "the first request is 'initialize'";
                Err(Failure::new(code::NOT_INITIALIZED, message))
            }
            (_, "initialize") => {
                let message = "'initialize' was there before";
                Err(Failure::new(code::INVALID_REQUEST, message))
            }
            (State::ShutDown, _) => {
                let message = "only 'exit' follows 'shutdown'";
                Err(Failure::new(code::INVALID_REQUEST, message))
            }
            (State::Running(_), "shutdown") => {
                self.state = State::ShutDown;
                Ok(Value::Null)
            }
            (State::Running(_), "workspace/executeCommand") => {
                let text = actions::execute(params)?;
                let message = json!({ "type": 3, "message": text });
                // That the client is gone shows at the answer.
                _ = self.client.notify("window/showMessage", message);
                Ok(Value::String(text))
            }
            (State::Running(workspace), _) => answer(workspace, method, params),
        }
    }

    fn notification(&mut self, method: &str, params: &Value) -> io::Result<()> {
        let State::Running(workspace) = &mut self.state else {
            return Ok(());
        };
        let result = match method {
            "initialized" => {
                for message in std::mem::take(&mut workspace.warnings) {
                    let params = json!({ "type": 2, "message": message });
                    self.client.notify("window/showMessage", params)?;
                }
                let watch = json!({ "registrations": [{
                    "id": "files",
                    "method": "workspace/didChangeWatchedFiles",
                    "registerOptions": { "watchers": [{ "globPattern": "**/*.json" }] },
                }] });
                return match workspace.watches {
                    true => self.client.request("client/registerCapability", watch),
                    false => Ok(()),
                };
            }
            "textDocument/didOpen" => open(workspace, &params["textDocument"]),
            "textDocument/didChange" => change(workspace, params),
            "textDocument/didClose" => close(workspace, params),
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" => {
                workspace.refresh_roots();
                Ok(())
            }
            _ => return Ok(()),
        };
        self.unpublished = true;
        // Nobody waits for an answer, but what is lost should be known.
        if let Err(failure) = result {
            let message = format!("{method}: {}", failure.message);
            let params = json!({ "type": 1, "message": message });
            self.client.notify("window/logMessage", params)?;
        }
        Ok(())
    }
}

fn capabilities(encoding: Encoding) -> Value {
    json!({
        "serverInfo": { "name": "qapi-gen", "version": env!("CARGO_PKG_VERSION") },
        "capabilities": {
            "positionEncoding": encoding.name(),
            "textDocumentSync": { "openClose": true, "change": 2, "save": {} },
            "hoverProvider": true,
            "definitionProvider": true,
            "referencesProvider": true,
            "documentHighlightProvider": true,
            "documentSymbolProvider": true,
            "workspaceSymbolProvider": true,
            "documentFormattingProvider": true,
            "documentRangeFormattingProvider": true,
            "renameProvider": { "prepareProvider": true },
            "completionProvider": { "triggerCharacters": ["'", "@", "`"] },
            "codeActionProvider": { "codeActionKinds": ["quickfix"] },
            "executeCommandProvider": { "commands": [actions::EXPLAIN] },
        },
    })
}

fn answer(workspace: &mut Workspace, method: &str, params: &Value) -> Result<Value, Failure> {
    match method {
        "textDocument/hover" => hover::hover(workspace, params),
        "textDocument/definition" => names::definition(workspace, params),
        "textDocument/references" => names::references(workspace, params),
        "textDocument/documentHighlight" => names::highlights(workspace, params),
        "textDocument/prepareRename" => rename::prepare(workspace, params),
        "textDocument/rename" => rename::rename(workspace, params),
        "textDocument/completion" => complete::complete(workspace, params),
        "textDocument/documentSymbol" => symbols::of_document(workspace, params),
        "workspace/symbol" => symbols::of_workspace(workspace, params),
        "textDocument/formatting" => formatted(workspace, params, false),
        "textDocument/rangeFormatting" => formatted(workspace, params, true),
        "textDocument/codeAction" => actions::actions(workspace, params),
        _ => {
            let message = format!("there is no method '{method}'");
            Err(Failure::new(code::METHOD_NOT_FOUND, message))
        }
    }
}

fn open(workspace: &mut Workspace, document: &Value) -> Result<(), Failure> {
    let text = document["text"]
        .as_str()
        .ok_or_else(|| Failure::params("a document has a 'text'"))?;
    workspace.open(Document {
        uri: uri(document)?.to_owned(),
        version: document["version"].clone(),
        lines: Lines::new(text),
        text: text.to_owned(),
    });
    Ok(())
}

fn change(workspace: &mut Workspace, params: &Value) -> Result<(), Failure> {
    let path = document_path(workspace, params)?;
    let encoding = workspace.encoding;
    let document = workspace.files.document_mut(&path).expect("it is open");
    document.version = params["textDocument"]["version"].clone();
    let result = document.change(&params["contentChanges"], encoding);
    workspace.changed(&path);
    result
}

fn close(workspace: &mut Workspace, params: &Value) -> Result<(), Failure> {
    let path = document_path(workspace, params)?;
    workspace.close(&path);
    Ok(())
}

/// The changes that give documentation the form that QEMU's has.
fn formatted(workspace: &Workspace, params: &Value, in_range: bool) -> Result<Value, Failure> {
    let path = document_path(workspace, params)?;
    let document = workspace.files.document(&path).expect("it is open");
    let (text, encoding) = (&document.text, workspace.encoding);
    let wanted = match in_range {
        true => document.lines.offsets(text, &params["range"], encoding)?,
        false => 0..text.len(),
    };
    let changes = format::changes(text).into_iter();
    let changes = changes.filter(|c| c.range.start <= wanted.end && wanted.start <= c.range.end);
    let edits = changes.map(|change| {
        let range = document.lines.range(text, change.range, encoding);
        json!({ "range": range, "newText": change.text })
    });
    Ok(edits.collect::<Vec<_>>().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is written when these messages are there from the start.
    fn run(messages: &[&str]) -> (io::Result<End>, Vec<Value>) {
        let (sender, receiver) = channel();
        for body in messages {
            let text = format!("Content-Length: {}\r\n\r\n{body}", body.len());
            let message = transport::read(&mut text.as_bytes()).transpose().unwrap();
            sender.send(message).unwrap();
        }
        drop(sender);
        let mut output = Vec::new();
        let mut session = Session {
            client: Client::new(&mut output),
            state: State::New(Options::default()),
            queue: VecDeque::new(),
            messages: receiver,
            unpublished: false,
        };
        let end = session.run();
        let text = String::from_utf8(output).unwrap();
        let bodies = text.split("Content-Length: ").skip(1);
        let bodies = bodies.map(|part| part.split_once("\r\n\r\n").unwrap().1);
        let values = bodies.map(|body| serde_json::from_str(body).unwrap());
        (end, values.collect())
    }

    const GREETING: &str = r#"{"id":0,"method":"initialize","params":{"capabilities":{}}}"#;

    #[test]
    fn a_request_that_is_taken_back_is_answered_so() {
        let (end, answers) = run(&[
            GREETING,
            r#"{"id":1,"method":"workspace/symbol","params":{}}"#,
            r#"{"id":"1","method":"workspace/symbol","params":{}}"#,
            r#"{"method":"$/cancelRequest","params":{"id":1}}"#,
        ]);
        assert_eq!(end.unwrap(), End::Abrupt);
        assert_eq!(answers[1]["error"]["code"], code::REQUEST_CANCELLED);
        assert_eq!(answers[2]["result"], json!([]));
    }

    #[test]
    fn several_changes_are_checked_once() {
        let document = r#""textDocument":{"uri":"file:///a.json","version":1"#;
        let open =
            format!(r#"{{"method":"textDocument/didOpen","params":{{{document},"text":"{{"}}}}}}"#);
        let change = format!(
            r#"{{"method":"textDocument/didChange","params":{{{document}}},"contentChanges":[{{"text":"{{}}"}}]}}}}"#
        );
        let (_, messages) = run(&[GREETING, &open, &change, &change]);
        assert_eq!(messages.len(), 2, "{messages:#?}");
        assert_eq!(messages[1]["params"]["diagnostics"][0]["code"], "E1");
    }
}

//! A server that does as it is told.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;

pub(crate) const GREETING: &str = "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 2, \"minor\": 0, \"major\": 10}, \
                                   \"package\": \"\"}, \"capabilities\": [\"oob\"]}}\r\n";

/// Long enough for whatever does not wait.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// Short, where it is certain to pass.
pub(crate) const AT_ONCE: Duration = Duration::from_millis(50);

/// The server's end of a connection.
pub(crate) struct Peer {
    reader: BufReader<UnixStream>,
    stream: UnixStream,
}

/// Starts a server. The stream is the client's end.
pub(crate) fn serve<T: Send + 'static>(
    script: impl FnOnce(Peer) -> T + Send + 'static,
) -> (UnixStream, JoinHandle<T>) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let peer = Peer::new(theirs);
    (ours, thread::spawn(move || script(peer)))
}

/// Starts a server that has greeted and negotiated before it follows the script.
pub(crate) fn serve_negotiated<T: Send + 'static>(
    script: impl FnOnce(Peer) -> T + Send + 'static,
) -> (UnixStream, JoinHandle<T>) {
    serve(|mut peer| {
        peer.negotiate();
        script(peer)
    })
}

/// Answers `begin` with a reply and the begin of an event, `silent` with the rest of that alone, and all else with a reply.
pub(crate) fn answer_in_halves(mut peer: Peer) {
    while let Some(request) = peer.request() {
        match request["execute"].as_str().unwrap() {
            "silent" => peer.send(" \"timestamp\": {\"seconds\": 1, \"microseconds\": 2}}\r\n"),
            "begin" => {
                peer.answer(&request, "{}");
                peer.send("{\"event\": \"E\",");
            }
            _ => peer.answer(&request, "{}"),
        }
    }
}

/// Answers `cont` with an event, and then with its reply and `RESUME`, which both have come when what it also gives returns. That
/// is to be called once.
pub(crate) fn resumes_meanwhile() -> (impl FnOnce(Peer) + Send + 'static, impl FnMut()) {
    let ((go, gone), (tell, told)) = (mpsc::channel(), mpsc::channel());
    let server = move |mut peer: Peer| {
        let request = peer.expect("cont");
        peer.event("STOP");
        gone.recv().unwrap();
        peer.answer(&request, "{}");
        peer.event("RESUME");
        tell.send(()).unwrap();
    };
    let meanwhile = move || {
        go.send(()).unwrap();
        told.recv().unwrap();
    };
    (server, meanwhile)
}

impl Peer {
    pub(crate) fn new(stream: UnixStream) -> Self {
        Self {
            reader: BufReader::new(stream.try_clone().unwrap()),
            stream,
        }
    }

    pub(crate) fn negotiate(&mut self) {
        self.send(GREETING);
        let request = self.expect("qmp_capabilities");
        self.answer(&request, "{}");
    }

    /// Sends text as it is. The client may have gone.
    pub(crate) fn send(&mut self, text: &str) {
        let _ = self.stream.write_all(text.as_bytes());
    }

    pub(crate) fn event(&mut self, name: &str) {
        self.send(&format!(
            "{{\"timestamp\": {{\"seconds\": 1, \"microseconds\": 2}}, \"event\": \"{name}\"}}\r\n"
        ));
    }

    /// The next request; `None` at the end.
    pub(crate) fn request(&mut self) -> Option<Value> {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(serde_json::from_str(&line).unwrap()),
        }
    }

    /// The next request, which is for this command.
    pub(crate) fn expect(&mut self, command: &str) -> Value {
        let request = self.request().expect("a request");
        let name = request.get("execute").or_else(|| request.get("exec-oob"));
        assert_eq!(name.and_then(Value::as_str), Some(command), "{request}");
        request
    }

    /// Answers a request with success.
    pub(crate) fn answer(&mut self, request: &Value, value: &str) {
        let id = request.get("id").map(|id| format!(", \"id\": {id}"));
        let id = id.unwrap_or_default();
        self.send(&format!("{{\"return\": {value}{id}}}\r\n"));
    }

    /// Waits until the client has gone.
    pub(crate) fn wait_for_end(&mut self) {
        while self.request().is_some() {}
    }
}

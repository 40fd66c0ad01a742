//! A client's session with a server that sends anything, in any pieces, while requests are made and given up.
#![no_main]

use libfuzzer_sys::fuzz_target;
use qapi_rt::session::client::{CallId, Happening, Options, RawCommand, Sending, Session};
use qapi_rt::types::Value;

const LIMIT: usize = 4096;

// The first byte decides on out-of-band execution. Then come pieces, each a byte that says what is done before it is
// received, and its length, and the bytes; `#` in them stands for the beginning of something that a server would send.
fuzz_target!(|input: &[u8]| {
    let Some((&first, mut rest)) = input.split_first() else {
        return;
    };
    let mut options = Options::default();
    options.oob = first & 1 == 1;
    options.message_limit = LIMIT;
    let mut session = Session::new(options);
    let mut calls: Vec<CallId> = Vec::new();
    let mut closed = false;
    // What the server is to answer: the id is drawn at random.
    let mut negotiated = String::new();
    while let [action, length, tail @ ..] = rest {
        let (piece, after) = tail.split_at(tail.len().min(usize::from(*length)));
        rest = after;
        let written = act(*action, &mut session, &mut calls);
        if let Some((_, id)) = written.split_once(",\"id\":\"qapi-") {
            negotiated = format!("{{\"return\": {{}}, \"id\": \"qapi-{id}");
        }
        for (n, part) in piece.split(|&byte| byte == b'#').enumerate() {
            if n > 0 {
                let template = match TEMPLATES.get(usize::from(*action) % (TEMPLATES.len() + 1)) {
                    Some(template) => template,
                    None => &*negotiated,
                };
                session.receive(template.as_bytes());
            }
            session.receive(part);
        }
        while let Some(happening) = session.poll() {
            assert!(!closed, "nothing happens after the end");
            match happening {
                Happening::Reply { id, result } => {
                    let index = calls.iter().position(|call| *call == id);
                    calls.swap_remove(index.expect("a call ends once, and only if it is waited for"));
                    if let Ok(reply) = result {
                        reply.decode::<Value>().expect("it was parsed");
                    }
                }
                Happening::Event(event) => {
                    // The data may be no object.
                    let _ = event.object();
                }
                Happening::Closed(_) => closed = true,
                _ => {}
            }
        }
        assert!(!closed || calls.is_empty(), "all calls end before the session");
    }
    session.end(None);
    let last = std::iter::from_fn(|| session.poll()).last();
    assert!(closed || matches!(last, Some(Happening::Closed(_))));
});

const TEMPLATES: [&str; 7] = [
    "{\"QMP\": {\"version\": {\"qemu\": {\"major\": 1, \"minor\": 2, \"micro\": 3}, \"package\": \"\"}, \
     \"capabilities\": [\"oob\"]}}",
    "{\"return\": {}}\r\n",
    "{\"return\": {}, \"id\": ",
    "{\"error\": {\"class\": \"GenericError\", \"desc\": \"\"}}",
    "{\"event\": \"STOP\", \"timestamp\": {\"seconds\": 1, \"microseconds\": 2}",
    "{\r\n    \"return\": {\r\n    }\r\n}",
    ", \"id\": 1}\n",
];

/// Gives what was written.
fn act(action: u8, session: &mut Session, calls: &mut Vec<CallId>) -> String {
    let sending = match action >> 7 {
        0 => Sending::default(),
        _ => Sending::default().oob(),
    };
    match (action >> 3) % 4 {
        0 => calls.extend(session.request(&RawCommand::new("a"), sending)),
        1 => {
            if let Some(call) = calls.pop() {
                session.forget(call);
            }
        }
        2 => {
            if let Some(output) = session.take_output() {
                session.wrote(output.bytes.len());
                return String::from_utf8(output.bytes).expect("requests are text");
            }
        }
        _ => {}
    }
    String::new()
}

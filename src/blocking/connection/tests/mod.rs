//! Connections whose server is the test.

#[cfg(shuttle)]
mod schedules;
#[cfg(all(unix, not(shuttle)))]
mod threads;

use crate::session::client::{Options, Session};

/// A session that has negotiated.
fn ready() -> Session {
    let mut session = Session::new(Options::default());
    session.receive(
        b"{\"QMP\": {\"version\": {\"qemu\": {\"major\": 10, \"minor\": 0, \"micro\": 2}, \
          \"package\": \"\"}, \"capabilities\": []}}\n",
    );
    let request = session.take_output().unwrap();
    session.wrote(request.bytes.len());
    session.receive(answer(std::str::from_utf8(&request.bytes).unwrap()).as_bytes());
    assert!(session.is_ready());
    session
}

fn answer(request: &str) -> String {
    let request: serde_json::Value = serde_json::from_str(request).unwrap();
    let id = request.get("id").map(|id| format!(", \"id\": {id}"));
    format!("{{\"return\": {{}}{}}}\n", id.unwrap_or_default())
}

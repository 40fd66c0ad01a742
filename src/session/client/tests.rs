use std::io;

use serde_json::json;

use super::*;

mod any_order;
mod ends;
mod ids;
mod negotiation;
mod reconnect;
mod requests;
mod unfinished;

const GREETING: &str = "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 2, \"minor\": 0, \"major\": 10}, \
                        \"package\": \"\"}, \"capabilities\": [\"oob\"]}}\r\n";

/// All there is to send, as text.
fn sent(session: &mut Session) -> String {
    let mut all = Vec::new();
    while let Some(output) = session.take_output() {
        session.wrote(output.bytes.len());
        all.extend(output.bytes);
    }
    String::from_utf8(all).unwrap()
}

/// A session without `oob` that has negotiated, for tests of what is around it.
pub(crate) fn ready() -> Session {
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

pub(crate) fn answer(request: &str) -> String {
    let request: serde_json::Value = serde_json::from_str(request).unwrap();
    let id = request.get("id").map(|id| format!(", \"id\": {id}"));
    format!("{{\"return\": {{}}{}}}\n", id.unwrap_or_default())
}

fn negotiated(oob: bool) -> Session {
    let mut session = Session::new(Options {
        oob,
        ..Options::default()
    });
    session.receive(GREETING.as_bytes());
    let id = session.negotiation.clone();
    sent(&mut session);
    session.receive(format!("{{\"return\": {{}}, \"id\": \"{id}\"}}\r\n").as_bytes());
    assert_eq!(happenings(&mut session), ["ready"]);
    assert_eq!(session.oob(), oob);
    session
}

fn call(session: &mut Session, name: &str) -> CallId {
    session
        .request(&RawCommand::new(name), Sending::default())
        .unwrap()
}

fn call_oob(session: &mut Session, name: &str) -> CallId {
    session
        .request(&RawCommand::new(name), Sending::default().oob())
        .unwrap()
}

/// What happened, in short.
fn happenings(session: &mut Session) -> Vec<String> {
    std::iter::from_fn(|| session.poll())
        .map(|happening| match happening {
            Happening::Ready => "ready".into(),
            Happening::Reply { id, result } => match result {
                Ok(reply) => format!("{} returns {}", id.0, reply.text()),
                Err(error) => format!("{} fails: {error}", id.0),
            },
            Happening::Event(event) => format!("event {}", event.name()),
            Happening::Disconnected(why) => format!("disconnected: {why}"),
            Happening::Closed(why) => format!("closed: {why}"),
        })
        .collect()
}

fn after(session: &mut Session, received: &str) -> Vec<String> {
    session.receive(received.as_bytes());
    happenings(session)
}

/// The ids of requests.
fn ids(requests: &str) -> Vec<u64> {
    let id = |line: &str| {
        line.split_once(",\"id\":")?
            .1
            .strip_suffix('}')?
            .parse()
            .ok()
    };
    requests.lines().filter_map(id).collect()
}

//! What is sent, and when.

use super::*;
use crate::types::{Value, Writer};

#[test]
fn arguments_are_sent() {
    let mut session = negotiated(false);
    let arguments = RawCommand::with("a", json!({"x": 1})).unwrap();
    session.request(&arguments, Sending::default()).unwrap();
    assert_eq!(
        sent(&mut session),
        "{\"execute\":\"a\",\"arguments\":{\"x\":1}}\n"
    );
}

#[test]
fn what_was_not_sent_is_withdrawn() {
    let mut session = negotiated(false);
    let first = call(&mut session, "a");
    let second = call(&mut session, "b");
    assert_eq!(session.forget(first), Forgotten::Withdrawn);
    assert_eq!(session.forget(first), Forgotten::Unknown);
    assert_eq!(sent(&mut session), "{\"execute\":\"b\",\"id\":2}\n");
    assert_eq!(session.forget(second), Forgotten::Sent);
}

#[test]
fn out_of_band_requests_have_room() {
    let mut session = negotiated(true);
    for _ in 0..8 {
        call(&mut session, "a");
    }
    let oob = call_oob(&mut session, "b");
    let text = sent(&mut session);
    assert_eq!(text.lines().count(), 8);
    assert!(text.starts_with("{\"execute\":\"a\",\"id\":1}\n"));
    assert!(text.ends_with("{\"execute\":\"a\",\"id\":7}\n{\"exec-oob\":\"b\",\"id\":9}\n"));
    assert_eq!(
        after(&mut session, "{\"return\": {}, \"id\": 9}\n"),
        [format!("{} returns {{}}", oob.0)]
    );
    assert_eq!(sent(&mut session), "");
    assert_eq!(
        after(&mut session, "{\"return\": {}, \"id\": 1}\n"),
        ["1 returns {}"]
    );
    assert_eq!(sent(&mut session), "{\"execute\":\"a\",\"id\":8}\n");
}

#[test]
fn withdrawing_makes_room() {
    let mut session = negotiated(true);
    let calls: Vec<_> = (0..8).map(|_| call(&mut session, "a")).collect();
    assert_eq!(session.forget(calls[6]), Forgotten::Withdrawn);
    assert!(sent(&mut session).ends_with("{\"execute\":\"a\",\"id\":8}\n"));
}

#[test]
fn out_of_band_needs_to_be_enabled() {
    let mut session = negotiated(false);
    let error = session
        .request(&RawCommand::new("a"), Sending::default().oob())
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NoOob));
    assert_eq!(session.unanswered(), 0);
}

#[test]
fn what_cannot_be_said() {
    let mut session = negotiated(false);
    let arguments = RawCommand::with("a", json!({"x": "\u{FFFE}"})).unwrap();
    let error = session.request(&arguments, Sending::default()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Encode(_)));
    assert!(!session.has_output());
}

#[test]
#[cfg(unix)]
fn descriptors_travel_alone() {
    let file = || std::fs::File::open("/dev/null").unwrap().into();
    let mut session = negotiated(false);
    call(&mut session, "a");
    call(&mut session, "b");
    for fds in [vec![file()], vec![file(), file()]] {
        session
            .request(&RawCommand::new("getfd"), Sending::default().fds(fds))
            .unwrap();
    }
    call(&mut session, "c");
    let pieces: Vec<_> = std::iter::from_fn(|| session.take_output())
        .map(|output| {
            let lines = output.bytes.iter().filter(|&&byte| byte == b'\n').count();
            (lines, output.fds.len())
        })
        .collect();
    assert_eq!(pieces, [(2, 0), (1, 1), (1, 2), (1, 0)]);
}

#[test]
fn arguments_are_an_object_or_nothing() {
    assert_eq!(
        RawCommand::with("a", json!(null)).unwrap(),
        RawCommand::new("a")
    );
    let error = RawCommand::with("a", json!([1])).unwrap_err();
    assert_eq!(error.desc(), "the arguments are an array, not an object");
}

/// Whoever asks for descriptors gets those that came last, and requests are read before they are executed.
#[cfg(unix)]
#[test]
fn descriptors_wait_for_those_before_them() {
    let mut session = negotiated(true);
    let with_fd = |session: &mut Session, name: &str| {
        let fd = std::fs::File::open("/dev/null").unwrap().into();
        session
            .request(&RawCommand::new(name), Sending::default().fds(vec![fd]))
            .unwrap()
    };
    let names = |session: &mut Session| {
        let text = sent(session);
        let name = |line: &str| Some(line.split('"').nth(3)?.to_owned());
        (text.lines().filter_map(name).collect::<String>(), text)
    };
    with_fd(&mut session, "a");
    call(&mut session, "b");
    let given_up = with_fd(&mut session, "c");
    call(&mut session, "d");
    with_fd(&mut session, "e");
    call_oob(&mut session, "f");
    let (first, text) = names(&mut session);
    assert_eq!(first, "abf");
    // What waited only behind it goes on.
    assert_eq!(session.forget(given_up), Forgotten::Withdrawn);
    assert_eq!(names(&mut session).0, "d");
    let id = ids(&text)[0];
    after(
        &mut session,
        &format!("{{\"return\": {{}}, \"id\": {id}}}\n"),
    );
    assert_eq!(names(&mut session).0, "e");
    // The server executes one after the other if it is not enabled.
    let mut session = negotiated(false);
    with_fd(&mut session, "a");
    with_fd(&mut session, "b");
    assert_eq!(names(&mut session).0, "ab");
}

/// Its success is not answered.
struct Silent;

impl Request for Silent {
    type Reply = Value;

    fn name(&self) -> Cow<'static, str> {
        "silent".into()
    }

    fn success_response(&self) -> bool {
        false
    }

    fn write(&self, w: &mut Writer<'_>, id: Option<u64>, oob: bool) {
        Request::write(&RawCommand::new("silent"), w, id, oob);
    }
}

fn call_silent(session: &mut Session) -> CallId {
    session.request(&Silent, Sending::default()).unwrap()
}

/// When its time is over it has succeeded, and others need not wait for it any more.
#[test]
fn what_is_not_answered_has_succeeded() {
    let mut session = negotiated(true);
    let silent: Vec<_> = (0..IN_BAND_LIMIT)
        .map(|_| call_silent(&mut session))
        .collect();
    let held = call_silent(&mut session);
    call(&mut session, "a");
    let first = sent(&mut session);
    assert_eq!(first.lines().count(), IN_BAND_LIMIT);
    // It was not sent.
    let error = session.expire(held).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Deadline { sent: false }));
    // Nobody waits for it, nor has any other call to.
    assert_eq!(session.forget(silent[0]), Forgotten::Sent);
    assert!(sent(&mut session).contains("\"execute\":\"a\""));
    for id in &silent[1..] {
        assert_eq!(session.expire(*id).unwrap().text(), "{}");
    }
    assert_eq!(session.unanswered(), 1);
    // An error that is late after all is nobody's.
    let id = ids(&first)[0];
    let late =
        format!("{{\"error\": {{\"class\": \"GenericError\", \"desc\": \"\"}}, \"id\": {id}}}\n");
    assert_eq!(after(&mut session, &late), [""; 0]);
}

/// It has an id where others need none, and its error is told.
#[test]
fn what_fails_is_answered() {
    for policy in [Ids::WhereNeeded, Ids::Never] {
        let mut session = negotiated(false);
        session.options.ids = policy;
        call_silent(&mut session);
        let text = sent(&mut session);
        let id = ids(&text)[0];
        let reply = format!(
            "{{\"error\": {{\"class\": \"GenericError\", \"desc\": \"no\"}}, \"id\": {id}}}\n"
        );
        let told = after(&mut session, &reply);
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("no"), "{told:?}");
    }
}

//! Sessions that outlive connections.

use super::*;

/// Capabilities are negotiated anew, with an id of its own.
fn negotiate(session: &mut Session) {
    session.receive(GREETING.as_bytes());
    let request = sent(session);
    let id = session.negotiation.clone();
    assert!(
        request.starts_with("{\"execute\":\"qmp_capabilities\""),
        "{request}"
    );
    assert!(request.contains(&id));
    session.receive(format!("{{\"return\": {{}}, \"id\": \"{id}\"}}\r\n").as_bytes());
}

fn ready(oob: bool) -> Session {
    let mut session = Session::new(Options {
        oob,
        reconnect: true,
        ..Options::default()
    });
    negotiate(&mut session);
    assert_eq!(happenings(&mut session), ["ready"]);
    session
}

const HUNG_UP: &str = "the server closed the connection";

#[test]
fn calls_that_were_sent_end_and_others_wait() {
    let mut session = ready(true);
    let first = session.negotiation.clone();
    call(&mut session, "quit");
    sent(&mut session);
    call(&mut session, "unsent");
    session.end(None);
    assert!(session.is_disconnected() && !session.oob());
    assert_eq!(
        happenings(&mut session),
        [
            format!(
                "1 fails: quit: the server ended the connection instead of replying ({HUNG_UP})"
            ),
            format!("2 fails: unsent: the connection has ended ({HUNG_UP})"),
            format!("disconnected: {HUNG_UP}"),
        ]
    );
    // Nothing of the old connection counts.
    session.receive(b"{\"return\": {}, \"id\": 3}");
    session.end(None);
    call(&mut session, "later");
    let oob = session.request(&RawCommand::new("oob"), Sending::default().oob());
    assert!(matches!(oob.unwrap_err().kind(), ErrorKind::Closed));
    assert!(!session.has_output() && session.poll().is_none());

    session.reconnected();
    negotiate(&mut session);
    assert_ne!(session.negotiation, first);
    assert_eq!(happenings(&mut session), ["ready"]);
    assert_eq!(sent(&mut session), "{\"execute\":\"later\",\"id\":3}\n");
    assert_eq!(
        after(&mut session, "{\"return\": 3, \"id\": 3}\n"),
        ["3 returns 3"]
    );
    assert!(session.oob());
}

/// As many may be unanswered as before, whatever was on the connection that ended.
#[test]
fn what_is_unanswered_is_counted_anew() {
    let mut session = ready(true);
    for _ in 0..20 {
        call(&mut session, "a");
    }
    sent(&mut session);
    session.end(None);
    assert_eq!(happenings(&mut session).len(), IN_BAND_LIMIT + 1);
    session.reconnected();
    negotiate(&mut session);
    assert_eq!(sent(&mut session).lines().count(), IN_BAND_LIMIT);
    assert_eq!(session.unanswered(), 20 - IN_BAND_LIMIT);
}

#[test]
fn an_attempt_may_fail() {
    let mut session = ready(false);
    session.end(None);
    call(&mut session, "a");
    for text in ["", GREETING, "HTTP/1.1 400\r\n"] {
        session.reconnected();
        session.receive(text.as_bytes());
        session.end(None);
        assert!(session.is_disconnected());
    }
    let told = happenings(&mut session);
    assert!(
        told.iter().all(|told| told.starts_with("disconnected")),
        "{told:?}"
    );
    session.close(Error::new(ErrorKind::Closed));
    assert_eq!(
        happenings(&mut session),
        [
            "1 fails: a: the connection has ended (the connection has ended)",
            "closed: the connection has ended"
        ]
    );
    session.reconnected();
    assert!(!session.is_disconnected() && !session.is_ready());
}

#[test]
fn what_never_was_connected_is_not_connected_again() {
    let mut session = Session::new(Options {
        reconnect: true,
        ..Options::default()
    });
    session.receive(GREETING.as_bytes());
    session.end(None);
    assert_eq!(happenings(&mut session), [format!("closed: {HUNG_UP}")]);
}

/// Of QEMU 11.1: the monitor was replaced, and the new one greets on the same channel.
#[test]
fn a_second_greeting_is_a_new_connection() {
    let mut session = ready(false);
    call(&mut session, "a");
    sent(&mut session);
    negotiate(&mut session);
    let replaced = "protocol violated: a second greeting: somebody has replaced this monitor";
    let unknown = "the connection ended before the outcome was known";
    assert_eq!(
        happenings(&mut session),
        [
            format!("1 fails: a: {unknown} ({replaced})"),
            format!("disconnected: {replaced}"),
            "ready".into(),
        ]
    );
    call(&mut session, "b");
    assert_eq!(sent(&mut session), "{\"execute\":\"b\"}\n");
    assert_eq!(after(&mut session, "{\"return\": 2}\n"), ["2 returns 2"]);
}

/// The server greets twice who connects while it starts, and may read wrongly then.
#[test]
fn a_new_connection_that_is_greeted_twice_is_given_up() {
    let mut session = ready(false);
    session.end(None);
    session.reconnected();
    happenings(&mut session);
    let replaced = "protocol violated: a second greeting: somebody has replaced this monitor";
    assert_eq!(
        after(&mut session, &GREETING.repeat(2)),
        [format!("disconnected: {replaced}")]
    );
    assert!(session.is_disconnected());
    session.reconnected();
    negotiate(&mut session);
    assert_eq!(happenings(&mut session), ["ready"]);
}

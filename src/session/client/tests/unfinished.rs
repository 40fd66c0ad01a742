//! Messages without an end, and replies that come twice.

use super::*;

/// A reply's last bracket is missing.
const OPEN: &str = "{\"return\": {}, \"id\": 1\r\n";

#[test]
fn the_next_message_shows_it() {
    let mut session = negotiated(false);
    for name in ["a", "b"] {
        call(&mut session, name);
    }
    sent(&mut session);
    let told = after(
        &mut session,
        &format!("{OPEN}{{\"return\": {{}}, \"id\": 2}}\r\n"),
    );
    let why = "protocol violated: no end of the message '{\"return\": {}, \"id\": 1'";
    assert_eq!(told.last().unwrap(), &format!("closed: {why}"));
    assert_eq!(told.len(), 3);
}

/// The call whose reply it is cannot tell it from a slow one. The next finds that nothing of it came meanwhile.
#[test]
fn deadlines_show_it() {
    let mut session = negotiated(false);
    let first = call(&mut session, "a");
    sent(&mut session);
    assert_eq!(after(&mut session, OPEN), [""; 0]);
    let seen = "(protocol violated: no end of the message '{\"return\": {}, \"id\": 1')";
    let error = session.expire(first).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("no reply before the deadline {seen}")
    );
    assert_eq!(happenings(&mut session), [""; 0]);
    let second = call(&mut session, "b");
    sent(&mut session);
    let third = call(&mut session, "c");
    // It was not sent, and has seen nothing.
    assert_eq!(
        session.expire(third).unwrap_err().to_string(),
        "not possible before the deadline"
    );
    assert_eq!(
        session.expire(second).unwrap_err().to_string(),
        format!("no reply before the deadline {seen}")
    );
    let told = happenings(&mut session);
    assert!(told.last().unwrap().starts_with("closed: "), "{told:?}");
}

/// As long as something of it comes, it is slow.
#[test]
fn a_slow_reply_is_waited_for() {
    let mut session = negotiated(false);
    call(&mut session, "a");
    sent(&mut session);
    session.receive(b"{\"return\": [");
    for _ in 0..3 {
        let next = call(&mut session, "b");
        sent(&mut session);
        session.receive(b"1, ");
        session.expire(next).unwrap_err();
    }
    assert_eq!(after(&mut session, "2]}\n"), ["1 returns [1, 1, 1, 2]"]);
}

#[test]
fn ids_always() {
    let mut session = Session::new(Options {
        ids: Ids::Always,
        ..Options::default()
    });
    session.receive(GREETING.as_bytes());
    sent(&mut session);
    let id = session.negotiation.clone();
    after(
        &mut session,
        &format!("{{\"return\": {{}}, \"id\": \"{id}\"}}\n"),
    );
    for number in 1..=30 {
        call(&mut session, "a");
        assert_eq!(
            sent(&mut session),
            format!("{{\"execute\":\"a\",\"id\":{number}}}\n")
        );
        // The one before is answered again.
        let again = format!("{{\"return\": 0, \"id\": {}}}\n", number - 1);
        assert_eq!(after(&mut session, &again), [""; 0]);
        let reply = format!("{{\"return\": {number}, \"id\": {number}}}\n");
        assert_eq!(
            after(&mut session, &reply),
            [format!("{number} returns {number}")]
        );
    }
    assert_eq!(
        after(&mut session, "{\"return\": 1}\n"),
        ["closed: protocol violated: a reply without an id"]
    );
}

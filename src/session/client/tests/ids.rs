//! Whose reply it is.

use super::*;

#[test]
fn ids_are_short_and_never_those_of_others() {
    let mut session = negotiated(false);
    let unanswered = call(&mut session, "a");
    let forgotten = call(&mut session, "a");
    let late = ids(&sent(&mut session));
    assert_eq!(session.forget(forgotten), Forgotten::Sent);
    for _ in 0..1000 {
        call(&mut session, "a");
        let id = ids(&sent(&mut session))[0];
        assert!(id < 10 && id != late[0], "{id}");
        let reply = format!("{{\"return\": [], \"id\": {id}}}");
        assert_eq!(after(&mut session, &reply).len(), 1);
        // A server that answers twice.
        assert_eq!(after(&mut session, &reply), [""; 0]);
    }
    for _ in 0..70 {
        call(&mut session, "a");
    }
    let mut many = ids(&sent(&mut session));
    many.push(late[0]);
    many.sort_unstable();
    many.dedup();
    assert_eq!(many.len(), 71);
    assert!(many[70] < 100, "{many:?}");
    let reply = format!("{{\"return\": [], \"id\": {}}}", late[0]);
    assert_eq!(after(&mut session, &reply), [""; 0]);
    let reply = "{\"return\": []}";
    let first = format!("{} returns []", unanswered.0);
    assert_eq!(after(&mut session, reply), [first]);
}

#[test]
fn a_call_by_itself_needs_no_id() {
    let mut session = negotiated(false);
    for number in 1..=3 {
        let id = call(&mut session, "a");
        assert_eq!(id.0, number);
        assert_eq!(sent(&mut session), "{\"execute\":\"a\"}\n");
        assert_eq!(
            after(&mut session, "{\"return\": []}\r\n"),
            [format!("{number} returns []")]
        );
    }
    assert_eq!(session.unanswered(), 0);
}

#[test]
fn calls_beside_others_have_ids() {
    let mut session = negotiated(false);
    for name in ["a", "b", "c"] {
        call(&mut session, name);
    }
    assert_eq!(
        sent(&mut session),
        "{\"execute\":\"a\"}\n{\"execute\":\"b\",\"id\":2}\n{\"execute\":\"c\",\"id\":3}\n"
    );
    assert_eq!(
        after(
            &mut session,
            "{\"return\": 1}{\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}, \"id\": 2}\
             {\"id\": 3, \"return\": {}}\n"
        ),
        [
            "1 returns 1",
            "2 fails: b: GenericError: no",
            "3 returns {}"
        ]
    );
}

#[test]
fn ids_may_be_left_out() {
    let mut session = Session::new(Options {
        ids: Ids::Never,
        ..Options::default()
    });
    call(&mut session, "early");
    session.receive(GREETING.as_bytes());
    sent(&mut session);
    let id = session.negotiation.clone();
    let reply = format!("{{\"return\": {{}}, \"id\": \"{id}\"}}\n");
    assert_eq!(after(&mut session, &reply), ["ready"]);
    // It was written before that was known to do.
    call(&mut session, "beside");
    let early = "{\"execute\":\"early\",\"id\":1}\n{\"execute\":\"beside\",\"id\":2}\n";
    assert_eq!(sent(&mut session), early);
    let replies = "{\"return\": 2, \"id\": 2}\n{\"return\": 1, \"id\": 1}\n";
    assert_eq!(after(&mut session, replies), ["2 returns 2", "1 returns 1"]);

    let calls: Vec<_> = (0..4).map(|_| call(&mut session, "a")).collect();
    assert_eq!(sent(&mut session), "{\"execute\":\"a\"}\n".repeat(4));
    assert_eq!(session.forget(calls[1]), Forgotten::Sent);
    assert_eq!(
        after(
            &mut session,
            "{\"return\": 3}{\"return\": 4}{\"return\": 5, \"id\": 5}{\"return\": 5}\
             {\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}"
        ),
        ["3 returns 3", "5 returns 5", "6 fails: a: GenericError: no"]
    );
    assert_eq!(session.unanswered(), 0);
}

#[test]
fn late_replies_answer_nobody() {
    let mut session = negotiated(false);
    let first = call(&mut session, "a");
    sent(&mut session);
    assert_eq!(session.forget(first), Forgotten::Sent);
    let second = call(&mut session, "b");
    assert_eq!(sent(&mut session), "{\"execute\":\"b\",\"id\":2}\n");
    assert_eq!(session.forget(second), Forgotten::Sent);
    call(&mut session, "c");
    sent(&mut session);
    assert_eq!(
        after(
            &mut session,
            "{\"return\": 1}\n{\"return\": 2, \"id\": 2}\n{\"return\": 3, \"id\": 3}\n"
        ),
        ["3 returns 3"]
    );
    call(&mut session, "d");
    assert_eq!(sent(&mut session), "{\"execute\":\"d\"}\n");
}

#[test]
fn replies_to_others_are_dropped() {
    let mut session = negotiated(false);
    call(&mut session, "a");
    sent(&mut session);
    assert_eq!(
        after(
            &mut session,
            "{\"return\": 1, \"id\": 1}\n{\"return\": 2, \"id\": 7}\n{\"return\": 3, \"id\": \"x\"}\n\
             {\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}, \"id\": [1]}\n"
        ),
        [""; 0]
    );
    assert_eq!(after(&mut session, "{\"return\": 5}\n"), ["1 returns 5"]);
}

/// A server may write `null` where there was no id.
#[test]
fn null_for_an_id() {
    let mut session = negotiated(false);
    call(&mut session, "a");
    call(&mut session, "b");
    sent(&mut session);
    let null = "{\"return\": 1, \"id\": null}\n";
    assert_eq!(after(&mut session, null), ["1 returns 1"]);
    assert_eq!(after(&mut session, null), [""; 0]);
    let own = "{\"return\": 2, \"id\": 2}\n";
    assert_eq!(after(&mut session, own), ["2 returns 2"]);
    assert_eq!(after(&mut session, null), [""; 0]);
    call(&mut session, "c");
    sent(&mut session);
    let refused = "{\"id\": null, \"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}\n";
    assert_eq!(
        after(&mut session, refused),
        ["3 fails: c: GenericError: no"]
    );
}

#[test]
fn replies_without_id_end_the_session() {
    for (reply, why) in [
        ("{\"return\": 2}\n", "a reply without an id"),
        (
            "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}\n",
            "an error without an id: GenericError: no",
        ),
    ] {
        let mut session = negotiated(false);
        call(&mut session, "a");
        call(&mut session, "b");
        sent(&mut session);
        assert_eq!(after(&mut session, "{\"return\": 1}\n"), ["1 returns 1"]);
        assert_eq!(
            after(&mut session, reply),
            [
                format!(
                    "2 fails: b: the connection ended before the outcome was known \
                     (protocol violated: {why})"
                ),
                format!("closed: protocol violated: {why}")
            ]
        );
        let error = session
            .request(&RawCommand::new("c"), Sending::default())
            .unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Closed));
    }
}

#[test]
fn nobody_asked() {
    let mut session = negotiated(false);
    assert_eq!(
        after(&mut session, "{\"return\": {}}\n"),
        ["closed: protocol violated: a reply without an id"]
    );
}

#[test]
fn a_forgotten_call_still_takes_its_place() {
    let mut session = negotiated(true);
    let calls: Vec<_> = (0..9).map(|_| call(&mut session, "a")).collect();
    sent(&mut session);
    assert_eq!(session.forget(calls[0]), Forgotten::Sent);
    assert_eq!(sent(&mut session), "");
    assert_eq!(session.forget(calls[7]), Forgotten::Withdrawn);
    assert_eq!(
        after(&mut session, "{\"return\": {}, \"id\": 1}\n"),
        [""; 0]
    );
    assert_eq!(sent(&mut session), "{\"execute\":\"a\",\"id\":9}\n");
}

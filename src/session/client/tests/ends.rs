//! How sessions end.

use super::*;

#[test]
fn the_end_tells_what_was_sent() {
    let mut session = negotiated(false);
    call(&mut session, "a");
    call(&mut session, "quit");
    let forgotten = call(&mut session, "b");
    sent(&mut session);
    session.forget(forgotten);
    call(&mut session, "c");
    session.end(None);
    let eof = "the server closed the connection";
    assert_eq!(
        happenings(&mut session),
        [
            format!("1 fails: a: the connection ended before the outcome was known ({eof})"),
            format!("2 fails: quit: the server ended the connection instead of replying ({eof})"),
            format!("4 fails: c: the connection has ended ({eof})"),
            format!("closed: {eof}"),
        ]
    );
    session.receive(b"{\"return\": {}, \"id\": 1}\n");
    session.end(None);
    assert_eq!(happenings(&mut session), [""; 0]);
}

#[test]
fn half_a_request_is_not_sent() {
    for (missing, fails) in [
        (2, "the connection has ended"),
        (1, "the connection ended before the outcome was known"),
    ] {
        let mut session = negotiated(false);
        call(&mut session, "a");
        let output = session.take_output().unwrap();
        session.wrote(output.bytes.len() - missing);
        session.end(None);
        let first = happenings(&mut session).swap_remove(0);
        assert_eq!(
            first,
            format!("1 fails: a: {fails} (the server closed the connection)")
        );
    }
}

#[test]
fn replies_are_read_after_writing_failed() {
    let mut session = negotiated(false);
    call(&mut session, "a");
    sent(&mut session);
    call(&mut session, "b");
    session.unwritable(io::ErrorKind::BrokenPipe.into());
    assert_eq!(
        happenings(&mut session),
        ["2 fails: b: the connection has ended (broken pipe)"]
    );
    assert_eq!(after(&mut session, "{\"return\": {}}\n"), ["1 returns {}"]);
    let error = session
        .request(&RawCommand::new("c"), Sending::default())
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Closed));
    session.end(None);
    assert_eq!(
        happenings(&mut session),
        ["closed: the server closed the connection"]
    );
}

#[test]
fn the_end_within_a_message() {
    let mut session = negotiated(false);
    session.receive(b"{\"return\"");
    session.end(None);
    assert_eq!(
        happenings(&mut session),
        ["closed: protocol violated: the connection ended within '{\"return\"'"]
    );
}

#[test]
fn messages_that_are_too_long() {
    let mut session = Session::new(Options {
        message_limit: 200,
        ..Options::default()
    });
    session.receive(GREETING.as_bytes());
    session.receive(&[b'{'; 201]);
    assert_eq!(
        happenings(&mut session),
        ["closed: protocol violated: a message is longer than 200 bytes"]
    );
}

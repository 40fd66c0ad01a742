use std::io;

use serde_json::json;

use super::*;

mod any_order;
mod reconnect;
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
                    "2 fails: b: the connection ended before the reply, so the outcome is unknown \
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
fn capabilities_are_enabled_when_asked_and_offered() {
    for (asked, offered, arguments) in [
        (true, "\"oob\"", ",\"arguments\":{\"enable\":[\"oob\"]}"),
        (
            true,
            "\"new\", \"oob\"",
            ",\"arguments\":{\"enable\":[\"oob\"]}",
        ),
        (true, "\"new\"", ""),
        (false, "\"oob\"", ""),
    ] {
        let mut session = Session::new(Options {
            oob: asked,
            ..Options::default()
        });
        session.receive(GREETING.replace("\"oob\"", offered).as_bytes());
        let id = session.negotiation.clone();
        assert_eq!(
            sent(&mut session),
            format!("{{\"execute\":\"qmp_capabilities\"{arguments},\"id\":\"{id}\"}}\n")
        );
    }
}

#[test]
fn requests_wait_for_negotiation() {
    let mut session = Session::new(Options::default());
    call(&mut session, "a");
    assert_eq!(sent(&mut session), "");
    session.receive(GREETING.as_bytes());
    assert!(sent(&mut session).starts_with("{\"execute\":\"qmp_capabilities\""));
    let stale = "{\"return\": 1, \"id\": 1}\n{\"error\": {\"class\": \"GenericError\", \"desc\": \"\"}, \"id\": \"x\"}\n";
    assert_eq!(after(&mut session, stale), [""; 0]);
    assert_eq!(sent(&mut session), "");
    let id = session.negotiation.clone();
    let reply = format!("{{\"return\": {{}}, \"id\": \"{id}\"}}\n");
    assert_eq!(after(&mut session, &reply), ["ready"]);
    assert_eq!(sent(&mut session), "{\"execute\":\"a\",\"id\":1}\n");
}

#[test]
fn a_greeting_that_comes_twice() {
    let mut session = Session::new(Options::default());
    assert_eq!(
        after(&mut session, &format!("{GREETING}{GREETING}")),
        [""; 0]
    );
    let request = sent(&mut session);
    assert_eq!(request.lines().count(), 1);
    let id = session.negotiation.clone();
    let reply = format!("{GREETING}{{\"return\": {{}}, \"id\": \"{id}\"}}\n");
    assert_eq!(after(&mut session, &reply), ["ready"]);
    assert_eq!(
        after(&mut session, GREETING),
        ["closed: protocol violated: a second greeting: somebody has replaced this monitor"]
    );
}

#[test]
fn failed_negotiation() {
    let mut session = Session::new(Options::default());
    assert_eq!(
        after(&mut session, "hello\n"),
        ["closed: protocol violated: no message begins with 'hello\\n'"]
    );
    let mut session = Session::new(Options::default());
    session.receive(GREETING.as_bytes());
    let id = session.negotiation.clone();
    let refused = format!(
        "{{\"error\": {{\"class\": \"GenericError\", \"desc\": \"no\"}}, \"id\": \"{id}\"}}\n"
    );
    assert_eq!(
        after(&mut session, &refused),
        ["closed: protocol violated: capabilities refused: GenericError: no"]
    );
}

#[test]
fn what_an_earlier_connection_asked_is_not_the_negotiation() {
    let mut session = Session::new(Options::default());
    let early =
        "{\"return\": {}}\n{\"error\": {\"class\": \"GenericError\", \"desc\": \"\"}, \"id\": 1}\n";
    assert_eq!(after(&mut session, early), [""; 0]);
    assert!(!session.has_output());
    session.receive(GREETING.as_bytes());
    sent(&mut session);
    let stale = "{\"return\": {}}\n{\"error\": {\"class\": \"GenericError\", \"desc\": \"\"}}\n{\"return\": {}, \"id\": null}\n";
    assert_eq!(after(&mut session, stale), [""; 0]);
    let id = session.negotiation.clone();
    let reply = format!("{{\"return\": {{}}, \"id\": \"{id}\"}}\n");
    assert_eq!(after(&mut session, &reply), ["ready"]);
}

#[test]
fn events_come_at_any_time() {
    let event = "{\"timestamp\": {\"seconds\": -1, \"microseconds\": -1}, \"event\": \"NEW\"}\r\n";
    let mut session = Session::new(Options::default());
    assert_eq!(after(&mut session, event), ["event NEW"]);
    session.receive(GREETING.as_bytes());
    assert_eq!(after(&mut session, event), ["event NEW"]);
    let mut session = negotiated(false);
    call(&mut session, "a");
    sent(&mut session);
    let text = format!("{event}{{\"return\": {{}}}}\r\n{event}");
    assert_eq!(
        after(&mut session, &text),
        ["event NEW", "1 returns {}", "event NEW"]
    );
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
            format!(
                "1 fails: a: the connection ended before the reply, so the outcome is unknown ({eof})"
            ),
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
        (
            1,
            "the connection ended before the reply, so the outcome is unknown",
        ),
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

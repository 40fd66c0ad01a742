use super::{Closed, Happening, Session};
use crate::session::client::RawCommand;

/// The number in the last synchronisation sent.
fn id(session: &Session) -> i64 {
    let text = String::from_utf8_lossy(session.output());
    let (_, rest) = text.rsplit_once("{\"id\":").expect("a synchronisation");
    rest.trim_end_matches("}}\n").parse().expect("a number")
}

fn delimited(id: i64) -> Vec<u8> {
    [b"\xFF", plain(id).as_slice()].concat()
}

fn plain(id: i64) -> Vec<u8> {
    format!("{{\"return\": {id}}}\n").into_bytes()
}

fn send_all(session: &mut Session) -> Vec<u8> {
    let sent = session.output().to_vec();
    session.sent(sent.len());
    sent
}

fn ping(session: &mut Session) {
    session.request(&RawCommand::new("guest-ping")).unwrap();
}

const PING: &[u8] = b"{\"execute\":\"guest-ping\"}\n";

fn happenings(session: &mut Session) -> Vec<Happening> {
    std::iter::from_fn(|| session.poll()).collect()
}

fn reply(text: &str) -> Happening {
    Happening::Reply(text.as_bytes().to_vec())
}

/// Synchronised, with nothing at hand.
fn ready() -> Session {
    let mut session = Session::new(1);
    session.synchronize();
    let id = id(&session);
    send_all(&mut session);
    session.receive(&delimited(id));
    assert_eq!(happenings(&mut session), [Happening::Synchronized]);
    session
}

const NOT_FOUND: &[u8] =
    b"{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"The command guest-sync-delimited has not been found\"}}\n";
const DONE: &str = "{\"return\": {}}\n";

#[test]
fn what_is_sent_first() {
    let mut session = Session::new(1);
    ping(&mut session);
    let id = id(&session);
    let expected =
        format!("{{\"execute\":\"guest-sync-delimited\",\"arguments\":{{\"id\":{id}}}}}\n");
    let sent = send_all(&mut session);
    assert_eq!(sent, [b"\xFF", expected.as_bytes()].concat());
    session.receive(&delimited(id));
    assert_eq!(send_all(&mut session), PING);
    session.receive(DONE.as_bytes());
    assert_eq!(
        happenings(&mut session),
        [Happening::Synchronized, reply(DONE)]
    );
}

/// Stale input of several kinds, in pieces of any size.
#[test]
fn stale_input_is_discarded_at_any_split() {
    let stale: &[&[u8]] = &[
        b"",
        b"{\"return\": {\"half",
        b"{\"return\": 7}\n{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse error, stray '\\uFFFD'\"}}\n",
        b"\xFF{\"return\": 99}\n",
        b"\xFF{\"return\": \xFF\xFF{\"return\": 98}\n\n\r\n garbage ]]]\n",
        b"\xFF",
    ];
    for stale in stale {
        for size in 1..=40 {
            let mut session = Session::new(5);
            ping(&mut session);
            let text = [*stale, &delimited(id(&session)), DONE.as_bytes()].concat();
            send_all(&mut session);
            for piece in text.chunks(size) {
                session.receive(piece);
            }
            assert_eq!(
                happenings(&mut session),
                [Happening::Synchronized, reply(DONE)],
                "after {:?} in pieces of {size}",
                String::from_utf8_lossy(stale)
            );
        }
    }
}

const TOO_LONG: &str =
    "{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON token size limit exceeded\"}}\n";

/// What else comes in answer to the request is no reply to the next.
#[track_caller]
fn does_not_get_what_else_comes(session: &mut Session) {
    ping(session);
    let id = id(session);
    session.receive(b"{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse error, expecting value\"}}\n");
    session.receive(&delimited(id));
    session.receive(DONE.as_bytes());
    assert_eq!(happenings(session), [Happening::Synchronized, reply(DONE)]);
}

#[test]
fn a_request_that_is_answered_before_all_of_it_was_sent() {
    let mut session = ready();
    ping(&mut session);
    session.sent(5);
    session.receive(TOO_LONG.as_bytes());
    assert_eq!(happenings(&mut session), [reply(TOO_LONG)]);
    does_not_get_what_else_comes(&mut session);
    assert!(session.output().starts_with(b"\xFF"));
}

#[test]
fn a_request_that_is_too_long() {
    let mut session = ready();
    session.send(vec![b'x'; super::LONGEST_REQUEST + 1]);
    send_all(&mut session);
    session.receive(TOO_LONG.as_bytes());
    assert_eq!(happenings(&mut session), [reply(TOO_LONG)]);
    does_not_get_what_else_comes(&mut session);
}

#[test]
fn a_synchronisation_of_another_client_is_not_ours() {
    let mut session = Session::new(1);
    session.synchronize();
    let ours = id(&session);
    session.receive(&delimited(ours ^ 1));
    assert!(session.is_synchronizing());
    session.receive(&delimited(ours));
    assert_eq!(happenings(&mut session), [Happening::Synchronized]);
}

#[test]
fn a_repeated_synchronisation_waits_for_the_last_number() {
    let mut session = Session::new(1);
    ping(&mut session);
    let first = id(&session);
    session.synchronize();
    let second = id(&session);
    assert_ne!(first, second);
    send_all(&mut session);
    session.receive(&delimited(first));
    assert_eq!(session.output(), b"");
    session.receive(&delimited(second));
    assert_eq!(send_all(&mut session), PING);
}

#[test]
fn an_agent_without_delimiter() {
    for size in 1..=30 {
        let mut session = Session::new(1);
        ping(&mut session);
        let delimited_id = id(&session);
        send_all(&mut session);
        for piece in NOT_FOUND.chunks(size) {
            session.receive(piece);
        }
        let plain_id = id(&session);
        assert_ne!(plain_id, delimited_id);
        assert_eq!(
            send_all(&mut session),
            format!("{{\"execute\":\"guest-sync\",\"arguments\":{{\"id\":{plain_id}}}}}\n")
                .as_bytes()
        );
        for piece in [b"not JSON\n".as_slice(), &plain(5), &plain(plain_id)]
            .concat()
            .chunks(size)
        {
            session.receive(piece);
        }
        assert_eq!(send_all(&mut session), PING);
    }
}

const PLAIN_NOT_FOUND: &[u8] =
    b"{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"Command guest-sync has been disabled\"}}\n";

#[test]
fn an_agent_that_cannot_synchronise() {
    let mut session = Session::new(1);
    ping(&mut session);
    send_all(&mut session);
    // The second may be the answer to a synchronisation before.
    session.receive(&[NOT_FOUND, NOT_FOUND].concat());
    assert!(session.is_synchronizing());
    session.receive(PLAIN_NOT_FOUND);
    assert_eq!(happenings(&mut session), [Happening::CannotSynchronize]);
    // It may have been allowed meanwhile.
    ping(&mut session);
    let id = id(&session);
    send_all(&mut session);
    session.receive(&delimited(id));
    assert_eq!(send_all(&mut session), PING);
}

/// The agent marks its answer to `guest-sync-delimited` even if that is the request.
#[test]
fn a_reply_with_a_delimiter() {
    for size in 1..=30 {
        let mut session = ready();
        let sync = RawCommand::new("guest-sync-delimited");
        session.request(&sync).unwrap();
        send_all(&mut session);
        for piece in delimited(5).chunks(size) {
            session.receive(piece);
        }
        assert_eq!(happenings(&mut session), [reply("{\"return\": 5}\n")]);
        ping(&mut session);
        assert!(!session.is_synchronizing());
    }
}

/// The error was somebody else's: the answer to `guest-sync-delimited` still comes, and is not taken for anything.
#[test]
fn a_stale_error_does_not_confuse() {
    let mut session = Session::new(1);
    ping(&mut session);
    let first = id(&session);
    send_all(&mut session);
    session.receive(NOT_FOUND);
    let second = id(&session);
    send_all(&mut session);
    session.receive(&delimited(first));
    assert!(session.is_synchronizing());
    session.receive(&plain(second));
    assert_eq!(send_all(&mut session), PING);
}

#[test]
fn a_call_given_up_is_followed_by_a_synchronisation() {
    let mut session = ready();
    ping(&mut session);
    send_all(&mut session);
    session.abandon();
    // Late, before the next request and after it.
    session.receive(DONE.as_bytes());
    ping(&mut session);
    let id = id(&session);
    send_all(&mut session);
    session.receive(DONE.as_bytes());
    session.receive(&delimited(id));
    assert_eq!(happenings(&mut session), [Happening::Synchronized]);
    assert_eq!(send_all(&mut session), PING);
    session.receive(b"{\"return\": {\"late\": false}}\n");
    assert_eq!(
        happenings(&mut session),
        [reply("{\"return\": {\"late\": false}}\n")]
    );
}

/// The reply wanted is the first, whatever it was split into and when; not what is before that of a new agent.
#[test]
fn a_reply_that_is_wanted_late() {
    const OPENED: &[u8] = b"{\"return\": 1000}\n";
    let stray = b"{\"error\": {\"class\": \"GenericError\", \"desc\": \"stray\"}}\n";
    for (late, expected) in [
        (&[OPENED, stray].concat()[..], Some(OPENED.trim_ascii())),
        (&stray[..], Some(stray.trim_ascii())),
        (b"", None),
        (b"{\"retu", None),
    ] {
        for split in 0..=late.len() {
            let mut session = ready();
            ping(&mut session);
            session.want_late();
            send_all(&mut session);
            session.abandon();
            assert!(session.expects_late());
            session.receive(&late[..split]);
            session.synchronize();
            let id = id(&session);
            session.receive(&[&late[split..], &delimited(id)].concat());
            assert_eq!(happenings(&mut session), [Happening::Synchronized]);
            assert_eq!(session.take_late().as_deref(), expected, "at {split}");
            // Others are not kept.
            ping(&mut session);
            session.abandon();
            session.receive(DONE.as_bytes());
            assert_eq!((session.expects_late(), session.take_late()), (false, None));
        }
    }
}

/// Its caller has gone while its reply, or the answer to its synchronisation, waits to be looked at.
#[test]
fn a_reply_that_nobody_took() {
    let mut session = ready();
    ping(&mut session);
    send_all(&mut session);
    session.receive(b"{\"return\": 1}\n");
    ping(&mut session);
    send_all(&mut session);
    session.receive(b"{\"return\": 2}\n");
    assert_eq!(happenings(&mut session), [reply("{\"return\": 2}\n")]);

    let mut session = Session::new(1);
    ping(&mut session);
    let first = id(&session);
    send_all(&mut session);
    session.receive(&delimited(first));
    ping(&mut session);
    assert!(session.is_synchronizing());
    assert_eq!(happenings(&mut session), []);
}

#[test]
fn no_synchronisation_without_need() {
    let mut session = ready();
    for _ in 0..3 {
        ping(&mut session);
        assert_eq!(send_all(&mut session), PING);
        session.receive(DONE.as_bytes());
        assert_eq!(happenings(&mut session), [reply(DONE)]);
    }
}

#[test]
fn what_nobody_asked_for_is_followed_by_a_synchronisation() {
    for unasked in [DONE, "{\"ret"] {
        let mut session = ready();
        session.receive(unasked.as_bytes());
        assert_eq!(happenings(&mut session), []);
        ping(&mut session);
        assert!(session.is_synchronizing());
    }
}

/// As after a reply that makes no sense.
#[test]
fn distrust_is_followed_by_a_synchronisation() {
    let mut session = ready();
    session.distrust();
    ping(&mut session);
    assert!(session.is_synchronizing());
}

/// What was to be sent before is not, as the agent starts anew at the delimiter.
#[test]
fn a_request_half_sent_is_not_continued() {
    let mut session = ready();
    ping(&mut session);
    session.sent(5);
    session.abandon();
    assert_eq!(session.output(), b"");
    ping(&mut session);
    assert_eq!(session.output().first(), Some(&0xFF));
}

#[test]
fn the_end_is_told_once() {
    let mut session = ready();
    ping(&mut session);
    session.receive(b"{\"return\": ");
    session.eof();
    session.eof();
    session.receive(b"{}}\n");
    ping(&mut session);
    assert_eq!(happenings(&mut session), [Happening::Closed(Closed::Eof)]);
    assert_eq!(session.output(), b"");
}

/// A reply is one when it ends, and part of one is none.
#[test]
fn the_last_line_break_need_not_come() {
    for length in 0..DONE.len() {
        let mut session = ready();
        ping(&mut session);
        send_all(&mut session);
        session.receive(&DONE.as_bytes()[..length]);
        session.eof();
        let mut expected = vec![Happening::Closed(Closed::Eof)];
        if length + 1 == DONE.len() {
            expected.insert(0, reply(DONE));
        }
        assert_eq!(happenings(&mut session), expected, "{length}");
    }
}

#[test]
fn a_message_without_end_is_cut_off() {
    let mut session = Session::new(1).message_limit(1000);
    ping(&mut session);
    session.receive(&[b'['; 1000]);
    assert_eq!(happenings(&mut session), []);
    session.receive(b"[");
    assert_eq!(
        happenings(&mut session),
        [Happening::Closed(Closed::TooLong(1000))]
    );
}

/// A guest that sends nothing but line ends or delimiters costs no more than what it sends.
#[test]
fn a_flood_of_nothing() {
    let mut session = Session::new(1);
    ping(&mut session);
    let id = id(&session);
    session.receive(&vec![b'\n'; 1 << 20]);
    session.receive(&vec![0xFF; 1 << 20]);
    session.receive(&[b"\n".as_slice(), &delimited(id), &[b'\n'; 1 << 20]].concat());
    session.receive(DONE.as_bytes());
    assert_eq!(
        happenings(&mut session),
        [Happening::Synchronized, reply(DONE)]
    );
}

#[test]
fn a_monitor_is_no_agent() {
    const GREETING: &[u8] = b"{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 3, \"minor\": 1, \"major\": 11}, \"package\": \"\"}, \"capabilities\": []}}\r\n";
    for is_early in [true, false] {
        let mut session = Session::new(1);
        if is_early {
            session.receive(GREETING);
        }
        ping(&mut session);
        session.receive(GREETING);
        assert_eq!(
            happenings(&mut session),
            [Happening::Closed(Closed::Monitor)]
        );
        assert!(session.is_closed() && session.output().is_empty());
    }
    // Of what is no answer to a synchronisation nothing is thought.
    let mut session = ready();
    ping(&mut session);
    session.receive(GREETING);
    assert!(matches!(
        &happenings(&mut session)[..],
        [Happening::Reply(_)]
    ));
}

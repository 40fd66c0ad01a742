//! Until commands are executed, and events.

use super::*;

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
    assert!(session.is_doubtful());
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

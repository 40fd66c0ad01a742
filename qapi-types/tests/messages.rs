//! Envelopes: what a client writes and reads, what a server reads and writes.

use std::time::{Duration, SystemTime};

use crate::lamps::commands::{LampList, LampSet, LampShutdown, PartAdd, PowerAdd};
use crate::lamps::{Event, events};
use qapi_types::message::{
    Greeting, OwnedRequest, Request, ServerMessage, VersionInfo, VersionTriple, decode_arguments,
    write_any_event, write_error, write_event, write_greeting, write_raw_request, write_request,
    write_return,
};
use qapi_types::{
    Command, Document, Empty, ErrorClass, ErrorReply, Events, Mode, Style, Timestamp, Value, Writer,
};
use serde_json::json;

fn written(style: Style, write: impl FnOnce(&mut Writer<'_>)) -> String {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out, style);
    write(&mut writer);
    writer.finish().unwrap();
    String::from_utf8(out).unwrap()
}

fn request<C: Command>(command: &C, id: Option<&Value>, oob: bool) -> String {
    written(Style::Compact, |w| write_request(w, command, id, oob))
}

#[test]
fn requests_are_short() {
    assert_eq!(
        request(&LampList::new(), None, false),
        r#"{"execute":"lamp-list"}"#
    );
    assert_eq!(
        request(&LampList::new(), Some(&json!(7)), false),
        r#"{"execute":"lamp-list","id":7}"#
    );
    assert_eq!(
        request(&LampSet::new("é"), Some(&json!({"a": []})), true),
        r#"{"exec-oob":"lamp-set","arguments":{"name":"é"},"id":{"a":[]}}"#
    );
    let part: PartAdd = qapi_types::from_str(r#"{"driver": "a", "x": 1}"#, Mode::Strict).unwrap();
    assert_eq!(
        request(&part, None, false),
        r#"{"execute":"part-add","arguments":{"driver":"a","x":1}}"#
    );
    let mut part = part;
    part.extra.insert("driver".into(), json!("b"));
    assert_eq!(
        request(&part, None, false),
        r#"{"execute":"part-add","arguments":{"driver":"a","x":1}}"#
    );
    for (arguments, text) in [
        (json!({}), ""),
        (json!({"a": null}), r#","arguments":{"a":null}"#),
    ] {
        let written = written(Style::Compact, |w| {
            write_raw_request(w, "x", arguments.as_object().unwrap(), Some(&"i"), false);
        });
        assert_eq!(written, format!(r#"{{"execute":"x"{text},"id":"i"}}"#));
    }
    let pretty = written(Style::Pretty, |w| {
        write_request(w, &LampList::new(), Some(&1u64), false)
    });
    assert_eq!(
        pretty,
        "{\r\n    \"execute\": \"lamp-list\",\r\n    \"id\": 1\r\n}"
    );
}

#[test]
fn commands_know_their_flags() {
    fn flags<C: Command>() -> (bool, bool, bool) {
        (C::ALLOW_OOB, C::ALLOW_PRECONFIG, C::SUCCESS_RESPONSE)
    }
    assert_eq!(flags::<LampList>(), (false, true, true));
    assert_eq!(flags::<LampSet>(), (true, false, true));
    assert_eq!(flags::<LampShutdown>(), (false, false, false));
    assert!(PowerAdd::FEATURES.is_empty());
}

#[test]
fn a_greeting() {
    let text = br#"{"QMP": {"version": {"qemu": {"micro": 2, "minor": 0, "major": 10}, "package": "p", "new": 1},
        "capabilities": ["oob", "unheard-of"]}}"#;
    let ServerMessage::Greeting(greeting) = ServerMessage::parse(text).unwrap() else {
        panic!();
    };
    assert_eq!(greeting.capabilities, ["oob", "unheard-of"]);
    let VersionTriple {
        major,
        minor,
        micro,
    } = greeting.version.qemu;
    assert_eq!(
        (major, minor, micro, greeting.version.package.as_str()),
        (10, 0, 2, "p")
    );

    let mut greeting = Greeting::new(VersionInfo::new(VersionTriple {
        major: 10,
        minor: 2,
        micro: 0,
    }));
    greeting.capabilities.push("oob".into());
    assert_eq!(
        written(Style::Ascii, |w| write_greeting(w, &greeting)),
        r#"{"QMP": {"version": {"qemu": {"major": 10, "minor": 2, "micro": 0}, "package": ""}, "capabilities": ["oob"]}}"#
    );
}

#[test]
fn replies() {
    let text =
        r#"{"return": [{"room": "a", "tags": [], "colour": "red", "new": 0}], "id": 5, "new": {}}"#;
    let ServerMessage::Return { value, id, .. } = ServerMessage::parse(text.as_bytes()).unwrap()
    else {
        panic!();
    };
    assert_eq!(id.unwrap().as_u64(), Some(5));
    let negative = ServerMessage::parse(br#"{"return": 1, "id": -1}"#).unwrap();
    let ServerMessage::Return { id, .. } = negative else {
        panic!();
    };
    assert_eq!(id.unwrap().as_u64(), None);
    let lamps: Vec<crate::lamps::Lamp> = value.decode(Mode::Lenient).unwrap();
    assert_eq!(lamps[0].room, "a");

    for (text, id) in [
        (r#"{"id": {"a": 1}, "return": {}}"#, Some(json!({"a": 1}))),
        (r#"{"return": {}, "id": null}"#, Some(Value::Null)),
        (r#"{"return": {}}"#, None),
    ] {
        let ServerMessage::Return {
            value, id: found, ..
        } = ServerMessage::parse(text.as_bytes()).unwrap()
        else {
            panic!("{text}");
        };
        value.decode::<Empty>(Mode::Lenient).unwrap();
        assert_eq!(
            found.map(|id| id.decode::<Value>(Mode::Lenient).unwrap()),
            id
        );
    }
}

#[test]
fn error_replies() {
    let text = br#"{"id": 1, "error": {"class": "DeviceNotFound", "desc": "no", "data": {}}}"#;
    let ServerMessage::Error { error, id, .. } = ServerMessage::parse(text).unwrap() else {
        panic!();
    };
    assert_eq!(
        (error.class.clone(), error.desc.as_str()),
        (ErrorClass::DeviceNotFound, "no")
    );
    assert_eq!(error.to_string(), "DeviceNotFound: no");
    assert_eq!(id.unwrap().text(), "1");
    let text = br#"{"error": {"class": "JSONParsing", "desc": "Invalid JSON syntax"}}"#;
    let ServerMessage::Error {
        error, id: None, ..
    } = ServerMessage::parse(text).unwrap()
    else {
        panic!();
    };
    assert_eq!(error.class.as_str(), "JSONParsing");
    assert!(matches!(error.class, ErrorClass::Unrecognized(_)));
}

fn event(text: &str) -> (Event, Timestamp) {
    let ServerMessage::Event(event) = ServerMessage::parse(text.as_bytes()).unwrap() else {
        panic!("{text}");
    };
    (
        Event::decode(&event.name, event.data).unwrap(),
        event.timestamp,
    )
}

#[test]
fn events_in() {
    let (night, timestamp) =
        event(r#"{"timestamp": {"seconds": 3, "microseconds": 40}, "event": "NIGHT"}"#);
    assert!(matches!(night, Event::Night(_)));
    assert_eq!((timestamp.seconds(), timestamp.microseconds()), (3, 40));
    let time = SystemTime::UNIX_EPOCH + Duration::from_micros(3_000_040);
    assert_eq!(timestamp.time(), Some(time));

    let (broken, timestamp) = event(
        r#"{"event": "LAMP_BROKEN", "data": {"name": "a", "power": {"kind": "new"}, "new": 1},
            "timestamp": {"seconds": -1, "microseconds": -1}}"#,
    );
    let Event::LampBroken(broken) = broken else {
        panic!();
    };
    assert_eq!(broken.name, "a");
    assert_eq!((timestamp, timestamp.time()), (Timestamp::UNKNOWN, None));
    let (night, timestamp) = event(r#"{"event": "NIGHT"}"#);
    assert!(matches!(night, Event::Night(_)));
    assert_eq!(timestamp, Timestamp::UNKNOWN);

    let text =
        r#"{"timestamp": {"seconds": 0, "microseconds": 0}, "event": "DAWN", "data": {"x": [1]}}"#;
    let (dawn, timestamp) = event(text);
    let Event::Unrecognized { name, data } = &dawn else {
        panic!();
    };
    assert_eq!(
        (name.as_str(), Value::Object(data.clone())),
        ("DAWN", json!({"x": [1]}))
    );
    assert_eq!(
        written(Style::Ascii, |w| write_any_event(w, &dawn, timestamp)),
        text
    );
}

#[test]
fn events_out() {
    let timestamp = Timestamp::new(1, 2);
    let broken: events::LampBroken =
        qapi_types::from_str(r#"{"name": "é"}"#, Mode::Strict).unwrap();
    assert_eq!(
        written(Style::Ascii, |w| write_event(w, &broken, timestamp)),
        r#"{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "LAMP_BROKEN", "data": {"name": "\u00E9"}}"#
    );
    assert_eq!(
        written(Style::Compact, |w| write_event(
            w,
            &events::Night::new(),
            timestamp
        )),
        r#"{"timestamp":{"seconds":1,"microseconds":2},"event":"NIGHT"}"#
    );
    assert!(Timestamp::now().time().unwrap() <= SystemTime::now());
}

#[test]
fn what_is_no_message_of_a_server() {
    for (text, desc) in [
        (
            "[]",
            "Invalid parameter type for '<anonymous>', expected: object",
        ),
        ("{}", "Parameter 'return' is missing"),
        (
            r#"{"event": 1}"#,
            "Invalid parameter type for 'event', expected: string",
        ),
        (r#"{"error": {}}"#, "Parameter 'error.class' is missing"),
        (
            r#"{"return": {}} x"#,
            "JSON parse error, unexpected text after the value",
        ),
        (
            r#"{"return": {"a": 01}}"#,
            "JSON parse error, expected separator in dict",
        ),
    ] {
        assert_eq!(
            ServerMessage::parse(text.as_bytes()).unwrap_err().desc(),
            desc,
            "{text}"
        );
    }
}

/// The id as it is echoed, and the error's text.
fn refused(text: &str, oob: bool) -> (Option<String>, String) {
    let document = Document::parse(text.as_bytes()).unwrap();
    let refused = Request::parse(&document, oob).unwrap_err();
    assert_eq!(refused.error.class, ErrorClass::GenericError);
    let id = refused
        .id
        .map(|id| written(Style::Ascii, |w| qapi_types::codec::Encode::encode(&id, w)));
    (id, refused.error.desc)
}

#[test]
fn what_is_no_request() {
    for text in ["[]", "[{\"execute\": \"x\"}]", "5", "'x'", "null", "true"] {
        assert_eq!(
            refused(text, false),
            (None, "QMP input must be a JSON object".into())
        );
    }
    let cases = [
        (
            "{'execute': 'x', 'bogus': 1",
            "member 'bogus' is unexpected",
        ),
        ("{'Execute': 'x'", "member 'Execute' is unexpected"),
        ("{'exec-oob': 'x'", "member 'exec-oob' is unexpected"),
        ("{'execute': 5", "member 'execute' must be a string"),
        ("{'execute': null", "member 'execute' must be a string"),
        (
            "{'execute': 'x', 'arguments': null",
            "member 'arguments' must be an object",
        ),
        (
            "{'execute': 'x', 'arguments': []",
            "member 'arguments' must be an object",
        ),
        (
            "{'arguments': 'x', 'execute': 'x'",
            "member 'arguments' must be an object",
        ),
        ("{'arguments': {}", "lacks member 'execute'"),
    ];
    for (text, desc) in cases {
        let desc = format!("QMP input {desc}");
        assert_eq!(refused(&format!("{text}}}"), false), (None, desc.clone()));
        // The id is echoed wherever it stands, and whatever it is.
        let id = Some("[1, null]".into());
        assert_eq!(
            refused(&format!("{text}, 'id': [1,null]}}"), false),
            (id.clone(), desc.clone())
        );
        let first = text.replacen('{', "{'id':[1,null],", 1);
        assert_eq!(refused(&format!("{first}}}"), false), (id, desc));
    }
    assert_eq!(refused("{}", false).1, "QMP input lacks member 'execute'");
    assert_eq!(
        refused("{'exec-oob': 1}", true).1,
        "QMP input member 'exec-oob' must be a string"
    );
    for text in [
        "{'execute': 'x', 'exec-oob': 'x'}",
        "{'exec-oob': 'x', 'execute': 'x'}",
    ] {
        assert_eq!(
            refused(text, true).1,
            "QMP input member 'execute' clashes with 'exec-oob'"
        );
    }
}

#[test]
fn requests_in() {
    let document = Document::parse(
        b"{'execute': 'lamp-set', 'id': 'x', 'arguments': {'name': 'a', 'dim': null}}",
    )
    .unwrap();
    let request = Request::parse(&document, false).unwrap();
    assert_eq!((&*request.command, request.oob), ("lamp-set", false));
    assert_eq!(
        decode_arguments::<LampSet>(request.arguments).unwrap().name,
        "a"
    );
    let reply = written(Style::Ascii, |w| {
        write_return(w, &Empty::new(), request.id.as_ref())
    });
    assert_eq!(reply, r#"{"return": {}, "id": "x"}"#);

    let document = Document::parse(b"{\"exec-oob\": \"lamp-list\"}").unwrap();
    let request = Request::parse(&document, true).unwrap();
    assert_eq!((&*request.command, request.oob), ("lamp-list", true));
    decode_arguments::<LampList>(request.arguments).unwrap();
    let error: ErrorReply = decode_arguments::<LampSet>(request.arguments)
        .unwrap_err()
        .into();
    let reply = written(Style::Ascii, |w| {
        write_error(w, &error, request.id.as_ref())
    });
    assert_eq!(
        reply,
        r#"{"error": {"class": "GenericError", "desc": "Parameter 'name' is missing"}}"#
    );
}

#[test]
fn what_a_dispatcher_says() {
    let error = ErrorReply::command_not_found("caf\u{e9}");
    assert_eq!(
        written(Style::Ascii, |w| write_error(w, &error, Some(&1u64))),
        r#"{"id": 1, "error": {"class": "CommandNotFound", "desc": "The command caf\u00E9 has not been found"}}"#
    );
    assert_eq!(
        ErrorReply::no_oob("x").desc,
        "The command x does not support OOB"
    );
    assert_eq!(
        ErrorReply::needs_machine("x").desc,
        "The command 'x' is permitted only after machine initialization has completed"
    );
}

#[test]
fn requests_that_wait_keep_their_text() {
    let document = Document::parse(b"{'id': [1], 'execute': 'a', 'arguments': {'x': 1}}");
    let request = OwnedRequest::parse(document.expect("JSON"), false).expect("a request");
    assert_eq!(request.command(), "a");
    assert!(!request.is_oob());
    assert_eq!(request.arguments().map(|raw| raw.text()), Some("{'x': 1}"));
    assert_eq!(request.id().map(|raw| raw.text()), Some("[1]"));
    assert_eq!(request.size(), 50);

    let document = Document::parse(br#"{"exec-oob": "\u0061'"}"#).expect("JSON");
    let request = OwnedRequest::parse(document, true).expect("a request");
    assert_eq!((request.command(), request.is_oob()), ("a'", true));
    assert!(request.arguments().is_none() && request.id().is_none());

    let document = Document::parse(b"{'exec-oob': 1, 'id': 2}").expect("JSON");
    let document = OwnedRequest::parse(document, true).expect_err("no request");
    let refused = Request::parse(&document, true).expect_err("no request");
    assert!(refused.oob);
    assert_eq!(refused.id.and_then(|id| id.as_u64()), Some(2));
}

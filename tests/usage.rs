//! Generated types as users meet them: QEMU's from `qapi-types`, and those that this package's build script generates from
//! a schema of its own.

use qapi_tests::heater::{
    self, HeaterEco, HeaterMode, HeaterRef, HeaterState, HeaterStateBranch, HeaterTurbo, commands,
    events,
};
use qapi_types::message::{
    Request, ServerMessage, decode_arguments, write_any_event, write_request,
};
use qapi_types::{
    Command, Document, Mode, Style, Timestamp, Unrecognized, Value, Writer, from_str, qmp, to_vec,
};
use serde_json::json;

fn request<C: Command>(command: &C) -> Value {
    let mut out = Vec::new();
    let mut w = Writer::new(&mut out, Style::Compact);
    write_request(&mut w, command, Some(&1u64), false);
    w.finish().unwrap();
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn a_client_of_qemu() {
    let file = qmp::BlockdevOptionsFile::new("disk.qcow2");
    let node = qmp::BlockdevOptions::new(file)
        .node_name("d0")
        .read_only(true);
    assert_eq!(
        request(&qmp::commands::BlockdevAdd::new(node)),
        json!({ "execute": "blockdev-add", "id": 1, "arguments": {
            "driver": "file", "filename": "disk.qcow2", "node-name": "d0", "read-only": true
        } })
    );
    let eject = qmp::commands::Eject::new().id("cd0").force(true);
    assert_eq!(
        request(&eject),
        json!({ "execute": "eject", "id": 1, "arguments": { "id": "cd0", "force": true } })
    );

    let text =
        br#"{"return": {"status": "running", "singlestep": false, "running": true}, "id": 1}"#;
    let ServerMessage::Return { value, .. } = ServerMessage::parse(text).unwrap() else {
        panic!("a reply was expected");
    };
    let status: <qmp::commands::QueryStatus as Command>::Reply =
        value.decode(Mode::Lenient).unwrap();
    assert!(status.running);
    assert_eq!(status.status, qmp::RunState::Running);
    assert_eq!(status.unrecognized["singlestep"], false);
    assert_eq!(
        serde_json::to_value(&status).unwrap(),
        serde_json::from_str::<Value>(value.text()).unwrap()
    );
}

#[test]
fn constructors_and_setters() {
    let turbo = HeaterState::new("h1", HeaterTurbo::new(3).minutes(5u32));
    assert_eq!(turbo.mode(), "turbo");
    assert_eq!(
        request(&commands::HeaterSet::new(turbo.clone())),
        json!({ "execute": "heater-set", "id": 1, "arguments": {
            "id": "h1", "mode": "turbo", "fan": 3, "minutes": 5
        } })
    );
    assert_eq!(
        request(&commands::HeaterQuery::new()),
        json!({ "execute": "heater-query", "id": 1 })
    );
    let link = commands::HeaterLink::new(json!(null));
    assert_eq!(to_vec(&link).unwrap(), br#"{"note":null}"#);
    for (link, next) in [
        (link.clone().next("h2"), json!("h2")),
        (link.clone().next(HeaterRef::Nothing), Value::Null),
        (
            link.next(turbo),
            json!({ "id": "h1", "mode": "turbo", "fan": 3, "minutes": 5 }),
        ),
    ] {
        assert_eq!(request(&link)["arguments"]["next"], next);
    }
}

#[test]
fn what_a_newer_server_sends() {
    let text = r#"[
        {"mode": "eco", "target": -5, "id": "a"},
        {"fan": 1, "id": "b", "mode": "turbo", "colour": "red"},
        {"id": "c", "mode": "off"},
        {"id": "d", "mode": "gas", "pressure": [1.5]}
    ]"#;
    let states: Vec<HeaterState> = from_str(text, Mode::Lenient).unwrap();
    let told: Vec<String> = states
        .iter()
        .map(|state| match &state.u {
            HeaterStateBranch::Eco(eco) => format!("{} keeps {}", state.id, eco.target),
            HeaterStateBranch::Turbo(turbo) => format!("{} blows {}", state.id, turbo.fan),
            HeaterStateBranch::Off => format!("{} is off", state.id),
            HeaterStateBranch::Unrecognized { tag, members } => {
                format!("{} does {tag} at {}", state.id, members["pressure"])
            }
            _ => "newer than this test".to_owned(),
        })
        .collect();
    assert_eq!(
        told,
        ["a keeps -5", "b blows 1", "c is off", "d does gas at [1.5]"]
    );
    let again: Value = serde_json::from_slice(&to_vec(&states).unwrap()).unwrap();
    assert_eq!(again, serde_json::from_str::<Value>(text).unwrap());
}

#[test]
fn what_a_server_refuses() {
    let refused = |request: &str| {
        let document = Document::parse(request.as_bytes()).unwrap();
        let request = Request::parse(&document, false).unwrap();
        decode_arguments::<commands::HeaterSet>(request.arguments)
            .unwrap_err()
            .desc()
    };
    assert_eq!(
        refused("{'execute': 'heater-set'}"),
        "Parameter 'id' is missing"
    );
    assert_eq!(
        refused("{'execute': 'heater-set', 'arguments': {'id': 'a', 'mode': 'gas'}}"),
        "Parameter 'mode' does not accept value 'gas'"
    );
    assert_eq!(
        refused("{'execute': 'heater-set', 'arguments': {'fan': 256, 'id': 'a', 'mode': 'turbo'}}"),
        "Parameter 'fan' expects uint8_t"
    );
}

#[test]
fn events_and_their_enum() {
    let text = br#"{"event": "HEATER_HOT", "data": {"id": "a", "celsius": 71.5}, "timestamp": {"seconds": 1, "microseconds": 2}}"#;
    let ServerMessage::Event(raw) = ServerMessage::parse(text).unwrap() else {
        panic!("an event was expected");
    };
    let event = <heater::Event as qapi_types::Events>::decode(&raw.name, raw.data).unwrap();
    assert_eq!(
        event,
        heater::Event::HeaterHot(events::HeaterHot::new("a").celsius(71.5))
    );

    let event = <heater::Event as qapi_types::Events>::decode("HEATER_OUT", raw.data).unwrap();
    let heater::Event::Unrecognized { name, data } = &event else {
        panic!("{event:?} is none of this schema");
    };
    assert_eq!(
        (name.as_str(), &data["celsius"]),
        ("HEATER_OUT", &json!(71.5))
    );
    let mut out = Vec::new();
    let mut w = Writer::new(&mut out, Style::Compact);
    write_any_event(&mut w, &event, Timestamp::new(1, 2));
    w.finish().unwrap();
    let mut expected: Value = serde_json::from_slice(text).unwrap();
    expected["event"] = json!("HEATER_OUT");
    assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), expected);
}

#[test]
fn enums() {
    assert_eq!(
        HeaterMode::KNOWN,
        [HeaterMode::Off, HeaterMode::Eco, HeaterMode::Turbo]
    );
    assert_eq!("eco".parse(), Ok(HeaterMode::Eco));
    assert!("gas".parse::<HeaterMode>().is_err());
    let gas: HeaterMode = from_str("\"gas\"", Mode::Lenient).unwrap();
    assert_eq!(gas, HeaterMode::Unrecognized(Unrecognized::new("gas")));
    assert_eq!(gas.to_string(), "gas");
    assert!(from_str::<HeaterMode>("\"gas\"", Mode::Strict).is_err());
}

#[test]
fn serde() {
    let state = HeaterState::new("h1", HeaterEco::new(21));
    let value = serde_json::to_value(&state).unwrap();
    assert_eq!(value, json!({ "id": "h1", "mode": "eco", "target": 21 }));
    assert_eq!(serde_json::from_value::<HeaterState>(value).unwrap(), state);
    let text = serde_json::to_string(&HeaterRef::Nothing).unwrap();
    assert_eq!(text, "null");
    assert_eq!(
        serde_json::from_str::<HeaterRef>(&text).unwrap(),
        HeaterRef::Nothing
    );
}

//! Generated types on the wire.

use crate::golden::generated::{
    alternate, command, conditions, enum_, event, names, recursive, struct_, union,
};
use qapi_types::codec::{Decode, Encode};
use qapi_types::{Command as _, Event as _, Events as _, Mode, Null, from_str, to_vec};
use serde_json::{Value, json};
use std::fmt::Debug;

/// Decodes strictly, encodes, and expects equal JSON.
#[track_caller]
fn round_trip<T: Decode + Encode + Debug>(json: Value) -> T {
    let value: T = from_str(&json.to_string(), Mode::Strict).unwrap_or_else(|e| panic!("{e:?}"));
    assert_eq!(written(&value), json);
    value
}

#[track_caller]
fn lenient<T: Decode + Encode + Debug>(json: Value) -> T {
    let value: T = from_str(&json.to_string(), Mode::Lenient).unwrap_or_else(|e| panic!("{e:?}"));
    assert_eq!(written(&value), json);
    value
}

fn written<T: Encode>(value: &T) -> Value {
    serde_json::from_slice(&to_vec(value).unwrap()).unwrap()
}

#[track_caller]
fn refused<T: Decode + Debug>(json: Value) -> String {
    from_str::<T>(&json.to_string(), Mode::Strict)
        .unwrap_err()
        .desc()
}

#[test]
fn enums() {
    use enum_::{PanelMode, RunState};
    assert_eq!(RunState::KNOWN.len(), 3);
    assert_eq!(RunState::InMigrate.as_str(), "in-migrate");
    assert_eq!("in-migrate".parse(), Ok(RunState::InMigrate));
    assert!("later".parse::<RunState>().is_err());
    let names: Vec<_> = PanelMode::KNOWN.iter().map(ToString::to_string).collect();
    assert_eq!(
        names,
        [
            "2-way",
            "4k",
            "x86_64",
            "self",
            "none",
            "unrecognized",
            "up",
            "UP"
        ]
    );
    for mode in PanelMode::KNOWN {
        assert_eq!(&round_trip::<PanelMode>(json!(mode.as_str())), mode);
    }
    let newer: RunState = lenient(json!("later"));
    assert!(matches!(newer, RunState::Unrecognized(_)));
    assert_eq!(
        refused::<Vec<RunState>>(json!(["later"])),
        "Parameter 'null' does not accept value 'later'"
    );
}

#[test]
fn structs() {
    use struct_::{Defaults, Marker, Point};
    let marker: Marker = round_trip(json!({
        "x": 1, "y": -2, "label": "l", "node-name": "n", "extra": null, "gone": null, "tags": []
    }));
    assert_eq!((marker.x, marker.y), (1, -2));
    assert_eq!(marker.extra, Some(Value::Null));
    assert_eq!(marker.gone, Some(Null));
    assert_eq!(marker.ratio, None);
    let built = Marker::new(1, -2, "l", "n")
        .extra(Value::Null)
        .gone(Null)
        .tags([]);
    assert_eq!(built, marker);
    let near = Defaults::new().on(true).origin(Point::new(0, 0));
    assert_eq!(
        written(&near),
        json!({ "on": true, "origin": { "x": 0, "y": 0 } })
    );
    assert_eq!(
        refused::<Marker>(json!({ "x": 1, "y": 2 })),
        "Parameter 'label' is missing"
    );
    assert_eq!(
        refused::<Defaults>(json!({ "origin": { "x": 1, "y": null } })),
        "Invalid parameter type for 'origin.y', expected: integer"
    );
    assert_eq!(
        refused::<Defaults>(json!({ "on": null })),
        "Invalid parameter type for 'on', expected: boolean"
    );
    assert_eq!(
        refused::<Defaults>(json!({ "off": 1 })),
        "Parameter 'off' is unexpected"
    );
}

#[test]
fn unions() {
    use union::{Cow, Image, ImageBranch, Net, Raw, Target, TargetBranch, Tcp};
    let image = Image::new(Raw::new().offset(512), true).node_name("n0");
    assert_eq!(
        written(&image),
        json!({ "node-name": "n0", "driver": "raw", "read-only": true, "offset": 512 })
    );
    assert_eq!(image.driver(), "raw");
    for text in [
        r#"{"driver":"vmdk","read-only":false,"backing":"b"}"#,
        r#"{"backing":"b","read-only":false,"driver":"vmdk"}"#,
    ] {
        let image: Image = from_str(text, Mode::Strict).unwrap();
        assert_eq!(image.u, ImageBranch::Vmdk(Box::new(Cow::new("b"))));
    }
    let image: Image = round_trip(json!({ "driver": "null-co", "read-only": true }));
    assert_eq!(image.u, ImageBranch::NullCo);
    assert_eq!(
        refused::<Image>(json!({ "driver": "null-co", "read-only": true, "offset": 1 })),
        "Parameter 'offset' is unexpected"
    );
    let newer: Image = lenient(json!({ "driver": "luks9", "read-only": true, "key": [1] }));
    assert_eq!(newer.driver(), "luks9");

    let target = Target::new("t", Net::new(Tcp::new("h", 80)));
    assert_eq!(
        written(&target),
        json!({ "name": "t", "transport": "net", "protocol": "tcp", "host": "h", "port": 80 })
    );
    let text = r#"{"port":80,"host":"h","protocol":"tcp","transport":"net","name":"t"}"#;
    assert_eq!(from_str::<Target>(text, Mode::Strict).unwrap(), target);
    assert!(matches!(target.u, TargetBranch::Net(_)));
}

#[test]
fn alternates() {
    use alternate::{Amount, Backing, Level, Preset, Size, StrOrNull};
    for (json, amount) in [
        (
            json!({ "bytes": u64::MAX }),
            Amount::from(Size::new(u64::MAX)),
        ),
        (json!("large"), Amount::Preset(Preset::Large)),
        (json!(-5), Amount::from(-5)),
        (json!(true), Amount::from(true)),
        (json!([1, -128]), Amount::from(vec![1, -128])),
        (json!(null), Amount::Null),
    ] {
        assert_eq!(round_trip::<Amount>(json), amount);
    }
    assert_eq!(
        refused::<Amount>(json!("huge")),
        "Parameter 'null' does not accept value 'huge'"
    );
    assert_eq!(round_trip::<Backing>(json!({})).file, None);
    assert_eq!(
        round_trip::<Backing>(json!({ "file": null })).file,
        Some(StrOrNull::N)
    );
    assert_eq!(Backing::new().file("f"), round_trip(json!({ "file": "f" })));
    assert_eq!(
        refused::<Backing>(json!({ "file": 1 })),
        "Invalid parameter type for 'file', expected: StrOrNull"
    );
    let newer: Level = lenient(json!("high"));
    assert!(matches!(newer, Level::Unrecognized(_)));
}

#[test]
fn recursion() {
    use recursive::{Chain, Endless, Left, Ping, Right, Tree};
    let chain = Chain::new("a")
        .next(Chain::new("b"))
        .others([Chain::new("c")]);
    assert_eq!(
        written(&chain),
        json!({ "name": "a", "next": { "name": "b" }, "others": [{ "name": "c" }] })
    );
    let left = Left::new().right(Right::new().left(Left::new()));
    assert_eq!(round_trip::<Left>(json!({ "right": { "left": {} } })), left);
    round_trip::<Tree>(json!({
        "kind": "inner", "first": { "kind": "leaf" }, "second": { "kind": "leaf" }
    }));
    let endless: Endless = lenient(json!({ "name": "a", "next": { "name": "b" } }));
    assert_eq!(endless.next.unwrap().next, None);
    assert_eq!(
        refused::<Endless>(json!({ "name": "a", "next": { "name": "b" } })),
        "Parameter 'next.next' is missing"
    );
    assert_eq!(
        refused::<Ping>(json!({ "pong": {} })),
        "Parameter 'pong.pong' is missing"
    );
}

#[test]
fn commands() {
    use command::commands::{DeviceAdd, Eject, Move, QueryStatus, Shutdown};
    use command::{COMMANDS, MoveBranch, Step};
    assert_eq!(QueryStatus::NAME, "query-status");
    const { assert!(QueryStatus::ALLOW_PRECONFIG && !QueryStatus::ALLOW_OOB) };
    const { assert!(Move::ALLOW_OOB && !Shutdown::SUCCESS_RESPONSE) };
    assert_eq!(
        written(&Eject::new().id("cd0").force(true)),
        json!({ "id": "cd0", "force": true })
    );
    assert_eq!(
        refused::<QueryStatus>(json!({ "a": 1 })),
        "Parameter 'a' is unexpected"
    );
    let step = Move::new(Step::new(3));
    assert_eq!(
        round_trip::<Move>(json!({ "way": "up", "height": 3 })),
        step
    );
    assert!(matches!(
        round_trip::<Move>(json!({ "way": "down" })).0.u,
        MoveBranch::Down
    ));
    let device = DeviceAdd::new("e1000")
        .id("n0")
        .extra("mq", true)
        .extra("driver", "twice");
    assert_eq!(
        written(&device),
        json!({ "driver": "e1000", "id": "n0", "mq": true })
    );
    let device: DeviceAdd = round_trip(json!({ "driver": "e1000", "mac": { "x": [1] } }));
    assert_eq!(device.extra["mac"], json!({ "x": [1] }));
    assert!(COMMANDS.is_sorted_by_key(|row| row.name));
    let old = COMMANDS.iter().find(|row| row.name == "old-thing").unwrap();
    assert_eq!(old.features, ["deprecated", "unstable"]);
    let status = COMMANDS
        .iter()
        .find(|row| row.name == "query-status")
        .unwrap();
    assert_eq!((status.since, status.allow_preconfig), (Some("0.14"), true));
}

#[test]
fn events() {
    use event::events::{BlockJobReady, Shutdown, Stop};
    use event::{Cause, Event};
    assert_eq!(Stop::NAME, "STOP");
    assert_eq!(
        written(&Shutdown::new(true).reason("r")),
        json!({ "guest": true, "reason": "r" })
    );
    assert_eq!(
        round_trip::<BlockJobReady>(json!({ "guest": true })).0,
        Cause::new(true)
    );
    assert_eq!(
        Event::decode("STOP", None).unwrap(),
        Event::Stop(Stop::new())
    );
    let newer = Event::decode("LATER", None).unwrap();
    assert_eq!(newer.name(), "LATER");
    assert_eq!(Event::Shutdown(Shutdown::new(false)).name(), "SHUTDOWN");
}

#[test]
fn names_that_mean_something_in_rust() {
    use names::commands::{ComExampleDoIt, Ok_};
    let value: names::Ok = round_trip(json!({ "value": "self", "branch": "b", "self": "ok" }));
    assert_eq!(Ok_::new(value.clone()).0, value);
    round_trip::<names::Result>(json!({ "ok": { "from": "none" }, "err": [{}] }));
    round_trip::<names::Box>(json!({ "inner": { "inner": {} } }));
    let open = ComExampleDoIt::new("e").extra_("more", 1);
    assert_eq!(written(&open), json!({ "extra": "e", "more": 1 }));
    assert_eq!(
        names::events::Stop::new()
            .r#type(names::String::new("s"))
            .r#type
            .unwrap()
            .str,
        "s"
    );
}

#[test]
fn conditions_become_attributes() {
    use conditions::{COMMANDS, Display, DisplayOptions, Process};
    assert!(Display::KNOWN.contains(&Display::Spice));
    assert!("pixman".parse::<Display>().is_err());
    assert_eq!("dbus".parse::<Display>().is_ok(), cfg!(target_os = "linux"));
    assert!(!COMMANDS.iter().any(|row| row.name == "pixman"));
    // The tag has this value everywhere, the union its branch nowhere.
    round_trip::<DisplayOptions>(json!({ "type": "vnc" }));
    assert_eq!(
        refused::<DisplayOptions>(json!({ "type": "vnc", "port": 1 })),
        "Parameter 'port' is unexpected"
    );
    round_trip::<conditions::Gone>(json!({}));
    let name = round_trip::<conditions::Whatever>(json!("any"));
    assert_eq!(name, conditions::Whatever::Name(conditions::Name::Any));
    assert_eq!(
        from_str::<conditions::Whatever>("[]", Mode::Strict).is_ok(),
        cfg!(target_os = "linux")
    );
    #[cfg(target_os = "linux")]
    {
        assert_eq!(
            round_trip::<Process>(json!({ "pid": 1, "fd": 2 })),
            Process::new(1, 2)
        );
        assert_eq!(
            refused::<Process>(json!({ "pid": 1 })),
            "Parameter 'fd' is missing"
        );
        round_trip::<DisplayOptions>(json!({ "type": "dbus", "address": "a" }));
    }
    #[cfg(not(target_os = "linux"))]
    {
        assert_eq!(round_trip::<Process>(json!({ "pid": 1 })), Process::new(1));
        round_trip::<DisplayOptions>(json!({ "type": "none", "full-screen": true }));
    }
}

//! Generated code and the codec together: every construct of the schema language, as a client meets it.

use crate::lamps::commands::{LampSet, PartAdd, PowerAdd};
use crate::lamps::{
    BatteryBranch, Chemistry, Colour, Dim, Lamp, Power, PowerBranch, PowerKind, PowerRef,
    PowerRefOrNull, Setting,
};
use qapi_types::codec::{Decode, Encode};
use qapi_types::{Empty, Mode, Null, Unrecognized, Value, from_str, to_vec};
use serde_json::json;

/// Decodes in both modes, and encodes to an equal value.
fn round_trip<T: Decode + Encode + PartialEq + std::fmt::Debug>(text: &str) -> T {
    let value: T = from_str(text, Mode::Strict).unwrap();
    assert_eq!(from_str::<T>(text, Mode::Lenient).unwrap(), value);
    assert_eq!(
        json_of(&value),
        serde_json::from_str::<Value>(text).unwrap()
    );
    value
}

/// Decodes what only a newer peer would send, and encodes to an equal value.
fn newer<T: Decode + Encode + PartialEq + std::fmt::Debug>(text: &str) -> T {
    assert!(from_str::<T>(text, Mode::Strict).is_err());
    let value: T = from_str(text, Mode::Lenient).unwrap();
    assert_eq!(
        json_of(&value),
        serde_json::from_str::<Value>(text).unwrap()
    );
    value
}

fn json_of(value: &impl Encode) -> Value {
    serde_json::from_slice(&to_vec(value).unwrap()).unwrap()
}

#[test]
fn a_struct_with_a_base_and_optional_members() {
    let lamp: Lamp = round_trip(r#"{"room": "hall", "colour": "deep-blue", "tags": ["a", "b"]}"#);
    assert_eq!(lamp.room, "hall");
    assert_eq!(lamp.colour, Colour::DeepBlue);
    assert_eq!(lamp.tags, ["a", "b"]);
    assert_eq!((lamp.shelf, lamp.level), (None, None));
    let lamp: Lamp = round_trip(
        r#"{"tags": [], "shelf": 255, "extra": {"x": [null]}, "power": "p0", "level": 0.5,
            "colour": "white", "room": "é\n\u0000"}"#,
    );
    assert_eq!(lamp.room, "é\n\0");
    assert_eq!((lamp.shelf, lamp.level), (Some(255), Some(0.5)));
    assert_eq!(lamp.extra, Some(json!({"x": [null]})));
    assert_eq!(lamp.power, Some(PowerRefOrNull::Reference("p0".into())));
}

#[test]
fn a_union_in_a_union_whatever_the_order() {
    let members = [
        r#""kind": "battery""#,
        r#""chemistry": "lithium""#,
        r#""cells": 3"#,
        r#""fuse": 5"#,
    ];
    for a in 0..4 {
        for b in (0..4).filter(|b| *b != a) {
            for c in (0..4).filter(|c| ![a, b].contains(c)) {
                let order = [a, b, c, 6 - a - b - c].map(|i| members[i]);
                let power: Power = round_trip(&format!("{{{}}}", order.join(", ")));
                assert_eq!(power.fuse, Some(5));
                let PowerBranch::Battery(battery) = power.u else {
                    panic!("{order:?}");
                };
                let BatteryBranch::Lithium(lithium) = battery.u else {
                    panic!("{order:?}");
                };
                assert_eq!(lithium.cells, 3);
            }
        }
    }
}

#[test]
fn a_branch_without_data() {
    let power: Power = round_trip(r#"{"kind": "none"}"#);
    assert_eq!(power.u, PowerBranch::None);
    let power: Power = round_trip(r#"{"chemistry": "lead", "kind": "battery"}"#);
    let PowerBranch::Battery(battery) = power.u else {
        panic!();
    };
    assert_eq!(battery.u, BatteryBranch::Lead);
}

#[test]
fn what_is_written_starts_with_the_tag() {
    let power: Power =
        from_str(r#"{"volts": 1, "fuse": 2, "kind": "mains"}"#, Mode::Strict).unwrap();
    assert_eq!(
        to_vec(&power).unwrap(),
        br#"{"kind":"mains","fuse":2,"volts":1}"#
    );
}

#[test]
fn types_that_contain_themselves() {
    let power: Power = round_trip(
        r#"{"kind": "mains", "volts": 1,
            "backup": {"volts": 2, "backup": {"volts": 3}},
            "behind": {"volts": 4, "behind": "p0", "kind": "mains"}}"#,
    );
    let PowerBranch::Mains(mains) = power.u else {
        panic!();
    };
    assert_eq!(mains.backup.unwrap().backup.unwrap().volts, 3);
    let Some(PowerRef::Definition(behind)) = mains.behind else {
        panic!();
    };
    let PowerBranch::Mains(behind) = behind.u else {
        panic!();
    };
    assert_eq!(behind.behind, Some(PowerRef::Reference("p0".into())));
}

#[test]
fn alternates() {
    let setting = |text: &str| {
        round_trip::<LampSet>(&format!(r#"{{"name": "", "setting": {text}}}"#))
            .setting
            .unwrap()
    };
    assert_eq!(setting("-1"), Setting::Step(-1));
    assert_eq!(setting("\"red\""), Setting::Colour(Colour::Red));
    assert_eq!(setting("false"), Setting::On(false));
    assert_eq!(setting("[]"), Setting::Curve(vec![]));
    assert_eq!(
        setting("[18446744073709551615]"),
        Setting::Curve(vec![u64::MAX])
    );
    assert_eq!(round_trip::<Dim>("null"), Dim::Off);
    assert_eq!(round_trip::<Dim>("0.5"), Dim::Level(0.5));
    assert_eq!(round_trip::<Dim>("3"), Dim::Level(3.0));
}

#[test]
fn open_arguments() {
    let part: PartAdd =
        round_trip(r#"{"mac": "00:11", "driver": "e1000", "multi": [true], "id": "n0"}"#);
    assert_eq!(part.driver, "e1000");
    assert_eq!(
        Value::Object(part.extra),
        json!({"mac": "00:11", "multi": [true]})
    );
}

#[test]
fn boxed_arguments() {
    let power: PowerAdd = round_trip(r#"{"kind": "none", "fuse": -9223372036854775808}"#);
    assert_eq!(power.0.fuse, Some(i64::MIN));
}

#[test]
fn nothing_but_braces() {
    round_trip::<Empty>("{}");
    assert_eq!(Empty::default(), Empty::new());
    let newer: Empty = from_str(r#"{"new":1}"#, Mode::Lenient).unwrap();
    assert_eq!(newer.unrecognized["new"], 1);
    assert_eq!(to_vec(&newer).unwrap(), br#"{"new":1}"#);
    assert!(from_str::<Empty>("[]", Mode::Lenient).is_err());
}

#[test]
fn enumerations_know_their_names() {
    assert_eq!(
        Colour::KNOWN,
        [Colour::Red, Colour::DeepBlue, Colour::White]
    );
    for colour in Colour::KNOWN {
        assert_eq!(&colour.as_str().parse::<Colour>().unwrap(), colour);
        assert_eq!(colour.to_string(), colour.as_str());
    }
    assert_eq!(
        "mauve".parse::<Colour>().unwrap_err().to_string(),
        "unknown value 'mauve'"
    );
    assert_eq!(PowerKind::None.as_str(), "none");
    assert_eq!(Chemistry::KNOWN.len(), 2);
}

#[test]
fn values_of_a_newer_peer_are_kept() {
    let lamp: Lamp = newer(r#"{"room": "a", "colour": "mauve", "tags": []}"#);
    assert_eq!(
        lamp.colour,
        Colour::Unrecognized(Unrecognized::new("mauve"))
    );
    assert_eq!(lamp.colour.as_str(), "mauve");
}

#[test]
fn branches_of_a_newer_peer_are_kept_whole() {
    for text in [
        r#"{"kind": "steam", "fuse": 1, "bar": 8.5, "valves": [{"a": null}]}"#,
        r#"{"bar": 8.5, "valves": [{"a": null}], "fuse": 1, "kind": "steam"}"#,
    ] {
        let power: Power = newer(text);
        assert_eq!(power.fuse, Some(1));
        let PowerBranch::Unrecognized { tag, members } = power.u else {
            panic!("{text}");
        };
        assert_eq!(tag.as_str(), "steam");
        assert_eq!(
            Value::Object(members),
            json!({"bar": 8.5, "valves": [{"a": null}]})
        );
    }
    newer::<Power>(r#"{"cells": 9, "kind": "battery", "chemistry": "sodium"}"#);
}

#[test]
fn kinds_that_an_alternate_lacks_are_kept() {
    let setting: Setting = newer(r#"{"x": 1}"#);
    assert_eq!(setting, Setting::Unrecognized(json!({"x": 1})));
    assert_eq!(newer::<Dim>("\"half\""), Dim::Unrecognized(json!("half")));
}

#[test]
fn members_of_a_newer_peer_are_kept() {
    let lamp: Lamp = newer(
        r#"{"new": {"a": [1, "]"]}, "room": "a", "colour": "red", "tags": [],
            "power": {"volts": 1, "new": null, "kind": "mains"}, "newer": "\ud83d\ude00"}"#,
    );
    assert_eq!(lamp.unrecognized["new"], json!({"a": [1, "]"]}));
    assert_eq!(lamp.unrecognized["newer"], "\u{1F600}");
    let Some(PowerRefOrNull::Definition(power)) = lamp.power else {
        panic!();
    };
    // In a union they belong to the branch.
    let PowerBranch::Mains(mains) = power.u else {
        panic!();
    };
    assert_eq!(mains.unrecognized["new"], Value::Null);
}

#[test]
fn a_client_still_wants_what_the_schema_promises() {
    let error = from_str::<Lamp>(r#"{"room": "a", "tags": []}"#, Mode::Lenient).unwrap_err();
    assert_eq!(error.desc(), "Parameter 'colour' is missing");
    let error = from_str::<Lamp>(
        r#"{"power": {"kind": "mains", "volts": {}}}"#,
        Mode::Lenient,
    )
    .unwrap_err();
    assert_eq!(error.desc(), "Parameter 'power.volts' expects uint64");
    assert!(from_str::<Power>(r#"{"fuse": 1}"#, Mode::Lenient).is_err());
    assert!(from_str::<Power>(r#"{"kind": null}"#, Mode::Lenient).is_err());
}

#[test]
fn what_a_server_would_refuse_is_not_written() {
    let desc = |value: &dyn Fn() -> qapi_types::Result<Vec<u8>>| value().unwrap_err().desc();
    for value in [f64::NAN, f64::INFINITY] {
        let error = desc(&|| to_vec(&Dim::Level(value)));
        assert_eq!(error, "JSON cannot express a number that is not finite");
    }
    for text in ["\u{fffe}", "a\u{fdd0}\"", "\u{10ffff}"] {
        let error = desc(&|| to_vec(text));
        assert_eq!(error, "QEMU accepts no string with a non-character");
    }
    let nested = |depth| (1..depth).fold(json!([]), |value, _| json!([value]));
    assert!(to_vec(&nested(1024)).is_ok());
    assert_eq!(
        desc(&|| to_vec(&nested(1025))),
        "JSON nesting depth limit exceeded"
    );
}

#[cfg(feature = "serde")]
mod with_serde {
    use super::*;

    #[test]
    fn serde_sees_the_shape_on_the_wire() {
        let text = r#"{"room": "a", "colour": "mauve", "tags": [], "power": {"kind": "mains", "volts": 1}}"#;
        let lamp: Lamp = serde_json::from_str(text).unwrap();
        assert_eq!(lamp, from_str(text, Mode::Lenient).unwrap());
        assert_eq!(
            serde_json::to_value(&lamp).unwrap(),
            serde_json::from_str::<Value>(text).unwrap()
        );
        assert_eq!(
            serde_json::to_value(Colour::DeepBlue).unwrap(),
            json!("deep-blue")
        );
        assert_eq!(serde_json::to_value(Dim::Off).unwrap(), Value::Null);
        let error = serde_json::from_str::<Lamp>(r#"{"room": 1}"#).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("Invalid parameter type for 'room'")
        );
        assert!(serde_json::to_value(Dim::Level(f64::NAN)).is_err());
    }

    #[test]
    fn open_types_too() {
        assert_eq!(
            serde_json::to_value(Unrecognized::new("x")).unwrap(),
            json!("x")
        );
        assert_eq!(serde_json::from_value::<Null>(Value::Null).unwrap(), Null);
        assert!(serde_json::from_value::<Null>(json!(0)).is_err());
        assert_eq!(serde_json::to_value(Empty::new()).unwrap(), json!({}));
    }
}

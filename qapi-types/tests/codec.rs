//! Generated code and the codec together: every construct of the schema language.

#[allow(
    unreachable_pub,
    dead_code,
    reason = "public as in a library, and a test need not use all of it"
)]
mod generated;

use generated::{
    Battery, BatteryBranch, Colour, Lamp, Power, PowerBranch, PowerRefOrNull, commands,
};
use qapi_types::{Mode, from_str, to_vec};

fn round_trip<T: qapi_types::codec::Decode + qapi_types::codec::Encode>(text: &str) -> T {
    let value: T = from_str(text, Mode::Strict).unwrap();
    let written = String::from_utf8(to_vec(&value).unwrap()).unwrap();
    let left: serde_json::Value = serde_json::from_str(text).unwrap();
    let right: serde_json::Value = serde_json::from_str(&written).unwrap();
    assert_eq!(left, right);
    value
}

fn strict<T: qapi_types::codec::Decode + std::fmt::Debug>(text: &str) -> String {
    from_str::<T>(text, Mode::Strict).unwrap_err().desc()
}

#[test]
fn a_struct_with_base_and_optional_members() {
    let lamp: Lamp = round_trip(r#"{"room": "hall", "colour": "deep-blue", "tags": ["a", "b"]}"#);
    assert_eq!(lamp.colour, Colour::DeepBlue);
    assert_eq!(lamp.shelf, None);
    let lamp: Lamp = round_trip(
        r#"{"tags": [], "shelf": 255, "extra": null, "power": null, "level": 0.5, "colour": "2700k", "room": "é"}"#,
    );
    assert_eq!(lamp.extra, Some(serde_json::Value::Null));
    assert_eq!(lamp.power, Some(PowerRefOrNull::Null));
}

#[test]
fn a_union_in_a_union_whatever_the_order() {
    for text in [
        r#"{"kind": "battery", "chemistry": "lithium", "cells": 3, "fuse": 5}"#,
        r#"{"cells": 3, "chemistry": "lithium", "fuse": 5, "kind": "battery"}"#,
        r#"{"cells": 3, "kind": "battery", "fuse": 5, "chemistry": "lithium"}"#,
    ] {
        let power: Power = round_trip(text);
        assert_eq!(power.fuse, Some(5));
        let PowerBranch::Battery(battery) = power.u else {
            panic!("{power:?}")
        };
        let Battery {
            u: BatteryBranch::Lithium(lithium),
            ..
        } = *battery
        else {
            panic!()
        };
        assert_eq!(lithium.cells, 3);
    }
    let power: Power = round_trip(r#"{"kind": "none"}"#);
    assert_eq!(power.u, PowerBranch::None);
    assert_eq!(
        strict::<Power>(r#"{"kind": "none", "volts": 3}"#),
        "Parameter 'volts' is unexpected"
    );
    assert_eq!(
        strict::<Power>(r#"{"volts": 3}"#),
        "Parameter 'kind' is missing"
    );
    let _ = commands::LampSet::new("x");
}

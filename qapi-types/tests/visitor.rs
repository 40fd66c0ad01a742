//! Errors in arguments: QEMU's texts and paths, and which of several errors is given.

use crate::lamps::commands::{LampList, LampSet, PartAdd, PowerAdd};
use crate::lamps::{Lamp, Mains, Place, Power, PowerBranch, events::LampBroken};
use qapi_types::codec::Decode;
use qapi_types::{Document, Mode, Null, Value, from_str};

/// The error for a text, the same whether or not it was checked as a document before.
fn refuse<T: Decode>(text: &str) -> String {
    let Err(direct) = from_str::<T>(text, Mode::Strict) else {
        panic!("{text} was accepted");
    };
    let document = Document::parse(text.as_bytes()).unwrap();
    let Err(error) = T::decode(&mut document.reader(Mode::Strict)) else {
        panic!("{text} was accepted");
    };
    assert_eq!(error.desc(), direct.desc());
    error.desc()
}

fn accept<T: Decode>(text: &str) {
    if let Err(error) = from_str::<T>(text, Mode::Strict) {
        panic!("{text}: {error}");
    }
}

/// Checks a lamp with members added.
fn lamp(member: &str, desc: &str) {
    let text = format!(r#"{{"room": "a", "colour": "red", {member}}}"#);
    assert_eq!(refuse::<Lamp>(&text), desc, "{text}");
}

#[test]
fn a_member_that_is_missing() {
    assert_eq!(refuse::<LampSet>("{}"), "Parameter 'name' is missing");
    assert_eq!(
        refuse::<PowerAdd>(r#"{"kind": "mains"}"#),
        "Parameter 'volts' is missing"
    );
    assert_eq!(
        refuse::<LampBroken>(
            r#"{"name": "a", "power": {"kind": "mains", "volts": 1, "backup": {}}}"#
        ),
        "Parameter 'power.backup.volts' is missing"
    );
    assert_eq!(
        refuse::<Vec<Lamp>>(
            r#"[{"room": "a", "colour": "red", "tags": []}, {"room": "a", "colour": "red"}]"#
        ),
        "Parameter '[1].tags' is missing"
    );
    assert_eq!(
        refuse::<PowerAdd>(r#"{"kind": "mains", "volts": 1, "behind": {"kind": "battery"}}"#),
        "Parameter 'behind.chemistry' is missing"
    );
}

#[test]
fn a_member_that_is_unexpected() {
    assert_eq!(
        refuse::<LampList>(r#"{"x": 1}"#),
        "Parameter 'x' is unexpected"
    );
    assert_eq!(
        refuse::<LampSet>(r#"{"name": "a", "x": {"y": []}}"#),
        "Parameter 'x' is unexpected"
    );
    assert_eq!(
        refuse::<PowerAdd>(r#"{"x": 1, "kind": "mains", "volts": 1}"#),
        "Parameter 'x' is unexpected"
    );
    assert_eq!(
        refuse::<PowerAdd>(r#"{"kind": "none", "volts": 1}"#),
        "Parameter 'volts' is unexpected"
    );
    assert_eq!(
        refuse::<PowerAdd>(r#"{"kind": "battery", "chemistry": "lead", "cells": 1}"#),
        "Parameter 'cells' is unexpected"
    );
    assert_eq!(
        refuse::<LampBroken>(r#"{"power": {"kind": "none", "x": 1}, "name": "a"}"#),
        "Parameter 'power.x' is unexpected"
    );
    accept::<PartAdd>(r#"{"driver": "e1000", "mac": "00:11", "netdev": {"x": [null]}}"#);
}

#[test]
fn a_value_of_another_kind() {
    let cases = [
        (
            r#""room": 1, "colour": "red", "tags": []"#,
            "room",
            "string",
        ),
        (
            r#""room": "a", "colour": 1, "tags": []"#,
            "colour",
            "string",
        ),
        (
            r#""room": "a", "colour": "red", "tags": {}"#,
            "tags",
            "array",
        ),
        (
            r#""room": "a", "colour": "red", "tags": ["a", null]"#,
            "tags[1]",
            "string",
        ),
        (
            r#""room": "a", "colour": "red", "tags": [], "level": "1""#,
            "level",
            "number",
        ),
        (
            r#""room": "a", "colour": "red", "tags": [], "level": null"#,
            "level",
            "number",
        ),
    ];
    for (members, path, expected) in cases {
        let desc = format!("Invalid parameter type for '{path}', expected: {expected}");
        assert_eq!(refuse::<Lamp>(&format!("{{{members}}}")), desc);
    }
    for text in ["[]", "1", "null", "\"\""] {
        let desc = "Invalid parameter type for '<anonymous>', expected: object";
        assert_eq!(refuse::<Lamp>(text), desc);
    }
    assert!(refuse::<bool>("1").ends_with("expected: boolean"));
    assert!(refuse::<Null>("0").ends_with("expected: null"));
    assert!(refuse::<f64>("true").ends_with("expected: number"));
    assert!(refuse::<i64>("[1]").ends_with("expected: integer"));
    assert!(refuse::<qapi_types::Object>("[]").ends_with("expected: object"));
    assert_eq!(
        refuse::<PowerAdd>(r#"{"kind": "mains", "volts": 1, "backup": [{}]}"#),
        "Invalid parameter type for 'backup', expected: object"
    );
    assert_eq!(
        refuse::<PowerAdd>(r#"{"kind": "none", "fuse": 1.0}"#),
        "Invalid parameter type for 'fuse', expected: integer"
    );
    assert_eq!(
        refuse::<LampSet>(r#"{"name": "a", "setting": [1, "2"]}"#),
        "Parameter 'setting[1]' expects uint64"
    );
    assert_eq!(
        refuse::<PowerAdd>(r#"{"kind": "mains", "volts": "230"}"#),
        "Parameter 'volts' expects uint64"
    );
}

#[test]
fn an_integer_out_of_range_is_named_without_its_path() {
    let nested = r#"{"kind": "mains", "volts": 1, "behind": {"kind": "mains", "volts": 65536}}"#;
    assert_eq!(
        refuse::<PowerAdd>(nested),
        "Parameter 'volts' expects uint16_t"
    );
    assert_eq!(
        refuse::<PowerAdd>(r#"{"kind": "mains", "volts": -1}"#),
        "Parameter 'volts' expects uint16_t"
    );
    assert_eq!(
        refuse::<Vec<i8>>("[1, 128]"),
        "Parameter 'null' expects int8_t"
    );
    assert_eq!(
        refuse::<LampSet>(r#"{"name": "a", "setting": 2147483648}"#),
        "Parameter 'setting' expects int32_t"
    );
    lamp(
        r#""tags": [], "shelf": 256"#,
        "Parameter 'shelf' expects uint8_t",
    );
}

#[test]
fn a_value_that_the_enumeration_lacks() {
    assert_eq!(
        refuse::<Lamp>(r#"{"room": "a", "colour": "Red", "tags": []}"#),
        "Parameter 'colour' does not accept value 'Red'"
    );
    assert_eq!(
        refuse::<LampBroken>(
            r#"{"name": "a", "power": {"kind": "battery", "chemistry": "lithium", "cells": 1, "health": ["red", "x"]}}"#
        ),
        "Parameter 'null' does not accept value 'x'"
    );
    assert_eq!(
        refuse::<LampBroken>(r#"{"name": "a", "power": {"kind": "steam"}}"#),
        "Parameter 'kind' does not accept value 'steam'"
    );
    assert_eq!(
        refuse::<PowerAdd>(r#"{"cells": 1, "kind": "battery", "chemistry": ""}"#),
        "Parameter 'chemistry' does not accept value ''"
    );
}

#[test]
fn an_alternate_picks_its_branch_by_kind_alone() {
    let set = |value: &str| format!(r#"{{"name": "a", "setting": {value}}}"#);
    for value in ["1", "\"red\"", "true", "[18446744073709551615]"] {
        accept::<LampSet>(&set(value));
    }
    for value in ["null", "{}"] {
        assert_eq!(
            refuse::<LampSet>(&set(value)),
            "Invalid parameter type for 'setting', expected: Setting"
        );
    }
    assert_eq!(
        refuse::<LampSet>(&set("\"x\"")),
        "Parameter 'setting' does not accept value 'x'"
    );
    assert_eq!(
        refuse::<LampSet>(&set("42.5")),
        "Invalid parameter type for 'setting', expected: integer"
    );
    assert_eq!(
        refuse::<LampBroken>(
            r#"{"name": "a", "power": {"kind": "mains", "volts": 1, "behind": null}}"#
        ),
        "Invalid parameter type for 'behind', expected: PowerRef"
    );
    for value in ["1", "1.5", "null"] {
        accept::<LampSet>(&format!(r#"{{"name": "a", "dim": {value}}}"#));
    }
}

#[test]
fn null_is_not_absent() {
    lamp(
        r#""tags": [], "shelf": null"#,
        "Parameter 'shelf' expects uint64",
    );
    lamp(
        r#""tags": null"#,
        "Invalid parameter type for 'tags', expected: array",
    );
    let lamp = |member: &str| {
        let text = format!(r#"{{"room": "a", "colour": "red", "tags": []{member}}}"#);
        from_str::<Lamp>(&text, Mode::Strict).unwrap()
    };
    assert_eq!(lamp("").extra, None);
    assert_eq!(lamp(r#", "extra": null"#).extra, Some(Value::Null));
    assert_eq!(lamp("").power, None);
    let power = lamp(r#", "power": null"#).power;
    assert_eq!(power, Some(crate::lamps::PowerRefOrNull::None));
}

/// Each text has several errors; the first in the schema's order wins, whatever the order of the text.
#[test]
fn the_first_error_in_the_order_of_the_schema() {
    // A type error before a missing member, and after it.
    let cases = [
        (
            r#"{"tags": 1, "colour": 2, "room": 3}"#,
            "Invalid parameter type for 'room', expected: string",
        ),
        (r#"{"tags": 1, "colour": 2}"#, "Parameter 'room' is missing"),
        (
            r#"{"tags": 1, "room": "a"}"#,
            "Parameter 'colour' is missing",
        ),
        (
            r#"{"tags": 1, "shelf": 1.5, "room": "a"}"#,
            "Parameter 'shelf' expects uint64",
        ),
        (
            r#"{"power": 1, "shelf": 256, "level": "", "room": "a", "x": 1}"#,
            "Parameter 'shelf' expects uint8_t",
        ),
        (
            r#"{"x": 1, "power": 1, "tags": [], "colour": "red", "room": "a"}"#,
            "Invalid parameter type for 'power', expected: PowerRefOrNull",
        ),
        (
            r#"{"y": 1, "x": 1, "tags": [], "colour": "red", "room": "a"}"#,
            "Parameter 'y' is unexpected",
        ),
    ];
    for (text, desc) in cases {
        assert_eq!(refuse::<Lamp>(text), desc, "{text}");
    }
}

#[test]
fn the_base_comes_before_the_branch_and_the_tag_before_both() {
    let cases = [
        (
            r#"{"volts": "x", "fuse": "y", "kind": "mains"}"#,
            "Invalid parameter type for 'fuse', expected: integer",
        ),
        (
            r#"{"volts": "x", "fuse": "y", "kind": "steam"}"#,
            "Parameter 'kind' does not accept value 'steam'",
        ),
        (
            r#"{"volts": "x", "fuse": "y"}"#,
            "Parameter 'kind' is missing",
        ),
        (
            r#"{"volts": "x", "kind": 5, "x": 1}"#,
            "Invalid parameter type for 'kind', expected: string",
        ),
        (
            r#"{"cells": "x", "kind": "battery"}"#,
            "Parameter 'chemistry' is missing",
        ),
        (
            r#"{"cells": 256, "kind": "battery", "chemistry": "lithium", "fuse": null}"#,
            "Invalid parameter type for 'fuse', expected: integer",
        ),
        (
            r#"{"cells": 256, "kind": "battery", "chemistry": "lithium", "x": 0}"#,
            "Parameter 'cells' expects uint8_t",
        ),
        (
            r#"{"behind": {"volts": 1, "kind": "mains", "x": 1}, "kind": "mains"}"#,
            "Parameter 'volts' is missing",
        ),
    ];
    for (text, desc) in cases {
        assert_eq!(refuse::<PowerAdd>(text), desc, "{text}");
    }
}

/// After an error reading goes on behind the value, wherever in it the error was.
#[test]
fn what_follows_an_error_is_still_read() {
    let bad = [
        r#"[1, {"a": "]}"}, "x\"y"]"#,
        r#"{"kind": "battery", "health": [[], {}], "chemistry": "lithium", "cells": 1}"#,
        r#"{"kind": "mains", "volts": 70000, "behind": {"kind": [], "volts": {}}}"#,
        r#"{"x": {}}"#,
        "5",
        "1.5e3",
        "true",
    ];
    for value in bad {
        let text = format!(r#"{{"power": {value}, "name": 7}}"#);
        assert_eq!(
            refuse::<LampBroken>(&text),
            "Invalid parameter type for 'name', expected: string",
            "{text}"
        );
    }
}

#[test]
fn a_syntax_error_wins_over_any_other() {
    for text in [
        r#"{"name": 1, "power": {"kind": ?}}"#,
        r#"{"power": 1, "name" 2}"#,
        r#"{"x": 1, "name": "#,
    ] {
        assert!(
            from_str::<LampBroken>(text, Mode::Strict)
                .unwrap_err()
                .is_syntax(),
            "{text}"
        );
    }
}

#[test]
fn duplicate_members_are_refused() {
    for text in [
        r#"{"name": "a", "name": "b"}"#,
        r#"{"name": "a", "power": {"kind": "none", "kind": "none"}}"#,
        r#"{"name": "a", "power": {"kind": "mains", "volts": 1, "volts": 2}}"#,
    ] {
        let error = from_str::<LampBroken>(text, Mode::Strict).unwrap_err();
        assert_eq!(error.desc(), "JSON parse error, duplicate key");
    }
    let text = r#"{"driver": "a", "x": 1, "x": 2}"#;
    assert!(from_str::<PartAdd>(text, Mode::Strict).is_err());
}

#[test]
fn of_members_that_come_twice_a_lenient_reader_keeps_the_last_whole() {
    let lamp: Lamp = from_str(
        r#"{"room": "a", "colour": "red", "tags": ["x", "y"], "room": "b", "tags": ["z"], "more": 1, "more": 2}"#,
        Mode::Lenient,
    )
    .unwrap();
    assert_eq!(
        (lamp.room.as_str(), &lamp.tags[..]),
        ("b", &["z".to_owned()][..])
    );
    assert_eq!(lamp.unrecognized["more"], 2);

    let power = |text: &str| from_str::<Power>(text, Mode::Lenient).unwrap().u;
    let PowerBranch::Mains(mains) = power(
        r#"{"kind": "mains", "volts": 1, "backup": {"volts": 2, "behind": "x"}, "backup": {"volts": 3}}"#,
    ) else {
        panic!("it is of another branch");
    };
    assert_eq!(mains.backup, Some(Box::new(Mains::new(3))));

    // Until a member of the branch comes, another tag may come.
    let late = power(r#"{"kind": "battery", "fuse": 1, "kind": "mains", "volts": 4}"#);
    assert_eq!(late, Mains::new(4).into());
    let too_late = power(r#"{"kind": "mains", "volts": 4, "kind": "battery"}"#);
    assert_eq!(too_late, Mains::new(4).into());
}

#[test]
fn keys_may_be_written_in_any_way() {
    let expected = Place::new("a").shelf(1);
    for text in [
        r#"{"room": "a", "shelf": 1}"#,
        r#"{"room":"a","shelf":1}"#,
        "{ \"room\" : \"a\" ,\n\t\"shelf\" :\t1 }",
        r#"{"r\u006fom": "a", "\u0073helf": 1}"#,
    ] {
        for mode in [Mode::Strict, Mode::Lenient] {
            assert_eq!(from_str::<Place>(text, mode).unwrap(), expected, "{text}");
        }
    }
    let mains = || Power::new(Mains::new(4)).fuse(1);
    for text in [
        r#"{"\u006bind": "mains", "volts": 4, "fuse": 1}"#,
        r#"{"fuse": 1, "k\u0069nd": "mains", "v\u006flts": 4}"#,
        r#"{"\u0076olts": 4, "fuse": 1, "kin\u0064": "mains"}"#,
    ] {
        for mode in [Mode::Strict, Mode::Lenient] {
            assert_eq!(from_str::<Power>(text, mode).unwrap(), mains(), "{text}");
        }
    }
    let text = r#"{"room": "a", "colour": "red", "tags": [], "sh\"elf": 1}"#;
    let lamp: Lamp = from_str(text, Mode::Lenient).unwrap();
    assert_eq!(lamp.unrecognized["sh\"elf"], 1);
    assert_eq!(refuse::<Lamp>(text), "Parameter 'sh\"elf' is unexpected");
    let error = from_str::<Place>("{\"room\": \"a\", \"sh\u{1}elf\": 1}", Mode::Lenient);
    assert!(error.unwrap_err().is_syntax());
}

#[test]
fn an_array_keeps_little_more_memory_than_its_elements_need() {
    let lamp = r#"{"room": "a", "colour": "red", "tags": []}"#;
    for count in [1, 5, 100, 3000] {
        let text = format!("[{}]", vec![lamp; count].join(", "));
        let lamps: Vec<Lamp> = from_str(&text, Mode::Lenient).unwrap();
        assert_eq!(lamps.len(), count);
        assert!(
            lamps.capacity() <= (2 * count).max(4),
            "{}",
            lamps.capacity()
        );
    }
    // The first one is no measure of what follows.
    let text = format!(
        r#"[{lamp}, {{"room": "{}", "colour": "red", "tags": []}}]"#,
        "a".repeat(1 << 20)
    );
    let lamps: Vec<Lamp> = from_str(&text, Mode::Lenient).unwrap();
    assert!(lamps.capacity() * size_of::<Lamp>() <= 0x1_0000 + 2 * size_of::<Lamp>());
}

//! Standard JSON: the reader and the writer against serde_json.

use proptest::prelude::*;
use qapi_types::codec::{Decode, Encode};
use qapi_types::{Mode, Reader, Style, Value, Writer, from_slice, from_str, to_vec};

fn both_refuse(text: &[u8]) {
    assert!(serde_json::from_slice::<Value>(text).is_err(), "{text:?}");
    assert!(
        from_slice::<Value>(text, Mode::Lenient).is_err(),
        "{text:?}"
    );
    assert!(skip(text).is_err(), "{text:?}");
}

fn both_accept(text: &[u8]) {
    let theirs: Value = serde_json::from_slice(text).unwrap();
    assert_eq!(from_slice::<Value>(text, Mode::Lenient).unwrap(), theirs);
    skip(text).unwrap();
}

fn skip(text: &[u8]) -> qapi_types::Result<()> {
    let mut reader = Reader::new(text, Mode::Lenient)?;
    reader.skip()?;
    reader.end()
}

#[test]
fn texts_that_are_json() {
    let texts = [
        " null ",
        "true",
        "false",
        "0",
        "-1",
        "0.0",
        "1e5",
        "1E+5",
        "1e-5",
        "0e5",
        "-0.0",
        "[]",
        "{}",
        "[ ]",
        "{ }",
        "\t[\r\n1 , 2\t]",
        r#"{"a" : {"b" : [ ] , "c" : ""}}"#,
        r#""\u0000\ud83d\ude00\/""#,
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        "-9223372036854775809",
        "1.7976931348623157e308",
        "5e-324",
        "1e-400",
        "123456789012345678901234567890",
        "\"\u{7f}\u{fffe}\u{10ffff}\"",
        r#"{"a": 1, "a": 2}"#,
        "\"eight ch, and some more, \\\" and the rest of it\"",
    ];
    for text in texts {
        both_accept(text.as_bytes());
    }
    // Here the two differ: serde_json makes it a double.
    assert_eq!(
        from_str::<Value>("-0", Mode::Lenient).unwrap(),
        Value::from(0)
    );
}

#[test]
fn texts_that_are_not_json() {
    let texts: &[&[u8]] = &[
        b"",
        b" ",
        b"nul",
        b"nulll",
        b"tru e",
        b"+1",
        b"01",
        b"-",
        b"-a",
        b".5",
        b"1.",
        b"1.e5",
        b"1e",
        b"1e+",
        b"0x1",
        b"NaN",
        b"1e400",
        b"-1e400",
        b"'a'",
        b"\"",
        b"\"\\",
        b"\"\\u",
        b"\"\\u12",
        b"\"\\x\"",
        b"\"\\'\"",
        b"\"\\ud800\"",
        b"\"\\udc00\"",
        b"\"\\ud800\\u0041\"",
        b"\"\x01\"",
        b"\"a\nb\"",
        b"\"\x80\"",
        b"\"\xC0\x80\"",
        b"\"\xED\xA0\x80\"",
        b"\"\xF4\x90\x80\x80\"",
        b"\xEF\xBB\xBF1",
        b"[",
        b"[1",
        b"[1,",
        b"[1,]",
        b"[,]",
        b"[1 2]",
        b"[1}",
        b"]",
        b"{",
        b"{\"a\"",
        b"{\"a\":",
        b"{\"a\":1",
        b"{\"a\":1,",
        b"{\"a\":1,}",
        b"{\"a\" 1}",
        b"{1:2}",
        b"{a:1}",
        b"{,}",
        b"{\"a\":1]",
        b"}",
        b"1 2",
        b"{}{}",
        b"[]]",
        b"\x00",
        b"1\x00",
        b"\x0b1",
        b"[1\xA0]",
    ];
    for text in texts {
        both_refuse(text);
    }
}

#[test]
fn a_text_cut_short_anywhere_is_refused() {
    let text = r#"{"a": [1.5e-3, -0, true, null, "\u00e9\ud83d\ude00é"], "c": {"b": {}}}"#;
    both_accept(text.replace("-0", "0").as_bytes());
    for end in 0..text.len() {
        both_refuse(&text.as_bytes()[..end]);
    }
}

#[test]
fn nesting_ends_at_1024_and_needs_no_stack() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = |depth: usize| format!("{}0{}", open.repeat(depth), close.repeat(depth));
        for text in [nested(1025), open.repeat(1_000_000)] {
            let error = from_str::<Value>(&text, Mode::Lenient).unwrap_err();
            assert_eq!(error.desc(), "JSON nesting depth limit exceeded");
            assert_eq!(skip(text.as_bytes()).unwrap_err().desc(), error.desc());
        }
        let text = nested(1024);
        skip(text.as_bytes()).unwrap();
        let value: Value = from_str(&text, Mode::Lenient).unwrap();
        assert_eq!(to_vec(&value).unwrap(), text.as_bytes());
    }
}

fn integer<T: Decode + std::fmt::Debug>(text: &str) -> Result<T, String> {
    from_str(text, Mode::Strict).map_err(|error| error.desc())
}

#[test]
fn integers_at_their_borders() {
    macro_rules! borders {
        ($($type:ty: $below:literal, $above:literal, $error:literal;)*) => {$(
            for value in [<$type>::MIN, <$type>::MAX, 0, 1] {
                assert_eq!(integer::<$type>(&value.to_string()), Ok(value));
                assert_eq!(to_vec(&value).unwrap(), value.to_string().as_bytes());
            }
            for text in [$below, $above] {
                assert_eq!(integer::<$type>(text).unwrap_err(), $error);
            }
        )*};
    }
    borders! {
        i8: "-129", "128", "Parameter 'null' expects int8_t";
        i16: "-32769", "32768", "Parameter 'null' expects int16_t";
        i32: "-2147483649", "2147483648", "Parameter 'null' expects int32_t";
        u8: "-1", "256", "Parameter 'null' expects uint8_t";
        u16: "-1", "65536", "Parameter 'null' expects uint16_t";
        u32: "-1", "4294967296", "Parameter 'null' expects uint32_t";
        u64: "-9223372036854775809", "18446744073709551616", "Parameter '<anonymous>' expects uint64";
        i64: "-9223372036854775809", "9223372036854775808",
            "Invalid parameter type for '<anonymous>', expected: integer";
    }
    assert_eq!(integer::<i64>("-0"), Ok(0));
    assert_eq!(integer::<u64>("-0"), Ok(0));
    assert_eq!(integer::<u64>("-1"), Ok(u64::MAX));
    assert_eq!(integer::<u64>("-9223372036854775808"), Ok(1 << 63));
}

#[test]
fn what_is_written_like_a_double_is_no_integer() {
    for text in [
        "1.0",
        "1e0",
        "1E0",
        "10e-1",
        "0.0",
        "-0.0",
        "100000000000000000000",
    ] {
        assert!(
            integer::<i64>(text)
                .unwrap_err()
                .ends_with("expected: integer"),
            "{text}"
        );
        assert!(
            integer::<i8>(text)
                .unwrap_err()
                .ends_with("expected: integer"),
            "{text}"
        );
        assert!(
            integer::<u64>(text)
                .unwrap_err()
                .ends_with("expects uint64"),
            "{text}"
        );
        assert!(
            integer::<u8>(text).unwrap_err().ends_with("expects uint64"),
            "{text}"
        );
    }
}

#[test]
fn doubles() {
    for (text, value) in [
        ("1", 1.0),
        ("-1", -1.0),
        ("0.1", 0.1),
        ("18446744073709551615", 18446744073709551615.0),
    ] {
        assert_eq!(from_str::<f64>(text, Mode::Strict).unwrap(), value);
    }
    for (value, text) in [
        (1.0, "1"),
        (-2.0, "-2"),
        (0.1, "0.1"),
        (1e300, "1e300"),
        (-0.0, "-0.0"),
        (0.0, "0"),
    ] {
        assert_eq!(String::from_utf8(to_vec(&value).unwrap()).unwrap(), text);
    }
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(to_vec(&vec![1.0, value]).is_err());
    }
}

#[test]
fn strict_refuses_duplicate_keys_and_lenient_takes_the_last() {
    let text = r#"[{"a": 1, "b": {"c": 1, "\u0063": 2}}]"#;
    let error = from_str::<Value>(text, Mode::Strict).unwrap_err();
    assert_eq!(error.desc(), "JSON parse error, duplicate key");
    let value: Value = from_str(text, Mode::Lenient).unwrap();
    assert_eq!(value, serde_json::json!([{"a": 1, "b": {"c": 2}}]));
}

#[test]
fn errors_say_where() {
    let error = from_str::<Vec<bool>>("[true, 1]", Mode::Strict).unwrap_err();
    assert_eq!((error.offset(), error.path().as_str()), (7, "[1]"));
    let error = from_slice::<Value>(b"[\"a\", \"\xFF\"]", Mode::Strict).unwrap_err();
    assert_eq!((error.offset(), error.is_syntax()), (7, true));
    let error = from_str::<Value>("[1, ?]", Mode::Strict).unwrap_err();
    assert_eq!(
        (error.offset(), error.desc().as_str()),
        (4, "JSON parse error, stray '?'")
    );
}

#[test]
fn a_mark_is_a_place_to_come_back_to() {
    let mut reader = Reader::from_str(r#"{"a": [1, {"b": 2}], "c": 3}"#, Mode::Strict);
    reader.begin_object().unwrap();
    assert_eq!(reader.next_key().unwrap().as_deref(), Some("a"));
    let mark = reader.mark();
    let value = reader.any().unwrap();
    assert_eq!(reader.next_key().unwrap().as_deref(), Some("c"));
    reader.rewind(mark);
    assert_eq!(reader.any().unwrap(), value);
    assert_eq!(reader.next_key().unwrap().as_deref(), Some("c"));
    assert_eq!(reader.u64().unwrap(), 3);
    assert_eq!(reader.next_key().unwrap(), None);
    reader.end().unwrap();
}

fn write(value: &Value, style: Style) -> String {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out, style);
    value.encode(&mut writer);
    writer.finish().unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn styles() {
    let value = serde_json::json!({"a": [1, 2.5, [], {}], "é": "\u{7f}😀"});
    assert_eq!(
        write(&value, Style::Compact),
        "{\"a\":[1,2.5,[],{}],\"é\":\"\u{7f}😀\"}"
    );
    assert_eq!(
        write(&value, Style::Ascii),
        r#"{"a": [1, 2.5, [], {}], "\u00E9": "\u007F\uD83D\uDE00"}"#
    );
    // QEMU has no form for it.
    assert_eq!(write(&"a\u{fffe}".into(), Style::Ascii), r#""a\uFFFD""#);
    let pretty = [
        r#"{"#,
        r#"    "a": ["#,
        r#"        1,"#,
        r#"        2.5,"#,
        r#"        ["#,
        r#"        ],"#,
        r#"        {"#,
        r#"        }"#,
        r#"    ],"#,
        r#"    "\u00E9": "\u007F\uD83D\uDE00""#,
        r#"}"#,
    ];
    assert_eq!(write(&value, Style::Pretty), pretty.join("\r\n"));
}

/// All but non-characters.
fn strings() -> impl Strategy<Value = String> {
    "[^\u{fdd0}-\u{fdef}\u{fffe}\u{ffff}]{0,20}".prop_filter("non-character", |text| {
        text.chars().all(|c| u32::from(c) & 0xFFFE != 0xFFFE)
    })
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        // `Style::Ascii` writes -0.0 as QEMU does, as if it were an integer.
        any::<f64>()
            .prop_filter("finite", |f| f.is_finite()
                && f.to_bits() != (-0.0f64).to_bits())
            .prop_map(Value::from),
        strings().prop_map(Value::from),
        "[\\x00-\\x7f]{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            proptest::collection::hash_map("[a-c\"\\\\é]{0,3}", inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn values_come_back(value in values()) {
        let text = to_vec(&value).unwrap();
        prop_assert_eq!(&from_slice::<Value>(&text, Mode::Strict).unwrap(), &value);
        prop_assert_eq!(&serde_json::from_slice::<Value>(&text).unwrap(), &value);
        for style in [Style::Ascii, Style::Pretty] {
            let text = write(&value, style);
            prop_assert!(text.is_ascii());
            let again = from_str::<Value>(&text, Mode::Strict).unwrap();
            // A whole double is written like an integer there.
            prop_assert_eq!(write(&again, style), text);
        }
    }

    #[test]
    fn damage_is_judged_alike(value in values(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut text = to_vec(&value).unwrap();
        let at = at.index(text.len());
        text[at] = byte;
        let theirs = serde_json::from_slice::<Value>(&text);
        let ours = from_slice::<Value>(&text, Mode::Lenient);
        prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{:?} {:?}", ours, theirs);
        prop_assert_eq!(skip(&text).is_ok(), theirs.is_ok());
    }
}

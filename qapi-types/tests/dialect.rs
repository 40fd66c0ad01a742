//! JSON as QEMU's monitors accept it: every rule and every error text.

use qapi_types::{Document, Mode, Style, Value, Writer};

fn accept(text: &[u8]) -> Value {
    let document = Document::parse(text).unwrap();
    let mut reader = document.reader(Mode::Strict);
    let value = reader.any().unwrap();
    reader.end().unwrap();
    value
}

fn refuse(text: &[u8]) -> String {
    Document::parse(text).unwrap_err().desc()
}

#[test]
fn a_document_may_outlive_its_buffer() {
    let document = {
        let buffer = b"{'a': '\xC0\x80'}".to_vec();
        Document::parse(&buffer).unwrap().into_owned()
    };
    let value = document.reader(Mode::Strict).any().unwrap();
    assert_eq!(value, serde_json::json!({"a": "\0"}));
}

fn echo(text: &str) -> String {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out, Style::Ascii);
    writer.any(&accept(text.as_bytes()));
    writer.finish().unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn strings_may_stand_in_single_quotes() {
    assert_eq!(accept(b"'it\\'s \"q\"'"), "it's \"q\"");
    assert_eq!(accept(b"\"it's it\\'s\""), "it's it's");
    assert_eq!(
        accept(b"{'a': 1, \"b\": 'c'}"),
        serde_json::json!({"a": 1, "b": "c"})
    );
    assert_eq!(
        accept(br#"'\"\\\/\b\f\n\r\t\u00e9'"#),
        "\"\\/\u{8}\u{c}\n\r\t\u{e9}"
    );
}

#[test]
fn all_unicode_but_non_characters() {
    for c in [
        '\u{7f}',
        '\u{80}',
        '\u{d7ff}',
        '\u{e000}',
        '\u{fdcf}',
        '\u{fdf0}',
        '\u{fffd}',
        '\u{10fffd}',
    ] {
        assert_eq!(accept(format!("\"{c}\"").as_bytes()), c.to_string());
        let escaped: String = c
            .encode_utf16(&mut [0; 2])
            .iter()
            .map(|unit| format!("\\u{unit:04x}"))
            .collect();
        assert_eq!(accept(format!("\"{escaped}\"").as_bytes()), c.to_string());
    }
    for c in [
        '\u{fdd0}',
        '\u{fdef}',
        '\u{fffe}',
        '\u{ffff}',
        '\u{1fffe}',
        '\u{10ffff}',
    ] {
        let raw = refuse(format!("\"a{c}\"").as_bytes());
        assert_eq!(raw, "JSON parse error, invalid UTF-8 sequence in string");
        let escaped: String = c
            .encode_utf16(&mut [0; 2])
            .iter()
            .map(|unit| format!("\\u{unit:04X}"))
            .collect();
        assert_eq!(
            refuse(format!("\"a{escaped}\"").as_bytes()),
            format!("JSON parse error, {escaped} is not a valid Unicode character")
        );
    }
}

#[test]
fn zero_is_a_character_both_ways() {
    assert_eq!(accept(br#""a\u0000b""#), "a\0b");
    assert_eq!(
        accept(b"['\xC0\x80', 'x\xC0\x80\xC3\xA9']"),
        serde_json::json!(["\0", "x\0é"])
    );
    assert_eq!(accept(b"{'\xC0\x80': 1}"), serde_json::json!({"\0": 1}));
    assert_eq!(echo(r#""\u0000""#), r#""\u0000""#);
    let error = refuse(b"{'\xC0\x80': 1, '\\u0000': 2}");
    assert_eq!(error, "JSON parse error, duplicate key");
}

#[test]
fn what_is_not_utf_8() {
    let bad: [&[u8]; 14] = [
        b"\x80", // continuation
        b"\xBF",
        b"\xC3", // cut short
        b"\xE2\x82",
        b"\xF0\x9F\x98",
        b"\xC0\x81", // overlong
        b"\xC1\xBF",
        b"\xE0\x80\x80",
        b"\xF0\x80\x80\x80",
        b"\xF8\x88\x80\x80\x80", // five and six bytes
        b"\xFC\x84\x80\x80\x80\x80",
        b"\xED\xA0\x80", // surrogates
        b"\xED\xBF\xBF",
        b"\xF4\x90\x80\x80", // beyond U+10FFFF
    ];
    for bytes in bad {
        let text = [b"\"ok \xC0\x80", bytes, b"\""].concat();
        assert_eq!(
            refuse(&text),
            "JSON parse error, invalid UTF-8 sequence in string",
            "{bytes:x?}"
        );
    }
    // These two bytes end a token wherever they stand.
    assert_eq!(
        refuse(b"[\"a\xFFb\"]"),
        "JSON parse error, stray '\"a\u{FFFD}'"
    );
    assert_eq!(
        refuse(b"\"a\\\xFEb\""),
        "JSON parse error, stray '\"a\\\u{FFFD}'"
    );
}

#[test]
fn escapes() {
    let cases = [
        (r#""\x41""#, "invalid escape sequence in string"),
        (r#""\"#, "unexpected end of input"),
        (r#""\u12"#, "unexpected end of input"),
        (r#""\u12G4""#, r"\u12G4 is not a valid Unicode character"),
        (r#""\u12""#, "\\u12\" is not a valid Unicode character"),
        (r#""\uD800""#, r"\uD800 is not a valid Unicode character"),
        (r#""\uD800x""#, r"\uD800 is not a valid Unicode character"),
        (r#""\uD800\n""#, r"\uD800 is not a valid Unicode character"),
        (r#""\uD800A""#, r"\uD800 is not a valid Unicode character"),
        (
            r#""\uDC00\uD800""#,
            r"\uDC00 is not a valid Unicode character",
        ),
    ];
    for (text, error) in cases {
        assert_eq!(
            refuse(text.as_bytes()),
            format!("JSON parse error, {error}"),
            "{text}"
        );
    }
}

#[test]
fn stray_characters() {
    let cases = [
        ("@@@", "@"),
        ("[1, @]", "@"),
        ("[1 @]", "@"),
        ("+1", "+"),
        (".5", "."),
        ("NaN", "N"),
        ("True", "T"),
        ("/* c */{}", "/"),
        ("%d", "%"),
        ("[1.]", "1.]"),
        ("[1.5e]", "1.5e]"),
        ("[1e+]", "1e+]"),
        ("[-]", "-]"),
        ("[-a]", "-a"),
        ("{\"id\":012}", "01"),
        ("[-01]", "-01"),
        ("\"a\nb\"", "\"a\n"),
        ("'a\u{1}", "'a\u{1}"),
        ("\u{feff}{}", "\u{fffd}"),
        ("\"a\\\n\"", "\"a\\\n"),
    ];
    for (text, token) in cases {
        assert_eq!(
            refuse(text.as_bytes()),
            format!("JSON parse error, stray '{token}'"),
            "{text:?}"
        );
    }
}

#[test]
fn grammar() {
    let cases = [
        ("", "unexpected end of input"),
        (" \r\n\t", "unexpected end of input"),
        ("}", "expecting value"),
        ("]", "expecting value"),
        ("[}", "expecting value"),
        ("{]", "expecting value"),
        (",", "expecting value"),
        (":", "expecting value"),
        ("[,]", "expecting value"),
        ("[1,]", "expecting value"),
        ("{\"a\":}", "expecting value"),
        ("{\"a\":1,}", "expecting value"),
        ("{\"a\" 1}", "missing : in object pair"),
        ("{\"a\"}", "missing : in object pair"),
        ("{1: 2}", "key is not a string in object"),
        ("{null: 2}", "key is not a string in object"),
        ("{[]: 2}", "key is not a string in object"),
        ("{\"a\":1, true: 2}", "key is not a string in object"),
        ("{nul: 2}", "invalid keyword 'nul'"),
        ("{\"a\":1 \"b\":2}", "expected separator in dict"),
        ("{\"a\":1]", "expected separator in dict"),
        ("[1 2]", "expected separator in list"),
        ("[1}", "expected separator in list"),
        ("[\"a\": 1]", "expected separator in list"),
        ("hello", "invalid keyword 'hello'"),
        ("truefalse", "invalid keyword 'truefalse'"),
        ("[tru]", "invalid keyword 'tru'"),
        ("{} {}", "unexpected text after the value"),
        ("1e999", "number out of range"),
    ];
    for (text, error) in cases {
        assert_eq!(
            refuse(text.as_bytes()),
            format!("JSON parse error, {error}"),
            "{text:?}"
        );
    }
}

#[test]
fn the_first_error_is_the_one_reported() {
    assert_eq!(
        refuse(br#"{"a" 1, "b": nul}"#),
        "JSON parse error, missing : in object pair"
    );
    assert_eq!(
        refuse(br#"["\x", tru]"#),
        "JSON parse error, invalid escape sequence in string"
    );
}

#[test]
fn duplicate_keys_at_any_depth() {
    for text in [
        r#"{"a": 1, "a": 1}"#,
        r#"[{"b": {"a": 1, "c": 2, "\u0061": 3}}]"#,
        r#"{"a": 1, 'a': 2}"#,
        r#"{"x": {"a": 1}, "a": 2, "x": 3}"#,
    ] {
        assert_eq!(refuse(text.as_bytes()), "JSON parse error, duplicate key");
    }
    accept(br#"{"a": {"a": {"a": 1}}, "b": {"a": 1}, "c": [{"a": 1}, {"a": 1}]}"#);

    // Beyond the number of keys that are compared one by one.
    let keys: Vec<String> = (0..1000).map(|i| format!("\"k{i}\": {i}")).collect();
    assert_eq!(
        accept(format!("{{{}}}", keys.join(", ")).as_bytes())
            .as_object()
            .unwrap()
            .len(),
        1000
    );
    for again in [0, 15, 16, 17, 999] {
        let text = format!("{{{}, \"k{again}\": 0}}", keys.join(", "));
        assert_eq!(refuse(text.as_bytes()), "JSON parse error, duplicate key");
    }
}

#[test]
fn numbers_come_back_as_qemu_prints_them() {
    let cases = [
        ("-0", "0"),
        ("-0.0", "-0"),
        ("0e5", "0"),
        ("1e2", "100"),
        ("1e3", "1000"),
        ("9223372036854775807", "9223372036854775807"),
        ("9223372036854775808", "9223372036854775808"),
        ("18446744073709551615", "18446744073709551615"),
        ("18446744073709551616", "1.8446744073709552e+19"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("-9223372036854775809", "-9.2233720368547758e+18"),
        ("0.1", "0.10000000000000001"),
        ("1e-7", "9.9999999999999995e-08"),
        ("123456789012345.678", "123456789012345.67"),
        ("1e16", "10000000000000000"),
        ("1e17", "1e+17"),
        ("1e22", "1e+22"),
        ("0.0001", "0.0001"),
        ("0.00001", "1.0000000000000001e-05"),
        ("-1.5e300", "-1.5000000000000001e+300"),
        ("5e-324", "4.9406564584124654e-324"),
        ("3.14159265358979323846", "3.1415926535897931"),
    ];
    for (text, printed) in cases {
        assert_eq!(echo(text), printed, "{text}");
    }
}

#[test]
fn strings_come_back_in_ascii() {
    assert_eq!(
        echo(r#""café 😀 / \u007f \u0001 \b\f\n\r\t \" \\""#),
        r#""caf\u00E9 \uD83D\uDE00 / \u007F \u0001 \b\f\n\r\t \" \\""#
    );
}

#[test]
fn nesting_ends_at_1024() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = |depth: usize| format!("{}0{}", open.repeat(depth), close.repeat(depth));
        accept(nested(1024).as_bytes());
        assert_eq!(
            refuse(nested(1025).as_bytes()),
            "JSON nesting depth limit exceeded"
        );
        assert_eq!(
            refuse(nested(1_000_000).as_bytes()),
            "JSON nesting depth limit exceeded"
        );
    }
}

#[test]
fn tokens_end_at_two_to_the_21st() {
    // Brackets, elements and commas.
    let list = |elements: usize| format!("[{}]", vec!["1"; elements].join(","));
    let most = ((1 << 21) - 1) / 2;
    assert!(Document::parse(list(most).as_bytes()).is_ok());
    assert_eq!(
        refuse(list(most + 1).as_bytes()),
        "JSON token count limit exceeded"
    );
}

#[test]
fn text_ends_at_64_mib() {
    let text = |length: usize| [b"\"", vec![b'a'; length - 2].as_slice(), b"\""].concat();
    assert!(Document::parse(&text((64 << 20) - 1)).is_ok());
    assert_eq!(refuse(&text(64 << 20)), "JSON token size limit exceeded");
}

#[test]
fn a_text_cut_short_anywhere_is_refused() {
    let text =
        "{'a': [1.5e-3, -0, true, null, \"\\u00e9\\ud83d\\ude00é\", {\"b\": {}}], \"c\": 'x'}";
    accept(text.as_bytes());
    for end in 0..text.len() {
        assert!(Document::parse(&text.as_bytes()[..end]).is_err(), "{end}");
    }
}

#[test]
fn the_first_of_several_values() {
    let first = |text: &[u8]| {
        let (document, end) = Document::first(text)?;
        let value = document.reader(Mode::Strict).any().expect("a document");
        Some((value.to_string(), end))
    };
    for (text, value, end) in [
        ("{}{}", "{}", 2),
        (" \r\n{'a': [1, 2]}x", "{\"a\":[1,2]}", 16),
        ("'x''y'", "\"x\"", 3),
        ("'x'", "\"x\"", 3),
        ("[]", "[]", 2),
        ("1 2", "1", 1),
        ("null,", "null", 4),
        ("{}}", "{}", 2),
    ] {
        assert_eq!(first(text.as_bytes()), Some((value.into(), end)), "{text}");
    }
    // Not complete, or not in order.
    for text in [
        "", " ", "{", "[1,", "'x", "1", "null", "{'a'}", "]", "@", "tru ",
    ] {
        assert_eq!(first(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn a_text_of_ones_own() {
    for text in [&b"{'a': '\xc3\xa9'}"[..], b"['\xc0\x80', 1]"] {
        let borrowed = Document::parse(text).expect("a document");
        let owned = Document::parse_owned(text.to_vec()).expect("a document");
        let value = |document: &Document<'_>| document.reader(Mode::Strict).any().expect("JSON");
        assert_eq!(value(&owned), value(&borrowed));
    }
    for text in [&b"{'a' 1}"[..], b"'\xff'", b"1 2", b"'\xed\xa0\x80'"] {
        let owned = Document::parse_owned(text.to_vec()).expect_err("an error");
        assert_eq!(owned.desc(), refuse(text));
    }
}

#[test]
fn keys_that_are_none_are_read_before_they_are_refused() {
    for (text, desc) in [
        ("{[]:1}", "key is not a string in object"),
        ("{{'a':1}:1}", "key is not a string in object"),
        ("{[1 2]:1}", "expected separator in list"),
        ("{1}", "key is not a string in object"),
        ("{'a':1,null:1}", "key is not a string in object"),
    ] {
        assert_eq!(refuse(text.as_bytes()), format!("JSON parse error, {desc}"));
    }
}

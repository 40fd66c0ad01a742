//! JSON as it comes in: SV21 to SV31.

use crate::server::monitor::{Monitor, VERSION, generic, parse_error, returned};

/// A request whose id shows that the session is in order again.
const PROBE: &str = "{'execute':'query-version','id':'probe'}";

fn probed() -> String {
    returned(VERSION, "\"probe\"")
}

/// Sends something that is to give these errors, then a line end and a request.
fn check(text: impl AsRef<[u8]>, errors: &[&str]) {
    let text = text.as_ref();
    let mut monitor = Monitor::qmp();
    let mut output = monitor.send(text);
    output += &monitor.send("\n");
    output += &monitor.send(PROBE);
    let expected: String = errors.iter().map(|desc| parse_error(desc)).collect();
    let shown = String::from_utf8_lossy(text);
    assert_eq!(output, expected + &probed(), "{shown}");
}

const EXPECTING: &str = "expecting value";

#[test]
fn sv21_values_need_nothing_between_them_and_any_split_will_do() {
    let request = "{'execute':'query-version','id':1}";
    let expected = returned(VERSION, "1");
    let mut monitor = Monitor::qmp();
    assert_eq!(monitor.send(request.repeat(3)), expected.repeat(3));
    let spread = "\r\n {\n 'execute'\t:\r\n'query-version'\n,\n'id':1\n}\n\n";
    assert_eq!(monitor.send(spread), expected);
    assert_eq!(monitor.send("\n\n\r\n \t\n"), "");
    for (last, byte) in request
        .bytes()
        .enumerate()
        .map(|(at, b)| (at + 1 == request.len(), b))
    {
        let output = monitor.send([byte]);
        assert_eq!(output, if last { expected.as_str() } else { "" });
    }
}

#[test]
fn sv21_a_bare_word_or_number_ends_with_the_next_character() {
    for text in ["null", "5", "-0.5e1", "hello"] {
        for next in [" ", "\n", ",", "{", "\"", "\x01"] {
            let mut monitor = Monitor::qmp();
            assert_eq!(monitor.send(text), "", "{text}");
            let output = monitor.send(next);
            let expected = match text {
                "hello" => parse_error("invalid keyword 'hello'"),
                _ => generic("QMP input must be a JSON object"),
            };
            assert_eq!(
                output.get(..expected.len()),
                Some(&*expected),
                "{text}{next}"
            );
        }
    }
    // Strings and brackets end by themselves.
    for text in ["'x'", "\"\"", "[]"] {
        let expected = generic("QMP input must be a JSON object");
        assert_eq!(Monitor::qmp().send(text), expected);
    }
}

#[test]
fn sv22_extensions() {
    let mut monitor = Monitor::qmp();
    for (id, echoed) in [
        (r#"'it\'s "q"'"#, r#""it's \"q\"""#),
        (r#""it's \'q\'""#, r#""it's 'q'""#),
        (r#""\"\\\/""#, r#""\"\\/""#),
    ] {
        let request = format!("{{\"execute\":\"query-version\",'id':{id}}}");
        assert_eq!(monitor.send(request), returned(VERSION, echoed));
    }
    check("hello", &["invalid keyword 'hello'"]);
    check("{'a':nul}", &["invalid keyword 'nul'"]);
    check("[truefalse]", &["invalid keyword 'truefalse'"]);
    check("{'id':%d}", &["stray '%'", EXPECTING]);
    check("/* c */", &["stray '/'"]);
}

#[test]
fn sv23_numbers() {
    for (number, stray) in [
        ("012", "01"),
        ("-01", "-01"),
        ("+1", "+"),
        (".5", "."),
        ("0x1", ""),
        ("1.", "1.}"),
        ("1.e1", "1.e"),
        ("1e", "1e}"),
        ("1e+", "1e+}"),
        ("-", "-}"),
        ("-a", "-a"),
        ("NaN", "N"),
        ("Infinity", "I"),
        ("True", "T"),
    ] {
        let stray = format!("stray '{stray}'");
        let errors = match number {
            // A keyword starts where the number ends.
            "0x1" => vec!["expected separator in dict"],
            // The closing brace was part of the token.
            _ if stray.ends_with("}'") => vec![&*stray],
            _ => vec![&*stray, EXPECTING],
        };
        check(format!("{{'id':{number}}}"), &errors);
    }
    let mut monitor = Monitor::qmp();
    for (number, echoed) in [
        ("0.0e1", "0"),
        ("10e1", "100"),
        ("0e5", "0"),
        ("-0E-1", "-0"),
    ] {
        let request = format!("{{'execute':'query-version','id':{number}}}");
        assert_eq!(monitor.send(request), returned(VERSION, echoed));
    }
    // Integers keep their value, and only integers are such.
    for (number, desc) in [
        (
            "5.0",
            "Invalid parameter type for 'size', expected: integer",
        ),
        (
            "5e0",
            "Invalid parameter type for 'size', expected: integer",
        ),
        (
            "9223372036854775808",
            "Invalid parameter type for 'size', expected: integer",
        ),
    ] {
        let request =
            format!("{{'execute':'ringbuf-read','arguments':{{'device':'x','size':{number}}}}}");
        assert_eq!(monitor.send(request), generic(desc));
    }
}

#[test]
fn sv24_strings() {
    let utf8 = &["invalid UTF-8 sequence in string"][..];
    for (bytes, errors) in [
        (&b"\xe2\x82"[..], utf8),
        (b"\xc0\xaf", utf8),
        (b"\xed\xa0\x80", utf8),
        (b"\xf4\x90\x80\x80", utf8),
        (b"\xf8\x88\x80\x80\x80", utf8),
        (b"\x80", utf8),
        (b"\xef\xb7\x90", utf8),
        (b"\xef\xbf\xbe", utf8),
        (b"\xf4\x8f\xbf\xbf", utf8),
        (b"\\ud83d", &["\\\\ud83d is not a valid Unicode character"]),
        (b"\\ude00", &["\\\\ude00 is not a valid Unicode character"]),
        (
            b"\\ud83d\\u0041",
            &["\\\\ud83d is not a valid Unicode character"],
        ),
        (b"\\uffff", &["\\\\uffff is not a valid Unicode character"]),
        (b"\\ufdd0", &["\\\\ufdd0 is not a valid Unicode character"]),
        (b"\\u12", &["\\\\u12\\\" is not a valid Unicode character"]),
        (b"\\u", &["\\\\u\\\" is not a valid Unicode character"]),
        // A broken sequence is shown as one character.
        (
            b"\\ud8\xf4\x90\x80\x80",
            &["\\\\ud8\\uFFFD is not a valid Unicode character"],
        ),
        (b"\\x41", &["invalid escape sequence in string"]),
        (b"a\x01b", &["stray '\\\"a\\u0001'", EXPECTING]),
        (b"a\tb", &["stray '\\\"a\\t'", EXPECTING]),
        (b"a\nb", &["stray '\\\"a\\n'", EXPECTING]),
        (b"a\xffb", &["stray '\\\"a\\uFFFD'", EXPECTING]),
        (b"a\xfeb", &["stray '\\\"a\\uFFFD'", EXPECTING]),
        // Like the C string it is in QEMU, the text ends at the zero.
        (b"a\0b", &["stray '\\\"a'", EXPECTING]),
        (b"a\\\nb", &["stray '\\\"a\\\\\\n'", EXPECTING]),
    ] {
        // After a stray character in a string its rest and the quote are skipped, up to the brace.
        check([b"{\"id\":\"", bytes, b"\"}"].concat(), errors);
    }
    let mut monitor = Monitor::qmp();
    for (bytes, echoed) in [
        (&b"\xc0\x80"[..], r#""\u0000""#),
        (b"a\\u0000b", r#""a\u0000b""#),
        (b"\\ud83d\\ude00", r#""\uD83D\uDE00""#),
        (b"a\x7fb", r#""a\u007Fb""#),
        (b"\xef\xbf\xbd", r#""\uFFFD""#),
    ] {
        let request = [b"{'execute':'query-version','id':\"", bytes, b"\"}"].concat();
        assert_eq!(monitor.send(request), returned(VERSION, echoed));
    }
}

#[test]
fn sv25_error_texts() {
    for (text, desc) in [
        ("{'execute':'query-version',}", EXPECTING),
        ("{'execute' 'query-version'}", "missing : in object pair"),
        ("{1:2}", "key is not a string in object"),
        ("{[]:2}", "key is not a string in object"),
        ("{{'a':1}:2}", "key is not a string in object"),
        ("{null:2}", "key is not a string in object"),
        // What stands for the key is read first.
        ("{{'a' 1}:2}", "missing : in object pair"),
        ("{[1 2]:2}", "expected separator in list"),
        ("{'a':}", EXPECTING),
        ("{'a':1 'b':2}", "expected separator in dict"),
        ("{'a':1:2}", "expected separator in dict"),
        ("[1 2]", "expected separator in list"),
        ("[1:2]", "expected separator in list"),
        ("[1,]", EXPECTING),
        ("[,1]", EXPECTING),
        ("{'a':1,'a':2}", "duplicate key"),
        ("{'a':tru}", "invalid keyword 'tru'"),
        // The first one counts.
        ("{'a' 1, 'b':tru, []}", "missing : in object pair"),
    ] {
        check(text, &[desc]);
    }
}

#[test]
fn sv26_duplicate_keys_at_any_depth() {
    for text in [
        "{'execute':'nope','execute':'query-version'}",
        "{'execute':'query-version','id':{'k':1,'k':2}}",
        "{'execute':'query-version','arguments':{'x':[{'a':{},'\\u0061':1}]}}",
    ] {
        check(text, &["duplicate key"]);
    }
    let keys: Vec<_> = (0..100).map(|key| format!("'{key}':1")).collect();
    check(format!("{{{},'42':2}}", keys.join(",")), &["duplicate key"]);
}

#[test]
fn sv27_a_syntax_error_is_reported_once_brackets_balance() {
    let mut monitor = Monitor::qmp();
    assert_eq!(monitor.send("{'a' 'b', ["), "");
    assert_eq!(monitor.send("1 2 3, {}]"), "");
    assert_eq!(monitor.send("}"), parse_error("missing : in object pair"));
    assert_eq!(monitor.send(PROBE), probed());
    // Only the number of brackets counts; one too many ends it.
    for (text, errors) in [
        ("}", 1),
        ("]", 1),
        ("[}", 1),
        ("{]", 1),
        ("{[}]", 1),
        ("[{]}", 1),
        ("[1}]", 2),
        ("{'a':1]}", 2),
        (",", 1),
        (":", 1),
        (",:,", 3),
    ] {
        let mut errors = vec![EXPECTING; errors];
        match text {
            "[1}]" => errors[0] = "expected separator in list",
            "{'a':1]}" => errors[0] = "expected separator in dict",
            _ => {}
        }
        check(text, &errors);
    }
}

#[test]
fn sv28_a_lexical_error_is_reported_at_once_and_the_rest_skipped() {
    let mut monitor = Monitor::qmp();
    assert_eq!(monitor.send("{'a':[1,@"), parse_error("stray '@'"));
    // Up to something structural or a control character other than TAB.
    assert_eq!(monitor.send("@@ 'x' 12 true \t é"), "");
    assert_eq!(monitor.send(PROBE), probed());
    assert_eq!(
        monitor.send(format!("@@@ @@@ {PROBE}")),
        parse_error("stray '@'") + &probed()
    );
    for structural in ["[", "{", "]", "}", ",", ":"] {
        let mut monitor = Monitor::qmp();
        monitor.send("@@ ");
        // It is read like at the start.
        let output = monitor.send(structural);
        let opens = matches!(structural, "[" | "{");
        let expected = if opens {
            String::new()
        } else {
            parse_error(EXPECTING)
        };
        assert_eq!(output, expected, "{structural}");
    }
    for (control, shown) in [
        (b'\0', ""),
        (1, "\\u0001"),
        (4, "\\u0004"),
        (8, "\\b"),
        (12, "\\f"),
        (0x1B, "\\u001B"),
        (0xFE, "\\uFFFD"),
        (0xFF, "\\uFFFD"),
    ] {
        // Each costs one error, wherever it comes, and the session is in order after it.
        let expected = parse_error(&format!("stray '{shown}'")) + &probed();
        for before in ["", "{'a':[", "{'a':tru", "12", "@@ "] {
            let mut monitor = Monitor::qmp();
            monitor.send(before);
            let output = monitor.send([&[control], PROBE.as_bytes()].concat());
            let output = output.strip_prefix(&match before {
                "12" => generic("QMP input must be a JSON object"),
                _ => String::new(),
            });
            assert_eq!(output, Some(&*expected), "{before:?} {control}");
        }
    }
    for space in ["\n", "\r"] {
        let mut monitor = Monitor::qmp();
        monitor.send("@@ 'x' ");
        assert_eq!(monitor.send(format!("{space}{PROBE}")), probed());
    }
    // The offending character itself belongs to the token, even if it is a brace.
    check("{'id':1.}", &["stray '1.}'"]);
    check("[-]", &["stray '-]'"]);
}

#[test]
fn sv29_nesting_ends_at_1024() {
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!("{{'execute':'query-version','id':{open}{close}}}")
    };
    let mut monitor = Monitor::qmp();
    let echoed = "[".repeat(1023) + &"]".repeat(1023);
    assert_eq!(monitor.send(nested(1023)), returned(VERSION, &echoed));
    // What is left after the bracket that was too much are brackets to close that none opened.
    let errors = parse_error(EXPECTING).repeat(1024 + 1);
    let limit = generic("JSON nesting depth limit exceeded");
    assert_eq!(monitor.send(nested(1024)), limit.clone() + &errors);
    assert_eq!(monitor.send(PROBE), probed());
    // The error does not wait for the brackets to be closed.
    assert_eq!(monitor.send("[{'a':".repeat(600)), limit);
}

#[test]
fn sv29_tokens_end_at_2_to_the_21() {
    let most = 1 << 21;
    // Seven tokens before the list, brackets included, and two after it.
    let list = |tokens: usize| {
        let elements = vec!["1"; tokens.div_ceil(2)].join(",");
        format!("{{'execute':'cont','x':[{elements}]}}")
    };
    let mut monitor = Monitor::qmp();
    assert_eq!(
        monitor.send(list(most - 11)),
        generic("QMP input member 'x' is unexpected")
    );
    // One element more, and the last brace is one token too many.
    let limit = generic("JSON token count limit exceeded");
    assert_eq!(monitor.send(list(most - 9)), limit);
    assert_eq!(monitor.send(PROBE), probed());
    assert_eq!(monitor.send("[".to_owned() + &"1,".repeat(most / 2)), limit);
}

#[test]
fn sv29_text_ends_at_64_mib() {
    let limit = generic("JSON token size limit exceeded");
    let mut monitor = Monitor::qmp();
    // One token: what is left of it is read as if it stood alone.
    let output = monitor.send(["'", &"a".repeat((64 << 20) + 10), "'\n"].concat());
    let expected = [
        limit.clone(),
        parse_error("invalid keyword 'aaaaaaaaaa'"),
        parse_error("stray ''\\n'"),
    ];
    assert_eq!(output, expected.concat());
    assert_eq!(monitor.send(PROBE), probed());
    // Many tokens, and white space does not count.
    let mebi = format!("{:1$}'{2}',", "", 1 << 10, "a".repeat((1 << 20) - 3));
    monitor.send("[");
    for _ in 0..63 {
        assert_eq!(monitor.send(&mebi), "");
    }
    assert_eq!(monitor.send(&mebi[..mebi.len() - 2]), "");
    assert_eq!(monitor.send("'"), limit);
    assert_eq!(monitor.send(PROBE), probed());
}

#[test]
fn sv30_malformed_input_waits_its_turn() {
    for mut monitor in [Monitor::qmp(), Monitor::oob()] {
        monitor.hold = true;
        assert_eq!(monitor.send("{'execute':'cont','id':1} @ {'bad'} {} "), "");
        monitor.hold = false;
        monitor.run();
        let expected = [
            returned("{}", "1"),
            parse_error("stray '@'"),
            parse_error("missing : in object pair"),
            generic("QMP input lacks member 'execute'"),
        ];
        assert_eq!(monitor.output(), expected.concat());
    }
}

#[test]
fn sv30_a_byte_order_mark_is_stray() {
    let mut monitor = Monitor::qmp();
    let request = [b"\xef\xbb\xbf", PROBE.as_bytes()].concat();
    assert_eq!(
        monitor.send(request),
        parse_error("stray '\\uFFFD'") + &probed()
    );
}

#[test]
fn sv31_a_piece_may_hold_any_number_of_requests() {
    let mut monitor = Monitor::qmp();
    let output = monitor.send(PROBE.repeat(5000));
    assert_eq!(output, probed().repeat(5000));
}

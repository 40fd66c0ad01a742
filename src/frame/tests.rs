use super::*;
use crate::types::{Mode, Value, from_str};

const LIMIT: usize = 1 << 16;

fn parse(text: &str) -> types::Result<Value> {
    from_str(text, Mode::Lenient)
}

/// Everything a stream holds, received in pieces of `size` bytes.
fn split(stream: &[u8], size: usize) -> (Vec<String>, Option<Fault>) {
    let mut splitter = Splitter::new(LIMIT);
    let mut messages = Vec::new();
    for piece in stream.chunks(size) {
        splitter.push(piece);
        loop {
            match splitter.next(parse) {
                Ok(Some((text, value))) => {
                    assert_eq!(parse(&text).unwrap(), value);
                    messages.push(text);
                }
                Ok(None) => break,
                Err(fault) => return (messages, Some(fault)),
            }
        }
    }
    (messages, None)
}

fn messages(stream: &str) -> Vec<String> {
    let whole = split(stream.as_bytes(), usize::MAX);
    assert!(whole.1.is_none(), "{:?}", whole.1);
    for size in [1, 2, 3, 5, 7, 4096] {
        let pieces = split(stream.as_bytes(), size);
        assert!(pieces.1.is_none(), "{:?}", pieces.1);
        assert_eq!(pieces.0, whole.0, "in pieces of {size}");
    }
    whole.0
}

#[test]
fn lines() {
    assert_eq!(
        messages("{\"a\": 1}\r\n{\"b\": \"}\\\"{\"}\r\n{}\n"),
        ["{\"a\": 1}", "{\"b\": \"}\\\"{\"}", "{}"]
    );
}

#[test]
fn objects_over_several_lines() {
    let pretty = "{\r\n    \"a\": {\r\n    },\r\n    \"b\": [\r\n        \"]\\\\\"\r\n    ]\r\n}";
    assert_eq!(
        messages(&format!("{pretty}\r\n{pretty}\r\n")),
        [pretty, pretty]
    );
}

#[test]
fn lines_that_look_like_messages() {
    assert_eq!(
        messages("{\"a\": {}\n}\n{\"b\": {}}\n"),
        ["{\"a\": {}\n}", "{\"b\": {}}"]
    );
}

#[test]
fn several_on_a_line() {
    assert_eq!(
        messages("{\"a\": 1}{\"b\": 2} {\"c\": 3}\n{\"d\": 4}\n"),
        ["{\"a\": 1}", "{\"b\": 2}", "{\"c\": 3}", "{\"d\": 4}"]
    );
}

#[test]
fn no_line_break_at_all() {
    assert_eq!(
        messages("{\"a\": {\"b\": 1}}{}\r"),
        ["{\"a\": {\"b\": 1}}", "{}"]
    );
}

#[test]
fn long_ones() {
    let long = format!("{{\"a\": \"{}\"}}", "x".repeat(WORTH_MOVING));
    assert_eq!(
        messages(&format!("{long}\n{long}\n{{}}\n")),
        [&*long, &long, "{}"]
    );
}

#[test]
fn too_long() {
    for text in [
        format!("{{\"a\": \"{}\"}}\n", "x".repeat(LIMIT)),
        format!("{{\"a\": \"{}", "x".repeat(LIMIT)),
        format!("{{{}}}\n", "\n".repeat(LIMIT)),
        format!("{{\"a\": {{}}{}}}\n", "\n".repeat(LIMIT)),
    ] {
        for size in [usize::MAX, 1000] {
            let (messages, fault) = split(text.as_bytes(), size);
            assert_eq!(messages, [""; 0]);
            assert!(matches!(fault, Some(Fault::TooLong)), "{fault:?}");
        }
    }
}

#[test]
fn as_long_as_may_be() {
    let text = format!("{{\"a\": \"{}\"}}", "x".repeat(LIMIT - 9));
    assert_eq!(text.len(), LIMIT);
    assert_eq!(messages(&format!("{text}\n")), [&*text]);
    // What is not part of the message does not count.
    assert_eq!(
        split(format!("{text} \r").as_bytes(), LIMIT + 1).0,
        [&*text]
    );
    assert_eq!(split(format!("{text}{{").as_bytes(), LIMIT + 1).0, [&*text]);
}

#[test]
fn garbage() {
    for size in [usize::MAX, 1] {
        let (messages, fault) = split(b"{}\nhello\n", size);
        assert_eq!(messages, ["{}"]);
        assert!(matches!(fault, Some(Fault::Garbage(text)) if text.starts_with(b"h")));
    }
}

#[test]
fn objects_that_are_no_messages() {
    for text in ["{]\n", "{\"a\"}\n", "{\"a\": \"\n\"}\n"] {
        for size in [usize::MAX, 1] {
            let (_, fault) = split(text.as_bytes(), size);
            let Some(Fault::Message(error, excerpt)) = fault else {
                panic!("{text}: {fault:?}");
            };
            assert!(error.is_syntax());
            assert_eq!(excerpt, text.trim().as_bytes());
        }
    }
}

/// What follows a message on its line need not be complete, or a message.
#[test]
fn more_on_the_line() {
    for (rest, is_garbage) in [("{\"half", false), (" \t{", false), ("x", true)] {
        let stream = format!("{{\"a\": [{{}}, 1]}}{rest}");
        for size in [usize::MAX, 1] {
            let (messages, fault) = split(stream.as_bytes(), size);
            assert_eq!(messages, ["{\"a\": [{}, 1]}"], "{stream}");
            assert_eq!(
                matches!(fault, Some(Fault::Garbage(_))),
                is_garbage,
                "{stream}: {fault:?}"
            );
        }
    }
}

#[test]
fn a_message_that_does_not_end() {
    for (stream, unfinished) in [
        ("{\"a\": 1\n{\"b\": 2}\n", "{\"a\": 1"),
        ("{\"a\": {}\r\n{\"b\": 2}\r\n", "{\"a\": {}"),
        (
            "{\n  \"a\": [\"x\"\n{\n  \"b\": 2\n}\n",
            "{\n  \"a\": [\"x\"",
        ),
    ] {
        for size in [1, 3, usize::MAX] {
            let Some(Fault::Unfinished(text)) = split(stream.as_bytes(), size).1 else {
                panic!("{stream}");
            };
            assert_eq!(text, unfinished.as_bytes());
        }
    }
}

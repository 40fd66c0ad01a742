//! Errors in requests' JSON as QEMU tells them since 11.1: at once, with line and column. What real servers answer to the
//! same and to much else is compared in `live`.

use crate::server::monitor::{Monitor, generic};

/// What is told of input that starts on the second line.
fn told(input: &str) -> Vec<String> {
    let mut monitor = Monitor::at_once();
    monitor.send("\n");
    let output = monitor.send(input);
    let start = "{\"error\": {\"class\": \"GenericError\", \"desc\": \"";
    let desc = |line: &str| {
        let desc = line
            .strip_prefix(start)
            .and_then(|d| d.strip_suffix("\"}}"));
        desc.unwrap_or(line).replace("JSON parse error, ", "")
    };
    output.split_terminator("\r\n").map(desc).collect()
}

#[test]
fn wordings() {
    for (input, expected) in [
        ("hello\n", "2:1: invalid keyword 'hello'"),
        ("{'a' 1", ""),
        ("{'a' 1,", "2:6: expecting ':'"),
        ("{'a':1,}", "2:8: expecting key"),
        ("{,", "2:2: expecting key"),
        ("{'a':1 'b'", "2:8: expected ',' or '}'"),
        ("[1 2]", "2:4: expected ',' or ']'"),
        ("[1,]", "2:4: expecting value"),
        ("{'a':1,'a':{", ""),
        ("{'a':1,'a':{}", "2:13: duplicate key"),
        ("{'\\\\x'", "2:2: invalid escape sequence in string"),
        ("[1 '\\\\x'", "2:4: expected ',' or ']'"),
        ("@", "2:1: stray '@'"),
    ] {
        let expected: Vec<_> = Some(expected)
            .into_iter()
            .filter(|e| !e.is_empty())
            .collect();
        assert_eq!(told(&input.replace("\\\\", "\\")), expected, "{input}");
    }
}

#[test]
fn places() {
    // A byte that ends a number, a keyword, or the search for a token counts twice if a token starts with it.
    assert_eq!(told("1}")[1], "2:3: expecting value");
    assert_eq!(told("1 }")[1], "2:3: expecting value");
    assert_eq!(told("@}")[1], "2:3: expecting value");
    // Bytes, not characters; tabs are one; lines go on over requests.
    assert_eq!(told("{'é'\t1,"), ["2:7: expecting ':'"]);
    let input = "\n{'execute':'query-status'}\n\n {'a' 1}\n]";
    let lines = told(input);
    assert_eq!(lines[1..], ["5:7: expecting ':'", "6:1: expecting value"]);
}

/// One error a value: what is left of it is passed over, until brackets balance or nothing fits any more.
#[test]
fn going_on() {
    let one = ["2:6: expecting ':'"];
    assert_eq!(told("{'a' 1 [ 5 } , ] ")[..], one);
    assert_eq!(told("{'a' 1 [ {'b' } ] }")[..], one);
    assert_eq!(told("{'a' 1 @ ")[..], one);
    assert_eq!(told("{'a' 1 @ }")[1..], ["2:11: expecting value"]);
    let deep = "[".repeat(1030) + "{}" + &"]".repeat(1030);
    assert_eq!(told(&deep), ["JSON nesting depth limit exceeded"]);
    assert_eq!(told(&(deep + "}"))[1], "2:2063: expecting value");
}

#[test]
fn an_agent_is_the_newest_unless_told_otherwise() {
    use qapi_rt::session::server::Config;
    let mut agent = Monitor::new(&Config::agent());
    let expected = generic("1:1: JSON parse error, expecting value").replace("\r\n", "\n");
    assert_eq!(agent.send("}"), expected);
}

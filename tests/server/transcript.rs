//! Hostile input that a real storage daemon was given, and what it answered.

use qapi_rt::session::server::Config;
use qapi_tests::corpus;
use qapi_types::{Kind, Mode, Reader, qsd};

use crate::server::monitor::{Monitor, generic, version};

const PROBE: &[u8] = b"{\"execute\":\"query-version\",\"id\":\"probe\"}\n";

#[derive(Debug, Default)]
pub(crate) struct Case<'t> {
    pub(crate) title: &'t str,
    pub(crate) input: Vec<Vec<u8>>,
    /// What came before a request was sent to see whether all is well.
    output: Vec<&'t str>,
    /// What came only after it.
    late: Vec<&'t str>,
    pub(crate) end: &'t str,
    /// Some of it is left out of the recording.
    pub(crate) cut: bool,
}

pub(crate) fn cases(text: &str) -> Vec<Case<'_>> {
    let mut cases: Vec<Case<'_>> = Vec::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            cases.push(Case {
                title,
                ..Case::default()
            });
            continue;
        }
        let Some(case) = cases.last_mut() else {
            continue;
        };
        if let Some(bytes) = line.strip_prefix("C: b'") {
            let bytes = bytes.strip_suffix('\'').expect("a closing quote");
            case.input.push(unescape(bytes));
        } else if let Some(line) = line.strip_prefix("S: ") {
            case.output.push(line);
        } else if let Some(line) = line.strip_prefix("S(after probe): ") {
            case.late.push(line);
        } else if let Some(end) = line.strip_prefix("END: ") {
            case.end = end;
        } else if !line.is_empty() {
            case.cut |= line.contains(" more ");
        }
        case.cut |= line.contains(" bytes... ");
    }
    cases
}

/// The bytes of a literal of Python.
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next() {
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'x') => {
                let digits: String = rest.by_ref().take(2).map(char::from).collect();
                u8::from_str_radix(&digits, 16).expect("two digits")
            }
            Some(byte) => byte,
            None => panic!("a backslash at the end"),
        });
    }
    bytes
}

/// A message's members in the order of their names: ids as they are written, the rest by value.
pub(crate) fn members(line: &str) -> Vec<(String, String)> {
    let mut r = Reader::from_str(line, Mode::Strict);
    let mut members = Vec::new();
    r.begin_object().expect(line);
    while let Some(key) = r.next_key().expect(line) {
        let start = r.offset();
        let value = if key != "id" || r.peek().expect(line) == Kind::Object {
            r.any().expect(line).to_string()
        } else {
            r.skip().expect(line);
            r.text_since(start).to_owned()
        };
        members.push((key.into_owned(), value));
    }
    members.sort();
    members
}

fn compare(title: &str, ours: &str, theirs: &[&str]) {
    let ours: Vec<_> = ours.split_terminator("\r\n").map(members).collect();
    let theirs: Vec<_> = theirs.iter().map(|line| members(line)).collect();
    assert_eq!(ours, theirs, "{title}");
}

pub(crate) fn recording() -> Option<String> {
    let path = corpus("transcripts", "server: malformed input")?.join("malformed.qsd-10.0.2.txt");
    Some(std::fs::read_to_string(&path).expect("a recording"))
}

#[test]
fn malformed_input() {
    let Some(text) = recording() else {
        return;
    };
    let mut compared = 0;
    for case in cases(&text) {
        if case.cut {
            // Too large to be recorded whole; SV29 has the like.
            continue;
        }
        let mut monitor = Monitor::new(&Config::qmp(version()));
        monitor.commands = qsd::COMMANDS;
        monitor.output();
        if !case.title.ends_with("[before negotiation]") {
            let enable = match case.title.ends_with("[oob enabled]") {
                true => "'oob'",
                false => "",
            };
            monitor.send(format!(
                "{{'execute':'qmp_capabilities','arguments':{{'enable':[{enable}]}}}}"
            ));
        }
        // Byte by byte, as QEMU reads: commands are executed before what follows them has come.
        let bytes = case.input.iter().flatten();
        let output: String = bytes.map(|byte| monitor.send([*byte])).collect();
        compared += 1;
        match case.title {
            // QEMU goes on with infinity, and sends what is no JSON.
            "number forms: 1e999" => {
                let desc = "JSON parse error, number out of range";
                assert_eq!(output, generic(desc));
                continue;
            }
            // Of several members QEMU gives the one that its hash table has first.
            "unexpected args two" => {
                compare(case.title, &output.replace("'a'", "'b'"), &case.output);
            }
            _ => compare(case.title, &output, &case.output),
        }
        if case.end.starts_with("eof") {
            monitor.session.eof();
            assert!(monitor.session.closed().is_some());
            continue;
        }
        let output = monitor.send(PROBE);
        let (late, probe) = output.split_at(output.trim_end().rfind("\r\n").map_or(0, |at| at + 2));
        compare(case.title, late, &case.late);
        match case.end.split("  (").next() {
            Some("alive, probe answered") => {
                assert!(
                    probe.starts_with("{\"return\": "),
                    "{}: {probe}",
                    case.title
                );
            }
            Some("probe NOT answered (timeout)") => assert_eq!(probe, "", "{}", case.title),
            Some(end) => {
                let end = end.strip_prefix("alive, probe answered WITH ERROR ");
                compare(case.title, probe, &[end.expect(case.title)]);
            }
            None => panic!("{} has no end", case.title),
        }
    }
    assert!(compared > 120, "{compared} cases");
}

#[test]
fn members_are_compared_by_value_and_ids_as_they_are_written() {
    assert_eq!(
        members("{\"id\": 1.50, \"error\": {\"b\": 1, \"a\": 2}}"),
        members("{\"error\": {\"a\": 2, \"b\": 1}, \"id\": 1.50}")
    );
    assert_ne!(members("{\"id\": 1.50}"), members("{\"id\": 1.5}"));
}

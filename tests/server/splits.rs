//! However the input is cut into pieces, the same comes out.

use qapi_tests::{Seeded, Source};

use crate::server::monitor::Monitor;

/// What input is made of: some of it whole requests, most of it not.
const PIECES: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b" ",
    b"\n",
    b"\t",
    b"\"",
    b"'",
    b"\\",
    b"\\u00e9",
    b"\\ud83d",
    b"\xc3\xa9",
    b"\xc0\x80",
    b"\xe2\x82",
    b"\xff",
    b"\0",
    b"\x01",
    b"@",
    b"-",
    b"0",
    b"12",
    b".5",
    b"e1",
    b"null",
    b"true",
    b"tru",
    b"'id'",
    b"\"a\"",
    b"'execute'",
    b"'execute':'cont'",
    b"'exec-oob':'yank'",
    b"{'execute':'query-status','id':",
    b"{\"execute\":\"cont\"}",
    b"{'execute':'qmp_capabilities'}",
];

/// Random input, in which brackets often balance.
pub(crate) fn soup(source: &mut impl Source, pieces: usize) -> Vec<u8> {
    let mut input = Vec::new();
    for _ in 0..=source.below(pieces) {
        let choices = PIECES.len();
        match source.below(4) {
            0 => {
                let inner = PIECES[source.below(choices)];
                input.extend_from_slice(b"{'execute':'cont','id':");
                input.extend_from_slice(inner);
                input.push(b'}');
            }
            _ => input.extend_from_slice(PIECES[source.below(choices)]),
        }
    }
    input
}

fn outcome(mut monitor: Monitor, input: &[u8], source: &mut impl Source, most: usize) -> String {
    let mut output = String::new();
    let mut rest = input;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(1 + source.below(most.min(rest.len())));
        output += &monitor.send(piece);
        rest = after;
    }
    output
}

#[test]
fn any_split_gives_the_same_outcome() {
    let monitors = [Monitor::qmp, Monitor::oob, Monitor::agent, Monitor::at_once];
    let mut source = Seeded(1);
    for round in 0..2000 {
        let mut input = soup(&mut source, 30);
        let monitor = monitors[round % 4];
        if round % 4 == 1 {
            // When it overtakes depends on what waits.
            while let Some(at) = input.windows(4).position(|text| text == b"-oob") {
                input[at] = b'_';
            }
        }
        let whole = monitor().send(&input);
        for most in [1, 3, 20] {
            let pieces = outcome(monitor(), &input, &mut source, most);
            assert_eq!(pieces, whole, "{}", input.escape_ascii());
        }
    }
}

#[test]
fn documents_and_lexer_agree_on_where_values_end() {
    // A piece that ends within the value goes another way than one that holds it whole.
    let mut source = Seeded(2);
    for _ in 0..600 {
        let input = soup(&mut source, 12);
        for new in [Monitor::qmp, Monitor::at_once] {
            let whole = new().send(&input);
            for cut in 0..input.len() {
                let mut monitor = new();
                let output = monitor.send(&input[..cut]) + &monitor.send(&input[cut..]);
                assert_eq!(output, whole, "{} at {cut}", input.escape_ascii());
            }
        }
    }
}

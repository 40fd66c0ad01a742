//! Server sessions: however the input is cut into pieces, the same comes out, and nothing grows without bound.
#![no_main]

use libfuzzer_sys::fuzz_target;
use qapi_rt::session::server::{Config, Session};
use qapi_types::message::{VersionInfo, VersionTriple};
use qapi_types::{Mode, Value, from_str};

fuzz_target!(|input: &[u8]| {
    let [kind, cuts, input @ ..] = input else {
        return;
    };
    let kind = match kind % 4 {
        0 => Kind::Fresh,
        1 => Kind::Qmp,
        2 => Kind::Oob,
        _ => Kind::Agent,
    };
    let whole = run(kind, input, usize::MAX);
    let bytes = run(kind, input, 1);
    let pieces = run(kind, input, usize::from(*cuts) + 2);
    assert_eq!(whole, bytes);
    assert_eq!(whole, pieces);
});

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Fresh,
    Qmp,
    Oob,
    Agent,
}

/// What comes back, with pieces of at most this length, if every command succeeds at once.
fn run(kind: Kind, input: &[u8], most: usize) -> Vec<u8> {
    let version = VersionInfo::new(VersionTriple {
        // Errors are told at once by a newer one.
        major: if matches!(kind, Kind::Fresh) { 12 } else { 1 },
        minor: 2,
        micro: 3,
    });
    let config = match kind {
        Kind::Agent => Config::agent(),
        // With the other one the order may depend on the pieces.
        Kind::Fresh => Config::qmp(version).oob(false),
        _ => Config::qmp(version),
    };
    let mut session = Session::new(&config);
    match kind {
        Kind::Qmp => session.receive(b"{'execute':'qmp_capabilities'}"),
        Kind::Oob => {
            session.receive(b"{'execute':'qmp_capabilities','arguments':{'enable':['oob']}}");
        }
        Kind::Fresh | Kind::Agent => {}
    }
    let mut output = Vec::new();
    drain(&mut session, &mut output);
    for piece in input.chunks(most) {
        session.receive(piece);
        while let Some(request) = session.take_oob().or_else(|| session.take_in_band()) {
            let arguments = request.arguments().map(|text| text.decode(Mode::Strict));
            let arguments = arguments.unwrap_or(Ok(Value::Null));
            let arguments = arguments.expect("a document has no syntax errors");
            session.reply_value(request.ticket(), &arguments);
            drain(&mut session, &mut output);
        }
        drain(&mut session, &mut output);
        assert!(session.wants_input(), "everything was answered");
    }
    session.eof();
    assert!(session.closed().is_some());
    drain(&mut session, &mut output);
    // Each byte costs one error at most, and may be echoed as six.
    assert!(output.len() <= 1000 + 200 * input.len());
    check(&output, kind)
}

fn drain(session: &mut Session, output: &mut Vec<u8>) {
    output.extend_from_slice(session.output());
    session.sent(session.output().len());
}

/// What is sent are lines of ASCII, each an object.
fn check(output: &[u8], kind: Kind) -> Vec<u8> {
    let end = if kind == Kind::Agent { "\n" } else { "\r\n" };
    let text: Vec<u8> = output.iter().copied().filter(|b| *b != 0xFF).collect();
    let text = String::from_utf8(text).expect("ASCII");
    assert!(text.is_ascii() && (text.is_empty() || text.ends_with(end)));
    let mut lines: Vec<_> = text.split_terminator(end).collect();
    for line in &lines {
        let message: Value = from_str(line, Mode::Strict).expect("JSON");
        assert!(message.is_object());
    }
    if kind != Kind::Oob {
        return output.to_vec();
    }
    // What comes in one piece with others overtakes more of them.
    lines.sort_unstable();
    lines.concat().into_bytes()
}

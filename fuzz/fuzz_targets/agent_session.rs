//! An agent's client session with an agent that sends anything, in any pieces, while requests are made and given up.
#![no_main]

use libfuzzer_sys::fuzz_target;
use qapi_rt::session::agent::{Happening, Session};
use qapi_rt::session::client::RawCommand;

const LIMIT: usize = 4096;

// Pieces, each a byte that says what is done before it is received, and its length, and the bytes; `#` in them stands for
// the number of the last synchronisation.
fuzz_target!(|input: &[u8]| {
    let mut session = Session::new(1).message_limit(LIMIT);
    let mut rest = input;
    let mut sent = String::new();
    let (mut asked, mut closed) = (false, false);
    while let [action, length, tail @ ..] = rest {
        let (piece, after) = tail.split_at(tail.len().min(usize::from(*length)));
        rest = after;
        match action % 6 {
            0 => {
                session
                    .request(&RawCommand::new("guest-ping"))
                    .expect("it can be written");
                asked = true;
            }
            1 => session.synchronize(),
            2 => {
                session.abandon();
                asked = false;
            }
            3 => session.distrust(),
            // Not all of it at once.
            4 => write(&mut session, usize::from(action / 6), &mut sent),
            _ => write(&mut session, usize::MAX, &mut sent),
        }
        for (n, part) in piece.split(|&byte| byte == b'#').enumerate() {
            if n > 0 {
                session.receive(last_id(&sent).as_bytes());
            }
            session.receive(part);
        }
        while let Some(happening) = session.poll() {
            assert!(!closed, "nothing happens after the end");
            match happening {
                Happening::Reply(_) => {
                    assert!(asked, "a reply answers a request, once");
                    asked = false;
                }
                Happening::CannotSynchronize => asked = false,
                Happening::Closed(_) => closed = true,
                _ => {}
            }
        }
        assert_eq!(session.is_closed(), closed);
    }
    session.eof();
    let last = std::iter::from_fn(|| session.poll()).last();
    assert!(closed || matches!(last, Some(Happening::Closed(_))));
});

fn write(session: &mut Session, most: usize, sent: &mut String) {
    let count = most.min(session.output().len());
    // All of it is ASCII but the byte that begins a synchronisation.
    sent.extend(
        session.output()[..count]
            .iter()
            .map(|byte| char::from(*byte)),
    );
    session.sent(count);
}

/// The number in the last synchronisation that was sent whole.
fn last_id(sent: &str) -> &str {
    let id = sent.rsplit("\"id\":").find(|text| text.contains('}'));
    id.and_then(|text| text.split('}').next())
        .unwrap_or_default()
}

//! What a history is made of. Numbers stand for whichever of those there are then, so that any list of steps is a history.

use proptest::prelude::*;
use qapi_rt::session::client::Ids;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// The client makes a call, with a deadline in milliseconds if that is not 0.
    Call {
        oob: bool,
        deadline: u16,
    },
    /// The client makes one, and all that was written comes, its reply the last.
    Exchange,
    /// The client drops one.
    Forget(u16),
    /// The server reads so many bytes.
    Read(u16),
    /// It greets, at any time.
    Greet,
    /// It answers a request that it has read.
    Reply {
        which: u16,
        error: bool,
    },
    /// Something happens.
    Event,
    /// It answers something that this client did not ask.
    Stray(u16),
    /// So many bytes of what the server wrote arrive.
    Deliver(u16),
    /// The subscriber takes so many events.
    Take(u16),
    /// Time passes, in milliseconds.
    Sleep(u16),
    HangUp,
    /// The server accepts the client again.
    Accept,
    /// The server reads no more.
    Deafen,
}

#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) oob: bool,
    pub(crate) offers_oob: bool,
    pub(crate) ids: Ids,
    pub(crate) reconnect: bool,
    /// Whether capabilities are negotiated before the steps.
    pub(crate) ready: bool,
    /// Events that are kept for the subscriber.
    pub(crate) kept: usize,
    /// How many bytes fit between client and server.
    pub(crate) room: usize,
    pub(crate) steps: Vec<Step>,
}

fn step() -> impl Strategy<Value = Step> {
    (any::<u8>(), any::<u16>()).prop_map(|(kind, number)| match kind {
        0..12 => Step::Exchange,
        12..60 => Step::Call {
            oob: number.is_multiple_of(4),
            deadline: match number % 5 {
                0 => number % 40,
                _ => 0,
            },
        },
        60..75 => Step::Forget(number),
        // Rarely all of it.
        75..115 => Step::Read(1 + number % (1 << (number % 13))),
        115..118 => Step::Greet,
        118..165 => Step::Reply {
            which: number,
            error: number.is_multiple_of(3),
        },
        165..185 => Step::Event,
        185..190 => Step::Stray(number),
        190..230 => Step::Deliver(1 + number % (1 << (number % 13))),
        230..240 => Step::Take(number % 5),
        240..248 => Step::Sleep(number % 30),
        248..250 => Step::HangUp,
        250..254 => Step::Accept,
        254.. => Step::Deafen,
    })
}

pub(crate) fn script() -> impl Strategy<Value = Script> {
    let ids = prop_oneof![Just(Ids::WhereNeeded), Just(Ids::Always), Just(Ids::Never)];
    let flags = any::<(bool, bool, bool)>();
    let (ready, kept) = (prop::bool::weighted(0.9), 1..6_usize);
    let (room, steps) = (1..200_usize, prop::collection::vec(step(), 0..70));
    (ids, flags, ready, kept, room, steps).prop_map(|(ids, flags, ready, kept, room, steps)| {
        let (oob, offers_oob, reconnect) = flags;
        Script {
            oob: oob && ids != Ids::Never,
            offers_oob,
            ids,
            reconnect,
            ready,
            kept,
            room,
            steps,
        }
    })
}

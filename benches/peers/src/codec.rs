//! Messages into types and back: generated ones, those of `qapi-qmp`, plain ones, and a tree.

use crate::Result;
use crate::cpu;
use crate::stats::{Required, head, median, ratio, row};
use qapi_benches::{plain, samples};
use qapi_types::message::ServerMessage;
use qapi_types::{Events, Mode, qmp};
use serde_json::Value;
use std::hint::black_box;
use std::time::Duration;

const ROUNDS: usize = 300;
/// How long one contender runs in one round.
const TURN: Duration = Duration::from_micros(500);

/// As fast as plain structs, where plain ones come second among the contenders.
const AS_PLAIN: Option<(usize, Required)> = Some((1, Required::AtLeast(1.0)));
const NEARLY_AS_PLAIN: Option<(usize, Required)> = Some((1, Required::AtLeast(0.91)));
const THRICE_QAPI_QMP: Option<(usize, Required)> = Some((2, Required::AtLeast(3.0)));

/// What one contender does over and over.
type Work<'a> = Box<dyn FnMut() + 'a>;

/// One line of the report. The first contender is this project.
struct Topic<'a> {
    name: String,
    contenders: [Option<Work<'a>>; 4],
    /// Of which other contender, and how.
    required: Option<(usize, Required)>,
}

pub fn report() -> Result<()> {
    println!(
        "Nanoseconds, medians of {ROUNDS} rounds; how many times as long the others take. *Plain* are structs written by hand \
         with serde's derive, which have only the members that occur in the messages; *tree* is `serde_json::Value`. Ours \
         read replies leniently and arguments strictly.\n"
    );
    head(&[
        "",
        "ours",
        "plain",
        "qapi-qmp",
        "tree",
        "plain/ours",
        "qapi-qmp/ours",
        "tree/ours",
        "required",
    ]);
    let texts = Texts::new();
    for topic in decoding(&texts).into_iter().chain(encoding(&texts)?) {
        topic.measure();
    }
    Ok(())
}

impl Topic<'_> {
    fn measure(mut self) {
        let mut times: [Vec<f64>; 4] = Default::default();
        let repeats: Vec<u32> = self.contenders.iter_mut().map(calibrate).collect();
        for round in 0..ROUNDS {
            for turn in 0..4 {
                // Nobody always comes first.
                let n = (turn + round) % 4;
                if let Some(work) = &mut self.contenders[n] {
                    times[n].push(time(work, repeats[n]));
                }
            }
        }
        let shown = |n: usize| match times[n].as_slice() {
            [] => "".to_owned(),
            times => format!("{:.0}", median(times)),
        };
        let factor = |n: usize| match times[n].as_slice() {
            [] => "".to_owned(),
            other => format!("{:.2}", ratio(other, &times[0])),
        };
        let required = self.required.map(|(other, required)| {
            let of = ["", "plain", "qapi-qmp", "tree"][other];
            let times = ratio(&times[other], &times[0]);
            format!("{of} {}", Required::shown(Some(required), times))
        });
        let cells = (0..4).map(shown).chain((1..4).map(factor)).chain(required);
        row([self.name].into_iter().chain(cells));
    }
}

/// How often the work fits into one turn.
fn calibrate(work: &mut Option<Work>) -> u32 {
    let Some(work) = work else { return 0 };
    let mut repeats = 1;
    loop {
        let nanos = time(work, repeats) * f64::from(repeats);
        if nanos * 2.0 > TURN.as_nanos() as f64 {
            return repeats;
        }
        repeats *= 2;
    }
}

/// Nanoseconds of CPU time that the work takes once.
fn time(work: &mut Work, repeats: u32) -> f64 {
    let start = cpu::thread();
    for _ in 0..repeats {
        work();
    }
    (cpu::thread() - start).as_nanos() as f64 / f64::from(repeats)
}

struct Texts {
    status: String,
    blocks: String,
    nodes: String,
    event: String,
    tag_first: String,
    tag_last: String,
}

impl Texts {
    fn new() -> Texts {
        Texts {
            status: samples::status(),
            blocks: samples::blocks(),
            nodes: samples::nodes(),
            event: samples::event(),
            tag_first: samples::blockdev_add_tag_first(),
            tag_last: samples::blockdev_add_tag_last(),
        }
    }
}

/// The four ways to decode a text.
macro_rules! decode {
    ($name:literal, $text:expr, $mode:ident, $ours:ty, $plain:ty, $peer:ty, $required:expr) => {{
        let text = $text.as_bytes();
        Topic {
            name: format!("decode {}, {} bytes", $name, text.len()),
            contenders: [
                Some(Box::new(|| {
                    black_box(
                        qapi_types::from_slice::<$ours>(black_box(text), Mode::$mode).unwrap(),
                    );
                })),
                serde::<$plain>(text),
                serde::<$peer>(text),
                serde::<Value>(text),
            ],
            required: $required,
        }
    }};
}

fn serde<T: serde::de::DeserializeOwned>(text: &[u8]) -> Option<Work<'_>> {
    Some(Box::new(move || {
        black_box(serde_json::from_slice::<T>(black_box(text)).unwrap());
    }))
}

fn decoding(texts: &Texts) -> Vec<Topic<'_>> {
    vec![
        decode!(
            "status",
            texts.status,
            Lenient,
            qmp::StatusInfo,
            plain::Status,
            qapi_qmp::StatusInfo,
            AS_PLAIN
        ),
        decode!(
            "blocks",
            texts.blocks,
            Lenient,
            Vec<qmp::BlockInfo>,
            Vec<plain::Block>,
            Vec<qapi_qmp::BlockInfo>,
            AS_PLAIN
        ),
        decode!(
            "nodes",
            texts.nodes,
            Lenient,
            Vec<qmp::BlockDeviceInfo>,
            Vec<plain::Node>,
            Vec<qapi_qmp::BlockDeviceInfo>,
            AS_PLAIN
        ),
        event(
            "any event",
            serde::<plain::AnyEvent>(texts.event.as_bytes()),
            &texts.event,
            AS_PLAIN,
        ),
        event(
            "an event, plain knows which",
            serde::<plain::KnownEvent>(texts.event.as_bytes()),
            &texts.event,
            None,
        ),
        decode!(
            "blockdev-add, tag first",
            texts.tag_first,
            Strict,
            qmp::BlockdevOptions,
            plain::BlockdevOptions,
            qapi_qmp::BlockdevOptions,
            THRICE_QAPI_QMP
        ),
        decode!(
            "blockdev-add, tag last",
            texts.tag_last,
            Strict,
            qmp::BlockdevOptions,
            plain::BlockdevOptions,
            qapi_qmp::BlockdevOptions,
            THRICE_QAPI_QMP
        ),
    ]
}

fn event<'a>(
    name: &str,
    plain: Option<Work<'a>>,
    text: &'a str,
    required: Option<(usize, Required)>,
) -> Topic<'a> {
    let text = text.as_bytes();
    Topic {
        name: format!("decode {name}, {} bytes", text.len()),
        contenders: [
            Some(Box::new(move || {
                let message = ServerMessage::parse(black_box(text)).unwrap();
                let ServerMessage::Event(event) = message else {
                    unreachable!("the sample is an event");
                };
                black_box(<qmp::Event as Events>::decode(&event.name, event.data).unwrap());
            })),
            plain,
            serde::<qapi_qmp::Event>(text),
            serde::<Value>(text),
        ],
        required,
    }
}

/// The four ways to encode what a text holds.
macro_rules! encode {
    ($name:literal, $text:expr, $ours:ty, $plain:ty, $peer:ty) => {{
        let ours: $ours = qapi_types::from_str(&$text, Mode::Lenient)?;
        Topic {
            name: format!("encode {}", $name),
            contenders: [
                Some(Box::new(move || {
                    black_box(qapi_types::to_vec(black_box(&ours)).unwrap());
                })),
                to_vec::<$plain>(&$text)?,
                to_vec::<$peer>(&$text)?,
                to_vec::<Value>(&$text)?,
            ],
            required: NEARLY_AS_PLAIN,
        }
    }};
}

fn to_vec<T>(text: &str) -> Result<Option<Work<'static>>>
where
    T: serde::de::DeserializeOwned + serde::Serialize + 'static,
{
    let value: T = serde_json::from_str(text)?;
    Ok(Some(Box::new(move || {
        black_box(serde_json::to_vec(black_box(&value)).unwrap());
    })))
}

fn encoding(texts: &Texts) -> Result<Vec<Topic<'static>>> {
    Ok(vec![
        encode!(
            "status",
            texts.status,
            qmp::StatusInfo,
            plain::Status,
            qapi_qmp::StatusInfo
        ),
        encode!(
            "blocks",
            texts.blocks,
            Vec<qmp::BlockInfo>,
            Vec<plain::Block>,
            Vec<qapi_qmp::BlockInfo>
        ),
        encode!(
            "nodes",
            texts.nodes,
            Vec<qmp::BlockDeviceInfo>,
            Vec<plain::Node>,
            Vec<qapi_qmp::BlockDeviceInfo>
        ),
        encode!(
            "blockdev-add",
            texts.tag_first,
            qmp::BlockdevOptions,
            plain::BlockdevOptions,
            qapi_qmp::BlockdevOptions
        ),
    ])
}

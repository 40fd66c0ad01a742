//! Messages into types and back: generated ones, plain ones by three libraries, those of `qapi-qmp`, and a tree.

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

/// What the others are, in the order in which they are measured and shown.
const OTHERS: [&str; 5] = ["plain", "sonic-rs", "simd-json", "qapi-qmp", "tree"];

const AS_PLAIN: Option<(&str, Required)> = Some(("plain", Required::AtLeast(1.0)));
const TWICE_PLAIN: Option<(&str, Required)> = Some(("plain", Required::AtLeast(2.0)));
const NEARLY_AS_PLAIN: Option<(&str, Required)> = Some(("plain", Required::AtLeast(0.91)));
const THRICE_QAPI_QMP: Option<(&str, Required)> = Some(("qapi-qmp", Required::AtLeast(3.0)));

/// What one contender does over and over.
type Work<'a> = Box<dyn FnMut() + 'a>;

/// One line of the report. The first contender is this project.
struct Topic<'a> {
    name: String,
    ours: Work<'a>,
    /// Those of [`OTHERS`] that can.
    others: [Option<Work<'a>>; OTHERS.len()],
    /// Of which other, and how.
    required: Option<(&'static str, Required)>,
}

pub fn report() -> Result<()> {
    println!(
        "Nanoseconds, medians of {ROUNDS} rounds; how many times as long the others take. *Plain* are structs written by hand \
         with serde's derive, which have only the members that occur in the messages, read by serde_json, sonic-rs 0.5 and \
         simd-json 0.19, which changes the text and is given a copy each time; *tree* is `serde_json::Value`. All are built for \
         any processor of the architecture. Ours read replies leniently and arguments strictly.\n"
    );
    let names = OTHERS.map(str::to_owned);
    let factors = OTHERS.map(|other| format!("{other}/ours"));
    let mut cells = vec![String::new(), "ours".to_owned()];
    cells.extend(
        names
            .into_iter()
            .chain(factors)
            .chain(["required".to_owned()]),
    );
    head(&cells.iter().map(String::as_str).collect::<Vec<_>>());
    let texts = Texts::new();
    for topic in decoding(&texts).into_iter().chain(encoding(&texts)?) {
        topic.measure();
    }
    Ok(())
}

impl Topic<'_> {
    fn measure(self) {
        const CONTENDERS: usize = OTHERS.len() + 1;
        let mut contenders: Vec<_> = [Some(self.ours)].into_iter().chain(self.others).collect();
        let mut times: [Vec<f64>; CONTENDERS] = Default::default();
        let repeats: Vec<u32> = contenders.iter_mut().map(calibrate).collect();
        for round in 0..ROUNDS {
            for turn in 0..CONTENDERS {
                // Nobody always comes first.
                let n = (turn + round) % CONTENDERS;
                if let Some(work) = &mut contenders[n] {
                    times[n].push(time(work, repeats[n]));
                }
            }
        }
        let shown = |times: &Vec<f64>| match times.as_slice() {
            [] => "".to_owned(),
            times => format!("{:.0}", median(times)),
        };
        let factor = |other: &Vec<f64>| match other.as_slice() {
            [] => "".to_owned(),
            other => format!("{:.2}", ratio(other, &times[0])),
        };
        let required = self.required.map(|(other, required)| {
            let position = OTHERS.iter().position(|name| *name == other);
            let times = ratio(&times[position.map_or(0, |n| n + 1)], &times[0]);
            format!("{other} {}", Required::shown(Some(required), times))
        });
        let cells = times.iter().map(shown).chain(times[1..].iter().map(factor));
        row([self.name].into_iter().chain(cells).chain(required));
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

/// The ways to decode a text.
macro_rules! decode {
    ($name:literal, $text:expr, $mode:ident, $ours:ty, $plain:ty, $peer:ty, $required:expr) => {{
        let text = $text.as_bytes();
        Topic {
            name: format!("decode {}, {} bytes", $name, text.len()),
            ours: Box::new(|| {
                black_box(qapi_types::from_slice::<$ours>(black_box(text), Mode::$mode).unwrap());
            }),
            others: [
                serde::<$plain>(text),
                sonic::<$plain>(text),
                simd::<$plain>(text),
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

fn sonic<T: serde::de::DeserializeOwned>(text: &[u8]) -> Option<Work<'_>> {
    Some(Box::new(move || {
        black_box(sonic_rs::from_slice::<T>(black_box(text)).unwrap());
    }))
}

fn simd<T: serde::de::DeserializeOwned>(text: &[u8]) -> Option<Work<'_>> {
    let mut copy = Vec::new();
    let mut buffers = simd_json::Buffers::new(text.len());
    Some(Box::new(move || {
        copy.clear();
        copy.extend_from_slice(black_box(text));
        black_box(simd_json::serde::from_slice_with_buffers::<T>(&mut copy, &mut buffers).unwrap());
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
            TWICE_PLAIN
        ),
        decode!(
            "nodes",
            texts.nodes,
            Lenient,
            Vec<qmp::BlockDeviceInfo>,
            Vec<plain::Node>,
            Vec<qapi_qmp::BlockDeviceInfo>,
            TWICE_PLAIN
        ),
        event::<plain::AnyEvent>("any event", &texts.event, AS_PLAIN),
        event::<plain::KnownEvent>("an event, plain knows which", &texts.event, None),
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

fn event<'a, Plain: serde::de::DeserializeOwned>(
    name: &str,
    text: &'a str,
    required: Option<(&'static str, Required)>,
) -> Topic<'a> {
    let text = text.as_bytes();
    Topic {
        name: format!("decode {name}, {} bytes", text.len()),
        ours: Box::new(move || {
            let message = ServerMessage::parse(black_box(text)).unwrap();
            let ServerMessage::Event(event) = message else {
                unreachable!("the sample is an event");
            };
            black_box(<qmp::Event as Events>::decode(&event.name, event.data).unwrap());
        }),
        others: [
            serde::<Plain>(text),
            sonic::<Plain>(text),
            simd::<Plain>(text),
            serde::<qapi_qmp::Event>(text),
            serde::<Value>(text),
        ],
        required,
    }
}

/// The ways to encode what a text holds.
macro_rules! encode {
    ($name:literal, $text:expr, $ours:ty, $plain:ty, $peer:ty) => {{
        let ours: $ours = qapi_types::from_str(&$text, Mode::Lenient)?;
        Topic {
            name: format!("encode {}", $name),
            ours: Box::new(move || {
                black_box(qapi_types::to_vec(black_box(&ours)).unwrap());
            }),
            others: [
                to_vec::<$plain>(&$text)?,
                sonic_to_vec::<$plain>(&$text)?,
                None,
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

fn sonic_to_vec<T>(text: &str) -> Result<Option<Work<'static>>>
where
    T: serde::de::DeserializeOwned + serde::Serialize + 'static,
{
    let value: T = serde_json::from_str(text)?;
    Ok(Some(Box::new(move || {
        black_box(sonic_rs::to_vec(black_box(&value)).unwrap());
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

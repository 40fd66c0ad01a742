//! Messages into generated types and back, beside serde_json and types written by hand.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use qapi_benches::{plain, samples};
use qapi_types::codec::{Decode, Encode};
use qapi_types::message::ServerMessage;
use qapi_types::{Events, Mode, qmp};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn main() {
    divan::main();
}

mod decode {
    use super::*;

    /// A reply or arguments into generated types.
    #[divan::bench(sample_size = 100, types = [Status, Blocks, Nodes, TagFirst, TagLast])]
    fn generated<S: Sample>(bencher: Bencher) {
        let text = S::text();
        bencher.counter(BytesCount::new(text.len())).bench(|| {
            qapi_types::from_slice::<S::Generated>(black_box(text.as_bytes()), S::MODE).unwrap()
        });
    }

    #[divan::bench(sample_size = 100, types = [Status, Blocks, Nodes, TagFirst, TagLast])]
    fn plain<S: Sample>(bencher: Bencher) {
        let text = S::text();
        bencher
            .counter(BytesCount::new(text.len()))
            .bench(|| serde_json::from_slice::<S::Plain>(black_box(text.as_bytes())).unwrap());
    }

    #[divan::bench(sample_size = 100)]
    fn generated_event(bencher: Bencher) {
        let text = samples::event();
        bencher.bench(|| {
            let message = ServerMessage::parse(black_box(text.as_bytes())).unwrap();
            let ServerMessage::Event(event) = message else {
                unreachable!("the sample is an event");
            };
            let data = <qmp::Event as Events>::decode(&event.name, event.data).unwrap();
            (event.timestamp, data)
        });
    }

    #[divan::bench(sample_size = 100, types = [plain::KnownEvent, plain::AnyEvent])]
    fn plain_event<E: DeserializeOwned>(bencher: Bencher) {
        let text = samples::event();
        bencher.bench(|| serde_json::from_slice::<E>(black_box(text.as_bytes())).unwrap());
    }
}

mod encode {
    use super::*;

    #[divan::bench(sample_size = 100, types = [Status, Blocks, Nodes, TagFirst])]
    fn generated<S: Sample>(bencher: Bencher) {
        let value: S::Generated = qapi_types::from_str(&S::text(), S::MODE).unwrap();
        bencher.bench_local(|| qapi_types::to_vec(black_box(&value)).unwrap());
    }

    #[divan::bench(sample_size = 100, types = [Status, Blocks, Nodes, TagFirst])]
    fn plain<S: Sample>(bencher: Bencher) {
        let value: S::Plain = serde_json::from_str(&S::text()).unwrap();
        bencher.bench_local(|| serde_json::to_vec(black_box(&value)).unwrap());
    }
}

/// A message, and what it decodes into.
trait Sample {
    type Generated: Decode + Encode;
    type Plain: Serialize + DeserializeOwned;
    const MODE: Mode;
    fn text() -> String;
}

macro_rules! samples {
    ($($name:ident: $generated:ty, $plain:ty, $mode:ident, $text:ident;)*) => {
        $(
            struct $name;

            impl Sample for $name {
                type Generated = $generated;
                type Plain = $plain;
                const MODE: Mode = Mode::$mode;

                fn text() -> String {
                    samples::$text()
                }
            }
        )*
    };
}

samples! {
    Status: qmp::StatusInfo, plain::Status, Lenient, status;
    Blocks: Vec<qmp::BlockInfo>, Vec<plain::Block>, Lenient, blocks;
    Nodes: Vec<qmp::BlockDeviceInfo>, Vec<plain::Node>, Lenient, nodes;
    TagFirst: qmp::BlockdevOptions, plain::BlockdevOptions, Strict, blockdev_add_tag_first;
    TagLast: qmp::BlockdevOptions, plain::BlockdevOptions, Strict, blockdev_add_tag_last;
}

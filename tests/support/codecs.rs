//! Generated types by the name of their command or event.

use std::fmt::Debug;

use qapi_types::codec::{Decode, Encode};
use qapi_types::message::{self, Raw};
use qapi_types::{Document, Events, Mode, Reader, Result, Style, Value, Writer};
use qapi_types::{qga, qmp, qsd};

use crate::heater;
use crate::json::differ;

/// What a type does with a text.
#[derive(Clone, Copy)]
pub struct Codec {
    /// Decodes, and encodes what came of it.
    pub recode: fn(&mut Reader<'_>) -> Result<Vec<u8>>,
    /// Panics if the type breaks a promise on this text, be it valid or not.
    pub probe: fn(&[u8]),
}

/// A command's types.
pub struct Command {
    /// Its name.
    pub name: &'static str,
    /// The type of its arguments.
    pub arguments: Codec,
    /// The type of its reply.
    pub reply: Codec,
}

/// An event's type.
pub struct Event {
    /// Its name.
    pub name: &'static str,
    /// The type of its data.
    pub data: Codec,
}

/// Decodes the data of the event of that name, and encodes them.
pub type RecodeEvent = fn(&str, Option<Raw<'_>>) -> Result<Vec<u8>>;

/// A generated module.
pub struct Interface {
    /// The module.
    pub name: &'static str,
    /// The commands, in the schema's order.
    pub commands: &'static [Command],
    /// The events, in the schema's order.
    pub events: &'static [Event],
    /// Decodes the data of an event of any name, as a client does, and encodes the event.
    pub recode_event: Option<RecodeEvent>,
}

/// The types of QMP.
pub static QMP: Interface = include!(concat!(env!("OUT_DIR"), "/qmp_table.rs"));
/// The types of the guest agent.
pub static QGA: Interface = include!(concat!(env!("OUT_DIR"), "/qga_table.rs"));
/// The types of this package's own schema.
pub static HEATER: Interface = include!(concat!(env!("OUT_DIR"), "/heater_table.rs"));
/// The types of the storage daemon.
pub static QSD: Interface = include!(concat!(env!("OUT_DIR"), "/qsd_table.rs"));

impl Interface {
    /// The command of that name.
    pub fn command(&self, name: &str) -> Option<&'static Command> {
        self.commands.iter().find(|command| command.name == name)
    }

    /// The event of that name.
    pub fn event(&self, name: &str) -> Option<&'static Event> {
        self.events.iter().find(|event| event.name == name)
    }
}

impl Command {
    const fn of<C>(name: &'static str) -> Self
    where
        C: message::Command + Decode + Encode + PartialEq + Debug,
        C::Reply: PartialEq + Debug,
    {
        assert!(equal(name, C::NAME));
        Self {
            name,
            arguments: Codec::of::<C>(),
            reply: Codec::of::<C::Reply>(),
        }
    }
}

impl Event {
    const fn of<E: message::Event + Decode + Encode + PartialEq + Debug>(
        name: &'static str,
    ) -> Self {
        assert!(equal(name, E::NAME));
        Self {
            name,
            data: Codec::of::<E>(),
        }
    }
}

impl Codec {
    const fn of<T: Decode + Encode + PartialEq + Debug>() -> Self {
        Self {
            recode: recode::<T>,
            probe: probe::<T>,
        }
    }

    /// Decodes a JSON text and encodes what came of it.
    ///
    /// # Errors
    /// When the text is not of this type.
    pub fn recode_text(&self, text: &str, mode: Mode) -> Result<Value> {
        let written = (self.recode)(&mut Reader::from_str(text, mode))?;
        qapi_types::from_slice(&written, Mode::Strict)
    }
}

/// Whether two names are the same, where `==` is not yet possible.
const fn equal(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}

fn recode<T: Decode + Encode>(r: &mut Reader<'_>) -> Result<Vec<u8>> {
    let value = T::decode(r)?;
    r.end()?;
    qapi_types::to_vec(&value)
}

fn recode_event<E: Events>(name: &str, data: Option<Raw<'_>>) -> Result<Vec<u8>> {
    let event = E::decode(name, data)?;
    assert_eq!(event.name(), name);
    let mut out = Vec::new();
    let mut w = Writer::new(&mut out, Style::Compact);
    w.begin_object();
    event.put(&mut w);
    w.end_object();
    w.finish()?;
    Ok(out)
}

fn probe<T: Decode + Encode + PartialEq + Debug>(text: &[u8]) {
    let strict = qapi_types::from_slice::<T>(text, Mode::Strict);
    let lenient = qapi_types::from_slice::<T>(text, Mode::Lenient);
    if let Ok(strict) = &strict {
        assert_eq!(
            lenient.as_ref().ok(),
            Some(strict),
            "a strict reader accepts no more than a lenient one"
        );
        if let Ok(written) = qapi_types::to_vec(strict) {
            let before =
                qapi_types::from_slice::<Value>(text, Mode::Strict).expect("it was decoded");
            let after =
                qapi_types::from_slice::<Value>(&written, Mode::Strict).expect("it was encoded");
            assert_eq!(differ(&before, &after), None);
        }
    }
    if let Ok(lenient) = &lenient
        && let Ok(written) = qapi_types::to_vec(lenient)
    {
        let again = qapi_types::from_slice::<T>(&written, Mode::Lenient).expect("it was encoded");
        assert_eq!(&again, lenient);
    }
    if let Ok(document) = Document::parse(text) {
        match (T::decode(&mut document.reader(Mode::Strict)), strict) {
            (Ok(left), Ok(right)) => assert_eq!(left, right),
            (Err(left), Err(right)) if !right.is_syntax() => assert_eq!(left.desc(), right.desc()),
            // Only QEMU's dialect has it.
            (_, Err(_)) => {}
            (Err(error), Ok(_)) => panic!("QEMU's dialect lacks what JSON has: {error:?}"),
        }
    }
}

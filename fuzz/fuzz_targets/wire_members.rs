//! The types of a small schema on arbitrary texts: what is accepted comes back the same, a strict reader
//! accepts nothing that a lenient one refuses, and neither order nor escapes make a difference.
#![no_main]

use std::fmt::Debug;

use libfuzzer_sys::fuzz_target;
use qapi_types::codec::{Decode, Encode};
use qapi_types::{Document, Mode, Value, from_slice, to_vec};

#[allow(dead_code)]
#[path = "../../qapi-types/tests/lamps/mod.rs"]
#[rustfmt::skip]
mod lamps;

use lamps::commands::{LampSet, PartAdd, PowerAdd};
use lamps::{Lamp, events::LampBroken};

fuzz_target!(|text: &[u8]| {
    let Some((choice, text)) = text.split_first() else {
        return;
    };
    match choice % 5 {
        0 => check::<Vec<Lamp>>(text),
        1 => check::<PowerAdd>(text),
        2 => check::<LampSet>(text),
        3 => check::<PartAdd>(text),
        _ => check::<LampBroken>(text),
    }
});

fn check<T: Decode + Encode + PartialEq + Debug>(text: &[u8]) {
    let strict = from_slice::<T>(text, Mode::Strict);
    let lenient = from_slice::<T>(text, Mode::Lenient);
    if let Ok(strict) = &strict {
        assert_eq!(lenient.as_ref().ok(), Some(strict));
        if let Ok(written) = to_vec(strict) {
            let before = from_slice::<Value>(text, Mode::Strict).expect("it was decoded");
            let after = from_slice::<Value>(&written, Mode::Strict).expect("it was written");
            assert!(equal(&before, &after), "{before:?} became {after:?}");
        }
    }
    if let Ok(lenient) = &lenient
        && let Ok(written) = to_vec(lenient)
    {
        let again = from_slice::<T>(&written, Mode::Lenient).expect("it was written");
        assert_eq!(&again, lenient);
    }
    check_spellings::<T>(text, Mode::Strict);
    check_spellings::<T>(text, Mode::Lenient);
    if let Ok(document) = Document::parse(text) {
        let mut reader = document.reader(Mode::Strict);
        match (T::decode(&mut reader), strict) {
            (Ok(left), Ok(right)) => assert_eq!(left, right),
            (Err(left), Err(right)) if !right.is_syntax() => assert_eq!(left.desc(), right.desc()),
            // Only QEMU's dialect has it.
            (_, Err(_)) => {}
            (Err(error), Ok(_)) => panic!("{error:?}"),
        }
    }
}

/// The same text written anew means the same: members in another order, and strings plain or in escapes alone.
fn check_spellings<T: Decode + PartialEq + Debug>(text: &[u8], mode: Mode) {
    // Of duplicate keys, order matters.
    let Ok(value) = from_slice::<Value>(text, Mode::Strict) else {
        return;
    };
    let read = from_slice::<T>(text, mode).ok();
    for escapes in [false, true] {
        let mut anew = String::new();
        spell(&value, escapes, &mut anew);
        assert_eq!(from_slice::<T>(anew.as_bytes(), mode).ok(), read, "{anew}");
    }
}

fn spell(value: &Value, escapes: bool, out: &mut String) {
    let string = |text: &str, out: &mut String| match escapes {
        true => {
            let units = text.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
            out.extend(["\"", &units.collect::<String>(), "\""]);
        }
        false => *out += &Value::from(text).to_string(),
    };
    match value {
        Value::String(text) => string(text, out),
        Value::Array(elements) => {
            for (n, element) in elements.iter().enumerate() {
                *out += if n == 0 { "[" } else { "," };
                spell(element, escapes, out);
            }
            *out += if elements.is_empty() { "[]" } else { "]" };
        }
        Value::Object(members) => {
            for (n, (key, member)) in members.iter().enumerate() {
                *out += if n == 0 { "{" } else { "," };
                string(key, out);
                out.push(':');
                spell(member, escapes, out);
            }
            *out += if members.is_empty() { "{}" } else { "}" };
        }
        plain => *out += &plain.to_string(),
    }
}

/// Equal values; an integer may have become a double on the way, or the unsigned one that is equal modulo 2^64.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let wrapped = a.as_i64().map(|a| a as u64);
            a == b || a.as_f64() == b.as_f64() || (wrapped.is_some() && wrapped == b.as_u64())
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let mut pairs = a.iter().zip(b);
            a.len() == b.len() && pairs.all(|((k, a), (l, b))| k == l && equal(a, b))
        }
        (a, b) => a == b,
    }
}

//! How much work the reader does, counted in bytes that it visits beyond plain reading.

#[allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "public as in a library, and a test need not use all of it"
)]
#[path = "../../tests/lamps/mod.rs"]
#[rustfmt::skip]
mod lamps;

use super::{Decode, Demanded, Members, Mode, Reader, Result, Seen, Writer, get};
use crate::reader::take_work;
use lamps::{Lamp, Power, PowerBranch, PowerRef};

fn decode<T: Decode>(text: &str, mode: Mode) -> (Result<T>, usize) {
    take_work();
    let value = T::decode(&mut Reader::from_str(text, mode));
    (value, take_work())
}

/// Powers in each other, the tag of each before or after what it holds.
fn nested(levels: usize, innermost: &str, tag_last: bool) -> String {
    let mut text = innermost.to_owned();
    for _ in 0..levels {
        text = if tag_last {
            format!(r#"{{"behind": {text}, "volts": 1, "kind": "mains"}}"#)
        } else {
            format!(r#"{{"kind": "mains", "volts": 1, "behind": {text}}}"#)
        };
    }
    text
}

fn levels(power: &Power) -> usize {
    match &power.u {
        PowerBranch::Mains(mains) => match &mains.behind {
            Some(PowerRef::Definition(power)) => 1 + levels(power),
            _ => 1,
        },
        _ => 0,
    }
}

#[test]
fn a_tag_in_front_costs_nothing() {
    let text = nested(200, "\"x\"", false);
    let (power, work) = decode::<Power>(&text, Mode::Strict);
    assert_eq!(levels(&power.unwrap()), 200);
    assert_eq!(work, 0);
}

#[test]
fn tags_that_come_last_cost_in_proportion_to_the_text() {
    for count in [10, 50, 250] {
        let text = nested(count, "\"x\"", true);
        let (power, work) = decode::<Power>(&text, Mode::Strict);
        assert_eq!(levels(&power.unwrap()), count);
        // Each byte once by the outermost level, and a jump and the members at hand on every other one.
        assert!(work <= 2 * text.len(), "{work} for {} bytes", text.len());
    }
}

#[test]
fn two_tags_of_one_object_come_last() {
    let text = format!(
        r#"{{"health": [{}], "cells": 1, "chemistry": "lithium", "kind": "battery"}}"#,
        vec!["\"red\""; 1000].join(", ")
    );
    let (power, work) = decode::<Power>(&text, Mode::Strict);
    assert!(power.is_ok());
    // The second tag is searched for over the same members, with a jump over the array.
    assert!(work <= text.len() + 100, "{work} for {} bytes", text.len());
}

#[test]
fn going_back_beyond_what_was_noted() {
    let power = nested(3, "\"x\"", true);
    let text = format!(r#"{{"a": [{power}], "b": {power}, "c": {power}}}"#);
    let mut r = Reader::from_str(&text, Mode::Strict);
    r.begin_object().unwrap();
    let mut marks = Vec::new();
    while r.next_key().unwrap().is_some() {
        marks.push(r.mark());
        r.skip().unwrap();
    }
    // Forwards, backwards, and the same again.
    for index in [1, 2, 0, 2, 1, 1, 0, 0] {
        r.rewind(marks[index]);
        let power = match index {
            0 => Vec::<Power>::decode(&mut r).unwrap().remove(0),
            _ => Power::decode(&mut r).unwrap(),
        };
        assert_eq!(levels(&power), 3);
    }
}

#[test]
fn what_was_foreseen_counts_only_for_the_names_it_was_foreseen_for() {
    let mut r = Reader::from_str(r#"{"kind": "mains"}"#, Mode::Strict);
    r.begin_object().unwrap();
    r.next_key().unwrap();
    r.foresee(9..16, 1);
    assert_eq!(r.foreseen(&["mains"]), None);
    assert_eq!(r.foreseen(&["mains", "battery"]), None);
    assert_eq!(r.offset(), 9);
    assert_eq!(r.foreseen(&["battery", "mains"]), Some(1));
    assert_eq!(r.next_key().unwrap(), None);
}

#[test]
fn many_unions_side_by_side() {
    let lamp = format!(
        r#"{{"room": "a", "colour": "red", "tags": [], "power": {}}}"#,
        nested(5, "\"x\"", true)
    );
    let text = format!("[{}]", vec![lamp; 500].join(", "));
    let (lamps, work) = decode::<Vec<Lamp>>(&text, Mode::Lenient);
    assert_eq!(lamps.unwrap().len(), 500);
    assert!(work <= 2 * text.len(), "{work} for {} bytes", text.len());
}

#[test]
fn an_error_deep_inside_costs_in_proportion_to_the_text() {
    for tag_last in [false, true] {
        let text = nested(
            250,
            r#"{"kind": "mains", "volts": [[1], {"a": "]"}]}"#,
            tag_last,
        );
        let (power, work) = decode::<Power>(&text, Mode::Strict);
        let path = format!("{}volts", "behind.".repeat(250));
        assert_eq!(power.unwrap_err().path(), path);
        assert!(work <= 2 * text.len(), "{work} for {} bytes", text.len());
    }
}

#[test]
fn types_that_contain_themselves_have_a_limit_that_any_stack_holds() {
    let run = |count: usize| {
        let text = nested(count, "\"x\"", true);
        let run = move || {
            decode::<Power>(&text, Mode::Strict)
                .0
                .map(|power| (levels(&power), power.clone() == power))
        };
        let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(run);
        thread.unwrap().join().unwrap()
    };
    assert_eq!(run(256).unwrap(), (256, true));
    assert_eq!(
        run(257).unwrap_err().desc(),
        "JSON nesting depth limit exceeded"
    );
}

/// A struct of more members than there are bits in a word or two.
#[derive(Debug)]
struct Wide([i64; WIDE]);

const WIDE: usize = 300;

impl Members for Wide {
    const MANDATORY: Demanded = &[(0, "0"), (63, "63"), (64, "64"), (128, "128"), (299, "299")];

    fn blank() -> Self {
        Self([0; WIDE])
    }

    fn member(&mut self, key: &str, seen: &mut Seen, r: &mut Reader<'_>) -> Result<()> {
        match key.parse::<usize>() {
            Ok(place) if place < WIDE => get(&mut self.0[place], place as u32, seen, r),
            _ => Ok(()),
        }
    }

    fn put(&self, _: &mut Writer<'_>) {}
}

crate::impl_object!(Wide);

#[test]
fn objects_may_have_any_number_of_members() {
    let text = |without: Option<usize>, more: &str| {
        let places = (0..WIDE).filter(|place| Some(*place) != without);
        let members: Vec<String> = places
            .map(|place| format!("\"{place}\": {place}"))
            .collect();
        format!("{{{}{more}}}", members.join(", "))
    };
    let (wide, _) = decode::<Wide>(&text(None, ""), Mode::Strict);
    assert!(wide.unwrap().0.into_iter().eq(0..WIDE as i64));
    for place in 0..WIDE {
        let (wide, _) = decode::<Wide>(&text(Some(place), ""), Mode::Strict);
        let demanded = Wide::MANDATORY.iter().any(|(it, _)| *it == place as u32);
        assert_eq!(
            wide.err().map(|error| error.path()),
            demanded.then(|| place.to_string())
        );

        let twice = format!(", \"{place}\": 7");
        assert!(decode::<Wide>(&text(None, &twice), Mode::Strict).0.is_err());
        let (wide, _) = decode::<Wide>(&text(None, &twice), Mode::Lenient);
        assert_eq!(wide.unwrap().0[place], 7);
    }
    let (wide, _) = decode::<Wide>("{\"5\": \"x\", \"299\": \"y\"}", Mode::Strict);
    assert_eq!(wide.unwrap_err().path(), "0");
}

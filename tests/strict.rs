//! Arguments of every command, valid and with one mistake, read by the generated types as a server does, against what an
//! interpreter of the schema says.

use std::collections::BTreeSet;

use qapi_gen::model::Type;
use qapi_tests::{
    Generator, Model, Optional, QMP, Seeded, Source, check, choices, differ, heater_model, models,
    to_text,
};
use qapi_types::{Mode, Reader, Value, from_slice};
use serde_json::json;

/// Mistakes made in each set of arguments.
const MISTAKES: usize = 12;

#[test]
fn generated_code_against_an_interpreter() {
    let mut texts = BTreeSet::new();
    let [qmp, qga, qsd] = models();
    for model in &[qmp, qga, qsd, heater_model()] {
        let mut generator = Generator::new(&model.schema, Seeded(10));
        for command in model.schema.commands() {
            one_command(model, command.name.as_str(), &mut generator, &mut texts);
        }
    }
    // Every kind of refusal came up.
    let kinds = [
        "Invalid parameter type for '', expected: array",
        "Invalid parameter type for '', expected: boolean",
        "Invalid parameter type for '', expected: integer",
        "Invalid parameter type for '', expected: null",
        "Invalid parameter type for '', expected: number",
        "Invalid parameter type for '', expected: object",
        "Invalid parameter type for '', expected: string",
        "Parameter '' does not accept value ''",
        "Parameter '' expects int8_t",
        "Parameter '' expects int32_t",
        "Parameter '' expects int16_t",
        "Parameter '' expects uint16_t",
        "Parameter '' expects uint32_t",
        "Parameter '' expects uint64",
        "Parameter '' expects uint8_t",
        "Parameter '' is missing",
        "Parameter '' is unexpected",
    ];
    let absent: Vec<_> = kinds
        .iter()
        .filter(|kind| !texts.contains(**kind))
        .collect();
    assert!(absent.is_empty(), "never seen: {absent:?}");
}

/// What QEMU dropped is refused in the words of the newest release, unless read as one that still had it.
#[test]
fn what_was_dropped_is_refused() {
    for (command, arguments, last, refusal) in [
        (
            "migrate",
            json!({"uri": "tcp:0:1", "detach": true}),
            (10, 2),
            "Parameter 'detach' is unexpected",
        ),
        (
            "blockdev-add",
            json!({"driver": "gluster", "volume": "v", "path": "p", "server": []}),
            (11, 0),
            "Parameter 'driver' does not accept value 'gluster'",
        ),
        // The tag comes last.
        (
            "blockdev-add",
            json!({"volume": "v", "path": "p", "server": [], "driver": "gluster"}),
            (11, 0),
            "Parameter 'driver' does not accept value 'gluster'",
        ),
        (
            "chardev-add",
            json!({"id": "c", "backend": {"type": "socket", "data": {
                "addr": {"type": "unix", "data": {"path": "p"}}, "reconnect": 1}}}),
            (10, 0),
            "Parameter 'backend.data.reconnect' is unexpected",
        ),
        (
            "migrate-set-capabilities",
            json!({"capabilities": [{"capability": "zero-blocks", "state": true}]}),
            (10, 2),
            "Parameter 'capability' does not accept value 'zero-blocks'",
        ),
    ] {
        let recode = QMP
            .command(command)
            .expect("it was generated")
            .arguments
            .recode;
        let text = arguments.to_string();
        let strict = || Reader::from_str(&text, Mode::Strict);
        let later = (last.0, last.1 + 1);
        for reader in [strict(), strict().of_release(later)] {
            assert_eq!(recode(&mut { reader }).unwrap_err().desc(), refusal);
        }
        for reader in [
            strict().of_release(last),
            Reader::from_str(&text, Mode::Lenient),
        ] {
            let written = recode(&mut { reader }).expect("it is known");
            assert_eq!(
                from_slice::<Value>(&written, Mode::Strict).unwrap(),
                arguments
            );
        }
    }
    let until = |name: &str| {
        let mut rows = qapi_types::qmp::COMMANDS.iter();
        rows.find(|row| row.name == name)
            .expect("it is there")
            .until
    };
    assert_eq!(until("query-migrationthreads"), Some("10.2"));
    assert_eq!(until("migrate"), None);
}

fn one_command(
    model: &Model,
    name: &str,
    generator: &mut Generator<'_, Seeded>,
    texts: &mut BTreeSet<String>,
) {
    let command = model
        .schema
        .commands()
        .find(|command| command.name == *name)
        .expect("it is there");
    let types = model.interface.command(name).expect("it was generated");
    let open = !command.gen_ && command.arguments.is_some();
    let options = choices(&model.schema, command.arguments.map(Type::Object));
    for round in 0..20_000 {
        let enough = round >= 8;
        if enough && generator.has_taken(&options) {
            return;
        }
        generator.optional = match round % 3 {
            0 => Optional::Never,
            1 => Optional::Always,
            _ => Optional::Sometimes,
        };
        let mut value = generator.members(command.arguments);
        for mistake in 0..=if enough { 0 } else { MISTAKES } {
            let before = value.clone();
            if mistake > 0 {
                spoil(&mut value, &mut generator.source);
            }
            let text = to_text(&value, &mut generator.source);
            let expected = check(&model.schema, command.arguments, open, &value);
            match (types.arguments.recode_text(&text, Mode::Strict), expected) {
                (Ok(after), Ok(())) => assert_eq!(differ(&value, &after), None, "{name}: {text}"),
                (Err(error), Err(expected)) => {
                    let desc = error.desc();
                    assert!(
                        expected.contains(&desc),
                        "{name}: {desc}, not {expected:?}: {text}"
                    );
                    texts.insert(without_names(&desc));
                }
                (ours, expected) => panic!("{name}: {ours:?}, not {expected:?}: {text}"),
            }
            value = before;
        }
    }
    panic!("{name}: never made {:?}", generator.not_taken(&options));
}

/// A text without what stands in quotes.
fn without_names(text: &str) -> String {
    let outside = |(i, part): (usize, &str)| {
        if i % 2 == 0 {
            part.to_owned()
        } else {
            "''".to_owned()
        }
    };
    text.split('\'').enumerate().map(outside).collect()
}

/// Makes one mistake, or what may be one, somewhere in a value.
fn spoil(value: &mut Value, choice: &mut Seeded) {
    // Deeper and deeper, until here is the place.
    let inner = match value {
        Value::Object(members) if !members.is_empty() && choice.below(3) > 0 => {
            let which = choice.below(members.len());
            members.values_mut().nth(which)
        }
        Value::Array(elements) if !elements.is_empty() && choice.below(3) > 0 => {
            let which = choice.below(elements.len());
            elements.get_mut(which)
        }
        _ => None,
    };
    if let Some(inner) = inner {
        return match choice.below(3) {
            0 => *inner = wrong(choice),
            _ => spoil(inner, choice),
        };
    }
    match value {
        Value::Object(members) => match choice.below(2) {
            1 if !members.is_empty() => {
                let which = choice.below(members.len());
                let key = members
                    .keys()
                    .nth(which)
                    .expect("there are so many")
                    .clone();
                members.remove(&key);
            }
            _ => {
                members.insert("x-stranger".to_owned(), wrong(choice));
            }
        },
        Value::Array(elements) => elements.push(wrong(choice)),
        other => *other = wrong(choice),
    }
}

/// A value that few types take.
fn wrong(choice: &mut Seeded) -> Value {
    let values = [
        Value::Null,
        json!(true),
        json!("x-no-such-value"),
        json!([]),
        json!({}),
        json!(1.0),
        json!(-1),
        json!(0),
        json!(128),
        json!(256),
        json!(65536),
        json!(1u64 << 31),
        json!(1u64 << 32),
        json!(1u64 << 63),
        json!(u64::MAX),
        json!(1e20),
    ];
    values[choice.below(values.len())].clone()
}

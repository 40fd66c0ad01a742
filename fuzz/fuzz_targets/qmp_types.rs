//! Every generated type of QMP, storage daemon and guest agent: on arbitrary texts, and on valid values that the bytes
//! spell out, which must decode strictly and come back the same.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use qapi_gen::Frontend;
use qapi_gen::model::{ObjectId, Schema, Type};
use qapi_tests::{Bytes, Codec, Generator, Interface, QGA, QMP, QSD, to_text};
use qapi_types::Mode;

/// A generated type, and what the schema says it is.
struct Subject {
    codec: Codec,
    schema: &'static Schema,
    shape: Shape,
}

enum Shape {
    Members(Option<ObjectId>),
    Value(Type),
}

static SUBJECTS: LazyLock<Vec<Subject>> = LazyLock::new(|| {
    let mut subjects = Vec::new();
    for (interface, root) in [
        (&QMP, qapi_schema::qmp()),
        (&QGA, qapi_schema::qga()),
        (&QSD, qapi_schema::storage_daemon()),
    ] {
        let schema = Frontend::new()
            .docs(false)
            .read(root)
            .expect("the schema is good");
        collect(interface, Box::leak(Box::new(schema)), &mut subjects);
    }
    subjects
});

fn collect(interface: &Interface, schema: &'static Schema, subjects: &mut Vec<Subject>) {
    for command in schema.commands() {
        let types = interface.command(&command.name).expect("it was generated");
        let arguments = Shape::Members(command.arguments);
        let reply = command.returns.map_or(Shape::Members(None), Shape::Value);
        subjects.push(Subject {
            codec: types.arguments,
            schema,
            shape: arguments,
        });
        subjects.push(Subject {
            codec: types.reply,
            schema,
            shape: reply,
        });
    }
    for event in schema.events() {
        let codec = interface.event(&event.name).expect("it was generated").data;
        subjects.push(Subject {
            codec,
            schema,
            shape: Shape::Members(event.data),
        });
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some(([high, low], rest)) = bytes.split_first_chunk() else {
        return;
    };
    let subject = &SUBJECTS[usize::from(u16::from_be_bytes([high & 0x7F, *low])) % SUBJECTS.len()];
    if high & 0x80 != 0 {
        (subject.codec.probe)(rest);
        return;
    }
    let mut generator = Generator::new(subject.schema, Bytes(rest));
    let value = match subject.shape {
        Shape::Members(id) => generator.members(id),
        Shape::Value(ty) => generator.value(ty),
    };
    let text = to_text(&value, &mut generator.source);
    if let Err(error) = subject.codec.recode_text(&text, Mode::Strict) {
        panic!("{error}: {text}");
    }
    (subject.codec.probe)(text.as_bytes());
});

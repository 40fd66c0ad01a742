//! The reader against serde_json on standard JSON, and both dialects against each other.
#![no_main]

use libfuzzer_sys::fuzz_target;
use qapi_types::message::{Request, ServerMessage};
use qapi_types::{Document, Mode, Reader, Style, Value, Writer, from_slice};

fuzz_target!(|text: &[u8]| {
    let ours = from_slice::<Value>(text, Mode::Lenient);
    let theirs = serde_json::from_slice::<Value>(text);
    match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) => assert!(equal(ours, theirs), "{ours:?} is not {theirs:?}"),
        (Err(_), Err(_)) => {}
        // serde_json nests 128 deep, this reader 1024.
        (Ok(ours), Err(_)) => assert!(depth(ours) > 120, "{theirs:?}"),
        (Err(error), Ok(_)) => panic!("{error:?}"),
    }
    let skipped =
        Reader::new(text, Mode::Lenient).and_then(|mut r| r.skip().and_then(|()| r.end()));
    assert_eq!(skipped.is_ok(), ours.is_ok());

    if let Ok(ServerMessage::Return { value, .. }) = ServerMessage::parse(text) {
        assert!(value.decode::<Value>(Mode::Lenient).is_ok());
    }

    let document = Document::parse(text);
    if let Ok(document) = &document {
        if let Ok(request) = Request::parse(document, true)
            && let Some(arguments) = request.arguments
        {
            assert!(
                arguments
                    .decode::<Value>(Mode::Strict)
                    .expect("a document")
                    .is_object()
            );
        }
        let mut reader = document.reader(Mode::Strict);
        let value = reader.any().expect("a document has no syntax errors");
        reader.end().expect("a document is one value");
        for style in [Style::Compact, Style::Ascii, Style::Pretty] {
            let mut out = Vec::new();
            let mut writer = Writer::new(&mut out, style);
            writer.any(&value);
            writer.finish().expect("numbers that were read are finite");
            let again =
                from_slice::<Value>(&out, Mode::Strict).expect("what is written can be read");
            assert!(equal(&value, &again), "{value:?} became {again:?}");
        }
        if let Ok(ours) = &ours {
            assert!(equal(&value, ours));
        }
    }
    if from_slice::<Value>(text, Mode::Strict).is_ok()
        && let Err(error) = document
    {
        // Less than standard JSON.
        let desc = error.desc();
        let narrower = desc.contains("UTF-8") || desc.contains("Unicode");
        assert!(narrower, "{desc}");
    }
});

/// Equal values; a double may have become an integer on the way.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            a == b || (a.is_f64() || b.is_f64()) && a.as_f64() == b.as_f64()
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

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(elements) => 1 + elements.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

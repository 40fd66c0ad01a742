//! Options of QEMU's command line: whatever is written, what is taken for keys and values is found under those keys, and
//! becomes arguments of commands or an error that names a key.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use qapi_rt::capabilities::{Capabilities, KeyValues};
use qapi_rt::types::{Mode, Value, from_str};

/// Unions, alternates and lists that contain each other.
const SCHEMA: &str = r#"[
    {"name": "add", "meta-type": "command", "arg-type": "0", "ret-type": "nothing"},
    {"name": "nothing", "meta-type": "object", "members": []},
    {"name": "0", "meta-type": "object", "tag": "kind", "members": [
        {"name": "kind", "type": "kind"}, {"name": "on", "type": "bool", "default": null},
        {"name": "count", "type": "int", "default": null}, {"name": "ratio", "type": "number", "default": null},
        {"name": "any", "type": "any", "default": null}], "variants": [
        {"case": "file", "type": "file"}, {"case": "nest", "type": "nest"}]},
    {"name": "kind", "meta-type": "enum", "members": [{"name": "file"}, {"name": "nest"}], "values": ["file", "nest"]},
    {"name": "file", "meta-type": "object", "members": [{"name": "name", "type": "str"}]},
    {"name": "nest", "meta-type": "object", "members": [
        {"name": "child", "type": "ref"}, {"name": "children", "type": "[ref]", "default": null}]},
    {"name": "ref", "meta-type": "alternate", "members": [{"type": "str"}, {"type": "0"}]},
    {"name": "[ref]", "meta-type": "array", "element-type": "ref"},
    {"name": "str", "meta-type": "builtin", "json-type": "string"},
    {"name": "int", "meta-type": "builtin", "json-type": "int"},
    {"name": "bool", "meta-type": "builtin", "json-type": "boolean"},
    {"name": "number", "meta-type": "builtin", "json-type": "number"},
    {"name": "any", "meta-type": "builtin", "json-type": "value"}]"#;

static CAPABILITIES: LazyLock<Capabilities> =
    LazyLock::new(|| Capabilities::parse(SCHEMA.as_bytes()).expect("the schema is good"));

fuzz_target!(|text: &str| {
    for implied in [None, Some("kind")] {
        let Ok(keys) = KeyValues::parse(text, implied) else {
            continue;
        };
        assert_eq!(keys.is_empty(), text.is_empty());
        if let Ok(arguments) = CAPABILITIES.arguments("add", &keys) {
            // It can be sent, and says what was meant.
            let arguments = Value::Object(arguments);
            let sent = arguments.to_string();
            let read = from_str::<Value>(&sent, Mode::Strict).expect("it was written as JSON");
            assert_eq!(read, arguments);
        }
    }
    // As it is written where every comma is doubled.
    let mut keys = KeyValues::new();
    keys.set("a.b", text).expect("they are keys");
    let written = format!("a.b={}", text.replace(',', ",,"));
    let read = KeyValues::parse(&written, None).expect("it is in this form");
    assert_eq!(read, keys);
    assert_eq!(read.text("a.b"), Some(text));
});

//! Keys, values and types. What QEMU makes of the same text is compared in `tests/peers/keyval.rs`.

use qapi_types::{Mode, Value, from_str};

use super::{Capabilities, KeyValueProblem, KeyValues};

/// A union of two branches, an alternate of string and object, an alternate of name and boolean, lists of each kind.
const SCHEMA: &str = r#"[
    {"name": "add", "meta-type": "command", "arg-type": "0", "ret-type": "nothing"},
    {"name": "nothing", "meta-type": "object", "members": []},
    {"name": "0", "meta-type": "object", "tag": "kind", "members": [
        {"name": "kind", "type": "kind"}, {"name": "on", "type": "bool", "default": null},
        {"name": "count", "type": "int", "default": null}, {"name": "ratio", "type": "number", "default": null},
        {"name": "any", "type": "any", "default": null}, {"name": "nil", "type": "null", "default": null},
        {"name": "mode", "type": "mode", "default": null}], "variants": [
        {"case": "file", "type": "file"}, {"case": "nest", "type": "nest"}]},
    {"name": "kind", "meta-type": "enum", "members": [{"name": "file"}, {"name": "nest"}], "values": ["file", "nest"]},
    {"name": "file", "meta-type": "object", "members": [{"name": "name", "type": "str"}]},
    {"name": "nest", "meta-type": "object", "members": [
        {"name": "child", "type": "ref"}, {"name": "children", "type": "[ref]", "default": null},
        {"name": "sizes", "type": "[int]", "default": null}]},
    {"name": "ref", "meta-type": "alternate", "members": [{"type": "str"}, {"type": "0"}]},
    {"name": "mode", "meta-type": "alternate", "members": [{"type": "mode-name"}, {"type": "bool"}]},
    {"name": "mode-name", "meta-type": "enum", "members": [{"name": "auto"}, {"name": "on"}], "values": ["auto", "on"]},
    {"name": "[ref]", "meta-type": "array", "element-type": "ref"},
    {"name": "[int]", "meta-type": "array", "element-type": "int"},
    {"name": "str", "meta-type": "builtin", "json-type": "string"},
    {"name": "int", "meta-type": "builtin", "json-type": "int"},
    {"name": "bool", "meta-type": "builtin", "json-type": "boolean"},
    {"name": "number", "meta-type": "builtin", "json-type": "number"},
    {"name": "null", "meta-type": "builtin", "json-type": "null"},
    {"name": "any", "meta-type": "builtin", "json-type": "value"}]"#;

#[track_caller]
fn typed(text: &str) -> Result<Value, (String, KeyValueProblem)> {
    let capabilities = Capabilities::parse(SCHEMA.as_bytes()).unwrap();
    KeyValues::parse(text, Some("kind"))
        .and_then(|keys| capabilities.arguments("add", &keys))
        .map(Value::Object)
        .map_err(|error| (error.key, error.problem))
}

#[track_caller]
fn gives(text: &str, json: &str) {
    assert_eq!(
        typed(text).unwrap(),
        from_str::<Value>(json, Mode::Strict).unwrap()
    );
}

#[track_caller]
fn fails(text: &str, key: &str, problem: KeyValueProblem) {
    assert_eq!(
        typed(text).unwrap_err(),
        (key.to_owned(), problem),
        "{text}"
    );
}

fn expects(what: &str) -> KeyValueProblem {
    KeyValueProblem::Expects(what.to_owned())
}

#[test]
fn texts_become_what_the_type_wants() {
    gives(
        "file,name=7,on=yes,count=0x1f,ratio=0.5,any=5",
        r#"{"kind": "file", "name": "7", "on": true, "count": 31, "ratio": 0.5, "any": "5"}"#,
    );
    gives(
        "file,name=,count=-3,ratio=2",
        r#"{"kind": "file", "name": "", "count": -3, "ratio": 2}"#,
    );
    for (text, value) in [
        ("on", true),
        ("y", true),
        ("off", false),
        ("no", false),
        ("n", false),
    ] {
        gives(
            &format!("file,on={text}"),
            &format!(r#"{{"kind": "file", "on": {value}}}"#),
        );
    }
}

#[test]
fn sizes_have_suffixes() {
    for (text, bytes) in [
        ("1k", 1024),
        ("1K", 1024),
        ("1.5K", 1536),
        ("3b", 3),
        ("0.1M", 104_857),
        ("2G", 2 << 30),
        ("18446744073709551615", u64::MAX),
        ("15.999999999999999999E", 18_446_744_073_709_551_614),
    ] {
        gives(
            &format!("file,count={text}"),
            &format!(r#"{{"kind": "file", "count": {bytes}}}"#),
        );
    }
    for text in [
        "1.5",
        "1.5B",
        "16E",
        "k",
        "1kk",
        "1 k",
        "",
        "1_000",
        "0x",
        "0x+1",
        "18446744073709551616",
    ] {
        fails(
            &format!("file,count={text}"),
            "count",
            expects("an integer"),
        );
    }
}

#[test]
fn what_may_be_octal_is_refused() {
    fails("file,count=010", "count", KeyValueProblem::LeadingZero);
    gives("file,count=0", r#"{"kind": "file", "count": 0}"#);
    gives("file,count=0.5K", r#"{"kind": "file", "count": 512}"#);
}

#[test]
fn dots_lead_into_objects_and_lists() {
    gives(
        "nest,child=c,children.1.kind=file,children.1.count=1,children.0=x",
        r#"{"kind": "nest", "child": "c", "children": ["x", {"kind": "file", "count": 1}]}"#,
    );
    gives(
        "nest,child.kind=nest,child.child=b,child.on=off",
        r#"{"kind": "nest", "child": {"kind": "nest", "child": "b", "on": false}}"#,
    );
    let many: Vec<_> = (0..12).map(|n| format!("sizes.{n}={n}")).collect();
    let values: Vec<_> = (0..12).map(|n| n.to_string()).collect();
    gives(
        &format!("nest,{}", many.join(",")),
        &format!(r#"{{"kind": "nest", "sizes": [{}]}}"#, values.join(", ")),
    );
}

#[test]
fn of_an_alternate_the_string_wins() {
    gives("file,mode=on", r#"{"kind": "file", "mode": "on"}"#);
    gives("file,mode=off", r#"{"kind": "file", "mode": false}"#);
    // The server says that it does not know it.
    gives("file,mode=other", r#"{"kind": "file", "mode": "other"}"#);
}

#[test]
fn what_is_not_known_is_text() {
    gives(
        "file,new=1,deep.x=y",
        r#"{"kind": "file", "new": "1", "deep": {"x": "y"}}"#,
    );
    gives("other,count=2", r#"{"kind": "other", "count": 2}"#);
    gives(
        "file,any.0=1,any.1.b=2",
        r#"{"kind": "file", "any": ["1", {"b": "2"}]}"#,
    );
}

#[test]
fn commas_are_doubled() {
    gives("file,name=a,,b", r#"{"kind": "file", "name": "a,b"}"#);
    gives(
        "file,name=a,,,count=1",
        r#"{"kind": "file", "name": "a,", "count": 1}"#,
    );
    gives("file,name=x,", r#"{"kind": "file", "name": "x"}"#);
    gives("", "{}");
}

#[test]
fn the_last_one_holds() {
    gives("file,name=a,name=b", r#"{"kind": "file", "name": "b"}"#);
}

#[test]
fn mistakes_have_a_place() {
    use KeyValueProblem::{Inconsistent, InvalidKey, MissingElement, NoValue};
    fails("file,name", "name", NoValue);
    fails(",x=1", "", NoValue);
    fails("file,=1", "", InvalidKey);
    fails("file,0=1", "0", InvalidKey);
    fails("file,a..b=1", "a..b", InvalidKey);
    fails("file,a.=1", "a.", InvalidKey);
    fails(
        &format!("file,{}=1", "a".repeat(128)),
        &"a".repeat(128),
        InvalidKey,
    );
    fails("nest,child=a,child.kind=file", "child", Inconsistent);
    fails("nest,child.kind=file,child=a", "child", Inconsistent);
    fails("nest,children.0=a,children.x=b", "children", Inconsistent);
    fails(
        "nest,children.0=a,children.2=b",
        "children.1",
        MissingElement,
    );
    fails("nest,child.0=a", "child", expects("a string or an object"));
    fails(
        "nest,sizes=1",
        "sizes",
        expects("a list, each element an integer"),
    );
    fails("nest,sizes.0=x", "sizes.0", expects("an integer"));
    fails("file,on=maybe", "on", expects("a boolean"));
    fails("file,ratio=inf", "ratio", expects("a number"));
    fails("file,nil=", "nil", expects("null"));
    let unknown = Capabilities::default().arguments("add", &KeyValues::new());
    assert_eq!(
        unknown.unwrap_err().problem,
        KeyValueProblem::UnknownCommand
    );
}

#[test]
fn json_is_passed_on() {
    let capabilities = Capabilities::parse(SCHEMA.as_bytes()).unwrap();
    let mut keys = KeyValues::new();
    keys.set_json("kind", "nest".into()).unwrap();
    keys.set_json("child", Value::Null).unwrap();
    keys.set("sizes.0", "1").unwrap();
    let arguments = capabilities.arguments("add", &keys).unwrap();
    let expected = r#"{"kind": "nest", "child": null, "sizes": [1]}"#;
    assert_eq!(
        Value::Object(arguments),
        from_str::<Value>(expected, Mode::Strict).unwrap()
    );
    assert_eq!(keys.text("sizes.0"), Some("1"));
    assert_eq!(keys.text("kind"), None);
}

#[test]
fn keys_of_too_many_parts() {
    let key = |parts: usize| vec!["any"; parts].join(".");
    let value = typed(&format!("file,name=n,{}=x", key(250))).unwrap();
    let sent = value.to_string();
    assert_eq!(from_str::<Value>(&sent, Mode::Strict).unwrap(), value);
    let problem = KeyValueProblem::TooDeep;
    for parts in [251, 1_000_000] {
        let error = typed(&format!("file,name=n,{}=x", key(parts))).unwrap_err();
        assert_eq!(error, ("any".to_owned(), problem.clone()));
    }
}

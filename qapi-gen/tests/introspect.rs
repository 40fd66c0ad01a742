//! The introspection backend, on schemas of our own and on those of QEMU's releases.

use crate::common;
use qapi_gen::introspect::{Options, describes_itself, schema_info};
use qapi_gen::model::Schema;
use qapi_gen::{Frontend, MemoryLoader};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn read(text: &str) -> Schema {
    Frontend::new()
        .loader(MemoryLoader::new([("main.json", text)]))
        .read("main.json")
        .unwrap_or_else(|errors| panic!("{errors}"))
}

fn read_legacy(text: &str) -> Schema {
    Frontend::new()
        .legacy(true)
        .loader(MemoryLoader::new([("main.json", text)]))
        .read("main.json")
        .unwrap_or_else(|errors| panic!("{errors}"))
}

fn masked(schema: &Schema) -> String {
    schema_info(schema, &Options::default())
}

fn unmasked(schema: &Schema) -> String {
    let options = Options {
        unmask: true,
        ..Options::default()
    };
    schema_info(schema, &options)
}

const ZOO: &str = "
{ 'enum': 'Colour', 'data': [ 'red',
    { 'name': 'blue', 'if': 'PAINT', 'features': [ 'deprecated' ] },
    'none' ] }
{ 'struct': 'Named', 'data': { 'colour': 'Colour', '*age': 'uint8' } }
{ 'struct': 'Winged', 'data': { 'wings': [ 'int16' ], '*weight': 'uint64' } }
{ 'struct': 'Bird', 'base': 'Winged',
  'data': { '*young': [ 'Bird' ], 'eggs': [ 'size' ],
            'song': { 'type': 'str', 'features': [ { 'name': 'unstable', 'if': 'LAB' } ] } } }
{ 'struct': 'Unused', 'data': { 'x': 'number' } }
{ 'union': 'Pet', 'base': 'Named', 'discriminator': 'colour',
  'data': { 'blue': { 'type': 'Bird', 'if': 'PAINT' } } }
{ 'alternate': 'PetRef', 'data': { 'pet': 'Pet', 'id': 'int32', 'several': [ 'Colour' ] } }
{ 'command': 'rest' }
{ 'command': 'feed', 'data': { 'who': 'PetRef', '*much': 'number' },
  'returns': [ 'Pet' ], 'allow-oob': true, 'features': [ 'unstable' ] }
{ 'command': 'adopt', 'boxed': true, 'data': 'Pet', 'gen': false }
{ 'event': 'FLED', 'data': { 'at': 'any', 'none': 'null' }, 'if': 'ALARM' }
";

#[test]
fn names_are_hidden_by_numbers_in_the_order_of_first_use() {
    let expected = r#"[
{"arg-type": "0", "meta-type": "command", "name": "rest", "ret-type": "0"},
{"allow-oob": true, "arg-type": "1", "features": ["unstable"], "meta-type": "command", "name": "feed", "ret-type": "[2]"},
{"arg-type": "2", "meta-type": "command", "name": "adopt", "ret-type": "0"},
{"arg-type": "3", "meta-type": "event", "name": "FLED"},
{"members": [], "meta-type": "object", "name": "0"},
{"members": [{"name": "who", "type": "4"}, {"default": null, "name": "much", "type": "number"}], "meta-type": "object", "name": "1"},
{"element-type": "2", "meta-type": "array", "name": "[2]"},
{"members": [{"name": "colour", "type": "5"}, {"default": null, "name": "age", "type": "int"}], "meta-type": "object", "name": "2", "tag": "colour", "variants": [{"case": "blue", "type": "6"}, {"case": "red", "type": "0"}, {"case": "none", "type": "0"}]},
{"members": [{"name": "at", "type": "any"}, {"name": "none", "type": "null"}], "meta-type": "object", "name": "3"},
{"members": [{"type": "2"}, {"type": "int"}, {"type": "[5]"}], "meta-type": "alternate", "name": "4"},
{"json-type": "number", "meta-type": "builtin", "name": "number"},
{"members": [{"name": "red"}, {"features": ["deprecated"], "name": "blue"}, {"name": "none"}], "meta-type": "enum", "name": "5", "values": ["red", "blue", "none"]},
{"json-type": "int", "meta-type": "builtin", "name": "int"},
{"members": [{"name": "wings", "type": "[int]"}, {"default": null, "name": "weight", "type": "int"}, {"default": null, "name": "young", "type": "[6]"}, {"name": "eggs", "type": "[int]"}, {"features": ["unstable"], "name": "song", "type": "str"}], "meta-type": "object", "name": "6"},
{"json-type": "value", "meta-type": "builtin", "name": "any"},
{"json-type": "null", "meta-type": "builtin", "name": "null"},
{"element-type": "5", "meta-type": "array", "name": "[5]"},
{"element-type": "int", "meta-type": "array", "name": "[int]"},
{"element-type": "6", "meta-type": "array", "name": "[6]"},
{"json-type": "string", "meta-type": "builtin", "name": "str"}
]
"#;
    assert_eq!(masked(&read(ZOO)), expected);
}

#[test]
fn unmasked_names_are_those_of_the_schema() {
    let schema = read(ZOO);
    let names = [
        "q_empty",
        "q_obj_feed-arg",
        "Pet",
        "q_obj_FLED-arg",
        "PetRef",
        "Colour",
        "Bird",
    ];
    let mut expected = masked(&schema);
    for (number, name) in names.iter().enumerate() {
        for (left, right) in [("\"", "\""), ("[", "]")] {
            expected = expected.replace(
                &format!("{left}{number}{right}"),
                &format!("{left}{name}{right}"),
            );
        }
    }
    assert_eq!(unmasked(&schema), expected);
}

#[test]
fn pretty_text_means_the_same() {
    let schema = read(ZOO);
    let options = Options {
        pretty: true,
        ..Options::default()
    };
    let pretty = schema_info(&schema, &options);
    assert!(pretty.starts_with("[\n    {\n        \"arg-type\": \"0\",\n"));
    let value: Value = serde_json::from_str(&pretty).unwrap();
    assert_eq!(value, json(&masked(&schema)));
}

#[test]
fn what_is_configured_out_is_left_out_and_numbers_stay() {
    let schema = read(ZOO);
    let options = Options {
        defined: Some(&|symbol| symbol == "LAB"),
        ..Options::default()
    };
    let text = schema_info(&schema, &options);
    let all: Vec<Value> = entities(&masked(&schema));
    let some = entities(&text);
    let gone: Vec<&str> = all
        .iter()
        .map(name)
        .filter(|n| !some.iter().any(|e| name(e) == *n))
        .collect();
    assert_eq!(gone, ["FLED", "3"]);
    let by_name = |n: &str| some.iter().find(|e| name(e) == n).unwrap();
    assert_eq!(by_name("5")["values"], json(r#"["red", "none"]"#));
    assert_eq!(
        by_name("5")["members"],
        json(r#"[{"name": "red"}, {"name": "none"}]"#)
    );
    assert_eq!(
        by_name("2")["variants"],
        json(r#"[{"case": "red", "type": "0"}, {"case": "none", "type": "0"}]"#)
    );
    assert_eq!(
        by_name("6")["members"][4]["features"],
        json(r#"["unstable"]"#)
    );
    let options = Options {
        defined: Some(&|_| false),
        ..Options::default()
    };
    let none = entities(&schema_info(&schema, &options));
    let bird = none.iter().find(|e| name(e) == "6").unwrap();
    assert_eq!(bird["members"][4].get("features"), None);
}

#[test]
fn conditions_combine() {
    let schema = read(
        "{ 'command': 'a', 'if': { 'all': [ 'X', { 'not': 'Y' } ] } }
         { 'command': 'b', 'if': { 'any': [ 'X', 'Y' ] } }",
    );
    let commands = |defined: &dyn Fn(&str) -> bool| {
        let options = Options {
            defined: Some(defined),
            ..Options::default()
        };
        entities(&schema_info(&schema, &options))
            .iter()
            .filter(|e| e["meta-type"] == "command")
            .map(|e| name(e).to_owned())
            .collect::<String>()
    };
    assert_eq!(commands(&|s| s == "X"), "ab");
    assert_eq!(commands(&|s| s == "Y"), "b");
    assert_eq!(commands(&|_| true), "b");
    assert_eq!(commands(&|_| false), "");
}

#[test]
fn long_chains_of_bases_are_flattened() {
    let mut text = String::from("{ 'struct': 'Level0', 'data': { 'm0': 'int' } }\n");
    for i in 1..20_000 {
        let base = i - 1;
        text += &format!(
            "{{ 'struct': 'Level{i}', 'base': 'Level{base}', 'data': {{ 'm{i}': 'int' }} }}\n"
        );
    }
    text += "{ 'command': 'c', 'data': 'Level19999' }";
    let all = entities(&masked(&read(&text)));
    let members = all[1]["members"].as_array().unwrap();
    assert_eq!(members.len(), 20_000);
    assert_eq!(members[0]["name"], "m0");
    assert_eq!(members[19_999]["name"], "m19999");
}

#[test]
fn the_schemas_own_definition_of_introspection_decides_its_form() {
    let old = "{ 'enum': 'Choice', 'data': [ 'a' ] }
        { 'struct': 'SchemaInfoEnum', 'data': { 'values': [ 'str' ] } }
        { 'struct': 'SchemaInfoCommand', 'data': { 'allow-oob': 'bool' } }
        { 'command': 'c', 'data': { 'e': 'Choice' } }";
    let all = entities(&unmasked(&read(old)));
    assert_eq!(all[0]["allow-oob"], false);
    let e = all.iter().find(|e| name(e) == "Choice").unwrap();
    assert_eq!(e.get("members"), None);
    assert_eq!(e["values"], json(r#"["a"]"#));
}

#[test]
fn schemas_of_old_releases_are_described_in_their_form() {
    // A simple union marks a schema as older than 6.2, when enums got members.
    let all = entities(&unmasked(&read_legacy(
        "{ 'union': 'Sum', 'data': { 'a': 'str', 'b': [ 'int8' ] } }
         { 'command': 'c', 'data': { 'u': 'Sum' } }",
    )));
    let by_name = |n: &str| all.iter().find(|e| name(e) == n).unwrap();
    assert_eq!(by_name("SumKind").get("members"), None);
    assert_eq!(
        by_name("Sum")["variants"],
        json(
            r#"[{"case": "a", "type": "q_obj_str-wrapper"}, {"case": "b", "type": "q_obj_int8List-wrapper"}]"#
        )
    );
    // Release 2.5 wrote documentation without colons, and other names for implicit types.
    let all = entities(&unmasked(&read_legacy(
        "##\n# @c\n#\n# Since: 2.5\n##\n{ 'command': 'c', 'data': { 'x': 'str' } }",
    )));
    assert_eq!(
        all[0],
        json(
            r#"{"arg-type": ":obj-c-arg", "meta-type": "command", "name": "c", "ret-type": ":empty"}"#
        )
    );
}

/// A guest agent's schema does not tell its release.
#[test]
fn the_caller_can_say_the_release() {
    let schema = read_legacy(
        "{ 'enum': 'Choice', 'data': [ 'a' ] }
         { 'command': 'c', 'data': { 'e': 'Choice' } }",
    );
    assert!(!describes_itself(&schema));
    let shown = |release| {
        let options = Options {
            unmask: true,
            release: Some(release),
            ..Options::default()
        };
        let all = entities(&schema_info(&schema, &options));
        let choice = all.iter().find(|e| name(e) == "Choice").unwrap();
        (
            choice.get("members").is_some(),
            all[0].get("allow-oob").is_some(),
            all[0]["arg-type"].as_str().unwrap().to_owned(),
        )
    };
    let (colon, long) = (":obj-c-arg".to_owned(), "q_obj_c-arg".to_owned());
    assert_eq!(shown((2, 5)), (false, false, colon));
    assert_eq!(shown((2, 11)), (false, false, long.clone()));
    assert_eq!(shown((2, 12)), (false, true, long.clone()));
    assert_eq!(shown((3, 0)), (false, false, long.clone()));
    assert_eq!(shown((6, 1)), (false, false, long.clone()));
    assert_eq!(shown((6, 2)), (true, false, long.clone()));
    assert_eq!(shown((11, 1)), (true, false, long));
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn entities(text: &str) -> Vec<Value> {
    match json(text) {
        Value::Array(entities) => entities,
        other => panic!("not an array: {other}"),
    }
}

fn name(entity: &Value) -> &str {
    entity["name"].as_str().unwrap()
}

/// Introspection as QEMU's own generator made it of its releases' schemas.
#[test]
fn releases_are_introspected_as_by_their_own_generator() {
    let Some(corpus) = common::corpus("introspection") else {
        return;
    };
    let mut compared = 0;
    for entry in std::fs::read_dir(corpus.join("introspection")).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap();
        let (release, rest) = ["qemu", "qga", "qsd"]
            .iter()
            .find_map(|s| {
                file.split_once(&format!(".{s}."))
                    .map(|(r, form)| (r, (*s, form)))
            })
            .unwrap_or_else(|| panic!("unexpected file {file}"));
        let (which, form) = rest;
        if form == "unmasked-if.json" {
            continue;
        }
        let schema = Frontend::new()
            .legacy(common::is_legacy(release))
            .read(root(&corpus.join("schemas").join(release), which))
            .unwrap_or_else(|errors| panic!("{file}: {errors}"));
        let expected = std::fs::read_to_string(&path).unwrap();
        let mut numbers = release.split('.').map(|n| n.parse::<u32>().unwrap());
        let told = (numbers.next().unwrap(), numbers.next().unwrap());
        let options = Options {
            unmask: true,
            release: Some(told),
            ..Options::default()
        };
        assert_eq!(schema_info(&schema, &options), unmasked(&schema), "{file}");
        let recent = told.0 >= 6;
        match (form, recent) {
            ("masked.json", true) => {
                assert_same(file, &entities(&masked(&schema)), &entities(&expected));
            }
            ("unmasked.json", true) => {
                assert_same(file, &entities(&unmasked(&schema)), &entities(&expected));
            }
            ("unmasked.json", false) => assert_same_sets(file, &unmasked(&schema), &expected),
            // The numbers of old releases depend on the order in which their generators went.
            ("masked.json", false) => continue,
            _ => panic!("unexpected file {file}"),
        }
        compared += 1;
    }
    assert!(compared > 0, "no introspection in {}", corpus.display());
}

/// The same with conditions: in each of some configurations, what depends on symbols that are not
/// defined must be gone. For any two symbols, there is one that defines one and not the other.
#[test]
fn releases_are_conditional_as_by_their_own_generator() {
    let Some(corpus) = common::corpus("introspection") else {
        return;
    };
    for release in &common::releases() {
        for which in ["qemu", "qga", "qsd"] {
            let schema = Frontend::new()
                .legacy(common::is_legacy(release))
                .read(root(&corpus.join("schemas").join(release), which))
                .unwrap_or_else(|errors| panic!("{release} {which}: {errors}"));
            assert_conditional(&corpus, release, which, &schema);
        }
    }
}

fn assert_conditional(corpus: &Path, release: &str, which: &str, schema: &Schema) {
    let file = format!("{release}.{which}.unmasked-if.json");
    let path = corpus.join("introspection").join(&file);
    let Ok(text) = std::fs::read_to_string(path) else {
        panic!("{file} is missing");
    };
    let with_conditions = json(&text);
    let symbols = schema.condition_symbols();
    assert!(!symbols.is_empty(), "{file}");
    let bits = usize::BITS - symbols.len().leading_zeros();
    for bit in 0..bits {
        let defined = |symbol: &str| {
            let index = symbols.iter().position(|s| *s == symbol);
            index.expect("a symbol of the schema") >> bit & 1 == 1
        };
        let options = Options {
            unmask: true,
            defined: Some(&defined),
            ..Options::default()
        };
        let actual = entities(&schema_info(schema, &options));
        let expected = configured(&with_conditions, &defined).unwrap();
        assert_same(&file, &actual, expected.as_array().unwrap());
    }
}

/// What `schema/` holds, against what QEMU's own generator made of that release.
#[test]
fn the_data_introspects_as_its_release() {
    let Some(corpus) = common::corpus("introspection") else {
        return;
    };
    let version = std::fs::read_to_string(common::data().join("VERSION")).unwrap();
    let version = version.trim();
    for which in ["qemu", "qga", "qsd"] {
        let schema = Frontend::new()
            .read(root(&common::data(), which))
            .unwrap_or_else(|errors| panic!("{which}: {errors}"));
        for (form, ours) in [("masked", masked(&schema)), ("unmasked", unmasked(&schema))] {
            let file = format!("{version}.{which}.{form}.json");
            let theirs = std::fs::read_to_string(corpus.join("introspection").join(&file));
            let theirs = theirs.unwrap_or_else(|e| panic!("{file}: {e}"));
            assert_same(&file, &entities(&ours), &entities(&theirs));
        }
        assert_conditional(&corpus, version, which, &schema);
    }
}

/// What is left of a JSON value whose parts have conditions; `None` if nothing.
fn configured(value: &Value, defined: &dyn Fn(&str) -> bool) -> Option<Value> {
    match value {
        Value::Object(members) => {
            if members.get("if").is_some_and(|c| !holds(c, defined)) {
                return None;
            }
            if let Some(plain) = members.get("value") {
                return Some(plain.clone());
            }
            let rest = members.iter().filter(|(key, _)| *key != "if");
            let rest = rest.filter_map(|(key, v)| Some((key.clone(), configured(v, defined)?)));
            Some(Value::Object(
                rest.filter(|(key, v)| key != "features" || *v != Value::Array(Vec::new()))
                    .collect(),
            ))
        }
        Value::Array(list) => {
            let rest = list.iter().filter_map(|v| configured(v, defined));
            Some(Value::Array(rest.collect()))
        }
        other => Some(other.clone()),
    }
}

fn holds(condition: &Value, defined: &dyn Fn(&str) -> bool) -> bool {
    match condition {
        // Before 6.2: "defined(A) || defined(B)".
        Value::String(expression) if expression.contains('(') => {
            let mut operands = expression.split(" || ");
            operands.any(|operand| {
                let symbol = operand.strip_prefix("defined(");
                let symbol = symbol.and_then(|s| s.strip_suffix(')'));
                defined(symbol.unwrap_or_else(|| panic!("unexpected condition {expression}")))
            })
        }
        Value::String(symbol) => defined(symbol),
        Value::Array(operands) => operands.iter().all(|c| holds(c, defined)),
        Value::Object(operator) => {
            let (operator, operands) = operator.iter().next().unwrap();
            let list = || operands.as_array().unwrap().iter();
            match operator.as_str() {
                "all" => list().all(|c| holds(c, defined)),
                "any" => list().any(|c| holds(c, defined)),
                "not" => !holds(operands, defined),
                _ => panic!("unexpected condition {condition}"),
            }
        }
        _ => panic!("unexpected condition {condition}"),
    }
}

fn root(release: &Path, which: &str) -> PathBuf {
    let candidates: &[&str] = match which {
        "qemu" => &["qapi/qapi-schema.json", "qapi-schema.json"],
        "qga" => &["qga/qapi-schema.json"],
        _ => &["storage-daemon/qapi/qapi-schema.json"],
    };
    let mut paths = candidates.iter().map(|c| release.join(c));
    paths.find(|p| p.exists()).unwrap()
}

fn assert_same(file: &str, actual: &[Value], expected: &[Value]) {
    for (i, (a, e)) in actual.iter().zip(expected).enumerate() {
        assert_eq!(a, e, "{file}: entity {i}");
    }
    assert_eq!(actual.len(), expected.len(), "{file}: number of entities");
}

fn assert_same_sets(file: &str, actual: &str, expected: &str) {
    let set = |text| -> BTreeSet<String> { entities(text).iter().map(Value::to_string).collect() };
    let (actual, expected) = (set(actual), set(expected));
    let difference: Vec<_> = actual.symmetric_difference(&expected).collect();
    assert!(difference.is_empty(), "{file}: {difference:#?}");
}

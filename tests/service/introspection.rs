//! Introspection of what is implemented.

use std::collections::{HashMap, HashSet};

use qapi_rt::service::introspection;
use serde_json::Value;

use super::generated::service::INTROSPECTION;

fn select(commands: &[&str], events: &[&str], hide: bool) -> String {
    let text = introspection(INTROSPECTION, commands, events, hide).unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn only_what_is_chosen_and_what_it_needs() {
    let expected = [
        r#"[{"arg-type": "0", "meta-type": "command", "name": "query-things", "ret-type": "[1]"}"#,
        r#"{"arg-type": "2", "meta-type": "event", "name": "STOP"}"#,
        r#"{"members": [{"default": null, "name": "name", "type": "str"}, {"name": "limit", "type": "int"}], "meta-type": "object", "name": "0"}"#,
        r#"{"element-type": "1", "meta-type": "array", "name": "[1]"}"#,
        r#"{"members": [{"name": "name", "type": "str"}], "meta-type": "object", "name": "1"}"#,
        r#"{"members": [], "meta-type": "object", "name": "2"}"#,
        r#"{"json-type": "string", "meta-type": "builtin", "name": "str"}"#,
        r#"{"json-type": "int", "meta-type": "builtin", "name": "int"}]"#,
    ];
    assert_eq!(
        select(&["query-things"], &["STOP"], false),
        expected.join(", ")
    );
    assert_eq!(select(&[], &[], false), "[]");
}

#[test]
fn deprecated_commands_can_be_hidden() {
    assert_eq!(select(&["clone"], &[], true), "[]");
    assert_ne!(select(&["clone"], &[], false), "[]");
}

/// The whole of QEMU's, taken apart and put together: every type that is named is there, once, and nothing else.
#[test]
fn of_qemu_nothing_is_lost() {
    let whole: Vec<Value> = serde_json::from_str(qapi_rt::qmp::INTROSPECTION).unwrap();
    let named = |kind: &str| -> Vec<&str> {
        let entries = whole.iter().filter(|entry| entry["meta-type"] == kind);
        entries
            .map(|entry| entry["name"].as_str().unwrap())
            .collect()
    };
    let (commands, events) = (named("command"), named("event"));
    let text = introspection(qapi_rt::qmp::INTROSPECTION, &commands, &events, false).unwrap();
    let again: Vec<Value> = serde_json::from_slice(&text).unwrap();
    let count = |entries: &[Value]| {
        let mut count = HashMap::new();
        for entry in entries {
            let kind = entry["meta-type"].as_str().unwrap().to_owned();
            *count.entry(kind).or_insert(0) += 1;
        }
        count
    };
    assert_eq!(count(&again), count(&whole));

    let few = introspection(
        qapi_rt::qmp::INTROSPECTION,
        &["query-status", "blockdev-add"],
        &["SHUTDOWN"],
        false,
    );
    let few: Vec<Value> = serde_json::from_slice(&few.unwrap()).unwrap();
    let names: HashSet<&str> = few.iter().map(|e| e["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), few.len());
    let mut used: HashSet<&str> = ["query-status", "blockdev-add", "SHUTDOWN"].into();
    for entry in &few {
        for key in ["arg-type", "ret-type", "element-type"] {
            used.extend(entry.get(key).and_then(Value::as_str));
        }
        for list in ["members", "variants"] {
            let parts = entry.get(list).and_then(Value::as_array);
            used.extend(
                parts
                    .into_iter()
                    .flatten()
                    .filter_map(|p| p["type"].as_str()),
            );
        }
    }
    assert_eq!(names, used);
}

/// What clients are told of and what is emitted have to be the same.
#[cfg(debug_assertions)]
mod events {
    use std::sync::Arc;

    use qapi_rt::qmp::{self, Service, events};
    use qapi_rt::server::{Options, Server};
    use qapi_rt::service::{Control, Router};
    use qapi_rt::types::Object;

    struct Machine<const MISSPELT: bool>;

    impl<const MISSPELT: bool> Service for Machine<MISSPELT> {
        const EVENTS: &'static [&'static str] = if MISSPELT { &["STOPP"] } else { &["STOP"] };
    }

    fn serve<const MISSPELT: bool>() -> Control {
        let machine = Arc::new(Machine::<MISSPELT>);
        let server = Server::new(qmp::serve(machine), Options::qmp());
        server.control().clone()
    }

    #[test]
    fn those_named_can_be_emitted() {
        let control = serve::<false>();
        control.events().emit(&events::Stop::new());
        control
            .events()
            .emit_any(&qmp::Event::Stop(events::Stop::new()));
        // Whoever takes this has no type that would say what it is.
        control
            .events()
            .emit_raw("__COM.EXAMPLE_ODD", &Object::new());
    }

    #[test]
    #[should_panic = "'RESUME' is emitted, and clients are not told of it"]
    fn one_that_is_left_out_cannot() {
        serve::<false>().events().emit(&events::Resume::new());
    }

    #[test]
    #[should_panic = "'RESUME' is emitted"]
    fn nor_can_one_of_many() {
        let resume = qmp::Event::Resume(events::Resume::new());
        serve::<false>().events().emit_any(&resume);
    }

    #[test]
    #[should_panic = "the event 'STOPP', which the schema does not have"]
    fn the_schema_has_to_have_those_named() {
        serve::<true>();
    }

    #[test]
    fn without_a_schema_nothing_is_told() {
        let server = Server::new(Router::new(), Options::qmp());
        server.control().events().emit(&events::Stop::new());
    }
}

//! What servers tell of their schemas: no panic on any text, and a schema that is imported introspects to what it came from, once
//! it is in the form that our own introspection has.
#![no_main]

use libfuzzer_sys::fuzz_target;
use qapi_gen::import::{Imported, import};
use qapi_gen::introspect::{Options, schema_info};
use qapi_gen::{Frontend, Interface};

fuzz_target!(|text: &str| {
    let Ok(interface) = Interface::from_introspection(text) else {
        return;
    };
    let Ok(imported) = import(&interface, None) else {
        return;
    };
    let told = introspected(&imported);
    let Ok(again) = Interface::from_introspection(&told) else {
        // Nothing uses the types.
        assert_eq!(told, "[]\n");
        return;
    };
    let again = import(&again, Some(&interface)).expect("it came from a schema");
    assert_eq!(introspected(&again), told);
});

fn introspected(imported: &Imported) -> String {
    // Servers may break rules that are younger than they are.
    let schema = Frontend::new().legacy(true).read_text("imported.json", imported.text.as_str());
    let schema = schema.unwrap_or_else(|errors| panic!("{errors}\n{}", imported.text));
    schema_info(&schema, &Options { release: imported.release, ..Options::default() })
}

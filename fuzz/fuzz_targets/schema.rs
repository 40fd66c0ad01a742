//! Arbitrary bytes as schema files: no panic anywhere in the front end, renderers or backends.
//!
//! A form feed starts the next file; files are called `main.json`, `1.json`, `2.json`, ….

#![no_main]

use libfuzzer_sys::fuzz_target;
use qapi_gen::{Frontend, MemoryLoader, introspect, render};

fuzz_target!(|data: &[u8]| {
    let files = data.split(|b| *b == 0x0c).enumerate().map(|(i, text)| {
        let name = if i == 0 { "main.json".to_owned() } else { format!("{i}.json") };
        (name, text)
    });
    let loader = MemoryLoader::new(files);
    let read = |legacy| Frontend::new().legacy(legacy).style(!legacy).loader(&loader).read("main.json");
    for result in [read(false), read(true)] {
        match result {
            Ok(schema) => {
                let options = introspect::Options::default();
                introspect::schema_info(&schema, &options);
            }
            Err(errors) => {
                assert!(!errors.diagnostics.is_empty(), "rejected without a reason");
                for diagnostic in &errors.diagnostics {
                    render::short(diagnostic, &errors.sources);
                    render::json(diagnostic, &errors.sources);
                    render::human(diagnostic, &errors.sources, render::Style::Plain);
                }
            }
        }
    }
});

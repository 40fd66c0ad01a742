//! Arbitrary bytes as schema files: no panic anywhere in the front end, renderers or backends. What is generated is Rust, and the
//! same however it is laid out.
//!
//! A form feed starts the next file; files are called `main.json`, `1.json`, `2.json`, ….

#![no_main]

use libfuzzer_sys::fuzz_target;
use proc_macro2::{TokenStream, TokenTree};
use qapi_gen::model::Schema;
use qapi_gen::{Builder, Frontend, MemoryLoader, ServiceOptions, introspect, render};

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
                generate(&schema);
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

fn generate(schema: &Schema) {
    let builder = Builder::new("main.json").service(ServiceOptions::new());
    // Of some small schemas megabytes of code are made.
    if builder.warning(schema).is_some() {
        return;
    }
    let [laid_out, plain] = [true, false].map(|format| builder.clone().format(format).generate_from(schema));
    match (laid_out, plain) {
        (Ok(laid_out), Ok(plain)) => assert_eq!(words(&laid_out), words(&plain)),
        (laid_out, plain) => assert!(laid_out.is_err() && plain.is_err()),
    }
}

/// The words and operators of some code. Literals are left out, which documentation changes with the layout, and so are
/// commas.
fn words(code: &str) -> Vec<String> {
    let mut words = Vec::new();
    collect(code.parse().expect("it is Rust"), &mut words);
    words
}

fn collect(tokens: TokenStream, words: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                words.push(format!("{:?}", group.delimiter()));
                collect(group.stream(), words);
                words.push(String::from("end"));
            }
            TokenTree::Punct(punct) if punct.as_char() == ',' => {}
            TokenTree::Literal(_) => {}
            word => words.push(word.to_string()),
        }
    }
}

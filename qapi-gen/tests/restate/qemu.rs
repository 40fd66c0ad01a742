//! QEMU's schemas, and the data in `schema/` that was made of them.

use crate::common;
use crate::restate::restated;
use crate::restate::shape::shape;
use qapi_gen::restate::{Words, strangers};
use qapi_gen::{Frontend, Loader, MemoryLoader};
use std::path::Path;

const ROOTS: [(&str, &str); 3] = [
    ("qemu", "qapi/qapi-schema.json"),
    ("qga", "qga/qapi-schema.json"),
    ("qsd", "storage-daemon/qapi/qapi-schema.json"),
];

#[test]
fn the_data_passes_every_check() {
    for (_, root) in ROOTS {
        let result = Frontend::new().style(true).read(common::data().join(root));
        let errors = result.err().map(|e| e.diagnostics);
        assert!(errors.is_none(), "{root}: {errors:?}");
    }
}

#[test]
fn every_file_can_be_included_by_itself() {
    for entry in std::fs::read_dir(common::data().join("qapi")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let text = format!("{{ 'include': 'pragma.json' }} {{ 'include': '{name}' }}");
        let root = common::data().join("qapi/downstream.json");
        let errors = Frontend::new().read_text(root, text).err();
        let errors = errors.map(|e| e.diagnostics);
        assert!(errors.is_none(), "{name}: {errors:?}");
    }
}

#[test]
fn restating_qemus_schemas_keeps_their_models() {
    let Some(folder) = common::corpus("schemas") else {
        return;
    };
    for release in &common::releases()[1..] {
        for (_, root) in ROOTS {
            let path = folder.join("schemas").join(release).join(root);
            let original = Frontend::new().legacy(true).read(&path);
            let original =
                original.unwrap_or_else(|e| panic!("{release} {root}: {:?}", e.diagnostics));
            let files = restated(&original);
            // Where the root is, a file is named relative to the root's folder.
            let place = Path::new(root);
            let loader = MemoryLoader::new(
                files
                    .iter()
                    .map(|f| (place.with_file_name(&f.module), f.text.as_str())),
            );
            let again = Frontend::new().loader(&loader as &dyn Loader).read(place);
            let again = again.unwrap_or_else(|e| panic!("{release} {root}: {:?}", e.diagnostics));
            assert!(shape(&again) == shape(&original), "{release} {root}");
            assert!(restated(&again) == files, "{release} {root}");
        }
    }
}

/// Words about what went would be lost in silence.
#[test]
fn the_words_for_qemus_schemas_are_about_what_these_have() {
    let data = common::data();
    let words = std::fs::read_to_string(data.join("words.txt")).unwrap();
    let schemas = [
        ("qapi/qapi-schema.json", "qmp"),
        ("qga/qapi-schema.json", "qga"),
    ];
    let schemas = schemas.map(|(root, name)| {
        let dropped = data.join(format!("releases/{name}-dropped.json"));
        Frontend::new()
            .extend(dropped)
            .read(data.join(root))
            .unwrap()
    });
    let words = Words::parse(&words).unwrap();
    assert_eq!(strangers(&words, &schemas), [""; 0]);
}

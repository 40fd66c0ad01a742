//! Which files a schema consists of.

use qapi_gen::{Frontend, MemoryLoader};

const ROOT: &str = "{ 'include': 'base/types.json' }\n\
                    { 'include': 'sub/more.json' }\n\
                    { 'command': 'get', 'returns': 'Found' }\n";

fn search(files: &[(&str, &str)]) -> Result<Vec<String>, String> {
    let loader = MemoryLoader::new(files.iter().copied());
    let frontend = Frontend::new().loader(loader);
    let schema = frontend
        .include_path("first")
        .include_path("second")
        .read("own/main.json")
        .map_err(|errors| format!("{errors}\n{:?}", errors.diagnostics[0].notes))?;
    let files = schema.sources().files().map(|(_, file)| file.name());
    let modules = schema.modules().iter().map(|module| &*module.name);
    Ok(files
        .zip(modules)
        .map(|(f, m)| format!("{f} is {m}"))
        .collect())
}

#[test]
fn includes_are_looked_for_beside_the_file_and_then_on_the_search_path() {
    let files = [
        ("own/main.json", ROOT),
        ("own/sub/more.json", "{ 'include': 'base/types.json' }"),
        ("second/base/types.json", "{ 'include': 'rest.json' }"),
        ("second/base/rest.json", "{ 'struct': 'Found', 'data': {} }"),
    ];
    let expected = [
        "own/main.json is main.json",
        "second/base/types.json is base/types.json",
        "second/base/rest.json is base/rest.json",
        "own/sub/more.json is sub/more.json",
    ];
    assert_eq!(search(&files).unwrap(), expected);

    let nearer = [
        files.as_slice(),
        &[
            ("first/base/types.json", "{ 'struct': 'Found', 'data': {} }"),
            ("first/base/rest.json", ""),
        ],
    ];
    let found = search(&nearer.concat()).unwrap();
    assert_eq!(found[1], "first/base/types.json is base/types.json");

    let beside = [
        ("own/main.json", ROOT),
        ("own/sub/more.json", ""),
        ("own/base/types.json", "{ 'struct': 'Found', 'data': {} }"),
        (
            "second/base/types.json",
            "{ 'struct': 'Other', 'data': {} }",
        ),
    ];
    let found = search(&beside).unwrap();
    assert_eq!(found[1], "own/base/types.json is base/types.json");
}

#[test]
fn a_file_that_is_nowhere_is_reported_with_the_places_searched() {
    let files = [("own/main.json", ROOT), ("own/sub/more.json", "")];
    assert_eq!(
        search(&files).unwrap_err(),
        "own/main.json:1: cannot read include file 'own/base/types.json': no such file [I4]\n\
         [\"nor is it in first\", \"nor is it in second\", \"until it is read, unknown types and \
         the case of names are not reported, here and in other files\"]"
    );
}

#[test]
fn a_loop_by_way_of_the_search_path_is_one() {
    let files = [
        ("own/main.json", ROOT),
        ("own/sub/more.json", ""),
        ("first/base/types.json", "{ 'include': 'more.json' }"),
        (
            "second/more.json",
            "{ 'include': '../first/base/types.json' }",
        ),
    ];
    let text = search(&files).unwrap_err();
    assert!(text.contains("second/more.json:1: "), "{text}");
    assert!(text.contains("includes itself [I3]"), "{text}");
}

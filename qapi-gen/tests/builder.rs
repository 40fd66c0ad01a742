//! What a build script can ask for.

use qapi_gen::{Builder, Condition, Frontend, MemoryLoader, Releases, ServiceOptions};

const SCHEMA: &str = "
{ 'include': 'lib/common.json' }
{ 'command': 'query-a', 'returns': 'Aa' }
{ 'command': 'query-b', 'returns': [ 'Bb' ], 'if': 'HAVE_B' }
{ 'command': 'set-c', 'data': { 'c': 'Cc' } }
{ 'event': 'CHANGED', 'data': { 'c': 'Cc' } }
{ 'struct': 'Aa', 'data': { 'c': 'Cc', 'n': 'int' } }
{ 'struct': 'Bb', 'data': { 'a': 'Aa' }, 'if': 'HAVE_B' }
{ 'struct': 'Unused', 'data': {} }
";

fn generate(builder: &Builder) -> Result<String, qapi_gen::Error> {
    let common = "{ 'struct': 'Cc', 'data': { '*x': 'str' } }";
    let files = [("main.json", SCHEMA), ("lib/common.json", common)];
    let schema = Frontend::new()
        .loader(MemoryLoader::new(files))
        .read("main.json")?;
    builder.generate_from(&schema)
}

fn builder() -> Builder {
    Builder::new("main.json")
}

#[track_caller]
fn error(builder: &Builder) -> String {
    let error = generate(builder).unwrap_err();
    // A build script returns it from main, which shows Debug.
    assert_eq!(format!("{error:?}"), error.to_string());
    error.to_string()
}

#[test]
fn a_choice_leaves_out_what_it_does_not_reach() {
    let code = generate(&builder().commands(["query-a"])).unwrap();
    assert!(code.contains("pub struct Aa {") && code.contains("pub struct Cc {"));
    for absent in ["struct Bb", "Unused", "set-c", "CHANGED"] {
        assert!(!code.contains(absent), "{absent}");
    }
    let code = generate(&builder().events(["CHANGE?"])).unwrap();
    assert!(code.contains("\"CHANGED\"") && !code.contains("pub mod commands"));
    assert!(generate(&builder()).unwrap().contains("pub struct Unused"));
}

#[test]
fn a_pattern_without_a_match_is_an_error() {
    assert_eq!(
        error(&builder().commands(["query-a", "querry-b"])),
        "the schema has no command 'querry-b'; did you mean 'query-b'?"
    );
}

#[test]
fn so_is_one_for_definitions_and_files() {
    for (builder, message) in [
        (
            builder().derive("Ab", "Eq"),
            "the schema has no definition 'Ab'; did you mean 'Aa'?",
        ),
        (
            builder().attribute("set-?-x", "#[must_use]"),
            "the schema has no definition 'set-?-x'",
        ),
        (
            builder().file_cfg("lib/comon.json", "unix"),
            "the schema has no file 'lib/comon.json'; did you mean 'lib/common.json'?",
        ),
        (
            builder().extern_path("lib/comon.json", "::other"),
            "the schema has no file 'lib/comon.json'; did you mean 'lib/common.json'?",
        ),
    ] {
        assert_eq!(error(&builder), message);
    }
    // What exists but was not chosen is no mistake.
    let chosen = builder().commands(["query-a"]).derive("set-*", "Eq");
    generate(&chosen.attribute("Unused", "#[must_use]")).unwrap();
}

#[test]
fn a_service_requires_only_what_is_generated() {
    let requires = |builder: Builder, what| builder.service(ServiceOptions::new().required([what]));
    let message = "the service requires 'query-b', which is not generated: \
                   it is not among the commands asked for, or its condition excludes it";
    for without in [
        builder().commands(["query-a"]),
        builder().condition("HAVE_B", Condition::False),
    ] {
        assert_eq!(error(&requires(without.clone(), "query-b")), message);
        generate(&requires(without, "query-?")).unwrap();
    }
    generate(&requires(builder(), "query-b")).unwrap();
}

#[test]
fn names_of_files_and_licences_stay_on_their_lines() {
    let text = "# SPDX-License-Identifier: MIT\u{202e}X\r# Text\n{ 'struct': 'Aa', 'data': {} }\n";
    let name = "a\nb\rc.json";
    let schema = Frontend::new()
        .loader(MemoryLoader::new([(name, text)]))
        .read(name)
        .unwrap();
    let code = Builder::new(name).generate_from(&schema).unwrap();
    assert!(!code.contains('\r'));
    assert!(code.contains(" from a b c.json. Do not edit.\n"));
    assert!(code.contains("\n// MIT X.\n"));
    assert!(code.contains("\n/// `Aa`, `a b c.json`\n"), "{code}");
}

#[test]
fn conditions_decide_what_is_there() {
    let code = generate(&builder().condition("HAVE_B", Condition::False)).unwrap();
    assert!(!code.contains("struct Bb") && !code.contains("query-b"));
    let code = generate(&builder().condition("HAVE_B", Condition::Cfg("unix"))).unwrap();
    assert!(code.contains("#[cfg(unix)]\n#[derive(Clone, Debug, PartialEq)]"));
    assert_eq!(
        error(&builder().condition("HAVE_B", Condition::Cfg("all(unix"))),
        "option 'condition': 'all(unix' is not a predicate of cfg"
    );
}

/// The cfg in front of an item, if there is one.
fn cfg_of<'c>(code: &'c str, item: &str) -> Option<&'c str> {
    let above = &code[..code.find(item).unwrap_or_else(|| panic!("no {item}"))];
    let lines = above.trim_end_matches(' ').lines().rev().map(str::trim);
    let mut lines = lines.take_while(|line| line.starts_with("#[") || line.starts_with("///"));
    lines.find_map(|line| line.strip_prefix("#[cfg(")?.strip_suffix(")]"))
}

#[test]
fn a_type_is_there_under_the_predicates_of_all_that_use_it() {
    let files = [
        ("main.json", "{ 'include': 'a.json' } { 'include': 'b.json' } { 'include': 'c.json' }"),
        (
            "a.json",
            "{ 'command': 'query-a', 'returns': 'Aa' }
             { 'struct': 'Aa', 'base': 'Ab', 'data': { '*k': 'Kk' } }
             { 'struct': 'Ab', 'data': { 'l': [ 'Ll' ], 'un': 'Uu' } }
             { 'union': 'Uu', 'base': { 'kind': 'Kk' }, 'discriminator': 'kind', 'data': { 'one': 'One' } }
             { 'struct': 'One', 'data': {} }",
        ),
        (
            "b.json",
            "{ 'event': 'B_DONE', 'data': { 'k': 'Kk' }, 'if': 'HAVE_B' }
             { 'command': 'set-b', 'data': 'Bb', 'boxed': true }
             { 'struct': 'Bb', 'data': { 'c': 'Cc' } }
             { 'enum': 'Kk', 'data': [ 'one' ] }
             { 'alternate': 'Ll', 'data': { 's': 'str', 'o': 'One' } }",
        ),
        (
            "c.json",
            "{ 'command': 'set-c', 'data': { 'c': 'Cc' } }
             { 'struct': 'Cc', 'data': { 'n': 'int' } }",
        ),
    ];
    let schema = Frontend::new().loader(MemoryLoader::new(files));
    let schema = schema.read("main.json").unwrap();
    let builder = Builder::new("main.json")
        .file_cfg("a.json", "feature = \"a\"")
        .file_cfg("b.json", "feature = \"b\"")
        // The first that covers it counts.
        .file_cfg("?.json", "unix")
        .condition("HAVE_B", Condition::Cfg("b"));
    let code = builder.generate_from(&schema).unwrap();
    let (a, b) = (Some("feature = \"a\""), Some("feature = \"b\""));
    let either = Some("any(feature = \"a\", feature = \"b\")");
    for (item, cfg) in [
        ("pub struct Aa ", a),
        ("pub struct Ab ", a),
        ("pub struct Uu ", a),
        ("pub enum UuBranch ", a),
        ("impl ::qapi_types::Command for QueryA ", a),
        ("pub struct One ", either),
        ("pub enum Kk ", either),
        ("pub enum Ll ", either),
        ("pub struct SetB(", b),
        ("pub struct Bb ", b),
        ("BDone(events::BDone)", Some("all(b, feature = \"b\")")),
        ("pub struct Cc ", Some("any(feature = \"b\", unix)")),
        ("pub struct SetC ", Some("unix")),
        ("::qapi_types::impl_object!(One);", either),
    ] {
        assert_eq!(cfg_of(&code, item), cfg, "{item} in {code}");
    }

    let builder = Builder::new("main.json").file_cfg("a.json", "unix");
    let code = builder.generate_from(&schema).unwrap();
    // What is used by what is always there is so too.
    assert_eq!(cfg_of(&code, "pub struct Uu "), Some("unix"));
    assert_eq!(cfg_of(&code, "pub enum Kk "), None);
    assert_eq!(cfg_of(&code, "pub struct One "), None);
    assert_eq!(
        error(&self::builder().file_cfg("common.json", "all(unix")),
        "option 'file_cfg': 'all(unix' is not a predicate of cfg"
    );
}

#[test]
fn types_that_exist_are_taken_from_there() {
    let code = generate(&builder().extern_path("common.json", "::other::types")).unwrap();
    assert!(code.contains("pub use ::other::types::{Cc};"));
    assert!(!code.contains("pub struct Cc"));
    assert_eq!(
        error(&builder().extern_path("common.json", "other types")),
        "option 'extern_path': 'other types' is not a path"
    );
}

#[test]
fn items_get_the_derives_and_attributes_asked_for() {
    let builder = builder().derive("Aa", "Eq").attribute("??", "#[must_use]");
    let code = generate(&builder).unwrap();
    assert!(code.contains(
        "#[derive(Clone, Debug, PartialEq, Eq)]\n#[must_use]\n#[non_exhaustive]\npub struct Aa {"
    ));
    assert!(code.contains("#[derive(Clone, Debug, Default, PartialEq)]\n#[must_use]\n#[non_exhaustive]\npub struct Cc {"));
}

#[test]
fn derives_of_a_list_come_once() {
    let builder = builder()
        .derive("Aa", "Hash, Debug,PartialEq , Eq")
        .derive("A*", "Eq, ::other :: Trait");
    assert!(generate(&builder).unwrap().contains(
        "#[derive(Clone, Debug, PartialEq, Hash, Eq, ::other::Trait)]\n#[non_exhaustive]\npub struct Aa {"
    ));
}

#[test]
fn a_member_that_some_release_does_not_send_is_an_option() {
    let facts = "releases 1.0 2.0\nstruct Aa\n  member n 2.0- sometimes\n";
    let code = generate(&builder().releases(Releases::parse(facts).unwrap())).unwrap();
    assert!(code.contains("pub n: ::core::option::Option<i64>,"));
    assert!(code.contains("pub fn new(c: Cc, n: i64) -> Self {"));
}

#[test]
fn what_the_newest_release_dropped_says_until_when_it_was_there() {
    let facts = "releases 1.0 2.10 3.0\ncommand query-a 1.0-2.10\nstruct Cc\n  member x 1.0\n";
    let builder = builder().releases(Releases::parse(facts).unwrap());
    let code = generate(&builder).unwrap();
    assert!(code.contains("\"x\" if ::qapi_types::codec::has_until((1, 0), r) =>"));
    assert!(code.contains("\"n\" => ::qapi_types::codec::get(&mut self.n, 1, seen, r)"));
    assert!(code.contains("CommandInfo::new(\"query-a\").until(\"2.10\")"));
    assert!(code.contains("CommandInfo::new(\"set-c\"),"));
}

/// A schema read from one text, as `dir/main.json` without includes.
fn schema(text: &str) -> qapi_gen::model::Schema {
    let files = [("main.json", text.to_owned())];
    let frontend = Frontend::new().loader(MemoryLoader::new(files));
    frontend.read("main.json").unwrap()
}

#[test]
fn what_another_crate_has_in_the_same_shape_comes_from_there() {
    let original = "
        { 'struct': 'Shared', 'data': { 'id': 'str' } }
        { 'struct': 'Changed', 'data': { 'id': 'str' } }
        { 'struct': 'Base', 'data': { 'b': 'int' } }
        { 'struct': 'Derived', 'base': 'Base', 'data': {} }
        { 'struct': 'Using', 'data': { 'many': [ 'Changed' ] } }
        { 'enum': 'Mode', 'data': [ 'on' ] }
        { 'command': 'same', 'data': { 'x': 'Shared' }, 'returns': 'Shared' }
        { 'command': 'user', 'returns': [ 'Using' ] }
        { 'command': 'moved', 'data': { 'x': 'int' } }";
    let fork = original
        .replace(
            "'Changed', 'data': { 'id': 'str'",
            "'Changed', 'data': { 'id': 'str', '*vendor': 'bool'",
        )
        .replace("{ 'b': 'int' }", "{ 'b': 'int8' }")
        .replace("'x': 'int'", "'*x': 'int'")
        + "
        { 'struct': 'VendorOnly', 'data': { 'shared': 'Shared', 'changed': 'Changed' } }
        { 'command': 'vendor-backup', 'data': { 'what': 'VendorOnly' }, 'returns': 'Shared' }
        { 'event': 'VENDOR', 'data': 'Shared' }";
    let builder = builder()
        .extern_path("main.json", "::other")
        .extern_schema("::other", schema(original));
    let fork = schema(&fork);
    let code = builder.generate_from(&fork).unwrap();
    assert!(code.contains("pub use ::other::{Mode, Shared};"), "{code}");
    assert!(
        code.contains("pub use ::other::commands::{Same};")
            || code.contains("pub use ::other::commands::Same;"),
        "{code}"
    );
    for name in [
        "Changed",
        "Base",
        "Derived",
        "Using",
        "User",
        "VendorOnly",
        "Moved",
        "VendorBackup",
        "Vendor(",
    ] {
        let item = format!("pub struct {name}");
        assert_eq!(code.matches(&item).count(), 1, "{item}: {code}");
    }
    assert!(!code.contains("pub struct Shared") && !code.contains("pub struct Same"));
    assert_eq!(
        builder.differences(&fork).unwrap(),
        "::other has in another shape: Base, Changed, Derived, moved. They are generated, and so is what uses them"
    );
    // The same schema has no differences, and the whole of it comes from there.
    let code = builder.generate_from(&schema(original)).unwrap();
    assert!(!code.contains("pub struct "), "{code}");
    assert_eq!(builder.differences(&schema(original)), None);

    let unnamed = self::builder().extern_schema("::other", schema(original));
    assert_eq!(
        error(&unnamed),
        "option 'extern_schema': '::other' is not a module that 'extern_path' names"
    );
}

/// QEMU's schema with a member more in one reply, as a fork has it.
#[test]
fn a_fork_of_qemu_takes_the_rest_from_the_ready_made_types() {
    let root = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../schema/qapi/qapi-schema.json"
    );
    let more = "##\n# @StatusInfo:\n#\n# @vendor: of a fork\n##\n\
                { 'struct': 'StatusInfo', 'data': { '*vendor': 'str' } }\n";
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("fork");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("vendor.json"), more).unwrap();
    let fork = Frontend::new()
        .extend(dir.join("vendor.json"))
        .read(root)
        .unwrap();
    let builder = Builder::new(root)
        .docs(false)
        .extern_path("*.json", "::qapi_types::qmp")
        .extern_schema("::qapi_types::qmp", Frontend::new().read(root).unwrap());
    let code = builder.generate_from(&fork).unwrap();
    let structs = code.matches("pub struct ").count();
    assert!(code.contains("pub struct StatusInfo {") && code.contains("pub struct QueryStatus {"));
    assert_eq!(structs, 2);
    let told = builder.differences(&fork).unwrap();
    assert!(
        told.starts_with("::qapi_types::qmp has in another shape: StatusInfo."),
        "{told}"
    );
}

#[test]
fn introspection_is_there_on_request() {
    assert!(!generate(&builder()).unwrap().contains("INTROSPECTION"));
    let code = generate(&builder().introspection(true)).unwrap();
    assert!(code.contains("pub const INTROSPECTION: &str = r#\"["));
}

#[test]
fn introspection_describes_what_was_chosen() {
    let introspection = |builder: Builder| {
        let code = generate(&builder.introspection(true)).unwrap();
        let (_, text) = code
            .split_once("pub const INTROSPECTION: &str = r#\"")
            .unwrap();
        text.split_once("\"#;").unwrap().0.to_owned()
    };
    assert_eq!(
        introspection(builder().commands(["query-a"])),
        r#"[
{"arg-type": "0", "meta-type": "command", "name": "query-a", "ret-type": "1"},
{"members": [], "meta-type": "object", "name": "0"},
{"members": [{"name": "c", "type": "2"}, {"name": "n", "type": "int"}], "meta-type": "object", "name": "1"},
{"members": [{"default": null, "name": "x", "type": "str"}], "meta-type": "object", "name": "2"},
{"json-type": "int", "meta-type": "builtin", "name": "int"},
{"json-type": "string", "meta-type": "builtin", "name": "str"}
]"#
    );
    assert_eq!(
        introspection(builder().events(["*"])),
        r#"[
{"arg-type": "0", "meta-type": "event", "name": "CHANGED"},
{"members": [{"name": "c", "type": "1"}], "meta-type": "object", "name": "0"},
{"members": [{"default": null, "name": "x", "type": "str"}], "meta-type": "object", "name": "1"},
{"json-type": "string", "meta-type": "builtin", "name": "str"}
]"#
    );
    // What a condition leaves out is not advertised either.
    let names = |text: &str| {
        let interface: serde_json::Value = serde_json::from_str(text).unwrap();
        let entities = interface.as_array().unwrap().iter();
        entities
            .filter(|entity| entity["meta-type"] == "command")
            .map(|entity| entity["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names(&introspection(builder())),
        ["query-a", "query-b", "set-c"]
    );
    let without = builder().condition("HAVE_B", Condition::False);
    assert_eq!(names(&introspection(without)), ["query-a", "set-c"]);
}

#[test]
fn introspection_describes_what_is_generated_whatever_is_decided() {
    let text = "{ 'command': 'with', 'if': 'X' }\n{ 'command': 'without', 'if': { 'not': 'X' } }";
    let schema = Frontend::new().read_text("not.json", text).unwrap();
    let decided = |symbol, decision| {
        let builder = Builder::new("not.json").introspection(true);
        let code = builder.condition(symbol, decision).generate_from(&schema);
        let code = code.unwrap();
        let there = |name: &str, structure: &str| {
            let described = code.contains(&format!("\"name\": \"{name}\""));
            assert_eq!(described, code.contains(structure), "{name}: {code}");
            described
        };
        (
            there("with", "struct With {"),
            there("without", "struct Without {"),
        )
    };
    assert_eq!(decided("Y", Condition::True), (true, true));
    assert_eq!(decided("X", Condition::True), (true, false));
    assert_eq!(decided("X", Condition::False), (false, true));
    let cfg = Condition::Cfg("windows");
    assert_eq!(decided("X", cfg), (true, true));
}

#[test]
fn a_file_is_written_once() {
    let directory = std::env::temp_dir().join(format!("qapi-gen-builder-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let schema = directory.join("vmm.json");
    std::fs::write(&schema, "{ 'command': 'quit' }").unwrap();
    let builder = Builder::new(&schema).out_dir(&directory);
    let path = builder.generate().unwrap();
    assert_eq!(path, directory.join("vmm.rs"));
    let written = std::fs::metadata(&path).unwrap().modified().unwrap();
    builder.generate().unwrap();
    assert_eq!(
        std::fs::metadata(&path).unwrap().modified().unwrap(),
        written
    );

    std::fs::write(&schema, "{ 'command': 'quit', 'data': 'Gone' }").unwrap();
    let error = builder.generate().unwrap_err().to_string();
    assert!(
        error.contains("vmm.json") && error.contains("'Gone'"),
        "{error}"
    );
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn a_file_becomes_what_it_should_be_whatever_it_was() {
    let directory = std::env::temp_dir().join(format!("qapi-gen-rewrite-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let schema = directory.join("vmm.json");
    std::fs::write(&schema, "{ 'command': 'stop' }\n{ 'command': 'quit' }").unwrap();
    let builder = Builder::new(&schema).out_dir(&directory);
    let code = builder.generate_to_string().unwrap();
    let half = &code[..code.len() / 2];
    let changed = code.replace("quit", "quip");
    let longer = format!("{code}more");
    for old in ["", half, &changed, &longer, "other"] {
        std::fs::write(directory.join("vmm.rs"), old).unwrap();
        let path = builder.generate().unwrap();
        assert_eq!(std::fs::read_to_string(path).unwrap(), code);
    }
    std::fs::remove_dir_all(&directory).unwrap();
}

/// Takes so many bytes and no more.
struct Full(usize);

impl std::io::Write for Full {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        match self.0.checked_sub(text.len()) {
            Some(left) => self.0 = left,
            None => return Err(std::io::ErrorKind::StorageFull.into()),
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn code_is_written_as_long_as_it_is_taken() {
    // So many that several threads print them.
    let structs =
        (0..300).map(|n| format!("{{ 'struct': 'Item{n}', 'data': {{ 'a': 'int' }} }}\n"));
    let text: String = structs.collect();
    let schema = Frontend::new().read_text("main.json", text).unwrap();
    let builder = Builder::new("main.json");
    let code = builder.generate_from(&schema).unwrap();
    let mut written = Vec::new();
    builder.generate_into(&schema, &mut written).unwrap();
    assert!(written == code.as_bytes());
    for size in [0, 1000, code.len() / 2, code.len() - 1] {
        let error = builder.generate_into(&schema, Full(size)).unwrap_err();
        assert!(matches!(error, qapi_gen::Error::Output(_)), "{error}");
    }
    builder.generate_into(&schema, Full(code.len())).unwrap();
}

#[test]
fn a_warning_tells_where_code_will_be_huge() {
    let chain = |count: usize| {
        let mut text = "{ 'struct': 'Item0', 'data': { 'm0': 'int' } }\n".to_owned();
        for n in 1..count {
            let base = n - 1;
            text += &format!(
                "{{ 'struct': 'Item{n}', 'base': 'Item{base}', 'data': {{ 'm{n}': 'int' }} }}\n"
            );
        }
        Frontend::new().read_text("main.json", text).unwrap()
    };
    assert_eq!(builder().warning(&chain(400)), None);
    let huge = chain(500);
    let expected = "main.json:500: the code will have some 47 MiB, since structs repeat the members of their bases: \
                    'Item499' has 499 of them, and all together 124750";
    assert_eq!(builder().warning(&huge).as_deref(), Some(expected));
    assert_eq!(builder().commands(["*"]).warning(&huge), None);
}

#[test]
fn a_list_of_what_is_used_goes_beside_the_code() {
    let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("used-list");
    _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&directory).unwrap();
    let schema = directory.join("main.json");
    std::fs::write(&schema, "{ 'command': 'go', 'data': { 'x': 'int' } }\n").unwrap();
    let builder = Builder::new(&schema).out_dir(&directory);
    builder.used_list("used.txt").generate().unwrap();
    let list = std::fs::read_to_string(directory.join("used.txt")).unwrap();
    assert_eq!(list.lines().skip(1).collect::<Vec<_>>(), ["go", "go.x"]);
    std::fs::remove_dir_all(&directory).unwrap();
}

//! A schema's texts, names and conditions become no Rust, TypeScript, Markdown or control sequences that its reader did not ask for.

use crate::reference::html::is_harmless_markdown;
use proc_macro2::{TokenStream, TokenTree};
use qapi_gen::diff::{self, Names, diff};
use qapi_gen::export::{Format, export};
use qapi_gen::reference::Reference;
use qapi_gen::{Builder, Frontend, Interface, MemoryLoader};

/// What documentation may say, a line each. Whatever becomes code of it calls `broken`.
const LINES: &str = r###"Words. */ } pub fn broken() {} /* " ' ` "]pub fn broken(){}#[doc="x
r#"x"# \ \" \n \u{0} "); broken(); //
<script>broken()</script> <img src=x onerror=broken()> <a href="javascript:broken()">x</a>
[x](javascript:broken()) ![x](x.png) `x <javascript:broken()>`_ ``code`` `` `a``

```rust
broken();
```

~~~
broken();
~~~

    broken();

- item

      broken();

.. code:: rust

    broken();

.. raw:: html

    <script>broken()</script>

::

  ```
  broken();
  #"#

/
/// broken();
#![broken]
*/ broken() /*"###;

/// A definition with these lines about itself and each of its parts.
fn documented(name: &str, parts: &[&str], definition: &str) -> String {
    let comment = |text: &str, indent: &str| -> String {
        let lines = text.lines();
        let line = |line: &str| format!("# {indent}{line}").trim_end().to_owned() + "\n";
        lines.map(line).collect()
    };
    let steering = "\u{1b}[31m \u{202e} \u{2028}broken();\u{85} \r";
    // More than a raw string may have, in code, where they stay.
    let hashes = format!("::\n\n  \"{}", "#".repeat(300));
    let mut out = format!("##\n# @{name}:\n#\n{}#\n", comment(LINES, ""));
    out += &comment(&format!("{hashes}\n\n{steering}"), "");
    for part in parts {
        out += &format!("#\n# @{part}: words\n#\n{}", comment(LINES, "    "));
    }
    out + "#\n# Since: 1.0 <script>broken()</script> */ \"\n##\n" + definition + "\n"
}

fn hostile() -> String {
    [
        documented("Kind", &["a", "b"], "{ 'enum': 'Kind', 'data': [ 'a', 'b' ] }"),
        documented("Base", &["x"], "{ 'struct': 'Base', 'data': { 'x': 'int' } }"),
        documented(
            "Either",
            &["kind", "x"],
            "{ 'union': 'Either', 'base': { 'kind': 'Kind', 'x': 'int' }, 'discriminator': 'kind', 'data': {} }",
        ),
        documented(
            "Any",
            &["n", "s"],
            "{ 'alternate': 'Any', 'data': { 'n': 'int', 's': 'str' } }",
        ),
        documented(
            "go",
            &["x", "deprecated"],
            "{ 'command': 'go', 'data': { 'x': 'Any' }, 'returns': 'Either', 'features': [ 'deprecated' ] }",
        ),
        documented("GONE", &["x"], "{ 'event': 'GONE', 'data': { 'x': 'Base' } }"),
    ]
    .concat()
}

fn read(text: &str) -> qapi_gen::model::Schema {
    Frontend::new()
        .legacy(true)
        .read_text("main.json", text)
        .unwrap_or_else(|errors| panic!("{:?}", errors.diagnostics))
}

fn generated(text: &str) -> String {
    Builder::new("main.json")
        .generate_from(&read(text))
        .unwrap()
}

/// Everything but literals.
fn words(code: TokenStream, out: &mut Vec<String>) {
    for token in code {
        match token {
            TokenTree::Group(group) => words(group.stream(), out),
            TokenTree::Literal(_) => {}
            other => out.push(other.to_string()),
        }
    }
}

/// The documentation in generated code, a text for each item.
fn documentation(code: &str) -> Vec<String> {
    let mut texts = vec![String::new()];
    for line in code.lines() {
        let line = line.trim_start();
        let text = line.strip_prefix("/// ").or((line == "///").then_some(""));
        let escaped = line.strip_prefix("#[doc = ");
        match (text.or(escaped), texts.last_mut()) {
            (Some(text), Some(last)) => *last += &format!("{text}\n"),
            (None, Some(last)) if !last.is_empty() => texts.push(String::new()),
            _ => {}
        }
    }
    texts
}

#[test]
fn documentation_becomes_no_rust() {
    let code = generated(&hostile());
    let mut all = Vec::new();
    words(code.parse().expect("it is Rust"), &mut all);
    assert!(
        all.iter().any(|word| word == "Kind") && !all.iter().any(|word| word.contains("broken"))
    );
    let steers = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{2028}');
    assert_eq!(code.find(steers), None);
}

#[test]
fn documentation_becomes_neither_html_nor_doctests() {
    let code = generated(&hostile());
    let texts = documentation(&code);
    // Nothing is lost for what a part of it is.
    let whole = |text: &&String| text.contains("main.json") && text.contains("Words.");
    assert!(texts.iter().filter(whole).count() >= 6, "{code}");
    assert!(texts.iter().any(|text| text.contains(&"#".repeat(300))));
    for text in texts {
        let mut fence = None;
        let mut blank = true;
        for line in text.lines() {
            let ticks = line.trim_start().chars().take_while(|c| *c == '`').count();
            match fence {
                Some(open) if ticks >= open => fence = None,
                Some(_) => {}
                None if ticks >= 3 => {
                    assert!(line.ends_with("text"), "a doctest: {line}");
                    fence = Some(ticks);
                }
                None => {
                    assert!(is_harmless_markdown(line), "{line}");
                    assert!(!(blank && line.starts_with("    ")), "a doctest: {line}");
                }
            }
            blank = line.is_empty();
        }
        assert_eq!(fence, None, "{text}");
    }
}

#[test]
fn conditions_stay_code() {
    let condition = "X ` <script>broken()</script> [y](javascript:broken) */ ``";
    let code = generated(&format!(
        "{{ 'enum': 'Kind', 'data': [ 'a' ], 'if': '{condition}' }}"
    ));
    let shown = format!("/// If: ```` {condition} ````");
    assert!(code.contains(&shown.replace("````", "```")), "{code}");
    let mut all = Vec::new();
    words(code.parse().expect("it is Rust"), &mut all);
    assert!(!all.iter().any(|word| word.contains("broken")));
}

/// Schemas with a name where `?` is.
const NAMED: [&str; 12] = [
    "{ 'struct': '?', 'data': {} }",
    "{ 'enum': '?', 'data': [] }",
    "{ 'command': '?' }",
    "{ 'event': '?' }",
    "{ 'struct': 'S', 'data': { '?': 'int' } }",
    "{ 'enum': 'E', 'data': [ '?' ] }",
    "{ 'alternate': 'A', 'data': { '?': 'int' } }",
    "{ 'struct': 'S', 'data': {}, 'features': [ '?' ] }",
    "{ 'command': 'go', 'data': { '*?': 'int' } }",
    "{ 'event': 'GONE', 'data': { '?': 'int' } }",
    "{ 'enum': 'E', 'data': [ '?' ] } { 'struct': 'S', 'data': { 'x': 'int' } } { 'union': 'U', 'base': { 'k': 'E' }, 'discriminator': 'k', 'data': { '?': 'S' } }",
    "{ 'struct': '?', 'data': { 'x': '?' } }",
];

#[test]
fn names_are_words() {
    for name in [
        "a b",
        "a\"",
        "a`",
        "a<b",
        "a/*",
        "a}",
        "a#",
        "a;b",
        "\u{e9}",
        "a\u{202e}",
        "a\u{1b}[1m",
        "r#fn",
        "a::b",
        "",
    ] {
        for schema in NAMED {
            let text = schema.replace('?', name);
            assert!(
                Frontend::new()
                    .read_text("main.json", text.clone())
                    .is_err(),
                "{text}"
            );
        }
    }
}

/// Releases before QEMU 2.4 let names be of any characters.
#[test]
fn old_names_become_no_code() {
    let name = "a`<script>broken()</script>*/ [x](javascript:broken) # b";
    for schema in NAMED {
        let schema = read(&schema.replace('?', name));
        let builder = Builder::new("main.json").reference("https://example.org/qmp.html", "QMP");
        let code = builder.generate_from(&schema).unwrap();
        let mut all = Vec::new();
        words(code.parse().expect("it is Rust"), &mut all);
        assert!(!all.iter().any(|word| word == "broken"));
        for line in documentation(&code).iter().flat_map(|text| text.lines()) {
            assert!(is_harmless_markdown(line), "{line}");
        }
        for file in Reference::new(&schema, "").site() {
            assert!(!file.text.contains("<script>broken"), "{}", file.text);
        }
        let declarations = export(&Interface::of(&schema), Format::TypeScript, "");
        assert!(
            !outside_of_comments(&declarations).contains("broken()"),
            "{declarations}"
        );
    }
}

#[test]
fn names_of_files_become_no_code() {
    let name = "a`<script>broken()</script>) [x](javascript:broken).json";
    let root = format!("{{ 'include': '{name}' }}");
    let loader = MemoryLoader::new([("main.json", root.as_str()), (name, "{ 'event': 'GONE' }")]);
    let schema = Frontend::new().loader(loader).read("main.json").unwrap();
    for builder in [
        Builder::new("main.json"),
        Builder::new("main.json").reference("https://example.org/qmp.html", "QMP"),
    ] {
        let code = builder.generate_from(&schema).unwrap();
        assert!(code.contains("broken"));
        for line in documentation(&code).iter().flat_map(|text| text.lines()) {
            assert!(is_harmless_markdown(line), "{line}");
        }
    }
}

/// What TypeScript takes for code.
fn outside_of_comments(code: &str) -> String {
    let mut rest = code;
    let mut outside = String::new();
    while let Some(at) = rest.find(['"', '/']) {
        outside += &rest[..at];
        rest = &rest[at..];
        let end = match rest.as_bytes() {
            [b'"', ..] => rest[1..].find('"').map(|end| end + 2),
            [b'/', b'*', ..] => rest.find("*/").map(|end| end + 2),
            [b'/', b'/', ..] => rest.find(['\n', '\r', '\u{2028}']),
            _ => None,
        };
        rest = &rest[end.unwrap_or_else(|| panic!("{rest}"))..];
    }
    outside + rest
}

#[test]
fn documentation_becomes_no_typescript() {
    let interface = Interface::of(&read(&hostile()));
    let title = "x\u{2028}broken();\r\nbroken();";
    let code = export(&interface, Format::TypeScript, title);
    let outside = outside_of_comments(&code);
    assert!(
        outside.contains("export interface Commands") && !outside.contains("broken"),
        "{outside}"
    );
    assert!(!code.contains(['\u{1b}', '\u{202e}']));
    for format in [Format::JsonSchema, Format::OpenRpc] {
        let text = export(&interface, format, title);
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    }
}

#[test]
fn names_from_a_server_are_shown_harmless() {
    let name = "a\u{1b}[31m\u{9b}1m\u{202e}' ` <script>broken()</script> [x](javascript:broken)\n\n::error::x";
    let introspection = |name: &str| {
        let value = serde_json::json!([
            { "meta-type": "command", "name": "go", "arg-type": "0", "ret-type": "0" },
            { "meta-type": "command", "name": name, "arg-type": "0", "ret-type": "0" },
            { "meta-type": "object", "name": "0", "members": [ { "name": name, "type": "1", "features": [ name ] } ] },
            { "meta-type": "enum", "name": "1", "members": [ { "name": name } ], "values": [ name ] },
        ]);
        Interface::from_introspection(&value.to_string()).unwrap()
    };
    let report = diff(&introspection("good"), &introspection(name));
    assert!(!report.changes.is_empty());
    let names = Names {
        old: "old.json",
        new: "new.json",
        uses: None,
    };
    for format in [
        diff::Format::Human,
        diff::Format::Markdown,
        diff::Format::Github,
    ] {
        let text = report.render(format, names);
        assert!(text.contains("broken"), "{text}");
        let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert_eq!(text.find(steers), None, "{text:?}");
        assert!(!text.contains("\n::error::x"), "{text}");
    }
    let text = report.render(diff::Format::Markdown, names);
    for line in text.lines() {
        assert!(is_harmless_markdown(line), "{line}");
    }
}

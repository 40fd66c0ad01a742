//! Generated code is the same however it is laid out, whatever the lengths of the schema's names.

use proc_macro2::{TokenStream, TokenTree};
use qapi_gen::{Builder, Condition, Frontend, ServiceOptions};
use std::fmt::Write as _;

/// The longest name in a schema of every construct. QEMU's longest have 39 characters.
const LONGEST: usize = 32;

/// Names of lengths that a generator of numbers chooses.
struct Names(u64);

impl Names {
    fn length(&mut self) -> usize {
        // Knuth's MMIX.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % LONGEST + 1
    }

    /// A name that none with another start is equal to.
    fn name(&mut self, start: char) -> String {
        let length = self.length();
        match start.is_ascii_uppercase() {
            // A single letter is no name of a type.
            true => format!("{start}{}", start.to_lowercase().to_string().repeat(length)),
            false => start.to_string().repeat(length),
        }
    }

    fn names<const N: usize>(&mut self, starts: [char; N]) -> [String; N] {
        starts.map(|start| self.name(start))
    }
}

/// A schema under construction.
struct Text(String);

impl Text {
    fn define(&mut self, kind: &str, name: &str, rest: &str) {
        writeln!(self.0, "{{ '{kind}': '{name}'{rest} }}").unwrap();
    }
}

/// A schema with every construct of the language.
fn constructs(seed: u64) -> String {
    let mut names = Names(seed);
    let mut text = Text(String::new());
    let [plain, colour, choice, node] = names.names(['P', 'C', 'A', 'N']);
    let [value, other] = names.names(['v', 'w']);
    structs(&mut text, &mut names, [&plain, &colour, &choice, &node]);
    enums(&mut text, &mut names);

    let data = format!(", 'data': [ '{value}', '{other}' ]");
    text.define("enum", &colour, &data);
    let data = format!(", 'data': {{ '{value}': 'int', '*{other}': 'str' }}");
    text.define("struct", &plain, &data);
    let recursive = names.name('r');
    let data = format!(", 'data': {{ '*{recursive}': '{node}', 'plain': [ '{node}' ] }}");
    text.define("struct", &node, &data);

    let [o, s, n, b, z, l] = names.names(['o', 's', 'n', 'b', 'z', 'l']);
    let data = format!("'{o}': '{plain}', '{s}': 'str', '{z}': 'null', '{l}': [ '{colour}' ]");
    text.define("alternate", &choice, &format!(", 'data': {{ {data} }}"));
    let data = format!(", 'data': {{ '{n}': 'int', '{b}': 'bool', '{s}': '{node}' }}");
    text.define("alternate", &names.name('B'), &data);

    let [union, bare] = names.names(['U', 'V']);
    let [tag, base, inner] = names.names(['t', 'q', 'i']);
    let data = format!(
        ", 'base': {{ '{tag}': '{colour}', '{base}': 'int' }}, 'discriminator': '{tag}', \
         'data': {{ '{value}': '{plain}' }}"
    );
    text.define("union", &union, &data);
    let head =
        format!(", 'base': {{ '{inner}': '{colour}' }}, 'discriminator': '{inner}', 'data': {{ ");
    let data = format!("{head}'{value}': '{union}', '{other}': '{node}' }}");
    text.define("union", &bare, &data);
    let data = format!("{head}'{value}': {{ 'type': '{union}', 'if': 'COND' }} }}");
    text.define("union", &format!("If{bare}"), &data);

    interface(
        &mut text,
        &mut names,
        &[
            String::new(),
            format!(", 'returns': '{plain}'"),
            format!(", 'returns': [ '{bare}' ]"),
            format!(", 'returns': 'If{bare}'"),
        ],
        &[
            String::new(),
            format!(", 'data': '{plain}'"),
            format!(", 'data': '{bare}', 'boxed': true"),
            format!(", 'data': {{ '{base}': 'int', '*{other}': 'str' }}"),
            format!(", 'data': {{ '{base}': 'int', '*{other}': 'str' }}, 'gen': false"),
        ],
    );
    text.0
}

/// Structs of one member and of several: of every type, optional or not, array or not, with features and conditions.
fn structs(text: &mut Text, names: &mut Names, defined: [&str; 4]) {
    let builtin = ["str", "int", "any", "bool", "number", "uint8"];
    let types = [&builtin[..], &defined].concat();
    for kind in 0..16 {
        let mut members = types.iter().zip('a'..).map(|(ty, start)| {
            let optional = if kind & 1 == 0 { "" } else { "*" };
            let ty = match kind & 2 {
                0 => format!("'{ty}'"),
                _ => format!("[ '{ty}' ]"),
            };
            let more = [
                "",
                ", 'features': [ 'deprecated' ]",
                ", 'features': [ 'unstable', 'deprecated' ]",
                ", 'if': 'COND'",
            ];
            let more = more[kind / 4];
            let name = names.name(start);
            format!("'{optional}{name}': {{ 'type': {ty}{more} }}")
        });
        let members: Vec<String> = members.by_ref().collect();
        for (size, start) in [(1, 'D'), (3, 'E'), (10, 'F')] {
            for (index, members) in members.chunks(size).enumerate() {
                let name = format!("{}{kind}x{index}", names.name(start));
                let data = format!(", 'data': {{ {} }}", members.join(", "));
                text.define("struct", &name, &data);
                // What is only sent has no field for what is not known.
                let used = match index % 2 {
                    0 => format!(", 'returns': '{name}'"),
                    _ => format!(", 'data': '{name}', 'boxed': true"),
                };
                text.define("command", &format!("use-{kind}-{size}-{index}"), &used);
            }
        }
    }
}

/// Enums of few and of many values.
fn enums(text: &mut Text, names: &mut Names) {
    for count in [1, 2, 3, 4, 5, 7, 11, 20] {
        let values: Vec<String> = (0..count)
            .zip('a'..)
            .map(|(index, start)| {
                let value = names.name(start);
                match index % 7 {
                    3 => format!("{{ 'name': '{value}', 'features': [ 'deprecated' ] }}"),
                    5 => format!("{{ 'name': '{value}', 'features': [ 'unstable' ] }}"),
                    _ => format!("'{value}'"),
                }
            })
            .collect();
        let name = format!("{}{count}", names.name('L'));
        let data = format!(", 'data': [ {} ]", values.join(", "));
        text.define("enum", &name, &data);
        let data = data.replace("'features': [ 'deprecated' ]", "'if': 'COND'");
        text.define("enum", &format!("If{name}"), &data);
    }
}

/// Commands and events with these replies and data.
fn interface(text: &mut Text, names: &mut Names, replies: &[String], data: &[String]) {
    let feature = names.name('f');
    let extras = [
        String::new(),
        ", 'features': [ 'deprecated' ]".to_owned(),
        format!(", 'features': [ '{feature}', 'unstable' ]"),
        ", 'if': 'COND'".to_owned(),
        ", 'allow-oob': true, 'allow-preconfig': true".to_owned(),
    ];
    let mut starts = ('a'..='p').cycle();
    for (i, reply) in replies.iter().enumerate() {
        for (j, extra) in extras.iter().enumerate() {
            for (k, data) in data.iter().enumerate() {
                let start = starts.next().unwrap();
                let command = format!("{}-{i}{j}{k}", names.name(start));
                text.define("command", &command, &format!("{data}{reply}{extra}"));
                if i == 0 && !extra.contains("allow") && !data.contains("gen") {
                    let event = format!("{}_{j}{k}", names.name(start).to_uppercase());
                    text.define("event", &event, &format!("{data}{extra}"));
                }
            }
        }
    }
}

/// The tokens of some code, with its documentation as text. A comma before a closing bracket does not count: whether there is one
/// depends on the layout.
fn tokens(code: &str) -> Vec<String> {
    let mut all = Vec::new();
    flatten(code.parse().expect("it is Rust"), &mut all);
    all
}

fn flatten(tokens: TokenStream, all: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                if let [TokenTree::Ident(doc), _, TokenTree::Literal(text)] = inner.as_slice()
                    && doc == "doc"
                {
                    document(value(&text.to_string()), all);
                    continue;
                }
                all.push(format!("{:?}", group.delimiter()));
                flatten(group.stream(), all);
                all.pop_if(|last| last == ",");
                all.push("end".to_owned());
            }
            token => all.push(token.to_string()),
        }
    }
}

/// A line of documentation may be an attribute of its own.
fn document(text: String, all: &mut Vec<String>) {
    all.pop_if(|last| last == "#");
    match all.as_mut_slice() {
        [.., doc, before] if doc == "doc" => *before += &format!("\n{text}"),
        _ => all.extend(["doc".to_owned(), text]),
    }
}

/// The value of a literal, which is not raw unless it needs no escapes.
fn value(literal: &str) -> String {
    let inner = literal.trim_start_matches('r').trim_matches('"');
    inner
        .replace("\\n", "\n")
        .replace("\\\"", "\"")
        .replace("\\'", "'")
}

/// Checks that both layouts of the code for a schema are the same code, and that what is laid out for people fits the width.
fn check(schema: &str, krate: &str, service: ServiceOptions) {
    let read = Frontend::new().read_text("format.json", schema);
    let schema = read.unwrap_or_else(|errors| panic!("{errors}"));
    let builder = Builder::new("format.json")
        .types_crate(krate)
        .condition("COND", Condition::Cfg("unix"))
        .service(service);
    let generate = |formatted| {
        builder
            .clone()
            .format(formatted)
            .generate_from(&schema)
            .unwrap()
    };
    let (formatted, lines) = (generate(true), generate(false));
    let (a, b) = (tokens(&formatted), tokens(&lines));
    if let Some(at) = a.iter().zip(&b).position(|(a, b)| a != b) {
        panic!(
            "{:?}\nis not\n{:?}",
            &a[at.saturating_sub(9)..][..12],
            &b[at.saturating_sub(9)..][..12]
        );
    }
    assert_eq!(a.len(), b.len());
    let lines = lines
        .lines()
        .filter(|line| !line.starts_with("//") && !line.is_empty());
    assert!(lines.count() < formatted.lines().count() / 5);
}

#[test]
fn both_layouts_are_the_same_code_whatever_the_lengths_of_names() {
    let required = || ServiceOptions::new().required(["*c*", "*g*"]);
    for seed in 1..=2 {
        let schema = constructs(seed);
        check(&schema, "crate", required().local(true));
        check(&schema, "::qapi_types", required());
    }
}

#[test]
fn a_line_is_as_wide_as_its_longest_part_needs() {
    let read = Frontend::new()
        .read_text("format.json", constructs(5))
        .unwrap();
    let code = Builder::new("format.json").generate_from(&read).unwrap();
    for line in code.lines().filter(|line| line.len() > 100) {
        // What is left has no brackets to break, or only those that hold nothing.
        let shown = line.trim_start().starts_with("///");
        let inside = line.trim_end_matches(['{', '(', '[', ',', ';', ' ']);
        assert!(shown || !inside.contains(", "), "{line}");
    }
}

//! Generated code is laid out as rustfmt would, whatever the lengths of the schema's names.

use qapi_gen::{Builder, Condition, Frontend, ServiceOptions};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

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

/// What rustfmt makes of some code; `None`, and a word about it, where there is no rustfmt.
fn formatted(code: String) -> Option<String> {
    let rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut rustfmt) = rustfmt else {
        // Not by a macro that the test harness captures: a skipped test passes.
        _ = writeln!(std::io::stderr(), "SKIPPED: no rustfmt");
        return None;
    };
    let mut stdin = rustfmt.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(code.as_bytes()));
    let output = rustfmt.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "rustfmt failed");
    Some(String::from_utf8(output.stdout).unwrap())
}

/// Checks the code for a schema.
fn check(what: &str, schema: &str, krate: &str, service: ServiceOptions) {
    let read = Frontend::new().read_text("format.json", schema);
    let schema = read.unwrap_or_else(|errors| panic!("{errors}"));
    let code = Builder::new("format.json")
        .types_crate(krate)
        .condition("COND", Condition::Cfg("unix"))
        .service(service)
        .generate_from(&schema)
        .unwrap();
    check_code(what, &code);
}

fn check_code(what: &str, code: &str) {
    let Some(formatted) = formatted(code.to_owned()) else {
        return;
    };
    let lines: Vec<&str> = code.lines().collect();
    let different = lines
        .iter()
        .zip(formatted.lines())
        .position(|(a, b)| *a != b);
    if let Some(at) = different.or((code != formatted).then_some(lines.len())) {
        let excerpt = |text: &str| {
            let lines = text.lines().skip(at.saturating_sub(5)).take(12);
            lines.collect::<Vec<_>>().join("\n")
        };
        panic!(
            "{what}:{}: generated\n{}\nformatted\n{}",
            at + 1,
            excerpt(code),
            excerpt(&formatted)
        );
    }
}

#[test]
fn names_of_any_length_are_laid_out_as_rustfmt_does() {
    let required = || ServiceOptions::new().required(["*c*", "*g*"]);
    for seed in 1..=2 {
        let schema = constructs(seed);
        check("own crate", &schema, "crate", required().local(true));
        check("other crate", &schema, "::qapi_types", required());
    }
}

#[test]
fn golden_files_and_the_modules_for_qemu_are_laid_out_as_rustfmt_does() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["tests/golden", "../qapi-types/src"] {
        let files = std::fs::read_dir(package.join(folder)).unwrap();
        let paths = files.map(|file| file.unwrap().path());
        for path in paths.filter(|path| path.extension().is_some_and(|end| end == "rs")) {
            let code = std::fs::read_to_string(&path).unwrap();
            if code.starts_with("// Generated by ") {
                check_code(&path.display().to_string(), &code);
            }
        }
    }
}

#[test]
fn a_command_and_an_event_alone_are_laid_out_as_rustfmt_does() {
    for length in (1..=50).step_by(3) {
        let (command, event) = ("c".repeat(length), "E".repeat(length));
        for more in [
            "",
            ", 'features': [ 'deprecated' ]",
            ", 'features': [ 'deprecated', 'unstable' ]",
        ] {
            let schema =
                format!("{{ 'command': '{command}'{more} }}\n{{ 'event': '{event}'{more} }}\n");
            let what = format!("length {length}{more}");
            check(&what, &schema, "::qapi_types", ServiceOptions::new());
        }
    }
}

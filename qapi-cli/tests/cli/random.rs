//! A thousand random commands: what `qmp` refuses before it is sent is refused by the server, and what the server calls a
//! wrong member, type or value is refused before.

use std::time::Duration;

use qapi_rt::blocking::Client;
use qapi_rt::capabilities::{Capabilities, JsonType, Type, TypeKind};
use qapi_rt::types::{Object, Value};
use qapi_tests::peers::Server;

use crate::setup::{AGES, Qmp};

const COMMANDS: usize = 1000;
/// Of so many of those that are refused, the program itself is asked.
const BY_PROGRAM: usize = 10;

/// What a visitor of QEMU says of arguments, whatever the command.
const WORDS: [&str; 6] = [
    "Invalid parameter type",
    "' is missing",
    "' is unexpected",
    "does not accept value",
    "Invalid parameter '",
    "expects a",
];

/// Numbers that are random enough, and the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides.max(1)
    }

    /// A value of a type; no deeper than necessary after a while.
    fn value(&mut self, ty: Type<'_>, depth: usize) -> Value {
        match ty.kind() {
            TypeKind::Builtin(JsonType::Int) => self.roll(9).into(),
            TypeKind::Builtin(JsonType::Number) => 0.5.into(),
            TypeKind::Builtin(JsonType::Boolean) => (self.roll(2) == 0).into(),
            TypeKind::Builtin(JsonType::Null) => Value::Null,
            TypeKind::Enum => {
                let names: Vec<_> = ty.values().map(|value| value.name()).collect();
                names[self.roll(names.len())].into()
            }
            TypeKind::Array(element) => {
                let count = if depth > 3 { 0 } else { self.roll(3) };
                (0..count).map(|_| self.value(element, depth + 1)).collect()
            }
            TypeKind::Object => Value::Object(self.object(ty, depth)),
            TypeKind::Alternate => {
                let alternatives: Vec<_> = ty.alternatives().collect();
                // Those without members come to an end.
                let scalar =
                    |ty: &&Type<'_>| !matches!(ty.kind(), TypeKind::Object | TypeKind::Array(_));
                let ty = match alternatives.iter().find(scalar) {
                    Some(ty) if depth > 2 => *ty,
                    _ => alternatives[self.roll(alternatives.len())],
                };
                self.value(ty, depth + 1)
            }
            _ => format!("no-{}", self.roll(9)).into(),
        }
    }

    fn object(&mut self, ty: Type<'_>, depth: usize) -> Object {
        let mut object = Object::new();
        let mut done = 0;
        // Each tag chooses more members.
        loop {
            let types = ty.chosen(&object);
            let Some(ty) = types.get(done) else {
                return object;
            };
            done += 1;
            for member in ty.members() {
                let is_wanted = !member.is_optional() || (depth < 3 && self.roll(4) == 0);
                if is_wanted || ty.tag() == Some(member.name()) {
                    object.insert(member.name().to_owned(), self.value(member.ty(), depth + 1));
                }
            }
        }
    }

    /// Makes one thing wrong, or perhaps not.
    fn spoil(&mut self, object: &mut Object) {
        let names: Vec<_> = object.keys().cloned().collect();
        let name = names.get(self.roll(names.len())).cloned();
        match (self.roll(6), name) {
            (0, _) => drop(object.insert("no-such-member".into(), 1.into())),
            (1, Some(name)) => drop(object.remove(&name)),
            (2, Some(name)) => drop(object.insert(name, Value::Array(vec![Value::Null]))),
            (3, Some(name)) => drop(object.insert(name, "no-such-value".into())),
            (4, Some(name)) => {
                if let Some(Value::Object(inner)) = object.get_mut(&name) {
                    self.spoil(inner);
                }
            }
            _ => {}
        }
    }
}

/// Whether it may be executed here if it is right: what it acts on is not there, or it only asks.
fn is_harmless(name: &str) -> bool {
    let asks = name.starts_with("query-") || name.starts_with("qom-list") || name == "qom-get";
    let acts_on_nothing = [
        "-del",
        "_del",
        "-remove",
        "-cancel",
        "-pause",
        "-resume",
        "-dismiss",
        "-finalize",
        "-complete",
    ];
    asks || acts_on_nothing.iter().any(|end| name.ends_with(end))
}

fn refuses(capabilities: &Capabilities, name: &str, arguments: &Object) -> bool {
    let findings = capabilities.examine_raw(name, arguments);
    findings.iter().any(|finding| finding.problem.is_fatal())
}

#[test]
fn refusals_are_those_of_the_server() {
    for age in AGES {
        if let Some(launch) = age.qemu("none") {
            compare(&launch.start_ready());
        }
    }
}

fn compare(server: &Server) {
    let qmp = Qmp::of(server);
    let client = Client::builder().deadline(Duration::from_secs(60));
    let client = client.connect_unix(server.socket()).expect("it runs");
    let capabilities = client.capabilities().expect("a schema");
    let commands: Vec<_> = capabilities.commands().collect();
    let mut dice = Dice(42);
    let (mut refused, mut executed, mut samples) = (0, 0, Vec::new());
    let mut differences = Vec::new();
    while refused + executed < COMMANDS {
        let command = commands[dice.roll(commands.len())];
        let name = command.name();
        let mut arguments = dice.object(command.arguments(), 0);
        // What `device_add` takes is not in the schema.
        if dice.roll(4) > 0 && name != "device_add" {
            dice.spoil(&mut arguments);
        }
        let ours = refuses(&capabilities, name, &arguments);
        if !ours && !is_harmless(name) {
            continue;
        }
        let reply = client.execute_raw(name, arguments.clone().into());
        let told = match &reply {
            Ok(_) => String::new(),
            Err(error) => error
                .reply()
                .map(|reply| reply.desc.to_string())
                .expect("an answer"),
        };
        let text = Value::Object(arguments).to_string();
        if ours {
            if reply.is_ok() {
                differences.push(format!("refused by us only: {name} {text}"));
            }
            refused += 1;
            if samples.len() < BY_PROGRAM {
                samples.push((name.to_owned(), text));
            }
        } else {
            if WORDS.iter().any(|words| told.contains(words)) {
                differences.push(format!("refused by the server only: {name} {text}: {told}"));
            }
            executed += 1;
        }
    }
    let version = &client.greeting().version.qemu;
    assert!(
        differences.is_empty(),
        "{version:?}:\n{}",
        differences.join("\n")
    );
    assert!(
        refused > COMMANDS / 4 && executed > COMMANDS / 10,
        "{refused} {executed}"
    );
    drop(client);
    for (name, arguments) in samples {
        assert_eq!(
            qmp.run([&*name, "--json", &*arguments]).bad().0,
            2,
            "{name} {arguments}"
        );
    }
}

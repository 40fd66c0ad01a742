//! Replies, events and requests of any release since 6.0, and of one that is newer than ours, against the generated types.

use std::path::Path;

use qapi_gen::Frontend;
use qapi_gen::model::{Schema, Type};
use qapi_tests::{
    Generator, Interface, Optional, RecodeEvent, Seeded, choices, corpus, differ, models, to_text,
};
use qapi_types::message::ServerMessage;
use qapi_types::{Mode, Value, from_slice};
use serde_json::json;

/// How often each reply, event and request is made at least, and at most until every choice was taken.
const ROUNDS: std::ops::Range<u64> = 6..20_000;

/// A release's messages, made from its schema and read by our types.
struct Peer<'s> {
    name: String,
    schema: &'s Schema,
    ours: &'static Interface,
    generator: Generator<'s, Seeded>,
    faults: Vec<String>,
}

impl Peer<'_> {
    /// Whatever clients of this release say can be said with our types.
    fn requests(&mut self) {
        for theirs in self.schema.commands() {
            let Some(command) = self.ours.command(&theirs.name) else {
                let fault = format!("{} {} is unknown", self.name, theirs.name);
                self.faults.push(fault);
                continue;
            };
            let arguments = theirs.arguments.map(Type::Object);
            self.rounds(&theirs.name, arguments, |_, value, text| {
                differ_from(value, command.arguments.recode_text(text, Mode::Lenient))
            });
        }
    }

    fn run(&mut self) {
        for theirs in self.schema.commands() {
            if let Some(command) = self.ours.command(&theirs.name) {
                self.rounds(&theirs.name, theirs.returns, |_, value, text| {
                    differ_from(value, command.reply.recode_text(text, Mode::Lenient))
                });
            }
        }
        for theirs in self.schema.events() {
            let recode = self.ours.recode_event.expect("there are events");
            self.rounds(
                &theirs.name,
                theirs.data.map(Type::Object),
                |name, value, text| differ_from(value, event(recode, name, text)),
            );
        }
    }

    fn rounds(
        &mut self,
        name: &str,
        ty: Option<Type>,
        check: impl Fn(&str, &Value, &str) -> Option<String>,
    ) {
        let options = choices(self.schema, ty);
        let generator = &mut self.generator;
        for round in 0..ROUNDS.end {
            // What is new is made instead of what is known, so not all of that comes up.
            let enough = if generator.newer { 40 } else { ROUNDS.start };
            if round >= enough && (generator.newer || generator.has_taken(&options)) {
                return;
            }
            generator.optional = match round % 3 {
                0 => Optional::Never,
                1 => Optional::Always,
                _ => Optional::Sometimes,
            };
            let value = ty.map_or_else(|| json!({}), |ty| generator.value(ty));
            let text = to_text(&value, &mut generator.source);
            if let Some(fault) = check(name, &value, &text) {
                self.faults
                    .push(format!("{} {name}{fault}: {text}", self.name));
                return;
            }
        }
        let missed = generator.not_taken(&options);
        self.faults
            .push(format!("{} {name}: never made {missed:?}", self.name));
    }
}

/// What an event becomes that is decoded from a whole message.
fn event(recode: RecodeEvent, name: &str, data: &str) -> qapi_types::Result<Value> {
    let timestamp = r#"{"seconds":1,"microseconds":2}"#;
    let message = format!(r#"{{"event":"{name}","data":{data},"timestamp":{timestamp}}}"#);
    let ServerMessage::Event(event) = ServerMessage::parse(message.as_bytes())? else {
        panic!("{message} is an event");
    };
    from_slice(&recode(&event.name, event.data)?, Mode::Strict)
}

/// What is wrong with a value that was decoded and encoded.
fn differ_from(before: &Value, after: qapi_types::Result<Value>) -> Option<String> {
    match after {
        Ok(after) => differ(before, &after),
        Err(error) => Some(format!(": {error}")),
    }
}

fn check(name: &str, schema: &Schema, ours: &'static Interface, newer: bool) {
    let mut generator = Generator::new(schema, Seeded(6));
    generator.newer = newer;
    let name = format!("{name} {}", ours.name);
    let mut peer = Peer {
        name,
        schema,
        ours,
        generator,
        faults: Vec::new(),
    };
    peer.run();
    if !newer {
        peer.requests();
    }
    assert!(peer.faults.is_empty(), "{}", peer.faults.join("\n"));
}

#[test]
fn our_own_release() {
    for ours in &models() {
        check("own", &ours.schema, ours.interface, false);
    }
}

/// Members, enum values, branches and kinds of value that our schema does not have.
#[test]
fn a_newer_release() {
    for ours in &models() {
        check("newer", &ours.schema, ours.interface, true);
    }
    for recode in models()
        .iter()
        .filter_map(|ours| ours.interface.recode_event)
    {
        let data = json!({ "new": [1, null] });
        assert_eq!(event(recode, "X_NEWER", &data.to_string()).unwrap(), data);
    }
}

#[test]
fn every_release_since_6_0() {
    let Some(folder) = corpus("schemas", "other releases") else {
        return;
    };
    let models = models();
    let mut releases: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    releases.sort();
    let mut count = 0;
    for release in releases {
        let version = release.file_name().unwrap().to_str().unwrap().to_owned();
        let major: u32 = version.split('.').next().unwrap().parse().unwrap();
        if major < 6 {
            continue;
        }
        count += 1;
        for (ours, root) in models.iter().zip([
            "qapi/qapi-schema.json",
            "qga/qapi-schema.json",
            "storage-daemon/qapi/qapi-schema.json",
        ]) {
            let schema = read(&release.join(root));
            check(&version, &schema, ours.interface, false);
        }
    }
    assert!(count > 0, "no release since 6.0 is there");
}

fn read(root: &Path) -> Schema {
    let frontend = Frontend::new().legacy(true).docs(false);
    frontend
        .read(root)
        .unwrap_or_else(|errors| panic!("{errors}"))
}

//! What QEMU's schema says and servers do not: the guest agent's commands, the releases in which things appeared, and, before it
//! is asked, which commands need arguments.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::PathBuf;

use qapi_gen::model::{Doc, ObjectId, Origin, Schema, Text, Type};

/// So deep are objects within arguments looked into, as `qmp describe` does.
const DEEPEST: usize = 3;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let directory = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("no OUT_DIR")?);
    let read = |root: PathBuf| {
        println!("cargo::rerun-if-changed={}", root.display());
        qapi_gen::Frontend::new().read(root)
    };
    let (qmp, agent) = (read(qapi_schema::qmp())?, read(qapi_schema::qga())?);
    let info = qapi_gen::introspect::schema_info(&agent, &Default::default());
    std::fs::write(directory.join("agent.json"), info)?;
    std::fs::write(directory.join("qmp.txt"), releases(&qmp)?)?;
    std::fs::write(directory.join("agent.txt"), releases(&agent)?)?;
    std::fs::write(directory.join("needy.txt"), needy(&qmp))?;
    println!("cargo::rustc-env=SCHEMA_VERSION={}", qapi_schema::VERSION);
    Ok(())
}

/// A line `command NAME MODULE RELEASE` or `event …` each, below it a line ` MEMBER RELEASE` for what came later.
fn releases(schema: &Schema) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    let mut entry = |kind, name: &str, origin: &Origin, doc: Option<&Doc>, data| {
        let module = origin.module.map(|module| &*schema.modules()[module].name);
        let module = module.unwrap_or_default().trim_end_matches(".json");
        let since = doc.and_then(Doc::since).unwrap_or("-");
        writeln!(out, "{kind} {name} {module} {since}")?;
        let mut found = BTreeMap::new();
        if let Some(id) = data {
            members(schema, id, "", DEEPEST, &mut found);
        }
        for (member, release) in found {
            if let Some(release) = release.filter(|release| number(release) > number(since)) {
                writeln!(out, " {member} {release}")?;
            }
        }
        Ok(())
    };
    for it in schema.commands() {
        entry(
            "command",
            &it.name,
            &it.origin,
            it.doc.as_ref(),
            it.arguments,
        )?;
    }
    for it in schema.events() {
        entry("event", &it.name, &it.origin, it.doc.as_ref(), it.data)?;
    }
    Ok(out)
}

/// The commands that fail without arguments, a line each.
fn needy(schema: &Schema) -> String {
    let needs = |id| {
        let mut members = schema.all_members(schema.object(id));
        members.any(|(_, member)| !member.optional)
    };
    let commands = schema.commands();
    let commands = commands.filter(|command| command.arguments.is_some_and(needs));
    commands
        .map(|command| command.name.to_string() + "\n")
        .collect()
}

/// Members by their path. Of those that several branches have only what they agree on is kept.
fn members(
    schema: &Schema,
    id: ObjectId,
    prefix: &str,
    depth: usize,
    found: &mut BTreeMap<String, Option<String>>,
) {
    let object = schema.object(id);
    for object in schema.lineage(object) {
        let of_all = object.doc.as_ref().and_then(Doc::since);
        for member in &object.members {
            let path = format!("{prefix}{}", member.name);
            let release = described(member.doc.as_ref()).or(of_all).map(str::to_owned);
            let known = found.entry(path.clone()).or_insert_with(|| release.clone());
            if *known != release {
                *known = None;
            }
            if let Some(inner) = object_in(schema, member.ty).filter(|_| depth > 1) {
                members(schema, inner, &format!("{path}."), depth - 1, found);
            }
        }
        for branch in object
            .variants
            .iter()
            .flat_map(|variants| &variants.branches)
        {
            members(schema, branch.object, prefix, depth, found);
        }
    }
}

/// As numbers, which can be compared.
fn number(release: &str) -> Vec<u32> {
    release
        .split('.')
        .map_while(|part| part.parse().ok())
        .collect()
}

/// The release in `(since 8.1)`.
fn described(doc: Option<&Text>) -> Option<&str> {
    let (_, release) = doc?.text.split_once("(since ")?;
    release.split([')', ' ', ',']).next()
}

fn object_in(schema: &Schema, ty: Type) -> Option<ObjectId> {
    match ty {
        Type::Object(id) => Some(id),
        Type::Array(id) => object_in(schema, schema.array(id).element),
        Type::Alternate(id) => {
            let mut alternatives = schema.alternate(id).alternatives.iter();
            alternatives.find_map(|it| object_in(schema, it.ty))
        }
        _ => None,
    }
}

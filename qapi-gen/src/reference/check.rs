//! Checks examples in documentation against the schema.

use super::Warning;
use super::book::{Book, json_kind};
use super::example::{Message, messages};
use crate::model::*;
use crate::rst::{self, Block};
use crate::source::SourceFile;
use serde_json::{Map, Value};

/// What is wrong with the examples, in the order of the schema.
pub(super) fn warnings(book: &Book) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let sources = book.schema.sources();
    let mut check = |text: &Text| {
        let blocks = rst::read(&text.text, &|_| None);
        let mut exchanges = Vec::new();
        collect(&blocks, &mut exchanges);
        let start = sources.start(text.span);
        let mut place = Place {
            file: sources.file(start.file),
            line: start.line,
        };
        for lines in exchanges {
            exchange(book, lines, &mut place, &mut warnings);
        }
    };
    for module in book.schema.modules() {
        module.free_form.iter().for_each(|(_, text)| check(text));
    }
    for entry in &book.entries {
        let sections = entry.doc.iter().flat_map(|doc| &doc.sections);
        sections.for_each(|section| check(&section.text));
        let own = entry.parts.iter().filter(|part| part.inherited.is_none());
        own.filter_map(|part| part.doc).for_each(&mut check);
    }
    warnings
}

fn collect<'b>(blocks: &'b [Block], into: &mut Vec<&'b [String]>) {
    for block in blocks {
        match block {
            Block::Code {
                lines,
                messages: true,
            } => into.push(lines),
            Block::Example { body, .. }
            | Block::Quote(body)
            | Block::Admonition { body, .. }
            | Block::Tagged { body, .. }
            | Block::Footnote { body, .. }
            | Block::Definition { body, .. } => collect(body, into),
            Block::List { items, .. } => {
                items.iter().for_each(|item| collect(&item.body, into));
            }
            _ => {}
        }
    }
}

/// Where the search for the next message in the source goes on.
struct Place<'s> {
    file: &'s SourceFile,
    line: u32,
}

impl Place<'_> {
    /// Moves on to a message, if its first line is found.
    fn find(&mut self, first: &str) {
        let comment = |line: &str| line.trim_start_matches('#').trim() == first.trim();
        let lines = self
            .file
            .text()
            .lines()
            .enumerate()
            .skip(self.line as usize - 1);
        let found = lines
            .map(|(at, line)| (at as u32 + 1, line))
            .find(|(_, line)| comment(line));
        if let Some((line, _)) = found {
            self.line = line;
        }
    }
}

fn exchange(book: &Book, lines: &[String], place: &mut Place<'_>, warnings: &mut Vec<Warning>) {
    let mut asked = None;
    for message in messages(lines) {
        place.find(message.first);
        if message.is_elided() {
            asked = None;
            continue;
        }
        for problem in problems(book.schema, &message, &mut asked) {
            warnings.push(Warning {
                file: place.file.name().to_owned(),
                line: place.line,
                message: problem,
            });
        }
        // The same line may stand there again.
        place.line += 1;
    }
}

/// `asked` is the command whose reply is next.
fn problems<'s>(
    schema: &'s Schema,
    message: &Message,
    asked: &mut Option<&'s Command>,
) -> Vec<String> {
    let values = serde_json::Deserializer::from_str(&message.text).into_iter();
    let values: Vec<Value> = match values.collect() {
        Ok(values) => values,
        Err(error) => {
            *asked = None;
            return vec![format!("example is not JSON: {error}")];
        }
    };
    let mut problems = Vec::new();
    for value in &values {
        // What is no object is no message of its own, such as a number that stands for one.
        if let Value::Object(value) = value {
            let checked = match message.from_client {
                true => request(schema, value, asked),
                false => answer(schema, value, asked),
            };
            problems.extend(checked.err());
        }
    }
    problems
}

fn request<'s>(
    schema: &'s Schema,
    message: &Map<String, Value>,
    asked: &mut Option<&'s Command>,
) -> Result<(), String> {
    *asked = None;
    let name = message.get("execute").or_else(|| message.get("exec-oob"));
    let Some(name) = name.and_then(Value::as_str) else {
        return Err("example has a request without \"execute\"".to_owned());
    };
    let Some(Definition::Command(id)) = schema.definition(name) else {
        return Err(format!("example executes '{name}', which is no command"));
    };
    let command = schema.command(id);
    *asked = Some(command);
    if let Some(other) = message
        .keys()
        .find(|key| !["execute", "exec-oob", "arguments", "id"].contains(&key.as_str()))
    {
        return Err(format!(
            "example of '{name}' has '{other}', which no request has"
        ));
    }
    let none = Value::Object(Map::new());
    let arguments = message.get("arguments").unwrap_or(&none);
    let object = command.arguments.unwrap_or(schema.empty());
    let checker = Checker {
        schema,
        open: !command.gen_,
    };
    checker
        .object(object, arguments, "arguments")
        .map_err(|problem| format!("example of '{name}': {problem}"))
}

fn answer(
    schema: &Schema,
    message: &Map<String, Value>,
    asked: &mut Option<&Command>,
) -> Result<(), String> {
    let checker = Checker {
        schema,
        open: false,
    };
    if let Some(name) = message.get("event").and_then(Value::as_str) {
        let Some(Definition::Event(id)) = schema.definition(name) else {
            return Err(format!("example has '{name}', which is no event"));
        };
        let none = Value::Object(Map::new());
        let data = message.get("data").unwrap_or(&none);
        let object = schema.event(id).data.unwrap_or(schema.empty());
        return checker
            .object(object, data, "data")
            .map_err(|problem| format!("example of '{name}': {problem}"));
    }
    let Some(value) = message.get("return") else {
        return Ok(());
    };
    let Some(command) = asked.take() else {
        return Ok(());
    };
    let ty = command.returns.unwrap_or(Type::Object(schema.empty()));
    checker
        .value(ty, value, "return")
        .map_err(|problem| format!("example of '{}': {problem}", command.name))
}

/// Checks values. Each is as deep as JSON may nest.
struct Checker<'s> {
    schema: &'s Schema,
    /// Whether arguments may have members that the schema does not list.
    open: bool,
}

impl Checker<'_> {
    fn value(&self, ty: Type, value: &Value, path: &str) -> Result<(), String> {
        let schema = self.schema;
        let fail = || Err(format!("{path} is no {}", schema.type_name(ty)));
        match ty {
            Type::Builtin(builtin) if fits(builtin, value) => Ok(()),
            Type::Builtin(_) => fail(),
            Type::Enum(id) => match value.as_str() {
                Some(text) if schema.enum_(id).values.iter().any(|v| v.name == text) => Ok(()),
                Some(text) => Err(format!(
                    "{path} is '{text}', which {} has not",
                    schema.enum_(id).name
                )),
                None => fail(),
            },
            Type::Array(id) => match value {
                Value::Array(items) => {
                    let element = schema.array(id).element;
                    let mut items = items.iter().enumerate();
                    items.try_for_each(|(at, item)| {
                        self.value(element, item, &format!("{path}[{at}]"))
                    })
                }
                _ => fail(),
            },
            Type::Alternate(id) => {
                let alternatives = schema.alternate(id).alternatives.iter();
                let fitting = alternatives
                    .map(|alternative| alternative.ty)
                    .find(|ty| is_kind(json_kind(schema, *ty), value));
                fitting.map_or_else(fail, |ty| self.value(ty, value, path))
            }
            Type::Object(id) => self.object(id, value, path),
        }
    }

    fn object(&self, id: ObjectId, value: &Value, path: &str) -> Result<(), String> {
        let schema = self.schema;
        let Value::Object(map) = value else {
            return Err(format!("{path} is no object"));
        };
        let object = schema.object(id);
        let mut members: Vec<&Member> = schema.all_members(object).map(|(_, m)| m).collect();
        // A branch may be a union itself.
        let mut next = object.variants.as_ref();
        while let Some(variants) = next {
            let tag = map.get(variants.tag.as_str()).and_then(Value::as_str);
            let branch = variants
                .branches
                .iter()
                .find(|b| Some(b.value.as_str()) == tag);
            let branch = branch.map(|branch| schema.object(branch.object));
            members.extend(
                branch
                    .iter()
                    .flat_map(|b| schema.all_members(b))
                    .map(|(_, m)| m),
            );
            next = branch.and_then(|branch| branch.variants.as_ref());
        }
        for member in &members {
            let path = format!("{path}.{}", member.name);
            match map.get(member.name.as_str()) {
                Some(value) => self.value(member.ty, value, &path)?,
                None if member.optional => {}
                None => return Err(format!("{path} is missing")),
            }
        }
        let known = |name: &str| members.iter().any(|member| member.name == name);
        match map.keys().find(|name| !known(name)) {
            Some(name) if !self.open => {
                Err(format!("{path} has '{name}', which the schema has not"))
            }
            _ => Ok(()),
        }
    }
}

fn is_kind(kind: JsonKind, value: &Value) -> bool {
    match kind {
        JsonKind::String => value.is_string(),
        JsonKind::Number => value.is_number(),
        JsonKind::Int => value.is_i64() || value.is_u64(),
        JsonKind::Boolean => value.is_boolean(),
        JsonKind::Null => value.is_null(),
        JsonKind::Object => value.is_object(),
        JsonKind::Array => value.is_array(),
        JsonKind::Value => true,
    }
}

fn fits(builtin: Builtin, value: &Value) -> bool {
    let signed = |low: i64, high: i64| value.as_i64().is_some_and(|n| (low..=high).contains(&n));
    let unsigned = |high: u64| value.as_u64().is_some_and(|n| n <= high);
    match builtin {
        Builtin::Int | Builtin::Int64 => value.is_i64(),
        Builtin::Int8 => signed(i8::MIN.into(), i8::MAX.into()),
        Builtin::Int16 => signed(i16::MIN.into(), i16::MAX.into()),
        Builtin::Int32 => signed(i32::MIN.into(), i32::MAX.into()),
        Builtin::Uint8 => unsigned(u8::MAX.into()),
        Builtin::Uint16 => unsigned(u16::MAX.into()),
        Builtin::Uint32 => unsigned(u32::MAX.into()),
        Builtin::Uint64 | Builtin::Size => value.is_u64(),
        _ => is_kind(builtin.json_kind(), value),
    }
}

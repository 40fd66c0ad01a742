//! Declarations for TypeScript.

use super::names::Names;
use super::shapes::{Case, cases};
use crate::interface::{Interface, Member, Shape, TypeId, has};
use crate::model::JsonKind;
use crate::names::Name;
use crate::render::is_hostile;
use std::fmt::Write as _;

/// Names that no type can have: what the declarations use of the language's own and declare beside the messages, and words
/// of the language.
pub(super) const RESERVED: [&str; 60] = [
    "Array",
    "Record",
    "Optional",
    "OutOfBand",
    "any",
    "await",
    "bigint",
    "boolean",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "never",
    "new",
    "null",
    "number",
    "object",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "static",
    "string",
    "super",
    "switch",
    "symbol",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "undefined",
    "unknown",
    "var",
    "void",
    "while",
    "with",
    "yield",
];

pub(super) fn declarations(interface: &Interface, names: &Names, title: &str) -> String {
    let writer = Writer { interface, names };
    let title = title.replace(is_hostile, " ");
    let mut out = format!(
        "// {title}: types and messages. Written by `qapi-gen export`.\n\
         //\n\
         // Integers are `number`, which is exact up to 2^53.\n"
    );
    for &id in &names.order {
        if let Some(name) = names.ty(id) {
            writer.definition(&mut out, name, id);
        }
    }
    writer.messages(&mut out);
    out
}

struct Writer<'i> {
    interface: &'i Interface,
    names: &'i Names,
}

impl Writer<'_> {
    fn definition(&self, out: &mut String, name: &str, id: TypeId) {
        out.push('\n');
        comment(out, "", &self.interface.ty(id).doc, &[]);
        match self.interface.shape(id) {
            Shape::Object(object) if object.tag.is_none() && !object.members.is_empty() => {
                _ = writeln!(out, "export interface {name} {{");
                for member in &object.members {
                    comment(out, "  ", &member.doc, &member.features);
                    _ = writeln!(out, "  {};", self.member(member));
                }
                out.push_str("}\n");
            }
            _ => _ = writeln!(out, "export type {name} = {};", self.written_out(id)),
        }
    }

    /// A type where it is used.
    fn ty(&self, id: TypeId) -> String {
        match self.names.ty(id) {
            Some(name) => name.to_owned(),
            None => self.written_out(id),
        }
    }

    fn written_out(&self, id: TypeId) -> String {
        let list = |items: Vec<String>| match items.is_empty() {
            true => "never".to_owned(),
            false => items.join(" | "),
        };
        match self.interface.shape(id) {
            Shape::Builtin(builtin) => match builtin.json_kind() {
                JsonKind::String => "string",
                JsonKind::Boolean => "boolean",
                JsonKind::Null => "null",
                JsonKind::Number | JsonKind::Int => "number",
                _ => "unknown",
            }
            .to_owned(),
            Shape::Array(element) => format!("Array<{}>", self.ty(*element)),
            Shape::Enum(values) => list(values.iter().map(|v| quoted(&v.name)).collect()),
            Shape::Alternate(alternatives) => {
                list(alternatives.iter().map(|a| self.ty(*a)).collect())
            }
            Shape::Object(_) => {
                let cases = cases(self.interface, id);
                list(cases.iter().map(|case| self.case(case)).collect())
            }
        }
    }

    fn case(&self, case: &Case) -> String {
        if case.members.is_empty() {
            return "Record<string, never>".to_owned();
        }
        let member = |member: &&Member| match case.tags.get(member.name.as_str()) {
            Some(values) => {
                let values: Vec<String> = values.iter().map(|v| quoted(v)).collect();
                format!("{}: {}", quoted(&member.name), values.join(" | "))
            }
            None => self.member(member),
        };
        let members: Vec<String> = case.members.iter().map(member).collect();
        format!("{{ {} }}", members.join("; "))
    }

    fn member(&self, member: &Member) -> String {
        let mark = if member.optional { "?" } else { "" };
        format!("{}{mark}: {}", quoted(&member.name), self.ty(member.ty))
    }

    fn messages(&self, out: &mut String) {
        out.push_str(
            "\n/** The arguments and the reply of each command. */\nexport interface Commands {\n",
        );
        for command in &self.interface.commands {
            let mut arguments = self.ty(command.arguments);
            if command.open {
                arguments += " & { [member: string]: unknown }";
            }
            comment(out, "  ", &command.doc, &command.features);
            _ = writeln!(
                out,
                "  {}: {{ arguments: {arguments}; return: {} }};",
                quoted(&command.name),
                self.ty(command.returns)
            );
        }
        out.push_str("}\n\n/** The data of each event. */\nexport interface Events {\n");
        for event in &self.interface.events {
            let data = self.ty(event.data);
            comment(out, "  ", &event.doc, &event.features);
            _ = writeln!(out, "  {}: {{ data: {data} }};", quoted(&event.name));
        }
        out.push_str("}\n\n");
        let oob = self.interface.commands.iter().filter(|c| c.allow_oob);
        let oob: Vec<String> = oob.map(|c| quoted(&c.name)).collect();
        let oob = match oob.is_empty() {
            true => "never".to_owned(),
            false => oob.join(" | "),
        };
        _ = write!(out, "{}", MESSAGES.replace("OOB", &oob));
    }
}

const MESSAGES: &str = r#"/** Commands that may be executed out of band. */
export type OutOfBand = OOB;

type Optional<Key extends string, T> =
  Record<string, never> extends T ? { [K in Key]?: T } : {} extends T ? { [K in Key]?: T } : { [K in Key]: T };

/** A request to execute a command. */
export type Request<K extends keyof Commands = keyof Commands> = {
  [C in K]: ({ execute: C } | (C extends OutOfBand ? { "exec-oob": C } : never)) &
    Optional<"arguments", Commands[C]["arguments"]> & { id?: unknown };
}[K];

/** The reply to a command that succeeded. */
export type Reply<K extends keyof Commands = keyof Commands> = { return: Commands[K]["return"]; id?: unknown };

/** The reply to a command that failed. */
export interface ErrorReply {
  error: { class: string; desc: string };
  id?: unknown;
}

/** What happened, and when. */
export type Event<K extends keyof Events = keyof Events> = {
  [E in K]: { event: E; timestamp: { seconds: number; microseconds: number } } & Optional<"data", Events[E]["data"]>;
}[K];

/** What a server sends first. */
export interface Greeting {
  QMP: { version: unknown; capabilities: Array<string> };
}
"#;

/// What something is, and whether to use it; nothing where there is nothing to say.
fn comment(out: &mut String, indent: &str, doc: &str, features: &[Name]) {
    let mark = match (has(features, "deprecated"), has(features, "unstable")) {
        (true, _) => "@deprecated",
        (_, true) => "@experimental",
        _ => "",
    };
    let text = doc.replace("*/", "*\\/");
    let text = text.replace(|c| is_hostile(c) && c != '\n', " ");
    let mut lines: Vec<&str> = text.lines().collect::<Vec<_>>();
    if !mark.is_empty() {
        lines.push(mark);
    }
    match lines.as_slice() {
        [] => {}
        [line] => _ = writeln!(out, "{indent}/** {line} */"),
        lines => {
            _ = writeln!(out, "{indent}/**");
            for line in lines {
                _ = writeln!(out, "{}", format!("{indent} * {line}").trim_end());
            }
            _ = writeln!(out, "{indent} */");
        }
    }
}

fn quoted(name: &str) -> String {
    format!("{name:?}")
}

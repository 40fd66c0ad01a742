//! What a command takes and returns, and an event tells, in one glance.

use super::book::{Book, Entry, Part};
use crate::model::*;

/// How a signature is written: as text, or with links.
pub(super) trait Pen {
    fn text(&mut self, text: &str);
    /// The name of a member, with a mark if it is optional.
    fn member(&mut self, name: &str);
    fn ty(&mut self, name: &str, definition: Option<Definition>);
}

impl Pen for String {
    fn text(&mut self, text: &str) {
        self.push_str(text);
    }

    fn member(&mut self, name: &str) {
        self.push_str(name);
    }

    fn ty(&mut self, name: &str, _: Option<Definition>) {
        self.push_str(name);
    }
}

/// Longer signatures have a line for each member.
const WIDTH: usize = 72;

/// A signature as text; empty for types.
pub(super) fn line(book: &Book, entry: &Entry) -> String {
    let mut text = String::new();
    write(book, entry, &mut text);
    text
}

/// A type as text.
pub(super) fn type_text(schema: &Schema, ty: Type) -> String {
    let mut text = String::new();
    type_name(schema, ty, &mut text);
    text
}

pub(super) fn write(book: &Book, entry: &Entry, pen: &mut dyn Pen) {
    let mut flat = String::new();
    put(book, entry, &mut flat, false);
    put(book, entry, pen, flat.chars().count() > WIDTH);
}

fn put(book: &Book, entry: &Entry, pen: &mut dyn Pen, broken: bool) {
    let schema = book.schema;
    match entry.definition {
        Definition::Command(id) => {
            let command = schema.command(id);
            pen.text(entry.name);
            data(schema, command.arguments, entry, pen, broken);
            if let Some(ty) = command.returns {
                pen.text(" → ");
                type_name(schema, ty, pen);
            }
        }
        Definition::Event(id) => {
            pen.text(entry.name);
            data(schema, schema.event(id).data, entry, pen, broken);
        }
        // The list of parts says it all.
        Definition::Enum(_) | Definition::Object(_) | Definition::Alternate(_) => {}
    }
}

/// Arguments of a command, data of an event: members, or the type that has them.
fn data(schema: &Schema, object: Option<ObjectId>, entry: &Entry, pen: &mut dyn Pen, broken: bool) {
    match object.map(|id| schema.object(id)) {
        None => pen.text("()"),
        Some(object) if object.is_implicit() => members(schema, ["(", ")"], entry, pen, broken),
        Some(object) => {
            pen.text("(");
            type_name(schema, Type::Object(object.id), pen);
            pen.text(")");
        }
    }
}

fn members(schema: &Schema, brackets: [&str; 2], entry: &Entry, pen: &mut dyn Pen, broken: bool) {
    list(
        pen,
        brackets,
        ", ",
        broken,
        &entry.parts,
        |part: &Part, pen| {
            pen.member(part.name);
            pen.text(if part.optional { "?: " } else { ": " });
            part.ty
                .into_iter()
                .for_each(|ty| type_name(schema, ty, pen));
        },
    );
}

fn list<T>(
    pen: &mut dyn Pen,
    [open, close]: [&str; 2],
    separator: &str,
    broken: bool,
    items: &[T],
    mut put: impl FnMut(&T, &mut dyn Pen),
) {
    if items.is_empty() {
        pen.text(open.trim_end());
        pen.text(close.trim_start());
        return;
    }
    pen.text(if broken { open.trim_end() } else { open });
    for (at, item) in items.iter().enumerate() {
        match (broken, at) {
            (true, 0) => pen.text("\n    "),
            (true, _) => {
                pen.text(separator.trim_end());
                pen.text("\n    ");
            }
            (false, 0) => {}
            (false, _) => pen.text(separator),
        }
        put(item, pen);
    }
    if broken {
        pen.text("\n");
        pen.text(close.trim_start());
    } else {
        pen.text(close);
    }
}

pub(super) fn type_name(schema: &Schema, ty: Type, pen: &mut dyn Pen) {
    match ty {
        Type::Builtin(builtin) => pen.ty(builtin.name(), None),
        Type::Enum(id) => pen.ty(&schema.enum_(id).name, Some(Definition::Enum(id))),
        Type::Alternate(id) => pen.ty(&schema.alternate(id).name, Some(Definition::Alternate(id))),
        Type::Array(id) => {
            pen.text("[");
            type_name(schema, schema.array(id).element, pen);
            pen.text("]");
        }
        Type::Object(id) => {
            let object = schema.object(id);
            if !object.is_implicit() {
                return pen.ty(&object.name, Some(Definition::Object(id)));
            }
            // What wraps a type for a union of an old schema.
            let members: Vec<&Member> = object.members.iter().collect();
            list(pen, ["{ ", " }"], ", ", false, &members, |member, pen| {
                pen.member(&member.name);
                pen.text(": ");
                type_name(schema, member.ty, pen);
            });
        }
    }
}

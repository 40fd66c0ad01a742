//! Tells of code that will be far larger than its schema.

use super::options::Options;
use crate::model::{Object, Schema};

/// As many members that structs repeat from their bases make a warning. QEMU's interfaces have a hundredth of that.
const MANY: usize = 100_000;
/// What one of them takes of the code, in bytes.
const SIZE: usize = 400;

/// What to say of it, with the struct that repeats most, before the code is made.
pub(crate) fn excess(schema: &Schema, options: &Options) -> Option<String> {
    if options.commands.is_some() || options.events.is_some() {
        return None;
    }
    let inherited = inherited(schema);
    let repeated = inherited.iter().copied().fold(0, usize::saturating_add);
    if repeated < MANY {
        return None;
    }
    let (most, object) = inherited
        .iter()
        .zip(&schema.objects)
        .max_by_key(|it| it.0)?;
    let size = repeated.saturating_mul(SIZE) >> 20;
    Some(format!(
        "{}the code will have some {size} MiB, since structs repeat the members of their bases: '{}' has {most} of them, and all \
         together {repeated}",
        place(schema, object),
        object.name
    ))
}

/// By object: how many members its bases have.
fn inherited(schema: &Schema) -> Vec<usize> {
    let mut known: Vec<Option<usize>> = vec![None; schema.objects.len()];
    for index in 0..schema.objects.len() {
        let mut line = Vec::new();
        let mut next = Some(index);
        while let Some(index) = next.filter(|&index| known[index].is_none()) {
            line.push(index);
            next = schema.objects[index].base.map(|base| base.index());
        }
        for index in line.into_iter().rev() {
            let base = schema.objects[index].base;
            known[index] = base.and_then(|base| {
                let of_base: usize = known[base.index()]?;
                Some(of_base.saturating_add(schema.object(base).members.len()))
            });
            known[index].get_or_insert(0);
        }
    }
    known.into_iter().flatten().collect()
}

fn place(schema: &Schema, object: &Object) -> String {
    let Some(span) = object.origin.span else {
        return String::new();
    };
    let start = schema.sources().start(span);
    let file = schema.sources().file(start.file).name();
    format!("{file}:{}: ", start.line)
}

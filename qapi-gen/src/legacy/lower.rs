//! Rewrites expressions.

use crate::names::{FastMap, FastSet, Interner, Symbol, sym};
use crate::source::Span;
use crate::syntax::Parsed;
use crate::syntax::ast::{Array, DocState, Expression, Item, Object, Str, Value};

/// Lowers every expression that uses an old form.
pub(crate) fn lower(parsed: &mut Parsed) {
    let items = std::mem::take(&mut parsed.items);
    let mut lowering = Lowering {
        names: &mut parsed.names,
        wrappers: FastSet::default(),
        string_tags: FastMap::default(),
        made: Vec::new(),
        old_unions: false,
    };
    lowering.find_string_tags(&items);
    let mut lowered = Vec::with_capacity(items.len());
    for item in items {
        match item {
            Item::Definition(mut expression) => {
                lowering.expression(&mut expression.object);
                let file = expression.file;
                let made = lowering.made.drain(..).map(|object| {
                    Item::Definition(Expression {
                        file,
                        object,
                        doc: DocState::Absent,
                    })
                });
                lowered.extend(made);
                lowered.push(Item::Definition(expression));
            }
            other => lowered.push(other),
        }
    }
    parsed.old_expressions |= lowering.old_unions;
    parsed.items = lowered;
}

struct Lowering<'p> {
    names: &'p mut Interner,
    /// Names of wrappers that exist already.
    wrappers: FastSet<Symbol>,
    /// Structs whose member is the tag of a union, though a string: member and enum by struct.
    string_tags: FastMap<Symbol, (Symbol, Symbol)>,
    /// Definitions that the current expression needs, to stand before it.
    made: Vec<Object>,
    old_unions: bool,
}

impl Lowering<'_> {
    fn find_string_tags(&mut self, items: &[Item]) {
        let definitions = || {
            items.iter().filter_map(|item| match item {
                Item::Definition(expression) => Some(&expression.object),
                Item::FreeForm(..) => None,
            })
        };
        let mut structs: FastMap<Symbol, &Object> = FastMap::default();
        for object in definitions() {
            let name = object.get(sym::TYPE).or_else(|| object.get(sym::STRUCT));
            if let (Some(Value::Str(name)), Some(Value::Object(data))) =
                (name, object.get(sym::DATA))
            {
                structs.insert(name.symbol, data);
            }
        }
        let text = self.names.intern("str");
        for object in definitions() {
            if let (Some(Value::Str(union)), Some(Value::Str(base)), Some(Value::Str(tag))) = (
                object.get(sym::UNION),
                object.get(sym::BASE),
                object.get(sym::DISCRIMINATOR),
            ) && let Some(members) = structs.get(&base.symbol)
                && matches!(members.get(tag.symbol), Some(Value::Str(ty)) if ty.symbol == text)
            {
                let kind = self.kind_name(union.symbol);
                self.string_tags.insert(base.symbol, (tag.symbol, kind));
            }
        }
    }

    fn kind_name(&mut self, union: Symbol) -> Symbol {
        let name = format!("{}Kind", self.names.str(union));
        self.names.intern(&name)
    }

    fn expression(&mut self, object: &mut Object) {
        let kinds = [
            sym::ENUM,
            sym::STRUCT,
            sym::UNION,
            sym::ALTERNATE,
            sym::COMMAND,
            sym::EVENT,
        ];
        let kind = object
            .members
            .iter()
            .position(|(k, _)| kinds.contains(&k.symbol));
        if kind.is_none()
            && let Some((key, Value::Str(_))) = object
                .members
                .iter_mut()
                .find(|(k, _)| k.symbol == sym::TYPE)
        {
            key.symbol = sym::STRUCT;
        }
        let Some((key, Value::Str(name))) = object
            .members
            .iter()
            .find(|(k, _)| kinds.contains(&k.symbol))
            .map(|(k, v)| (k.symbol, v))
        else {
            return;
        };
        let name = *name;
        self.flags(object);
        match key {
            sym::STRUCT => {
                if let Some((tag, kind)) = self.string_tags.get(&name.symbol).copied()
                    && let Some(Value::Object(data)) = value_mut(object, sym::DATA)
                    && let Some(Value::Str(ty)) = value_mut(data, tag)
                {
                    ty.symbol = kind;
                }
                self.members(object, sym::DATA, name);
            }
            sym::UNION => self.union(object, name),
            sym::COMMAND | sym::EVENT => {
                let free = self.names.intern("*props");
                let anything = self.names.intern("**");
                if let Some(Value::Object(data)) = value_mut(object, sym::DATA) {
                    data.members.retain(|(key, value)| {
                        !(key.symbol == free
                            && matches!(value, Value::Str(ty) if ty.symbol == anything))
                    });
                }
                self.members(object, sym::DATA, name);
                if let Some(returns) = value_mut(object, sym::RETURNS) {
                    self.type_name(returns);
                }
            }
            _ => {}
        }
    }

    /// `'no'` for `false`.
    fn flags(&mut self, object: &mut Object) {
        let no = self.names.intern("no");
        for flag in [sym::GEN, sym::SUCCESS_RESPONSE] {
            if let Some(value) = value_mut(object, flag)
                && matches!(value, Value::Str(s) if s.symbol == no)
            {
                *value = Value::Bool(false, value.span());
            }
        }
    }

    fn members(&mut self, object: &mut Object, key: Symbol, owner: Str) {
        let Some(Value::Object(data)) = value_mut(object, key) else {
            return;
        };
        for (key, value) in &mut data.members {
            let nested = match &mut *value {
                Value::Object(ty) => {
                    let long_form = [sym::TYPE, sym::IF, sym::FEATURES];
                    let is_long = ty.get(sym::TYPE).is_some()
                        && ty
                            .members
                            .iter()
                            .all(|(k, _)| long_form.contains(&k.symbol));
                    if let Some(ty) = value_mut(ty, sym::TYPE)
                        && is_long
                    {
                        self.type_name(ty);
                    }
                    !is_long
                }
                ty => {
                    self.type_name(ty);
                    false
                }
            };
            if nested {
                let name = self.nested_name(owner.symbol, key.symbol);
                let place = Str {
                    symbol: name,
                    span: key.span,
                };
                let data = std::mem::replace(value, Value::Str(place));
                let mut made = definition(owner.span, sym::STRUCT, place);
                made.members.push((at(sym::DATA, key.span), data));
                self.members(&mut made, sym::DATA, place);
                self.made.push(made);
            }
        }
    }

    fn nested_name(&mut self, owner: Symbol, member: Symbol) -> Symbol {
        let mut name = self.names.str(owner).to_owned();
        for word in self
            .names
            .str(member)
            .trim_start_matches('*')
            .split(['-', '_'])
        {
            let (head, tail) = word.split_at(word.len().min(1));
            name.push_str(&head.to_ascii_uppercase());
            name.push_str(tail);
        }
        self.names.intern(&name)
    }

    /// Names of untyped data.
    fn type_name(&mut self, ty: &mut Value) {
        match ty {
            Value::Str(name)
                if matches!(self.names.str(name.symbol), "visitor" | "**" | "dict") =>
            {
                name.symbol = sym::ANY;
            }
            Value::Array(array) => array.items.iter_mut().for_each(|item| {
                if let Value::Str(_) = item {
                    self.type_name(item);
                }
            }),
            _ => {}
        }
    }

    fn union(&mut self, object: &mut Object, name: Str) {
        match object.get(sym::DISCRIMINATOR) {
            None => self.simple_union(object, name),
            Some(Value::Object(empty)) if empty.members.is_empty() => {
                object
                    .members
                    .retain(|(k, _)| k.symbol != sym::DISCRIMINATOR);
                for (key, _) in &mut object.members {
                    if key.symbol == sym::UNION {
                        key.symbol = sym::ALTERNATE;
                    }
                }
            }
            Some(_) => {
                self.members(object, sym::BASE, name);
                let kind = self.kind_name(name.symbol);
                if self.string_tags.iter().any(|(_, (_, k))| *k == kind) {
                    let made = self.kind_enum(object, name, kind);
                    self.made.push(made);
                }
            }
        }
    }

    /// The enum of a union's branches.
    fn kind_enum(&self, union: &Object, name: Str, kind: Symbol) -> Object {
        let mut items = Vec::new();
        if let Some(Value::Object(data)) = union.get(sym::DATA) {
            for (branch, value) in &data.members {
                let name = Value::Str(*branch);
                let condition = match value {
                    Value::Object(long) => long.entry(sym::IF).cloned(),
                    _ => None,
                };
                items.push(match condition {
                    None => name,
                    Some(condition) => Value::Object(Box::new(Object {
                        span: branch.span,
                        members: vec![(at(sym::NAME, branch.span), name), condition],
                    })),
                });
            }
        }
        let mut made = definition(name.span, sym::ENUM, at(kind, name.span));
        let data = Value::Array(Box::new(Array {
            span: name.span,
            items,
        }));
        made.members.push((at(sym::DATA, name.span), data));
        made.members.extend(union.entry(sym::IF).cloned());
        made
    }

    fn simple_union(&mut self, object: &mut Object, name: Str) {
        self.old_unions = true;
        let kind = self.kind_name(name.symbol);
        let made = self.kind_enum(object, name, kind);
        self.made.push(made);
        if let Some(Value::Object(data)) = value_mut(object, sym::DATA) {
            for (key, value) in &mut data.members {
                let ty = match value {
                    Value::Object(long) => value_mut(long, sym::TYPE),
                    short => Some(short),
                };
                if let Some(ty) = ty {
                    self.type_name(ty);
                    *ty = self.wrapper(key.span, ty);
                }
            }
        }
        let span = name.span;
        let tag = Object {
            span,
            members: vec![(at(sym::TYPE, span), Value::Str(at(kind, span)))],
        };
        let base = match value_mut(object, sym::BASE) {
            // The tag comes on top of the members of the base.
            Some(base) => {
                let own = format!("q_obj_{}-base", self.names.str(name.symbol));
                let own = at(self.names.intern(&own), span);
                let mut made = definition(span, sym::STRUCT, own);
                made.members.push((at(sym::BASE, span), base.clone()));
                made.members
                    .push((at(sym::DATA, span), Value::Object(Box::new(tag))));
                self.made.push(made);
                *base = Value::Str(own);
                None
            }
            None => Some(Value::Object(Box::new(tag))),
        };
        object
            .members
            .extend(base.map(|base| (at(sym::BASE, span), base)));
        let tag = Value::Str(at(sym::TYPE, span));
        object.members.push((at(sym::DISCRIMINATOR, span), tag));
    }

    /// A struct with the one member `data`.
    fn wrapper(&mut self, span: Span, ty: &Value) -> Value {
        let of = match ty {
            Value::Str(name) => self.names.str(name.symbol).to_owned(),
            Value::Array(array) => match array.items.as_slice() {
                [Value::Str(name)] => format!("{}List", self.names.str(name.symbol)),
                _ => return ty.clone(),
            },
            _ => return ty.clone(),
        };
        let name = at(self.names.intern(&format!("q_obj_{of}-wrapper")), span);
        if self.wrappers.insert(name.symbol) {
            let mut made = definition(span, sym::STRUCT, name);
            let data = Object {
                span,
                members: vec![(at(sym::DATA, span), ty.clone())],
            };
            made.members
                .push((at(sym::DATA, span), Value::Object(Box::new(data))));
            self.made.push(made);
        }
        Value::Str(name)
    }
}

fn at(symbol: Symbol, span: Span) -> Str {
    Str { symbol, span }
}

fn definition(span: Span, kind: Symbol, name: Str) -> Object {
    Object {
        span,
        members: vec![(at(kind, span), Value::Str(name))],
    }
}

fn value_mut(object: &mut Object, key: Symbol) -> Option<&mut Value> {
    object
        .members
        .iter_mut()
        .find(|(k, _)| k.symbol == key)
        .map(|(_, value)| value)
}

//! What the index has, seen from outside.

use std::collections::HashSet;
use std::fmt;

use super::Capabilities;
use super::index::{Kind, Run, Slot};

/// The kind of JSON value that a built-in type is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JsonType {
    /// A string.
    String,
    /// Any number.
    Number,
    /// An integer.
    Int,
    /// `true` or `false`.
    Boolean,
    /// `null`.
    Null,
    /// An object.
    Object,
    /// An array.
    Array,
    /// Anything (`value`).
    Any,
}

/// The features of a command, event, type, member or value.
macro_rules! features {
    ($view:ident) => {
        impl<'c> $view<'c> {
            /// Its features.
            pub fn features(self) -> impl Iterator<Item = &'c str> {
                self.capabilities.feature_names(self.feature_run())
            }

            /// Whether it has this feature.
            #[must_use]
            pub fn has_feature(self, feature: &str) -> bool {
                self.features().any(|name| name == feature)
            }

            /// Whether it is going to be removed.
            #[must_use]
            pub fn is_deprecated(self) -> bool {
                self.has_feature("deprecated")
            }

            /// Whether it may change or go without notice.
            #[must_use]
            pub fn is_unstable(self) -> bool {
                self.has_feature("unstable")
            }
        }
    };
}

/// A command that the server has.
#[derive(Clone, Copy)]
pub struct Command<'c> {
    pub(super) capabilities: &'c Capabilities,
    pub(super) entity: u32,
    pub(super) arguments: u32,
    pub(super) reply: u32,
    pub(super) oob: bool,
}

/// An event that the server may send.
#[derive(Clone, Copy)]
pub struct Event<'c> {
    pub(super) capabilities: &'c Capabilities,
    pub(super) entity: u32,
    pub(super) data: u32,
}

/// A type. Types have no names of their own: QEMU masks them.
#[derive(Clone, Copy)]
pub struct Type<'c> {
    pub(super) capabilities: &'c Capabilities,
    pub(super) entity: u32,
}

/// What a [`Type`] is.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum TypeKind<'c> {
    /// A built-in type.
    Builtin(JsonType),
    /// A string out of a set: [`Type::values`].
    Enum,
    /// A list of elements of this type.
    Array(Type<'c>),
    /// An object: [`Type::members`] and, if it is a union, [`Type::variants`].
    Object,
    /// One of several types, by the kind of JSON value: [`Type::alternatives`].
    Alternate,
    /// Something this library does not know.
    Other,
}

/// A member of an object.
#[derive(Clone, Copy)]
pub struct Member<'c> {
    capabilities: &'c Capabilities,
    slot: &'c Slot,
}

/// A value of an enumeration.
#[derive(Clone, Copy)]
pub struct Value<'c> {
    capabilities: &'c Capabilities,
    slot: &'c Slot,
}

features!(Command);
features!(Event);
features!(Type);
features!(Member);
features!(Value);

impl<'c> Command<'c> {
    fn feature_run(self) -> Run {
        self.capabilities.entities[self.entity as usize].features
    }

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'c str {
        self.capabilities.entity_name(self.entity)
    }

    /// The object that its arguments make up.
    #[must_use]
    pub fn arguments(self) -> Type<'c> {
        Type::new(self.capabilities, self.arguments)
    }

    /// The argument `name`, if it takes such a one; those of a union's branches are found by
    /// [`Type::variant`].
    #[must_use]
    pub fn argument(self, name: &str) -> Option<Member<'c>> {
        self.arguments().member(name)
    }

    /// What it returns; an object without members if nothing.
    #[must_use]
    pub fn reply(self) -> Type<'c> {
        Type::new(self.capabilities, self.reply)
    }

    /// Whether it may be executed out of band.
    #[must_use]
    pub fn allows_oob(self) -> bool {
        self.oob
    }
}

impl<'c> Event<'c> {
    fn feature_run(self) -> Run {
        self.capabilities.entities[self.entity as usize].features
    }

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'c str {
        self.capabilities.entity_name(self.entity)
    }

    /// The object that its data make up.
    #[must_use]
    pub fn data(self) -> Type<'c> {
        Type::new(self.capabilities, self.data)
    }
}

impl<'c> Type<'c> {
    pub(super) fn new(capabilities: &'c Capabilities, entity: u32) -> Self {
        Self {
            capabilities,
            entity,
        }
    }

    fn feature_run(self) -> Run {
        self.capabilities.entities[self.entity as usize].features
    }

    /// What it is.
    #[must_use]
    pub fn kind(self) -> TypeKind<'c> {
        match self.capabilities.kind(self.entity) {
            Kind::Builtin(json) => TypeKind::Builtin(*json),
            Kind::Enum(_) => TypeKind::Enum,
            Kind::Array(element) => TypeKind::Array(Self::new(self.capabilities, *element)),
            Kind::Object { .. } => TypeKind::Object,
            Kind::Alternate(_) => TypeKind::Alternate,
            Kind::Command { .. } | Kind::Event(_) | Kind::Other => TypeKind::Other,
        }
    }

    /// The members, if it is an object. Those of a union's base are among them, those of its branches are not.
    pub fn members(self) -> impl Iterator<Item = Member<'c>> {
        let run = match self.capabilities.kind(self.entity) {
            Kind::Object { members, .. } => *members,
            _ => Run::default(),
        };
        self.slots(run).map(move |slot| Member {
            capabilities: self.capabilities,
            slot,
        })
    }

    /// The member `name`; of a list, that of its elements; of an alternate, that of the first alternative that
    /// has one.
    #[must_use]
    pub fn member(self, name: &str) -> Option<Member<'c>> {
        self.reach(|ty| ty.members().find(|member| member.name() == name))
    }

    /// The member whose value says which of the [`variants`](Self::variants) applies, if this is a union.
    #[must_use]
    pub fn tag(self) -> Option<&'c str> {
        match self.capabilities.kind(self.entity) {
            Kind::Object { tag: Some(tag), .. } => Some(self.capabilities.names.get(*tag)),
            _ => None,
        }
    }

    /// The branches of a union: values of its [`tag`](Self::tag), and the objects whose members each of them adds.
    pub fn variants(self) -> impl Iterator<Item = (&'c str, Type<'c>)> {
        let run = match self.capabilities.kind(self.entity) {
            Kind::Object { variants, .. } => *variants,
            _ => Run::default(),
        };
        self.slots(run).map(move |slot| {
            let case = self.capabilities.names.get(slot.name);
            (case, Type::new(self.capabilities, slot.ty))
        })
    }

    /// The branch of a union for the value `case` of its tag; through lists and alternates as for
    /// [`member`](Self::member).
    #[must_use]
    pub fn variant(self, case: &str) -> Option<Type<'c>> {
        self.reach(|ty| {
            let mut variants = ty.variants();
            let found = variants.find(|(name, _)| *name == case);
            found.map(|(_, ty)| ty)
        })
    }

    /// The values, if it is an enumeration.
    pub fn values(self) -> impl Iterator<Item = Value<'c>> {
        let run = match self.capabilities.kind(self.entity) {
            Kind::Enum(values) => *values,
            _ => Run::default(),
        };
        self.slots(run).map(move |slot| Value {
            capabilities: self.capabilities,
            slot,
        })
    }

    /// The value `name`, if it is an enumeration that has it; through lists and alternates as for
    /// [`member`](Self::member).
    #[must_use]
    pub fn value(self, name: &str) -> Option<Value<'c>> {
        self.reach(|ty| ty.values().find(|value| value.name() == name))
    }

    /// The alternatives, if it is an alternate.
    pub fn alternatives(self) -> impl Iterator<Item = Type<'c>> {
        let run = match self.capabilities.kind(self.entity) {
            Kind::Alternate(members) => *members,
            _ => Run::default(),
        };
        let types = self.slots(run);
        types.map(move |slot| Type::new(self.capabilities, slot.ty))
    }

    /// If it is an object: the type itself and, if it is a union, the branch that the tag among these members chooses, and
    /// so on. All of their members together are those that the object may have. A tag that is not among them chooses nothing, even
    /// if it has a default, which a schema does not tell.
    #[must_use]
    pub fn chosen(self, members: &qapi_types::Object) -> Vec<Self> {
        self.chosen_by(|tag| members.get(tag)?.as_str()).0
    }

    /// As [`chosen`](Self::chosen), by the values of tags; and whether all branches could be told.
    pub(super) fn chosen_by<'v>(
        self,
        value: impl Fn(&str) -> Option<&'v str>,
    ) -> (Vec<Self>, bool) {
        let mut types = vec![self];
        let mut complete = true;
        let mut next = 0;
        while let Some(ty) = types.get(next).copied() {
            next += 1;
            let Some(tag) = ty.tag() else { continue };
            let case = value(tag);
            match ty.variants().find(|(name, _)| Some(*name) == case) {
                Some((_, branch)) => types.push(branch),
                None => complete = false,
            }
        }
        (types, complete)
    }

    fn slots(self, run: Run) -> impl Iterator<Item = &'c Slot> {
        self.capabilities.run(run).iter()
    }

    /// The first answer that this type gives, or what it is a list of, or one of its alternatives. An alternate may
    /// have lists of itself.
    pub(super) fn reach<T>(self, mut ask: impl FnMut(Self) -> Option<T>) -> Option<T> {
        let mut waiting = vec![self];
        let mut seen = HashSet::new();
        while let Some(ty) = waiting.pop() {
            match ty.kind() {
                TypeKind::Array(_) | TypeKind::Alternate if !seen.insert(ty.entity) => {}
                TypeKind::Array(element) => waiting.push(element),
                TypeKind::Alternate => {
                    let first = waiting.len();
                    waiting.extend(ty.alternatives());
                    waiting[first..].reverse();
                }
                _ => {
                    if let Some(answer) = ask(ty) {
                        return Some(answer);
                    }
                }
            }
        }
        None
    }
}

impl<'c> Member<'c> {
    fn feature_run(self) -> Run {
        self.slot.features
    }

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'c str {
        self.capabilities.names.get(self.slot.name)
    }

    /// The type of its value.
    #[must_use]
    pub fn ty(self) -> Type<'c> {
        Type::new(self.capabilities, self.slot.ty)
    }

    /// Whether it may be left out.
    #[must_use]
    pub fn is_optional(self) -> bool {
        self.slot.optional
    }
}

impl<'c> Value<'c> {
    fn feature_run(self) -> Run {
        self.slot.features
    }

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'c str {
        self.capabilities.names.get(self.slot.name)
    }
}

impl Capabilities {
    fn entity_name(&self, entity: u32) -> &str {
        self.names.get(self.entities[entity as usize].name)
    }
}

/// What kind of value it is, in a few words: `a string`, `a list, each element an object`.
impl fmt::Display for Type<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind() {
            TypeKind::Builtin(JsonType::String) => f.write_str("a string"),
            TypeKind::Builtin(JsonType::Number) => f.write_str("a number"),
            TypeKind::Builtin(JsonType::Int) => f.write_str("an integer"),
            TypeKind::Builtin(JsonType::Boolean) => f.write_str("a boolean"),
            TypeKind::Builtin(JsonType::Null) => f.write_str("null"),
            TypeKind::Builtin(JsonType::Object) | TypeKind::Object => f.write_str("an object"),
            TypeKind::Builtin(JsonType::Array) => f.write_str("a list"),
            TypeKind::Builtin(JsonType::Any) | TypeKind::Other => f.write_str("any value"),
            TypeKind::Enum => f.write_str("one of several names"),
            TypeKind::Array(element) => write!(f, "a list, each element {element}"),
            TypeKind::Alternate => {
                for (index, ty) in self.alternatives().enumerate() {
                    let or = if index == 0 { "" } else { " or " };
                    // QAPI has no alternate in an alternate.
                    match ty.kind() {
                        TypeKind::Alternate => f.write_str(or)?,
                        TypeKind::Array(_) => write!(f, "{or}a list")?,
                        _ => write!(f, "{or}{ty}")?,
                    }
                }
                Ok(())
            }
        }
    }
}

macro_rules! debug_by_name {
    ($($view:ident)*) => {$(
        impl fmt::Debug for $view<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($view)).field(&self.name()).finish()
            }
        }
    )*};
}

debug_by_name!(Command Event Member Value);

impl fmt::Debug for Type<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.capabilities.entity_name(self.entity);
        f.debug_tuple("Type").field(&name).finish()
    }
}

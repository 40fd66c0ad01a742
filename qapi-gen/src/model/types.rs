//! The parts of a schema.

use super::builtin::Builtin;
use super::doc::{Doc, Text};
use super::reach::Root;
use crate::names::Name;
use crate::source::Span;
use std::ops::Deref;

macro_rules! ids {
    ($($(#[$doc:meta])* $id:ident),* $(,)?) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $id(pub(crate) u32);

            impl $id {
                /// A number below the count of such items in the schema, for use in tables.
                pub fn index(self) -> usize {
                    self.0 as usize
                }
            }
        )*
    };
}

ids! {
    /// Refers to an [`Enum`].
    EnumId,
    /// Refers to an [`Object`].
    ObjectId,
    /// Refers to an [`Alternate`].
    AlternateId,
    /// Refers to an [`Array`].
    ArrayId,
    /// Refers to a [`Command`].
    CommandId,
    /// Refers to an [`Event`].
    EventId,
}

/// A type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// A built-in type.
    Builtin(Builtin),
    /// An enum.
    Enum(EnumId),
    /// A struct, union or implicit object type.
    Object(ObjectId),
    /// An alternate.
    Alternate(AlternateId),
    /// An array.
    Array(ArrayId),
}

/// Where a definition comes from.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Origin {
    /// The expression in the source; `None` for built-in definitions. An implicit type has the
    /// span of the definition that made it.
    pub span: Option<Span>,
    /// Index into [`Schema::modules`](super::Schema::modules); `None` for built-in definitions.
    pub module: Option<usize>,
}

/// A condition under which something exists.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Condition {
    /// The symbol is defined.
    Symbol(Name),
    /// All operands hold.
    All(Vec<Condition>),
    /// At least one operand holds.
    Any(Vec<Condition>),
    /// The operand does not hold.
    Not(Box<Condition>),
    /// A C preprocessor expression that has no equivalent in today's language. Only in schemas
    /// read as legacy input.
    Opaque(Name),
}

impl Condition {
    /// Adds the symbols that the condition names, one as often as it is named.
    pub fn symbols<'c>(&'c self, into: &mut Vec<&'c Name>) {
        match self {
            Condition::Symbol(name) => into.push(name),
            Condition::All(list) | Condition::Any(list) => {
                list.iter().for_each(|c| c.symbols(into));
            }
            Condition::Not(inner) => inner.symbols(into),
            Condition::Opaque(_) => {}
        }
    }
}

/// A feature of a definition, member or value.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Feature {
    /// The name.
    pub name: Name,
    /// The condition under which it is present.
    pub condition: Option<Condition>,
    /// Its documentation.
    pub doc: Option<Text>,
}

/// The features of one thing, in source order.
#[derive(Clone, Debug, Default)]
pub struct Features(pub(crate) Vec<Feature>);

impl Features {
    pub(crate) fn none() -> &'static Features {
        const NONE: &Features = &Features(Vec::new());
        NONE
    }

    /// Whether a feature of that name is among them.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|f| f.name == name)
    }

    /// Whether the special feature `deprecated` is among them.
    pub fn is_deprecated(&self) -> bool {
        self.has("deprecated")
    }

    /// Whether the special feature `unstable` is among them.
    pub fn is_unstable(&self) -> bool {
        self.has("unstable")
    }
}

impl Deref for Features {
    type Target = [Feature];
    fn deref(&self) -> &[Feature] {
        &self.0
    }
}

/// An enum.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Enum {
    /// Its id.
    pub id: EnumId,
    /// The name.
    pub name: Name,
    /// Where it is defined.
    pub origin: Origin,
    /// The condition under which it exists.
    pub condition: Option<Condition>,
    /// Its features.
    pub features: Features,
    /// The values, in source order.
    pub values: Vec<EnumValue>,
    /// The prefix of generated C constants.
    pub prefix: Option<Name>,
    /// Its documentation.
    pub doc: Option<Doc>,
}

/// A value of an enum.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EnumValue {
    /// The name, which is the JSON string on the wire.
    pub name: Name,
    /// The condition under which it exists.
    pub condition: Option<Condition>,
    /// Its features.
    pub features: Features,
    /// Its documentation.
    pub doc: Option<Text>,
}

/// What kind of object type this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    /// A struct.
    Struct,
    /// A union.
    Union,
    /// The inline `data` of a command or event.
    Arguments(Root),
    /// The inline `base` of a union.
    Base(ObjectId),
    /// Made for an old simple union, in a schema read as legacy input: the object that wraps the
    /// type of a branch as its member `data`, or the base that adds the tag.
    Wrapper,
    /// The empty object `q_empty`.
    Empty,
}

/// A type whose values are JSON objects: a struct, a union or an implicit type.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Object {
    /// Its id.
    pub id: ObjectId,
    /// The name; implicit types have names that start with `q_`.
    pub name: Name,
    /// What it is.
    pub kind: ObjectKind,
    /// Where it is defined.
    pub origin: Origin,
    /// The condition under which it exists.
    pub condition: Option<Condition>,
    /// Its features.
    pub features: Features,
    /// The type whose members come first: a struct, or a union's implicit base.
    pub base: Option<ObjectId>,
    /// The members declared here, in source order. A union declares none: they are in its base.
    pub members: Vec<Member>,
    /// The branches, if it is a union.
    pub variants: Option<Variants>,
    /// Its documentation.
    pub doc: Option<Doc>,
}

impl Object {
    /// Whether the schema does not define it by name.
    pub fn is_implicit(&self) -> bool {
        !matches!(self.kind, ObjectKind::Struct | ObjectKind::Union)
    }
}

/// A member of an object type.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Member {
    /// The name on the wire.
    pub name: Name,
    /// The type.
    pub ty: Type,
    /// Whether it may be absent.
    pub optional: bool,
    /// The condition under which it exists.
    pub condition: Option<Condition>,
    /// Its features.
    pub features: Features,
    /// Its documentation.
    pub doc: Option<Text>,
}

/// The branches of a union.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Variants {
    /// The name of the member that selects the branch.
    pub tag: Name,
    /// The type that declares this member: the base, or one of the base's bases.
    pub tag_owner: ObjectId,
    /// The position among the owner's members.
    pub tag_index: usize,
    /// The type of this member.
    pub tag_enum: EnumId,
    /// One branch a value: first those that the schema lists, in its order; then the values that
    /// it leaves out, in the order of the enum, with the empty object.
    pub branches: Vec<Branch>,
}

/// A branch of a union.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Branch {
    /// The value of the tag.
    pub value: Name,
    /// The type whose members it adds.
    pub object: ObjectId,
    /// The condition under which it exists.
    pub condition: Option<Condition>,
    /// Whether the schema lists it.
    pub explicit: bool,
}

/// A choice between types that differ in their kind of JSON value.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Alternate {
    /// Its id.
    pub id: AlternateId,
    /// The name.
    pub name: Name,
    /// Where it is defined.
    pub origin: Origin,
    /// The condition under which it exists.
    pub condition: Option<Condition>,
    /// Its features.
    pub features: Features,
    /// The alternatives, in source order.
    pub alternatives: Vec<Alternative>,
    /// Its documentation.
    pub doc: Option<Doc>,
}

/// One choice of an alternate.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Alternative {
    /// The name, which never appears on the wire.
    pub name: Name,
    /// The type.
    pub ty: Type,
    /// The condition under which it exists.
    pub condition: Option<Condition>,
    /// Its documentation.
    pub doc: Option<Text>,
}

/// An array type.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Array {
    /// The type of the elements, which is never an array.
    pub element: Type,
}

/// A command.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Command {
    /// Its id.
    pub id: CommandId,
    /// The name on the wire.
    pub name: Name,
    /// Where it is defined.
    pub origin: Origin,
    /// The condition under which it exists.
    pub condition: Option<Condition>,
    /// Its features.
    pub features: Features,
    /// The type of the arguments; `None` if it takes none.
    pub arguments: Option<ObjectId>,
    /// The type of the result; `None` if it returns the empty object.
    pub returns: Option<Type>,
    /// `boxed`: the handler takes the arguments as one value.
    pub boxed: bool,
    /// `gen`: false where the server registers the handler by hand, and members beyond those of
    /// the argument type may be accepted.
    pub gen_: bool,
    /// `success-response`: false where success is not answered.
    pub success_response: bool,
    /// `allow-oob`: may be executed out of band.
    pub allow_oob: bool,
    /// `allow-preconfig`: available before the machine is built.
    pub allow_preconfig: bool,
    /// `coroutine`: the handler may yield.
    pub coroutine: bool,
    /// Its documentation.
    pub doc: Option<Doc>,
}

/// An event.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// The name on the wire.
    pub name: Name,
    /// Where it is defined.
    pub origin: Origin,
    /// The condition under which it exists.
    pub condition: Option<Condition>,
    /// Its features.
    pub features: Features,
    /// The type of the data; `None` if there is none.
    pub data: Option<ObjectId>,
    /// `boxed`: the data is handed over as one value.
    pub boxed: bool,
    /// Its documentation.
    pub doc: Option<Doc>,
}

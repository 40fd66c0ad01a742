//! What the files of a schema hold, with places: expressions, and documentation comments.

use crate::names::Symbol;
use crate::source::{FileId, Span};

/// A string, with its quotes in the span.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Str {
    pub(crate) symbol: Symbol,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Object(Box<Object>),
    Array(Box<Array>),
    Str(Str),
    Bool(bool, Span),
}

#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) span: Span,
    pub(crate) members: Vec<(Str, Value)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Array {
    pub(crate) span: Span,
    pub(crate) items: Vec<Value>,
}

impl Value {
    pub(crate) fn span(&self) -> Span {
        match self {
            Value::Object(object) => object.span,
            Value::Array(array) => array.span,
            Value::Str(s) => s.span,
            Value::Bool(_, span) => *span,
        }
    }

    /// What to call such a value in a message.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Object(_) => "an object",
            Value::Array(_) => "an array",
            Value::Str(_) => "a string",
            Value::Bool(..) => "a boolean",
        }
    }
}

impl Object {
    pub(crate) fn get(&self, key: Symbol) -> Option<&Value> {
        self.entry(key).map(|(_, value)| value)
    }

    pub(crate) fn entry(&self, key: Symbol) -> Option<&(Str, Value)> {
        self.members.iter().find(|(k, _)| k.symbol == key)
    }
}

/// A top-level expression that defines something.
#[derive(Debug)]
pub(crate) struct Expression {
    pub(crate) file: FileId,
    pub(crate) object: Object,
    pub(crate) doc: DocState,
}

/// What is known of the documentation of an expression.
#[derive(Debug)]
pub(crate) enum DocState {
    /// There is none.
    Absent,
    /// There is some, but a fault in it was reported already.
    Broken,
    Present(Box<DocComment>),
}

/// A parsed item, in reading order.
#[derive(Debug)]
pub(crate) enum Item {
    Definition(Expression),
    FreeForm(FileId, Box<DocComment>),
}

/// A documentation comment.
#[derive(Debug)]
pub(crate) struct DocComment {
    /// From the opening to the closing marker.
    pub(crate) span: Span,
    /// The definition that it documents; `None` for free-form documentation.
    pub(crate) symbol: Option<(Symbol, Span)>,
    /// Everything after the symbol, in order.
    pub(crate) sections: Vec<DocSection>,
    /// Whether faults in it were reported that may make other things seem wrong.
    pub(crate) faulty: bool,
    /// Whether it was written without a colon after the symbol, as before 2.9.
    pub(crate) old: bool,
}

#[derive(Debug)]
pub(crate) struct DocSection {
    pub(crate) kind: DocSectionKind,
    /// The line on which it starts.
    pub(crate) span: Span,
    /// Empty unless documentation is kept.
    pub(crate) text: String,
    pub(super) has_text: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DocSectionKind {
    Plain,
    Member(Symbol),
    Feature(Symbol),
    Returns,
    Errors,
    Since,
    Todo,
    /// `Note:`, `Example:` and the like, which are reported where they appear.
    Obsolete,
}

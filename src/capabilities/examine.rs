//! Whether a server would take certain arguments.

use std::fmt::{self, Write as _};

use qapi_types::codec::encode_object;
use qapi_types::{Mode, Object, Reader, Style, Value, Writer};

use super::Capabilities;
use super::view::{JsonType, Type, TypeKind};

/// The command that takes members which its schema does not list: properties of the device.
const OPEN: &str = "device_add";

/// How deep values are looked into; as deep as typed values can be received.
const MAX_DEPTH: u32 = 256;

/// Something noteworthy about a command or its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// Where: members joined by `.`, elements of lists as `[0]`; empty for the command itself.
    pub path: String,
    /// What.
    pub problem: Problem,
}

/// What a [`Finding`] is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The server does not have the command.
    UnknownCommand,
    /// The server does not have the event.
    UnknownEvent,
    /// The server does not have the member.
    UnknownMember,
    /// The server insists on the member.
    MissingMember,
    /// The server does not know this value of an enumeration or tag.
    UnknownValue(String),
    /// The value is of a kind that the server does not take here.
    WrongType,
    /// The command, member or value is going to be removed.
    Deprecated,
    /// The command, member or value may change or go without notice.
    Unstable,
}

impl Problem {
    /// Whether the server would refuse the command. What is deprecated or unstable is taken.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        !matches!(self, Self::Deprecated | Self::Unstable)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match &self.problem {
            Problem::UnknownCommand => return f.write_str("the command is not known"),
            Problem::UnknownEvent => return f.write_str("the event is not known"),
            Problem::UnknownMember => "is not known",
            Problem::MissingMember => "is missing",
            Problem::UnknownValue(value) => {
                return write!(f, "'{}': value '{value}' is not known", self.path);
            }
            Problem::WrongType => "is of the wrong type",
            Problem::Deprecated => "is deprecated",
            Problem::Unstable => "is unstable",
        };
        match self.path.as_str() {
            "" => write!(f, "the command {what}"),
            path => write!(f, "'{path}' {what}"),
        }
    }
}

impl Capabilities {
    /// What is to be said about a command before it is sent: members and values that this server does not know, members that
    /// it demands and that are not there, and those that are deprecated or unstable. Nothing, if all is well. So a program
    /// that talks to servers of many releases knows what to leave out, and what to add: a typed command can hold what
    /// any release since 6.0 understands.
    ///
    /// The server may still refuse the command: a schema does not tell ranges of integers, for one thing. Members of
    /// `device_add` that it does not list are passed over.
    #[must_use]
    pub fn examine<C: qapi_types::Command>(&self, command: &C) -> Vec<Finding> {
        let mut text = Vec::new();
        encode_object(command, &mut Writer::new(&mut text, Style::Compact));
        let arguments = Reader::new(&text, Mode::Lenient).and_then(|mut reader| reader.any());
        match arguments {
            Ok(Value::Object(arguments)) => self.examine_raw(C::NAME, &arguments),
            // Such as nested too deep: sending it fails, too.
            _ => self.examine_raw(C::NAME, &Object::new()),
        }
    }

    /// As [`examine`](Self::examine), for a command of any name.
    #[must_use]
    pub fn examine_raw(&self, command: &str, arguments: &Object) -> Vec<Finding> {
        let mut examination = Examination {
            open: command == OPEN,
            ..Examination::default()
        };
        match self.command(command) {
            None => examination.note(Problem::UnknownCommand),
            Some(command) => {
                examination.features(command.features());
                examination.object(command.arguments(), arguments);
            }
        }
        examination.findings
    }
}

impl Capabilities {
    /// What a reply to a command has that this schema does not, and the other way round. Nothing, if it is a reply of a
    /// server with this schema.
    #[must_use]
    pub fn examine_reply(&self, command: &str, reply: &Value) -> Vec<Finding> {
        let mut examination = Examination::default();
        match self.command(command) {
            None => examination.note(Problem::UnknownCommand),
            Some(command) => examination.value(command.reply(), reply),
        }
        examination.fatal()
    }

    /// As [`examine_reply`](Self::examine_reply), for an event and its data.
    #[must_use]
    pub fn examine_event(&self, event: &str, data: &Object) -> Vec<Finding> {
        let mut examination = Examination::default();
        match self.event(event) {
            None => examination.note(Problem::UnknownEvent),
            Some(event) => examination.object(event.data(), data),
        }
        examination.fatal()
    }
}

#[derive(Default)]
struct Examination {
    path: String,
    findings: Vec<Finding>,
    /// Whether members that the schema does not list are no mistake.
    open: bool,
    depth: u32,
}

impl Examination {
    fn note(&mut self, problem: Problem) {
        self.findings.push(Finding {
            path: self.path.clone(),
            problem,
        });
    }

    /// A server may well send what is deprecated or unstable.
    fn fatal(mut self) -> Vec<Finding> {
        self.findings.retain(|finding| finding.problem.is_fatal());
        self.findings
    }

    fn features<'c>(&mut self, features: impl Iterator<Item = &'c str>) {
        for feature in features {
            match feature {
                "deprecated" => self.note(Problem::Deprecated),
                "unstable" => self.note(Problem::Unstable),
                _ => {}
            }
        }
    }

    fn within(&mut self, segment: fmt::Arguments<'_>, look: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        // Writing to a string cannot fail.
        let _ = self.path.write_fmt(segment);
        if self.depth < MAX_DEPTH {
            self.depth += 1;
            look(self);
            self.depth -= 1;
        }
        self.path.truncate(length);
    }

    fn member(&mut self, name: &str, look: impl FnOnce(&mut Self)) {
        let dot = if self.path.is_empty() { "" } else { "." };
        self.within(format_args!("{dot}{name}"), look);
    }

    fn value(&mut self, ty: Type<'_>, value: &Value) {
        match (ty.kind(), value) {
            (TypeKind::Alternate, _) => {
                let fitting = ty.alternatives().find(|ty| fits(*ty, value));
                match fitting {
                    Some(ty) => self.value(ty, value),
                    None => self.note(Problem::WrongType),
                }
            }
            (TypeKind::Array(element), Value::Array(elements)) => {
                for (index, value) in elements.iter().enumerate() {
                    self.within(format_args!("[{index}]"), |this| this.value(element, value));
                }
            }
            (TypeKind::Object, Value::Object(members)) => self.object(ty, members),
            (TypeKind::Enum, Value::String(name)) => match ty.value(name) {
                Some(value) => self.features(value.features()),
                None => self.note(Problem::UnknownValue(name.clone())),
            },
            _ if fits(ty, value) => {}
            _ => self.note(Problem::WrongType),
        }
    }

    fn object(&mut self, ty: Type<'_>, members: &Object) {
        let (types, complete) = ty.chosen_by(|tag| members.get(tag)?.as_str());
        for ty in &types {
            for member in ty.members().filter(|member| !member.is_optional()) {
                if !members.contains_key(member.name()) {
                    self.member(member.name(), |this| this.note(Problem::MissingMember));
                }
            }
        }
        for (name, value) in members {
            let found = types
                .iter()
                .find_map(|ty| ty.members().find(|member| member.name() == name));
            match found {
                Some(member) => self.member(name, |this| {
                    this.features(member.features());
                    this.value(member.ty(), value);
                }),
                None if self.open && self.path.is_empty() || !complete => {}
                None => self.member(name, |this| this.note(Problem::UnknownMember)),
            }
        }
    }
}

/// Whether the value is of the kind that the type wants.
fn fits(ty: Type<'_>, value: &Value) -> bool {
    match ty.kind() {
        TypeKind::Builtin(json) => match json {
            JsonType::String => value.is_string(),
            JsonType::Number => value.is_number(),
            JsonType::Int => value.is_i64() || value.is_u64(),
            JsonType::Boolean => value.is_boolean(),
            JsonType::Null => value.is_null(),
            JsonType::Object => value.is_object(),
            JsonType::Array => value.is_array(),
            JsonType::Any => true,
        },
        TypeKind::Enum => value.is_string(),
        TypeKind::Array(_) => value.is_array(),
        TypeKind::Object => value.is_object(),
        // QAPI has no alternate in an alternate.
        TypeKind::Alternate => false,
        TypeKind::Other => true,
    }
}

//! What can be asked of a server.

use std::borrow::Cow;

use super::Descriptor;
use crate::trace::Trace;
use crate::types::codec::Decode;
use crate::types::message::{write_raw_request, write_request};
use crate::types::{self, Command, Note, Object, Style, Value, Writer};

/// What can be sent to a server: every [`Command`] of a schema, and [`RawCommand`].
pub trait Request {
    /// What a successful reply returns.
    type Reply: Decode;

    /// The command's name on the wire.
    fn name(&self) -> Cow<'static, str>;

    /// Its features in the schema, such as `deprecated`.
    fn features(&self) -> &'static [&'static str] {
        &[]
    }

    /// What of its arguments is deprecated or unstable, if it was encoded before, so that the writer cannot note it.
    fn notes(&self) -> &[Note] {
        &[]
    }

    /// Whether the server answers when it succeeds, and not only when it fails.
    fn success_response(&self) -> bool {
        true
    }

    /// Writes the request without line end: `execute`, or `exec-oob` if `oob`.
    fn write(&self, w: &mut Writer<'_>, id: Option<u64>, oob: bool);
}

impl<C: Command> Request for C {
    type Reply = C::Reply;

    fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed(C::NAME)
    }

    fn features(&self) -> &'static [&'static str] {
        C::FEATURES
    }

    fn success_response(&self) -> bool {
        C::SUCCESS_RESPONSE
    }

    fn write(&self, w: &mut Writer<'_>, id: Option<u64>, oob: bool) {
        write_request(w, self, id.as_ref(), oob);
    }
}

/// A request whatever its reply is, so that what sends requests is compiled once and not for every command.
pub(crate) trait Outgoing {
    fn name(&self) -> Cow<'static, str>;
    fn features(&self) -> &'static [&'static str];
    fn notes(&self) -> &[Note];
    fn success_response(&self) -> bool;
    fn write(&self, w: &mut Writer<'_>, id: Option<u64>, oob: bool);
}

impl<R: Request> Outgoing for R {
    fn name(&self) -> Cow<'static, str> {
        Request::name(self)
    }

    fn features(&self) -> &'static [&'static str] {
        Request::features(self)
    }

    fn notes(&self) -> &[Note] {
        Request::notes(self)
    }

    fn success_response(&self) -> bool {
        Request::success_response(self)
    }

    fn write(&self, w: &mut Writer<'_>, id: Option<u64>, oob: bool) {
        Request::write(self, w, id, oob);
    }
}

/// A command of any name, known to a schema or not.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RawCommand {
    /// Its name on the wire.
    pub name: String,
    /// Its arguments; left out of the request if there are none.
    pub arguments: Object,
}

impl RawCommand {
    /// A command without arguments.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            arguments: Object::new(),
        }
    }

    /// With arguments: an object, or `null` for none.
    ///
    /// # Errors
    /// When they are something else.
    pub fn with(name: impl Into<String>, arguments: Value) -> types::Result<Self> {
        let what = match arguments {
            Value::Object(arguments) => {
                let name = name.into();
                return Ok(Self { name, arguments });
            }
            Value::Null => return Ok(Self::new(name)),
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
        };
        let text = format!("the arguments are {what}, not an object");
        Err(types::Error::other(text))
    }

    /// With arguments of a type of one's own, which is a structure or a map, or `()` for none.
    ///
    /// # Errors
    /// When it is something else, or cannot be expressed.
    #[cfg(feature = "serde")]
    pub fn of(
        name: impl Into<String>,
        arguments: &impl types::bridge::Serialize,
    ) -> types::Result<Self> {
        Self::with(name, types::bridge::to_value(arguments)?)
    }
}

impl Request for RawCommand {
    type Reply = Value;

    fn name(&self) -> Cow<'static, str> {
        Cow::Owned(self.name.clone())
    }

    fn write(&self, w: &mut Writer<'_>, id: Option<u64>, oob: bool) {
        write_raw_request(w, &self.name, &self.arguments, id.as_ref(), oob);
    }
}

/// How a request is to be sent.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Sending {
    /// Out of band.
    pub oob: bool,
    /// File descriptors to go with it.
    pub fds: Vec<Descriptor>,
}

impl Sending {
    /// Out of band.
    #[must_use]
    pub fn oob(mut self) -> Self {
        self.oob = true;
        self
    }

    /// With file descriptors, which are closed when they have been sent.
    #[must_use]
    pub fn fds(mut self, fds: Vec<Descriptor>) -> Self {
        self.fds = fds;
        self
    }
}

pub(super) fn negotiation(w: &mut Writer<'_>, oob: bool, id: &str) {
    let mut arguments = Object::new();
    if oob {
        arguments.insert("enable".into(), vec!["oob"].into());
    }
    write_raw_request(w, "qmp_capabilities", &arguments, Some(&id), false);
}

/// Adds to `out` what `write` writes, as a line; gives what there is to warn of in it.
///
/// # Errors
/// When it cannot be expressed. Nothing is added then.
pub(super) fn line(
    trace: &Trace,
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Writer<'_>),
) -> types::Result<Vec<Note>> {
    let start = out.len();
    let mut writer = trace.watch(Writer::new(out, Style::Compact));
    write(&mut writer);
    let notes = writer.notes().to_vec();
    if let Err(error) = writer.finish() {
        out.truncate(start);
        return Err(error);
    }
    trace.sent(&out[start..]);
    out.push(b'\n');
    Ok(notes)
}

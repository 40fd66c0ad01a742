//! How values are shown.

mod harmless;
mod json;
mod pretty;
mod table;
mod yaml;

use std::io::{self, IsTerminal as _, Write};
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) use harmless::{harmless, harmless_name};
pub(crate) use json::{Json, quoted};

use crate::failure::Failure;

/// The forms of `--output`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    Pretty,
    Table,
    Yaml,
}

impl Form {
    pub(crate) const NAMES: [&'static str; 4] = ["json", "pretty", "table", "yaml"];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "json" => Self::Json,
            "pretty" => Self::Pretty,
            "table" => Self::Table,
            "yaml" => Self::Yaml,
            _ => return None,
        })
    }
}

/// Colours, or none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Palette {
    pub(crate) colour: bool,
}

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Name,
    Text,
    Plain,
    Title,
    Event,
    Dim,
    Warning,
    Error,
}

impl Palette {
    pub(crate) fn paint(self, role: Role, text: &str) -> String {
        let text = harmless(text);
        if !self.colour {
            return text.into_owned();
        }
        let code = match role {
            Role::Name => "34",
            Role::Text => "32",
            Role::Plain => "36",
            Role::Title => "1",
            Role::Event => "35",
            Role::Dim => "2",
            Role::Warning => "33",
            Role::Error => "1;31",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// Whether terminals can show lines and nothing else.
pub(crate) fn is_dumb() -> bool {
    let kind = std::env::var_os("TERM");
    kind.is_none_or(|kind| kind.is_empty() || kind == "dumb")
}

/// Whether there was a YAML document before: the next one is to be told from it.
static IS_IN_STREAM: AtomicBool = AtomicBool::new(false);

/// Where values go, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) form: Form,
    pub(crate) palette: Palette,
    /// For what is said on standard error.
    pub(crate) notes: Palette,
    /// Whether a person looks at it, so that it is laid out and secrets are hidden.
    pub(crate) terminal: bool,
    pub(crate) show_secrets: bool,
}

impl Output {
    pub(crate) fn new(form: Option<Form>, colour: Option<bool>, show_secrets: bool) -> Self {
        let terminal = io::stdout().is_terminal();
        let default = if terminal { Form::Pretty } else { Form::Json };
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let palette = |is_terminal: bool| Palette {
            colour: colour.unwrap_or(is_terminal && wanted && !is_dumb()),
        };
        Self {
            form: form.unwrap_or(default),
            palette: palette(terminal),
            notes: palette(io::stderr().is_terminal()),
            terminal,
            show_secrets,
        }
    }

    /// The text with what should not be on a screen masked.
    pub(crate) fn shown(self, text: &str) -> String {
        if self.terminal && !self.show_secrets {
            qapi_rt::mask_secrets(text).into_owned()
        } else {
            text.to_owned()
        }
    }

    /// A value in the form that was asked for, with a line end, to be printed behind all those before.
    pub(crate) fn format(self, value: &Json) -> String {
        let mut text = match self.form {
            Form::Json => value.compact(),
            Form::Pretty => pretty::text(value, self.palette),
            Form::Table => table::text(value, self.palette, !self.terminal),
            Form::Yaml => {
                let start = match IS_IN_STREAM.swap(true, Ordering::Relaxed) {
                    true => yaml::NEXT,
                    false => "",
                };
                start.to_owned() + &yaml::text(value, self.palette)
            }
        };
        // A table without rows is nothing.
        let is_nothing = self.form == Form::Table && value.is_empty();
        if !text.ends_with('\n') && !is_nothing {
            text.push('\n');
        }
        text
    }

    /// Prints what the server returned. On a terminal the empty object, which says that all went well, is left out.
    pub(crate) fn reply(self, text: &str) -> Result<(), Failure> {
        let text = self.shown(text);
        let value = Json::parse(&text).map_err(Failure::unreadable)?;
        if self.terminal && value == Json::Object(Vec::new()) {
            return Ok(());
        }
        print(&self.format(&value))
    }

    /// Prints a value of our own making.
    pub(crate) fn value(self, value: &Json) -> Result<(), Failure> {
        print(&self.format(value))
    }

    /// Says something on standard error.
    pub(crate) fn note(self, role: Role, label: &str, text: &str) {
        let label = self.notes.paint(role, label);
        // There is nobody to be told of a failure.
        let _ = writeln!(io::stderr(), "{label}: {}", harmless(text));
    }

    /// Says what went wrong; nothing where nobody wants to know.
    pub(crate) fn tell(self, failure: &Failure) {
        let messages = std::iter::once(&failure.message).chain(&failure.others);
        for message in messages.filter(|message| !message.is_empty()) {
            self.note(Role::Error, "error", message.trim_end());
        }
    }

    pub(crate) fn warning(self, text: &str) {
        self.note(Role::Warning, "warning", text);
    }
}

/// Writes to standard output. That nobody reads it any more ends the program without a word, as usual.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::unread()),
        Err(error) => Err(Failure::unwritten("standard output", &error)),
    }
}

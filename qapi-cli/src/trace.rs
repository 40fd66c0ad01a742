//! `--trace`: what the library logs of the wire, on standard error.

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::sync::OnceLock;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::output::{Palette, Role};

const WIRE: &str = "qapi_rt::wire";

type Show = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// Shows a line while another one is being typed; says no if none is.
static ASIDE: OnceLock<Show> = OnceLock::new();

/// Has the shell asked first, for the whole program.
pub(crate) fn aside(show: impl Fn(&str) -> bool + Send + Sync + 'static) {
    // There is one shell.
    let _ = ASIDE.set(Box::new(show));
}

/// Shows messages, in a colour for each side.
struct Wire(Palette);

/// From now on, for the whole program.
pub(crate) fn start(palette: Palette) {
    // It can only be done once, and nobody else does.
    let _ = tracing::subscriber::set_global_default(Wire(palette));
}

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // Writing to a string cannot fail.
            let _ = write!(self.0, "{value:?}");
        }
    }
}

impl Subscriber for Wire {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == WIRE
    }

    fn event(&self, event: &Event<'_>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        let role = if message.0.starts_with("C:") {
            Role::Dim
        } else {
            Role::Plain
        };
        let line = self.0.paint(role, &message.0);
        if !ASIDE.get().is_some_and(|show| show(&line)) {
            let _ = writeln!(io::stderr(), "{line}");
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

//! The command `qmp_capabilities` (QMP specification, "Capabilities Negotiation").

use qapi_types::codec::{Decode, Enum, Members, Seen, enumeration, get_opt, object};
use qapi_types::message::Raw;
use qapi_types::{ErrorReply, Mode, Reader, Result, Unrecognized, Writer};

pub(super) const COMMAND: &str = "qmp_capabilities";

/// Whether the arguments enable out-of-band execution, the only capability there is.
pub(super) fn enables_oob(arguments: Option<Raw<'_>>, offered: bool) -> Result<bool, ErrorReply> {
    let Some(arguments) = arguments else {
        return Ok(false);
    };
    let arguments: Arguments = object(&mut arguments.reader(Mode::Strict))?;
    let oob = arguments.enable.is_some_and(|list| !list.is_empty());
    if oob && !offered {
        return Err(ErrorReply::generic("Capability oob not available"));
    }
    Ok(oob)
}

struct Arguments {
    enable: Option<Vec<Oob>>,
}

/// The name of the capability.
#[derive(Clone)]
struct Oob;

impl Members for Arguments {
    fn blank() -> Self {
        Self { enable: None }
    }

    fn member(&mut self, key: &str, seen: &mut Seen, r: &mut Reader<'_>) -> Result<()> {
        match key {
            "enable" => get_opt(&mut self.enable, 0, seen, r),
            _ => Ok(()),
        }
    }

    fn put(&self, _: &mut Writer<'_>) {}
}

impl Enum for Oob {
    const VALUES: &'static [Self] = &[Self];
    const NAMES: &'static [&'static str] = &["oob"];

    // Strict reading has no use for it.
    fn unrecognized(_: Unrecognized) -> Self {
        Self
    }

    fn name(&self) -> &str {
        "oob"
    }
}

impl Decode for Oob {
    fn blank() -> Self {
        Self
    }

    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        enumeration(r)
    }
}

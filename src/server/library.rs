//! Commands that the library answers, unless the service does.

use std::sync::OnceLock;

use super::core::Core;
use super::options::Options;
use crate::service::{Dispatch, Outcome, combined, encode_reply};
use crate::session::server::{Flavour, OutputPolicy};
use crate::types::codec::{Demanded, Members, Seen, get, object};
use crate::types::message::{Raw, VersionInfo};
use crate::types::{CommandInfo, Empty, ErrorReply, Mode, Reader, Style, Writer};

/// The commands of one flavour.
#[derive(Debug)]
pub(crate) struct Library {
    commands: &'static [Own],
    version: VersionInfo,
    /// What `query-qmp-schema` answers: all, and without what is deprecated.
    schemas: [OnceLock<Vec<u8>>; 2],
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Own {
    pub(crate) info: CommandInfo,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Capabilities,
    Version,
    Commands,
    Schema,
    Info,
    Ping,
    Sync,
}

const fn own(name: &'static str, kind: Kind) -> Own {
    let info = CommandInfo::new(name).allow_preconfig();
    Own { info, kind }
}

/// Answered by the session; here it is only listed.
const CAPABILITIES: &str = "qmp_capabilities";

const QMP: &[Own] = &[
    own(CAPABILITIES, Kind::Capabilities),
    own("query-version", Kind::Version),
    own("query-commands", Kind::Commands),
    own("query-qmp-schema", Kind::Schema),
];

/// What describes them where the service's schema does not.
const SCHEMA: &str = include_str!(concat!(env!("OUT_DIR"), "/library.json"));

const AGENT: &[Own] = &[
    own("guest-sync", Kind::Sync),
    own("guest-sync-delimited", Kind::Sync),
    own("guest-ping", Kind::Ping),
    own("guest-info", Kind::Info),
];

impl Library {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            commands: match options.config.flavour() {
                Flavour::Qmp => QMP,
                Flavour::Agent => AGENT,
            },
            version: options.version.clone(),
            schemas: Default::default(),
        }
    }

    pub(crate) fn find(&self, name: &str) -> Option<Own> {
        let mut commands = self.commands.iter();
        commands.find(|own| own.info.name == name).copied()
    }

    /// What clients are told there is: the service's commands and those here.
    fn all<D: Dispatch>(&self, dispatch: &D) -> Vec<CommandInfo> {
        let mut all = dispatch.commands();
        for own in self.commands {
            if !all.iter().any(|info| info.name == own.info.name) {
                all.push(own.info);
            }
        }
        all
    }
}

impl Own {
    /// Executes it.
    pub(crate) fn answer<D: Dispatch>(self, core: &Core<D>, arguments: Option<Raw<'_>>) -> Outcome {
        let library = &core.library;
        if let Kind::Sync = self.kind {
            let Sync { id } = decode(arguments, core.options.mode)?;
            return encode_reply(&id);
        }
        decode::<Empty>(arguments, core.options.mode)?;
        match self.kind {
            Kind::Version => encode_reply(&library.version),
            Kind::Commands => {
                let mut commands = library.all(&core.dispatch);
                core.control
                    .with_gate(|gate| commands.retain(|info| gate.is_enabled(info.name)));
                list(commands, |w, info| {
                    w.key("name");
                    w.string(info.name);
                })
            }
            Kind::Schema => schema(core),
            Kind::Info => info(core),
            Kind::Capabilities | Kind::Ping | Kind::Sync => Ok(b"{}".to_vec()),
        }
    }
}

fn schema<D: Dispatch>(core: &Core<D>) -> Outcome {
    let hide = core.control.policy().deprecated_output == OutputPolicy::Hide;
    let cached = &core.library.schemas[usize::from(hide)];
    if let Some(schema) = cached.get() {
        return Ok(schema.clone());
    }
    let commands = core.library.all(&core.dispatch);
    let commands: Vec<_> = commands.iter().map(|info| info.name).collect();
    let mut schemas = core.dispatch.schemas();
    schemas.push(SCHEMA);
    let schema = combined(&schemas, &commands, &core.dispatch.events(), hide)?;
    Ok(cached.get_or_init(|| schema).clone())
}

/// `guest-info`: the version, and what is enabled.
fn info<D: Dispatch>(core: &Core<D>) -> Outcome {
    let version = &core.library.version.qemu;
    let (major, minor, micro) = (version.major, version.minor, version.micro);
    let commands = list(core.library.all(&core.dispatch), |w, info| {
        w.key("name");
        w.string(info.name);
        w.key("enabled");
        w.bool(core.control.with_gate(|gate| gate.is_enabled(info.name)));
        w.key("success-response");
        w.bool(info.success_response);
    })?;
    let mut out =
        format!(r#"{{"version": "{major}.{minor}.{micro}", "supported_commands": "#).into_bytes();
    out.extend(commands);
    out.push(b'}');
    Ok(out)
}

fn list(
    mut commands: Vec<CommandInfo>,
    mut members: impl FnMut(&mut Writer<'_>, &CommandInfo),
) -> Outcome {
    commands.sort_unstable_by_key(|info| info.name);
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out, Style::Ascii);
    writer.begin_array();
    for info in &commands {
        writer.element();
        writer.begin_object();
        members(&mut writer, info);
        writer.end_object();
    }
    writer.end_array();
    writer.finish()?;
    Ok(out)
}

fn decode<T: Members>(arguments: Option<Raw<'_>>, mode: Mode) -> Result<T, ErrorReply> {
    let arguments = arguments.unwrap_or(Raw::from_text("{}"));
    Ok(object(&mut arguments.reader(mode))?)
}

/// The arguments of `guest-sync` and `guest-sync-delimited`.
struct Sync {
    id: i64,
}

impl Members for Sync {
    const MANDATORY: Demanded = &[(0, "id")];

    fn blank() -> Self {
        Self { id: 0 }
    }

    fn member(
        &mut self,
        key: &str,
        seen: &mut Seen,
        r: &mut Reader<'_>,
    ) -> crate::types::Result<()> {
        match key {
            "id" => get(&mut self.id, 0, seen, r),
            _ => Ok(()),
        }
    }

    fn put(&self, _: &mut Writer<'_>) {}
}

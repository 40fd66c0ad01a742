//! A session with a few commands behind it.

use qapi_rt::session::server::{Config, Flavour, Gate, Refusal, Request, Session};
use qapi_types::message::{Raw, VersionInfo, VersionTriple, decode_arguments};
use qapi_types::{Command, CommandInfo, ErrorReply, qga, qmp};

/// What the recorded server was.
pub(crate) fn version() -> VersionInfo {
    let mut version = VersionInfo::new(VersionTriple {
        major: 10,
        minor: 0,
        micro: 2,
    });
    version.package = "Debian 1:10.0.2+ds-2+deb13u1~bpo12+1".into();
    version
}

pub(crate) const VERSION: &str = concat!(
    r#"{"qemu": {"major": 10, "minor": 0, "micro": 2}, "#,
    r#""package": "Debian 1:10.0.2+ds-2+deb13u1~bpo12+1"}"#
);

/// An error reply to a request without id, as it is sent by a monitor.
pub(crate) fn error(class: &str, desc: &str) -> String {
    format!("{{\"error\": {{\"class\": \"{class}\", \"desc\": \"{desc}\"}}}}\r\n")
}

/// An error reply to a request whose id is echoed like this.
pub(crate) fn error_for(id: &str, class: &str, desc: &str) -> String {
    format!("{{\"id\": {id}, \"error\": {{\"class\": \"{class}\", \"desc\": \"{desc}\"}}}}\r\n")
}

pub(crate) fn generic(desc: &str) -> String {
    error("GenericError", desc)
}

pub(crate) fn parse_error(desc: &str) -> String {
    generic(&format!("JSON parse error, {desc}"))
}

/// A success reply to a request whose id is echoed like this.
pub(crate) fn returned(value: &str, id: &str) -> String {
    format!("{{\"return\": {value}, \"id\": {id}}}\r\n")
}

/// A session that executes requests as soon as it may, unless told to wait.
pub(crate) struct Monitor {
    pub(crate) session: Session,
    pub(crate) gate: Gate,
    /// In-band requests are left where they are.
    pub(crate) hold: bool,
    /// The commands there are.
    pub(crate) commands: &'static [CommandInfo],
    /// Names of the commands that were executed, successfully or not.
    pub(crate) executed: Vec<String>,
}

impl Monitor {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            session: Session::new(config),
            gate: Gate::new(),
            hold: false,
            commands: match config.flavour() {
                Flavour::Qmp => qmp::COMMANDS,
                Flavour::Agent => qga::COMMANDS,
            },
            executed: Vec::new(),
        }
    }

    /// In command mode, without out-of-band execution.
    pub(crate) fn qmp() -> Self {
        Self::negotiated(&Config::qmp(version()), b"{'execute':'qmp_capabilities'}")
    }

    /// In command mode, with out-of-band execution.
    pub(crate) fn oob() -> Self {
        let request = b"{'execute':'qmp_capabilities','arguments':{'enable':['oob']}}";
        Self::negotiated(&Config::qmp(version()), request)
    }

    pub(crate) fn negotiated(config: &Config, request: &[u8]) -> Self {
        let mut monitor = Self::new(config);
        monitor.send(request);
        assert!(monitor.session.is_negotiated());
        monitor
    }

    /// In command mode, of a release that tells errors at once.
    pub(crate) fn at_once() -> Self {
        let mut version = version();
        version.qemu.major = 12;
        Self::negotiated(&Config::qmp(version), b"{'execute':'qmp_capabilities'}")
    }

    pub(crate) fn agent() -> Self {
        Self::new(&Config::agent().version(&version()))
    }

    /// Sends, executes, and gives what comes back.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> String {
        self.session.receive(bytes.as_ref());
        self.run();
        self.output()
    }

    /// Executes what may be executed.
    pub(crate) fn run(&mut self) {
        loop {
            let request = match self.session.take_oob() {
                Some(request) => request,
                None if self.hold => return,
                None => match self.session.take_in_band() {
                    Some(request) => request,
                    None => return,
                },
            };
            self.execute(&request);
        }
    }

    pub(crate) fn execute(&mut self, request: &Request) {
        let info = self
            .commands
            .iter()
            .find(|info| info.name == request.command());
        let outcome = self.gate.check(request.command(), request.is_oob(), info);
        let outcome = match outcome {
            Ok(()) => {
                self.executed.push(request.command().to_owned());
                command(request.command(), request.arguments())
            }
            Err(Refusal::Error(error)) => Err(error),
            Err(Refusal::Crash) => return self.session.close(),
        };
        match outcome {
            Ok(_) if info.is_some_and(|info| !info.success_response) => {
                self.session.finish(request.ticket());
            }
            Ok(value) => self.session.reply(request.ticket(), Ok(value.as_bytes())),
            Err(error) => self.session.reply(request.ticket(), Err(&error)),
        }
    }

    /// What was to be written since the last time.
    pub(crate) fn output(&mut self) -> String {
        let output = latin1(self.session.output());
        self.session.sent(output.chars().count());
        output
    }
}

/// Every byte as the character of the same number: the byte 0xFF stays apart.
fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|b| char::from(*b)).collect()
}

/// What commands return; most of them do nothing.
fn command(name: &str, arguments: Option<Raw<'_>>) -> Result<String, ErrorReply> {
    use qmp::commands as q;
    fn checked<C: Command>(arguments: Option<Raw<'_>>) -> Result<C, ErrorReply> {
        Ok(decode_arguments::<C>(arguments)?)
    }
    let empty = || "{}".to_owned();
    Ok(match name {
        "blockdev-add" => checked::<q::BlockdevAdd>(arguments).map(|_| empty())?,
        "blockdev-reopen" => checked::<q::BlockdevReopen>(arguments).map(|_| empty())?,
        "guest-get-time" => {
            checked::<qga::commands::GuestGetTime>(arguments).map(|_| "5".into())?
        }
        "guest-ping" => checked::<qga::commands::GuestPing>(arguments).map(|_| empty())?,
        "guest-shutdown" => {
            let shutdown: qga::commands::GuestShutdown = checked(arguments)?;
            match shutdown.mode.as_deref() {
                None | Some("halt" | "powerdown" | "reboot") => empty(),
                Some(_) => return Err(ErrorReply::generic("mode is invalid")),
            }
        }
        "guest-sync" => checked::<qga::commands::GuestSync>(arguments)?
            .id
            .to_string(),
        "guest-sync-delimited" => checked::<qga::commands::GuestSyncDelimited>(arguments)?
            .id
            .to_string(),
        "object-del" => {
            let id = checked::<q::ObjectDel>(arguments)?.id;
            return Err(ErrorReply::generic(format!("object '{id}' not found")));
        }
        "query-named-block-nodes" => {
            checked::<q::QueryNamedBlockNodes>(arguments).map(|_| "[]".into())?
        }
        "query-status" => checked::<q::QueryStatus>(arguments)
            .map(|_| r#"{"status": "running", "running": true}"#.into())?,
        "query-version" => checked::<q::QueryVersion>(arguments).map(|_| VERSION.into())?,
        "ringbuf-read" => checked::<q::RingbufRead>(arguments).map(|_| r#""""#.into())?,
        "yank" => checked::<q::Yank>(arguments).map(|_| empty())?,
        _ => empty(),
    })
}

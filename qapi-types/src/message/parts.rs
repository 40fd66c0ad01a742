//! What messages consist of.

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::codec::{Demanded, Enum, Members, Seen, get, put};
use crate::error::{Error, Result};
use crate::open::Unrecognized;
use crate::reader::Reader;
use crate::writer::Writer;

/// The class of an error reply: the part of it that programs may look at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorClass {
    /// Any error that needs no class of its own.
    GenericError,
    /// There is no such command, or not at present.
    CommandNotFound,
    /// The device is not active.
    DeviceNotActive,
    /// There is no such device.
    DeviceNotFound,
    /// KVM lacks a capability.
    KvmMissingCap,
    /// A class this version does not know.
    Unrecognized(Unrecognized),
}

impl Enum for ErrorClass {
    const VALUES: &'static [Self] = &[
        Self::GenericError,
        Self::CommandNotFound,
        Self::DeviceNotActive,
        Self::DeviceNotFound,
        Self::KvmMissingCap,
    ];
    const NAMES: &'static [&'static str] = &[
        "GenericError",
        "CommandNotFound",
        "DeviceNotActive",
        "DeviceNotFound",
        "KVMMissingCap",
    ];

    fn unrecognized(name: Unrecognized) -> Self {
        Self::Unrecognized(name)
    }

    fn name(&self) -> &str {
        match self {
            Self::GenericError => "GenericError",
            Self::CommandNotFound => "CommandNotFound",
            Self::DeviceNotActive => "DeviceNotActive",
            Self::DeviceNotFound => "DeviceNotFound",
            Self::KvmMissingCap => "KVMMissingCap",
            Self::Unrecognized(name) => name.as_str(),
        }
    }
}

/// An error as a server replies it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorReply {
    /// For programs.
    pub class: ErrorClass,
    /// For people; its wording changes between versions.
    pub desc: String,
}

impl ErrorReply {
    /// An error of any class.
    pub fn new(class: ErrorClass, desc: impl Into<String>) -> Self {
        let desc = desc.into();
        Self { class, desc }
    }

    /// An error of the class `GenericError`.
    pub fn generic(desc: impl Into<String>) -> Self {
        Self::new(ErrorClass::GenericError, desc)
    }

    /// For a name that is no command, in QEMU's words.
    #[must_use]
    pub fn command_not_found(name: &str) -> Self {
        let desc = format!("The command {name} has not been found");
        Self::new(ErrorClass::CommandNotFound, desc)
    }

    /// For `exec-oob` of a command that is not [`ALLOW_OOB`](crate::Command::ALLOW_OOB), in QEMU's words.
    #[must_use]
    pub fn no_oob(name: &str) -> Self {
        Self::generic(format!("The command {name} does not support OOB"))
    }

    /// For a command that is not [`ALLOW_PRECONFIG`](crate::Command::ALLOW_PRECONFIG) and came too early, in QEMU's
    /// words.
    #[must_use]
    pub fn needs_machine(name: &str) -> Self {
        Self::generic(format!(
            "The command '{name}' is permitted only after machine initialization has completed"
        ))
    }
}

impl Error {
    /// The class a server gives to this error.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        ErrorClass::GenericError
    }
}

impl From<Error> for ErrorReply {
    fn from(error: Error) -> Self {
        Self::new(error.class(), error.desc())
    }
}

impl fmt::Display for ErrorReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.class, self.desc)
    }
}

impl std::error::Error for ErrorReply {}

impl Members for ErrorReply {
    const MANDATORY: Demanded = &[(0, "class"), (1, "desc")];

    fn blank() -> Self {
        Self::generic(String::new())
    }

    fn member(&mut self, key: &str, seen: &mut Seen, r: &mut Reader<'_>) -> Result<()> {
        match key {
            "class" => get(&mut self.class, 0, seen, r),
            "desc" => get(&mut self.desc, 1, seen, r),
            _ => Ok(()),
        }
    }

    fn put(&self, w: &mut Writer<'_>) {
        put(w, "class", &self.class);
        put(w, "desc", &self.desc);
    }
}

/// When an event happened, by the server's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    seconds: i64,
    microseconds: i64,
}

impl Timestamp {
    /// What a server sends that could not read its clock.
    pub const UNKNOWN: Self = Self::new(-1, -1);

    /// Seconds since 1970-01-01 UTC, and microseconds of the second begun.
    #[must_use]
    pub const fn new(seconds: i64, microseconds: i64) -> Self {
        Self {
            seconds,
            microseconds,
        }
    }

    /// Now.
    #[must_use]
    pub fn now() -> Self {
        SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .ok()
            .and_then(|time| {
                let seconds = time.as_secs().try_into().ok()?;
                Some(Self::new(seconds, time.subsec_micros().into()))
            })
            .unwrap_or(Self::UNKNOWN)
    }

    /// Seconds since 1970-01-01 UTC; −1 if the server could not read its clock.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.seconds
    }

    /// Microseconds of the second begun; −1 if the server could not read its clock.
    #[must_use]
    pub fn microseconds(&self) -> i64 {
        self.microseconds
    }

    /// The same as a point in time; `None` if the server could not read its clock.
    #[must_use]
    pub fn time(&self) -> Option<SystemTime> {
        let seconds = Duration::from_secs(self.seconds.try_into().ok()?);
        let micros = Duration::from_micros(self.microseconds.try_into().ok()?);
        SystemTime::UNIX_EPOCH.checked_add(seconds.checked_add(micros)?)
    }
}

impl Members for Timestamp {
    const MANDATORY: Demanded = &[(0, "seconds"), (1, "microseconds")];

    fn blank() -> Self {
        Self::UNKNOWN
    }

    fn member(&mut self, key: &str, seen: &mut Seen, r: &mut Reader<'_>) -> Result<()> {
        match key {
            "seconds" => get(&mut self.seconds, 0, seen, r),
            "microseconds" => get(&mut self.microseconds, 1, seen, r),
            _ => Ok(()),
        }
    }

    fn put(&self, w: &mut Writer<'_>) {
        put(w, "seconds", &self.seconds);
        put(w, "microseconds", &self.microseconds);
    }
}

/// The numbers of a server's version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionTriple {
    /// The release's first number.
    pub major: i64,
    /// The release's second number.
    pub minor: i64,
    /// The release's third number; 50 during development, 90 and above for release candidates.
    pub micro: i64,
}

impl Members for VersionTriple {
    const MANDATORY: Demanded = &[(0, "major"), (1, "minor"), (2, "micro")];

    fn blank() -> Self {
        Self {
            major: 0,
            minor: 0,
            micro: 0,
        }
    }

    fn member(&mut self, key: &str, seen: &mut Seen, r: &mut Reader<'_>) -> Result<()> {
        match key {
            "major" => get(&mut self.major, 0, seen, r),
            "minor" => get(&mut self.minor, 1, seen, r),
            "micro" => get(&mut self.micro, 2, seen, r),
            _ => Ok(()),
        }
    }

    fn put(&self, w: &mut Writer<'_>) {
        put(w, "major", &self.major);
        put(w, "minor", &self.minor);
        put(w, "micro", &self.micro);
    }
}

/// The version of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VersionInfo {
    /// The release.
    pub qemu: VersionTriple,
    /// What the distributor calls the package; often empty.
    pub package: String,
}

impl VersionInfo {
    /// A version without a package's name.
    #[must_use]
    pub fn new(qemu: VersionTriple) -> Self {
        let package = String::new();
        Self { qemu, package }
    }
}

impl Members for VersionInfo {
    const MANDATORY: Demanded = &[(0, "qemu"), (1, "package")];

    fn blank() -> Self {
        Self::new(Members::blank())
    }

    fn member(&mut self, key: &str, seen: &mut Seen, r: &mut Reader<'_>) -> Result<()> {
        match key {
            "qemu" => get(&mut self.qemu, 0, seen, r),
            "package" => get(&mut self.package, 1, seen, r),
            _ => Ok(()),
        }
    }

    fn put(&self, w: &mut Writer<'_>) {
        put(w, "qemu", &self.qemu);
        put(w, "package", &self.package);
    }
}

/// What a QMP server says first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Greeting {
    /// The server's version.
    pub version: VersionInfo,
    /// The capabilities it offers, such as `oob`.
    pub capabilities: Vec<String>,
}

impl Greeting {
    /// A greeting that offers no capability.
    #[must_use]
    pub fn new(version: VersionInfo) -> Self {
        Self {
            version,
            capabilities: Vec::new(),
        }
    }
}

impl Members for Greeting {
    const MANDATORY: Demanded = &[(0, "version"), (1, "capabilities")];

    fn blank() -> Self {
        Self::new(Members::blank())
    }

    fn member(&mut self, key: &str, seen: &mut Seen, r: &mut Reader<'_>) -> Result<()> {
        match key {
            "version" => get(&mut self.version, 0, seen, r),
            "capabilities" => get(&mut self.capabilities, 1, seen, r),
            _ => Ok(()),
        }
    }

    fn put(&self, w: &mut Writer<'_>) {
        put(w, "version", &self.version);
        put(w, "capabilities", &self.capabilities);
    }
}

crate::impl_object!(ErrorReply, Timestamp, VersionTriple, VersionInfo, Greeting);
crate::impl_enum!(ErrorClass);

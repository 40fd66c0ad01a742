//! What messages consist of.

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::codec::{Enum, Fault, Members, get, incomplete, put};
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
    type Partial = (Fault, Option<ErrorClass>, Option<String>);

    fn begin() -> Self::Partial {
        (Fault::new(), None, None)
    }

    fn member(p: &mut Self::Partial, key: &str, r: &mut Reader<'_>) -> Result<bool> {
        match key {
            "class" => get(&mut p.1, &mut p.0, 0, "class", r),
            "desc" => get(&mut p.2, &mut p.0, 1, "desc", r),
            _ => Ok(false),
        }
    }

    fn finish(p: Self::Partial, r: &Reader<'_>) -> Result<Self> {
        let (Fault(None), Some(class), Some(desc)) = p else {
            let members = [(p.1.is_none(), 0, "class"), (p.2.is_none(), 1, "desc")];
            return Err(incomplete(p.0, &members, r));
        };
        Ok(Self { class, desc })
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
    type Partial = (Fault, Option<i64>, Option<i64>);

    fn begin() -> Self::Partial {
        (Fault::new(), None, None)
    }

    fn member(p: &mut Self::Partial, key: &str, r: &mut Reader<'_>) -> Result<bool> {
        match key {
            "seconds" => get(&mut p.1, &mut p.0, 0, "seconds", r),
            "microseconds" => get(&mut p.2, &mut p.0, 1, "microseconds", r),
            _ => Ok(false),
        }
    }

    fn finish(p: Self::Partial, r: &Reader<'_>) -> Result<Self> {
        let (Fault(None), Some(seconds), Some(microseconds)) = p else {
            let members = [
                (p.1.is_none(), 0, "seconds"),
                (p.2.is_none(), 1, "microseconds"),
            ];
            return Err(incomplete(p.0, &members, r));
        };
        Ok(Self::new(seconds, microseconds))
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
    type Partial = (Fault, Option<i64>, Option<i64>, Option<i64>);

    fn begin() -> Self::Partial {
        (Fault::new(), None, None, None)
    }

    fn member(p: &mut Self::Partial, key: &str, r: &mut Reader<'_>) -> Result<bool> {
        match key {
            "major" => get(&mut p.1, &mut p.0, 0, "major", r),
            "minor" => get(&mut p.2, &mut p.0, 1, "minor", r),
            "micro" => get(&mut p.3, &mut p.0, 2, "micro", r),
            _ => Ok(false),
        }
    }

    fn finish(p: Self::Partial, r: &Reader<'_>) -> Result<Self> {
        let (Fault(None), Some(major), Some(minor), Some(micro)) = p else {
            let members = [
                (p.1.is_none(), 0, "major"),
                (p.2.is_none(), 1, "minor"),
                (p.3.is_none(), 2, "micro"),
            ];
            return Err(incomplete(p.0, &members, r));
        };
        Ok(Self {
            major,
            minor,
            micro,
        })
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
    type Partial = (Fault, Option<VersionTriple>, Option<String>);

    fn begin() -> Self::Partial {
        (Fault::new(), None, None)
    }

    fn member(p: &mut Self::Partial, key: &str, r: &mut Reader<'_>) -> Result<bool> {
        match key {
            "qemu" => get(&mut p.1, &mut p.0, 0, "qemu", r),
            "package" => get(&mut p.2, &mut p.0, 1, "package", r),
            _ => Ok(false),
        }
    }

    fn finish(p: Self::Partial, r: &Reader<'_>) -> Result<Self> {
        let (Fault(None), Some(qemu), Some(package)) = p else {
            let members = [(p.1.is_none(), 0, "qemu"), (p.2.is_none(), 1, "package")];
            return Err(incomplete(p.0, &members, r));
        };
        Ok(Self { qemu, package })
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
    type Partial = (Fault, Option<VersionInfo>, Option<Vec<String>>);

    fn begin() -> Self::Partial {
        (Fault::new(), None, None)
    }

    fn member(p: &mut Self::Partial, key: &str, r: &mut Reader<'_>) -> Result<bool> {
        match key {
            "version" => get(&mut p.1, &mut p.0, 0, "version", r),
            "capabilities" => get(&mut p.2, &mut p.0, 1, "capabilities", r),
            _ => Ok(false),
        }
    }

    fn finish(p: Self::Partial, r: &Reader<'_>) -> Result<Self> {
        let (Fault(None), Some(version), Some(capabilities)) = p else {
            let members = [
                (p.1.is_none(), 0, "version"),
                (p.2.is_none(), 1, "capabilities"),
            ];
            return Err(incomplete(p.0, &members, r));
        };
        Ok(Self {
            version,
            capabilities,
        })
    }

    fn put(&self, w: &mut Writer<'_>) {
        put(w, "version", &self.version);
        put(w, "capabilities", &self.capabilities);
    }
}

crate::impl_object!(ErrorReply, Timestamp, VersionTriple, VersionInfo, Greeting);
crate::impl_enum!(ErrorClass);

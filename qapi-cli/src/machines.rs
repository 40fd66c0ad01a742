//! The machines that run here, as far as can be seen without talking to them: `qmp ls`.

mod states;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use self::states::States;
use crate::complete::Candidate;
use crate::failure::Failure;
use crate::output::{Form, Json, Output};
use crate::processes::CommandLine;

/// A socket of a machine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Socket {
    /// The machine's name, or what is nearest to one.
    pub(crate) machine: String,
    pub(crate) kind: Kind,
    pub(crate) address: String,
    /// The process, where it was seen.
    pub(crate) process: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Qmp,
    Agent,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Qmp => "qmp",
            Self::Agent => "agent",
        }
    }
}

/// `qmp ls`.
pub(crate) fn list(output: Output) -> Result<(), Failure> {
    let sockets = all();
    let states = States::read();
    let rows = sockets.iter().map(|socket| {
        let process = socket
            .process
            .map_or("null".to_owned(), |pid| pid.to_string());
        Json::Object(vec![
            ("machine".into(), Json::Text(socket.machine.clone())),
            ("kind".into(), Json::Text(socket.kind.name().into())),
            ("state".into(), Json::Text(states.of(socket).into())),
            ("pid".into(), Json::Plain(process)),
            ("address".into(), Json::Text(socket.address.clone())),
        ])
    });
    let rows = Json::List(rows.collect());
    let form = match output.form {
        Form::Pretty => Form::Table,
        form => form,
    };
    Output { form, ..output }.value(&rows)
}

/// The address of a machine by its name: that of a free socket if there are several.
pub(crate) fn named(name: &str, kind: Kind) -> Option<String> {
    let states = States::read();
    let mut sockets = all();
    sockets.retain(|socket| socket.machine == name && socket.kind == kind);
    let free = sockets.iter().find(|socket| states.of(socket) == "free");
    free.or(sockets.first())
        .map(|socket| socket.address.clone())
}

/// What listens at a path, as far as it is known for certain.
pub(crate) fn kind_of(address: &str) -> Option<Kind> {
    let path = address.strip_prefix("unix:").unwrap_or(address);
    let path = real(Path::new(path));
    let sockets = running().into_iter().chain(managed());
    let mut kinds = sockets
        .filter(|socket| socket.address == path)
        .map(|socket| socket.kind);
    let kind = kinds.next()?;
    kinds.all(|other| other == kind).then_some(kind)
}

/// Machines and sockets, as values for an address.
pub(crate) fn known() -> Vec<Candidate> {
    let sockets = all().into_iter();
    sockets
        .flat_map(|socket| {
            let about = format!("{} of {}", socket.kind.name(), socket.machine);
            [
                Candidate::new(socket.machine, socket.address.clone()),
                Candidate::new(socket.address, about),
            ]
        })
        .collect()
}

fn all() -> Vec<Socket> {
    let mut found = BTreeMap::new();
    let processes = running();
    for socket in processes.into_iter().chain(managed()) {
        found.entry(socket.address.clone()).or_insert(socket);
    }
    let mut found: Vec<_> = found.into_values().collect();
    found.sort();
    found
}

/// By the command lines of processes.
fn running() -> Vec<Socket> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let pid = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        if let Some(pid) = pid
            && let Some(line) = CommandLine::of(pid)
        {
            found.extend(of_command_line(&line, pid));
        }
    }
    found
}

/// The sockets that a command line of QEMU, its storage daemon or its agent has.
fn of_command_line(line: &CommandLine, pid: u32) -> Vec<Socket> {
    let program = line.name();
    if !(program.starts_with("qemu") || program == "kvm") {
        return Vec::new();
    }
    let options = Options::new(&line.words);
    let machine = options.name().unwrap_or_else(|| format!("{program}-{pid}"));
    let socket = |kind, address| Socket {
        machine: machine.clone(),
        kind,
        address,
        process: Some(pid),
    };
    let mut found = Vec::new();
    if program == "qemu-ga" {
        let is_listener = options
            .any(&["m", "method"])
            .any(|method| method == "unix-listen");
        let paths = options.any(&["p", "path"]).filter(|_| is_listener);
        let paths = paths.map(|path| absolute(path, &line.directory));
        found.extend(paths.map(|path| socket(Kind::Agent, path)));
        return found;
    }
    for text in options.any(&["qmp", "qmp-pretty"]) {
        let address = match text.strip_prefix("chardev:") {
            Some(id) => options.chardev(id, &line.directory),
            None => server_address(text, &line.directory),
        };
        found.extend(address.map(|address| socket(Kind::Qmp, address)));
    }
    let mut add = |kind, properties: &Properties| {
        let chardev = properties.get("chardev");
        let address = chardev.and_then(|id| options.chardev(id, &line.directory));
        found.extend(address.map(|address| socket(kind, address)));
    };
    for text in options.any(&["mon", "monitor"]) {
        let monitor = Properties::of_either(text, "chardev");
        if program.contains("storage") || monitor.get("mode") == Some("control") {
            add(Kind::Qmp, &monitor);
        }
    }
    for text in options.any(&["object"]) {
        let object = Properties::of_either(text, "qom-type");
        if object.get("qom-type") == Some("monitor-qmp") {
            add(Kind::Qmp, &object);
        }
    }
    for text in options.any(&["device"]) {
        let device = Properties::of_either(text, "driver");
        if is_agent(device.get("name")) {
            add(Kind::Agent, &device);
        }
    }
    found
}

fn is_agent(name: Option<&str>) -> bool {
    name.is_some_and(|name| name.starts_with("org.qemu.guest_agent"))
}

fn absolute(path: &str, directory: &Path) -> String {
    directory.join(path).to_string_lossy().into_owned()
}

/// What follows each option, however many dashes it has.
struct Options<'w>(Vec<(&'w str, &'w str)>);

impl<'w> Options<'w> {
    fn new(words: &'w [String]) -> Self {
        let pairs = words.windows(2).filter_map(|pair| {
            let option = pair[0].strip_prefix('-')?;
            Some((option.strip_prefix('-').unwrap_or(option), pair[1].as_str()))
        });
        let joined = words
            .iter()
            .filter_map(|word| word.strip_prefix("--")?.split_once('='));
        Self(pairs.chain(joined).collect())
    }

    fn any(&self, names: &[&str]) -> impl Iterator<Item = &'w str> {
        let pairs = self.0.iter();
        let pairs = pairs.filter(move |(option, _)| names.contains(option));
        pairs.map(|(_, value)| *value)
    }

    fn name(&self) -> Option<String> {
        let text = self.any(&["name"]).last()?;
        let name = Properties::of(text, "guest");
        name.get("guest").map(str::to_owned)
    }

    /// Where a character device listens.
    fn chardev(&self, id: &str, directory: &Path) -> Option<String> {
        self.any(&["chardev"]).find_map(|text| {
            let chardev = Properties::of(text, "backend");
            let is_it = chardev.get("backend") == Some("socket") && chardev.get("id") == Some(id);
            if !is_it || !chardev.is_server() {
                return None;
            }
            if chardev.get("path").is_some() {
                return chardev.unix_address(directory);
            }
            let host = chardev.get("host").unwrap_or("localhost");
            let port = chardev.get("port")?;
            Some(format!("tcp:{host}:{port}"))
        })
    }
}

/// The address in what `-qmp` has, if the machine listens there.
fn server_address(text: &str, directory: &Path) -> Option<String> {
    let (address, chardev) = if let Some(chardev) = text.strip_prefix("unix:") {
        let chardev = Properties::of(chardev, "path");
        (chardev.unix_address(directory)?, chardev)
    } else {
        let (address, options) = text.split_once(',')?;
        (address.to_owned(), Properties::of(options, None))
    };
    let is_known = text.starts_with("unix:") || text.starts_with("tcp:");
    (is_known && chardev.is_server()).then_some(address)
}

/// What an option of QEMU is made of, as far as it is text.
struct Properties(BTreeMap<String, String>);

impl Properties {
    /// Of `first,key=value,flag`.
    fn of<'t>(text: &'t str, first: impl Into<Option<&'t str>>) -> Self {
        let (mut first, mut rest) = (first.into(), text);
        let mut properties = BTreeMap::new();
        while !rest.is_empty() {
            let end = rest.find(['=', ',']).unwrap_or(rest.len());
            let (word, behind) = rest.split_at(end);
            let (name, value, behind) = match (behind.strip_prefix('='), first.take()) {
                (Some(value), _) => {
                    let (value, behind) = value_of(value);
                    (word, value, behind)
                }
                (None, Some(name)) => {
                    let (value, behind) = value_of(rest);
                    (name, value, behind)
                }
                (None, None) => match word.strip_prefix("no") {
                    Some(name) => (name, "off".to_owned(), behind),
                    None => (word, "on".to_owned(), behind),
                },
            };
            properties.insert(name.to_owned(), value);
            rest = behind.strip_prefix(',').unwrap_or_default();
        }
        Self(properties)
    }

    /// The same where it may be JSON as well.
    fn of_either(text: &str, first: &str) -> Self {
        if !text.trim_start().starts_with('{') {
            return Self::of(text, first);
        }
        let Ok(Json::Object(members)) = Json::parse(text) else {
            return Self(BTreeMap::new());
        };
        let texts = members.into_iter().filter_map(|(name, value)| match value {
            Json::Text(value) => Some((name, value)),
            _ => None,
        });
        Self(texts.collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether a socket is listened on.
    fn is_server(&self) -> bool {
        self.is_on("server", false)
    }

    fn is_on(&self, name: &str, usual: bool) -> bool {
        let value = self.get(name);
        value.map_or(usual, |value| !["off", "no", "false", "n"].contains(&value))
    }

    /// Where a Unix socket is. A name in the abstract namespace that is filled up with zeros is none that one can connect to here.
    fn unix_address(&self, directory: &Path) -> Option<String> {
        let path = self.get("path")?;
        match (self.is_on("abstract", false), self.is_on("tight", true)) {
            (false, _) => Some(absolute(path, directory)),
            (true, true) => Some(format!("@{path}")),
            (true, false) => None,
        }
    }
}

/// A value, in which `,,` stands for a comma, and what is left from the comma behind it on.
fn value_of(text: &str) -> (String, &str) {
    let (mut value, mut rest) = (String::new(), text);
    loop {
        let (part, behind) = rest.split_at(rest.find(',').unwrap_or(rest.len()));
        value += part;
        match behind.strip_prefix(",,") {
            Some(next) => {
                value.push(',');
                rest = next;
            }
            None => return (value, behind),
        }
    }
}

/// Where management software puts sockets: a pattern with `*` for a part of the path, which is the machine's name.
const MANAGED: [(&str, Kind); 6] = [
    ("/var/lib/libvirt/qemu/*/monitor.sock", Kind::Qmp),
    (
        "/run/libvirt/qemu/channel/*/org.qemu.guest_agent.0",
        Kind::Agent,
    ),
    ("/var/run/qemu-server/*.qmp", Kind::Qmp),
    ("/var/run/qemu-server/*.qga", Kind::Agent),
    ("/run/incus/*/qemu.monitor", Kind::Qmp),
    ("/var/log/incus/*/qemu.monitor", Kind::Qmp),
];

fn managed() -> Vec<Socket> {
    let mut found = Vec::new();
    for (pattern, kind) in MANAGED {
        let Some((before, after)) = pattern.split_once('*') else {
            continue;
        };
        for entry in fs::read_dir(before).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let (machine, path) = match after.strip_prefix('/') {
                Some(file) => (name, entry.path().join(file)),
                None => match name.strip_suffix(after) {
                    Some(machine) => (machine.to_owned(), entry.path()),
                    None => continue,
                },
            };
            if path.exists() {
                found.push(Socket {
                    machine: plain_name(&machine),
                    kind,
                    address: real(&path),
                    process: None,
                });
            }
        }
    }
    found
}

/// libvirt's folders are called `domain-1-NAME`.
fn plain_name(folder: &str) -> String {
    let numbered = folder.strip_prefix("domain-");
    let name = numbered.or_else(|| folder.split_once('-').map(|_| folder));
    let name = name.and_then(|rest| {
        let (number, name) = rest.split_once('-')?;
        number
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then_some(name)
    });
    name.unwrap_or(folder).to_owned()
}

/// `/var/run` is `/run`, and a command line has one or the other.
fn real(path: &Path) -> String {
    let real = fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path));
    real.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Vec<(String, &'static str, String)> {
        let words = line.split(' ').map(str::to_owned).collect();
        let line = CommandLine::new(words, "/vm".into());
        let found = of_command_line(&line, 7);
        let rows = found.into_iter();
        rows.map(|socket| (socket.machine, socket.kind.name(), socket.address))
            .collect()
    }

    #[track_caller]
    fn has(line: &str, expected: &[(&str, &'static str, &str)]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|(machine, kind, address)| ((*machine).to_owned(), *kind, (*address).to_owned()))
            .collect();
        assert_eq!(of(line), expected);
    }

    #[test]
    fn command_lines() {
        has(
            "/usr/bin/qemu-system-x86_64 -name guest=a,debug-threads=on -qmp unix:q.sock,server=on,wait=off -qmp tcp:[::1]:44,server",
            &[("a", "qmp", "/vm/q.sock"), ("a", "qmp", "tcp:[::1]:44")],
        );
        has(
            "kvm -name b -chardev socket,id=m,path=/x/m,server=on -mon chardev=m,mode=control -chardev socket,id=h,path=/x/h,server=on -mon chardev=h",
            &[("b", "qmp", "/x/m")],
        );
        has(
            "qemu-system-arm --name c -chardev socket,path=/x/ga,server=on,wait=off,id=g -device virtserialport,chardev=g,name=org.qemu.guest_agent.0",
            &[("c", "agent", "/x/ga")],
        );
        has(
            r#"qemu-system-arm -chardev socket,path=/x/ga,server=on,id=g -device {"driver":"virtserialport","chardev":"g","name":"org.qemu.guest_agent.0"}"#,
            &[("qemu-system-arm-7", "agent", "/x/ga")],
        );
        has(
            "qemu-storage-daemon --chardev socket,id=c,path=s,server=on --monitor chardev=c",
            &[("qemu-storage-daemon-7", "qmp", "/vm/s")],
        );
        has(
            "/usr/sbin/qemu-ga -m unix-listen -p /x/a",
            &[("qemu-ga-7", "agent", "/x/a")],
        );
    }

    #[test]
    fn monitors_as_objects() {
        let chardev = "-chardev socket,id=c,path=/x/q,server=on,wait=off";
        for object in [
            "monitor-qmp,id=m,chardev=c",
            "id=m,chardev=c,qom-type=monitor-qmp",
            r#"{"qom-type":"monitor-qmp","id":"m","chardev":"c","pretty":true}"#,
        ] {
            let line = format!("qemu-system-arm -name a {chardev} -object {object}");
            has(&line, &[("a", "qmp", "/x/q")]);
        }
        let line = format!("qemu-system-arm {chardev} -object monitor-hmp,id=m,chardev=c");
        has(&line, &[]);
    }

    #[test]
    fn monitors_by_character_device() {
        let chardevs = "-chardev socket,id=c,path=q,server=on -chardev socket,id=d,path=@q,server=on,abstract=off";
        for (option, address) in [
            ("-qmp chardev:c", "/vm/q"),
            ("-qmp-pretty chardev:d", "/vm/@q"),
            ("-mon c,mode=control", "/vm/q"),
        ] {
            let line = format!("kvm -name a {chardevs} {option}");
            has(&line, &[("a", "qmp", address)]);
        }
        has(&format!("kvm {chardevs} -qmp chardev:e -qmp chardev:"), &[]);
        has(&format!("kvm {chardevs} -monitor chardev:c"), &[]);
    }

    #[test]
    fn sockets_without_a_file() {
        let chardev = "-chardev socket,id=c,path=q/r,abstract=on,server=on";
        has(
            &format!("kvm -name a {chardev} -mon c,mode=control -qmp unix:s,,t,server,abstract"),
            &[("a", "qmp", "@s,t"), ("a", "qmp", "@q/r")],
        );
        has(
            &format!(
                "kvm {chardev},tight=off -mon c,mode=control -qmp unix:s,server,abstract,tight=off"
            ),
            &[],
        );
    }

    #[test]
    fn commas() {
        has(
            "kvm -name with,,comma,debug-threads=on -qmp unix:/x/co,,mma,,,server=on",
            &[("with,comma", "qmp", "/x/co,mma,")],
        );
        has(
            "kvm -name guest=b,,,, -chardev socket,id=m,,1,path=/x/,,,server -mon m,,1,mode=control",
            &[("b,,", "qmp", "/x/,")],
        );
    }

    #[test]
    fn options_cut_short() {
        for text in ["", ",", ",,", "=", "unix:", "unix:,", "tcp:,", "é=,,", "{"] {
            let line = format!("kvm -name {text} -qmp {text} -chardev {text} -device {text}");
            assert_eq!(of(&line), [], "{line}");
        }
    }

    #[test]
    fn others_have_none() {
        has(
            "qemu-system-x86_64 -qmp unix:/x/q,server=off -qmp tcp:h:1,noserver -qmp stdio -S",
            &[],
        );
        has(
            "qemu-system-x86_64 -chardev socket,id=m,path=/x/server -mon chardev=m,mode=control",
            &[],
        );
        has("vim -qmp unix:q.sock,server=on", &[]);
        has(
            "qemu-ga -m virtio-serial -p /dev/virtio-ports/org.qemu.guest_agent.0",
            &[],
        );
        has("", &[]);
    }

    #[test]
    fn folders_of_libvirt() {
        assert_eq!(plain_name("domain-12-web-1"), "web-1");
        assert_eq!(plain_name("12-web"), "web");
        assert_eq!(plain_name("100"), "100");
        assert_eq!(plain_name("my-vm"), "my-vm");
    }
}

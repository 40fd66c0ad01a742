//! The machines that run here, as far as can be seen without talking to them: `qmp ls`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

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
            (
                "state".into(),
                Json::Text(states.of(&socket.address).into()),
            ),
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
    let free = sockets
        .iter()
        .find(|socket| states.of(&socket.address) == "free");
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
        address: absolute(address, &line.directory),
        process: Some(pid),
    };
    let mut found = Vec::new();
    if program == "qemu-ga" {
        let is_listener = options
            .any(&["m", "method"])
            .any(|method| method == "unix-listen");
        let paths = options.any(&["p", "path"]).filter(|_| is_listener);
        found.extend(paths.map(|path| socket(Kind::Agent, path.to_owned())));
        return found;
    }
    for text in options.any(&["qmp", "qmp-pretty"]) {
        let address = text.split(',').next().unwrap_or_default();
        found.extend(server_address(address, text).map(|address| socket(Kind::Qmp, address)));
    }
    for text in options.any(&["mon", "monitor"]) {
        let pairs = pairs(text, "chardev");
        let is_control = program.contains("storage") || pairs.get("mode") == Some(&"control");
        let chardev = pairs.get("chardev").filter(|_| is_control);
        let address = chardev.and_then(|id| options.chardev(id));
        found.extend(address.map(|address| socket(Kind::Qmp, address)));
    }
    for text in options.any(&["device"]) {
        let chardev = if text.trim_start().starts_with('{') {
            let device = Json::parse(text).ok();
            device.and_then(|device| {
                let text = |name: &str| device.get(name).and_then(Json::as_str);
                is_agent(text("name")).then(|| text("chardev").map(str::to_owned))?
            })
        } else {
            let pairs = pairs(text, "driver");
            let chardev = pairs.get("chardev").map(|id| (*id).to_owned());
            chardev.filter(|_| is_agent(pairs.get("name").copied()))
        };
        let address = chardev.and_then(|id| options.chardev(&id));
        found.extend(address.map(|address| socket(Kind::Agent, address)));
    }
    found
}

fn is_agent(name: Option<&str>) -> bool {
    name.is_some_and(|name| name.starts_with("org.qemu.guest_agent"))
}

fn absolute(address: String, directory: &Path) -> String {
    if address.starts_with("tcp:") || address.starts_with("vsock:") {
        return address;
    }
    directory.join(address).to_string_lossy().into_owned()
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
        let pairs = pairs(text, "guest");
        pairs.get("guest").map(|name| (*name).to_owned())
    }

    /// Where a character device listens.
    fn chardev(&self, id: &str) -> Option<String> {
        self.any(&["chardev"]).find_map(|text| {
            let pairs = pairs(text, "backend");
            let get = |name: &str| pairs.get(name).copied();
            if get("backend") != Some("socket") || get("id") != Some(id) {
                return None;
            }
            let is_server = text.contains("server") && get("server") != Some("off");
            match (get("path"), get("port")) {
                _ if !is_server => None,
                (Some(path), _) => Some(path.to_owned()),
                (None, Some(port)) => {
                    Some(format!("tcp:{}:{port}", get("host").unwrap_or("localhost")))
                }
                (None, None) => None,
            }
        })
    }
}

/// An address as `-qmp` has it, if the machine listens there.
fn server_address(address: &str, options: &str) -> Option<String> {
    let is_server = options.contains(",server") && !options.contains(",server=off");
    let path = address.strip_prefix("unix:");
    let address = path.or_else(|| address.starts_with("tcp:").then_some(address))?;
    is_server.then(|| address.to_owned())
}

/// `first,key=value,flag`.
fn pairs<'t>(text: &'t str, first: &'t str) -> BTreeMap<&'t str, &'t str> {
    let parts = text.split(',').enumerate();
    parts
        .map(|(index, part)| match part.split_once('=') {
            Some(pair) => pair,
            None if index == 0 => (first, part),
            None => (part, "on"),
        })
        .collect()
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

/// What the kernel says of Unix sockets by path: how many connections there are.
struct States(BTreeMap<String, usize>);

impl States {
    fn read() -> Self {
        let mut states = BTreeMap::new();
        let table = fs::read_to_string("/proc/net/unix").unwrap_or_default();
        for line in table.lines().skip(1) {
            let fields: Vec<_> = line.split_whitespace().collect();
            // Number, references, protocol, flags, type, state, inode, path.
            if let [_, _, _, _, _, state, _, path] = fields[..] {
                let connections = states.entry(path.to_owned()).or_insert(0);
                *connections += usize::from(state == "03");
            }
        }
        Self(states)
    }

    /// A server has one client at a time.
    fn of(&self, address: &str) -> &'static str {
        match self.0.get(address) {
            Some(0) => "free",
            Some(_) => "in use",
            // Relative, in another namespace, or no Unix socket.
            None => "unknown",
        }
    }
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
    fn others_have_none() {
        has(
            "qemu-system-x86_64 -qmp unix:/x/q,server=off -qmp stdio -S",
            &[],
        );
        has(
            "qemu-system-x86_64 -chardev socket,id=m,path=/x/m -mon chardev=m,mode=control",
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

//! Real servers as judges: the same bytes in, the same errors out.
#![cfg(unix)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use qapi_rt::session::server::Config;
use qapi_tests::Seeded;
use qapi_tests::peers::Age;
use qapi_types::message::{VersionInfo, VersionTriple};
use qapi_types::{CommandInfo, qga, qmp, qsd};

use crate::server::monitor::Monitor;
use crate::server::splits::soup;
use crate::server::transcript::{cases, members, recording};

/// A server, and a connection to it.
struct Peer {
    child: Child,
    stream: BufReader<UnixStream>,
    version: VersionInfo,
    /// A command that succeeds and does nothing.
    probe: &'static str,
}

/// What a program says that it is.
fn version(program: &Path) -> VersionInfo {
    let output = Command::new(program).arg("--version").output();
    let output = output.expect("the program was found").stdout;
    let text = String::from_utf8(output).expect("a text");
    let mut numbers = text
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|word| word.parse().ok());
    let mut next = || numbers.next().expect("three numbers");
    let (major, minor, micro) = (next(), next(), next());
    VersionInfo::new(VersionTriple {
        major,
        minor,
        micro,
    })
}

impl Peer {
    fn new(program: &Path, child: Child, stream: UnixStream, probe: &'static str) -> Self {
        // Against hanging; slow machines take a while.
        let limit = Some(Duration::from_secs(120));
        stream.set_read_timeout(limit).expect("a limit");
        Self {
            child,
            stream: BufReader::new(stream),
            version: version(program),
            probe,
        }
    }

    /// A server whose monitor is a socket that it gets as its standard input.
    fn monitor(age: Age, program: &str, arguments: &[&str]) -> Option<Self> {
        let program = age.program(program)?;
        let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
        let child = Command::new(&program)
            .args(["--chardev", "socket,id=c,fd=0,server=off"])
            .args(arguments)
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program was found");
        let mut peer = Self::new(&program, child, ours, "query-version");
        assert!(peer.line().starts_with("{\"QMP\": "));
        Some(peer)
    }

    /// A guest agent of this machine. It is asked for nothing.
    fn agent(age: Age) -> Option<Self> {
        let program = age.program("qemu-ga")?;
        let name = format!("qapi-agent-{}-{age:?}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        let socket = folder.join("socket");
        let child = Command::new(&program)
            .args(["--method", "unix-listen", "--allow-rpcs", "guest-ping"])
            .arg("--path")
            .arg(&socket)
            .arg("--statedir")
            .arg(&folder)
            .arg("--pidfile")
            .arg(folder.join("pid"))
            .stderr(Stdio::null())
            .spawn()
            .expect("the program was found");
        let started = Instant::now();
        let stream = loop {
            match UnixStream::connect(&socket) {
                Ok(stream) => break stream,
                Err(error) => {
                    assert!(started.elapsed() < Duration::from_secs(60), "{error}");
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
        };
        // It keeps what it has open.
        std::fs::remove_dir_all(&folder).expect("a folder");
        Some(Self::new(&program, child, stream, "guest-ping"))
    }

    fn send(&mut self, bytes: &[u8]) {
        self.stream
            .get_mut()
            .write_all(bytes)
            .expect("a peer that lives");
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        let read = self.stream.read_line(&mut line).expect("a line");
        assert!(read > 0, "the peer has ended");
        line
    }

    /// All that comes up to the reply to a request with this id.
    fn until(&mut self, id: &str) -> Vec<String> {
        let id = format!("\"id\": \"{id}\"");
        let mut lines = Vec::new();
        loop {
            let line = self.line();
            let last = line.contains(&id);
            lines.push(line);
            if last {
                return lines;
            }
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn storage_daemon(age: Age) -> Option<Peer> {
    Peer::monitor(age, "qemu-storage-daemon", &["--monitor", "chardev=c"])
}

fn machine(age: Age) -> Option<Peer> {
    let arguments = ["-mon", "chardev=c,mode=control"];
    let machine = ["-M", "none", "-nodefaults", "-display", "none", "-S"];
    let arguments = [&machine[..], &arguments].concat();
    Peer::monitor(age, "qemu-system-x86_64", &arguments)
}

/// What is compared of a message: of a success that it is one, for the commands do not do what they do.
fn essence(line: &str) -> Option<Vec<(String, String)>> {
    let mut members = members(line.trim_end());
    for (key, value) in &mut members {
        match key.as_str() {
            "event" => return None,
            "return" => value.clear(),
            // Which of several members is complained about first is a matter of hashes.
            "error" if value.contains("QMP input member") || value.contains("QMP input lacks") => {
                value.truncate(30);
            }
            _ => {}
        }
    }
    Some(members)
}

/// Gives input to both and compares what comes out. A control character puts an end to whatever the input began.
fn compare(peer: &mut Peer, ours: &mut Monitor, input: &[u8], probe: usize, piece: usize) {
    let id = format!("probe {probe}");
    let last = format!("\x03{{'execute':'{}','id':'{id}'}}\n", peer.probe);
    let input = [input, last.as_bytes()].concat();
    peer.send(&input);
    let theirs = peer.until(&id);
    let mut theirs: Vec<_> = theirs.iter().filter_map(|line| essence(line)).collect();
    let ours: String = input.chunks(piece).map(|piece| ours.send(piece)).collect();
    let mut ours: Vec<_> = ours.lines().filter_map(essence).collect();
    // What is out of band may be answered before what was asked before it, or after.
    for replies in [&mut ours, &mut theirs] {
        replies.sort_by_key(|reply| reply.contains(&("id".into(), "\"oob\"".into())));
    }
    let shown = &input[..input.len().min(10_000)];
    assert_eq!(ours, theirs, "{}", shown.escape_ascii());
}

const HOSTILE: &[&[u8]] = &[
    b"",
    b"hello",
    b"nulltrue",
    b"null true[]5{}'x'",
    b"{'execute':'query-version',}",
    b"{'execute' 'query-version'}",
    b"}",
    b"]",
    b"[}",
    b"{]",
    b"[{]}",
    b"{[}]",
    b"{'a' 1, 'b':tru, [}]}",
    b",:,",
    b"{1:2}{[1 2]:2}{{'a' 1}:2}{{}:1}{null:1}{tru:1}",
    b"{'a':}{'a':1 'b':2}{'a':1:2}[1 2][1:2][1,][,1]",
    b"{'a':1,'a':2}{'a':{'b':1,'b':2}}{'a':1,'\\u0061':tru}",
    b"{\"execute\":\"query-version\n",
    b"{'id':012}{'id':+1}{'id':.5}{'id':1.}",
    b"{'id':1.e1}{'id':1e}{'id':1e+}{'id':-}{'id':-a}{'id':0x1}",
    b"NaN Infinity -Infinity True",
    b"@@@ @@@ {'id':1}",
    b"@ \t 'x' 1 true \xc3\xa9 [ 1 ]",
    b"@\"\"\"\"\n\"\"",
    b"\xef\xbb\xbf{'id':1}",
    b"\xff\xfe\xff{'id':1}",
    b"{'id':'\xff'}{'id':'a\xc3\xa9\xe2\x82\xed\xa0\x80\xf8\x88\x80\x80\x80\xfc\x84\x80\x80\x80\x80\x01'}",
    b"{'id':'\xe2\x82'}{'id':'\xc0\xaf'}{'id':'\xed\xa0\x80'}{'id':'\xf4\x90\x80\x80'}",
    b"{'id':'\xef\xb7\x90'}{'id':'\xef\xbf\xbe'}{'id':'\xf4\x8f\xbf\xbf'}{'id':'\x80'}",
    b"{'id':'\xc0\x80'}{'id':'\\u0000'}{'id':'\\ud83d\\ude00\x7f\\/\\''}",
    b"{'id':'\\ud83d'}{'id':'\\ude00'}{'id':'\\ud83d\\u0041'}{'id':'\\uffff'}{'id':'\\ufdd0'}",
    b"{'id':'\\u12'}{'id':'\\u'}{'id':'\\x41'}{'id':'\\u12\xc3\xa9'}{'id':'\\ud83d\\u12'}",
    b"{'id':'a\0b'}\0{'id':1}",
    b"{'id':'a\tb'}{'id':'a\\\nb'}",
    b"\x01\x02\x1b\x04\x0c\x7f\xc2\xa0{'id':1}",
    b"{'id':%d}%s%%{'id':1}",
    b"{'id':-0}{'id':1e3}{'id':0.1}{'id':-0.0}{'id':18446744073709551616}",
    b"{'id':1e-7}{'id':1E22}{'id':123456789012345.678}{'id':-9223372036854775809}",
    b"{'id':[1,{'a':null}]}{'id':{}}{'id':true}{'id':''}",
    b"[] 'x' 5 null true [{'execute':'query-version'}]",
    b"{'execute':5}{'execute':null,'id':1}{'Execute':'x'}{'id':1,'arguments':{}}",
    b"{'execute':'query-version','arguments':null}{'execute':'query-version','arguments':[]}",
    b"{'execute':''}{'execute':'Query-Version'}{'execute':'a\\\"b\\\\c\\n\\u0001\\u007f'}",
    b"{'execute':'query-version','arguments':{'x':1}}",
    b"{'execute':'object-del','arguments':{}}{'execute':'object-del','arguments':{'id':1}}",
    b"{'execute':'object-del','arguments':{'zz':1,'aa':2}}",
    b"{'execute':'qmp_capabilities'}",
    b"{'execute':'qmp_capabilities','arguments':{'enable':['oob'],'x':1}}",
    b"{'execute':'qmp_capabilities','arguments':{'enable':[1]}}",
    b"{'execute':'qmp_capabilities','arguments':{'enable':['zz']}}",
    b"{'execute':'blockdev-add','arguments':{'driver':'raw','file':{'driver':'null-co','a':1}}}",
    b"{'execute':'blockdev-add','arguments':{'driver':'file','filename':'/x','locking':'y'}}",
    b"{'execute':'blockdev-add','arguments':{'driver':'raw','file':5}}",
    b"/* c */ // d\n# e\n",
];

fn nested() -> Vec<Vec<u8>> {
    [1022, 1023, 1024, 1025, 1200]
        .into_iter()
        .flat_map(|depth| {
            ["[", "{'a':"].map(|open| {
                let close = if open == "[" { "]" } else { "}" };
                let value = [&open.repeat(depth), "1", &close.repeat(depth)].concat();
                format!("{{'execute':'query-version','id':{value}}}").into_bytes()
            })
        })
        .collect()
}

/// Both ends of the comparison.
struct Pair {
    peer: Peer,
    ours: Monitor,
    probes: usize,
}

impl Pair {
    fn compare(&mut self, input: &[u8]) {
        self.probes += 1;
        compare(
            &mut self.peer,
            &mut self.ours,
            input,
            self.probes,
            usize::MAX,
        );
    }

    /// Ours reads byte by byte too, so that commands are executed before what follows them has come.
    fn compare_bytes(&mut self, input: &[u8]) {
        self.probes += 1;
        compare(&mut self.peer, &mut self.ours, input, self.probes, 1);
    }

    fn compare_all(&mut self, rounds: usize) {
        for input in HOSTILE {
            self.compare(input);
        }
        for input in nested() {
            self.compare(&input);
        }
        let mut source = Seeded(3);
        for _ in 0..rounds {
            let input = soup(&mut source, 25);
            // Exponents of a lone zero are beyond QEMU's lexer.
            if !input.windows(2).any(|text| text == b"0e") {
                self.compare(&input);
            }
        }
    }
}

fn check_monitor(peer: Option<Peer>, commands: &'static [CommandInfo], rounds: usize) {
    let Some(peer) = peer else {
        return;
    };
    let mut ours = Monitor::new(&Config::qmp(peer.version.clone()));
    ours.commands = commands;
    ours.output();
    let mut pair = Pair {
        peer,
        ours,
        probes: 0,
    };
    // Before negotiation too, but for what would end it.
    for input in HOSTILE {
        let holds = |word: &[u8]| input.windows(word.len()).any(|text| text == word);
        if holds(b"'enable'") || !holds(b"qmp_capabilities") {
            pair.compare(input);
        }
    }
    pair.compare(b"{'execute':'qmp_capabilities','id':1}");
    pair.compare_all(rounds);
}

#[test]
fn storage_daemon_agrees() {
    check_monitor(storage_daemon(Age::Installed), qsd::COMMANDS, 1000);
}

#[test]
fn newer_storage_daemon_agrees() {
    check_monitor(storage_daemon(Age::Newer), qsd::COMMANDS, 1000);
}

#[test]
fn machine_agrees() {
    check_monitor(machine(Age::Installed), qmp::COMMANDS, 500);
}

#[test]
fn newer_machine_agrees() {
    check_monitor(machine(Age::Newer), qmp::COMMANDS, 500);
}

#[test]
fn agent_agrees() {
    check_agent(Peer::agent(Age::Installed));
}

#[test]
fn newer_agent_agrees() {
    check_agent(Peer::agent(Age::Newer));
}

/// What the storage daemon of an earlier release was recorded with, given to one of today.
#[test]
fn newer_storage_daemon_agrees_on_what_was_recorded() {
    let Some(text) = recording() else {
        return;
    };
    let mut compared = 0;
    for case in cases(&text) {
        let negotiates = !case.title.ends_with("[before negotiation]");
        if case.cut || case.end.starts_with("eof") || case.title == "number forms: 1e999" {
            continue;
        }
        let Some(peer) = storage_daemon(Age::Newer) else {
            return;
        };
        let mut ours = Monitor::new(&Config::qmp(peer.version.clone()));
        ours.commands = qsd::COMMANDS;
        ours.output();
        let mut pair = Pair {
            peer,
            ours,
            probes: 0,
        };
        if negotiates {
            let oob = match case.title.ends_with("[oob enabled]") {
                true => "'oob'",
                false => "",
            };
            let negotiate =
                format!("{{'execute':'qmp_capabilities','arguments':{{'enable':[{oob}]}}}}");
            pair.compare(negotiate.as_bytes());
        }
        pair.compare_bytes(&case.input.concat());
        compared += 1;
    }
    assert!(compared > 120, "{compared} cases");
}

fn check_agent(peer: Option<Peer>) {
    let Some(peer) = peer else {
        return;
    };
    let mut ours = Monitor::new(&Config::agent().version(&peer.version));
    ours.commands = qga::COMMANDS;
    ours.gate.allow_only(["guest-ping"]);
    let mut pair = Pair {
        peer,
        ours,
        probes: 0,
    };
    pair.compare_all(1000);
    pair.compare(b"{'execute':'guest-get-time','id':1}");
    // It reads fast enough for what reaches the limits.
    let tokens = 1 << 21;
    for more in [0, 3] {
        let list = format!("{{'id':[{}]}}", "1,".repeat((tokens - 6 + more) / 2) + "1");
        pair.compare(list.as_bytes());
    }
    for more in [0, 10] {
        let text = ["'", &"a".repeat((64 << 20) - 3 + more), "'\n"].concat();
        pair.compare(text.as_bytes());
    }
}

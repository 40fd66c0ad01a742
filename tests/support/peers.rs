//! Real servers: QEMU, its storage daemon, its guest agent, each of two releases.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Long enough for a server to start, whatever else the machine does.
const READY: Duration = Duration::from_secs(60);

/// Which of the releases that tests run against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// What is installed.
    Installed,
    /// What is in the folder that the environment variable `QAPI_PEERS` names: a newer release, beside the other.
    Newer,
}

impl Age {
    /// A machine emulator that runs no guest: `machine` is its type, `none` or one with devices. Nothing is plugged into
    /// it but what the caller asks for.
    #[must_use]
    pub fn qemu(self, machine: &str) -> Option<Launch> {
        let launch = Launch::of(self, "qemu-system-x86_64")?;
        Some(launch.args([
            "-machine",
            machine,
            "-accel",
            "tcg",
            "-nodefaults",
            "-no-user-config",
            "-display",
            "none",
        ]))
    }

    /// The storage daemon.
    #[must_use]
    pub fn storage_daemon(self) -> Option<Launch> {
        Launch::of(self, "qemu-storage-daemon")
    }

    /// The guest agent. It acts on the machine that the tests run on.
    #[must_use]
    pub fn guest_agent(self) -> Option<Launch> {
        let launch = Launch::of(self, "qemu-ga")?;
        let (socket, state) = (launch.path(&socket_name(0)), launch.path("state"));
        let pid = launch.path("pid");
        fs::create_dir(&state).expect("a directory can be made");
        let launch = launch.args(["-m", "unix-listen", "-p"]).arg(socket);
        Some(launch.arg("-t").arg(state).arg("-f").arg(pid).monitors(0))
    }

    /// A program of this release. `None` where it is not installed, which the test's output says then; a failure if
    /// `QAPI_REQUIRE_PEERS` is set.
    ///
    /// # Panics
    /// When it is required and missing.
    #[must_use]
    pub fn program(self, name: &str) -> Option<PathBuf> {
        let program = match self {
            Self::Installed => find(name),
            Self::Newer => std::env::var_os("QAPI_PEERS")
                .map(|folder| Path::new(&folder).join(name))
                .filter(|file| file.is_file()),
        };
        if program.is_none() {
            let place = match self {
                Self::Installed => "is not installed",
                Self::Newer => "is not in the folder that QAPI_PEERS names",
            };
            let required = std::env::var_os("QAPI_REQUIRE_PEERS").is_some();
            assert!(!required, "{name} {place}, but required");
            let test = std::thread::current();
            let test = test.name().unwrap_or("a test");
            tell(&format!("SKIPPED {test}: {name} {place}"));
        }
        program
    }
}

/// Prints a line past the capture of output that passing tests are subject to.
pub fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// [`Age::qemu`] as it is installed.
#[must_use]
pub fn qemu(machine: &str) -> Option<Launch> {
    Age::Installed.qemu(machine)
}

/// [`Age::storage_daemon`] as it is installed.
#[must_use]
pub fn storage_daemon() -> Option<Launch> {
    Age::Installed.storage_daemon()
}

/// [`Age::guest_agent`] as it is installed.
#[must_use]
pub fn guest_agent() -> Option<Launch> {
    Age::Installed.guest_agent()
}

/// A server about to be started.
pub struct Launch {
    program: PathBuf,
    arguments: Vec<OsString>,
    directory: Directory,
    monitors: usize,
    pretty: bool,
    relative: bool,
}

impl Launch {
    fn of(age: Age, name: &str) -> Option<Self> {
        let program = age.program(name)?;
        Some(Self {
            program,
            arguments: Vec::new(),
            directory: Directory::new(),
            monitors: 1,
            pretty: false,
            relative: false,
        })
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<T: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = T>) -> Self {
        let arguments = arguments.into_iter();
        self.arguments
            .extend(arguments.map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Sets how many monitors there are; one if not said.
    #[must_use]
    pub fn monitors(mut self, count: usize) -> Self {
        self.monitors = count;
        self
    }

    /// Has the monitors spread messages over lines.
    #[must_use]
    pub fn pretty(mut self) -> Self {
        self.pretty = true;
        self
    }

    /// Starts it in its own directory, with relative paths for the monitors' sockets.
    #[must_use]
    pub fn relative(mut self) -> Self {
        self.relative = true;
        self
    }

    /// A name in the server's own directory.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.0.join(name)
    }

    /// Starts the server, without waiting for it to listen.
    #[must_use]
    pub fn start(self) -> Server {
        let (chardev, monitor, mode) = if self.program.ends_with("qemu-storage-daemon") {
            ("--chardev", "--monitor", "")
        } else {
            ("-chardev", "-mon", ",mode=control")
        };
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        if self.relative {
            command.current_dir(&self.directory.0);
        }
        for n in 0..self.monitors {
            let path = match self.relative {
                true => socket_name(n).into(),
                false => self.path(&socket_name(n)),
            };
            let path = path.display();
            let pretty = if self.pretty { ",pretty=on" } else { "" };
            command.arg(chardev);
            command.arg(format!("socket,id=c{n},path={path},server=on,wait=off"));
            command.args([monitor, &format!("chardev=c{n}{mode}{pretty}")]);
        }
        let printed = File::create(self.path("printed")).expect("a file can be made");
        let child = command
            .stdin(Stdio::null())
            .stdout(printed.try_clone().expect("a file can be shared"))
            .stderr(printed)
            .spawn()
            .expect("the program was found");
        Server {
            command,
            child,
            directory: self.directory,
        }
    }

    /// Starts the server, and waits until its monitors answer: whoever comes while it starts may be read wrongly, or turned away,
    /// and it may crash at that, which is not what most tests are about.
    ///
    /// # Panics
    /// When it does not answer.
    #[must_use]
    pub fn start_ready(self) -> Server {
        let monitors = self.monitors;
        let mut server = self.start();
        let end = Instant::now() + READY;
        for number in 0..monitors {
            while !answers(&server.monitor(number)) {
                assert!(Instant::now() < end, "{:?} does not answer", server.command);
                if server
                    .child
                    .try_wait()
                    .expect("it can be asked for")
                    .is_some()
                {
                    server.restart();
                }
                thread::sleep(Duration::from_millis(10));
            }
        }
        server
    }
}

/// Whether the server at a socket greets once and takes two commands.
fn answers(socket: &Path) -> bool {
    let ask = || {
        let mut stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(READY))?;
        stream.write_all(br#"{"execute":"qmp_capabilities"}{"execute":"query-version"}"#)?;
        let mut text = String::new();
        let count = |text: &str, what| text.matches(what).count();
        while count(&text, "\"return\"") < 2 && count(&text, "\"error\"") == 0 {
            let mut piece = [0; 4096];
            match stream.read(&mut piece)? {
                0 => return Ok(false),
                read => text += &String::from_utf8_lossy(&piece[..read]),
            }
        }
        Ok::<_, io::Error>(count(&text, "\"QMP\"") == 1 && count(&text, "\"error\"") == 0)
    };
    ask().unwrap_or(false)
}

/// A running server, which ends with the test. What it printed is shown if the test fails.
pub struct Server {
    command: Command,
    child: Child,
    directory: Directory,
}

impl Server {
    /// Where its first monitor, or the agent, listens.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.monitor(0)
    }

    /// Where the monitor with this number listens, counted from nought.
    #[must_use]
    pub fn monitor(&self, number: usize) -> PathBuf {
        self.path(&socket_name(number))
    }

    /// A name in the server's own directory.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.0.join(name)
    }

    /// The process.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Stops the process as `SIGSTOP` does.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("the process is there");
    }

    /// Kills the process.
    pub fn kill(&mut self) {
        self.child.kill().expect("a child can be killed");
        self.child.wait().expect("a child can be waited for");
    }

    /// Starts it again as it was started first, after it has ended.
    pub fn restart(&mut self) {
        // A socket that nobody listens on is in the way of none.
        self.child = self.command.spawn().expect("the program was found");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            let printed = fs::read(self.path("printed")).unwrap_or_default();
            eprintln!(
                "{:?} printed: {}",
                self.command,
                String::from_utf8_lossy(&printed)
            );
        }
    }
}

fn socket_name(number: usize) -> String {
    format!("m{number}")
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Where the guest agent is, which is not in the path of everybody.
    let system = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path)
        .chain(system)
        .map(|directory| directory.join(program))
        .find(|file| file.is_file())
}

/// A directory of a short name, as paths of sockets must be short; gone in the end.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("qapi-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        // Left behind by a process of the same number that was killed.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).expect("a directory can be made");
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Makes an empty raw image of a size in bytes.
pub fn image(path: &Path, size: u64) {
    let file = File::create(path).expect("a file can be made");
    file.set_len(size).expect("a file can be of any size");
}

//! The program in a pseudo-terminal, and what a person would see of it.

use std::ffi::OsString;
use std::io::{Read as _, Write};
use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::setup::Qmp;

/// A terminal as most are.
const KIND: &str = "xterm-256color";

/// Longer than anything takes.
const DEADLINE: Duration = Duration::from_secs(120);

pub(crate) struct Terminal {
    master: Box<dyn MasterPty + Send>,
    writer: Arc<Mutex<Box<dyn Write + Send>>>,
    screen: Arc<(Mutex<vt100::Parser>, Condvar)>,
    has_escaped: Arc<AtomicBool>,
    child: Box<dyn Child + Send + Sync>,
    /// What the shell has before a line.
    prompt: String,
}

fn size(rows: u16, cols: u16) -> PtySize {
    PtySize {
        rows,
        cols,
        ..PtySize::default()
    }
}

fn some(count: u16) -> NonZero<u16> {
    NonZero::new(count).expect("more than none")
}

impl Terminal {
    /// The shell, once it is ready.
    pub(crate) fn shell(qmp: &Qmp) -> Self {
        let terminal = Self::start(qmp, &[]);
        terminal.sees("Ctrl-D leaves");
        terminal.sees("> ");
        terminal
    }

    pub(crate) fn start(qmp: &Qmp, words: &[&str]) -> Self {
        Self::of(qmp, env!("CARGO_BIN_EXE_qmp"), words)
    }

    /// The program in so few columns.
    pub(crate) fn narrow(qmp: &Qmp, columns: u16, words: &[&str]) -> Self {
        Self::sized(qmp, env!("CARGO_BIN_EXE_qmp"), words, columns, KIND)
    }

    /// The program in a terminal of another kind.
    pub(crate) fn of_kind(qmp: &Qmp, kind: &str, words: &[&str]) -> Self {
        Self::sized(qmp, env!("CARGO_BIN_EXE_qmp"), words, 100, kind)
    }

    /// Another program, which finds `qmp` by its name.
    pub(crate) fn of(qmp: &Qmp, program: &str, words: &[&str]) -> Self {
        Self::sized(qmp, program, words, 100, KIND)
    }

    fn sized(qmp: &Qmp, program: &str, words: &[&str], columns: u16, kind: &str) -> Self {
        let pair = native_pty_system()
            .openpty(size(24, columns))
            .expect("a terminal");
        let mut command = CommandBuilder::new(program);
        command.args(words);
        let name = qmp.socket.file_name().expect("a path of a file");
        command.cwd(qmp.socket.parent().expect("it is in a folder"));
        command.env_clear();
        command.env("PATH", search_path());
        command.env("HOME", &qmp.home);
        command.env("QMP_SOCKET", name);
        command.env("TERM", kind);
        let child = pair
            .slave
            .spawn_command(command)
            .expect("the program was built");
        let writer = pair.master.take_writer().expect("a writer");
        let terminal = Self {
            writer: Arc::new(Mutex::new(writer)),
            screen: Arc::new((
                Mutex::new(vt100::Parser::new(some(24), some(columns), 500)),
                Condvar::new(),
            )),
            has_escaped: Arc::default(),
            master: pair.master,
            child,
            prompt: format!("{}>", name.display()),
        };
        terminal.read();
        terminal
    }

    /// Keeps the screen, and answers where the cursor is, as terminals do.
    fn read(&self) {
        let mut reader = self.master.try_clone_reader().expect("a reader");
        let (screen, writer) = (Arc::clone(&self.screen), Arc::clone(&self.writer));
        let has_escaped = Arc::clone(&self.has_escaped);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                let mut parser = screen.0.lock().unwrap_or_else(PoisonError::into_inner);
                let output = &buffer[..count];
                has_escaped.fetch_or(output.contains(&0x1b), Ordering::Relaxed);
                parser.process(output);
                if output.windows(4).any(|bytes| bytes == b"\x1b[6n") {
                    let (row, column) = parser.screen().cursor_position();
                    let answer = format!("\x1b[{};{}R", row + 1, column + 1);
                    let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
                    // The program may have ended.
                    let _ = writer.write_all(answer.as_bytes());
                }
                screen.1.notify_all();
            }
        });
    }

    pub(crate) fn types(&self, keys: &str) {
        let mut writer = self.writer.lock().expect("nobody panicked");
        writer
            .write_all(keys.as_bytes())
            .expect("the program reads");
        writer.flush().expect("the program reads");
    }

    /// Types a line, once there is a prompt for it.
    #[track_caller]
    pub(crate) fn enters(&self, line: &str) {
        self.prompts();
        self.types(&format!("{line}\r"));
    }

    /// Waits for an empty line to type in.
    #[track_caller]
    pub(crate) fn prompts(&self) {
        self.waits_for(typed_so_far, |typed| typed == self.prompt, "a prompt");
    }

    /// Waits until this is what is typed behind the prompt.
    #[track_caller]
    pub(crate) fn has_typed(&self, text: &str) {
        let expected = format!("{} {text}", self.prompt);
        self.waits_for(typed_so_far, |typed| typed == expected, text);
    }

    /// Waits until a line was accepted, which leaves the cursor below it.
    #[track_caller]
    pub(crate) fn executes(&self) {
        self.waits_for(typed_so_far, str::is_empty, "a line executed");
    }

    /// Types keys again and again until the screen shows what they bring about.
    #[track_caller]
    pub(crate) fn insists(&self, keys: &str, text: &str) {
        let end = Instant::now() + DEADLINE;
        while !self.shows(
            |screen| screen.contents().contains(text),
            Instant::now() + Duration::from_millis(300),
        ) {
            assert!(Instant::now() < end, "not seen: {text}");
            self.types(keys);
        }
    }

    /// Pastes, as terminals tell programs that text is pasted.
    pub(crate) fn pastes(&self, text: &str) {
        self.types(&format!("\x1b[200~{}\x1b[201~", text.replace('\n', "\r")));
    }

    pub(crate) fn resizes(&self, rows: u16, cols: u16) {
        self.master.resize(size(rows, cols)).expect("a terminal");
        let mut parser = self.screen.0.lock().expect("nobody panicked");
        parser.screen_mut().set_size(some(rows), some(cols));
    }

    /// Waits until the screen shows this.
    #[track_caller]
    pub(crate) fn sees(&self, text: &str) {
        self.waits(|screen| screen.contains(text), text);
    }

    #[track_caller]
    pub(crate) fn waits(&self, is_so: impl Fn(&str) -> bool, what: &str) {
        self.waits_for(vt100::Screen::contents, is_so, what);
    }

    #[track_caller]
    fn waits_for(
        &self,
        view: impl Fn(&vt100::Screen) -> String,
        is_so: impl Fn(&str) -> bool,
        what: &str,
    ) {
        if !self.shows(|screen| is_so(&view(screen)), Instant::now() + DEADLINE) {
            let parser = self.screen.0.lock().expect("nobody panicked");
            panic!("not seen: {what}\n{}", parser.screen().contents());
        }
    }

    fn shows(&self, is_so: impl Fn(&vt100::Screen) -> bool, end: Instant) -> bool {
        let mut parser = self.screen.0.lock().expect("nobody panicked");
        while !is_so(parser.screen()) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            parser = self
                .screen
                .1
                .wait_timeout(parser, left)
                .expect("nobody panicked")
                .0;
        }
        true
    }

    /// Waits until the program has so many threads.
    pub(crate) fn waits_for_threads(&self, count: usize) {
        let process = self.child.process_id().expect("it runs");
        let tasks = format!("/proc/{process}/task");
        let end = Instant::now() + DEADLINE;
        while std::fs::read_dir(&tasks).expect("it runs").count() < count {
            assert!(Instant::now() < end, "no {count} threads");
            thread::yield_now();
        }
    }

    /// Whether anything but text was written so far.
    pub(crate) fn has_escaped(&self) -> bool {
        self.has_escaped.load(Ordering::Relaxed)
    }

    /// What can be made of the screen as it is now.
    pub(crate) fn looks<T>(&self, look: impl Fn(&vt100::Screen) -> T) -> T {
        look(self.screen.0.lock().expect("nobody panicked").screen())
    }

    /// Waits for the end, and gives the exit code.
    pub(crate) fn ends(mut self) -> u32 {
        self.child.wait().expect("it ends").exit_code()
    }
}

/// What is left of the cursor, in its row.
fn typed_so_far(screen: &vt100::Screen) -> String {
    let (row, column) = screen.cursor_position();
    screen
        .contents_between(row, 0, row, column)
        .trim_end()
        .to_owned()
}

/// Where programs are, the one under test first.
pub(crate) fn search_path() -> OsString {
    let program = Path::new(env!("CARGO_BIN_EXE_qmp"));
    let folder = program.parent().expect("it is in a folder").to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder).chain(std::env::split_paths(&path));
    std::env::join_paths(folders).expect("they were joined before")
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

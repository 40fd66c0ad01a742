//! Ctrl-C.

use std::io::{self, Read as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::SIGINT;
use signal_hook::flag;

use crate::failure::Failure;

/// So often Ctrl-C is looked for.
pub(crate) const LOOK: Duration = Duration::from_millis(50);
/// Who is silent for so long may not be who is wanted.
pub(crate) const DOUBTFUL: Duration = Duration::from_secs(1);

/// So much is read at once: what a pipe holds.
const PIECE: usize = 1 << 16;

/// Usually Ctrl-C ends the program, as if nothing was done about it. While a command is under way it is noted instead, so that
/// the user can be told what may become of the command.
#[derive(Clone, Debug)]
pub(crate) struct Interrupts {
    fatal: Arc<AtomicBool>,
    noted: Arc<AtomicBool>,
}

impl Interrupts {
    pub(crate) fn install() -> io::Result<Self> {
        let fatal = Arc::new(AtomicBool::new(true));
        let noted = Arc::new(AtomicBool::new(false));
        flag::register_conditional_default(SIGINT, Arc::clone(&fatal))?;
        flag::register(SIGINT, Arc::clone(&noted))?;
        Ok(Self { fatal, noted })
    }

    /// Has Ctrl-C noted from now on, until the result is dropped.
    pub(crate) fn hold(&self) -> Held<'_> {
        self.noted.store(false, Ordering::SeqCst);
        let before = self.fatal.swap(false, Ordering::SeqCst);
        Held {
            interrupts: self,
            before,
        }
    }

    /// All that standard input has.
    pub(crate) fn standard_input(&self) -> Result<Vec<u8>, Failure> {
        let read = || {
            let mut input = Vec::new();
            match io::stdin().read_to_end(&mut input) {
                Ok(_) => Ok(input),
                Err(error) => Err(Failure::usage(format!("standard input: {error}"))),
            }
        };
        self.before_sending(read, || None)
    }

    /// What standard input has as soon as there is something; nothing at its end.
    pub(crate) fn some_input(&self) -> Result<Vec<u8>, Failure> {
        let read = || {
            let mut input = vec![0; PIECE];
            loop {
                match io::stdin().read(&mut input) {
                    Ok(length) => {
                        input.truncate(length);
                        return Ok(input);
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(Failure::usage(format!("standard input: {error}"))),
                }
            }
        };
        self.before_sending(read, || None)
    }

    /// All of it, where it has to be text.
    pub(crate) fn standard_text(&self) -> Result<String, Failure> {
        let read = self.standard_input()?;
        String::from_utf8(read).map_err(|_| Failure::usage("standard input: it is not UTF-8"))
    }

    /// Does what comes before a command is sent, which looks here every now and then and stops at an error: that Ctrl-C was
    /// pressed, or that it is of no use, which `doubt` is asked once if it takes long.
    pub(crate) fn looked_for<T>(
        &self,
        work: impl FnOnce(&mut (dyn FnMut() -> io::Result<()> + Send)) -> Result<T, Failure>,
        doubt: impl FnOnce() -> Option<Failure> + Send,
    ) -> Result<T, Failure> {
        let held = self.hold();
        let (mut doubt, doubtful) = (Some(doubt), Instant::now() + DOUBTFUL);
        let mut useless = None;
        let mut look = || {
            if Instant::now() >= doubtful {
                useless = doubt.take().and_then(|doubt| doubt());
            }
            match held.interrupted() || useless.is_some() {
                true => Err(io::ErrorKind::Interrupted.into()),
                false => Ok(()),
            }
        };
        let done = work(&mut look);
        match done {
            Err(_) if held.interrupted() => Err(Failure::interrupted_before()),
            Err(failure) => Err(useless.unwrap_or(failure)),
            done => done,
        }
    }

    /// Does what comes before a command is sent in a thread of its own, while this one looks for Ctrl-C. If it takes long,
    /// `doubt` is asked once whether it is of any use.
    pub(crate) fn before_sending<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
        doubt: impl FnOnce() -> Option<Failure>,
    ) -> Result<T, Failure> {
        let (mut doubt, doubtful) = (Some(doubt), Instant::now() + DOUBTFUL);
        let held = self.hold();
        let (send, receive) = mpsc::channel();
        // Nobody may be waiting any more.
        thread::spawn(move || drop(send.send(work())));
        loop {
            match receive.recv_timeout(LOOK) {
                Ok(Ok(done)) => return Ok(done),
                _ if held.interrupted() => return Err(Failure::interrupted_before()),
                Ok(failed) => return failed,
                Err(RecvTimeoutError::Timeout) if Instant::now() < doubtful => {}
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(failure) = doubt.take().and_then(|doubt| doubt()) {
                        return Err(failure);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Failure::connection("nobody connects any more"));
                }
            }
        }
    }
}

#[derive(Debug)]
pub(crate) struct Held<'i> {
    interrupts: &'i Interrupts,
    before: bool,
}

impl Held<'_> {
    /// Whether Ctrl-C was pressed.
    pub(crate) fn interrupted(&self) -> bool {
        self.interrupts.noted.load(Ordering::SeqCst)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.interrupts.fatal.store(self.before, Ordering::SeqCst);
    }
}

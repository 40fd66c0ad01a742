//! Programs run by the agent.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Line, Operation, Step, answer};
use crate::error::{Error, Violation};
use crate::types::Command as _;
use crate::types::qga::{GuestExecCaptureOutputMode, GuestExecStatus, commands};

/// Pauses between two looks whether the program has ended: the first, and the longest.
const PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// What an agent keeps of each of a program's outputs.
const OUTPUT_LIMIT: usize = 16 << 20;

/// What of a program's output is wanted.
///
/// Output or errors alone cannot be had, although `guest-exec` offers it: an agent that was asked for one of them loses
/// output of programs that it runs later (seen with 10.0 and 11.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Capture {
    /// Output and errors, apart. The agent keeps 16 MiB of each.
    #[default]
    Separated,
    /// Errors among the output, in their order. Agents since 8.0 know that, but not those of Windows.
    Merged,
    /// Nothing.
    None,
}

/// A program to be run in the guest, to its end.
#[derive(Clone, Debug)]
#[must_use = "nothing is run yet"]
pub struct Exec {
    command: commands::GuestExec,
    deadline: Option<Duration>,
    started: Started,
}

/// Who is told the pid.
#[derive(Clone, Default)]
struct Started(Option<Arc<dyn Fn(i64) + Send + Sync>>);

impl fmt::Debug for Started {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Started").finish_non_exhaustive()
    }
}

impl Exec {
    /// A program by its path, or by its name if the agent's `PATH` has it. There is no shell unless it is one.
    pub fn new(program: impl Into<String>) -> Self {
        let command = commands::GuestExec::new(program).capture_output(true);
        Self {
            command,
            deadline: None,
            started: Started::default(),
        }
    }

    /// Adds an argument.
    pub fn arg(self, argument: impl Into<String>) -> Self {
        self.args([argument])
    }

    /// Adds arguments.
    pub fn args<T: Into<String>>(mut self, arguments: impl IntoIterator<Item = T>) -> Self {
        let all = self.command.arg.get_or_insert_default();
        all.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Adds a variable to the program's environment, which has nothing else then.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        let all = self.command.env.get_or_insert_default();
        all.push(format!("{name}={value}"));
        self
    }

    /// Sets what the program reads from its standard input; nothing unless set.
    pub fn input(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.command.input_data = Some(STANDARD.encode(bytes));
        self
    }

    /// Sets what of its output is wanted.
    pub fn capture(mut self, capture: Capture) -> Self {
        self.command.capture_output = Some(match capture {
            // As agents before 8.0 know it.
            Capture::Separated => true.into(),
            Capture::None => false.into(),
            Capture::Merged => GuestExecCaptureOutputMode::Merged.into(),
        });
        self
    }

    /// How long it may take until the program has ended, instead of the client's deadline. The agent cannot end a
    /// program: it goes on after that, and the error has its pid.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Tells the pid once the program runs, for whoever may not wait for its end.
    pub fn started(mut self, tell: impl Fn(i64) + Send + Sync + 'static) -> Self {
        self.started = Started(Some(Arc::new(tell)));
        self
    }

    pub(crate) fn start(self) -> Run {
        Run {
            exec: Some(self.command),
            deadline: self.deadline,
            started: self.started,
            pid: None,
            pause: PAUSE,
            paused: false,
            doubtful: None,
            end: None,
        }
    }
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExecOutput {
    /// Its exit status, if it exited.
    pub code: Option<i64>,
    /// The number of the signal that ended it, or of the exception on Windows.
    pub signal: Option<i64>,
    /// What it wrote to its standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to its standard error, unless that is in `stdout`.
    pub stderr: Vec<u8>,
    /// Whether it wrote more than the agent kept.
    pub truncated: bool,
}

impl ExecOutput {
    /// Whether it exited with status 0.
    #[must_use]
    pub fn success(&self) -> bool {
        self.code == Some(0)
    }

    fn new(status: GuestExecStatus) -> Result<Self, Error> {
        let truncated = [status.out_truncated, status.err_truncated].contains(&Some(true));
        Ok(Self {
            code: status.exitcode,
            signal: status.signal,
            stdout: bytes("out-data", status.out_data)?,
            stderr: bytes("err-data", status.err_data)?,
            truncated,
        })
    }
}

/// Whether only the agent's release tells if output was cut off: before 11.1 it says so by having a member, with the value
/// false.
fn is_doubtful(told: [Option<bool>; 2], output: &ExecOutput) -> bool {
    let outputs = [&output.stdout, &output.stderr];
    let mut told = told.iter().zip(outputs);
    !output.truncated && told.any(|(told, output)| told.is_some() && output.len() >= OUTPUT_LIMIT)
}

/// Whether an agent of this version says so by the member's value.
fn tells_truncation(version: &str) -> bool {
    let mut numbers = version.split('.').map_while(|number| number.parse().ok());
    let release: (u32, u32) = (
        numbers.next().unwrap_or_default(),
        numbers.next().unwrap_or_default(),
    );
    release >= (11, 1)
}

fn bytes(member: &'static str, text: Option<String>) -> Result<Vec<u8>, Error> {
    STANDARD.decode(text.unwrap_or_default()).map_err(|_| {
        let violation = Violation::NotBase64 { member };
        super::violation(violation).of(commands::GuestExecStatus::NAME)
    })
}

/// A program that runs.
pub(crate) struct Run {
    exec: Option<commands::GuestExec>,
    deadline: Option<Duration>,
    started: Started,
    pid: Option<i64>,
    pause: Duration,
    /// Whether the pause before the next look was made.
    paused: bool,
    /// How it ended, if it is to be found out whether output was cut off.
    doubtful: Option<ExecOutput>,
    end: Option<Result<ExecOutput, Error>>,
}

impl Run {
    /// Whoever is not told how a program ended may look for it.
    fn goes_on(&self, error: Error) -> Error {
        match self.pid {
            Some(pid) if error.is_deadline() => {
                let text = format!("the program goes on in the guest, with pid {pid}");
                error.because(&Error::io(io::Error::other(text)))
            }
            _ => error,
        }
    }

    fn look(&mut self, message: Result<Vec<u8>, Error>) -> Result<(), Error> {
        if self.pid.is_none() {
            let pid = answer::<commands::GuestExec>(message)?.pid;
            self.pid = Some(pid);
            if let Started(Some(tell)) = &self.started {
                tell(pid);
            }
        } else if let Some(mut output) = self.doubtful.take() {
            // An agent that may not say which release it is has to be taken for an older one.
            let info = answer::<commands::GuestInfo>(message);
            output.truncated = !info.is_ok_and(|info| tells_truncation(&info.version));
            self.end = Some(Ok(output));
        } else {
            let status = answer::<commands::GuestExecStatus>(message);
            let status = status.map_err(|error| self.goes_on(error))?;
            if status.exited {
                let told = [status.out_truncated, status.err_truncated];
                let output = ExecOutput::new(status)?;
                if is_doubtful(told, &output) {
                    self.doubtful = Some(output);
                } else {
                    self.end = Some(Ok(output));
                }
            }
        }
        Ok(())
    }
}

impl Operation for Run {
    type Outcome = ExecOutput;

    fn deadline(&self, usual: Duration) -> Option<Duration> {
        Some(self.deadline.unwrap_or(usual))
    }

    fn step(&mut self) -> Step<ExecOutput> {
        let line = match (self.end.take(), self.exec.take(), self.pid) {
            (Some(end), ..) => return Step::Done(end),
            (None, Some(exec), _) => Line::new(&exec),
            (None, None, Some(_)) if self.doubtful.is_some() => {
                Line::new(&commands::GuestInfo::new())
            }
            (None, None, Some(_)) if !self.paused => {
                self.paused = true;
                let pause = self.pause;
                self.pause = (pause * 2).min(LONGEST_PAUSE);
                return Step::Pause(pause);
            }
            (None, None, pid) => {
                self.paused = false;
                Line::new(&commands::GuestExecStatus::new(pid.unwrap_or_default()))
            }
        };
        line.map_or_else(|error| Step::Done(Err(error)), Step::Send)
    }

    fn reply(&mut self, message: Result<Vec<u8>, Error>) -> Result<(), Error> {
        self.look(message)
            .inspect_err(|error| self.end = Some(Err(error.clone())))
    }
}

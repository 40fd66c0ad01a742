//! Writing results and diagnostics.

use crate::Outcome;
use crate::file::{NewFile, same_file};
use crate::input::{Failure, Language, Root};
use qapi_gen::diagnostic::{Code, Errors};
use qapi_gen::render;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

/// How diagnostics are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum MessageFormat {
    /// With excerpts of the source, to standard error.
    Human,
    /// FILE:LINE[:COLUMN]: MESSAGE, to standard error.
    Short,
    /// One JSON object a line, to standard output.
    Json,
}

/// A stream to write to, which takes no more once its reader has gone.
pub(crate) struct Sink {
    stream: BufWriter<Stream>,
    /// What it is, for people.
    name: String,
    failure: Option<io::Error>,
}

enum Stream {
    Standard(Box<dyn Write>),
    File(NewFile),
}

impl Write for Stream {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Standard(stream) => stream.write(text),
            Stream::File(file) => file.write(text),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Stream::Standard(stream) => stream.flush(),
            Stream::File(file) => file.flush(),
        }
    }
}

impl Stream {
    fn finish(self) -> io::Result<()> {
        match self {
            Stream::Standard(mut stream) => stream.flush(),
            Stream::File(file) => file.commit(),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.write_all(text).map(|()| text.len())
    }

    fn write_all(&mut self, text: &[u8]) -> io::Result<()> {
        match self.put(text) {
            true => Ok(()),
            false => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink {
    /// A file, or standard output if none is named.
    pub(crate) fn to(path: Option<&Path>) -> Sink {
        path.map_or_else(Sink::stdout, Sink::file)
    }

    /// A file that is as it was until [`finish`](Sink::finish).
    pub(crate) fn file(path: &Path) -> Sink {
        let file = Stream::File(NewFile::new(path));
        Sink::new(file, path.display().to_string())
    }

    pub(crate) fn stdout() -> Sink {
        let stream = Stream::Standard(Box::new(io::stdout()));
        Sink::new(stream, "output".to_owned())
    }

    pub(crate) fn stderr() -> Sink {
        let stream = Stream::Standard(Box::new(io::stderr()));
        Sink::new(stream, "output".to_owned())
    }

    fn new(stream: Stream, name: String) -> Sink {
        Sink {
            stream: BufWriter::new(stream),
            name,
            failure: None,
        }
    }

    pub(crate) fn write(&mut self, text: &[u8]) {
        self.put(text);
    }

    /// Whether the stream took it.
    fn put(&mut self, text: &[u8]) -> bool {
        if self.failure.is_none() {
            self.failure = self.stream.write_all(text).err();
        }
        self.failure.is_none()
    }

    /// A closed pipe is no failure: its reader has seen enough.
    pub(crate) fn finish(self) -> Outcome {
        let written = match self.failure {
            Some(failure) => Err(failure),
            None => match self.stream.into_inner() {
                Ok(stream) => stream.finish(),
                Err(error) => Err(error.into_error()),
            },
        };
        let failure = written.err();
        match failure {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                complain(&format!("cannot write {}: {error}", self.name))
            }
            _ => Outcome::Done,
        }
    }
}

/// Refuses an output that is one of the files that were read.
pub(crate) fn spare<P: AsRef<Path>>(
    inputs: impl IntoIterator<Item = P>,
    output: Option<&Path>,
) -> Result<(), Outcome> {
    // A terminal or a socket is read and written by right.
    let Some(output) = output.filter(|path| path.is_file()) else {
        return Ok(());
    };
    let mut inputs = inputs.into_iter();
    match inputs.find(|input| same_file(input.as_ref(), output)) {
        None => Ok(()),
        Some(input) => Err(complain(&format!(
            "cannot write {}: it is the same file as {}, which is read",
            output.display(),
            input.as_ref().display()
        ))),
    }
}

/// Reports what has no place in a schema.
pub(crate) fn complain(message: &str) -> Outcome {
    // There is nowhere to report a failure to report.
    let _ = writeln!(io::stderr(), "qapi-gen: {message}");
    Outcome::Unusable
}

/// Reports to people why there is no schema.
pub(crate) fn report(root: &Root, failure: &Failure, language: &Language) -> Outcome {
    let mut reporter = Reporter::new(MessageFormat::Human);
    let outcome = reporter.failure(root, failure, language);
    outcome.max(reporter.finish())
}

/// Writes diagnostics in one of the formats.
pub(crate) struct Reporter {
    format: MessageFormat,
    style: render::Style,
    sink: Sink,
    /// The rule that the first error breaks.
    first: Option<Code>,
}

impl Reporter {
    pub(crate) fn new(format: MessageFormat) -> Reporter {
        Reporter {
            format,
            style: stderr_style(),
            first: None,
            sink: match format {
                MessageFormat::Json => Sink::stdout(),
                MessageFormat::Human | MessageFormat::Short => Sink::stderr(),
            },
        }
    }

    pub(crate) fn failure(
        &mut self,
        root: &Root,
        failure: &Failure,
        language: &Language,
    ) -> Outcome {
        let errors = match failure {
            Failure::Errors(errors) => errors,
            Failure::Stdin(error) => {
                return complain(&format!("cannot read standard input: {error}"));
            }
        };
        let outcome = self.errors(root, errors);
        let style = errors.diagnostics.iter().all(|d| d.code.is_style());
        if outcome == Outcome::Rejected
            && self.format == MessageFormat::Human
            && !style
            && language.legacy_reading(root).is_some()
        {
            let help =
                "help: --legacy, which reads what older releases wrote, accepts this schema\n";
            self.sink.write(help.as_bytes());
        }
        outcome
    }

    pub(crate) fn errors(&mut self, root: &Root, errors: &Errors) -> Outcome {
        for diagnostic in &errors.diagnostics {
            let mut text = match self.format {
                MessageFormat::Human => render::human(diagnostic, &errors.sources, self.style),
                MessageFormat::Short => render::short(diagnostic, &errors.sources),
                MessageFormat::Json => render::json(diagnostic, &errors.sources),
            };
            if self.format != MessageFormat::Short {
                text.push('\n');
            }
            self.sink.write(text.as_bytes());
        }
        let unreadable = |code| code == Code::UnreadableRoot;
        if errors.diagnostics.iter().any(|d| unreadable(d.code)) {
            return Outcome::Unusable;
        }
        self.first = self.first.or(errors.diagnostics.first().map(|d| d.code));
        if self.format == MessageFormat::Human {
            let count = match errors.diagnostics.len() {
                1 => "1 error".to_owned(),
                n => format!("{n} errors"),
            };
            let name = render::printable(&root.name().to_string_lossy());
            let more = match errors.omitted {
                0 => String::new(),
                n => format!(", and {n} more that are not shown"),
            };
            self.sink
                .write(format!("{count} in {name}{more}\n").as_bytes());
        }
        Outcome::Rejected
    }

    /// Says how to learn more about errors, if there were any.
    pub(crate) fn finish(mut self) -> Outcome {
        if let (MessageFormat::Human, Some(code)) = (self.format, self.first) {
            let hint = format!("help: 'qapi-gen explain {code}' says more about a rule\n");
            self.sink.write(hint.as_bytes());
        }
        self.sink.finish()
    }
}

/// Colours only where they are seen, and wanted (<https://no-color.org>).
fn stderr_style() -> render::Style {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty())
        || std::env::var_os("TERM").is_some_and(|v| v == "dumb");
    match io::stderr().is_terminal() && !unwanted {
        true => render::Style::Colored,
        false => render::Style::Plain,
    }
}

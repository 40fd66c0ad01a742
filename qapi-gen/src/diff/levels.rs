//! Levels of one's own for kinds of change.

use super::{Change, ChangeCode, Direction, Level};
use std::fmt;

/// How grave each kind of change is, where that is not what the rules of compatibility say.
///
/// ```
/// use qapi_gen::diff::Levels;
/// let levels = Levels::parse(
///     "# We decode unknown values.\n\
///      value-added output client info\n\
///      condition-changed ignore\n",
/// );
/// assert!(levels.is_ok());
/// assert_eq!(
///     Levels::parse("value-add ignore").unwrap_err().to_string(),
///     "line 1: there is no kind of change 'value-add', but 'value-added'"
/// );
/// ```
#[derive(Clone, Debug, Default)]
pub struct Levels(Vec<Line>);

#[derive(Clone, Debug)]
struct Line {
    code: ChangeCode,
    direction: Option<Direction>,
    client: bool,
    server: bool,
    level: Level,
}

/// What is wrong with a file of levels, and on which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelsError {
    line: usize,
    message: String,
}

impl fmt::Display for LevelsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for LevelsError {}

impl Levels {
    /// Reads levels: one a line, as `CODE [input|output] [client|server] LEVEL`. What is left out is any; of several lines
    /// about a change, the last counts. `#` starts a comment.
    ///
    /// # Errors
    ///
    /// The first line that is not understood.
    pub fn parse(text: &str) -> Result<Levels, LevelsError> {
        let mut lines = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let words = line.split('#').next().unwrap_or_default();
            let words: Vec<&str> = words.split_whitespace().collect();
            if !words.is_empty() {
                lines.push(parse(&words).map_err(|message| LevelsError {
                    line: at + 1,
                    message,
                })?);
            }
        }
        Ok(Levels(lines))
    }

    pub(super) fn judge(&self, change: &mut Change) {
        let level = |direction: Direction, client: bool| {
            let stated = self.0.iter().rev().find(|line| {
                line.code == change.code
                    && line.direction.is_none_or(|d| d == direction)
                    && if client { line.client } else { line.server }
            });
            match (stated, client) {
                (Some(line), _) => line.level,
                (None, true) => change.promised(change.code.client(direction)),
                (None, false) => change.promised(change.code.server(direction)),
            }
        };
        let worst = |client: bool| {
            let levels = change.directions.iter().map(|d| level(*d, client));
            levels.max().unwrap_or(Level::Ignore)
        };
        let (client, server) = (worst(true), worst(false));
        (change.client, change.server) = (client, server);
    }
}

impl Change {
    /// What is unstable may change without breaking a promise.
    fn promised(&self, level: Level) -> Level {
        match self.unstable {
            true => level.min(Level::Warning),
            false => level,
        }
    }
}

fn parse(words: &[&str]) -> Result<Line, String> {
    let (Some((code, rest)), Some(level)) = (words.split_first(), words.last()) else {
        return Err("it is empty".to_owned());
    };
    let Some(code) = ChangeCode::from_name(code) else {
        let mut names = ChangeCode::ALL.iter().map(|c| c.as_str());
        let like = crate::suggest::closest(code, &mut names);
        let like = like.map_or_else(String::new, |name| format!(", but '{name}'"));
        return Err(format!("there is no kind of change '{code}'{like}"));
    };
    let found = Level::ALL.into_iter().find(|l| l.as_str() == *level);
    let Some(level) = found.filter(|_| !rest.is_empty()) else {
        return Err("a level is missing at the end: ignore, info, warning or breaking".to_owned());
    };
    let mut line = Line {
        code,
        direction: None,
        client: true,
        server: true,
        level,
    };
    for word in &rest[..rest.len() - 1] {
        match *word {
            "input" => line.direction = Some(Direction::Input),
            "output" => line.direction = Some(Direction::Output),
            "client" => line.server = false,
            "server" => line.client = false,
            other => {
                return Err(format!(
                    "'{other}' is none of input, output, client and server"
                ));
            }
        }
    }
    if !line.client && !line.server {
        return Err("client and server exclude each other; leave both out to mean both".to_owned());
    }
    Ok(line)
}

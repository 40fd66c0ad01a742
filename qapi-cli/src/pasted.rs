//! Messages as logs and manuals have them, with a mark of who said them: `C: ` and `S: ` in recordings, `--trace` and QEMU's
//! description of the protocol, `-> ` and `<- ` in its reference, `> ` in other logs.

use qapi_rt::types::{Mode, Object, Value, from_str};

use crate::explain::did_you_mean;
use crate::failure::Failure;

const SENT: [&str; 3] = ["C: ", "-> ", "> "];
const RECEIVED: [&str; 3] = ["S: ", "<- ", "< "];

/// A line without the mark of what a client says, if JSON is behind it.
pub(crate) fn unmarked(line: &str) -> &str {
    behind(line, &SENT).unwrap_or(line)
}

/// The same, if it is a whole message or the beginning of one.
pub(crate) fn message(line: &str) -> Option<&str> {
    let message = unmarked(line).trim_start();
    message.starts_with('{').then_some(message)
}

/// What a server said, without its mark.
pub(crate) fn received(line: &str) -> Option<&str> {
    behind(line, &RECEIVED)
}

/// A further line of a message that has several: inside JSON such a mark stands for nothing else.
pub(crate) fn continued(line: &str) -> &str {
    let trimmed = line.trim_start();
    let all = SENT.into_iter().chain(RECEIVED);
    all.filter_map(|mark| trimmed.strip_prefix(mark))
        .next()
        .unwrap_or(line)
}

fn behind<'l>(line: &'l str, marks: &[&str]) -> Option<&'l str> {
    let trimmed = line.trim_start();
    let rest = marks.iter().find_map(|mark| trimmed.strip_prefix(mark))?;
    let rest = rest.trim_start();
    rest.starts_with('{').then_some(rest)
}

/// What a client's messages have. A server refuses more.
const MEMBERS: [&str; 4] = ["execute", "exec-oob", "arguments", "id"];

/// What only a server's messages have.
const SAID: [&str; 4] = ["return", "error", "event", "QMP"];

/// What a message says: its command and arguments, and whether it is to be executed out of band.
pub(crate) fn parts(text: &str) -> Result<(String, Object, bool), Failure> {
    let message = from_str::<Object>(text, Mode::Strict);
    let message = message.map_err(|error| Failure::usage(format!("no JSON object: {error}")))?;
    let name = |key: &str| message.get(key).and_then(Value::as_str);
    let (command, oob) = match (name("execute"), name("exec-oob")) {
        (Some(command), None) => (command, false),
        (None, Some(command)) => (command, true),
        (None, None) if SAID.iter().any(|key| message.get(*key).is_some()) => {
            return Err(Failure::usage(
                "a server says this; what it is told has 'execute' or 'exec-oob'",
            ));
        }
        _ => {
            return Err(Failure::usage(
                "a message has either 'execute' or 'exec-oob'",
            ));
        }
    };
    if let Some(other) = message.keys().find(|key| !MEMBERS.contains(&key.as_str())) {
        let proposal = did_you_mean(other, MEMBERS.into_iter());
        return Err(Failure::usage(format!(
            "a message has no '{other}'{proposal}"
        )));
    }
    let arguments = match message.get("arguments") {
        None => Object::new(),
        Some(Value::Object(arguments)) => arguments.clone(),
        Some(_) => return Err(Failure::usage("'arguments' is no object")),
    };
    Ok((command.to_owned(), arguments, oob))
}

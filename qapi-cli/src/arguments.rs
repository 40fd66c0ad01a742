//! Arguments of a command, from what was typed.

use std::collections::BTreeMap;

use qapi_rt::capabilities::{
    Capabilities, JsonType, KeyValueError, KeyValueProblem, KeyValues, Problem,
};
use qapi_rt::types::{Mode, Object, Value, from_str};

use crate::explain::{self, did_you_mean};
use crate::failure::{Failure, INTERRUPTED};
use crate::interrupts::Interrupts;
use crate::known;
use crate::output::Json;
use crate::session::Session;

/// What was typed.
#[derive(Debug, Default)]
pub(crate) struct Given {
    object: Option<Object>,
    keyval: Option<String>,
    words: BTreeMap<String, Word>,
    keys: KeyValues,
}

/// What stands behind a key.
#[derive(Clone, Debug)]
pub(crate) enum Word {
    Text(String),
    Json(Value),
}

impl Word {
    fn put(&self, keys: &mut KeyValues, key: &str) -> Result<(), KeyValueError> {
        match self {
            Self::Text(text) => keys.set(key, text),
            Self::Json(value) => keys.set_json(key, value.clone()),
        }
    }
}

/// A word `key=value` or `key:=JSON`.
pub(crate) fn pair(word: &str) -> Result<(&str, Word), Failure> {
    let Some((key, value)) = word.split_once('=') else {
        return Err(Failure::usage(format!("'{word}' is not key=value")));
    };
    let Some(key) = key.strip_suffix(':') else {
        return Ok((key, Word::Text(value.to_owned())));
    };
    let value = from_str::<Value>(value, Mode::Strict)
        .map_err(|error| Failure::usage(format!("'{key}' is not JSON: {error}")))?;
    Ok((key, Word::Json(value)))
}

/// That it is not for us to choose between two values.
pub(crate) fn twice(key: &str) -> String {
    format!("'{key}' is given twice")
}

impl Given {
    /// From words `key=value` and `key:=JSON`.
    pub(crate) fn words<T: AsRef<str>>(
        words: impl IntoIterator<Item = T>,
    ) -> Result<Self, Failure> {
        let mut given = Self::default();
        for word in words {
            let (key, word) = pair(word.as_ref())?;
            let set = word.put(&mut given.keys, key);
            set.map_err(|error| Failure::usage(error.to_string()))?;
            if given.words.insert(key.to_owned(), word).is_some() {
                return Err(Failure::usage(twice(key)));
            }
        }
        Ok(given)
    }

    /// Adds an object of arguments; `-` is what standard input has.
    pub(crate) fn json(
        mut self,
        text: Option<&str>,
        interrupts: &Interrupts,
    ) -> Result<Self, Failure> {
        let input;
        let text = match text {
            None => return Ok(self),
            Some("-") => {
                input = interrupts.standard_text()?;
                input.as_str()
            }
            Some(text) => text,
        };
        let object = from_str::<Object>(text, Mode::Strict).map_err(|error| {
            Failure::usage(format!("the arguments are no JSON object: {error}"))
        })?;
        self.object = Some(object);
        Ok(self)
    }

    /// Adds arguments in QEMU's own form.
    pub(crate) fn keyval(mut self, text: Option<String>) -> Self {
        self.keyval = text;
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.object.is_none() && self.keyval.is_none() && self.keys.is_empty()
    }

    /// The arguments by the types of a schema.
    fn build(&self, capabilities: &Capabilities, command: &str) -> Result<Object, String> {
        let mut keys = KeyValues::new();
        if let Some(text) = &self.keyval {
            let known = capabilities.command(command);
            let tag = known.and_then(|command| command.arguments().tag());
            // Its branches are not in the schema.
            let tag = if command == "device_add" {
                Some("driver")
            } else {
                tag
            };
            keys = KeyValues::parse(text, tag).map_err(|error| error.to_string())?;
        }
        for (key, word) in &self.words {
            let put = word.put(&mut keys, key);
            put.map_err(|error| error.to_string())?;
        }
        let mut object = self.object.clone().unwrap_or_default();
        if keys.is_empty() {
            return Ok(object);
        }
        // A union's tag counts wherever it was given.
        for (name, value) in std::mem::take(&mut object) {
            if !self.put_below(&mut keys, &name, &value)? {
                object.insert(name, value);
            }
        }
        let typed = capabilities.arguments(command, &keys);
        object.extend(typed.map_err(|error| error.to_string())?);
        Ok(object)
    }

    /// Adds a value, less what there is for the same key or one that leads into it. Says no if its name is none that keys can
    /// have.
    fn put_below(&self, keys: &mut KeyValues, key: &str, value: &Value) -> Result<bool, String> {
        if self.words.contains_key(key) || keys.text(key).is_some() {
            return Ok(true);
        }
        let Err(error) = keys.set_json(key, value.clone()) else {
            return Ok(true);
        };
        let inside: Vec<(String, &Value)> = match (&error.problem, value) {
            (KeyValueProblem::InvalidKey, _) => return Ok(false),
            (KeyValueProblem::TooDeep, _) => return Err(error.to_string()),
            (_, Value::Object(members)) => {
                let members = members.iter();
                members.map(|(name, value)| (name.clone(), value)).collect()
            }
            (_, Value::Array(elements)) => {
                let elements = elements.iter().enumerate();
                elements
                    .map(|(at, value)| (at.to_string(), value))
                    .collect()
            }
            _ => return Ok(true),
        };
        for (name, value) in inside {
            if !self.put_below(keys, &format!("{key}.{name}"), value)? {
                return Err(error.to_string());
            }
        }
        Ok(true)
    }

    /// Without a schema every text is a string.
    fn untyped(&self) -> Result<Object, Failure> {
        const ANY: &str = r#"[{"name": "c", "meta-type": "command", "arg-type": "0", "ret-type": "0"},
            {"name": "0", "meta-type": "object", "members": []}]"#;
        let nothing = Capabilities::parse(ANY.as_bytes());
        let nothing = nothing.map_err(|error| Failure::usage(error.to_string()))?;
        self.build(&nothing, "c").map_err(Failure::usage)
    }
}

/// What is to become of a command that the server would refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Aim {
    Send,
    SendUnchecked,
    /// It is only asked about, and what is missing is no matter.
    Ask,
}

impl Aim {
    fn is_missed_by(self, problem: &Problem) -> bool {
        problem.is_fatal()
            && match self {
                Self::Send => true,
                Self::SendUnchecked => false,
                Self::Ask => *problem != Problem::MissingMember,
            }
    }
}

/// The arguments of a command, with the server's types. What the server would refuse is refused here, unless it is to be sent
/// all the same; what is deprecated or unstable is warned of.
pub(crate) fn resolve(
    session: &Session,
    command: &str,
    given: &Given,
    unchecked: bool,
) -> Result<Object, Failure> {
    // What is not known to need any is sent, without asking for the schema.
    if given.is_empty() && (unchecked || !known::needs_arguments(command)) {
        warn_of(session, command);
        return Ok(Object::new());
    }
    let aim = match unchecked {
        true => Aim::SendUnchecked,
        false => Aim::Send,
    };
    checked(session, command, given, aim)
}

/// Whether the server has a command and all that is given for it.
pub(crate) fn supported(session: &Session, command: &str, given: &Given) -> Result<(), Failure> {
    checked(session, command, given, Aim::Ask).map(|_| ())
}

/// The arguments of a guest agent's command, by a schema that need not be that of the agent.
pub(crate) fn for_agent(
    capabilities: &Capabilities,
    command: &str,
    given: &Given,
    unchecked: bool,
) -> Result<Object, Failure> {
    if capabilities.command(command).is_none() {
        return given.untyped();
    }
    let arguments = given.build(capabilities, command).map_err(Failure::usage)?;
    let findings = capabilities.examine_raw(command, &arguments);
    let mistakes: Vec<_> = findings
        .iter()
        .filter(|finding| !unchecked && finding.problem.is_fatal())
        .map(|finding| explain::finding(capabilities, command, &arguments, finding))
        .collect();
    if mistakes.is_empty() {
        Ok(arguments)
    } else {
        Err(Failure::mistakes(mistakes))
    }
}

fn checked(session: &Session, command: &str, given: &Given, aim: Aim) -> Result<Object, Failure> {
    let Some(mut schema) = session.schema()? else {
        return given.untyped();
    };
    loop {
        let capabilities = &schema.capabilities;
        let is_unknown = capabilities.command(command).is_none();
        if is_unknown && schema.certain && aim == Aim::SendUnchecked {
            return given.untyped();
        }
        let built = match is_unknown {
            true => Err(Failure::usage(unknown(capabilities, command, aim))),
            false => build(session, capabilities, command, given),
        };
        let mistakes = match &built {
            Ok(arguments) => mistakes(session, capabilities, command, arguments, aim),
            Err(failure) if failure.code == INTERRUPTED => return Err(failure.clone()),
            Err(failure) => vec![failure.message.clone()],
        };
        match built {
            Ok(arguments) if mistakes.is_empty() => return Ok(arguments),
            _ if schema.certain => return Err(Failure::mistakes(mistakes)),
            // What was kept may be out of date.
            _ => match session.fresh_schema()? {
                Some(fresh) => schema = fresh,
                None => return given.untyped(),
            },
        }
    }
}

/// That there is no such command, and what would be right.
fn unknown(capabilities: &Capabilities, command: &str, aim: Aim) -> String {
    let known = capabilities.commands().map(|command| command.name());
    let proposal = match (did_you_mean(command, known), aim) {
        // A server may have some that it does not describe.
        (none, Aim::Send) if none.is_empty() => {
            " to the server's schema; --unchecked sends it nevertheless".to_owned()
        }
        (proposal, _) => proposal,
    };
    format!("the command '{command}' is not known{proposal}")
}

fn build(
    session: &Session,
    capabilities: &Capabilities,
    command: &str,
    given: &Given,
) -> Result<Object, Failure> {
    let built = given.build(capabilities, command);
    let mut arguments = built.map_err(Failure::usage)?;
    properties(session, capabilities, command, given, &mut arguments)?;
    Ok(arguments)
}

/// What the server would refuse. Of the rest it is warned.
fn mistakes(
    session: &Session,
    capabilities: &Capabilities,
    command: &str,
    arguments: &Object,
    aim: Aim,
) -> Vec<String> {
    let findings = capabilities.examine_raw(command, arguments);
    let explain = |finding| explain::finding(capabilities, command, arguments, finding);
    let (fatal, rest): (Vec<_>, Vec<_>) = findings
        .iter()
        .partition(|finding| aim.is_missed_by(&finding.problem));
    if fatal.is_empty() {
        for finding in rest
            .into_iter()
            .filter(|finding| !finding.problem.is_fatal())
        {
            session.warn(&format!("{command}: {}", explain(finding)));
        }
    }
    fatal.into_iter().map(explain).collect()
}

/// What is known of a command by its name alone, so that nothing need be asked.
fn warn_of(session: &Session, command: &str) {
    let mut known = qapi_rt::qmp::COMMANDS.iter();
    let Some(info) = known.find(|info| info.name == command) else {
        return;
    };
    for feature in info.features {
        let problem = match *feature {
            "deprecated" => Problem::Deprecated,
            "unstable" => Problem::Unstable,
            _ => continue,
        };
        let is = if problem == Problem::Deprecated {
            "deprecated"
        } else {
            "unstable"
        };
        session.warn(&format!("{command}: the command is {is}"));
    }
}

/// Gives properties of devices and objects their types, which are not in the schema: the server is asked.
fn properties(
    session: &Session,
    capabilities: &Capabilities,
    command: &str,
    given: &Given,
    arguments: &mut Object,
) -> Result<(), Failure> {
    let typed = |name: &str| {
        let known = capabilities.command(command);
        known.is_some_and(|command| command.argument(name).is_some())
    };
    let text = |name: &str| arguments.get(name).and_then(Value::as_str);
    let (question, key, value) = match command {
        "device_add" => ("device-list-properties", "typename", text("driver")),
        "qom-set" => ("qom-list", "path", text("path")),
        _ => return Ok(()),
    };
    let from_text = |name: &str| given.keys.text(name).is_some() || given.keyval.is_some();
    let open: Vec<String> = match command {
        "device_add" => arguments
            .keys()
            .filter(|name| !typed(name) && from_text(name))
            .cloned()
            .collect(),
        _ if from_text("value") => vec!["value".to_owned()],
        _ => Vec::new(),
    };
    let Some(value) = value.filter(|_| !open.is_empty()) else {
        return Ok(());
    };
    let question_arguments = Object::from_iter([(key.to_owned(), Value::from(value))]);
    let reply = match session.execute(question, question_arguments) {
        Ok(reply) => reply,
        Err(failure) if failure.code == INTERRUPTED => return Err(failure),
        // The server will say why when it gets the command.
        Err(_) => return Ok(()),
    };
    let Ok(list) = Json::parse(&reply) else {
        return Ok(());
    };
    let property = text("property").map(str::to_owned);
    for member in open {
        let name = match command {
            "device_add" => &member,
            _ => property.as_ref().unwrap_or(&member),
        };
        let is_it = |entry: &&Json| entry.get("name").and_then(Json::as_str) == Some(name);
        let ty = list.elements().iter().find(is_it);
        let ty = ty.and_then(|entry| entry.get("type")?.as_str());
        let (Some(ty), Some(Value::String(text))) = (ty, arguments.get(&member)) else {
            continue;
        };
        let json = match ty {
            "bool" => JsonType::Boolean,
            "size" => JsonType::Int,
            ty if ty.starts_with("int") || ty.starts_with("uint") => JsonType::Int,
            "number" => JsonType::Number,
            _ => continue,
        };
        match json.value(text) {
            Ok(Some(value)) => {
                arguments.insert(member, value);
            }
            _ => {
                let text = format!("'{member}' expects a value of type {ty}");
                return Err(Failure::usage(text));
            }
        }
    }
    Ok(())
}

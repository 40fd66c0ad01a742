//! Commands of the human monitor.

use std::borrow::Cow;

use crate::call::one;
use crate::complete::Candidate;
use crate::failure::Failure;
use crate::output::{Form, Json, harmless, print};
use crate::schema::Cache;
use crate::session::Session;

/// `qmp hmp`. What the monitor prints is printed as it is, what would steer a terminal aside, unless another form is asked
/// for.
pub(crate) fn run(session: &Session, line: &str) -> Result<(), Failure> {
    let reply = session.execute("human-monitor-command", one("command-line", line))?;
    let reply = Json::parse(&reply).map_err(Failure::unreadable)?;
    let output = session.output();
    match reply.as_str() {
        Some(text) if !session.settings.form_given || output.form == Form::Pretty => {
            let text = text.replace("\r\n", "\n");
            let text = match output.terminal {
                true => harmless(&text),
                false => Cow::Borrowed(text.as_str()),
            };
            let end = if text.is_empty() || text.ends_with('\n') {
                ""
            } else {
                "\n"
            };
            print(&format!("{text}{end}"))
        }
        _ => output.value(&reply),
    }
}

/// What may stand behind `hmp` and other words. Of arguments nothing is known.
pub(crate) fn candidates(session: &Session, before: &[&str]) -> Vec<Candidate> {
    let prefix = match before {
        [] | ["help" | "?"] => "",
        ["info"] => "info ",
        _ => return Vec::new(),
    };
    let mut all = listed(&help(session).unwrap_or_default());
    all.retain_mut(|candidate| match candidate.value.strip_prefix(prefix) {
        Some(name) if !name.contains(' ') => {
            candidate.value = name.to_owned();
            true
        }
        _ => false,
    });
    all
}

/// What the monitor says of its commands. It is kept as the schema is.
fn help(session: &Session) -> Option<String> {
    if let Some(help) = session.cache().and_then(Cache::load_help) {
        return Some(help);
    }
    let mut help = String::new();
    for line in ["help", "help info"] {
        let reply = session.execute("human-monitor-command", one("command-line", line));
        help += Json::parse(&reply.ok()?).ok()?.as_str()?;
    }
    if let Some(cache) = session.cache() {
        cache.store_help(&help);
    }
    Some(help)
}

/// Names, those of what `info` shows with that before them. Each has a line `NAME|NAME ARGUMENTS -- ABOUT`, more may follow
/// below it.
fn listed(help: &str) -> Vec<Candidate> {
    let mut all = Vec::new();
    for line in help.lines() {
        let (usage, about) = line.split_once(" -- ").unwrap_or((line, ""));
        let is_name = |word: &&str| word.starts_with(|first: char| first.is_ascii_alphabetic());
        if !is_name(&line) {
            continue;
        }
        let mut words = usage.split_whitespace();
        let (name, next) = (words.next().unwrap_or_default(), words.next());
        let inner = next.filter(|word| name == "info" && is_name(word));
        for name in name.split('|') {
            let name = inner.map_or_else(|| name.to_owned(), |inner| format!("{name} {inner}"));
            all.push(Candidate::new(name, about.trim()));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_help_lists() {
        let help = "c|cont  -- resume emulation\r\ndrive_add [-n]\r\n[file=f]\r\n\t and more\r\n\
                    info [subcommand] -- show much\r\ninfo block  [-n] -- show disks\r\n";
        let names: Vec<_> = listed(help).into_iter().map(|it| it.value).collect();
        assert_eq!(names, ["c", "cont", "drive_add", "info", "info block"]);
    }
}

//! `qmp events`.

use std::time::{Duration, Instant};

use qapi_rt::EventMessage;

use crate::explain::did_you_mean;
use crate::failure::{Failure, INTERRUPTED};
use crate::output::{Form, Json, Output, Role, harmless_name, print};
use crate::session::Session;
use crate::time::after;

/// Which events, and for how long.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) filters: Vec<String>,
    pub(crate) until: Option<String>,
    pub(crate) count: Option<u64>,
}

/// Whether a name fits a pattern with `*` for anything and `?` for a character. Case does not matter.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut p, mut n) = (0, 0);
    // Where to go on if what was tried fails: behind the last `*`, which takes a character more.
    let mut retry = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p, n));
                p += 1;
            }
            Some(c) if *c == b'?' || c.eq_ignore_ascii_case(&name[n]) => (p, n) = (p + 1, n + 1),
            _ => match retry {
                Some((star, taken)) => {
                    retry = Some((star, taken + 1));
                    (p, n) = (star + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

pub(crate) fn fits_any(patterns: &[String], name: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| fits(pattern, name))
}

/// Refuses what can be no name of an event.
pub(crate) fn check_patterns(patterns: &[String]) -> Result<(), Failure> {
    let may_be = |c: char| c.is_ascii_alphanumeric() || "_-.*?".contains(c);
    match patterns
        .iter()
        .find(|it| it.is_empty() || !it.chars().all(may_be))
    {
        Some(pattern) => Err(Failure::usage(format!(
            "'{pattern}' is no pattern: it has letters, digits, - and _ of names, * for anything, ? for a character"
        ))),
        None => Ok(()),
    }
}

/// Refuses to wait for what the server never sends, if it is known what it does send.
fn check(session: &Session, wanted: &Wanted) -> Result<(), Failure> {
    let mut schema = match session.schema() {
        Ok(Some(schema)) => schema,
        Err(failure) if failure.code == INTERRUPTED => return Err(failure),
        // It may have ended, with the very event that is wanted.
        _ => return Ok(()),
    };
    loop {
        let events = schema.capabilities.events().map(|event| event.name());
        let names: Vec<_> = events.collect();
        let near = |name: &str| did_you_mean(&name.to_ascii_uppercase(), names.iter().copied());
        let is_sent = |name: &&String| names.contains(&name.as_str());
        let fits_none = |pattern: &&String| !names.iter().any(|name| fits(pattern, name));
        let mistake = if let Some(name) = wanted.until.as_ref().filter(|name| !is_sent(name)) {
            format!("the server has no event '{name}'{}", near(name))
        } else if let Some(pattern) = wanted.filters.iter().find(fits_none) {
            format!("no event of the server fits '{pattern}'{}", near(pattern))
        } else {
            return Ok(());
        };
        if schema.certain {
            return Err(Failure::usage(mistake));
        }
        // What was kept may be out of date.
        match session.fresh_schema() {
            Ok(Some(fresh)) => schema = fresh,
            _ => return Ok(()),
        }
    }
}

pub(crate) fn follow(session: &Session, wanted: &Wanted) -> Result<(), Failure> {
    check_patterns(&wanted.filters)?;
    let mut left = wanted.count.unwrap_or(u64::MAX);
    let (filters, until) = (wanted.filters.clone(), wanted.until.clone());
    let is_wanted = move |name: &str| fits_any(&filters, name) || until.as_deref() == Some(name);
    // From here on nothing is missed, not even while the schema is asked for.
    let mut events = session.client.raw_events(is_wanted);
    if wanted.until.is_some() || !wanted.filters.is_empty() {
        check(session, wanted)?;
    }
    let end = session.settings.timeout.map(after);
    while left > 0 {
        let received = match end {
            Some(end) => events.recv_deadline(end.saturating_duration_since(Instant::now())),
            None => events.recv(),
        };
        let received = match received {
            Ok(received) => received,
            // What was asked for is over, unless something was waited for.
            Err(error) if error.is_deadline() => {
                return match (&wanted.until, wanted.count) {
                    (None, None) => Ok(()),
                    (Some(until), _) => {
                        Err(Failure::refused(format!("no {until} within the time")))
                    }
                    (None, Some(count)) => Err(Failure::refused(format!(
                        "{} of {count} events came within the time",
                        count - left
                    ))),
                };
            }
            Err(error) => return Err(error.into()),
        };
        if received.missed > 0 {
            session
                .output()
                .warning(&format!("{} events were lost", received.missed));
        }
        print(&line(session.output(), &received.event)?)?;
        if wanted.until.as_deref() == Some(received.event.name()) {
            return Ok(());
        }
        left -= 1;
    }
    Ok(())
}

/// An event as it is shown, with a line end.
pub(crate) fn line(output: Output, event: &EventMessage) -> Result<String, Failure> {
    let text = output.shown(event.text());
    let message = Json::parse(&text).map_err(|error| Failure::unknown(error.to_string()))?;
    if output.form != Form::Pretty {
        return Ok(output.format(&message));
    }
    let data = message.get("data").map_or_else(String::new, Json::compact);
    let time = output.palette.paint(Role::Dim, &clock(event));
    let name = output
        .palette
        .paint(Role::Event, &harmless_name(event.name()));
    Ok(format!("{time} {name} {data}").trim_end().to_owned() + "\n")
}

/// The time of day, in UTC.
fn clock(event: &EventMessage) -> String {
    let since = event.timestamp().time().and_then(|time| {
        let epoch = std::time::SystemTime::UNIX_EPOCH;
        time.duration_since(epoch).ok()
    });
    let since = since.unwrap_or(Duration::ZERO);
    let (seconds, micros) = (since.as_secs() % 86_400, since.subsec_micros());
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}.{micros:06}", seconds % 60)
}

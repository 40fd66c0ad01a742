//! `qmp events`.

use std::time::{Duration, Instant};

use qapi_rt::EventMessage;

use crate::failure::Failure;
use crate::output::{Form, Json, Output, Role, print};
use crate::session::Session;

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

pub(crate) fn follow(session: &Session, wanted: &Wanted) -> Result<(), Failure> {
    let mut left = wanted.count.unwrap_or(u64::MAX);
    let (filters, until) = (wanted.filters.clone(), wanted.until.clone());
    let is_wanted = move |name: &str| fits_any(&filters, name) || until.as_deref() == Some(name);
    let mut events = session.client.raw_events(is_wanted);
    let end = session
        .settings
        .timeout
        .map(|timeout| Instant::now() + timeout);
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
                        Err(Failure::unknown(format!("no {until} within the time")))
                    }
                    (None, Some(_)) => Err(Failure::unknown(format!(
                        "{left} more events did not come within the time"
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
    let message = Json::parse(&text).map_err(|error| Failure::connection(error.to_string()))?;
    if output.form != Form::Pretty {
        return Ok(output.format(&message));
    }
    let data = message.get("data").map_or_else(String::new, Json::compact);
    let time = output.palette.paint(Role::Dim, &clock(event));
    let name = output.palette.paint(Role::Event, event.name());
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

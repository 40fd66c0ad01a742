//! Jobs as the prompt shows them.

use std::time::Duration;

use qapi_rt::EventMessage;
use qapi_rt::types::Object;

use crate::output::{Json, harmless_name};
use crate::session::{Call, Session};

/// So often the server is asked how far it has come, while there are jobs.
pub(super) const INTERVAL: Duration = Duration::from_secs(1);
/// A server that is busy is not waited for.
const DEADLINE: Duration = Duration::from_secs(5);
/// Characters of the prompt. With more of them it may not fit beside what is typed.
const WIDEST: usize = 32;

/// Whether jobs may stand otherwise after this event.
pub(super) fn is_about_jobs(event: &EventMessage) -> bool {
    matches!(event.name(), "JOB_STATUS_CHANGE")
}

/// What is to be said of the server's jobs; `None` if it does not say.
pub(super) fn ask(session: &Session) -> Option<String> {
    let call = session.client.call(Call::new("query-jobs", Object::new()));
    let reply = call.deadline(DEADLINE).send().ok()?;
    Json::parse(&reply.0).ok().map(|jobs| shown(&jobs))
}

fn shown(jobs: &Json) -> String {
    let jobs: Vec<_> = jobs.elements().iter().map(job).collect();
    let text = jobs.join(", ");
    match text.char_indices().nth(WIDEST) {
        None => text,
        // The first of them, and how many more there are.
        Some(_) => match jobs.as_slice() {
            [] | [_] => text.chars().take(WIDEST - 1).chain(['…']).collect(),
            [_, ..] => format!("{} jobs", jobs.len()),
        },
    }
}

fn job(job: &Json) -> String {
    let text = |name: &str| job.get(name).and_then(Json::as_str).unwrap_or_default();
    let number = |name: &str| job.get(name).map(Json::compact)?.parse::<u64>().ok();
    let (id, status) = (harmless_name(text("id")), harmless_name(text("status")));
    match (number("current-progress"), number("total-progress")) {
        (Some(current), Some(total @ 1..)) if status == "running" => {
            let share = u128::from(current.min(total)) * 100 / u128::from(total);
            format!("{id} {share} %")
        }
        _ => format!("{id} {status}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn shows(jobs: &str, expected: &str) {
        assert_eq!(shown(&Json::parse(jobs).unwrap()), expected);
    }

    #[test]
    fn how_far_they_are() {
        shows("[]", "");
        shows(
            r#"[{"id": "b", "status": "running", "current-progress": 1, "total-progress": 3},
                {"id": "m", "status": "ready", "current-progress": 9, "total-progress": 9}]"#,
            "b 33 %, m ready",
        );
        shows(
            r#"[{"id": "none", "status": "running", "current-progress": 0, "total-progress": 0}]"#,
            "none running",
        );
        shows(
            r#"[{"id": "\u001b[2J\n", "status": "\u009bm"}]"#,
            r"\u001b[2J\u000a \u009bm",
        );
    }

    #[test]
    fn no_more_than_fits() {
        let job = |id: &str| format!(r#"{{"id": "{id}", "status": "paused"}}"#);
        let long = job("a-name-longer-than-the-prompt-should-be");
        shows(&format!("[{long}]"), "a-name-longer-than-the-prompt-s…");
        shows(&format!("[{long}, {}]", job("b")), "2 jobs");
    }
}

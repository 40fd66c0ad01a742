//! Points in time.

use std::time::{Duration, Instant};

/// Out of reach.
const LONG: Duration = Duration::from_secs(60 * 60 * 24 * 365);

/// How long what had come by a deadline is waited for to be read. Nobody may have read for a while before, such as when the
/// process was stopped.
pub(crate) const GRACE: Duration = match cfg!(all(test, shuttle)) {
    false => Duration::from_millis(2),
    // No time passes there.
    true => Duration::ZERO,
};

/// So long after `now`; a time out of reach is long.
pub(crate) fn after(now: Instant, time: Duration) -> Instant {
    now + time.min(LONG)
}

//! Points in time.

use std::time::{Duration, Instant};

/// Out of reach.
const LONG: Duration = Duration::from_secs(60 * 60 * 24 * 365);

/// So long after `now`; a time out of reach is long.
pub(crate) fn after(now: Instant, time: Duration) -> Instant {
    now + time.min(LONG)
}

//! Points in time.

use std::time::{Duration, Instant};

/// Longer than anybody waits.
const LONGEST: Duration = Duration::from_secs(60 * 60 * 24 * 365);

/// So long from now. What a user gives may be out of any clock's reach, and is a long time then.
pub(crate) fn after(time: Duration) -> Instant {
    Instant::now() + time.min(LONGEST)
}

//! Rate limits of events that guests can trigger.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use qapi_types::codec::Decode;
use qapi_types::{Kind, Mode, Reader};

/// Limits how often certain events are sent (QMP specification, "Asynchronous events").
///
/// The first event of a key is passed on and starts an interval. Of those that come within it only the last one is
/// kept, and passed on at its end, which starts the next one. The limit holds for all sessions together, so an event goes
/// through here once, before it is broadcast. There is no clock inside: callers say what time it is, and ask when to
/// call again.
///
/// `E` is the event's message as it is sent, such as `Arc<[u8]>`.
///
/// ```
/// # use std::time::{Duration, Instant};
/// # use qapi_rt::session::server::Throttle;
/// let mut throttle = Throttle::new();
/// let start = Instant::now();
/// let later = |ms| start + Duration::from_millis(ms);
/// assert_eq!(throttle.offer("RTC_CHANGE", "first", later(0)), Some("first"));
/// assert_eq!(throttle.offer("RTC_CHANGE", "second", later(150)), None);
/// assert_eq!(throttle.offer("RTC_CHANGE", "third", later(250)), None);
/// assert_eq!(throttle.offer("STOP", "unlimited", later(250)), Some("unlimited"));
/// assert_eq!(throttle.due(), Some(later(1000)));
/// assert_eq!(throttle.expire(later(1000)), Some("third"));
/// ```
#[derive(Debug)]
pub struct Throttle<E> {
    limits: HashMap<String, Limit>,
    /// Major and minor of the release whose limits hold where the caller sets none.
    release: (i64, i64),
    intervals: HashMap<Key, Interval<E>>,
    /// Ends of the intervals; those that begin at the same time end in the same order.
    ends: BTreeMap<(Instant, u64), Key>,
    count: u64,
}

#[derive(Clone, Debug)]
struct Limit {
    interval: Duration,
    member: Option<String>,
    /// Whether it is QEMU's own, and so as the release has it.
    is_default: bool,
}

/// An event's name, and the value of the member that tells its sources apart.
type Key = (String, Option<String>);

#[derive(Debug)]
struct Interval<E> {
    length: Duration,
    /// To be passed on at its end.
    stored: Option<E>,
}

/// The events that QEMU limits to one a second, with the member of their data that tells their sources apart.
///
/// Since 11.1 `BLOCK_IO_ERROR` is not limited if its action is to stop the machine.
const QEMU: [(&str, Option<&str>); 9] = [
    ("RTC_CHANGE", None),
    ("WATCHDOG", None),
    ("BALLOON_CHANGE", None),
    ("QUORUM_FAILURE", None),
    ("HV_BALLOON_STATUS_REPORT", None),
    ("QUORUM_REPORT_BAD", Some("node-name")),
    ("VSERPORT_CHANGE", Some("id")),
    ("MEMORY_DEVICE_SIZE_CHANGE", Some("qom-path")),
    ("BLOCK_IO_ERROR", Some("qom-path")),
];

impl<E: AsRef<[u8]>> Throttle<E> {
    /// With the limits of the newest QEMU: nine events that guests can trigger, once a second.
    #[must_use]
    pub fn new() -> Self {
        let mut throttle = Self::unlimited();
        for (event, member) in QEMU {
            throttle.limit(event, member, Duration::from_secs(1));
        }
        for limit in throttle.limits.values_mut() {
            limit.is_default = true;
        }
        throttle
    }

    /// Has QEMU's limits, where they are still in force, be those of another release.
    pub fn set_release(&mut self, major: i64, minor: i64) {
        self.release = (major, minor);
    }

    /// Without limits.
    #[must_use]
    pub fn unlimited() -> Self {
        Self {
            limits: HashMap::new(),
            release: (i64::MAX, 0),
            intervals: HashMap::new(),
            ends: BTreeMap::new(),
            count: 0,
        }
    }

    /// Limits an event to one in each interval; if a member of its data is given, then to one for each value of that.
    /// Intervals that run already keep their length.
    pub fn limit(&mut self, event: &str, member: Option<&str>, interval: Duration) {
        let member = member.map(str::to_owned);
        let limit = Limit {
            interval,
            member,
            is_default: false,
        };
        self.limits.insert(event.to_owned(), limit);
    }

    /// Takes the limit off an event. What is stored is still passed on in time.
    pub fn unlimit(&mut self, event: &str) {
        self.limits.remove(event);
    }

    /// An event happened. Gives it back if it is to be sent now.
    #[must_use]
    pub fn offer(&mut self, name: &str, event: E, now: Instant) -> Option<E> {
        let Some(limit) = self.limits.get(name) else {
            return Some(event);
        };
        let exempt = limit.is_default && self.release >= (11, 1) && name == "BLOCK_IO_ERROR";
        if exempt && source(event.as_ref(), "action").as_deref() == Some("stop") {
            return Some(event);
        }
        let length = limit.interval;
        let source = limit
            .member
            .as_ref()
            .and_then(|member| source(event.as_ref(), member));
        let key = (name.to_owned(), source);
        if let Some(interval) = self.intervals.get_mut(&key) {
            interval.stored = Some(event);
            return None;
        }
        self.begin(key, length, now);
        Some(event)
    }

    /// When to call [`expire`](Self::expire) next.
    #[must_use]
    pub fn due(&self) -> Option<Instant> {
        self.ends.first_key_value().map(|((end, _), _)| *end)
    }

    /// Ends intervals whose time has come; gives one event that is to be sent. To be called until it gives none.
    pub fn expire(&mut self, now: Instant) -> Option<E> {
        loop {
            let first = self.ends.first_entry()?;
            if first.key().0 > now {
                return None;
            }
            let key = first.remove();
            let ended = self.intervals.remove(&key);
            if let Some(Interval {
                length,
                stored: Some(event),
            }) = ended
            {
                self.begin(key, length, now);
                return Some(event);
            }
        }
    }

    fn begin(&mut self, key: Key, length: Duration, now: Instant) {
        self.count += 1;
        // One too long for the clock lasts as long as the process.
        if let Some(end) = now.checked_add(length) {
            self.ends.insert((end, self.count), key.clone());
        }
        let stored = None;
        self.intervals.insert(key, Interval { length, stored });
    }
}

impl<E: AsRef<[u8]>> Default for Throttle<E> {
    fn default() -> Self {
        Self::new()
    }
}

/// The member of an event's data that tells its source.
fn source(message: &[u8], member: &str) -> Option<String> {
    let mut r = Reader::new(message, Mode::Lenient).ok()?;
    enter(&mut r, "data")?;
    enter(&mut r, member)?;
    (r.peek().ok()? == Kind::String).then(|| String::decode(&mut r).ok())?
}

/// Goes to the value of a member.
fn enter(r: &mut Reader<'_>, member: &str) -> Option<()> {
    r.begin_object().ok()?;
    while let Some(key) = r.next_key().ok()? {
        if key == member {
            return Some(());
        }
        r.skip().ok()?;
    }
    None
}

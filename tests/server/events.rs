//! Events: SV37 to SV41.

use std::time::{Duration, Instant};

use qapi_rt::session::server::{Config, Throttle};
use qapi_types::message::write_event;
use qapi_types::{Event, Style, Timestamp, Writer, qmp};

use crate::server::monitor::{Monitor, returned, version};

/// An event as a server sends it.
fn message<E: Event>(event: &E, timestamp: Timestamp) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out, Style::Ascii);
    write_event(&mut writer, event, timestamp);
    writer.finish().expect("an event");
    out
}

#[test]
fn sv37_the_shape_of_an_event() {
    let mut monitor = Monitor::qmp();
    let mut sent = |message: Vec<u8>| {
        monitor.session.event(&message);
        monitor.output()
    };
    let time = Timestamp::new(1_700_000_000, 5);
    assert_eq!(
        sent(message(&qmp::events::Stop::new(), time)),
        "{\"timestamp\": {\"seconds\": 1700000000, \"microseconds\": 5}, \"event\": \"STOP\"}\r\n"
    );
    assert_eq!(
        sent(message(
            &qmp::events::RtcChange::new(-3, "/machine/rtc"),
            Timestamp::UNKNOWN
        )),
        "{\"timestamp\": {\"seconds\": -1, \"microseconds\": -1}, \"event\": \"RTC_CHANGE\", \
         \"data\": {\"offset\": -3, \"qom-path\": \"/machine/rtc\"}}\r\n"
    );
}

#[test]
fn sv38_events_go_to_all_that_have_negotiated_between_messages() {
    let stop = message(&qmp::events::Stop::new(), Timestamp::new(1, 2));
    let line = "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"STOP\"}\r\n";
    let mut monitor = Monitor::qmp();
    monitor.hold = true;
    monitor.send("{'execute':'stop','id':1}");
    let request = monitor.session.take_in_band().expect("a request");
    // Half a request of the client is no reason to wait.
    monitor.session.receive(b"{'execute':");
    monitor.session.event(&stop);
    monitor.execute(&request);
    assert_eq!(monitor.output(), line.to_owned() + &returned("{}", "1"));

    let pretty = Config::qmp(version()).pretty(true);
    let mut monitor = Monitor::negotiated(&pretty, b"{'execute':'qmp_capabilities'}");
    monitor.session.event(&stop);
    assert_eq!(
        monitor.output(),
        "{\r\n    \"timestamp\": {\r\n        \"seconds\": 1,\r\n        \"microseconds\": 2\r\n    },\r\n    \
         \"event\": \"STOP\"\r\n}\r\n"
    );
    // See SV6 for those that have not negotiated.
}

/// A throttle, and its output as (milliseconds, event).
struct Clock {
    throttle: Throttle<String>,
    start: Instant,
    sent: Vec<(u64, String)>,
}

impl Clock {
    fn new(throttle: Throttle<String>) -> Self {
        Self {
            throttle,
            start: Instant::now(),
            sent: Vec::new(),
        }
    }

    fn at(&self, ms: u64) -> Instant {
        self.start + Duration::from_millis(ms)
    }

    /// Lets time pass: everything due is done when it is due.
    fn pass(&mut self, ms: u64) {
        while let Some(due) = self.throttle.due()
            && due <= self.at(ms)
        {
            while let Some(event) = self.throttle.expire(due) {
                let at = (due - self.start)
                    .as_millis()
                    .try_into()
                    .expect("a short test");
                self.sent.push((at, event));
            }
        }
    }

    fn offer(&mut self, ms: u64, name: &str, event: &str) {
        self.pass(ms);
        let now = self.at(ms);
        if let Some(event) = self.throttle.offer(name, event.to_owned(), now) {
            self.sent.push((ms, event));
        }
    }

    fn take(&mut self) -> Vec<(u64, String)> {
        std::mem::take(&mut self.sent)
    }
}

fn with(member: &str, value: &str, text: &str) -> String {
    format!("{{\"data\": {{\"x\": [{{}}], \"{member}\": \"{value}\", \"y\": \"{text}\"}}}}")
}

#[test]
fn sv39_the_nine() {
    let keyed = [
        ("QUORUM_REPORT_BAD", "node-name"),
        ("VSERPORT_CHANGE", "id"),
        ("MEMORY_DEVICE_SIZE_CHANGE", "qom-path"),
        ("BLOCK_IO_ERROR", "qom-path"),
    ];
    let plain = [
        "RTC_CHANGE",
        "WATCHDOG",
        "BALLOON_CHANGE",
        "QUORUM_FAILURE",
        "HV_BALLOON_STATUS_REPORT",
    ];
    let mut clock = Clock::new(Throttle::new());
    for name in plain {
        clock.offer(0, name, "a");
        clock.offer(0, name, "b");
        assert_eq!(clock.take(), [(0, "a".into())], "{name}");
    }
    for (name, member) in keyed {
        let of = |value: &str| with(member, value, "");
        for value in ["one", "two", "one", "t\\u0077o", "\\u006fne"] {
            clock.offer(0, name, &of(value));
        }
        assert_eq!(clock.take(), [(0, of("one")), (0, of("two"))], "{name}");
    }
    // Whatever lacks the member is one source.
    clock.offer(0, "BLOCK_IO_ERROR", "{\"data\": {}}");
    clock.offer(0, "BLOCK_IO_ERROR", "{}");
    assert_eq!(clock.take(), [(0, "{\"data\": {}}".into())]);
}

#[test]
fn sv39_what_stops_the_machine_is_not_limited_since_11_1() {
    let stop = with("action", "stop", "");
    for (release, expected) in [((11, 0), 1), ((11, 1), 3)] {
        let mut clock = Clock::new(Throttle::new());
        clock.throttle.set_release(release.0, release.1);
        for _ in 0..3 {
            clock.offer(0, "BLOCK_IO_ERROR", &stop);
        }
        assert_eq!(clock.take().len(), expected, "{release:?}");
    }
    let mut clock = Clock::new(Throttle::new());
    for _ in 0..3 {
        clock.offer(0, "BLOCK_IO_ERROR", &with("action", "report", ""));
    }
    assert_eq!(clock.take().len(), 1);
    // One that the caller sets holds for all of them.
    let mut clock = Clock::new(Throttle::new());
    clock
        .throttle
        .limit("BLOCK_IO_ERROR", None, Duration::from_secs(1));
    for _ in 0..3 {
        clock.offer(0, "BLOCK_IO_ERROR", &stop);
    }
    assert_eq!(clock.take().len(), 1);
}

#[test]
fn sv40_the_last_one_is_sent_at_the_end_of_the_interval() {
    let mut clock = Clock::new(Throttle::new());
    clock.offer(0, "RTC_CHANGE", "a");
    clock.offer(150, "RTC_CHANGE", "b");
    clock.offer(250, "RTC_CHANGE", "c");
    clock.pass(999);
    assert_eq!(clock.take(), [(0, "a".into())]);
    clock.pass(1999);
    assert_eq!(clock.take(), [(1000, "c".into())]);
    // That started the next interval, and nothing came in it.
    clock.offer(1999, "RTC_CHANGE", "d");
    clock.pass(3000);
    assert_eq!(clock.take(), [(2000, "d".into())]);
    assert_eq!(clock.throttle.due(), None);
    clock.offer(3001, "RTC_CHANGE", "e");
    assert_eq!(clock.take(), [(3001, "e".into())]);
}

#[test]
fn sv40_limits_can_be_set() {
    let mut throttle = Throttle::unlimited();
    throttle.limit("X_PROGRESS", Some("id"), Duration::from_millis(100));
    let mut clock = Clock::new(throttle);
    for at in [0, 10, 20] {
        clock.offer(at, "RTC_CHANGE", "a");
        clock.offer(at, "X_PROGRESS", &with("id", "b", &at.to_string()));
    }
    clock.pass(1000);
    let expected = [
        (0, "a".into()),
        (0, with("id", "b", "0")),
        (10, "a".into()),
        (20, "a".into()),
        (100, with("id", "b", "20")),
    ];
    assert_eq!(clock.take(), expected);
    clock.offer(1000, "X_PROGRESS", "1");
    clock.throttle.unlimit("X_PROGRESS");
    clock.offer(1000, "X_PROGRESS", "2");
    assert_eq!(clock.take(), [(1000, "1".into()), (1000, "2".into())]);
}

#[test]
fn sv40_intervals_end_in_the_order_in_which_they_began() {
    let mut clock = Clock::new(Throttle::new());
    for (at, name) in [(0, "WATCHDOG"), (5, "RTC_CHANGE"), (5, "BALLOON_CHANGE")] {
        clock.offer(at, name, "first");
        clock.offer(at, name, name);
    }
    clock.take();
    // Late: all at once, by their age.
    let late = clock.at(2000);
    let mut sent = Vec::new();
    while let Some(event) = clock.throttle.expire(late) {
        sent.push(event);
    }
    assert_eq!(sent, ["WATCHDOG", "RTC_CHANGE", "BALLOON_CHANGE"]);
    assert_eq!(clock.throttle.due(), Some(clock.at(3000)));
}

#[test]
fn sv41_all_others_are_not_limited() {
    let mut clock = Clock::new(Throttle::new());
    for info in qmp::EVENTS {
        for _ in 0..3 {
            clock.offer(0, info.name, info.name);
        }
    }
    let limited = 9;
    assert_eq!(clock.take().len(), 3 * qmp::EVENTS.len() - 2 * limited);
}

use std::fmt;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::secrets::masked;
use super::*;

/// Collects what is logged up to a level.
#[derive(Clone)]
struct Collector {
    level: Level,
    lines: Arc<Mutex<Vec<String>>>,
}

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

impl Subscriber for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        let line = format!("{}: {}", event.metadata().target(), message.0);
        self.lines.lock().unwrap().push(line);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn logged(level: Level, act: impl FnOnce()) -> Vec<String> {
    let collector = Collector {
        level,
        lines: Arc::default(),
    };
    tracing::subscriber::with_default(collector.clone(), act);
    let lines = collector.lines.lock().unwrap();
    lines.clone()
}

#[test]
fn secrets_are_masked() {
    for (message, shown) in [
        (
            r#"{"execute":"query-status"}"#,
            r#"{"execute":"query-status"}"#,
        ),
        (
            r#"{"execute":"set_password","arguments":{"protocol":"vnc","password":"letmein"},"id":3}"#,
            r#"{"execute":"set_password","arguments":{"protocol":"vnc","password":"***"},"id":3}"#,
        ),
        (
            r#"{"execute":"object-add","arguments":{"data":"letmein","qom-type":"secret","id":"s"}}"#,
            r#"{"execute":"object-add","arguments":{"data":"***","qom-type":"secret","id":"s"}}"#,
        ),
        (
            r#"{"execute":"object-add","arguments":{"qom-type":"secret","id":"s","props":{"data":"x"}}}"#,
            r#"{"execute":"object-add","arguments":{"qom-type":"secret","id":"s","props":"***"}}"#,
        ),
        (
            r#"{"execute":"object-add","arguments":{"qom-type":"rng-random","data":"shown"}}"#,
            r#"{"execute":"object-add","arguments":{"qom-type":"rng-random","data":"shown"}}"#,
        ),
        (
            r#"{"execute":"qom-set","arguments":{"path":"s","value":"x","property":"data"}}"#,
            r#"{"execute":"qom-set","arguments":{"path":"s","value":"***","property":"data"}}"#,
        ),
        (
            r#"{"execute":"qom-set","arguments":{"path":"s","value":"x","property":"size"}}"#,
            r#"{"execute":"qom-set","arguments":{"path":"s","value":"x","property":"size"}}"#,
        ),
        (
            r#"{"execute":"sev-inject-launch-secret","arguments":{"packet-header":"h","secret":"x"}}"#,
            r#"{"execute":"sev-inject-launch-secret","arguments":{"packet-header":"h","secret":"***"}}"#,
        ),
        (
            r#"{"execute":"blockdev-add","arguments":{"driver":"raw","file":{"driver":"https","cookie":"a=b","password-secret":"s0"}}}"#,
            r#"{"execute":"blockdev-add","arguments":{"driver":"raw","file":{"driver":"https","cookie":"***","password-secret":"s0"}}}"#,
        ),
        (
            r#"{"execute":"guest-exec","arguments":{"path":"sh","env":["A=b"],"input-data":"eA=="}}"#,
            r#"{"execute":"guest-exec","arguments":{"path":"sh","env":"***","input-data":"***"}}"#,
        ),
        (
            r#"{"execute":"human-monitor-command","arguments":{"command-line":"set_Password vnc x"}}"#,
            r#"{"execute":"human-monitor-command","arguments":{"command-line":"***"}}"#,
        ),
        (
            r#"{"execute":"human-monitor-command","arguments":{"command-line":"info status"}}"#,
            r#"{"execute":"human-monitor-command","arguments":{"command-line":"info status"}}"#,
        ),
        (
            r#"{"return": [{"out-data": "eA==", "n": [{"password": {"password": 1}}]}]}"#,
            r#"{"return": [{"out-data": "***", "n": [{"password": "***"}]}]}"#,
        ),
        (
            r#"{"execute":"blockdev-add","arguments":{"driver":"https","url":"https://me:let@me@host:80/a?b=c:d@e"}}"#,
            r#"{"execute":"blockdev-add","arguments":{"driver":"https","url":"https://***@host:80/a?b=c:d@e"}}"#,
        ),
        (
            r#"{"return": ["ftp://me@host", "nbd://host:1/a:b@c", "://", "drive_add 0 file=ftp://é:é@h"]}"#,
            r#"{"return": ["ftp://me@host", "nbd://host:1/a:b@c", "://", "drive_add 0 file=ftp://***@h"]}"#,
        ),
        (
            r#"{"execute":"human-monitor-command","arguments":{"command-line":"drive_add 0 file=ftp://a:b@h"}}"#,
            r#"{"execute":"human-monitor-command","arguments":{"command-line":"drive_add 0 file=ftp://***@h"}}"#,
        ),
        (
            r#"["exec:curl http://x/ | curl http://u:pw@h/ | curl ftp://a:b@h", "://://a:b@c"]"#,
            r#"["exec:curl http://x/ | curl http://***@h/ | curl ftp://***@h", "://://***@c"]"#,
        ),
        (
            r#"{"file.password":"x","a.file.cookie":"x","key":"x","file.key":"x","b.passwd":[1]}"#,
            r#"{"file.password":"***","a.file.cookie":"***","key":"***","file.key":"***","b.passwd":"***"}"#,
        ),
        (
            r#"{"key":{"type":"qcode","data":"a"},"password.x":1,"file.password-secret":"s0"}"#,
            r#"{"key":{"type":"qcode","data":"a"},"password.x":1,"file.password-secret":"s0"}"#,
        ),
        (
            r#"["json:{\"password\":\"x\"}", "json:{\"file.cookie\":\"x\"}", "json:{\"key\":\"x\"}"]"#,
            r#"["json:***", "json:***", "json:***"]"#,
        ),
        (
            r#"["json:{\"pass\\u0077ord\":\"x\"}", "http://u:p json:{passwd=x@h:y}"]"#,
            r#"["json:***", "http://***"]"#,
        ),
        (
            r#"["json:{\"driver\":\"https\",\"password-secret\":\"s0\",\"url\":\"https://u:p@h\"}"]"#,
            r#"["json:{\"driver\":\"https\",\"password-secret\":\"s0\",\"url\":\"https://***@h\"}"]"#,
        ),
        (
            r#"{"execute":"human-monitor-command","arguments":{"command-line":"drive_add 0 file=json:{\"key\":\"x\"}"}}"#,
            r#"{"execute":"human-monitor-command","arguments":{"command-line":"drive_add 0 file=json:***"}}"#,
        ),
        (r#"{"password": "#, "(13 bytes that are not JSON)"),
    ] {
        assert_eq!(masked(message.as_bytes()), shown);
    }
}

#[test]
fn deep_messages_are_masked() {
    let deep = |text: &str| format!("{}{text}{}", r#"{"a":["#.repeat(510), "]}".repeat(510));
    assert_eq!(
        masked(deep(r#"{"password":1}"#).as_bytes()),
        deep(r#"{"password":"***"}"#)
    );
}

#[test]
fn nothing_is_written_unless_asked_for() {
    let trace = Trace::new();
    let act = || {
        trace.sent(b"{\"execute\":\"stop\"}\n");
        trace.received(b"{\"return\": {}}\r\n");
    };
    assert_eq!(logged(Level::DEBUG, act), [""; 0]);
    assert_eq!(
        logged(Level::TRACE, act),
        [
            r#"qapi_rt::wire: C: {"execute":"stop"}"#,
            r#"qapi_rt::wire: S: {"return": {}}"#,
        ]
    );
}

#[test]
fn a_long_message_is_cut() {
    let trace = Trace::new();
    let message = format!(r#"{{"return": "a{}"}}"#, "é".repeat(LENGTH));
    let lines = logged(Level::TRACE, || trace.received(message.as_bytes()));
    let [line] = &lines[..] else {
        panic!("one line")
    };
    let rest = message.len() - (LENGTH - 1);
    let shown = &message[..LENGTH - 1];
    assert_eq!(
        *line,
        format!("qapi_rt::wire: S: {shown}… and {rest} bytes more")
    );
}

#[cfg(feature = "qmp")]
mod warnings {
    use super::*;
    use crate::jobs::{self, Job, Operation as _, Step};
    use crate::qmp::{self, commands};
    use crate::session::client::{Options, RawCommand, Sending, Session};
    use crate::types::{Command, Event as _, Style};

    fn send<C: Command>(trace: &mut Trace, command: &C) {
        let mut bytes = Vec::new();
        let mut writer = trace.watch(Writer::new(&mut bytes, Style::Compact));
        crate::types::codec::encode_object(command, &mut writer);
        let notes = writer.notes().to_vec();
        trace.written(C::NAME, C::FEATURES, &notes);
    }

    #[test]
    #[expect(deprecated, reason = "that is what is warned of")]
    fn what_is_deprecated_or_unstable_is_warned_of_once() {
        let lines = logged(Level::WARN, || {
            let mut trace = Trace::new();
            for _ in 0..2 {
                send(&mut trace, &commands::QueryStatus::new());
                send(&mut trace, &commands::Eject::new().id("cd0"));
                send(&mut trace, &commands::Eject::new().device("ide0"));
                send(&mut trace, &commands::XQueryRamblock::new());
                let ring = qmp::ChardevRingbufWrapper::new(qmp::ChardevRingbuf::new());
                let memory = qmp::ChardevBackendBranch::Memory(Box::new(ring));
                send(
                    &mut trace,
                    &commands::ChardevAdd::new("c", qmp::ChardevBackend::new(memory)),
                );
                trace.subscribed(
                    qmp::events::CpuPolarizationChange::NAME,
                    qmp::events::CpuPolarizationChange::FEATURES,
                );
                trace.subscribed(qmp::events::Stop::NAME, qmp::events::Stop::FEATURES);
            }
        });
        assert_eq!(
            lines,
            [
                "qapi_rt::deprecated: member 'device' in the arguments of 'eject' is deprecated and going to be removed",
                "qapi_rt::unstable: command 'x-query-ramblock' is unstable and may change without notice",
                "qapi_rt::deprecated: value 'memory' in the arguments of 'chardev-add' is deprecated and going to be \
                 removed",
                "qapi_rt::unstable: event 'CPU_POLARIZATION_CHANGE' is unstable and may change without notice",
            ]
        );
    }

    /// Of a raw command only the name is known.
    #[test]
    fn a_raw_command_is_warned_of_by_its_name() {
        let lines = logged(Level::WARN, || {
            let mut session = Session::new(Options::default());
            for name in [
                "drive-backup",
                "query-status",
                "drive-backup",
                "x-unheard-of",
            ] {
                let command = RawCommand::new(name);
                session.request(&command, Sending::default()).unwrap();
            }
        });
        assert_eq!(
            lines,
            ["qapi_rt::deprecated: command 'drive-backup' is deprecated and going to be removed"]
        );
    }

    /// A job's command is encoded before it is sent.
    #[test]
    #[expect(deprecated, reason = "that is what is warned of")]
    fn what_a_job_uses_is_warned_of() {
        let backup = commands::DriveBackup::new("d", qmp::MirrorSyncMode::Full, "/t");
        let commit = commands::BlockCommit::new("d").base("a");
        let lines = logged(Level::WARN, || {
            let mut session = Session::new(Options::default());
            let mut send = |request: &jobs::Request| {
                session.request(request, Sending::default()).unwrap();
            };
            for mut job in [Job::new(backup.clone()), Job::new(commit.clone())] {
                let Step::Send(request) = job.step() else {
                    panic!("it starts");
                };
                send(&request);
            }
        });
        assert_eq!(
            lines,
            [
                "qapi_rt::deprecated: command 'drive-backup' is deprecated and going to be removed",
                "qapi_rt::deprecated: member 'base' in the arguments of 'block-commit' is deprecated and going to be removed",
            ]
        );
    }

    #[test]
    #[expect(deprecated, reason = "that is what is not warned of")]
    fn nobody_listens_nothing_is_noted() {
        let lines = logged(Level::ERROR, || {
            let mut bytes = Vec::new();
            let mut writer = Trace::new().watch(Writer::new(&mut bytes, Style::Compact));
            let command = commands::Eject::new().device("ide0");
            crate::types::codec::encode_object(&command, &mut writer);
            assert_eq!(writer.notes(), []);
        });
        assert_eq!(lines, [""; 0]);
    }
}

//! What both servers do with clients and commands.

use std::collections::HashSet;
use std::future::{Future as _, poll_fn};
use std::io::{Read, Write};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use qapi_rt::qmp::{
    NameInfo, RunState, SchemaInfo, SchemaInfoEnum, SchemaInfoEnumMember, Service, ShutdownAction,
    StatusInfo, commands, events,
};
use qapi_rt::server::Options;
use qapi_rt::service::{Call, Completer, Done, Hook, Result, Router, deferred};
use qapi_rt::session::server::{InputPolicy, OutputPolicy};
use qapi_rt::types::{CommandInfo, ErrorReply, Event as _, Value};
use serde_json::json;

use super::support::{Kind, both, start};

/// Commands that wait for the test.
type Waiting = Arc<Mutex<mpsc::Receiver<Completer<()>>>>;

fn status() -> StatusInfo {
    StatusInfo::new(true, RunState::Running)
}

fn basic() -> Router {
    Router::new()
        .on(|_, _: commands::QueryStatus| async { Ok(status()) })
        .on(|call: Call, _: commands::Stop| async move {
            call.emit(&events::Stop::new());
            call.emit(&events::Suspend::new());
            Ok(())
        })
        .on(|call: Call, _: commands::Quit| async move {
            call.emit(&events::Shutdown::new(
                false,
                qapi_rt::qmp::ShutdownCause::HostQmpQuit,
            ));
            call.control().shut_down();
            Ok(())
        })
}

/// `cont` waits until the test completes it.
fn waiting() -> (Router, Waiting) {
    let (send, receive) = mpsc::channel();
    let router = basic().on(move |_, _: commands::Cont| {
        let (completer, mut done) = deferred();
        let (mut completer, send) = (Some(completer), send.clone());
        poll_fn(move |cx| {
            let done = Pin::new(&mut done).poll(cx);
            // Not before the server knows that it takes its time.
            if let Some(completer) = completer.take() {
                send.send(completer).unwrap();
            }
            done
        })
    });
    (router, Arc::new(Mutex::new(receive)))
}

/// What a router leaves to another schema.
struct Rest;

impl Service for Rest {
    const EVENTS: &'static [&'static str] = &[events::Resume::NAME];

    async fn query_name(&self, _: &Call, _: commands::QueryName) -> Result<NameInfo> {
        Ok(NameInfo::new().name("rest"))
    }
}

fn next(waiting: &Waiting) -> Completer<()> {
    let patience = super::support::PATIENCE;
    waiting.lock().unwrap().recv_timeout(patience).unwrap()
}

fn returned() -> Value {
    json!({"return": {}})
}

fn event(name: &str) -> Value {
    json!({"event": name})
}

both! {
    events_come_before_the_reply_and_to_all(kind) {
        let server = start(kind, basic(), Options::qmp(), vec![], 3);
        let (mut a, mut b) = (server.client(), server.client());
        let mut deaf = server.connect();
        assert_eq!(a.call("{'execute': 'stop'}"), event("STOP"));
        assert_eq!([a.message(), a.message()], [event("SUSPEND"), returned()]);
        assert_eq!([b.message(), b.message()], [event("STOP"), event("SUSPEND")]);
        // One that has not negotiated gets none.
        deaf.negotiate();
    }

    library_commands_tell_what_is_there(kind) {
        let options = Options::qmp().version(9, 1, 50).package("example");
        let server = start(kind, basic(), options, vec![], 1);
        let mut client = server.client();
        let version = json!({"qemu": {"major": 9, "minor": 1, "micro": 50}, "package": "example"});
        assert_eq!(client.call("{'execute': 'query-version'}"), json!({"return": version}));
        let names = [
            "qmp_capabilities", "query-commands", "query-qmp-schema", "query-status",
            "query-version", "quit", "stop",
        ];
        let names: Vec<Value> = names.map(|name| json!({"name": name})).into();
        assert_eq!(client.call("{'execute': 'query-commands'}"), json!({"return": names}));
        server.control.gate(|gate| gate.disable("stop", None));
        let listed = client.call("{'execute': 'query-commands'}");
        assert_eq!(listed["return"].as_array().map(Vec::len), Some(6));
        let error = "Parameter 'x' is unexpected";
        let error = json!({"error": {"class": "GenericError", "desc": error}});
        let refused = client.call("{'execute': 'query-version', 'arguments': {'x': 1}}");
        assert_eq!(refused, error);
    }

    a_server_that_is_not_qemu_says_so_and_speaks_as_the_newest(kind) {
        let answers = |options| {
            let server = start(kind, basic(), options, vec![], 1);
            let mut client = server.connect();
            let version = client.message()["QMP"]["version"].take();
            (version, client.call("{'execute' 'x'}"))
        };
        let (version, error) = answers(Options::named("heater", "0.3.1-rc.1"));
        let expected = json!({"qemu": {"major": 0, "minor": 3, "micro": 1}, "package": "heater"});
        assert_eq!(version, expected);
        assert_eq!(error, answers(Options::qmp()).1);
        // The release is given last here, and so it counts.
        assert_ne!(error, answers(Options::named("heater", "1").version(10, 2, 0)).1);
    }

    arguments_that_were_dropped_are_those_of_the_release(kind) {
        #[allow(deprecated)] // the argument is
        let router = || basic().on(|_, wish: commands::TraceEventSetState| async move {
            assert_eq!(wish.vcpu, Some(0));
            Ok(())
        });
        let request = "{'execute': 'trace-event-set-state', 'arguments': {'name': 'x', 'enable': true, 'vcpu': 0}}";
        let newest = start(kind, router(), Options::qmp(), vec![], 1);
        let error = "Parameter 'vcpu' is unexpected";
        let error = json!({"error": {"class": "GenericError", "desc": error}});
        assert_eq!(newest.client().call(request), error);
        let old = start(kind, router(), Options::qmp().version(9, 0, 0), vec![], 1);
        assert_eq!(old.client().call(request), returned());
    }

    introspection_covers_what_is_advertised(kind) {
        // A schema that has none of the library's commands, and an event that only the other one has.
        let router = Router::new()
            .schema(super::super::generated::service::INTROSPECTION)
            .on_raw("query-things", |_, _| async { Ok(json!([])) })
            .otherwise(qapi_rt::qmp::serve(Arc::new(Rest)));
        let server = start(kind, router, Options::qmp(), vec![], 1);
        let mut client = server.client();
        let commands = client.call("{'execute': 'query-commands'}");
        let listed = commands["return"].as_array().unwrap().iter();
        let listed: HashSet<&str> = listed.map(|info| info["name"].as_str().unwrap()).collect();
        let schema = client.call("{'execute': 'query-qmp-schema'}");
        let schema = schema["return"].as_array().unwrap();
        let named = |is_command: bool| {
            let entries = schema.iter();
            let entries = entries.filter(move |entry| (entry["meta-type"] == "command") == is_command);
            entries.map(|entry| entry["name"].as_str().unwrap())
        };
        assert_eq!(named(true).collect::<HashSet<_>>(), listed);
        assert!(listed.contains("query-things") && listed.contains("query-qmp-schema"));
        assert!(listed.contains("query-name"));
        // Its types and those of the library's commands have names of their own, and all are there.
        let types: HashSet<&str> = named(false).collect();
        assert_eq!(named(false).count(), types.len());
        assert!(types.contains("RESUME"));
        for entry in schema {
            let mut used: Vec<&Value> = ["arg-type", "ret-type", "element-type"]
                .iter()
                .filter_map(|key| entry.get(key))
                .collect();
            let parts = ["members", "variants"].iter().filter_map(|key| entry[key].as_array());
            used.extend(parts.flatten().filter_map(|part| part.get("type")));
            for name in used {
                assert!(types.contains(name.as_str().unwrap()), "{name} of {entry}");
            }
        }
    }

    commands_of_all_clients_take_turns(kind) {
        let (router, waiting) = waiting();
        let server = start(kind, router, Options::qmp(), vec![], 2);
        let (mut a, mut b) = (server.client(), server.connect());
        b.message();
        b.call("{'execute': 'qmp_capabilities', 'arguments': {'enable': ['oob']}}");
        a.send("{'execute': 'cont', 'id': 1} {'execute': 'cont', 'id': 3}");
        let first = next(&waiting);
        b.send("{'execute': 'query-status', 'id': 2} {'exec-oob': 'no-such-command', 'id': 4}");
        // What waits for no turn says that the other was read, too.
        assert_eq!(b.message()["id"], 4);
        first.complete(Ok(()));
        assert_eq!(a.message(), json!({"return": {}, "id": 1}));
        // Not behind the other client's next one.
        assert_eq!(b.message()["id"], 2);
        next(&waiting).complete(Ok(()));
        assert_eq!(a.message(), json!({"return": {}, "id": 3}));
    }

    commands_of_clients_may_be_concurrent(kind) {
        let (router, waiting) = waiting();
        let server = start(kind, router, Options::qmp().concurrent(true), vec![], 2);
        let (mut a, mut b) = (server.client(), server.client());
        a.send("{'execute': 'cont'}");
        let first = next(&waiting);
        assert_eq!(b.call("{'execute': 'query-status', 'id': 2}")["id"], 2);
        first.complete(Ok(()));
        assert_eq!(a.message(), returned());
    }

    a_command_outlives_its_client(kind) {
        let (router, waiting) = waiting();
        let server = start(kind, router, Options::qmp(), vec![], 2);
        let mut a = server.client();
        let mut b = server.client();
        a.send("{'execute': 'cont'}");
        let first = next(&waiting);
        drop(a);
        b.send("{'execute': 'query-status', 'id': 2}");
        assert!(!first.is_abandoned());
        first.complete(Ok(()));
        assert_eq!(b.message()["id"], 2);
    }

    a_client_that_does_not_read_is_disconnected(kind) {
        let options = Options::qmp().output_limit(1 << 20);
        let server = start(kind, basic(), options, vec![], 2);
        let mut lazy = server.client();
        let mut busy = server.client();
        let data = json!({"text": "x".repeat(60_000)});
        for _ in 0..100 {
            server.control.events().emit_raw("X", data.as_object().unwrap());
            assert_eq!(busy.message()["event"], "X");
        }
        assert_eq!(busy.call("{'execute': 'query-status'}")["return"]["running"], true);
        let mut rest = Vec::new();
        // It gets what the kernel had taken, then the end.
        let read = lazy.stream.read_to_end(&mut rest);
        assert!(read.is_ok_and(|count| count < 100 * 60_000));
    }

    quit_is_answered_and_ends_everything(kind) {
        let server = start(kind, basic(), Options::qmp(), vec![], 2);
        let (mut a, mut b) = (server.client(), server.client());
        let shutdown = json!({"event": "SHUTDOWN", "data": {"guest": false, "reason": "host-qmp-quit"}});
        assert_eq!(a.call("{'execute': 'quit'}"), shutdown);
        assert_eq!(a.message(), returned());
        assert_eq!(a.line(), None);
        assert_eq!(b.message(), shutdown);
        assert_eq!(b.line(), None);
        server.join();
    }

    the_end_does_not_wait_for_commands_that_never_end(kind) {
        let (router, waiting) = waiting();
        let options = Options::qmp().grace(Duration::from_millis(20));
        let server = start(kind, router, options, vec![], 1);
        let mut client = server.client();
        client.send("{'execute': 'cont'}");
        let first = next(&waiting);
        server.control.shut_down();
        server.join();
        assert!(first.is_abandoned());
    }

    events_are_limited_for_all_monitors_together(kind) {
        let server = start(kind, basic(), Options::qmp(), vec![], 1);
        let mut client = server.client();
        let limit = Some(Duration::from_millis(100));
        server.control.events().limit("RTC_CHANGE", None, limit);
        for offset in 0..5 {
            server.control.events().emit(&events::RtcChange::new(offset, "rtc"));
        }
        server.control.events().emit(&events::Stop::new());
        let change = |offset| {
            json!({"event": "RTC_CHANGE", "data": {"offset": offset, "qom-path": "rtc"}})
        };
        assert_eq!(client.message(), change(0));
        assert_eq!(client.message(), event("STOP"));
        assert_eq!(client.message(), change(4));
    }

    hooks_see_and_refuse_commands(kind) {
        struct Limit {
            left: AtomicUsize,
            seen: Mutex<mpsc::Sender<(String, bool)>>,
        }
        impl Hook for Limit {
            fn before(&self, call: &Call, _: &CommandInfo) -> Result<()> {
                assert_eq!(
                    call.client().credentials().map(|peer| peer.pid),
                    Some(std::process::id().cast_signed())
                );
                let taken = |left: usize| left.checked_sub(1);
                let taken = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, taken);
                taken.map(drop).map_err(|_| ErrorReply::generic("too often"))
            }
            fn after(&self, done: &Done<'_>) {
                let seen = (done.command.to_owned(), done.result.is_ok());
                self.seen.lock().unwrap().send(seen).unwrap();
            }
        }
        let (send, seen) = mpsc::channel();
        let limit = Limit {
            left: AtomicUsize::new(1),
            seen: Mutex::new(send),
        };
        let server = start(kind, basic(), Options::qmp().hook(limit), vec![], 1);
        let mut client = server.client();
        assert_eq!(client.call("{'execute': 'query-status'}")["return"]["running"], true);
        let refused = json!({"error": {"class": "GenericError", "desc": "too often"}});
        assert_eq!(client.call("{'execute': 'query-version'}"), refused);
        let seen: Vec<_> = seen.try_iter().collect();
        let expected = [("query-status".to_owned(), true), ("query-version".to_owned(), false)];
        assert_eq!(seen, expected);
    }

    before_the_machine_is_built_little_is_permitted(kind) {
        let server = start(kind, basic(), Options::qmp(), vec![], 1);
        server.control.gate(|gate| gate.set_preconfig(true));
        let mut client = server.client();
        assert_eq!(client.call("{'execute': 'query-status'}")["return"]["running"], true);
        let desc = "The command 'stop' is permitted only after machine initialization has completed";
        let refused = json!({"error": {"class": "GenericError", "desc": desc}});
        assert_eq!(client.call("{'execute': 'stop'}"), refused);
        server.control.gate(|gate| gate.set_preconfig(false));
        assert_eq!(client.call("{'execute': 'stop'}"), event("STOP"));
    }

    arguments_that_the_schema_does_not_know_are_refused_unless_told_otherwise(kind) {
        let router = || {
            basic().on(|_, wish: commands::SetAction| async move {
                let known = ShutdownAction::KNOWN;
                let new = wish.shutdown.filter(|action| !known.contains(action));
                match new {
                    Some(action) => Err(ErrorReply::generic(format!("what is '{action}'?"))),
                    None => Ok(()),
                }
            })
        };
        let strict = start(kind, router(), Options::qmp(), vec![], 1);
        let lenient = start(kind, router(), Options::qmp().lenient(true), vec![], 1);
        let (mut strict, mut lenient) = (strict.client(), lenient.client());
        let error = |desc: &str| json!({"error": {"class": "GenericError", "desc": desc}});
        let call = |arguments: &str| {
            format!("{{'execute': 'set-action', 'arguments': {{{arguments}}}}}")
        };
        let member = call("'shutdown': 'pause', 'new': {'a': 1}");
        assert_eq!(strict.call(&member), error("Parameter 'new' is unexpected"));
        assert_eq!(lenient.call(&member), returned());
        let value = call("'shutdown': 'sleep'");
        let refused = error("Parameter 'shutdown' does not accept value 'sleep'");
        assert_eq!(strict.call(&value), refused);
        assert_eq!(lenient.call(&value), error("what is 'sleep'?"));
        let kind = call("'shutdown': 5");
        let refused = error("Invalid parameter type for 'shutdown', expected: string");
        assert_eq!(strict.call(&kind), refused);
        assert_eq!(lenient.call(&kind), refused);
        let version = "{'execute': 'query-version', 'arguments': {'new': 1}}";
        assert_eq!(strict.call(version), error("Parameter 'new' is unexpected"));
        assert!(lenient.call(version)["return"].is_object());
    }

    policies_refuse_arguments_or_end_the_server(kind) {
        let router = basic().on(|_, _: commands::Eject| async { Ok(()) });
        let server = start(kind, router, Options::qmp(), vec![], 1);
        let set = |input| {
            server.control.gate(|gate| {
                let mut policy = gate.policy();
                policy.deprecated_input = input;
                gate.set_policy(policy);
            });
        };
        set(InputPolicy::Reject);
        let mut client = server.client();
        assert_eq!(client.call("{'execute': 'eject', 'arguments': {'id': 'a'}}"), returned());
        let deprecated = "{'execute': 'eject', 'arguments': {'device': 'a'}}";
        let desc = "Deprecated parameter device disabled by policy";
        let refused = json!({"error": {"class": "GenericError", "desc": desc}});
        assert_eq!(client.call(deprecated), refused);
        set(InputPolicy::Crash);
        client.send(deprecated);
        assert_eq!(client.line(), None);
        server.join();
    }

    policies_hide_members(kind) {
        let router = basic().on(|_, _: commands::QueryQmpSchema| async {
            let values = vec!["a".to_owned()];
            let members = vec![SchemaInfoEnumMember::new("a")];
            Ok(vec![SchemaInfo::new("0", SchemaInfoEnum::new(members, values))])
        });
        let server = start(kind, router, Options::qmp(), vec![], 1);
        let mut client = server.client();
        let mut shown = json!({
            "meta-type": "enum", "name": "0", "members": [{"name": "a"}], "values": ["a"],
        });
        let query = "{'execute': 'query-qmp-schema'}";
        assert_eq!(client.call(query), json!({"return": [shown]}));
        server.control.gate(|gate| {
            let mut policy = gate.policy();
            policy.deprecated_output = OutputPolicy::Hide;
            gate.set_policy(policy);
        });
        shown.as_object_mut().unwrap().remove("values");
        assert_eq!(client.call(query), json!({"return": [shown]}));
    }

    descriptors_reach_the_handler_and_others_are_closed(kind) {
        let router = basic().on(|call: Call, _: commands::Getfd| async move {
            let fd = call.take_fd().ok_or_else(|| ErrorReply::generic("No file descriptor"))?;
            std::fs::File::from(fd).write_all(b"here").unwrap();
            Ok(())
        });
        let server = start(kind, router, Options::qmp(), vec![], 1);
        let mut client = server.client();
        let (mut first, first_end) = std::io::pipe().unwrap();
        let (mut second, second_end) = std::io::pipe().unwrap();
        send_fds(&client.stream, b"{'execute': 'getfd', 'arguments': {'fdname': 'a'}}", [
            first_end.into(), second_end.into(),
        ]);
        assert_eq!(client.message(), returned());
        let mut text = String::new();
        first.read_to_string(&mut text).unwrap();
        assert_eq!(text, "here");
        // What nobody took is closed with the call.
        assert_eq!(second.read(&mut [0]).unwrap(), 0);
        let none = client.call("{'execute': 'getfd', 'arguments': {'fdname': 'a'}}");
        assert_eq!(none["error"]["desc"], "No file descriptor");
    }

    an_agent_is_synchronised(kind) {
        let router = Router::new().on(|_, _: qapi_rt::qga::commands::GuestGetTime| async { Ok(7) });
        let server = start(kind, router, Options::agent(), vec![], 1);
        server.control.gate(|gate| gate.block(["guest-get-time"]));
        let mut client = server.connect();
        client.send("\u{ff}{'execute': 'guest-sync-delimited', 'arguments': {'id': 99}}\n");
        // The character's two bytes are two mistakes, or one.
        loop {
            let line = client.line().unwrap();
            if let Some(reply) = line.strip_prefix(&[0xFF]) {
                assert_eq!(reply, br#"{"return": 99}"#);
                break;
            }
            let error: Value = serde_json::from_slice(&line).unwrap();
            assert_eq!(error["error"]["class"], "GenericError");
        }
        let info = client.call("{'execute': 'guest-info'}");
        assert_eq!(info["return"]["version"], qapi_schema::VERSION);
        let disabled = json!({"name": "guest-get-time", "enabled": false, "success-response": true});
        assert_eq!(info["return"]["supported_commands"][0], disabled);
        let refused = client.call("{'execute': 'guest-get-time'}");
        let desc = "Command guest-get-time has been disabled: the command is not allowed";
        assert_eq!(refused, json!({"error": {"class": "CommandNotFound", "desc": desc}}));
    }
}

fn send_fds<const N: usize>(
    stream: &std::os::unix::net::UnixStream,
    bytes: &[u8],
    fds: [std::os::fd::OwnedFd; N],
) {
    use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
    use std::os::fd::AsFd;
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    let borrowed: Vec<_> = fds.iter().map(AsFd::as_fd).collect();
    assert!(ancillary.push(SendAncillaryMessage::ScmRights(&borrowed)));
    let parts = [std::io::IoSlice::new(bytes)];
    let sent = sendmsg(stream, &parts, &mut ancillary, SendFlags::empty()).unwrap();
    assert_eq!(sent, bytes.len());
}

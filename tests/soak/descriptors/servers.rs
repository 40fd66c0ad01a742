//! What comes to servers.

use std::io::Read as _;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::thread;

use qapi_rt::qmp::commands;
use qapi_rt::server::Options;
use qapi_rt::service::{Call, Completer, Router, deferred};
use serde_json::{Value, json};

use super::super::support::{Client, Kind, Running, both, start};
use super::{MOST, SOON, alone, closed_to, file, open, pass};

/// How many are sent with one of many messages.
const SOME: usize = 20;

/// What the commands `stop` wait for.
type Stops = Arc<Mutex<Vec<Completer<()>>>>;

const ALL: &str = "{'execute': 'take-all'}";

/// A server that tells which descriptors came with `take-all`; `take-one` takes the first, and other commands none.
fn serve(kind: Kind, oob: bool) -> (Running, Stops) {
    let read = |call: &Call| {
        let mut text = String::new();
        let mut file = std::fs::File::from(call.take_fd()?);
        file.read_to_string(&mut text).unwrap();
        Some(text)
    };
    let stops = Stops::default();
    let stopping = Arc::clone(&stops);
    let router = Router::new()
        .on(move |_, _: commands::Stop| {
            let (completer, done) = deferred();
            stopping.lock().unwrap().push(completer);
            done
        })
        .fallback(move |call: Call, _| async move {
            let most = match call.command() {
                "take-all" => usize::MAX,
                "take-one" => 1,
                _ => 0,
            };
            let texts = std::iter::from_fn(|| read(&call)).take(most);
            Ok(Value::from(texts.collect::<Vec<_>>()))
        });
    let options = Options::qmp().oob(oob);
    (start(kind, router, options, vec![], 2), stops)
}

fn taken(client: &mut Client) -> Value {
    client.message()["return"].take()
}

fn negotiated(server: &Running, oob: bool) -> Client {
    let mut client = server.connect();
    client.message();
    let enable = if oob { "'oob'" } else { "" };
    let reply = client.call(&format!(
        "{{'execute': 'qmp_capabilities', 'arguments': {{'enable': [{enable}]}}}}"
    ));
    assert_eq!(reply, json!({"return": {}}));
    client
}

both! {
    what_is_too_much_or_missing(kind) {
        let _alone = alone();
        let (server, _) = serve(kind, false);
        let mut client = server.client();
        let many: Vec<_> = (0..MOST).map(|n| file(&n.to_string())).collect();
        let before = open();
        pass(&client.stream, "{'execute': 'take-one'}", &many);
        assert_eq!(taken(&mut client), json!(["0"]));
        closed_to(before);
        pass(&client.stream, ALL, &many[1..]);
        let all: Vec<_> = (1..MOST).map(|n| n.to_string()).collect();
        assert_eq!(taken(&mut client), json!(all));
        closed_to(before);
        client.send(ALL);
        assert_eq!(taken(&mut client), json!([]));
    }

    what_comes_where_it_does_not_belong(kind) {
        let _alone = alone();
        let (server, _) = serve(kind, false);
        let (mut one, mut other) = (server.client(), server.client());
        let [first, second, third] = ["1", "2", "3"].map(|text| [file(text)]);
        let before = open();
        // With another command than the one that wants it.
        pass(&one.stream, "{'execute': 'take-none'}", &first);
        assert_eq!(taken(&mut one), json!([]));
        closed_to(before);
        one.send(ALL);
        assert_eq!(taken(&mut one), json!([]));
        // With what is no request.
        for text in ["@ ", "[] ", "{'execute': 1} ", "{'execute': 'take-all', 'x': 1} "] {
            pass(&one.stream, text, &first);
            assert!(one.message().get("error").is_some());
            one.send(ALL);
            assert_eq!(taken(&mut one), json!([]), "{text}");
            closed_to(before);
        }
        // In the middle of a request, while another client makes some.
        let (begin, end) = ALL.split_at(10);
        one.send(&begin[..5]);
        pass(&one.stream, &begin[5..], &second);
        other.send(ALL);
        assert_eq!(taken(&mut other), json!([]));
        pass(&other.stream, ALL, &third);
        assert_eq!(taken(&mut other), json!(["3"]));
        one.send(end);
        assert_eq!(taken(&mut one), json!(["2"]));
        closed_to(before);
    }

    who_leaves_takes_them_along(kind) {
        let _alone = alone();
        let (server, stops) = serve(kind, false);
        let (one, other) = (server.client(), server.client());
        let some: Vec<_> = (0..SOME).map(|_| file("x")).collect();
        let before = open();
        pass(&one.stream, &ALL[..10], &some);
        // It is read by then.
        while open() < before + SOME {
            thread::yield_now();
        }
        drop(one);
        closed_to(before - 1);
        // With a command that executes, and one that waits.
        pass(&other.stream, "{'execute': 'stop'}", &some);
        pass(&other.stream, ALL, &some);
        while stops.lock().unwrap().is_empty() {
            thread::yield_now();
        }
        drop(other);
        let completer = stops.lock().unwrap().pop().unwrap();
        completer.complete(Ok(()));
        closed_to(before - 2);
    }

    requests_that_wait_keep_their_own(kind) {
        let _alone = alone();
        for oob in [false, true] {
            let (server, stops) = serve(kind, oob);
            let mut client = negotiated(&server, oob);
            let files: Vec<_> = (0..40).map(|n| [file(&format!("{n}a")), file(&format!("{n}b"))]).collect();
            let before = open();
            client.send("{'execute': 'stop'}");
            while stops.lock().unwrap().is_empty() {
                thread::yield_now();
            }
            for (n, files) in files.iter().enumerate() {
                // The next command takes none: they may be read together, and the kernel does not say whose they are.
                pass(&client.stream, &format!("{{'execute': 'take-all', 'id': {n}}}"), files);
                client.send(&format!("{{'execute': 'take-none', 'id': 'none {n}'}}"));
            }
            // Eight wait at most, and what was read after them.
            if oob {
                while open() < before + 8 {
                    thread::yield_now();
                }
            }
            assert!(open() <= before + 2 * 9, "{} more", open() - before);
            stops.lock().unwrap().pop().unwrap().complete(Ok(()));
            assert_eq!(client.message(), json!({"return": {}}));
            for n in 0..files.len() {
                let own = [format!("{n}a"), format!("{n}b")];
                assert_eq!(client.message(), json!({"return": own, "id": n}));
                assert_eq!(client.message(), json!({"return": [], "id": format!("none {n}")}));
            }
            closed_to(before);
        }
    }

    they_do_not_pile_up_in_a_request(kind) {
        let _alone = alone();
        let (server, _) = serve(kind, false);
        let mut client = server.client();
        let files: Vec<_> = (0..10).map(|n| file(&n.to_string())).collect();
        let some = |n: usize| vec![&files[n]; SOME];
        let before = open();
        client.send("{'execute': 'take-all', 'id': [");
        for n in 0..files.len() {
            pass(&client.stream, "1, ", &some(n));
        }
        client.send("1]}");
        // The last of them are those of the request, and all one pipe.
        let reply = taken(&mut client);
        let expected: Vec<_> = (0..SOME).map(|n| if n == 0 { "9" } else { "" }).collect();
        assert_eq!(reply, json!(expected));
        closed_to(before);
        // As long as it does not end.
        let (mut ours, theirs): (Vec<_>, Vec<_>) = (0..10).map(|_| UnixStream::pair().unwrap()).unzip();
        client.send("[");
        for theirs in theirs {
            pass(&client.stream, "1, ", &[&theirs; SOME]);
        }
        for ours in &mut ours[..6] {
            ours.set_read_timeout(Some(SOON)).unwrap();
            assert_eq!(ours.read(&mut [0]).unwrap(), 0);
        }
        let held = open() - before - ours.len();
        assert!(held <= 4 * SOME, "{held} are held");
        drop((client, ours));
        closed_to(before - 1);
    }
}

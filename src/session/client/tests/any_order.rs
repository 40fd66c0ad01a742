//! However the stream is cut and messages are ordered, each call gets its own reply.

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

#[derive(Clone, Copy, Debug)]
enum Layout {
    Line,
    Pretty,
    NoBreak,
}

/// A message as QEMU lays it out, or might.
fn lay_out(message: &str, layout: Layout) -> String {
    match layout {
        Layout::Line => format!("{message}\r\n"),
        Layout::Pretty => {
            let spread = message
                .replace("{\"", "{\r\n    \"")
                .replace(", ", ",\r\n    ");
            format!("{spread}\r\n")
        }
        Layout::NoBreak => message.to_owned(),
    }
}

fn layout() -> impl Strategy<Value = Layout> {
    prop_oneof![
        Just(Layout::Line),
        Just(Layout::Pretty),
        Just(Layout::NoBreak)
    ]
}

proptest! {
    #[test]
    fn outcome_does_not_depend_on_cuts_and_order(
        order in Just((2..=7_u64).collect::<Vec<_>>()).prop_shuffle(),
        events in prop::collection::vec(any::<Index>(), 0..6),
        forgotten in prop::collection::vec(any::<Index>(), 0..4),
        layouts in prop::collection::vec(layout(), 16),
        cuts in prop::collection::vec(any::<Index>(), 0..20),
        oob in any::<bool>(),
    ) {
        let mut session = negotiated(oob);
        let calls: Vec<_> = (1..=7).map(|_| call(&mut session, "a")).collect();
        sent(&mut session);
        let forgotten: Vec<_> = forgotten.iter().map(|index| *index.get(&calls)).collect();
        for &call in &forgotten {
            session.forget(call);
        }
        let mut messages: Vec<_> = order
            .iter()
            .map(|id| format!("{{\"return\": {{\"n\": {id}, \"s\": \"}}\"}}, \"id\": {id}}}"))
            .collect();
        // Without oob the first one has no id and comes first.
        let first = if oob { "{\"id\": 1, \"return\": []}" } else { "{\"return\": []}" };
        messages.insert(0, first.into());
        for (number, index) in events.iter().enumerate() {
            let event = format!(
                "{{\"event\": \"E{number}\", \"timestamp\": {{\"seconds\": {number}, \"microseconds\": 0}}}}"
            );
            messages.insert(index.index(messages.len() + 1), event);
        }
        let stream: String = messages
            .iter()
            .zip(layouts.iter().cycle())
            .map(|(message, layout)| lay_out(message, *layout))
            .collect();
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(stream.len())).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let mut happened = Vec::new();
        for piece in cuts.windows(2) {
            session.receive(&stream.as_bytes()[piece[0]..piece[1]]);
            while let Some(happening) = session.poll() {
                happened.push(happening);
            }
        }

        let mut expected: Vec<_> = calls.iter().filter(|call| !forgotten.contains(call)).collect();
        let mut told = Vec::new();
        for happening in happened {
            match happening {
                Happening::Reply { id, result } => {
                    expected.retain(|call| **call != id);
                    let reply = result.unwrap().decode::<crate::types::Value>().unwrap();
                    let number = if id.0 == 1 { crate::types::Value::Null } else { id.0.into() };
                    prop_assert_eq!(reply.get("n").cloned().unwrap_or_default(), number);
                }
                Happening::Event(event) => told.push(event.timestamp().seconds()),
                other => panic!("{other:?}"),
            }
        }
        prop_assert_eq!(expected, Vec::<&CallId>::new());
        told.sort_unstable();
        prop_assert_eq!(told, (0..events.len() as i64).collect::<Vec<_>>());
        prop_assert_eq!(session.unanswered(), 0);
    }

    #[test]
    fn any_bytes_are_survived(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..10)) {
        let mut session = negotiated(false);
        call(&mut session, "a");
        for piece in pieces {
            session.receive(&piece);
            sent(&mut session);
        }
        session.end(None);
        let last = happenings(&mut session).pop();
        prop_assert!(last.unwrap().starts_with("closed: "));
    }
}

//! Several monitors of one server.

use qapi_rt::qmp::events::{Resume, Stop};
use qapi_rt::qmp::{Event, commands};
use qapi_tests::peers::Age;

use crate::setup::{DEADLINE, connect_to};

against_each! {
    two_monitors_on_one_machine
}

/// Each has its own negotiation, and events go to all.
fn two_monitors_on_one_machine(age: Age) {
    let Some(qemu) = age.qemu("none") else {
        return;
    };
    let server = qemu.arg("-S").monitors(2).start();
    let (one, two) = (connect_to(&server, 0), connect_to(&server, 1));
    let mut events = [one.all_events::<Event>(), two.all_events::<Event>()];
    let mut stops = two.events::<Stop>();
    one.execute(commands::Cont::new()).unwrap();
    two.execute(commands::Stop::new()).unwrap();
    for events in &mut events {
        let names = [(); 2].map(|()| {
            let received = events.recv_deadline(DEADLINE).unwrap();
            assert_eq!(received.missed, 0);
            received.event
        });
        assert!(
            matches!(
                &names,
                [Event::Resume(Resume { .. }), Event::Stop(Stop { .. })]
            ),
            "{names:?}"
        );
    }
    stops.recv_deadline(DEADLINE).unwrap();
}

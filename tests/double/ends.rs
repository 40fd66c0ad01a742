//! What a double does when it is dropped.

use std::panic::{AssertUnwindSafe, catch_unwind};

use qapi_rt::qmp::commands;
use qapi_rt::testing::{Double, blocking, call, connect};

const MISSING: &str = "1 expected command was not called:\n  stop\n";

fn expects_stop() -> Double {
    Double::new().expect(call(commands::Stop::new()))
}

/// With what it panics.
fn panic_of(test: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(test)).expect_err("it should panic");
    *panic.downcast::<String>().expect("a text")
}

#[test]
fn what_is_left_fails_the_test() {
    assert_eq!(panic_of(|| drop(expects_stop())), MISSING);
    let both = || {
        let double = expects_stop();
        drop(double.clone());
        let (client, server) = blocking::connect(double.clone()).unwrap();
        drop((client, server));
        // The test still has one, and might go on.
        drop(double);
    };
    assert_eq!(panic_of(both), MISSING);
}

#[test]
fn it_does_also_if_the_double_was_given_away() {
    let given = || drop(blocking::connect(expects_stop()).unwrap());
    assert_eq!(panic_of(given), MISSING);
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    let given = || drop(runtime.block_on(connect(expects_stop())).unwrap());
    assert_eq!(panic_of(given), MISSING);
}

#[test]
fn so_does_a_command_that_was_not_expected() {
    let unexpected = || {
        let (client, _server) = blocking::connect(Double::new()).unwrap();
        client.execute(commands::Stop::new()).unwrap_err();
    };
    let told = panic_of(unexpected);
    assert_eq!(told, "call 1 was not expected: stop\n");
}

#[test]
fn nothing_is_told_twice() {
    let double = expects_stop();
    double.finish().unwrap_err();
    drop(double);
    let told = panic_of(|| {
        let _double = expects_stop();
        std::panic::panic_any("what went wrong first".to_owned());
    });
    assert_eq!(told, "what went wrong first");
}

#[test]
fn all_that_was_expected_came() {
    let (client, _server) = blocking::connect(expects_stop()).unwrap();
    client.execute(commands::Stop::new()).unwrap();
}

#[test]
fn errors_read_well_where_only_debug_shows_them() {
    let unexpected = expects_stop().finish().unwrap_err();
    assert_eq!(
        format!("{unexpected:?}"),
        format!("\n{}", MISSING.trim_end())
    );

    let (client, _server) = blocking::connect(Double::new()).unwrap();
    let error = client
        .execute_raw("x", serde_json::json!({"a": 1}))
        .unwrap_err();
    let told = "x: GenericError: call 1 was not expected: x {\"a\":1}";
    assert_eq!(format!("{error:?}"), told);
    std::mem::forget(_server);
}

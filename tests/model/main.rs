//! A model of the protocol says what each call must get, whatever happens in whatever order.
//!
//! A history is a list of steps of a client and its server: calls, replies, events, bytes that arrive in pieces, time that
//! passes, connections that end. [`World`](world::World) plays it and knows what has to come of it; the same histories are
//! played with a session, the client on tokio in virtual time, the blocking client, and with servers. `PROPTEST_CASES` says
//! how many.
#![cfg(unix)]

mod blocking;
mod call;
mod peer;
mod server;
mod session;
mod step;
mod subject;
mod tokio;
mod world;

use proptest::test_runner::{Config, TestRunner};

use step::{Script, script};
use subject::Subject;
use world::World;

/// Plays histories, fewer than asked for by a factor where each takes longer.
pub(crate) fn histories<S: Subject>(
    share: u32,
    adapt: impl Fn(&mut Script),
    new: impl Fn(&Script) -> S,
) {
    let mut runner = TestRunner::new(config(share));
    let outcome = runner.run(&script(), |mut script| {
        adapt(&mut script);
        let mut world = World::new(new(&script), &script);
        world.play(&script.steps)
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

pub(crate) fn config(share: u32) -> Config {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let all = if asked { Config::default().cases } else { 2000 };
    Config {
        cases: all.div_ceil(share),
        failure_persistence: None,
        max_shrink_iters: 1000,
        max_shrink_time: 30_000,
        ..Config::default()
    }
}

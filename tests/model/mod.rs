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

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use step::{Script, script};
use subject::Subject;
use world::World;

/// Plays histories, fewer than asked for by a factor where each takes longer.
pub(crate) fn histories<S: Subject>(
    share: u32,
    adapt: impl Fn(&mut Script),
    new: impl Fn(&Script) -> S,
) {
    let mut runner = runner(share);
    let outcome = runner.run(&script(), |mut script| {
        adapt(&mut script);
        let mut world = World::new(new(&script), &script);
        world.play(&script.steps)
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

/// The same histories each time, unless more are asked for.
pub(crate) fn runner(share: u32) -> TestRunner {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let all = if asked { Config::default().cases } else { 2000 };
    let config = Config {
        cases: all.div_ceil(share),
        failure_persistence: None,
        max_shrink_iters: 1000,
        max_shrink_time: 30_000,
        ..Config::default()
    };
    match asked {
        true => TestRunner::new(config),
        false => TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
    }
}

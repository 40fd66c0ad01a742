//! The clients against real servers: QEMU without a guest, its storage daemon, its guest agent, each of two releases. A
//! server that is missing is a visible skip, unless `QAPI_REQUIRE_PEERS` is set.
#![cfg(unix)]

/// Makes tests of functions that take an [`Age`](qapi_tests::peers::Age), one for each.
macro_rules! against_each {
    ($(async $test:ident)*) => {
        mod installed {
            $(#[tokio::test] async fn $test() { super::$test(qapi_tests::peers::Age::Installed).await; })*
        }
        mod newer {
            $(#[tokio::test] async fn $test() { super::$test(qapi_tests::peers::Age::Newer).await; })*
        }
    };
    ($($test:ident)*) => {
        mod installed {
            $(#[test] fn $test() { super::$test(qapi_tests::peers::Age::Installed); })*
        }
        mod newer {
            $(#[test] fn $test() { super::$test(qapi_tests::peers::Age::Newer); })*
        }
    };
}

mod ages;
mod block_jobs;
mod connecting;
mod deadlines;
mod descriptors;
mod guest_agent;
mod hotplug;
mod keyval;
mod killed;
mod machine;
mod migration;
mod monitors;
mod queries;
mod setup;
mod snapshots;
mod whole_life;
mod with_tokio;

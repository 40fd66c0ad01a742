//! What `qapi_rt::testing` offers to test suites.

mod double;
mod recording;

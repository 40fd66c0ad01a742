//! What `qapi_rt::testing` offers to test suites.

mod blocking;
mod double;
mod ends;
mod manners;
mod recording;

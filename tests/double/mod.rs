//! What `qapi_rt::testing` offers to test suites.

mod blocking;
mod ends;
mod expectations;
mod manners;
mod recording;

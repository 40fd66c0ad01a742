//! Tests of the codec and of generated types, in one program.

mod codec;
mod dialect;
mod json;
#[allow(
    unreachable_pub,
    dead_code,
    reason = "public as in a library, and a test need not use all of it"
)]
#[rustfmt::skip]
mod lamps;
mod messages;
mod visitor;

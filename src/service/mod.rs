//! What a server does with commands: services, which implement a trait generated from the schema, and routers for a
//! handful of commands.
//!
//! Both are a [`Dispatch`], which the servers of [`server`](crate::server) drive. Nothing here does I/O or depends on an
//! async runtime.
//!
//! # Which commands there are
//!
//! A method of a service trait that is left out returns [`NotImplemented`], which has no size. The future of an
//! `async fn` holds at least `&self`. So it is known, when a service is compiled, which commands it implements, and the
//! others cost nothing: for clients they do not exist, in `query-commands` and `query-qmp-schema` either.
//!
//! # Handlers that have to wait
//!
//! A handler is a future. One that never awaits is finished when it is polled first. One that has to wait for the
//! machine awaits a [`deferred`] reply, which whoever runs the machine completes, with or without a runtime.
//!
//! # Where it differs from QEMU
//!
//! The members of `device_add` that the schema names are checked as those of other commands are; QEMU looks at them only
//! when it makes the device. Of a request with several faults, one against a policy for what is deprecated or unstable is
//! found last.

mod call;
mod compat;
mod control;
mod deferred;
mod dispatch;
mod events;
mod hooks;
mod introspect;
mod router;
mod served;

pub use call::{Call, Client, Credentials};
pub use control::Control;
pub use deferred::{Completer, Deferred, deferred};
pub use dispatch::{Answer, Dispatch, Found, IntoReply, LocalAnswer, Outcome, encode_reply};
pub use events::Events;
pub(crate) use events::Monitor;
pub use hooks::{Done, Hook, Hooks};
pub(crate) use introspect::combined;
pub use introspect::introspection;
pub use router::Router;
pub use served::{Methods, NotImplemented, Served};

use std::sync::PoisonError;

use crate::sync::{Mutex, MutexGuard};
use crate::types::ErrorReply;

/// What a handler gives: the reply, or the error that the client gets.
pub type Result<T> = std::result::Result<T, ErrorReply>;

/// A panic elsewhere leaves what is locked here whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// For generated code.
#[doc(hidden)]
pub mod generated {
    pub use super::served::{arguments, is_implemented, outcome};
}

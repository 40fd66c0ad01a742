//! Replies that come later.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::{Result, lock};
use crate::sync::Mutex;
use crate::types::ErrorReply;

/// A reply that somebody else gives, on whatever thread: the handler awaits the one half, the other is kept until the
/// machine has done what was asked.
///
/// ```
/// use qapi_rt::service::{Call, Completer, deferred, Result};
/// use std::sync::Mutex;
///
/// struct Machine { stopping: Mutex<Vec<Completer<()>>> }
///
/// async fn stop(machine: &Machine, _: &Call) -> Result<()> {
///     let (completer, stopped) = deferred();
///     machine.stopping.lock().unwrap().push(completer);
///     stopped.await
/// }
/// ```
#[must_use]
pub fn deferred<T>() -> (Completer<T>, Deferred<T>) {
    let shared = Arc::new(Mutex::new(State::Waiting(None)));
    (Completer(Some(Arc::clone(&shared))), Deferred(shared))
}

enum State<T> {
    Waiting(Option<Waker>),
    Done(Result<T>),
    Taken,
}

/// The half of a [`deferred`] reply that completes it. Dropping it gives the client an error.
#[derive(Debug)]
pub struct Completer<T>(Option<Arc<Mutex<State<T>>>>);

/// The half of a [`deferred`] reply that the handler awaits.
#[derive(Debug)]
pub struct Deferred<T>(Arc<Mutex<State<T>>>);

impl<T> std::fmt::Debug for State<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Waiting(_) => "Waiting",
            Self::Done(_) => "Done",
            Self::Taken => "Taken",
        })
    }
}

impl<T> Completer<T> {
    /// Gives the reply.
    pub fn complete(mut self, reply: Result<T>) {
        self.finish(reply);
    }

    /// Whether nobody waits for the reply any more: its client has gone.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.0
            .as_ref()
            .is_none_or(|shared| Arc::strong_count(shared) == 1)
    }

    fn finish(&mut self, reply: Result<T>) {
        let Some(shared) = self.0.take() else { return };
        let before = std::mem::replace(&mut *lock(&shared), State::Done(reply));
        if let State::Waiting(Some(waker)) = before {
            waker.wake();
        }
    }
}

impl<T> Drop for Completer<T> {
    fn drop(&mut self) {
        if self.0.is_some() {
            self.finish(Err(ErrorReply::generic("The command was abandoned")));
        }
    }
}

impl<T> Future for Deferred<T> {
    type Output = Result<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T>> {
        let mut state = lock(&self.0);
        match std::mem::replace(&mut *state, State::Taken) {
            State::Done(reply) => Poll::Ready(reply),
            State::Waiting(_) => {
                *state = State::Waiting(Some(cx.waker().clone()));
                Poll::Pending
            }
            // As any future that is polled after its end.
            State::Taken => Poll::Pending,
        }
    }
}

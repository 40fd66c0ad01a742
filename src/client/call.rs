//! One call.

use std::borrow::Cow;
use std::fmt;
use std::future::{Future as _, poll_fn};
use std::marker::PhantomData;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout};

use super::Client;
use super::handle::Shared;
use crate::error::{Error, ErrorKind};
use crate::flavours::{call_methods, sent};
use crate::session::client::{CallId, Outgoing, Reply, Request, Sending};
use crate::time::GRACE;
use crate::types::codec::Decode;

/// A command that is about to be sent; from [`Client::call`].
#[derive(Debug)]
#[must_use = "nothing is sent yet"]
pub struct Call<'a, R> {
    client: &'a Client,
    command: R,
    sending: Sending,
    deadline: Duration,
}

impl<'a, R: Request> Call<'a, R> {
    call_methods!(Instant);

    /// Sends it and waits for the reply.
    ///
    /// # Errors
    /// When the server answers with an error, or does not answer in time or at all: see [`ErrorKind`].
    pub async fn send(self) -> Result<R::Reply, Error> {
        self.start()?.wait().await
    }

    /// Sends it and does not wait for the reply. So one task can have many commands under way. The first is written at once,
    /// as far as that is possible without waiting; those made while it is under way are written together, by the
    /// connection's task.
    ///
    /// # Errors
    /// When it cannot be sent at all.
    pub fn start(self) -> Result<Pending<R>, Error> {
        let deadline = after(self.time());
        let sent = Sent::new(self.client, &self.command, self.sending, deadline)?;
        Ok(Pending {
            sent,
            kind: PhantomData,
        })
    }
}

/// So long from now.
pub(crate) fn after(time: Duration) -> Instant {
    crate::time::after(Instant::now().into_std(), time).into()
}

/// A command that was sent; from [`Call::start`]. If it is dropped its reply will be dropped too, and it is not sent at all if
/// it was not yet.
#[must_use = "the reply is dropped with it"]
pub struct Pending<R: Request> {
    pub(super) sent: Sent,
    kind: PhantomData<fn() -> R>,
}

impl<R: Request> Pending<R> {
    /// Waits for the reply, up to the deadline of the call.
    ///
    /// # Errors
    /// As for [`Call::send`].
    pub async fn wait(mut self) -> Result<R::Reply, Error> {
        let result = self.sent.reply().await;
        self.sent.decode(result)
    }
}

sent!(Instant);

impl Sent {
    /// The reply as it is.
    pub(super) async fn reply(&mut self) -> Result<Reply, Error> {
        // Of many that are waited for in turn most have ended by then, and need no timer.
        let mut timer = pin!(None);
        let in_time = poll_fn(|cx| {
            if let Poll::Ready(result) = self.poll_result(cx) {
                return Poll::Ready(Some(result));
            }
            if timer.is_none() {
                timer.set(Some(sleep_until(self.deadline)));
            }
            match timer.as_mut().as_pin_mut() {
                Some(timer) => timer.poll(cx).map(|()| None),
                None => Poll::Pending,
            }
        });
        if let Some(result) = in_time.await {
            return result;
        }
        if self.may_be_answered()
            && let Ok(result) = timeout(GRACE, poll_fn(|cx| self.poll_result(cx))).await
        {
            return result;
        }
        self.give_up()
    }

    pub(super) fn may_be_answered(&self) -> bool {
        let mut state = self.shared.connection.lock();
        state.session.may_be_answered(self.id)
    }

    pub(super) fn poll_result(&mut self, cx: &mut Context<'_>) -> Poll<Result<Reply, Error>> {
        let result = ready!(self.shared.connection.poll_result(self.id, cx));
        self.over = true;
        Poll::Ready(result)
    }

    /// What the deadline makes of it.
    pub(super) fn give_up(&self) -> Result<Reply, Error> {
        let result = self.shared.connection.give_up(self.id);
        result.map_err(|error| error.of(self.name.clone()))
    }

    pub(super) fn decode<T: Decode>(&self, result: Result<Reply, Error>) -> Result<T, Error> {
        let reply = result?;
        reply
            .decode()
            .map_err(|error| Error::decode(error, reply.text()).of(self.name.clone()))
    }

    pub(super) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind).of(self.name.clone())
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        if !self.over {
            self.shared.connection.forget(self.id);
        }
    }
}

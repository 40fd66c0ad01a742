//! One call.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Client;
use super::client::Shared;
use super::connection::{Interest, Late, after};
use crate::error::Error;
use crate::flavours::{call_methods, sent};
use crate::session::client::{CallId, Forgotten, Outgoing, Reply, Request, Sending};
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
    /// When the server answers with an error, or does not answer in time or at all: see [`ErrorKind`](crate::ErrorKind).
    pub fn send(self) -> Result<R::Reply, Error> {
        let connection = &self.client.0.connection;
        let deadline = after(self.time());
        let name = self.command.name();
        let id = connection.request(&self.command, self.sending)?;
        decode(connection.finish(id, deadline, &name), &name)
    }

    /// Sends it, as far as possible without waiting, and does not wait for the reply. So one thread can have many commands
    /// under way. Only where another thread is waiting for something from the server does it wait until all is written.
    ///
    /// # Errors
    /// When it cannot be sent at all.
    pub fn start(self) -> Result<Pending<R>, Error> {
        let pending = self.queue()?;
        let Sent {
            shared, deadline, ..
        } = &pending.sent;
        shared.connection.flush(*deadline);
        Ok(pending)
    }

    /// Has it sent together with the next command that is [started](Self::start) or sent, and at the latest as soon as somebody
    /// waits for something from the server, such as this reply. Many commands are one system call then instead of as many.
    ///
    /// ```no_run
    /// # #[cfg(all(unix, feature = "qmp"))]
    /// # fn example() -> Result<(), qapi_rt::Error> {
    /// use qapi_rt::blocking::Client;
    /// use qapi_rt::qmp::commands::QomGet;
    ///
    /// let client = Client::connect_unix("/run/vm/qmp.sock")?;
    /// let mut pending = Vec::new();
    /// for path in ["/machine/peripheral/net0", "/machine/peripheral/net1"] {
    ///     pending.push(client.call(QomGet::new(path, "type")).queue()?);
    /// }
    /// for kind in pending {
    ///     println!("{}", kind.wait()?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When it cannot be sent at all.
    pub fn queue(self) -> Result<Pending<R>, Error> {
        let deadline = after(self.time());
        let sent = Sent::new(self.client, &self.command, self.sending, deadline)?;
        Ok(Pending {
            sent,
            kind: PhantomData,
        })
    }
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
    pub fn wait(mut self) -> Result<R::Reply, Error> {
        decode(self.sent.reply(), &self.sent.name)
    }

    /// Waits for the reply for some time, which ends with the call's deadline if that comes first.
    ///
    /// # Errors
    /// The call itself, to go on with, if there is no reply yet.
    pub fn wait_for(mut self, time: Duration) -> Result<Result<R::Reply, Error>, Self> {
        match self.sent.reply_within(time) {
            Some(result) => Ok(decode(result, &self.sent.name)),
            None => Err(self),
        }
    }

    /// Gives the call up, as dropping it does, and says whether the server may execute it nevertheless. If it was not sent yet
    /// it never will be.
    #[must_use = "whether it may be executed"]
    pub fn give_up(self) -> bool {
        self.sent.forget() != Forgotten::Withdrawn
    }
}

sent!(Instant);

impl Sent {
    /// The reply as it is.
    pub(super) fn reply(&mut self) -> Result<Reply, Error> {
        // Given up, it needs nothing more either.
        self.over = true;
        let connection = &self.shared.connection;
        connection.finish(self.id, self.deadline, &self.name)
    }

    /// The reply if it comes within that time, or what there is instead at the call's deadline.
    fn reply_within(&mut self, time: Duration) -> Option<Result<Reply, Error>> {
        let interest = Interest {
            call: Some(self.id),
            events: false,
        };
        let until = after(time).min(self.deadline);
        let connection = &self.shared.connection;
        match connection.drive(Some(until), interest, |state| state.take_result(self.id)) {
            Ok(result) => {
                self.over = true;
                Some(result)
            }
            Err(Late) if until < self.deadline => None,
            Err(Late) => Some(self.reply()),
        }
    }

    fn forget(&self) -> Forgotten {
        self.shared.connection.lock().forget(self.id)
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        if !self.over {
            self.forget();
        }
    }
}

pub(super) fn decode<T: Decode>(result: Result<Reply, Error>, name: &str) -> Result<T, Error> {
    let reply = result?;
    reply
        .decode()
        .map_err(|error| Error::decode(error, reply.text()).of(name.to_owned()))
}

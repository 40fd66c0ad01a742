//! Services: implementations of the generated traits.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::dispatch::{Dispatch, Found, IntoReply, Outcome, encode};
use super::{Call, Control, Result, compat};
use crate::types::codec::object;
use crate::types::message::Raw;
use crate::types::{Command, CommandInfo, ErrorReply};

/// What a method of a service trait returns if it is left out.
///
/// A method that returns it says that the command is not there; it is never polled.
pub struct NotImplemented<T>(PhantomData<fn() -> T>);

impl<T> NotImplemented<T> {
    /// The command is not there.
    #[must_use]
    #[inline]
    #[expect(
        clippy::new_without_default,
        reason = "there is nothing to be had by default"
    )]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> std::fmt::Debug for NotImplemented<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NotImplemented")
    }
}

impl<T> Future for NotImplemented<Result<T>> {
    type Output = Result<T>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<T>> {
        Poll::Ready(Err(ErrorReply::generic("The command is not implemented")))
    }
}

/// Whether a method of a service was written: the future of one that was left out has no size.
pub const fn is_implemented<'a, S: 'a, A, F>(_: &impl Fn(&'a S, &'a Call, A) -> F) -> bool {
    size_of::<F>() != 0
}

type Start<P, A> = fn(P, Call, Option<Raw<'_>>) -> Result<A>;

struct Method<P, A> {
    info: CommandInfo,
    start: Start<P, A>,
}

/// The methods that a service implements; what generated code makes a [`Served`] from.
pub struct Methods<P, A> {
    schema: &'static str,
    methods: Vec<Method<P, A>>,
}

impl<P, A> Methods<P, A> {
    /// None of this schema's yet.
    #[must_use]
    pub fn new(schema: &'static str) -> Self {
        let methods = Vec::new();
        Self { schema, methods }
    }

    /// Adds a method.
    #[inline]
    pub fn add<C: Command>(&mut self, start: Start<P, A>) {
        self.push(info::<C>(), start);
    }

    #[inline(never)]
    fn push(&mut self, info: CommandInfo, start: Start<P, A>) {
        self.methods.push(Method { info, start });
    }

    /// A service with these methods.
    pub fn serve(mut self, service: P, events: &'static [&'static str]) -> Served<P, A> {
        self.methods.sort_unstable_by_key(|method| method.info.name);
        Served {
            service,
            schema: self.schema,
            events,
            methods: self.methods,
        }
    }
}

/// What a command's type says of it.
pub(super) const fn info<C: Command>() -> CommandInfo {
    let mut info = CommandInfo::new(C::NAME).features(C::FEATURES);
    info.allow_oob = C::ALLOW_OOB;
    info.allow_preconfig = C::ALLOW_PRECONFIG;
    info.success_response = C::SUCCESS_RESPONSE;
    info
}

/// A service that a server can drive. `P` is a pointer to it, `A` a command that was started.
///
/// Made by the function `serve` beside the service trait.
pub struct Served<P, A> {
    service: P,
    schema: &'static str,
    events: &'static [&'static str],
    methods: Vec<Method<P, A>>,
}

impl<P, A> std::fmt::Debug for Served<P, A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.methods.iter().map(|method| method.info.name);
        f.debug_list().entries(names).finish()
    }
}

impl<P, A> std::fmt::Debug for Methods<P, A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.methods.iter().map(|method| method.info.name);
        f.debug_list().entries(names).finish()
    }
}

impl<P: Clone + 'static, A: Future<Output = Outcome> + Unpin + 'static> Dispatch for Served<P, A> {
    type Answer = A;

    fn commands(&self) -> Vec<CommandInfo> {
        self.methods.iter().map(|method| method.info).collect()
    }

    fn events(&self) -> Vec<&str> {
        self.events.to_vec()
    }

    fn schemas(&self) -> Vec<&str> {
        vec![self.schema]
    }

    fn find(&self, name: &str) -> Option<Found> {
        let found = self
            .methods
            .binary_search_by_key(&name, |method| method.info.name);
        let index = found.ok()?;
        let info = self.methods[index].info;
        Some(Found { index, info })
    }

    fn start(&self, index: usize, call: Call, arguments: Option<Raw<'_>>) -> Result<A> {
        match self.methods.get(index) {
            Some(method) => (method.start)(self.service.clone(), call, arguments),
            None => Err(ErrorReply::command_not_found(call.command())),
        }
    }
}

/// Decodes arguments completely, strictly unless the server is lenient, and holds them against its policy.
///
/// # Errors
/// What is wrong with them, in QEMU's words.
pub fn arguments<C: Command>(call: &Call, arguments: Option<Raw<'_>>) -> Result<C> {
    let arguments = arguments.unwrap_or(Raw::from_text("{}"));
    let mut reader = arguments.reader(call.mode()).of_release(call.release());
    let decoded: C = object(&mut reader)?;
    compat::check(call.control(), |w| decoded.put(w))?;
    Ok(decoded)
}

/// What becomes of what a handler returned.
///
/// # Errors
/// What it returned, or that JSON cannot express the reply.
pub fn outcome<C: Command, R: IntoReply<C::Reply>>(control: &Control, reply: Result<R>) -> Outcome {
    encode(&reply?.into_reply(), compat::hidden(control.policy()))
}

/// Collects what a service implements. Generated code uses it.
#[doc(hidden)]
#[macro_export]
macro_rules! methods {
    ($schema:expr, $s:ident as $service:ident, $methods:ty; $($(#[$attribute:meta])* $method:ident: $command:ty;)*) => {{
        #[allow(unused_mut)]
        let mut methods = <$methods>::new($schema);
        $(
            $(#[$attribute])*
            if const { $crate::service::generated::is_implemented(&<$s as $service>::$method) } {
                methods.add::<$command>(|service, call, arguments| {
                    let arguments =
                        $crate::service::generated::arguments::<$command>(&call, arguments)?;
                    ::core::result::Result::Ok(::std::boxed::Box::pin(async move {
                        let reply = <$s as $service>::$method(&service, &call, arguments).await;
                        $crate::service::generated::outcome::<$command, _>(call.control(), reply)
                    }))
                });
            }
        )*
        methods
    }};
}

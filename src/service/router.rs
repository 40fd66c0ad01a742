//! Routers: a handful of commands, each with its handler.

use std::fmt;
use std::future::Future;

use super::dispatch::{Answer, Dispatch, Found, IntoReply, encode_reply};
use super::served::{arguments as arguments_of, info, outcome};
use super::{Call, Result};
use crate::types::message::{Raw, decode_object};
use crate::types::{Command, CommandInfo, ErrorReply, Event, Object, Value};

type Start = Box<dyn Fn(Call, Option<Raw<'_>>) -> Result<Answer> + Send + Sync>;

struct Route {
    info: CommandInfo,
    start: Start,
}

/// The index of whatever has no route.
const FALLBACK: usize = usize::MAX;

/// A few commands, each with a handler of its own, without a trait that has them all.
///
/// ```
/// # #[cfg(feature = "qmp")] {
/// use qapi_rt::qmp::{RunState, StatusInfo, commands};
/// use qapi_rt::service::Router;
///
/// let router = Router::new()
///     .on(|_, _: commands::QueryStatus| async { Ok(StatusInfo::new(true, RunState::Running)) })
///     .on(|call, _: commands::Stop| async move {
///         call.emit(&qapi_rt::qmp::events::Stop::new());
///         Ok(())
///     });
/// # drop(router);
/// # }
/// ```
#[derive(Default)]
pub struct Router {
    /// Sorted by name.
    routes: Vec<Route>,
    rest: Option<Box<dyn Dispatch<Answer = Answer> + Send + Sync>>,
    fallback: Option<Start>,
    events: Vec<&'static str>,
    schema: Option<&'static str>,
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.routes.iter().map(|route| route.info.name);
        f.debug_list().entries(names).finish()
    }
}

impl Router {
    /// Without any command.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Has a command handled. What is wrong with its arguments is found before the handler is called. A later handler of
    /// the same command takes the place of an earlier one.
    #[must_use]
    pub fn on<C, R, F, H>(self, handler: H) -> Self
    where
        C: Command + Send + 'static,
        R: IntoReply<C::Reply>,
        F: Future<Output = Result<R>> + Send + 'static,
        H: Fn(Call, C) -> F + Send + Sync + 'static,
    {
        self.route(info::<C>(), move |call, arguments| {
            let control = call.control().clone();
            let future = {
                let arguments = arguments_of::<C>(&call, arguments)?;
                handler(call, arguments)
            };
            Ok(Box::pin(
                async move { outcome::<C, R>(&control, future.await) },
            ))
        })
    }

    /// Has a command handled that no schema describes, or whose arguments and reply are looked at as JSON.
    #[must_use]
    pub fn on_raw<F, H>(self, name: &'static str, handler: H) -> Self
    where
        F: Future<Output = Result<Value>> + Send + 'static,
        H: Fn(Call, Object) -> F + Send + Sync + 'static,
    {
        self.route(CommandInfo::new(name), raw(handler))
    }

    /// Handles every command that has no handler. Clients are not told of those.
    #[must_use]
    pub fn fallback<F, H>(mut self, handler: H) -> Self
    where
        F: Future<Output = Result<Value>> + Send + 'static,
        H: Fn(Call, Object) -> F + Send + Sync + 'static,
    {
        self.fallback = Some(Box::new(raw(handler)));
        self
    }

    /// Leaves the commands that have no handler here to a service, or another router. Clients are told of both by one
    /// schema.
    #[must_use]
    pub fn otherwise<D>(mut self, rest: D) -> Self
    where
        D: Dispatch<Answer = Answer> + Send + Sync,
    {
        self.rest = Some(Box::new(rest));
        self
    }

    /// Tells clients that ask for the schema of this event, which has to be in it: see [`schema`](Self::schema). In a debug build
    /// a server panics that is made with one that is not.
    #[must_use]
    pub fn event<E: Event>(mut self) -> Self {
        self.events.push(E::NAME);
        self
    }

    /// Gives the schema that describes these commands, and perhaps others: the constant `INTROSPECTION` of a generated
    /// module.
    #[must_use]
    pub fn schema(mut self, introspection: &'static str) -> Self {
        self.schema = Some(introspection);
        self
    }

    fn route(
        mut self,
        info: CommandInfo,
        start: impl Fn(Call, Option<Raw<'_>>) -> Result<Answer> + Send + Sync + 'static,
    ) -> Self {
        let start = Box::new(start);
        let route = Route { info, start };
        match self.position(info.name) {
            Ok(index) => self.routes[index] = route,
            Err(index) => self.routes.insert(index, route),
        }
        self
    }

    fn position(&self, name: &str) -> std::result::Result<usize, usize> {
        self.routes
            .binary_search_by_key(&name, |route| route.info.name)
    }
}

fn raw<F, H>(handler: H) -> impl Fn(Call, Option<Raw<'_>>) -> Result<Answer> + Send + Sync
where
    F: Future<Output = Result<Value>> + Send + 'static,
    H: Fn(Call, Object) -> F + Send + Sync + 'static,
{
    move |call, arguments| {
        let future = handler(call, decode_object(arguments)?);
        Ok(Box::pin(async move { encode_reply(&future.await?) }))
    }
}

impl Dispatch for Router {
    type Answer = Answer;

    fn commands(&self) -> Vec<CommandInfo> {
        let mut commands: Vec<_> = self.routes.iter().map(|route| route.info).collect();
        let rest = self.rest.iter().flat_map(|rest| rest.commands());
        commands.extend(rest.filter(|info| self.position(info.name).is_err()));
        commands.sort_unstable_by_key(|info| info.name);
        commands
    }

    fn events(&self) -> Vec<&str> {
        let mut events = self.events.clone();
        events.extend(self.rest.iter().flat_map(|rest| rest.events()));
        events
    }

    fn schemas(&self) -> Vec<&str> {
        let rest = self.rest.iter().flat_map(|rest| rest.schemas());
        self.schema.into_iter().chain(rest).collect()
    }

    fn find(&self, name: &str) -> Option<Found> {
        if let Ok(index) = self.position(name) {
            let info = self.routes[index].info;
            return Some(Found { index, info });
        }
        if let Some(found) = self.rest.as_ref().and_then(|rest| rest.find(name)) {
            let index = found.index.saturating_add(self.routes.len());
            return Some(Found { index, ..found });
        }
        let info = CommandInfo::new("").allow_preconfig();
        self.fallback.as_ref().map(|_| Found {
            index: FALLBACK,
            info,
        })
    }

    fn start(&self, index: usize, call: Call, arguments: Option<Raw<'_>>) -> Result<Answer> {
        if let Some(route) = self.routes.get(index) {
            return (route.start)(call, arguments);
        }
        match (index, &self.fallback, &self.rest) {
            (FALLBACK, Some(start), _) => start(call, arguments),
            (_, _, Some(rest)) => rest.start(index - self.routes.len(), call, arguments),
            _ => Err(ErrorReply::command_not_found(call.command())),
        }
    }
}

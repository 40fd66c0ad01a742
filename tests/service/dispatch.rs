//! What services and routers do with commands, without a server.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use qapi_rt::service::{
    Call, Client, Control, Dispatch, NotImplemented, Outcome, Result, Router, deferred,
};
use qapi_rt::types::message::Raw;
use qapi_rt::types::{ErrorClass, ErrorReply, Value};

use super::generated::service::{self, Service_ as Service, Status, commands};
use super::generated::service_local;

struct Thing;

impl Service for Thing {
    async fn query_status(&self, _: &Call, _: commands::QueryStatus) -> Result<Status> {
        Ok(Status::new(true))
    }

    async fn rename(&self, _: &Call, arguments: commands::Rename) -> Result<()> {
        match arguments.0.name.as_str() {
            "" => Err(ErrorReply::new(ErrorClass::DeviceNotFound, "no name")),
            _ => Ok(()),
        }
    }

    async fn get_number(&self, _: &Call, _: commands::GetNumber) -> Result<f64> {
        Ok(f64::NAN)
    }

    fn stop(&self, _: &Call, _: commands::Stop) -> impl Future<Output = Result<()>> + Send {
        NotImplemented::new()
    }

    async fn device_add(&self, _: &Call, arguments: commands::DeviceAdd) -> Result<()> {
        Err(ErrorReply::generic(format!("no {}", arguments.driver)))
    }
}

fn call(command: &'static str) -> Call {
    Call::new(command, Arc::new(Client::new(1, None, Control::new())))
}

fn poll<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Executes a command that has nothing to wait for.
fn execute<D: Dispatch>(dispatch: &D, name: &'static str, arguments: &str) -> Outcome {
    let found = dispatch.find(name).expect("the command is there");
    let answer = dispatch.start(found.index, call(name), Some(Raw::from_text(arguments)))?;
    match poll(answer) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("{name} waits"),
    }
}

fn names<D: Dispatch>(dispatch: &D) -> Vec<&'static str> {
    let commands = dispatch.commands();
    commands.iter().map(|info| info.name).collect()
}

#[test]
fn what_is_not_written_is_not_there() {
    let served = service::serve(Arc::new(Thing));
    assert_eq!(
        names(&served),
        ["device-add", "get-number", "query-status", "rename"]
    );
    // Its method says so.
    assert_eq!(served.find("stop"), None);
    assert_eq!(served.find("clone"), None);
    let found = served.find("query-status").unwrap();
    assert!(found.info.allow_preconfig && !found.info.allow_oob);
    assert!(!served.find("device-add").unwrap().info.success_response);
}

#[test]
fn replies_and_errors_are_those_of_the_handler() {
    let served = service::serve(Arc::new(Thing));
    let execute = |name, arguments| execute(&served, name, arguments);
    let status = execute("query-status", "{}").unwrap();
    assert_eq!(status, br#"{"running": true}"#);
    assert_eq!(execute("rename", r#"{"name": "a"}"#).unwrap(), b"{}");
    let error = execute("rename", r#"{"name": ""}"#).unwrap_err();
    assert_eq!(error.class, ErrorClass::DeviceNotFound);
    let error = execute("device-add", r#"{"driver": "pc", "free": [1]}"#).unwrap_err();
    assert_eq!(error.desc, "no pc");
}

#[test]
fn a_reply_that_json_cannot_express_is_an_error() {
    let served = service::serve(Arc::new(Thing));
    let error = execute(&served, "get-number", "{}").unwrap_err();
    assert_eq!(error.class, ErrorClass::GenericError);
}

#[test]
fn arguments_are_checked_before_the_handler_begins() {
    let served = service::serve(Arc::new(Thing));
    let found = served.find("rename").unwrap();
    for (arguments, desc) in [
        ("{}", "Parameter 'name' is missing"),
        (
            r#"{"name": 1}"#,
            "Invalid parameter type for 'name', expected: string",
        ),
        (r#"{"name": "", "x": 1}"#, "Parameter 'x' is unexpected"),
    ] {
        let raw = Some(Raw::from_text(arguments));
        let started = served.start(found.index, call("rename"), raw);
        assert_eq!(started.err().map(|error| error.desc).as_deref(), Some(desc));
    }
}

struct Counter(Cell<u32>);

impl service_local::Service for Counter {
    async fn query_status(
        &self,
        _: &Call,
        _: service_local::commands::QueryStatus,
    ) -> Result<service_local::Status> {
        self.0.set(self.0.get() + 1);
        Ok(service_local::Status::new(self.0.get() > 1))
    }
}

#[test]
fn a_service_may_stay_on_its_thread() {
    let counter = Rc::new(Counter(Cell::new(0)));
    let served = service_local::serve(Rc::clone(&counter));
    assert_eq!(names(&served), ["query-status"]);
    let first = execute(&served, "query-status", "{}").unwrap();
    let second = execute(&served, "query-status", "{}").unwrap();
    assert_eq!(first, br#"{"running": false}"#);
    assert_eq!(second, br#"{"running": true}"#);
    assert_eq!(counter.0.get(), 2);
}

#[test]
fn a_router_asks_its_own_handlers_first() {
    let router = Router::new()
        .on(|_, _: commands::QueryStatus| async { Ok(Status::new(false)) })
        .on_raw("x-echo", |_, arguments| async {
            Ok(Value::Object(arguments))
        })
        .otherwise(service::serve(Arc::new(Thing)));
    assert_eq!(
        names(&router),
        [
            "device-add",
            "get-number",
            "query-status",
            "rename",
            "x-echo"
        ]
    );
    let execute = |name, arguments| execute(&router, name, arguments);
    let status = execute("query-status", "{}").unwrap();
    assert_eq!(status, br#"{"running": false}"#);
    assert_eq!(execute("rename", r#"{"name": "a"}"#).unwrap(), b"{}");
    let echo = execute("x-echo", r#"{"a": [null, 1.5]}"#).unwrap();
    assert_eq!(echo, br#"{"a": [null, 1.5]}"#);
    assert_eq!(router.find("nope"), None);
}

#[test]
fn a_router_may_take_whatever_comes() {
    let router = Router::new()
        .on(|_, _: commands::Stop| async { Ok(()) })
        .fallback(|call: Call, _| async move { Ok(Value::from(call.command())) });
    assert_eq!(names(&router), ["stop"]);
    assert_eq!(execute(&router, "stop", "{}").unwrap(), b"{}");
    assert_eq!(execute(&router, "nope", "{}").unwrap(), br#""nope""#);
}

#[test]
fn a_deferred_reply_comes_when_it_is_completed() {
    let (completer, reply) = deferred();
    let mut reply = pin!(reply);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(reply.as_mut().poll(&mut cx).is_pending());
    completer.complete(Ok(5));
    assert_eq!(reply.as_mut().poll(&mut cx), Poll::Ready(Ok(5)));
}

#[test]
fn a_deferred_reply_that_nobody_gives_is_an_error() {
    let (completer, reply) = deferred::<()>();
    drop(completer);
    let expected = ErrorReply::generic("The command was abandoned");
    assert_eq!(poll(reply), Poll::Ready(Err(expected)));

    let (completer, reply) = deferred::<()>();
    assert!(!completer.is_abandoned());
    drop(reply);
    assert!(completer.is_abandoned());
}

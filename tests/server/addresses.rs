//! Servers and clients of both flavours at every kind of address.

use std::net::TcpListener;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;

use qapi_rt::server::{Listener, Options, Server};
use qapi_rt::service::Router;
use qapi_rt::types::Value;
use qapi_rt::{Address, Client, blocking};

fn router() -> Router {
    Router::new().fallback(|_, _| async { Ok(Value::from("done")) })
}

/// Where to listen and, if that is another address, where to connect.
fn addresses(test: &str) -> Vec<(Address, Address)> {
    let path = |name: &str| {
        let name = format!("qapi-{test}-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_file(&path);
        path
    };
    let unix = Address::Unix(path("unix"));
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let any = format!("tcp::{}", free.port()).parse().unwrap();
    let local = format!("localhost:{}", free.port()).parse().unwrap();
    // Inherited by the process, as far as can be seen.
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = tcp.local_addr().unwrap().into();
    let inherited = path("inherited");
    let socket = UnixListener::bind(&inherited).unwrap();
    let fds = (tcp.as_raw_fd(), socket.as_raw_fd());
    std::mem::forget((tcp, socket));
    let name = Address::Abstract(format!("qapi-{test}-{}", std::process::id()));
    vec![
        (unix.clone(), unix),
        (name.clone(), name),
        (any, local),
        (Address::Fd(fds.0), port),
        (Address::Fd(fds.1), Address::Unix(inherited)),
    ]
}

#[tokio::test]
async fn every_kind_of_address() {
    for (here, there) in addresses("tokio") {
        let server = Server::new(router(), Options::qmp());
        server.listen(Listener::bind(&here).unwrap()).unwrap();
        let client = Client::connect(&there).await.unwrap();
        let reply = client.execute_raw("x", Value::Null).await.unwrap();
        assert_eq!(reply, "done", "{here}");
        let reply = tokio::task::spawn_blocking(move || {
            let client = blocking::Client::connect(&there).unwrap();
            client.execute_raw("x", Value::Null).unwrap()
        });
        assert_eq!(reply.await.unwrap(), "done", "{here}");
    }
}

#[test]
fn every_kind_of_address_blocking() {
    for (here, there) in addresses("blocking") {
        let mut server = qapi_rt::server::blocking::Server::new(router(), Options::qmp()).unwrap();
        server.listen(Listener::bind(&here).unwrap()).unwrap();
        let control = server.control().clone();
        let server = thread::spawn(move || server.run());
        let client = blocking::Client::connect(&there).unwrap();
        assert_eq!(
            client.execute_raw("x", Value::Null).unwrap(),
            "done",
            "{here}"
        );
        control.shut_down();
        server.join().unwrap().unwrap();
    }
}

/// Descriptors pass over the one that is connected already.
#[tokio::test]
async fn an_inherited_connection() {
    let server = Server::new(
        Router::new().fallback(|call, _| {
            let taken = call.take_fd().is_some();
            async move { Ok(Value::from(taken)) }
        }),
        Options::qmp(),
    );
    let ours = server.connect().unwrap().into_std().unwrap();
    let address = Address::Fd(ours.as_raw_fd());
    let client = Client::connect(&address).await.unwrap();
    let command = qapi_rt::session::client::RawCommand::new("getfd");
    let reply = client.execute_with_fds(command.clone(), [UnixStream::pair().unwrap().0]);
    assert_eq!(reply.await.unwrap(), Value::from(true));
    drop(client);

    let ours = server.connect().unwrap().into_std().unwrap();
    let address = Address::Fd(ours.as_raw_fd());
    let reply = tokio::task::spawn_blocking(move || {
        let client = blocking::Client::connect(&address).unwrap();
        client.execute_with_fds(command, [UnixStream::pair().unwrap().0])
    });
    assert_eq!(reply.await.unwrap().unwrap(), Value::from(true));
}

#[test]
fn what_is_no_socket() {
    let file = std::fs::File::open("/dev/null").unwrap();
    for (number, expected) in [
        (file.as_raw_fd(), "Socket operation on non-socket"),
        (1_000_000, "Bad file descriptor"),
    ] {
        let error = Listener::bind(&Address::Fd(number)).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
        let error = blocking::Client::connect(&Address::Fd(number)).unwrap_err();
        let expected = format!("fd:{number}: connecting: {expected}");
        assert!(error.to_string().starts_with(&expected), "{error}");
    }
}

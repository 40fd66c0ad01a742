//! Where clients connect.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use qapi_rt::qmp::{RunState, StatusInfo, commands};
use qapi_rt::server::{Listener, Options};
use qapi_rt::service::Router;
use serde_json::json;

use super::support::{Client, Kind, both, start};

/// A directory of this test's own, removed when dropped.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        let name = format!("qapi-rt-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn socket(&self) -> PathBuf {
        self.0.join("qmp.sock")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn router() -> Router {
    Router::new()
        .on(|_, _: commands::QueryStatus| async { Ok(StatusInfo::new(true, RunState::Running)) })
}

#[test]
fn a_socket_is_private_and_removed() {
    let directory = Directory::new();
    let path = directory.socket();
    let listener = Listener::unix(&path).unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    drop(listener);
    assert!(!path.exists());
}

#[test]
fn a_socket_of_somebody_else_is_left_alone() {
    let directory = Directory::new();
    let path = directory.socket();
    let ours = Listener::unix(&path).unwrap();
    let error = Listener::unix(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    assert!(path.exists());
    // Somebody puts another one in its place.
    std::fs::remove_file(&path).unwrap();
    let theirs = UnixListener::bind(&path).unwrap();
    drop(ours);
    assert!(UnixStream::connect(&path).is_ok());
    drop(theirs);
}

#[test]
fn an_abandoned_socket_is_taken_over() {
    let directory = Directory::new();
    let path = directory.socket();
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    drop(Listener::unix(&path).unwrap());
    assert!(!path.exists());
}

#[test]
fn a_file_is_not_taken_over() {
    let directory = Directory::new();
    let path = directory.socket();
    std::fs::write(&path, "text").unwrap();
    let error = Listener::unix(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "text");
}

both! {
    several_monitors_of_several_kinds(kind) {
        let directory = Directory::new();
        let pretty = directory.0.join("pretty.sock");
        let tcp = Listener::tcp("127.0.0.1:0").unwrap();
        let address = tcp.local_addr().unwrap();
        let listeners = vec![
            Listener::unix(directory.socket()).unwrap().oob(false),
            Listener::unix(&pretty).unwrap().pretty(true),
            tcp,
        ];
        let server = start(kind, router(), Options::qmp(), listeners, 0);
        let mut plain = Client::new(UnixStream::connect(directory.socket()).unwrap());
        assert_eq!(plain.message()["QMP"]["capabilities"], json!([]));
        let mut pretty = Client::new(UnixStream::connect(pretty).unwrap());
        assert_eq!(pretty.line().unwrap(), b"{");
        assert_eq!(pretty.line().unwrap(), br#"    "QMP": {"#);
        let stream = TcpStream::connect(address).unwrap();
        let mut tcp = Client::new(UnixStream::from(OwnedFd::from(stream)));
        tcp.negotiate();
        assert_eq!(tcp.call("{'execute': 'query-status'}")["return"]["running"], true);
        drop(server);
        assert!(!directory.socket().exists());
    }

    a_second_client_waits_where_one_is_served_at_a_time(kind) {
        let directory = Directory::new();
        let path = directory.socket();
        let listener = Listener::unix(&path).unwrap().one_at_a_time(true);
        let server = start(kind, router(), Options::qmp(), vec![listener], 1);
        let mut first = Client::new(UnixStream::connect(&path).unwrap());
        first.negotiate();
        let second = Client::new(UnixStream::connect(&path).unwrap());
        // Another monitor's client is served meanwhile, and after that the first one still.
        server.client();
        assert_eq!(first.call("{'execute': 'query-status'}")["return"]["running"], true);
        second.stream.set_nonblocking(true).unwrap();
        let waits = second.stream.peek_nothing();
        assert!(waits);
        second.stream.set_nonblocking(false).unwrap();
        drop(first);
        let mut second = second;
        second.negotiate();
    }
}

trait Peek {
    fn peek_nothing(&self) -> bool;
}

impl Peek for UnixStream {
    /// Whether nothing can be read at present.
    fn peek_nothing(&self) -> bool {
        use std::io::Read;
        let mut stream = self;
        stream
            .read(&mut [0])
            .is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }
}

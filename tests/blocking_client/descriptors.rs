//! Descriptors with a request that is too large for one system call.

use std::io::{IoSliceMut, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::thread::{self, JoinHandle};

use qapi_rt::session::client::RawCommand;
use qapi_rt::{Client, blocking};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg, sockopt};
use serde_json::{Value, json};

use crate::blocking_client::fake::GREETING;

/// A server that answers each request with how many descriptors came with which part of it. The stream is the client's
/// end, which takes little at once.
fn serve() -> (UnixStream, JoinHandle<Vec<OwnedFd>>) {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    sockopt::set_socket_send_buffer_size(&ours, 4096).unwrap();
    let server = thread::spawn(move || {
        theirs.write_all(GREETING.as_bytes()).unwrap();
        let (mut line, mut parts, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            let mut space = [MaybeUninit::uninit(); 256];
            let mut control = RecvAncillaryBuffer::new(&mut space);
            let mut buffer = [0; 1024];
            let mut bytes = [IoSliceMut::new(&mut buffer)];
            let received = recvmsg(&theirs, &mut bytes, &mut control, RecvFlags::empty());
            let count = received.unwrap().bytes;
            if count == 0 {
                return kept;
            }
            let before = kept.len();
            for message in control.drain() {
                if let RecvAncillaryMessage::ScmRights(fds) = message {
                    kept.extend(fds);
                }
            }
            parts.push(kept.len() - before);
            line.extend_from_slice(&buffer[..count]);
            if line.ends_with(b"\n") {
                let request: Value = serde_json::from_slice(&line).unwrap();
                let mut reply = json!({"return": parts});
                if let Some(id) = request.get("id") {
                    reply["id"] = id.clone();
                }
                // At once: with the whole reply, the client may go.
                theirs.write_all(format!("{reply}\n").as_bytes()).unwrap();
                line.clear();
                parts.clear();
            }
        }
    });
    (ours, server)
}

/// A request of a megabyte.
fn large() -> RawCommand {
    RawCommand::with("x-large", json!({"text": "x".repeat(1 << 20)})).unwrap()
}

/// The end of a pipe that has something in it.
fn file() -> OwnedFd {
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(b"its contents").unwrap();
    reader.into()
}

/// They came with the first part and none came with others; it is the file that was sent, and there is only one of it.
#[track_caller]
fn check(first: &Value, second: &Value, server: JoinHandle<Vec<OwnedFd>>) {
    let first: Vec<_> = first.as_array().unwrap().iter().collect();
    assert!(first.len() > 1, "{first:?}");
    assert_eq!(first[0], 2);
    assert!(first[1..].iter().all(|count| **count == 0), "{first:?}");
    assert_eq!(*second, json!([0]));
    let kept = server.join().unwrap();
    assert_eq!(kept.len(), 2);
    let mut text = String::new();
    let file = kept.into_iter().next().unwrap();
    std::fs::File::from(file).read_to_string(&mut text).unwrap();
    assert_eq!(text, "its contents");
}

#[test]
fn blocking() {
    let (stream, server) = serve();
    let client = blocking::Client::builder().over_unix(stream).unwrap();
    let first = client.execute_with_fds(large(), [file(), file()]).unwrap();
    let second = client.execute(RawCommand::new("x-small")).unwrap();
    drop(client);
    check(&first, &second, server);
}

#[tokio::test]
async fn on_tokio() {
    let (stream, server) = serve();
    stream.set_nonblocking(true).unwrap();
    let stream = tokio::net::UnixStream::from_std(stream).unwrap();
    let client = Client::builder().over_unix(stream).await.unwrap();
    let call = client.execute_with_fds(large(), [file(), file()]);
    let first = call.await.unwrap();
    let second = client.execute(RawCommand::new("x-small")).await.unwrap();
    drop(client);
    tokio::task::spawn_blocking(move || check(&first, &second, server))
        .await
        .unwrap();
}

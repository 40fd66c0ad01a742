//! File descriptors that are sent with commands.

use std::io::{IoSliceMut, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;

use qapi_rt::Client;
use qapi_rt::qmp::commands;
use qapi_rt::session::client::RawCommand;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use serde_json::Value;
use tokio::io::AsyncReadExt as _;

use crate::tokio_client::server::{GREETING, Peer, connected};

/// Descriptors arrive with the first byte of their own request.
#[tokio::test]
async fn descriptors_go_with_their_request() {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    let ours = tokio::net::UnixStream::from_std(ours).unwrap();
    let server = std::thread::spawn(move || {
        let mut server = theirs;
        server.write_all(GREETING.as_bytes()).unwrap();
        let mut received = Vec::new();
        let mut seen = String::new();
        while received.len() < 4 {
            let mut space = [MaybeUninit::uninit(); 256];
            let mut control = RecvAncillaryBuffer::new(&mut space);
            let mut buffer = [0; 1024];
            let count = recvmsg(
                &server,
                &mut [IoSliceMut::new(&mut buffer)],
                &mut control,
                RecvFlags::empty(),
            )
            .unwrap()
            .bytes;
            let text = std::str::from_utf8(&buffer[..count]).unwrap();
            let fds: Vec<OwnedFd> = control
                .drain()
                .flat_map(|message| match message {
                    RecvAncillaryMessage::ScmRights(fds) => fds.collect(),
                    _ => Vec::new(),
                })
                .collect();
            for line in text.lines() {
                let request: Value = serde_json::from_str(line).unwrap();
                let id = request
                    .get("id")
                    .map_or(String::new(), |id| format!(r#", "id": {id}"#));
                writeln!(server, r#"{{"return": {{}}{id}}}"#).unwrap();
                seen.push_str(request["execute"].as_str().unwrap());
                received.push(fds.len());
            }
        }
        (received, seen, server)
    });
    let client = Client::builder().over_unix(ours).await.unwrap();
    let pipe = || std::io::pipe().unwrap().0;
    client
        .execute_with_fds(commands::Getfd::new("a"), [pipe()])
        .await
        .unwrap();
    client
        .execute_with_fds(RawCommand::new("x"), [pipe(), pipe()])
        .await
        .unwrap();
    client.execute(RawCommand::new("y")).await.unwrap();
    let (received, seen, server) = server.join().unwrap();
    assert_eq!(received, [0, 1, 2, 0]);
    assert_eq!(seen, "qmp_capabilitiesgetfdxy");
    drop(client);
    server.set_nonblocking(true).unwrap();
    let mut server = tokio::net::UnixStream::from_std(server).unwrap();
    assert_eq!(server.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn descriptors_need_a_unix_socket() {
    let (client, _peer) = connected().await;
    let pipe = std::io::pipe().unwrap().0;
    let error = client
        .execute_with_fds(commands::Getfd::new("a"), [pipe])
        .await
        .unwrap_err();
    assert!(!error.maybe_executed() && !error.is_disconnected());
    assert!(client.closed().is_none());

    let (ours, theirs) = tokio::net::UnixStream::pair().unwrap();
    let mut peer = Peer::new(theirs);
    let (client, ()) = tokio::join!(Client::builder().over_unix(ours), peer.welcome());
    let client = client.unwrap();
    let many = (0..254).map(|_| std::fs::File::open("/dev/null").unwrap());
    let error = client
        .execute_with_fds(commands::Getfd::new("a"), many)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "getfd: 254 file descriptors at once, of at most 253"
    );
    tokio::spawn(peer.echo());
    client.execute_raw("x-hello", Value::Null).await.unwrap();
}

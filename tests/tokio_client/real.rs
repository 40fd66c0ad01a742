//! Against real servers.

use std::time::Duration;

use qapi_rt::qmp::commands::{self, BlockdevAdd, QueryStatus, QueryVersion};
use qapi_rt::qmp::{BlockdevOptions, BlockdevOptionsBranch, Event};
use qapi_rt::{Client, ErrorKind, Received};
use qapi_tests::peers::{Launch, Server, qemu, storage_daemon};
use serde_json::Value;

const MINUTE: Duration = Duration::from_secs(60);

async fn start(launch: Launch) -> (Server, Client) {
    connect(launch, Client::builder()).await
}

async fn connect(launch: Launch, builder: qapi_rt::client::Builder<'_>) -> (Server, Client) {
    let mut server = launch.start();
    let socket = server.socket();
    let client = builder
        .connect_deadline(MINUTE)
        .child(|| server.child().try_wait())
        .connect_unix(socket)
        .await
        .unwrap();
    (server, client)
}

#[tokio::test]
async fn the_storage_daemon() {
    let Some(launch) = storage_daemon() else {
        return;
    };
    let (mut server, client) = start(launch).await;
    let version = client.execute(QueryVersion::new()).await.unwrap();
    assert_eq!(version.qemu.major, client.greeting().version.qemu.major);

    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..20 {
        let client = client.clone();
        tasks.spawn(async move {
            let name = format!("node{n}");
            let null = BlockdevOptionsBranch::NullCo(Box::default());
            let add = BlockdevAdd::new(BlockdevOptions::new(null).node_name(name.as_str()));
            client.execute(add).await.unwrap();
            let nodes = client.execute(commands::QueryNamedBlockNodes::new()).await;
            let nodes = nodes.unwrap();
            assert!(
                nodes
                    .iter()
                    .any(|node| node.node_name.as_deref() == Some(&name))
            );
            client
                .execute(commands::BlockdevDel::new(name))
                .await
                .unwrap();
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    client.quit().await.unwrap();
    assert!(server.child().wait().unwrap().success());
}

#[tokio::test]
async fn what_qemu_can_do() {
    let Some(launch) = qemu("none") else { return };
    let (_server, client) = start(launch.pretty()).await;
    let capabilities = client.capabilities().await.unwrap();
    assert_eq!(
        capabilities.has("blockdev-add/arg-type/driver/^null-co"),
        Ok(true)
    );
    assert_eq!(
        capabilities.has("blockdev-add/arg-type/driver/^nullco"),
        Ok(false)
    );
    let commands = client
        .execute(commands::QueryCommands::new())
        .await
        .unwrap();
    let mut names: Vec<&str> = commands
        .iter()
        .map(|command| command.name.as_str())
        .collect();
    // It is gone after negotiation, but in the schema.
    names.push("qmp_capabilities");
    names.sort_unstable();
    names.dedup();
    let known: Vec<&str> = capabilities
        .commands()
        .map(|command| command.name())
        .collect();
    assert_eq!(known, names);
    let found = capabilities.examine(&commands::DeviceDel::new("x"));
    assert_eq!(found, []);
}

#[tokio::test]
async fn stopped_and_continued() {
    let Some(launch) = storage_daemon() else {
        return;
    };
    let (server, client) = start(launch).await;
    server.pause();
    let calls: Vec<_> = (0..3)
        .map(|_| {
            client
                .call(QueryVersion::new())
                .deadline(Duration::from_millis(50))
                .start()
                .unwrap()
        })
        .collect();
    for call in calls {
        let error = call.wait().await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Deadline { .. }));
    }
    server.resume();
    // Late replies come before this one's.
    let error = client
        .execute(commands::BlockdevDel::new("x"))
        .await
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Command(_)));
    client.execute(QueryVersion::new()).await.unwrap();
}

#[tokio::test]
async fn killed_while_it_is_asked() {
    let Some(launch) = storage_daemon() else {
        return;
    };
    let (mut server, client) = start(launch).await;
    server.pause();
    let call = client.call(QueryVersion::new()).start().unwrap();
    server.kill();
    let error = call.wait().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::OutcomeUnknown));
    let error = client.execute(QueryVersion::new()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Closed));
}

#[tokio::test]
async fn an_event_that_comes_before_the_reply() {
    let Some(launch) = qemu("none") else { return };
    let (_server, client) = start(launch).await;
    let stopped = |received: &Received<Event>| match &received.event {
        Event::Stop(_) => Some(received.timestamp),
        _ => None,
    };
    for _ in 0..10 {
        client.execute(commands::Cont::new()).await.unwrap();
        let stop = client.execute_and_wait(commands::Stop::new(), stopped, MINUTE);
        stop.await.unwrap();
    }
    assert!(!client.execute(QueryStatus::new()).await.unwrap().running);
}

/// A monitor serves one client; the second hears nothing until the first has left.
#[tokio::test]
async fn a_second_client_has_to_wait() {
    let Some(launch) = storage_daemon() else {
        return;
    };
    let (server, client) = start(launch).await;
    let second = Client::builder()
        .connect_deadline(Duration::from_millis(100))
        .connect_unix(server.socket())
        .await;
    assert!(second.unwrap_err().is_deadline());
    let waiting = tokio::spawn(Client::builder().connect_unix(server.socket()));
    client.close().await;
    let second = waiting.await.unwrap().unwrap();
    second
        .execute_raw("query-version", Value::Null)
        .await
        .unwrap();
}

/// Out-of-band commands are executed while an in-band one of the other monitor is stuck. Here they only have to work.
#[tokio::test]
async fn out_of_band() {
    let Some(launch) = qemu("none") else { return };
    let (_server, client) = connect(launch, Client::builder().oob(true)).await;
    assert!(client.oob());
    let error = client.execute_oob(QueryVersion::new()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "query-version: GenericError: The command query-version does not support OOB"
    );
    let calls: Vec<_> = (0..50)
        .map(|_| client.call(QueryVersion::new()).start().unwrap())
        .collect();
    for call in calls {
        call.wait().await.unwrap();
    }
}

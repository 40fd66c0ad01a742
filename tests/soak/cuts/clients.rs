//! The four clients.

use std::os::unix::net::UnixStream;

use qapi_rt::session::client::RawCommand;
use qapi_rt::types::Value;
use qapi_rt::{Client, Error, agent, blocking};

use super::{Had, SOON, Story, Turn, alone, cut_off, stories};

fn command(turn: &Turn) -> RawCommand {
    let arguments = Value::Object(turn.exchange.arguments.clone());
    RawCommand::with(&*turn.exchange.command, arguments).unwrap()
}

/// Runs a client in a runtime, and waits until no task of its is left.
fn in_runtime(
    client: impl AsyncFn(tokio::net::UnixStream) -> Result<Had, Error>,
    stream: UnixStream,
) -> Result<Had, Error> {
    stream.set_nonblocking(true).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    runtime.block_on(async {
        let had = client(tokio::net::UnixStream::from_std(stream).unwrap()).await;
        let metrics = tokio::runtime::Handle::current().metrics();
        while metrics.num_alive_tasks() > 0 {
            tokio::task::yield_now().await;
        }
        had
    })
}

/// Makes all calls before it waits for the first.
async fn on_tokio(story: &Story, stream: tokio::net::UnixStream) -> Result<Had, Error> {
    let builder = Client::builder().deadline(SOON);
    let client = builder.over_unix(stream).await?;
    let mut events = client.raw_events(|_| true);
    let begun = story.turns.iter();
    let begun: Vec<_> = begun
        .map(|turn| client.call(command(turn)).start())
        .collect();
    let mut calls = Vec::new();
    for call in begun {
        calls.push(match call {
            Ok(call) => call.wait().await,
            Err(error) => Err(error),
        });
    }
    let mut names = Vec::new();
    let end = loop {
        match events.recv().await {
            Ok(received) => names.push(received.event.name().to_owned()),
            Err(error) => break error,
        }
    };
    let closed = client.closed();
    Ok(Had {
        calls,
        events: Some((names, end)),
        closed,
    })
}

/// As [`on_tokio`].
fn blocking(story: &Story, stream: UnixStream) -> Result<Had, Error> {
    let client = blocking::Client::builder()
        .deadline(SOON)
        .over_unix(stream)?;
    let mut events = client.raw_events(|_| true);
    let begun = story.turns.iter();
    let begun: Vec<_> = begun
        .map(|turn| client.call(command(turn)).start())
        .collect();
    let calls = begun.into_iter().map(|call| call?.wait()).collect();
    let mut names = Vec::new();
    let end = loop {
        match events.recv() {
            Ok(received) => names.push(received.event.name().to_owned()),
            Err(error) => break error,
        }
    };
    let closed = client.closed();
    Ok(Had {
        calls,
        events: Some((names, end)),
        closed,
    })
}

#[test]
fn clients_of_recorded_servers_are_cut_off_on_tokio() {
    let _alone = alone();
    let stories = stories(false, "clients_of_recorded_servers_are_cut_off_on_tokio");
    cut_off(&stories, &|story, stream| {
        in_runtime(async |stream| on_tokio(story, stream).await, stream)
    });
}

#[test]
fn clients_of_recorded_servers_are_cut_off() {
    let _alone = alone();
    let stories = stories(false, "clients_of_recorded_servers_are_cut_off");
    cut_off(&stories, &blocking);
}

#[test]
fn clients_of_recorded_agents_are_cut_off_on_tokio() {
    let _alone = alone();
    let stories = stories(true, "clients_of_recorded_agents_are_cut_off_on_tokio");
    cut_off(&stories, &|story, stream| {
        in_runtime(
            async |stream| {
                let mut agent = agent::Agent::builder().deadline(SOON).over(stream);
                let mut calls = Vec::new();
                for turn in &story.turns {
                    calls.push(agent.execute(command(turn)).await);
                }
                Ok(Had {
                    calls,
                    events: None,
                    closed: None,
                })
            },
            stream,
        )
    });
}

#[test]
fn clients_of_recorded_agents_are_cut_off() {
    let _alone = alone();
    let stories = stories(true, "clients_of_recorded_agents_are_cut_off");
    cut_off(&stories, &|story, stream| {
        let builder = blocking::Agent::builder().deadline(SOON);
        let mut agent = builder.over(stream.try_clone().unwrap(), stream)?;
        let calls = story.turns.iter().map(|turn| agent.execute(command(turn)));
        Ok(Had {
            calls: calls.collect(),
            events: None,
            closed: None,
        })
    });
}

//! A program that uses a machine, and its tests, which need none.
//!
//! ```sh
//! cargo test --example test-suite --features testing,tokio
//! ```

mod support;

use std::error::Error;

use qapi_rt::Client;
use qapi_rt::qmp::commands;

/// What is tested: pauses a machine for as long as something takes, unless it was paused already.
async fn while_paused<T>(
    client: &Client,
    work: impl AsyncFnOnce() -> T,
) -> Result<T, qapi_rt::Error> {
    let was_running = client.execute(commands::QueryStatus::new()).await?.running;
    if was_running {
        client.execute(commands::Stop::new()).await?;
    }
    let result = work().await;
    if was_running {
        client.execute(commands::Cont::new()).await?;
    }
    Ok(result)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = support::connect().await?;
    let worked = while_paused(&client, async || "worked while it was paused").await?;
    println!("{worked}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use qapi_rt::qmp::{RunState, StatusInfo};
    use qapi_rt::testing::{Double, call, connect};
    use qapi_rt::types::ErrorReply;

    #[tokio::test]
    async fn a_running_machine_is_paused_and_goes_on() -> Result<(), Box<dyn Error>> {
        let status = StatusInfo::new(true, RunState::Running);
        let double = Double::new()
            .expect(call(commands::QueryStatus::new()).returns(status))
            .expect(call(commands::Stop::new()))
            .expect(call(commands::Cont::new()));
        let (client, _server) = connect(double.clone()).await?;
        while_paused(&client, async || ()).await?;
        Ok(double.finish()?)
    }

    #[tokio::test]
    async fn nothing_is_done_to_a_machine_that_cannot_be_paused() -> Result<(), Box<dyn Error>> {
        let status = StatusInfo::new(true, RunState::Running);
        let double = Double::new()
            .expect(call(commands::QueryStatus::new()).returns(status))
            .expect(call(commands::Stop::new()).fails(ErrorReply::generic("not now")));
        let (client, _server) = connect(double.clone()).await?;
        let mut worked = false;
        let result = while_paused(&client, async || worked = true).await;
        assert_eq!(
            result.unwrap_err().to_string(),
            "stop: GenericError: not now"
        );
        assert!(!worked);
        Ok(double.finish()?)
    }
}

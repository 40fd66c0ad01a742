//! A schema of one's own that includes QEMU's files.

use std::sync::Arc;

use qapi_rt::qmp::{RunState, StatusInfo};
use qapi_rt::service::{Call, Dispatch, Result};
use qapi_rt::types::Mode;

/// Types of QEMU's files are those of `qapi_rt::qmp`.
#[allow(dead_code, unreachable_pub, missing_docs)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/vendor.rs"));
}

use generated::{ComExampleState, ComExampleStateBranch, ComExampleTray, Service, commands};

struct Machine;

impl Service for Machine {
    async fn query_status(&self, _: &Call, _: commands::QueryStatus) -> Result<StatusInfo> {
        Ok(StatusInfo::new(false, RunState::Paused))
    }

    async fn com_example_query_tray(
        &self,
        _: &Call,
        _: commands::ComExampleQueryTray,
    ) -> Result<ComExampleTray> {
        Ok(ComExampleTray::new(true, RunState::Running))
    }
}

#[test]
fn its_service_has_qemu_s_commands_and_its_own() {
    let served = generated::serve(Arc::new(Machine));
    let names: Vec<_> = served.commands().iter().map(|info| info.name).collect();
    assert_eq!(names, ["__com.example_query-tray", "query-status"]);
    let [schema] = served.schemas()[..] else {
        panic!("one schema has both");
    };
    assert!(schema.contains("\"__COM.EXAMPLE_TRAY\""));
}

/// A branch is chosen by a value of another crate's, which may know more of them.
#[test]
fn a_union_goes_by_an_enumeration_of_qemu_s() {
    let decode = |text: &str| qapi_rt::types::from_str::<ComExampleState>(text, Mode::Lenient);
    let state = decode(r#"{"status": "paused", "since": 7}"#).unwrap();
    assert!(matches!(&state.u, ComExampleStateBranch::Paused(pause) if pause.since == 7));
    let state = decode(r#"{"status": "running"}"#).unwrap();
    assert_eq!(state.u, ComExampleStateBranch::Running);
    let text = r#"{"status": "dreaming", "of": "sheep"}"#;
    let state = decode(text).unwrap();
    assert_eq!(state.status(), "dreaming");
    let again = qapi_rt::types::to_vec(&state).unwrap();
    assert_eq!(decode(str::from_utf8(&again).unwrap()).unwrap(), state);
}

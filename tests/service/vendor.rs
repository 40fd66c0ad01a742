//! A schema of one's own that includes QEMU's files.

use std::sync::Arc;

use qapi_rt::qmp::{RunState, StatusInfo};
use qapi_rt::service::{Call, Dispatch, Result};

/// Types of QEMU's files are those of `qapi_rt::qmp`.
#[allow(dead_code, unreachable_pub, missing_docs)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/vendor.rs"));
}

use generated::{ComExampleTray, Service, commands};

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

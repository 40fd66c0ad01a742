//! Sessions of management software, replayed against servers that implement the commands used in them and no others.
//!
//! The sessions in `sessions/` are written by hand, in the ways in which libvirt, container runtimes, managers of
//! instances, and QEMU's own shell talk: their ids, their order, their mistakes. Each service answers what the session's
//! server answered, by way of the generated types.
#![cfg(any(target_os = "linux", target_os = "android"))]

mod story;

use std::collections::HashSet;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use qapi_rt::capabilities::Capabilities;
use qapi_rt::qmp::{self, Service, commands as c, serve};
use qapi_rt::server::{Options, blocking::Server};
use qapi_rt::service::{Call, Dispatch, Result, Router};
use qapi_rt::testing::{Message, Recording, Side};
use qapi_rt::types::{Empty, Object, Value};

use story::Story;

/// What a test waits for at most before it fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the library answers by itself.
const LIBRARY: [&str; 4] = [
    "qmp_capabilities",
    "query-commands",
    "query-qmp-schema",
    "query-version",
];

/// A service with these methods, which does what the session says. Those without a type return nothing.
macro_rules! session {
    ($name:ident;
     $($method:ident($command:ident) -> $reply:ty;)*
     $(; $($act:ident($done:ident)),* $(,)?)?) => {
        struct $name(Story);

        impl Service for $name {
            const EVENTS: &'static [&'static str] = &[
                "ACPI_DEVICE_OST",
                "DEVICE_DELETED",
                "DEVICE_TRAY_MOVED",
                "JOB_STATUS_CHANGE",
                "POWERDOWN",
                "RESUME",
                "SHUTDOWN",
                "STOP",
            ];

            $(async fn $method(&self, call: &Call, arguments: c::$command) -> Result<$reply> {
                self.0.tell(call, &arguments)
            })*

            $($(async fn $act(&self, call: &Call, arguments: c::$done) -> Result<()> {
                self.0.tell(call, &arguments).map(|Empty { .. }| ())
            })*)?
        }
    };
}

session! { Probe;
    query_target(QueryTarget) -> qmp::QemuTargetInfo;
    query_kvm(QueryKvm) -> qmp::KvmInfo;
    qom_list_types(QomListTypes) -> Vec<qmp::ObjectTypeInfo>;
    device_list_properties(DeviceListProperties) -> Vec<qmp::ObjectPropertyInfo>;
    qom_list_properties(QomListProperties) -> Vec<qmp::ObjectPropertyInfo>;
    query_machines(QueryMachines) -> Vec<qmp::MachineInfo>;
    query_cpu_definitions(QueryCpuDefinitions) -> Vec<qmp::CpuDefinitionInfo>;
    query_tpm_models(QueryTpmModels) -> Vec<qmp::TpmModel>;
    query_tpm_types(QueryTpmTypes) -> Vec<qmp::TpmType>;
    query_command_line_options(QueryCommandLineOptions) -> Vec<qmp::CommandLineOptionInfo>;
    query_migrate_capabilities(QueryMigrateCapabilities) -> Vec<qmp::MigrationCapabilityStatus>;
    query_sev_capabilities(QuerySevCapabilities) -> qmp::SevCapability;
    query_sgx_capabilities(QuerySgxCapabilities) -> qmp::SgxInfo;
    query_cpu_model_expansion(QueryCpuModelExpansion) -> qmp::CpuModelExpansionInfo;
}

session! { Guest;
    query_migrate_capabilities(QueryMigrateCapabilities) -> Vec<qmp::MigrationCapabilityStatus>;
    query_chardev(QueryChardev) -> Vec<qmp::ChardevInfo>;
    query_hotpluggable_cpus(QueryHotpluggableCpus) -> Vec<qmp::HotpluggableCPU>;
    query_cpus_fast(QueryCpusFast) -> Vec<qmp::CpuInfoFast>;
    qom_list(QomList) -> Vec<qmp::ObjectPropertyInfo>;
    qom_get(QomGet) -> Value;
    query_iothreads(QueryIothreads) -> Vec<qmp::IOThreadInfo>;
    query_balloon(QueryBalloon) -> qmp::BalloonInfo;
    query_named_block_nodes(QueryNamedBlockNodes) -> Vec<qmp::BlockDeviceInfo>;
    query_block(QueryBlock) -> Vec<qmp::BlockInfo>;
    query_status(QueryStatus) -> qmp::StatusInfo;
    human_monitor_command(HumanMonitorCommand) -> String;
    ; migrate_set_capabilities(MigrateSetCapabilities), balloon(Balloon), getfd(Getfd), netdev_add(NetdevAdd), netdev_del(NetdevDel), device_add(DeviceAdd), device_del(DeviceDel), blockdev_add(BlockdevAdd), cont(Cont), stop(Stop), system_powerdown(SystemPowerdown)
}

session! { Sandbox;
    query_hotpluggable_cpus(QueryHotpluggableCpus) -> Vec<qmp::HotpluggableCPU>;
    query_cpus_fast(QueryCpusFast) -> Vec<qmp::CpuInfoFast>;
    query_memory_devices(QueryMemoryDevices) -> Vec<qmp::MemoryDeviceInfo>;
    query_pci(QueryPci) -> Vec<qmp::PciInfo>;
    ; object_add(ObjectAdd), getfd(Getfd), netdev_add(NetdevAdd), netdev_del(NetdevDel), device_add(DeviceAdd), device_del(DeviceDel), blockdev_add(BlockdevAdd), blockdev_del(BlockdevDel), quit(Quit)
}

session! { Instance;
    add_fd(AddFd) -> qmp::AddfdInfo;
    query_fdsets(QueryFdsets) -> Vec<qmp::FdsetInfo>;
    query_cpus_fast(QueryCpusFast) -> Vec<qmp::CpuInfoFast>;
    query_status(QueryStatus) -> qmp::StatusInfo;
    ringbuf_read(RingbufRead) -> String;
    chardev_change(ChardevChange) -> qmp::ChardevReturn;
    query_jobs(QueryJobs) -> Vec<qmp::JobInfo>;
    query_migrate(QueryMigrate) -> qmp::MigrationInfo;
    ; remove_fd(RemoveFd), blockdev_add(BlockdevAdd), device_add(DeviceAdd), qom_set(QomSet), cont(Cont), nbd_server_start(NbdServerStart), block_export_add(BlockExportAdd), transaction(Transaction), snapshot_save(SnapshotSave), job_dismiss(JobDismiss), migrate_set_capabilities(MigrateSetCapabilities), migrate(Migrate)
}

session! { Shell;
    query_status(QueryStatus) -> qmp::StatusInfo;
    ; eject(Eject), migrate_pause(MigratePause), quit(Quit)
}

/// Plays a session's client to this server.
fn play<D: Dispatch + Send>(recording: &Recording, dispatch: D) -> Recording {
    let (ours, theirs) = UnixStream::pair().unwrap();
    theirs.set_read_timeout(Some(PATIENCE)).unwrap();
    let server = std::thread::spawn(move || {
        // The sessions are with 10.2.
        let options = Options::qmp().version(10, 2, 0);
        let mut server = Server::new(dispatch, options).unwrap();
        server.serve(ours).unwrap();
        // Until the client has gone.
        while server.clients() > 0 && server.run_once(None).unwrap() {}
    });
    let played = recording.play(theirs).unwrap();
    server.join().unwrap();
    played
}

/// What a server sent, without what it cannot send twice: times, and lists of what is there.
fn said(recording: &Recording) -> Vec<Object> {
    let asked: HashSet<&str> = ["query-commands", "query-qmp-schema"].into();
    let mut said = Vec::new();
    let mut last = false;
    for Message { side, body, .. } in recording.messages() {
        let mut body = body.clone();
        match side {
            Side::Client => {
                last = body
                    .get("execute")
                    .and_then(Value::as_str)
                    .is_some_and(|c| asked.contains(c))
            }
            Side::Server => {
                body.remove("timestamp");
                if std::mem::take(&mut last) {
                    body.insert("return".into(), Value::Null);
                }
                said.push(body);
            }
        }
    }
    said
}

/// The commands that succeed or fail in a session for reasons other than that they are not there.
fn used(recording: &Recording) -> HashSet<String> {
    let exchanges = recording.exchanges().unwrap();
    let there = exchanges
        .iter()
        .filter(|exchange| !story::is_not_found(exchange));
    there.map(|exchange| exchange.command.clone()).collect()
}

fn check<D: Dispatch + Send>(text: &str, service: impl FnOnce(Story) -> D) {
    let recording: Recording = text.parse().unwrap();
    let schema = Capabilities::parse(qmp::INTROSPECTION.as_bytes()).unwrap();
    assert_eq!(recording.check(&schema).unwrap(), []);
    let dispatch = service(Story::new(&recording));
    let mut there: HashSet<String> = LIBRARY.map(Into::into).into();
    there.extend(dispatch.commands().iter().map(|info| info.name.to_owned()));
    let needed: HashSet<String> = LIBRARY.map(Into::into).into();
    assert_eq!(there, &needed | &used(&recording));
    let played = play(&recording, dispatch);
    assert_eq!(said(&played), said(&recording));
    assert_eq!(recording.differences(&played).unwrap(), "");
}

#[test]
fn libvirt_probes() {
    check(include_str!("sessions/libvirt-probe.txt"), |story| {
        serve(Arc::new(Probe(story)))
    });
}

#[test]
fn libvirt_runs_a_guest() {
    check(include_str!("sessions/libvirt-guest.txt"), |story| {
        serve(Arc::new(Guest(story)))
    });
}

#[test]
fn a_container_runtime_prepares_a_sandbox() {
    check(include_str!("sessions/sandbox.txt"), |story| {
        serve(Arc::new(Sandbox(story)))
    });
}

#[test]
fn a_manager_runs_an_instance() {
    check(include_str!("sessions/instance.txt"), |story| {
        serve(Arc::new(Instance(story)))
    });
}

#[test]
fn somebody_uses_the_shell() {
    check(include_str!("sessions/shell.txt"), |story| {
        serve(Arc::new(Shell(story)))
    });
}

#[test]
fn what_is_missing_is_told() {
    let recording: Recording = include_str!("sessions/shell.txt").parse().unwrap();
    let played = play(&recording, Router::new());
    let differences = recording.differences(&played).unwrap();
    let line = r#"query-status
  answered: CommandNotFound: The command query-status has not been found
  expected: {"running":true,"status":"running"}
"#;
    assert!(differences.contains(line), "{differences}");
}

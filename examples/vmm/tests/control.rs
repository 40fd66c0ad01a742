//! The machine, driven from within the process.

use std::fs::File;
use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use qapi_rt::blocking::Client;
use qapi_rt::jobs::{Error as JobError, Job};
use qapi_rt::server::Options;
use qapi_rt::service::Control;
use qapi_rt::testing::blocking::{Serving, connect_with};
use qapi_rt::types::qmp::{
    self, BlockdevOptions, BlockdevOptionsBranch, BlockdevOptionsFile, BlockdevOptionsRaw,
    BlockdevRef, JobStatus, NameInfo, ObjectTypeInfo, RebootAction, RunState, ShutdownAction,
    StatusInfo,
};
use qapi_rt::types::{ErrorClass, Events as _};
use qapi_rt::{Error, Received};
use serde_json::json;
use vmm::{Vmm, api};

use api::{ComExampleDevice, Event, commands, events};

/// What a test waits for at most before it fails.
const PATIENCE: Duration = Duration::from_secs(20);
/// The guest's memory, in MiB.
const MEMORY: u32 = 4;

fn start() -> (Client, Serving) {
    let control = Control::new();
    let machine = Vmm::new("test", MEMORY, &control).unwrap();
    let options = Options::qmp().control(&control);
    connect_with(api::serve(Arc::new(machine)), options).unwrap()
}

fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    let error = result.unwrap_err();
    error.reply().expect("a reply").to_string()
}

fn status(client: &Client) -> RunState {
    let StatusInfo {
        running, status, ..
    } = client.execute(commands::QueryStatus::new()).unwrap();
    assert_eq!(running, status == RunState::Running);
    status
}

#[test]
fn it_has_a_name() {
    let (client, _server) = start();
    let name = client.execute(commands::QueryName::new()).unwrap();
    assert_eq!(name, NameInfo::new().name("test"));
}

#[test]
fn it_runs_stops_shuts_down_and_is_reset() {
    let (client, _server) = start();
    let mut events = client.all_events::<Event>();
    let mut next = || {
        let Received { event, .. } = events.recv_deadline(PATIENCE).unwrap();
        event.name().to_owned()
    };
    assert_eq!(status(&client), RunState::Prelaunch);
    // It does not run, so nothing happens.
    client.execute(commands::Stop::new()).unwrap();
    assert_eq!(status(&client), RunState::Prelaunch);

    client.execute(commands::Cont::new()).unwrap();
    assert_eq!(status(&client), RunState::Running);
    assert_eq!(next(), "RESUME");
    client.execute(commands::Stop::new()).unwrap();
    assert_eq!(status(&client), RunState::Paused);
    assert_eq!(next(), "STOP");

    // The guest notices when it runs again.
    client.execute(commands::SystemPowerdown::new()).unwrap();
    assert_eq!(next(), "POWERDOWN");
    assert_eq!(status(&client), RunState::Paused);
    client.execute(commands::Cont::new()).unwrap();
    assert_eq!([next(), next(), next()], ["RESUME", "SHUTDOWN", "STOP"]);
    assert_eq!(status(&client), RunState::Shutdown);
    assert_eq!(
        refusal(client.execute(commands::Cont::new())),
        "GenericError: Resetting the Virtual Machine is required"
    );
    client.execute(commands::SystemReset::new()).unwrap();
    assert_eq!(next(), "RESET");
    assert_eq!(status(&client), RunState::Prelaunch);
}

fn devices(client: &Client) -> Vec<ComExampleDevice> {
    let query = commands::ComExampleQueryDevices::new();
    client.execute(query).unwrap()
}

#[test]
fn devices_come_and_go() {
    let (client, _server) = start();
    let add = |driver: &str| commands::DeviceAdd::new(driver).id("net0");
    let mut net0 = add("virtio-net-pci");
    net0.extra.insert("mq".into(), json!(true));
    client.execute(net0.clone()).unwrap();
    let properties = json!({"mq": true});
    let device = |unplugging| {
        ComExampleDevice::new("net0", "virtio-net-pci", unplugging, properties.clone())
    };
    assert_eq!(devices(&client), [device(false)]);
    for (wish, refused) in [
        (net0, "Duplicate device ID 'net0'"),
        (add("floppy"), "'floppy' is not a valid device model name"),
        (
            commands::DeviceAdd::new("virtio-rng-pci"),
            "Parameter 'id' is missing",
        ),
    ] {
        assert_eq!(
            refusal(client.execute(wish)),
            format!("GenericError: {refused}")
        );
    }

    let delete = |id: &str| client.execute(commands::DeviceDel::new(id));
    assert_eq!(
        refusal(delete("net1")),
        "DeviceNotFound: Device 'net1' not found"
    );
    // The guest has to let it go, and does not run yet.
    let mut deleted = client.events::<events::DeviceDeleted>();
    delete("net0").unwrap();
    assert_eq!(
        refusal(delete("net0")),
        "GenericError: Device net0 is already in the process of unplug"
    );
    assert_eq!(devices(&client), [device(true)]);
    client.execute(commands::Cont::new()).unwrap();
    let Received { event, .. } = deleted.recv_deadline(PATIENCE).unwrap();
    let expected = events::DeviceDeleted::new("/machine/peripheral/net0").device("net0");
    assert_eq!(event, expected);
    assert_eq!(devices(&client), []);
}

#[test]
fn a_running_guest_lets_a_device_go_at_once() {
    let (client, _server) = start();
    client.execute(commands::Cont::new()).unwrap();
    let add = commands::DeviceAdd::new("virtio-rng-pci").id("rng0");
    client.execute(add).unwrap();
    let gone = |received: &Received<qmp::Event>| match &received.event {
        qmp::Event::DeviceDeleted(event) => event.device.clone(),
        _ => None,
    };
    let delete = commands::DeviceDel::new("rng0");
    let (_, id) = client.execute_and_wait(delete, gone, PATIENCE).unwrap();
    assert_eq!(id, "rng0");
}

#[test]
fn a_disk_cannot_be_removed_while_it_is_used() {
    let (client, _server) = start();
    client.execute(commands::Cont::new()).unwrap();
    let node = |name: &str, options: BlockdevOptions| {
        client.execute(commands::BlockdevAdd::new(options.node_name(name)))
    };
    let file = || BlockdevOptions::new(BlockdevOptionsFile::new("/nowhere/disk.img"));
    let raw = |below: &str| {
        let options = BlockdevOptionsRaw::new(BlockdevRef::Reference(below.into()));
        BlockdevOptions::new(BlockdevOptionsBranch::Raw(Box::new(options)))
    };
    assert_eq!(
        refusal(node("disk", raw("file"))),
        "GenericError: Failed to find node with node-name='file'"
    );
    node("file", file()).unwrap();
    node("disk", raw("file")).unwrap();
    assert_eq!(
        refusal(node("file", file())),
        "GenericError: Duplicate nodes with node-name='file'"
    );
    let mut device = commands::DeviceAdd::new("virtio-blk-pci").id("vda");
    device.extra.insert("drive".into(), json!("disk"));
    client.execute(device).unwrap();

    let blocks = client.execute(commands::QueryBlock::new()).unwrap();
    let [block] = blocks.as_slice() else {
        panic!("{blocks:?}");
    };
    let inserted = block.inserted.as_ref().unwrap();
    assert_eq!(inserted.drv, "raw");
    assert_eq!(inserted.image.filename, "/nowhere/disk.img");

    let remove = |name: &str| client.execute(commands::BlockdevDel::new(name));
    assert_eq!(refusal(remove("file")), "GenericError: Node file is in use");
    assert_eq!(refusal(remove("disk")), "GenericError: Node disk is in use");
    let delete = commands::DeviceDel::new("vda");
    let gone = |received: &Received<Event>| received.event.name() == "DEVICE_DELETED";
    let gone = |received: &Received<Event>| gone(received).then_some(());
    client.execute_and_wait(delete, gone, PATIENCE).unwrap();
    remove("disk").unwrap();
    remove("file").unwrap();
    let nodes = commands::QueryNamedBlockNodes::new();
    assert_eq!(client.execute(nodes).unwrap(), []);
}

#[test]
fn a_node_that_is_defined_within_another_goes_with_it() {
    let (client, _server) = start();
    let file = || BlockdevOptions::new(BlockdevOptionsFile::new("/nowhere/disk.img"));
    let add = |name: &str, below: BlockdevRef| {
        let raw = BlockdevOptions::new(BlockdevOptionsRaw::new(below)).node_name(name);
        client.execute(commands::BlockdevAdd::new(raw))
    };
    let nodes = || {
        let nodes = client.execute(commands::QueryNamedBlockNodes::new());
        let names = nodes.unwrap().into_iter().filter_map(|node| node.node_name);
        names.collect::<Vec<_>>()
    };
    // Nothing is left of what is refused as a whole.
    let twice = file().node_name("disk").into();
    assert_eq!(
        refusal(add("disk", twice)),
        "GenericError: Duplicate nodes with node-name='disk'"
    );
    let ours = file().node_name("#block001").into();
    assert_eq!(
        refusal(add("disk", ours)),
        "GenericError: Invalid node-name: '#block001'"
    );
    assert_eq!(nodes(), [""; 0]);

    add("disk", file().into()).unwrap();
    add("named", file().node_name("below").into()).unwrap();
    add("other", BlockdevRef::Reference("below".into())).unwrap();
    assert_eq!(nodes(), ["#block001", "below", "disk", "named", "other"]);
    let remove = |name: &str| client.execute(commands::BlockdevDel::new(name));
    assert_eq!(
        refusal(remove("below")),
        "GenericError: Node below is not owned by the monitor"
    );
    remove("disk").unwrap();
    remove("named").unwrap();
    // Somebody else uses it.
    assert_eq!(nodes(), ["below", "other"]);
    remove("other").unwrap();
    assert_eq!(nodes(), [""; 0]);
}

#[test]
fn what_a_reboot_and_a_shutdown_do_can_be_changed() {
    let (client, server) = start();
    let mut shutdown = client.events::<events::Shutdown>();
    let actions = commands::SetAction::new()
        .reboot(RebootAction::Shutdown)
        .shutdown(ShutdownAction::Poweroff);
    client.execute(actions).unwrap();
    client.execute(commands::SystemReset::new()).unwrap();
    let Received { event, .. } = shutdown.recv_deadline(PATIENCE).unwrap();
    let reason = qmp::ShutdownCause::HostQmpSystemReset;
    assert_eq!(event, events::Shutdown::new(false, reason));
    server.join();
}

#[test]
fn every_type_that_is_named_can_be_asked_about() {
    let (client, _server) = start();
    let list = |wish: commands::QomListTypes| client.execute(wish).unwrap();
    let types = list(commands::QomListTypes::new().r#abstract(true));
    let names: Vec<_> = types.iter().map(|info| info.name.as_str()).collect();
    for info in &types {
        let parent = info.parent.as_deref();
        assert!(
            parent.is_none_or(|parent| names.contains(&parent)),
            "{info:?}"
        );
        let query = commands::QomListProperties::new(&info.name);
        let properties = client.execute(query).unwrap();
        assert!(properties.iter().any(|info| info.name == "type"));
    }
    let machines = client.execute(commands::QueryMachines::new()).unwrap();
    let machine = format!("{}-machine", machines[0].name);
    let processor = machines[0].default_cpu_type.as_deref().unwrap();
    assert!(names.contains(&machine.as_str()) && names.contains(&processor));

    let concrete = list(commands::QomListTypes::new());
    let is_concrete = |info: &&ObjectTypeInfo| info.r#abstract != Some(true);
    assert!(concrete.iter().eq(types.iter().filter(is_concrete)));
    let virtio = list(commands::QomListTypes::new().implements("virtio-pci"));
    let virtio: Vec<_> = virtio.into_iter().map(|info| info.name).collect();
    assert_eq!(
        virtio,
        ["virtio-blk-pci", "virtio-net-pci", "virtio-rng-pci"]
    );
}

#[test]
fn it_tells_what_can_be_made_of_it() {
    let (client, _server) = start();
    let types = client.execute(commands::QomListTypes::new()).unwrap();
    for device in types
        .iter()
        .filter(|info| info.parent.as_deref() == Some("virtio-pci"))
    {
        let properties = commands::DeviceListProperties::new(&device.name);
        let properties = client.execute(properties).unwrap();
        assert!(properties.iter().any(|info| info.name == "addr"));
    }
    for (name, refused) in [
        ("floppy", "DeviceNotFound: Device 'floppy' not found"),
        (
            "virtio-pci",
            "GenericError: Parameter 'typename' expects a non-abstract device type",
        ),
    ] {
        let query = commands::DeviceListProperties::new(name);
        assert_eq!(refusal(client.execute(query)), refused);
    }
    let [machine] = client
        .execute(commands::QueryMachines::new())
        .unwrap()
        .try_into()
        .unwrap();
    let [processor] = client
        .execute(commands::QueryCpusFast::new())
        .unwrap()
        .try_into()
        .unwrap();
    assert_eq!(machine.default_cpu_type, processor.qom_type);
    assert_eq!(processor.target(), "x86_64");
}

#[test]
fn a_snapshot_is_a_job_that_tells_how_far_it_is() {
    let (client, _server) = start();
    let mut events = client.all_events::<Event>();
    let path = std::env::temp_dir().join(format!("vmm-snapshot-{}", std::process::id()));
    let save = commands::ComExampleSnapshot::new("save").file(path.to_str().unwrap());
    client.execute(save).unwrap();
    let outcome = client.run(Job::watch("save")).deadline(PATIENCE).outcome();
    let total = i64::from(MEMORY) << 20;
    let progress = outcome.unwrap().progress;
    assert_eq!(
        (progress.current, progress.total),
        (total as u64, total as u64)
    );
    assert_eq!(std::fs::metadata(&path).unwrap().len(), total as u64);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(client.execute(commands::QueryJobs::new()).unwrap(), []);

    let (mut statuses, mut progress) = (Vec::new(), Vec::new());
    while statuses.last() != Some(&JobStatus::Null) {
        match events.recv_deadline(PATIENCE).unwrap().event {
            Event::JobStatusChange(event) => statuses.push(event.status),
            Event::ComExampleSnapshotProgress(event) => progress.push(event.done >> 20),
            event => panic!("{event:?}"),
        }
    }
    use JobStatus::{Concluded, Created, Null, Pending, Running, Waiting};
    let expected = [Created, Running, Waiting, Pending, Concluded, Null];
    assert_eq!(statuses, expected);
    assert_eq!(progress, [1, 2, 3, 4]);
}

#[test]
fn a_snapshot_goes_to_a_descriptor_and_is_cancelled() {
    let (client, _server) = start();
    // A pipe that nobody reads holds the job up.
    let (mut reader, writer) = std::io::pipe().unwrap();
    let save = commands::ComExampleSnapshot::new("save");
    client.execute_with_fds(save.clone(), [writer]).unwrap();
    let dismiss = || client.execute(commands::JobDismiss::new("save"));
    assert!(refusal(dismiss()).ends_with("cannot accept command verb 'dismiss'"));
    let null = || File::create("/dev/null").unwrap();
    assert_eq!(
        refusal(client.execute_with_fds(save.clone(), [null()])),
        "GenericError: Job ID 'save' already in use"
    );
    assert_eq!(
        refusal(client.execute(save)),
        "GenericError: Either 'file' or a file descriptor is needed"
    );
    client.execute(commands::JobCancel::new("save")).unwrap();
    // The job gets to the end of a block, and closes the pipe.
    let mut saved = Vec::new();
    reader.read_to_end(&mut saved).unwrap();
    assert_eq!(saved.len(), 1 << 20);
    let outcome = client.run(Job::watch("save")).deadline(PATIENCE).outcome();
    assert!(matches!(outcome, Err(JobError::Cancelled)), "{outcome:?}");
    assert_eq!(refusal(dismiss()), "GenericError: Job not found");
}

#[test]
fn clients_are_told_of_what_there_is() {
    let (client, _server) = start();
    let listed = client.execute(qmp::commands::QueryCommands::new()).unwrap();
    let listed: Vec<_> = listed.iter().map(|info| info.name.as_str()).collect();
    let expected = [
        "__com.example_ping",
        "__com.example_query-devices",
        "__com.example_snapshot",
        "blockdev-add",
        "blockdev-del",
        "cont",
        "device-list-properties",
        "device_add",
        "device_del",
        "job-cancel",
        "job-dismiss",
        "migrate-set-capabilities",
        "qmp_capabilities",
        "qom-list",
        "qom-list-properties",
        "qom-list-types",
        "query-block",
        "query-chardev",
        "query-command-line-options",
        "query-commands",
        "query-cpu-definitions",
        "query-cpus-fast",
        "query-iothreads",
        "query-jobs",
        "query-kvm",
        "query-machines",
        "query-migrate-capabilities",
        "query-name",
        "query-named-block-nodes",
        "query-qmp-schema",
        "query-status",
        "query-target",
        "query-version",
        "quit",
        "set-action",
        "stop",
        "system_powerdown",
        "system_reset",
    ];
    assert_eq!(listed, expected);
    let schema = client.execute_raw("query-qmp-schema", json!({})).unwrap();
    let described = |kind: &str| {
        let entities = schema.as_array().unwrap().iter();
        let names = entities
            .filter(|entity| entity["meta-type"] == kind)
            .map(|entity| entity["name"].as_str().unwrap().to_owned());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    };
    assert_eq!(described("command"), expected);
    assert_eq!(
        described("event"),
        [
            "DEVICE_DELETED",
            "JOB_STATUS_CHANGE",
            "POWERDOWN",
            "RESET",
            "RESUME",
            "SHUTDOWN",
            "STOP",
            "__COM.EXAMPLE_SNAPSHOT_PROGRESS",
        ]
    );
    let missing = client.execute(qmp::commands::QueryMice::new());
    let error = missing.unwrap_err();
    assert_eq!(error.reply().unwrap().class, ErrorClass::CommandNotFound);
}

#[test]
fn it_ends_when_told_to() {
    let (client, server) = start();
    let mut events = client.events::<events::Shutdown>();
    client.quit().unwrap();
    server.join();
    let Received { event, .. } = events.recv_deadline(PATIENCE).unwrap();
    let expected = events::Shutdown::new(false, qmp::ShutdownCause::HostQmpQuit);
    assert_eq!(event, expected);
}

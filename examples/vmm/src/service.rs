//! The commands, one method each.

use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex};

use qapi_rt::service::{Call, Control, Result, deferred};
use qapi_rt::types::qmp::{
    BlockDeviceInfo, BlockInfo, ChardevInfo, CommandLineOptionInfo, CpuDefinitionInfo, CpuInfoFast,
    IOThreadInfo, JobInfo, KvmInfo, MachineInfo, MigrationCapabilityStatus, NameInfo,
    ObjectPropertyInfo, ObjectTypeInfo, QemuTargetInfo, RunState, ShutdownCause, StatusInfo,
    SysEmuTarget,
};
use qapi_rt::types::{ErrorClass, ErrorReply, Event as _};

use crate::api::{ComExampleDevice, Service, commands, events};
use crate::devices::Devices;
use crate::disks::Disks;
use crate::guest::{Actions, Guest, Machine, Request};
use crate::inventory;
use crate::jobs::Jobs;
use crate::lock;

/// A virtual machine, as clients see it.
pub struct Vmm {
    name: String,
    /// The guest's memory in MiB.
    memory: u32,
    machine: Arc<Machine>,
    guest: Guest,
    jobs: Arc<Jobs>,
}

impl Vmm {
    /// A machine that was built and not started. It emits its events at the server that `control` is the handle of.
    ///
    /// # Errors
    /// When the guest's thread cannot be started.
    pub fn new(name: impl Into<String>, memory: u32, control: &Control) -> io::Result<Self> {
        let machine = Arc::new(Machine {
            state: Mutex::new(RunState::Prelaunch),
            actions: Mutex::new(Actions::default()),
            disks: Mutex::new(Disks::default()),
            devices: Mutex::new(Devices::default()),
            control: control.clone(),
        });
        Ok(Self {
            name: name.into(),
            memory,
            guest: Guest::start(Arc::clone(&machine))?,
            machine,
            jobs: Arc::new(Jobs::new(control.clone())),
        })
    }
}

impl Service for Vmm {
    const EVENTS: &'static [&'static str] = &[
        events::Stop::NAME,
        events::Resume::NAME,
        events::Reset::NAME,
        events::Powerdown::NAME,
        events::Shutdown::NAME,
        events::DeviceDeleted::NAME,
        events::JobStatusChange::NAME,
        events::ComExampleSnapshotProgress::NAME,
    ];

    async fn query_target(&self, _: &Call, _: commands::QueryTarget) -> Result<QemuTargetInfo> {
        Ok(QemuTargetInfo::new(SysEmuTarget::X86_64))
    }

    // Deprecated since 11.1; libvirt asks it.
    async fn query_kvm(&self, _: &Call, _: commands::QueryKvm) -> Result<KvmInfo> {
        Ok(KvmInfo::new(false, false))
    }

    async fn query_machines(
        &self,
        _: &Call,
        _: commands::QueryMachines,
    ) -> Result<Vec<MachineInfo>> {
        Ok(vec![inventory::machine()])
    }

    async fn query_cpu_definitions(
        &self,
        _: &Call,
        _: commands::QueryCpuDefinitions,
    ) -> Result<Vec<CpuDefinitionInfo>> {
        Ok(vec![inventory::processor_model()])
    }

    // It has no options with parameters.
    async fn query_command_line_options(
        &self,
        _: &Call,
        _: commands::QueryCommandLineOptions,
    ) -> Result<Vec<CommandLineOptionInfo>> {
        Ok(Vec::new())
    }

    // Nor can it be moved to another host.
    async fn query_migrate_capabilities(
        &self,
        _: &Call,
        _: commands::QueryMigrateCapabilities,
    ) -> Result<Vec<MigrationCapabilityStatus>> {
        Ok(Vec::new())
    }

    async fn migrate_set_capabilities(
        &self,
        _: &Call,
        _: commands::MigrateSetCapabilities,
    ) -> Result<()> {
        Ok(())
    }

    async fn qom_list_types(
        &self,
        _: &Call,
        wish: commands::QomListTypes,
    ) -> Result<Vec<ObjectTypeInfo>> {
        Ok(inventory::types(&wish))
    }

    async fn qom_list_properties(
        &self,
        _: &Call,
        wish: commands::QomListProperties,
    ) -> Result<Vec<ObjectPropertyInfo>> {
        inventory::properties(&wish.typename)
    }

    async fn device_list_properties(
        &self,
        _: &Call,
        wish: commands::DeviceListProperties,
    ) -> Result<Vec<ObjectPropertyInfo>> {
        inventory::device_properties(&wish.typename)
    }

    async fn query_cpus_fast(
        &self,
        _: &Call,
        _: commands::QueryCpusFast,
    ) -> Result<Vec<CpuInfoFast>> {
        Ok(vec![inventory::processor()])
    }

    async fn query_chardev(&self, _: &Call, _: commands::QueryChardev) -> Result<Vec<ChardevInfo>> {
        Ok(Vec::new())
    }

    // Its disks are served by the thread that serves clients.
    async fn query_iothreads(
        &self,
        _: &Call,
        _: commands::QueryIothreads,
    ) -> Result<Vec<IOThreadInfo>> {
        Ok(Vec::new())
    }

    // Devices are all that can be found by a path.
    async fn qom_list(&self, _: &Call, wish: commands::QomList) -> Result<Vec<ObjectPropertyInfo>> {
        if wish.path != "/machine/peripheral" {
            let what = format!("Device '{}' not found", wish.path);
            return Err(ErrorReply::new(ErrorClass::DeviceNotFound, what));
        }
        let devices = lock(&self.machine.devices).list();
        let child = |device: ComExampleDevice| {
            ObjectPropertyInfo::new(device.id, format!("child<{}>", device.driver))
        };
        Ok(devices.into_iter().map(child).collect())
    }

    async fn blockdev_add(&self, _: &Call, wish: commands::BlockdevAdd) -> Result<()> {
        lock(&self.machine.disks).add(wish.0)
    }

    async fn blockdev_del(&self, _: &Call, wish: commands::BlockdevDel) -> Result<()> {
        let devices = lock(&self.machine.devices);
        let mut disks = lock(&self.machine.disks);
        disks.remove(&wish.node_name, |node| devices.uses(node))
    }

    async fn query_named_block_nodes(
        &self,
        _: &Call,
        _: commands::QueryNamedBlockNodes,
    ) -> Result<Vec<BlockDeviceInfo>> {
        Ok(lock(&self.machine.disks).list())
    }

    async fn query_block(&self, _: &Call, _: commands::QueryBlock) -> Result<Vec<BlockInfo>> {
        let devices = lock(&self.machine.devices).list();
        let disks = lock(&self.machine.disks);
        let info = |device: ComExampleDevice| {
            let node = disks.info(device.properties["drive"].as_str()?)?;
            let path = format!("/machine/peripheral/{}/virtio-backend", device.id);
            Some(
                BlockInfo::new("", "unknown", false, false)
                    .qdev(path)
                    .inserted(node),
            )
        };
        Ok(devices.into_iter().filter_map(info).collect())
    }

    async fn query_name(&self, _: &Call, _: commands::QueryName) -> Result<NameInfo> {
        Ok(NameInfo::new().name(&self.name))
    }

    async fn query_status(&self, _: &Call, _: commands::QueryStatus) -> Result<StatusInfo> {
        let state = lock(&self.machine.state).clone();
        Ok(StatusInfo::new(state == RunState::Running, state))
    }

    // The reply comes when the guest has stopped: meanwhile the thread that serves clients does other things.
    async fn stop(&self, _: &Call, _: commands::Stop) -> Result<()> {
        let (done, stopped) = deferred();
        self.guest.ask(Request::Stop(done));
        stopped.await
    }

    async fn cont(&self, _: &Call, _: commands::Cont) -> Result<()> {
        let (done, running) = deferred();
        self.guest.ask(Request::Continue(done));
        running.await
    }

    // These are answered at once, as by QEMU; an event tells when it has happened.
    async fn system_reset(&self, _: &Call, _: commands::SystemReset) -> Result<()> {
        self.guest.ask(Request::Reset);
        Ok(())
    }

    async fn system_powerdown(&self, _: &Call, _: commands::SystemPowerdown) -> Result<()> {
        self.guest.ask(Request::PowerButton);
        Ok(())
    }

    // This guest has no watchdog, and does not panic.
    async fn set_action(&self, _: &Call, wish: commands::SetAction) -> Result<()> {
        let mut actions = lock(&self.machine.actions);
        if let Some(reboot) = wish.reboot {
            actions.reboot = reboot;
        }
        if let Some(shutdown) = wish.shutdown {
            actions.shutdown = shutdown;
        }
        Ok(())
    }

    async fn quit(&self, call: &Call, _: commands::Quit) -> Result<()> {
        call.emit(&events::Shutdown::new(false, ShutdownCause::HostQmpQuit));
        call.control().shut_down();
        Ok(())
    }

    async fn device_add(&self, _: &Call, wish: commands::DeviceAdd) -> Result<()> {
        lock(&self.machine.devices).add(wish)
    }

    async fn device_del(&self, _: &Call, wish: commands::DeviceDel) -> Result<()> {
        lock(&self.machine.devices).unplug(&wish.id)?;
        self.guest.ask(Request::Unplug);
        Ok(())
    }

    async fn query_jobs(&self, _: &Call, _: commands::QueryJobs) -> Result<Vec<JobInfo>> {
        Ok(self.jobs.list())
    }

    async fn job_cancel(&self, _: &Call, wish: commands::JobCancel) -> Result<()> {
        self.jobs.cancel(&wish.id)
    }

    async fn job_dismiss(&self, _: &Call, wish: commands::JobDismiss) -> Result<()> {
        self.jobs.dismiss(&wish.id)
    }

    async fn com_example_query_devices(
        &self,
        _: &Call,
        _: commands::ComExampleQueryDevices,
    ) -> Result<Vec<ComExampleDevice>> {
        Ok(lock(&self.machine.devices).list())
    }

    async fn com_example_snapshot(
        &self,
        call: &Call,
        wish: commands::ComExampleSnapshot,
    ) -> Result<()> {
        let file = match (wish.file, call.take_fd()) {
            (Some(path), None) => File::create(&path).map_err(|error| {
                ErrorReply::generic(format!("Could not create '{path}': {error}"))
            })?,
            (None, Some(descriptor)) => File::from(descriptor),
            _ => {
                let what = "Either 'file' or a file descriptor is needed";
                return Err(ErrorReply::generic(what));
            }
        };
        self.jobs.save(wish.job_id, file, self.memory)
    }

    async fn com_example_ping(&self, _: &Call, _: commands::ComExamplePing) -> Result<()> {
        Ok(())
    }
}

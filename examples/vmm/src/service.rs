//! The commands, one method each.

use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex};

use qapi_rt::service::{Call, Control, Result, deferred};
use qapi_rt::types::qmp::{JobInfo, NameInfo, RunState, ShutdownCause, StatusInfo};
use qapi_rt::types::{ErrorReply, Event as _};

use crate::api::{ComExampleDevice, Service, commands, events};
use crate::devices::Devices;
use crate::guest::{Guest, Machine, Request};
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

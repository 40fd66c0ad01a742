//! A simulated machine for running without QEMU: as much of one as the examples need.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use qapi_rt::Client;
use qapi_rt::qmp::{
    AddfdInfo, JobInfo, JobStatus, JobType, RunState, Service, ShutdownCause, StatusInfo,
};
use qapi_rt::qmp::{commands, events, serve};
use qapi_rt::server::{Options, Server};
use qapi_rt::service::{Call, Result};
use qapi_rt::types::{ErrorClass, ErrorReply, Event as _};
use tokio::net::UnixStream;

/// Of a disk, in bytes.
const SIZE: i64 = 1 << 20;

/// What follows an option, such as the address after `--socket`.
#[allow(dead_code)] // not every example has options of its own
pub(crate) fn option(name: &str) -> Option<String> {
    let mut arguments = std::env::args();
    arguments.find(|argument| argument == name)?;
    arguments.next()
}

/// The QEMU at `--socket ADDRESS`, or else a machine in this process.
#[allow(dead_code)]
pub(crate) async fn connect() -> std::result::Result<Client, Box<dyn Error>> {
    match option("--socket") {
        Some(address) => Ok(Client::connect(&address.parse()?).await?),
        None => machine().await,
    }
}

/// A machine in this process.
pub(crate) async fn machine() -> std::result::Result<Client, Box<dyn Error>> {
    let server = Server::new(serve(Arc::new(Machine::default())), Options::qmp());
    let (ours, theirs) = UnixStream::pair()?;
    server.serve_unix(theirs);
    tokio::spawn(async move { server.run().await });
    Ok(Client::builder().over_unix(ours).await?)
}

/// An empty disk of one MiB that has no name any more.
#[allow(dead_code)]
pub(crate) fn image(name: &str) -> std::io::Result<File> {
    let path = std::env::temp_dir().join(format!("{name}-{}.img", std::process::id()));
    let mut options = File::options();
    let image = options
        .read(true)
        .write(true)
        .create_new(true)
        .open(&path)?;
    std::fs::remove_file(&path)?;
    image.set_len(SIZE as u64)?;
    Ok(image)
}

#[derive(Default)]
struct Machine(Mutex<State>);

#[derive(Default)]
struct State {
    paused: bool,
    fdsets: BTreeMap<i64, OwnedFd>,
    nodes: BTreeSet<String>,
    /// Which node a device uses.
    devices: BTreeMap<String, String>,
    /// The job that has ended and is not dismissed yet.
    job: Option<JobInfo>,
}

impl Machine {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refuse<T>(why: impl Into<String>) -> Result<T> {
    Err(ErrorReply::generic(why))
}

impl Service for Machine {
    const EVENTS: &'static [&'static str] = &[
        events::Stop::NAME,
        events::Resume::NAME,
        events::Shutdown::NAME,
        events::DeviceDeleted::NAME,
        events::JobStatusChange::NAME,
    ];

    async fn query_status(&self, _: &Call, _: commands::QueryStatus) -> Result<StatusInfo> {
        Ok(match self.state().paused {
            true => StatusInfo::new(false, RunState::Paused),
            false => StatusInfo::new(true, RunState::Running),
        })
    }

    async fn stop(&self, call: &Call, _: commands::Stop) -> Result<()> {
        if !std::mem::replace(&mut self.state().paused, true) {
            call.emit(&events::Stop::new());
        }
        Ok(())
    }

    async fn cont(&self, call: &Call, _: commands::Cont) -> Result<()> {
        if std::mem::replace(&mut self.state().paused, false) {
            call.emit(&events::Resume::new());
        }
        Ok(())
    }

    async fn quit(&self, call: &Call, _: commands::Quit) -> Result<()> {
        call.emit(&events::Shutdown::new(false, ShutdownCause::HostQmpQuit));
        call.control().shut_down();
        Ok(())
    }

    async fn add_fd(&self, call: &Call, wish: commands::AddFd) -> Result<AddfdInfo> {
        let Some(fd) = call.take_fd() else {
            return refuse("No file descriptor supplied via SCM_RIGHTS");
        };
        let mut state = self.state();
        let id = wish.fdset_id.unwrap_or(state.fdsets.len() as i64);
        state.fdsets.insert(id, fd);
        Ok(AddfdInfo::new(id, 0))
    }

    async fn remove_fd(&self, _: &Call, wish: commands::RemoveFd) -> Result<()> {
        match self.state().fdsets.remove(&wish.fdset_id) {
            Some(_) => Ok(()),
            None => refuse("File descriptor named 'fdset-id' not found"),
        }
    }

    async fn blockdev_add(&self, _: &Call, node: commands::BlockdevAdd) -> Result<()> {
        let Some(name) = node.0.node_name else {
            return refuse("'node-name' must be specified for the root node");
        };
        match self.state().nodes.insert(name) {
            true => Ok(()),
            false => refuse("Duplicate nodes with that node-name"),
        }
    }

    async fn blockdev_del(&self, _: &Call, wish: commands::BlockdevDel) -> Result<()> {
        let mut state = self.state();
        let node = &wish.node_name;
        if state.devices.values().any(|used| used == node) {
            return refuse(format!("Node {node} is in use"));
        }
        match state.nodes.remove(node) {
            true => Ok(()),
            false => refuse(format!("Failed to find node with node-name='{node}'")),
        }
    }

    async fn device_add(&self, _: &Call, device: commands::DeviceAdd) -> Result<()> {
        let drive = device.extra.get("drive").and_then(|drive| drive.as_str());
        let mut state = self.state();
        match (device.id, drive) {
            (Some(id), Some(node)) if state.nodes.contains(node) => {
                state.devices.insert(id, node.to_owned());
                Ok(())
            }
            _ => refuse("This machine takes disks only: properties 'id' and 'drive' are needed"),
        }
    }

    async fn device_del(&self, call: &Call, wish: commands::DeviceDel) -> Result<()> {
        if self.state().devices.remove(&wish.id).is_none() {
            let why = format!("Device '{}' not found", wish.id);
            return Err(ErrorReply::new(ErrorClass::DeviceNotFound, why));
        }
        let path = format!("/machine/peripheral/{}", wish.id);
        call.emit(&events::DeviceDeleted::new(path).device(wish.id));
        Ok(())
    }

    async fn blockdev_backup(&self, call: &Call, wish: commands::BlockdevBackup) -> Result<()> {
        let id = wish.0.job_id.unwrap_or_else(|| wish.0.device.clone());
        let ended = JobInfo::new(&id, JobType::Backup, JobStatus::Concluded, SIZE, SIZE);
        self.state().job = Some(ended);
        // Empty disks are copied in no time.
        for status in [JobStatus::Created, JobStatus::Running, JobStatus::Concluded] {
            call.emit(&events::JobStatusChange::new(&id, status));
        }
        Ok(())
    }

    async fn query_jobs(&self, _: &Call, _: commands::QueryJobs) -> Result<Vec<JobInfo>> {
        Ok(self.state().job.iter().cloned().collect())
    }

    async fn job_dismiss(&self, call: &Call, wish: commands::JobDismiss) -> Result<()> {
        match self.state().job.take_if(|job| job.id == wish.id) {
            Some(_) => {
                call.emit(&events::JobStatusChange::new(wish.id, JobStatus::Null));
                Ok(())
            }
            None => refuse("Job not found"),
        }
    }
}

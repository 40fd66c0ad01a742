//! Snapshots, which are jobs: they go on after the command that started them was answered.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::sync::{Arc, Mutex};

use qapi_rt::service::{Control, Result};
use qapi_rt::types::ErrorReply;
use qapi_rt::types::qmp::{JobInfo, JobStatus, JobType};

use crate::api::events;
use crate::lock;

/// What is saved at a time. This guest's memory is all zeros.
static BLOCK: [u8; 1 << 20] = [0; 1 << 20];

/// The jobs that there are, by name; dismissed ones are gone.
pub(crate) struct Jobs {
    jobs: Mutex<BTreeMap<String, Job>>,
    control: Control,
}

struct Job {
    info: JobInfo,
    cancelled: bool,
}

impl Jobs {
    pub(crate) fn new(control: Control) -> Self {
        let jobs = Mutex::default();
        Self { jobs, control }
    }

    /// Starts a job that saves the guest's memory, of so many blocks.
    pub(crate) fn save(self: &Arc<Self>, id: String, file: File, blocks: u32) -> Result<()> {
        let mut jobs = lock(&self.jobs);
        if jobs.contains_key(&id) {
            let what = format!("Job ID '{id}' already in use");
            return Err(ErrorReply::generic(what));
        }
        let thread = std::thread::Builder::new().name(format!("job {id}"));
        let this = Arc::clone(self);
        let name = id.clone();
        // The job waits for the lock until it is in the list.
        thread
            .spawn(move || this.run(&name, file, blocks))
            .map_err(|error| ErrorReply::generic(error.to_string()))?;
        let total = i64::from(blocks) * BLOCK.len() as i64;
        let info = JobInfo::new(&id, JobType::SnapshotSave, JobStatus::Undefined, 0, total);
        let mut job = Job {
            info,
            cancelled: false,
        };
        self.enter(&mut job, JobStatus::Created);
        jobs.insert(id, job);
        Ok(())
    }

    fn run(&self, id: &str, file: File, blocks: u32) {
        self.with(id, |job| self.enter(job, JobStatus::Running));
        let result = self.copy(id, file, blocks);
        self.with(id, |job| {
            match result {
                Ok(()) => {
                    self.enter(job, JobStatus::Waiting);
                    self.enter(job, JobStatus::Pending);
                }
                Err(error) => {
                    job.info.error = Some(error.to_string());
                    self.enter(job, JobStatus::Aborting);
                }
            }
            self.enter(job, JobStatus::Concluded);
        });
    }

    fn copy(&self, id: &str, mut file: File, blocks: u32) -> io::Result<()> {
        for _ in 0..blocks {
            file.write_all(&BLOCK)?;
            let cancelled = self.with(id, |job| {
                job.info.current_progress += BLOCK.len() as i64;
                let (done, total) = (job.info.current_progress, job.info.total_progress);
                self.control
                    .events()
                    .emit(&events::ComExampleSnapshotProgress::new(
                        id,
                        done.unsigned_abs(),
                        total.unsigned_abs(),
                    ));
                job.cancelled
            });
            if cancelled != Some(false) {
                return Err(io::Error::other("Operation canceled"));
            }
        }
        Ok(())
    }

    /// Has a job end early, as soon as it comes to know.
    pub(crate) fn cancel(&self, id: &str) -> Result<()> {
        let found = self.with(id, |job| match job.info.status {
            JobStatus::Created | JobStatus::Running => {
                job.cancelled = true;
                Ok(())
            }
            _ => Err(refuse(&job.info, "cancel")),
        });
        found.unwrap_or_else(|| Err(ErrorReply::generic("Job not found")))
    }

    /// Takes away a job that is over and that somebody has looked at.
    pub(crate) fn dismiss(&self, id: &str) -> Result<()> {
        let mut jobs = lock(&self.jobs);
        let Some(job) = jobs.get_mut(id) else {
            return Err(ErrorReply::generic("Job not found"));
        };
        if job.info.status != JobStatus::Concluded {
            return Err(refuse(&job.info, "dismiss"));
        }
        self.enter(job, JobStatus::Null);
        jobs.remove(id);
        Ok(())
    }

    pub(crate) fn list(&self) -> Vec<JobInfo> {
        let jobs = lock(&self.jobs);
        jobs.values().map(|job| job.info.clone()).collect()
    }

    fn with<T>(&self, id: &str, change: impl FnOnce(&mut Job) -> T) -> Option<T> {
        lock(&self.jobs).get_mut(id).map(change)
    }

    fn enter(&self, job: &mut Job, status: JobStatus) {
        job.info.status = status.clone();
        let event = events::JobStatusChange::new(&job.info.id, status);
        self.control.events().emit(&event);
    }
}

fn refuse(job: &JobInfo, verb: &str) -> ErrorReply {
    let (id, status) = (&job.id, job.status.as_str());
    let what = format!("Job '{id}' in state '{status}' cannot accept command verb '{verb}'");
    ErrorReply::generic(what)
}

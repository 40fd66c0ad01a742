//! The control plane of a virtual machine monitor whose guest is simulated.
//!
//! It answers as QEMU does, with some of QEMU's commands and some of its own. There is no async runtime: one thread
//! serves the clients, with the methods in `service`; another one is the guest, in `guest`; and each snapshot, in
//! `jobs`, has its own thread too. What management programs ask before they start a machine is in `inventory`: libvirt, told
//! that this is QEMU, starts, stops and changes it.

mod devices;
mod disks;
mod guest;
mod inventory;
mod jobs;
mod service;

/// What `build.rs` generates from the schema.
#[allow(unused_imports, missing_docs)]
pub mod api {
    include!(concat!(env!("OUT_DIR"), "/vmm.rs"));
}

pub use service::Vmm;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A panic elsewhere leaves what is locked here whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

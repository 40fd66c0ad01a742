//! The machine's state, and the guest that runs in it.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use qapi_rt::service::{Completer, Control, Result};
use qapi_rt::types::ErrorReply;
use qapi_rt::types::qmp::{RebootAction, RunState, ShutdownAction, ShutdownCause};

use crate::api::events;
use crate::devices::Devices;
use crate::disks::Disks;
use crate::lock;

/// What the guest's thread and the clients' share.
pub(crate) struct Machine {
    pub(crate) state: Mutex<RunState>,
    pub(crate) actions: Mutex<Actions>,
    pub(crate) disks: Mutex<Disks>,
    pub(crate) devices: Mutex<Devices>,
    pub(crate) control: Control,
}

/// What is done when the guest reboots or shuts down.
pub(crate) struct Actions {
    pub(crate) reboot: RebootAction,
    pub(crate) shutdown: ShutdownAction,
}

impl Default for Actions {
    fn default() -> Self {
        Self {
            reboot: RebootAction::Reset,
            shutdown: ShutdownAction::Pause,
        }
    }
}

/// What the guest is asked. Where a command is to be answered only when that is done, its reply comes along.
pub(crate) enum Request {
    Stop(Completer<()>),
    Continue(Completer<()>),
    Reset,
    PowerButton,
    /// Some device is to go.
    Unplug,
    End,
}

/// A guest. It ends with this.
pub(crate) struct Guest {
    requests: Sender<Request>,
    thread: Option<JoinHandle<()>>,
}

impl Guest {
    /// Starts a guest, stopped before its first instruction.
    pub(crate) fn start(machine: Arc<Machine>) -> std::io::Result<Self> {
        let (requests, receiver) = channel();
        let guest = Thread {
            machine,
            button: false,
        };
        let thread = std::thread::Builder::new().name("guest".into());
        let thread = thread.spawn(move || guest.run(&receiver))?;
        Ok(Self {
            requests,
            thread: Some(thread),
        })
    }

    pub(crate) fn ask(&self, request: Request) {
        // Without a guest the completer is dropped, and the client gets an error.
        let _ = self.requests.send(request);
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.ask(Request::End);
        if let Some(thread) = self.thread.take() {
            // It has nothing to tell if it panicked.
            let _ = thread.join();
        }
    }
}

/// Only this thread changes the machine's state, so its events are in the order of the changes.
struct Thread {
    machine: Arc<Machine>,
    /// Whether the power button was pressed and the guest has not noticed.
    button: bool,
}

impl Thread {
    fn run(mut self, requests: &Receiver<Request>) {
        for request in requests {
            match request {
                Request::Stop(done) => done.complete(self.stop()),
                Request::Continue(done) => done.complete(self.resume()),
                Request::Reset => self.reset(),
                Request::PowerButton => {
                    self.machine.emit(&events::Powerdown::new());
                    self.button = true;
                }
                Request::Unplug => {}
                Request::End => break,
            }
            if *lock(&self.machine.state) == RunState::Running {
                self.react();
            }
        }
    }

    fn stop(&self) -> Result<()> {
        let mut state = lock(&self.machine.state);
        if *state == RunState::Running {
            *state = RunState::Paused;
            self.machine.emit(&events::Stop::new());
        }
        Ok(())
    }

    fn resume(&self) -> Result<()> {
        let mut state = lock(&self.machine.state);
        match *state {
            RunState::Running => Ok(()),
            RunState::Shutdown => {
                let what = "Resetting the Virtual Machine is required";
                Err(ErrorReply::generic(what))
            }
            _ => {
                *state = RunState::Running;
                self.machine.emit(&events::Resume::new());
                Ok(())
            }
        }
    }

    fn reset(&mut self) {
        self.button = false;
        self.release();
        if lock(&self.machine.actions).reboot == RebootAction::Shutdown {
            return self.power_off(false, ShutdownCause::HostQmpSystemReset);
        }
        let mut state = lock(&self.machine.state);
        if *state != RunState::Running {
            *state = RunState::Prelaunch;
        }
        let reason = ShutdownCause::HostQmpSystemReset;
        self.machine.emit(&events::Reset::new(false, reason));
    }

    /// What a running guest does.
    fn react(&mut self) {
        self.release();
        if std::mem::take(&mut self.button) {
            self.power_off(true, ShutdownCause::GuestShutdown);
        }
    }

    fn power_off(&self, guest: bool, reason: ShutdownCause) {
        *lock(&self.machine.state) = RunState::Shutdown;
        self.machine.emit(&events::Shutdown::new(guest, reason));
        match lock(&self.machine.actions).shutdown {
            ShutdownAction::Poweroff => self.machine.control.shut_down(),
            _ => self.machine.emit(&events::Stop::new()),
        }
    }

    fn release(&self) {
        for id in lock(&self.machine.devices).release() {
            let path = format!("/machine/peripheral/{id}");
            self.machine
                .emit(&events::DeviceDeleted::new(path).device(id));
        }
    }
}

impl Machine {
    fn emit<E: qapi_rt::types::Event>(&self, event: &E) {
        self.control.events().emit(event);
    }
}

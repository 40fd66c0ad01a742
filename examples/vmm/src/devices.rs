//! Devices that clients add and delete.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use qapi_rt::service::Result;
use qapi_rt::types::{ErrorClass, ErrorReply, Value};

use crate::api::{ComExampleDevice, commands};
use crate::inventory;

/// The devices of a machine, by name.
#[derive(Default)]
pub(crate) struct Devices(BTreeMap<String, ComExampleDevice>);

impl Devices {
    /// Adds one. Its properties are whatever the command has beside its own arguments.
    pub(crate) fn add(&mut self, wish: commands::DeviceAdd) -> Result<()> {
        if !inventory::is_device(&wish.driver) {
            let what = format!("'{}' is not a valid device model name", wish.driver);
            return Err(ErrorReply::generic(what));
        }
        let Some(id) = wish.id else {
            return Err(ErrorReply::generic("Parameter 'id' is missing"));
        };
        match self.0.entry(id) {
            Entry::Occupied(taken) => {
                let what = format!("Duplicate device ID '{}'", taken.key());
                Err(ErrorReply::generic(what))
            }
            Entry::Vacant(free) => {
                let id = free.key().clone();
                let properties = Value::Object(wish.extra);
                free.insert(ComExampleDevice::new(id, wish.driver, false, properties));
                Ok(())
            }
        }
    }

    /// Says that one is to go.
    pub(crate) fn unplug(&mut self, id: &str) -> Result<()> {
        let Some(device) = self.0.get_mut(id) else {
            let what = format!("Device '{id}' not found");
            return Err(ErrorReply::new(ErrorClass::DeviceNotFound, what));
        };
        if std::mem::replace(&mut device.unplugging, true) {
            let what = format!("Device {id} is already in the process of unplug");
            return Err(ErrorReply::generic(what));
        }
        Ok(())
    }

    /// Takes away those that are to go.
    pub(crate) fn release(&mut self) -> Vec<String> {
        let leaving = self.0.values().filter(|device| device.unplugging);
        let gone = leaving.map(|device| device.id.clone()).collect();
        self.0.retain(|_, device| !device.unplugging);
        gone
    }

    /// Whether one of them takes its contents from this block node.
    pub(crate) fn uses(&self, node: &str) -> bool {
        let mut drives = self.0.values().map(|device| &device.properties["drive"]);
        drives.any(|drive| drive == node)
    }

    pub(crate) fn list(&self) -> Vec<ComExampleDevice> {
        self.0.values().cloned().collect()
    }
}

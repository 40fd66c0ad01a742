//! What can be made of this VMM. Management programs ask before they start a machine.

use qapi_rt::service::Result;
use qapi_rt::types::qmp::{
    CpuDefinitionInfo, CpuInfoFast, CpuInfoFastBranch, CpuInstanceProperties, MachineInfo,
    ObjectPropertyInfo, ObjectTypeInfo,
};
use qapi_rt::types::{ErrorClass, ErrorReply};

/// The type of the machine's only processor.
const PROCESSOR: &str = "qemu64-x86_64-cpu";

/// A type of objects: devices and what else a machine consists of.
struct Type {
    name: &'static str,
    parent: &'static str,
    /// Names and types of what it can be made with.
    properties: &'static [(&'static str, &'static str)],
}

const TYPES: [Type; 10] = [
    Type {
        name: "virtio-blk-pci",
        parent: "virtio-pci",
        properties: &[
            ("drive", "str"),
            ("serial", "str"),
            ("bootindex", "int32"),
            ("addr", "str"),
        ],
    },
    Type {
        name: "virtio-net-pci",
        parent: "virtio-pci",
        properties: &[("netdev", "str"), ("mac", "str"), ("addr", "str")],
    },
    Type {
        name: "virtio-rng-pci",
        parent: "virtio-pci",
        properties: &[("rng", "link<rng-backend>"), ("addr", "str")],
    },
    Type {
        name: "pcie-root-port",
        parent: "pcie-root-port-base",
        properties: &[("port", "uint8"), ("chassis", "uint8"), ("addr", "str")],
    },
    Type {
        name: "memory-backend-ram",
        parent: "memory-backend",
        properties: &[("size", "int"), ("share", "bool")],
    },
    Type {
        name: "memory-backend-file",
        parent: "memory-backend",
        properties: &[("size", "int"), ("share", "bool"), ("mem-path", "string")],
    },
    Type {
        name: PROCESSOR,
        parent: "x86_64-cpu",
        properties: &[],
    },
    Type {
        name: "tcg-accel",
        parent: "accel",
        properties: &[],
    },
    Type {
        name: "none-machine",
        parent: "machine",
        properties: &[],
    },
    Type {
        name: "pc-q35-10.2-machine",
        parent: "generic-pc-machine",
        properties: &[],
    },
];

fn find(name: &str) -> Option<&'static Type> {
    TYPES.iter().find(|known| known.name == name)
}

/// Whether devices of this type can be added.
pub(crate) fn is_device(driver: &str) -> bool {
    find(driver).is_some_and(|found| found.properties.iter().any(|(name, _)| *name == "addr"))
}

pub(crate) fn types() -> Vec<ObjectTypeInfo> {
    let info = |known: &Type| ObjectTypeInfo::new(known.name).parent(known.parent);
    TYPES.iter().map(info).collect()
}

/// The properties of a type of devices.
pub(crate) fn device_properties(driver: &str) -> Result<Vec<ObjectPropertyInfo>> {
    if !is_device(driver) {
        let what = format!("Device '{driver}' not found");
        return Err(ErrorReply::new(ErrorClass::DeviceNotFound, what));
    }
    properties(driver)
}

/// The properties of a type of objects.
pub(crate) fn properties(name: &str) -> Result<Vec<ObjectPropertyInfo>> {
    let Some(found) = find(name) else {
        let what = format!("Class '{name}' not found");
        return Err(ErrorReply::new(ErrorClass::DeviceNotFound, what));
    };
    let info = |(name, kind): &(&str, &str)| ObjectPropertyInfo::new(*name, *kind);
    Ok(found.properties.iter().map(info).collect())
}

/// The only kind of machine. Its layout of buses is what its name promises.
pub(crate) fn machine() -> MachineInfo {
    MachineInfo::new("pc-q35-10.2", 1, false, false, false, true)
        .alias("q35")
        .is_default(true)
        .default_cpu_type(PROCESSOR)
        .default_ram_id("pc.ram")
}

pub(crate) fn processor_model() -> CpuDefinitionInfo {
    CpuDefinitionInfo::new("qemu64", false, PROCESSOR, false).unavailable_features([])
}

/// The machine's processor, which this process is.
pub(crate) fn processor() -> CpuInfoFast {
    let place = CpuInstanceProperties::new()
        .socket_id(0)
        .core_id(0)
        .thread_id(0);
    let thread = i64::from(std::process::id());
    let path = "/machine/unattached/device[0]";
    CpuInfoFast::new(0, PROCESSOR, path, thread, CpuInfoFastBranch::X86_64).props(place)
}

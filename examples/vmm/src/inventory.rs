//! What can be made of this VMM. Management programs ask before they start a machine.

use qapi_rt::service::Result;
use qapi_rt::types::qmp::{
    CpuDefinitionInfo, CpuInfoFast, CpuInfoFastBranch, CpuInstanceProperties, MachineInfo,
    ObjectPropertyInfo, ObjectTypeInfo,
};
use qapi_rt::types::{ErrorClass, ErrorReply};

use crate::api::commands;

/// The type of the machine's only processor.
const PROCESSOR: &str = "qemu64-x86_64-cpu";

/// A type of objects: devices and what else a machine consists of.
struct Type {
    name: &'static str,
    parent: Option<&'static str>,
    /// Whether there are only objects of types that are derived from it.
    is_abstract: bool,
    /// Names and types of what it can be made with, beside its parent's.
    properties: Properties,
}

type Properties = &'static [(&'static str, &'static str)];

const fn base(name: &'static str, parent: &'static str, properties: Properties) -> Type {
    Type {
        is_abstract: true,
        ..concrete(name, parent, properties)
    }
}

const fn concrete(name: &'static str, parent: &'static str, properties: Properties) -> Type {
    Type {
        name,
        parent: Some(parent),
        is_abstract: false,
        properties,
    }
}

/// Every parent is in it: management programs walk up to the root.
const TYPES: [Type; 22] = [
    Type {
        name: "object",
        parent: None,
        is_abstract: true,
        properties: &[("type", "string")],
    },
    base("device", "object", &[("hotplugged", "bool")]),
    base("pci-device", "device", &[("addr", "str")]),
    base("virtio-pci", "pci-device", &[]),
    concrete(
        "virtio-blk-pci",
        "virtio-pci",
        &[("drive", "str"), ("serial", "str"), ("bootindex", "int32")],
    ),
    concrete(
        "virtio-net-pci",
        "virtio-pci",
        &[("netdev", "str"), ("mac", "str")],
    ),
    concrete(
        "virtio-rng-pci",
        "virtio-pci",
        &[("rng", "link<rng-backend>")],
    ),
    base("rng-backend", "object", &[]),
    base("pcie-root-port-base", "pci-device", &[]),
    concrete(
        "pcie-root-port",
        "pcie-root-port-base",
        &[("port", "uint8"), ("chassis", "uint8")],
    ),
    base(
        "memory-backend",
        "object",
        &[("size", "int"), ("share", "bool")],
    ),
    concrete("memory-backend-ram", "memory-backend", &[]),
    concrete(
        "memory-backend-file",
        "memory-backend",
        &[("mem-path", "string")],
    ),
    base("cpu", "device", &[]),
    base("x86_64-cpu", "cpu", &[]),
    concrete(PROCESSOR, "x86_64-cpu", &[]),
    base("accel", "object", &[]),
    concrete("tcg-accel", "accel", &[]),
    base("machine", "object", &[]),
    concrete("none-machine", "machine", &[]),
    base("generic-pc-machine", "machine", &[]),
    concrete("pc-q35-10.2-machine", "generic-pc-machine", &[]),
];

impl Type {
    fn find(name: &str) -> Option<&'static Self> {
        TYPES.iter().find(|known| known.name == name)
    }

    /// Itself, its parent, and so on to the root.
    fn lineage(&'static self) -> impl Iterator<Item = &'static Self> {
        std::iter::successors(Some(self), |of| Self::find(of.parent?))
    }

    fn is_a(&'static self, name: &str) -> bool {
        self.lineage().any(|of| of.name == name)
    }

    fn properties(&'static self) -> Vec<ObjectPropertyInfo> {
        let all = self.lineage().flat_map(|of| of.properties);
        all.map(|(name, kind)| ObjectPropertyInfo::new(*name, *kind))
            .collect()
    }
}

/// Whether devices of this type can be added.
pub(crate) fn is_device(driver: &str) -> bool {
    Type::find(driver).is_some_and(|found| !found.is_abstract && found.is_a("pci-device"))
}

pub(crate) fn types(wish: &commands::QomListTypes) -> Vec<ObjectTypeInfo> {
    let with_abstract = wish.r#abstract == Some(true);
    let wanted = TYPES.iter().filter(|known| {
        (with_abstract || !known.is_abstract)
            && wish.implements.as_ref().is_none_or(|name| known.is_a(name))
    });
    let info = |known: &Type| {
        let mut info = ObjectTypeInfo::new(known.name);
        info.parent = known.parent.map(Into::into);
        info.r#abstract = known.is_abstract.then_some(true);
        info
    };
    wanted.map(info).collect()
}

/// The properties of a type of devices.
pub(crate) fn device_properties(driver: &str) -> Result<Vec<ObjectPropertyInfo>> {
    match Type::find(driver) {
        None => {
            let what = format!("Device '{driver}' not found");
            Err(ErrorReply::new(ErrorClass::DeviceNotFound, what))
        }
        Some(found) if found.is_abstract || !found.is_a("device") => {
            let what = "Parameter 'typename' expects a non-abstract device type";
            Err(ErrorReply::generic(what))
        }
        Some(found) => Ok(found.properties()),
    }
}

/// The properties of a type of objects.
pub(crate) fn properties(name: &str) -> Result<Vec<ObjectPropertyInfo>> {
    let Some(found) = Type::find(name) else {
        let what = format!("Class '{name}' not found");
        return Err(ErrorReply::new(ErrorClass::DeviceNotFound, what));
    };
    Ok(found.properties())
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

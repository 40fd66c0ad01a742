//! Devices plugged and unplugged.

use std::time::{Duration, Instant};

use qapi_rt::qmp::events::DeviceDeleted;
use qapi_rt::qmp::{Event, PciDeviceInfo, commands};
use qapi_rt::{ErrorKind, Received};
use qapi_tests::peers::Age;
use serde_json::json;

use crate::peers::setup::{DEADLINE, SHORT, add_image, connect, execute};

against_each! {
    a_disk_is_unplugged
    a_device_that_the_guest_keeps
    a_device_that_is_not_there
    a_processor_is_plugged
    memory_is_plugged
    the_pci_bus
    a_device_with_properties_that_no_schema_knows
}

/// That the device `id` has gone.
fn deleted(id: &'static str) -> impl FnMut(&Received<Event>) -> Option<()> {
    move |received| match &received.event {
        Event::DeviceDeleted(DeviceDeleted { device, .. }) => {
            (device.as_deref() == Some(id)).then_some(())
        }
        _ => None,
    }
}

/// A5: unplugging ends with an event, which may come before the reply; after it the disk's image can go.
fn a_disk_is_unplugged(age: Age) {
    let Some(qemu) = age.qemu("q35") else {
        return;
    };
    let server = qemu
        .args(["-m", "16", "-S", "-device", "virtio-scsi-pci"])
        .start();
    let client = connect(&server);
    for _ in 0..5 {
        add_image(&client, &server, "disk", 1 << 20);
        execute(
            &client,
            "device_add",
            json!({"driver": "scsi-hd", "drive": "disk", "id": "sd"}),
        );
        client
            .execute_and_wait(commands::DeviceDel::new("sd"), deleted("sd"), DEADLINE)
            .unwrap();
        client.execute(commands::BlockdevDel::new("disk")).unwrap();
    }
}

/// A5: a guest that does not play along. A device on the PCI bus goes when the guest lets it, or is reset.
fn a_device_that_the_guest_keeps(age: Age) {
    let Some(qemu) = age.qemu("pc") else {
        return;
    };
    let server = qemu
        .args(["-m", "16", "-S", "-device", "virtio-rng-pci,id=rng"])
        .start();
    let client = connect(&server);
    let error = client
        .execute_and_wait(commands::DeviceDel::new("rng"), deleted("rng"), SHORT)
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NoEvent), "{error:?}");
    client
        .execute_and_wait(commands::SystemReset::new(), deleted("rng"), DEADLINE)
        .unwrap();
}

/// A refused command is not followed by an event, so none is waited for.
fn a_device_that_is_not_there(age: Age) {
    let Some(qemu) = age.qemu("none") else {
        return;
    };
    let server = qemu.start();
    let error = connect(&server)
        .execute_and_wait(commands::DeviceDel::new("x"), deleted("x"), DEADLINE)
        .unwrap_err();
    assert!(error.reply().is_some(), "{error:?}");
}

/// A6: a processor is put into a free slot.
fn a_processor_is_plugged(age: Age) {
    let Some(qemu) = age.qemu("q35") else {
        return;
    };
    let server = qemu.args(["-m", "16", "-S", "-smp", "1,maxcpus=3"]).start();
    let client = connect(&server);
    let slots = || {
        let slots = client.execute(commands::QueryHotpluggableCpus::new());
        let slots = slots.unwrap();
        let free = slots.iter().find(|slot| slot.qom_path.is_none()).cloned();
        let taken = slots.iter().filter(|slot| slot.qom_path.is_some()).count();
        (taken, free)
    };
    let (taken, free) = slots();
    let free = free.expect("a free slot");
    assert_eq!(taken, 1);
    let mut add = commands::DeviceAdd::new(free.r#type).id("cpu");
    for (name, id) in [
        ("socket-id", free.props.socket_id),
        ("core-id", free.props.core_id),
        ("thread-id", free.props.thread_id),
    ] {
        if let Some(id) = id {
            add.extra.insert(name.into(), id.into());
        }
    }
    client.execute(add).unwrap();
    assert_eq!(slots().0, 2);
    // A guest would have to have said that it can let it go. QEMU 10.0 tells that at once, 11.1 asks the guest.
    if let Err(error) = client.execute(commands::DeviceDel::new("cpu")) {
        assert!(error.reply().is_some(), "{error:?}");
    }
    assert_eq!(slots().0, 2);
}

/// A7: memory back ends, memory modules, and a device whose size is changed.
fn memory_is_plugged(age: Age) {
    let Some(qemu) = age.qemu("q35") else {
        return;
    };
    let server = qemu
        .args(["-m", "128M,slots=4,maxmem=2G", "-S"])
        .args(["-device", "pcie-root-port,id=root,chassis=1"])
        .start();
    let client = connect(&server);
    const SIZE: u64 = 128 << 20;
    for (id, size) in [
        ("dimm-memory", SIZE),
        ("virtio-memory", SIZE),
        ("spare", 1 << 20),
    ] {
        let object = json!({"qom-type": "memory-backend-ram", "id": id, "size": size});
        execute(&client, "object-add", object);
    }
    execute(
        &client,
        "device_add",
        json!({"driver": "pc-dimm", "id": "dimm", "memdev": "dimm-memory"}),
    );
    execute(
        &client,
        "device_add",
        json!({"driver": "virtio-mem-pci", "id": "vmem", "memdev": "virtio-memory", "bus": "root"}),
    );
    let devices = client.execute(commands::QueryMemoryDevices::new()).unwrap();
    assert_eq!(devices.len(), 2);
    let path = "/machine/peripheral/vmem";
    let set = commands::QomSet::new(path, "requested-size", json!(32 << 20));
    client.execute(set).unwrap();
    let get = commands::QomGet::new(path, "requested-size");
    assert_eq!(client.execute(get).unwrap(), json!(32 << 20));
    client.execute(commands::ObjectDel::new("spare")).unwrap();
    // In use.
    assert!(
        client
            .execute(commands::ObjectDel::new("dimm-memory"))
            .is_err()
    );
}

/// All devices of a bus and the busses behind its bridges.
fn flatten(devices: Vec<PciDeviceInfo>, all: &mut Vec<PciDeviceInfo>) {
    for mut device in devices {
        let bridge = device.pci_bridge.take();
        all.push(device);
        let behind = bridge.and_then(|bridge| bridge.devices);
        flatten(behind.unwrap_or_default(), all);
    }
}

/// A8: a device behind a bridge is found, and a slot that is free.
fn the_pci_bus(age: Age) {
    let Some(qemu) = age.qemu("q35") else {
        return;
    };
    let server = qemu
        .args(["-m", "64"])
        .args(["-device", "pcie-root-port,id=root,chassis=1,addr=5"])
        .args(["-device", "virtio-rng-pci,id=rng,bus=root"])
        .start();
    let client = connect(&server);
    // The firmware numbers the busses, and does not say when it has.
    let start = Instant::now();
    let (rng, slots) = loop {
        let mut all = Vec::new();
        for bus in client.execute(commands::QueryPci::new()).unwrap() {
            flatten(bus.devices, &mut all);
        }
        let rng = all.iter().find(|device| device.qdev_id == "rng").cloned();
        let slots: Vec<_> = all.iter().filter(|device| device.bus == 0).collect();
        if let Some(rng) = rng {
            break (
                rng,
                slots.iter().map(|device| device.slot).collect::<Vec<_>>(),
            );
        }
        assert!(start.elapsed() < DEADLINE, "{all:?}");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_ne!(rng.bus, 0);
    assert_eq!(rng.id.vendor, 0x1AF4);
    assert!(slots.contains(&5));
    let free = (1..32)
        .find(|slot| !slots.contains(slot))
        .expect("a free slot");
    assert!(!slots.contains(&free));
}

/// A9: properties of devices are not in the schema.
fn a_device_with_properties_that_no_schema_knows(age: Age) {
    let Some(qemu) = age.qemu("pc") else {
        return;
    };
    let server = qemu.args(["-m", "16", "-S"]).start();
    let client = connect(&server);
    let mut add = commands::DeviceAdd::new("virtio-rng-pci").id("rng");
    add.extra.insert("max-bytes".into(), json!(1024));
    add.extra.insert("period".into(), json!(500));
    client.execute(add.clone()).unwrap();
    let get = commands::QomGet::new("/machine/peripheral/rng", "max-bytes");
    assert_eq!(client.execute(get).unwrap(), json!(1024));
    let mut wrong = add.id("other");
    wrong.extra.insert("colour".into(), json!("red"));
    let error = client.execute(wrong).unwrap_err();
    assert!(error.reply().is_some(), "{error:?}");
}

#!/usr/bin/env bash
# QEMU: query-pci leaves out each device behind a bridge until the guest's firmware has given the bridge's bus a number, and
# again from each reset on until it has done so anew. So a device that was just added is in the reply, or not, as it stands
# beside a bridge or behind it, and whoever looks there for a slot that is free finds one that is taken. By its path in
# QOM the device is there all the time. Seen with 10.0.2 and 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_older
need_newer
python3 - <<'PYTHON'
from peer import *

for folder in (OLDER, NEWER):
    bridge = ["-device", "pci-bridge,id=bridge,chassis_nr=1", "-device", "virtio-rng-pci,bus=bridge,addr=3,id=cold"]
    client = connect(machine(folder, *bridge, type="pc").path("main"))

    def found():
        """Ids by query-pci, at any depth, and the number of the bridge's bus."""
        ids, number = [], None
        devices = [device for bus in client.run("query-pci") for device in bus["devices"]]
        while devices:
            device = devices.pop()
            below = device.get("pci_bridge")
            if device["qdev_id"] == "bridge":
                number = below["bus"]["secondary"]
            if below:
                devices += below.get("devices", [])
            if device["qdev_id"]:
                ids.append(device["qdev_id"])
        return sorted(ids), number

    expect("before the start", found(), (["bridge"], 0))
    client.run("device_add", driver="virtio-rng-pci", id="behind", bus="bridge", addr="4")
    client.run("device_add", driver="virtio-rng-pci", id="beside")
    expect("after device_add", found(), (["beside", "bridge"], 0))
    names = [entry["name"] for entry in client.run("qom-list", path="/machine/peripheral")]
    expect("by QOM", sorted(set(names) - {"type"}), ["behind", "beside", "bridge", "cold"])
    taken = "PCI: slot 4 function 0 not available for virtio-rng-pci, in use by virtio-rng-pci,id=behind"
    again = client.refused("device_add", driver="virtio-rng-pci", id="other", bus="bridge", addr="4")
    expect("a slot of which the reply says nothing", again, taken)

    client.run("cont")
    everything = (["behind", "beside", "bridge", "cold"], 1)
    until("the firmware's work", lambda: found() == everything)
    client.run("stop")
    expect("after the firmware", found(), everything)
    client.run("system_reset")
    expect("after system_reset", found(), (["beside", "bridge"], 0))
PYTHON

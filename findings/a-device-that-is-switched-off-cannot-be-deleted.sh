#!/usr/bin/env bash
# QEMU: "realized" of a device can be set at any time. Set to false at a USB device it is unplugged as by device_del, and yet
# stays: its id is taken, no event is sent, and what was fixed can be set. It cannot be deleted then, since it were "already
# in the process of unplug", for which nobody asked. Set to true it is plugged in again, as what it was made to be meanwhile,
# and then device_del deletes it. "realized": false in device_add is taken and has no effect. Seen with 10.0.2 and 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_older
need_newer
python3 - <<'PYTHON'
from peer import *

for folder in (OLDER, NEWER):
    server = machine(folder, "-m", "32", "-device", "qemu-xhci", type="pc")
    client = connect(server.path("main"))

    def answer(command, **arguments):
        reply = client.ask(command, **arguments)
        return reply["error"]["desc"] if "error" in reply else reply["return"]

    def put(property, value):
        return answer("qom-set", path="/machine/peripheral/one", property=property, value=value)

    def plugged():
        """The devices at ports, with what they are called."""
        lines = client.run("human-monitor-command", command_line="info usb").splitlines()
        return [line.split("ID: ")[1] for line in lines]

    client.run("device_add", driver="usb-tablet", id="one", serial="1", realized=False)
    expect("realized", answer("qom-get", path="/machine/peripheral/one", property="realized"), True)
    expect("devices", plugged(), ["one"])
    fixed = "Attempt to set property 'serial' on device 'one' (type 'usb-tablet') after it was realized"
    expect("set serial", put("serial", "2"), fixed)

    expect("set realized", put("realized", False), {})
    expect("devices", plugged(), [])
    expect("set serial", put("serial", "2"), {})
    unplug = "Device one is already in the process of unplug"
    expect("device_del", answer("device_del", id="one"), unplug)
    expect("device_add", answer("device_add", driver="usb-tablet", id="one"), "Duplicate device ID 'one'")
    expect("events", client.events, [])

    expect("set realized", put("realized", True), {})
    expect("devices", plugged(), ["one"])
    expect("serial", answer("qom-get", path="/machine/peripheral/one", property="serial"), "2")
    expect("device_del", answer("device_del", id="one"), {})
    until("its end", lambda: client.run("query-status") and "DEVICE_DELETED" in client.events)
PYTHON

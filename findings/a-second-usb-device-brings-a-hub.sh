#!/usr/bin/env bash
# QEMU: where one port of a USB controller is left, device_add plugs a hub into it that nobody asked for, and the device into
# the hub. The hub has no id; it stays when the device goes, and the port is not free again. A machine that is started
# with the devices that are left has no hub, and refuses the state of this one by migration. device_del takes the hub's
# path, and then the port is free, and the state is taken. Seen with 10.0.2 and 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_older
need_newer
python3 - <<'PYTHON'
from peer import *

for folder in (OLDER, NEWER):

    def start(*arguments):
        server = machine(folder, "-device", "piix3-usb-uhci,id=usb", "-m", "32", *arguments, type="pc")
        return server, connect(server.path("main"))

    def add(id, **arguments):
        return client.ask("device_add", driver="usb-tablet", id=id, **arguments)

    def ports():
        """What is at each port."""
        lines = client.run("human-monitor-command", command_line="info usb").splitlines()
        fields = [dict(part.strip().split(" ", 1) for part in line.split(",")[1:4:2]) for line in lines if "Port" in line]
        return [(each["Port"], each["Product"].removeprefix("QEMU USB ")) for each in fields]

    def remove(id):
        client.events.clear()
        client.run("device_del", id=id)
        until("the device's end", lambda: client.run("query-status") and "DEVICE_DELETED" in client.events)

    def taken():
        """What becomes of a migration to a machine that is started with the first tablet."""
        server, other = start("-device", "usb-tablet,id=one", "-incoming", "defer")
        uri = "unix:" + server.path("in")
        other.run("migrate-incoming", uri=uri, exit_on_error=False)
        client.run("migrate", uri=uri)

        def over():
            status = other.run("query-migrate").get("status")
            return status in ("completed", "failed") and status

        return until("the migration's end", over)

    done = {"return": {}}
    for again in (False, True):
        _, client = start()
        expect("device_add", add("one"), done)
        expect("ports", ports(), [("1", "Tablet")])
        expect("device_add", add("two"), done)
        expect("ports", ports(), [("1", "Tablet"), ("2", "Hub"), ("2.1", "Tablet")])
        remove("two")
        expect("ports, the second deleted", ports(), [("1", "Tablet"), ("2", "Hub")])
        expect("device_add to port 2", add("two", port="2")["error"]["desc"], "usb port 2 (bus usb.0) not found (in use?)")
        if again:
            listed = client.run("qom-list", path="/machine/unattached")
            (hub,) = [each["name"] for each in listed if each["type"] == "child<usb-hub>"]
            remove("/machine/unattached/" + hub)
            expect("device_add to port 2, the hub deleted", add("two", port="2"), done)
            remove("two")
        expect("migration", taken(), "completed" if again else "failed")
PYTHON

#!/usr/bin/env bash
# QEMU: ids of object-add and netdev_add must begin with a letter and have no slash. QEMU 10.0 does not look at those of
# device_add. device_del takes for a path what has a slash, so a device that was added as "a/b" is in qom-list, and nothing
# can name it: it cannot be read nor deleted, and its id is taken for ever. One with the id "/machine" hides behind the
# machine, and one with the empty id behind the list of devices. Those called "..", "a b" and "1" can be deleted.
# 11.1 refuses them all, by another error than that of object-add. Seen with 10.0.2 and 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_older
need_newer
python3 - <<'PYTHON'
from peer import *


def answer(command, **arguments):
    reply = client.ask(command, **arguments)
    return reply["error"]["desc"] if "error" in reply else "done"


lost = {
    "a/b": "Device 'a/b' not found",
    "/machine": "/machine is not a device",
    "": " is not a device",
}
for folder in (OLDER, NEWER):
    server = machine(folder, "-m", "32", "-device", "qemu-xhci", type="pc")
    client = connect(server.path("main"))
    expect("object-add of a/b", answer("object-add", qom_type="iothread", id="a/b"), "Parameter 'id' expects an identifier")
    expect("netdev_add of a/b", answer("netdev_add", type="user", id="a/b"), "Parameter 'id' expects an identifier")
    for id in ["..", "a b", "1", *lost]:
        added = answer("device_add", driver="usb-kbd", id=id)
        if folder == NEWER:
            expect(f"device_add of '{id}'", added, f"Invalid qdev ID '{id}'")
            continue
        expect(f"device_add of '{id}'", added, "done")
        expect("device_del", answer("device_del", id=id), lost.get(id, "done"))
        path = f"/machine/peripheral/{id}"
        if id not in lost:
            until("the device's end", lambda: "error" in client.ask("qom-get", path=path, property="type"))
            continue
        if id:
            expect("device_del of its path", answer("device_del", id=path), f"Device '{path}' not found")
        else:
            expect("type at its path", client.run("qom-get", path=path, property="type"), "container")
        expect("device_add again", answer("device_add", driver="usb-kbd", id=id), f"Duplicate device ID '{id}'")
    listed = client.run("qom-list", path="/machine/peripheral")
    names = {each["name"] for each in listed if each["type"] == "child<usb-kbd>"}
    expect("devices that are there", sorted(names), sorted(lost) if folder == OLDER else [])
    expect("DEVICE_DELETED", client.events.count("DEVICE_DELETED"), 3 if folder == OLDER else 0)
PYTHON

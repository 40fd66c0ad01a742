#!/usr/bin/env bash
# QEMU since 10.0: blockdev-set-active gives up an image, so that another process can have it, until this one is told to take it
# back. block-export-add takes it back as well, before it looks whether it can export: where it is refused, since no NBD server
# runs, the image is active all the same, no event tells of it, and the other process cannot open it. With allow-inactive
# it is left. Persistent bitmaps are in no list while the image is inactive, others are. 10.0 adds a persistent bitmap
# meanwhile, 11.1 refuses. So it is in the storage daemon, too. Seen with 10.0.2 and 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_older
need_newer
python3 - <<'PYTHON'
from peer import *

for folder in (OLDER, NEWER):
    daemon = os.path.join(folder, "qemu-storage-daemon")
    monitor = ["--chardev", "socket,id=main,path=main,server=on,wait=off", "--monitor", "main"]
    other = Server(daemon, *monitor)
    taker = connect(other.path("main"))
    for server in (machine(folder), Server(daemon, *monitor)):
        client = connect(server.path("main"))
        image = server.path("image")
        subprocess.run([os.path.join(folder, "qemu-img"), "create", "-q", "-f", "qcow2", image, "1M"], check=True)
        node = {"node-name": "disk", "driver": "qcow2", "file": {"driver": "file", "filename": image}}
        client.run("blockdev-add", **node)

        def disk():
            """Whether it is active, and its bitmaps."""
            (node,) = [each for each in client.run("query-named-block-nodes") if each["node-name"] == "disk"]
            return node["active"], sorted(each["name"] for each in node.get("dirty-bitmaps", []))

        def export(**arguments):
            reply = client.ask("block-export-add", type="nbd", id="export", node_name="disk", **arguments)
            return reply["error"]["desc"] if "error" in reply else "done"

        def taken():
            """What becomes of it when the other process opens it."""
            reply = taker.ask("blockdev-add", **node)
            if "error" in reply:
                return reply["error"]["desc"]
            taker.run("blockdev-del", node_name="disk")
            return "done"

        client.run("block-dirty-bitmap-add", node="disk", name="kept", persistent=True)
        client.run("block-dirty-bitmap-add", node="disk", name="fleeting")
        expect("image", disk(), (True, ["fleeting", "kept"]))
        client.run("blockdev-set-active", node_name="disk", active=False)
        expect("set inactive", disk(), (False, ["fleeting"]))
        expect("opened by the other", taken(), "done")
        expect("block-export-add, allow-inactive", export(allow_inactive=True), "NBD server not running")
        expect("image", disk(), (False, ["fleeting"]))
        expect("block-export-add", export(), "NBD server not running")
        expect("image", disk(), (True, ["fleeting", "kept"]))
        expect("opened by the other", taken(), 'Failed to get "write" lock')
        expect("events", client.events, [])

        client.run("blockdev-set-active", node_name="disk", active=False)
        client.run("nbd-server-start", addr={"type": "unix", "data": {"path": server.path("nbd")}})
        expect("block-export-add, allow-inactive", export(allow_inactive=True), "done")
        expect("image", disk(), (False, ["fleeting"]))
        added = client.ask("block-dirty-bitmap-add", node="disk", name="new", persistent=True)
        refused = "Cannot add a persistent bitmap to read-only or inactive node 'disk'"
        expect("another bitmap", added.get("error", {}).get("desc"), None if folder == OLDER else refused)
PYTHON

#!/usr/bin/env bash
# QEMU: while a backup uses a dirty bitmap, that one says "recording", and does not count what is written. Each write goes to
# a second bitmap that is in the lists then, without a name, though that is how a client finds one. Its "busy" is false, and
# it cannot be named to any command. When the job is cancelled, its count is added to the first's; with the mode "always"
# also what was copied is taken from it, so that the count goes down in all while more was written. A mirror's own
# bitmap is in no list. Seen with 10.0.2 and 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_older
need_newer
python3 - <<'PYTHON'
from peer import *

MEBI = 1 << 20
for folder in (OLDER, NEWER):
    server = machine(folder, "-m", "32", "-device", "virtio-scsi-pci", type="pc")
    client = connect(server.path("main"))
    for name in ("disk", "copy"):
        client.run("blockdev-add", driver="null-co", node_name=name, size=64 * MEBI, read_zeroes=True)
    client.run("device_add", driver="scsi-hd", id="hd", drive="disk", share_rw=True)

    def write(offset, size):
        client.run("human-monitor-command", command_line=f'qemu-io -d hd "write -q {offset}M {size}M"')

    def bitmaps():
        """Name, recording, busy and MiB of each."""
        (node,) = [each for each in client.run("query-named-block-nodes") if each["node-name"] == "disk"]
        told = node.get("dirty-bitmaps", [])
        return [(each.get("name"), each["recording"], each["busy"], each["count"] // MEBI) for each in told]

    def copied(job):
        """MiB, once the job waits since it is slow."""
        return sum(each["current-progress"] for each in client.run("query-jobs") if each["id"] == job) // MEBI

    def cancel(job):
        client.run("job-cancel", id=job)
        until("the job's end", lambda: not client.run("query-jobs"))

    client.run("block-dirty-bitmap-add", node="disk", name="x")
    write(0, 8)
    expect("bitmaps", bitmaps(), [("x", True, False, 8)])
    for mode, left in (("on-success", 9), ("always", 8)):
        # The bitmap has eight MiB, and then nine, and one is copied before the job has to wait.
        before = bitmaps()[0][3]
        backup = {"device": "disk", "target": "copy", "sync": "bitmap", "bitmap": "x", "bitmap-mode": mode, "speed": 1}
        client.run("blockdev-backup", job_id="job", **backup)
        until("the first copy", lambda: copied("job") == 1)
        expect("bitmaps, job running", bitmaps(), [(None, True, False, 0), ("x", True, True, before)])
        write(16, 1)
        expect("bitmaps, written", bitmaps(), [(None, True, False, 1), ("x", True, True, before)])
        cancel("job")
        expect(f"bitmaps, cancelled with {mode}", bitmaps(), [("x", True, False, left)])
    client.run("blockdev-mirror", job_id="job", device="disk", target="copy", sync="full", speed=1)
    until("the first copy", lambda: copied("job"))
    expect("bitmaps, mirror running", bitmaps(), [("x", True, False, left)])
PYTHON

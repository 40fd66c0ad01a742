#!/usr/bin/env bash
# QEMU: snapshot-load stops a running machine before it looks whether it can load anything. With a tag, or a node, that there is
# not, the command succeeds, its job has an error, and the machine stays in "restore-vm": after STOP comes no RESUME, though
# nothing of it was changed. So it does for each snapshot of a disk that has a dirty bitmap, also one that was saved with
# that bitmap there, or is disabled. snapshot-delete of a tag that there is not has no error. Seen with 10.0.2 and 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_older
need_newer
python3 - <<'PYTHON'
from peer import *

for folder in (OLDER, NEWER):
    disk = os.path.join(tempfile.mkdtemp(dir=os.environ["WORK"]), "disk")
    subprocess.run([os.path.join(folder, "qemu-img"), "create", "-q", "-f", "qcow2", disk, "64M"], check=True)
    node = f"qcow2,node-name=disk,file.driver=file,file.filename={disk}"
    client = connect(machine(folder, "-blockdev", node).path("main"))

    def job(command, **arguments):
        """The job's error, events but those of jobs, the machine's state."""
        client.run("cont")
        client.events.clear()
        client.run(command, job_id="job", **arguments)

        def concluded():
            (info,) = client.run("query-jobs")
            return info["status"] == "concluded" and info

        info = until("the job's end", concluded)
        client.run("job-dismiss", id="job")
        events = [name for name in client.events if "JOB" not in name]
        return info.get("error"), events, client.run("query-status")["status"]

    def load(tag, node="disk"):
        return job("snapshot-load", tag=tag, vmstate=node, devices=[node])

    def refused(error):
        return error, ["STOP"], "restore-vm"

    done = (None, ["STOP", "RESUME"], "running")
    client.run("block-dirty-bitmap-add", node="disk", name="bitmap")
    expect("save, with a bitmap", job("snapshot-save", tag="one", vmstate="disk", devices=["disk"]), done)
    bitmaps = refused("Could not load snapshot 'one' on 'disk': Device has active dirty bitmaps")
    expect("load it", load("one"), bitmaps)
    client.run("block-dirty-bitmap-disable", node="disk", name="bitmap")
    expect("load it, the bitmap disabled", load("one"), bitmaps)
    client.run("block-dirty-bitmap-remove", node="disk", name="bitmap")
    expect("load it, the bitmap removed", load("one"), done)
    missing = refused("Snapshot 'other' does not exist in one or more devices")
    expect("load what is not there", load("other"), missing)
    expect("load from what is not there", load("one", "other"), refused("No block device node 'other'"))
    expect("delete what is not there", job("snapshot-delete", tag="other", devices=["disk"]), (None, [], "running"))
PYTHON

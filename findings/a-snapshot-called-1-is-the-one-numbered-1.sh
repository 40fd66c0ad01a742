#!/usr/bin/env bash
# QEMU: snapshot-load checks that there is a snapshot with the tag, and then qcow2 loads the one that has this tag for its
# number, if there is such a one. qcow2 numbers snapshots from 1. So where tags count from 0, "1" loads "0" and "2" loads
# "1", disk and machine, and the job has no error. snapshot-delete of "1" does delete "1", and "info snapshots" has "--"
# where the numbers would be. Seen with 10.0.2 and 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_older
need_newer
python3 - <<'PYTHON'
from peer import *

for folder in (OLDER, NEWER):
    image = os.path.join(folder, "qemu-img")
    disk = os.path.join(tempfile.mkdtemp(dir=os.environ["WORK"]), "disk")
    subprocess.run([image, "create", "-q", "-f", "qcow2", disk, "1M"], check=True)
    node = f"qcow2,node-name=disk,file.driver=file,file.filename={disk}"
    server = machine(folder, "-m", "32", "-blockdev", node, type="pc")
    client = connect(server.path("main"))

    def monitor(*lines):
        return [client.run("human-monitor-command", command_line=line) for line in lines][-1]

    def job(command, **arguments):
        client.run(command, job_id="job", devices=["disk"], **arguments)

        def concluded():
            (info,) = client.run("query-jobs")
            return info["status"] == "concluded" and info

        info = until("the job's end", concluded)
        client.run("job-dismiss", id="job")
        return info.get("error")

    def machine_state():
        """A byte of the memory that its clock keeps."""
        return int(monitor("o /1b 0x70 0x50", "i /1b 0x71").split("=")[1], 16)

    # What the snapshot with tag N has is N on the disk, and in the machine.
    for tag in range(3):
        monitor(f'qemu-io disk "write -q -P {tag} 0 512"', "o /1b 0x70 0x50", f"o /1b 0x71 {tag}")
        expect(f"save {tag}", job("snapshot-save", tag=str(tag), vmstate="disk"), None)
    shown = [line.split()[:2] for line in monitor("info snapshots").splitlines()[2:5]]
    expect("info snapshots", shown, [["--", "0"], ["--", "1"], ["--", "2"]])
    for tag, other in [("0", 0), ("2", 1), ("1", 0)]:
        expect(f"load {tag}", job("snapshot-load", tag=tag, vmstate="disk"), None)
        expect("the machine is that of", machine_state(), other)

    expect("delete 1", job("snapshot-delete", tag="1"), None)
    client.send(b'{"execute": "quit"}\n')
    server.process.wait(60)
    listed = subprocess.run([image, "snapshot", "-l", disk], check=True, capture_output=True, text=True).stdout
    expect("numbers and tags left", [line.split()[:2] for line in listed.splitlines()[2:]], [["1", "0"], ["3", "2"]])
    first = f"{disk}.first"
    subprocess.run([image, "dd", "-f", "qcow2", "-O", "raw", "bs=512", "count=1", f"if={disk}", f"of={first}"], check=True, capture_output=True)
    with open(first, "rb") as file:
        expect("the disk, where 1 was loaded, is that of", file.read(1)[0], 0)
PYTHON

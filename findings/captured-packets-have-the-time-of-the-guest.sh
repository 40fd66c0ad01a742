#!/usr/bin/env bash
# QEMU: filter-dump writes packets to a pcap file with the time of day when it was made, and goes on from there by the clock of
# the guest. All that is sent while the machine is stopped (announce-self) has one time, the pauses between are lost, and what
# comes later is told too early by as long as the machine stood still. After snapshot-load the time goes back, by as
# much as the guest had run since, so that the packets of a file are not in order. Seen with 10.0.2 and 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_older
need_newer
python3 - <<'PYTHON'
import struct

from peer import *

for folder in (OLDER, NEWER):
    disk = os.path.join(tempfile.mkdtemp(dir=os.environ["WORK"]), "disk")
    subprocess.run([os.path.join(folder, "qemu-img"), "create", "-q", "-f", "qcow2", disk, "64M"], check=True)
    node = f"qcow2,node-name=disk,file.driver=file,file.filename={disk}"
    network = ["-netdev", "hubport,id=net,hubid=0", "-device", "e1000,netdev=net"]
    dump = ["-object", "filter-dump,id=dump,netdev=net,file=packets"]
    server = machine(folder, "-m", "32", "-blockdev", node, *network, *dump, type="pc")
    client = connect(server.path("main"))

    def packets():
        """Microseconds, of the host's clock, of each packet."""
        with open(server.path("packets"), "rb") as file:
            data = file.read()
        times, at = [], 24
        while at + 16 <= len(data):
            seconds, micros, length, _ = struct.unpack_from("<4I", data, at)
            times.append(seconds * 10**6 + micros)
            at += 16 + length
        return times

    def announce():
        """Two packets, 0.2 seconds apart; their times."""
        before = len(packets())
        client.run("announce-self", initial=200, max=200, rounds=2, step=0)
        return until("two packets", lambda: len(packets()) == before + 2 and packets()[before:])

    def job(command):
        client.run(command, job_id="job", tag="tag", vmstate="disk", devices=["disk"])
        until("the job's end", lambda: client.run("query-jobs")[0]["status"] == "concluded")
        client.run("job-dismiss", id="job")

    stopped = announce()
    expect("microseconds between two packets, stopped", stopped[1] - stopped[0], 0)
    time.sleep(1)
    later = announce()
    expect("microseconds to others, a second later", later[0] - stopped[0], 0)
    behind = time.time_ns() // 1000 - later[1]
    expect("more than a second behind the clock", behind > 10**6, True)
    job("snapshot-save")
    client.run("cont")
    running = announce()
    print("microseconds between two packets, running:", running[1] - running[0])
    expect("more than a tenth of a second", running[1] - running[0] > 10**5, True)
    client.run("stop")
    job("snapshot-load")
    back = announce()
    expect("microseconds after snapshot-load, from where it was saved", back[0] - later[1], 0)
    expect("in order", packets() == sorted(packets()), False)
PYTHON

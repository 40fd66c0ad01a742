#!/usr/bin/env bash
# QEMU 10.0's guest agent says that a program's output was cut off by sending "out-truncated": false, and that it was not
# by sending nothing. 11.1 always sends the member where there is output, and means what it says. So false stands for
# either, and only the agent's version tells which. Seen with 10.0.2 and 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_newer
need_older
python3 - <<'PYTHON'
from peer import *

LIMIT = 16 << 20


def run(client, size):
    arguments = ["-c", f"head -c {size} /dev/zero"]
    pid = client.run("guest-exec", path="/bin/sh", arg=arguments, capture_output=True)["pid"]

    def ended():
        status = client.run("guest-exec-status", pid=pid)
        return status["exited"] and status

    return until("the program's end", ended).get("out-truncated")


for folder, expected in [(AGENT, [None, False]), (NEWER, [False, True])]:
    client = connect(agent(folder).path("agent"), monitor=False)
    version = client.run("guest-info")["version"]
    seen = [run(client, LIMIT), run(client, LIMIT + 1)]
    expect(f"{version}, out-truncated of 16 MiB and of a byte more", seen, expected)
PYTHON

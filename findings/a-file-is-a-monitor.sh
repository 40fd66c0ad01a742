#!/usr/bin/env bash
# QEMU 11.1: a monitor can be put on a character device of kind "file". With "in" it executes the commands that are in a
# file, as soon as it is made, and writes greeting, replies and events to another one: a script without a client. Seen
# with 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_newer
python3 - <<'PYTHON'
import json

from peer import *

server = machine(NEWER)
client = connect(server.path("main"))
with open(server.path("commands"), "w") as script:
    for command in ["qmp_capabilities", "query-status", "cont"]:
        script.write(json.dumps({"execute": command}) + "\n")
files = {"in": server.path("commands"), "out": server.path("replies")}
client.run("chardev-add", id="script", backend={"type": "file", "data": files})
client.run("object-add", qom_type="monitor-qmp", id="script", chardev="script")
until("the end of the script", lambda: client.run("query-status")["running"])


def written():
    with open(server.path("replies")) as replies:
        return [next(iter(set(json.loads(line)) & {"QMP", "return", "event", "error"})) for line in replies]


expected = ["QMP", "return", "return", "event", "return"]
until("all replies", lambda: len(written()) >= len(expected))
expect("what is in the file of replies", written(), expected)
PYTHON

#!/usr/bin/env bash
# QEMU 11.1: a human monitor can be added while the machine runs (object-add monitor-hmp), and never be taken away:
# object-del refuses it, and so its character device and its socket stay too. Those of QMP can be deleted. Seen with
# 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_newer
python3 - <<'PYTHON'
from peer import *

server = machine(NEWER)
client = connect(server.path("main"))
for kind, expected in [
    ("monitor-qmp", {"return": {}}),
    ("monitor-hmp", "Deleting HMP monitors is not supported"),
]:
    client.run("chardev-add", id=kind, backend=listening(server.path(kind)))
    client.run("object-add", qom_type=kind, id=kind, chardev=kind)
    answer = client.ask("object-del", id=kind)
    seen = answer["error"]["desc"] if "error" in answer else answer
    expect(f"object-del of {kind}", seen, expected)
expect("chardev-remove", client.refused("chardev-remove", id="monitor-hmp"), "Chardev 'monitor-hmp' is busy")
PYTHON

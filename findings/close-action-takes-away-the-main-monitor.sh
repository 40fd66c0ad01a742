#!/usr/bin/env bash
# QEMU 11.1: close-action of a monitor is not fixed when it is made. qom-set takes it at any time, also for a monitor of
# the command line, and also from its own client: when that one leaves, the monitor and its socket are gone, and the
# machine runs on unreachable. Seen with 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_newer
python3 - <<'PYTHON'
import os

from peer import *

server = machine(NEWER)
client = connect(server.path("main"))
where = {"path": "/objects/compat_monitor0", "property": "close-action"}
expect("close-action of -qmp", client.run("qom-get", **where), "none")
client.run("qom-set", value="delete", **where)
client.close()
until("the socket's end", lambda: not os.path.exists(server.path("main")))
print("the socket of -qmp is gone when its client has left")
expect("the machine runs", server.running(), True)
PYTHON

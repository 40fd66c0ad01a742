#!/usr/bin/env bash
# QEMU 11.1: a monitor given by -qmp is an object with an id that nobody chose, compat_monitor0, and another monitor can
# delete it. Whoever was connected sees no end of the connection, only silence, until the character device goes as well.
# When the last monitor has deleted itself by its close-action the machine goes on with none, and none can be added.
# Seen with 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_newer
python3 - <<'PYTHON'
import os
import socket

from peer import *

server = machine(NEWER)
client = connect(server.path("main"))
added = {"id": "added", "backend": listening(server.path("added"))}
client.run("chardev-add", **added)
client.run("object-add", qom_type="monitor-qmp", id="added", chardev="added", close_action="delete")
second = connect(server.path("added"))
second.run("object-del", id="compat_monitor0")
client.send(b'{"execute": "query-name"}\n')
client.stream.settimeout(2)
try:
    seen = client.line()
except socket.timeout:
    seen = "nothing"
expect("who was connected sees", seen, "nothing")
second.run("chardev-remove", id="compat_monitor0")
client.stream.settimeout(60)
try:
    seen = client.line()
except ConnectionResetError:
    seen = None
expect("after chardev-remove", seen, None)
second.close()
until("the end of the last monitor", lambda: not os.path.exists(server.path("added")))
expect("sockets left", [name for name in os.listdir(server.folder)], [])
expect("the machine runs", server.running(), True)
PYTHON

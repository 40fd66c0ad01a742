#!/usr/bin/env bash
# QEMU 11.1's guest agent tells the line of an error in a request's JSON. It counts from its own start, over all clients
# that were ever connected; a monitor counts from the start of each connection. Seen with 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_newer
python3 - <<'PYTHON'
from peer import *

server = agent(NEWER)
for lines in [1, 2, 3]:
    client = connect(server.path("agent"), monitor=False)
    client.send(b"}\n")
    expect("the agent", client.reply()["error"]["desc"], f"{lines}:1: JSON parse error, expecting value")
    client.close()

server = machine(NEWER)
for _ in range(3):
    client = connect(server.path("main"))
    client.send(b"}\n")
    expect("a monitor", client.reply()["error"]["desc"], "2:1: JSON parse error, expecting value")
    client.close()
PYTHON

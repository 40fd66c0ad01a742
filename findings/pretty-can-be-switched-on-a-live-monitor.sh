#!/usr/bin/env bash
# QEMU 11.1: how a monitor lays out its messages can be changed while a client is connected, by another client: qom-set of
# "pretty". The next reply is spread over lines, CRLF each, where those before were one line. Seen with 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_newer
python3 - <<'PYTHON'
from peer import *

server = machine(NEWER, "-qmp", "unix:other,server=on,wait=off")
client, other = connect(server.path("main")), connect(server.path("other"))


def lines():
    """How many lines a reply to the second client takes."""
    other.send(b'{"execute": "query-name"}\n')
    text = other.line()
    count = 1
    while text.count("{") != text.count("}"):
        text += other.line()
        count += 1
    return count


expect("lines of a reply", lines(), 1)
objects = [entry["name"] for entry in client.run("qom-list", path="/objects")]
for name in objects:
    if name.startswith("compat_monitor"):
        path = f"/objects/{name}"
        if client.run("qom-get", path=path, property="chardev") != "compat_monitor0":
            client.run("qom-set", path=path, property="pretty", value=True)
expect("lines of a reply", lines(), 4)
PYTHON

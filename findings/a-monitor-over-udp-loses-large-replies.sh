#!/usr/bin/env bash
# QEMU 11.1: a monitor on a UDP character device answers each request in one datagram, and a reply that is too large for
# one (query-qmp-schema) is never sent, without any error: the client waits for ever, while the next request is answered
# as if nothing had been. Seen with 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_newer
python3 - <<'PYTHON'
import json
import socket

from peer import *

server = machine(NEWER)
client = connect(server.path("main"))


def datagrams():
    port = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    port.bind(("127.0.0.1", 0))
    return port, {"type": "inet", "data": {"host": "127.0.0.1", "port": str(port.getsockname()[1])}}


ours, remote = datagrams()
theirs, local = datagrams()
target = theirs.getsockname()
theirs.close()
client.run("chardev-add", id="udp", backend={"type": "udp", "data": {"remote": remote, "local": local}})
client.run("object-add", qom_type="monitor-qmp", id="udp", chardev="udp")
ours.settimeout(60)
expect("first", list(json.loads(ours.recv(1 << 16))), ["QMP"])


def say(command, id):
    ours.sendto(json.dumps({"execute": command, "id": id}).encode(), target)


say("qmp_capabilities", 1)
expect("negotiated", json.loads(ours.recv(1 << 16)), {"return": {}, "id": 1})
say("query-qmp-schema", 2)
say("query-name", 3)
expect("the next datagram", json.loads(ours.recv(1 << 16)), {"return": {}, "id": 3})
ours.settimeout(3)
try:
    seen = ours.recv(1 << 16)
except socket.timeout:
    seen = "nothing"
expect("of the schema", seen, "nothing")
PYTHON

#!/usr/bin/env bash
# QEMU tells a debugger at its gdbstub that the machine stands still as a signal of a program: of stop it makes SIGINT, of the end
# of a migration SIGXCPU, "CPU time limit exceeded". Whoever answers that by "continue" runs the source once more,
# which has moved to another host, and gets no word of it. cont by QMP is told to no debugger, and so neither is the
# stop after it. One that detaches starts a machine that was to wait (-S). Seen with 10.0.2 and 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_older
need_newer
python3 - <<'PYTHON'
import re
import socket

from peer import *


class Debugger:
    """The other end of GDB's remote protocol."""

    def __init__(self, path):
        self.stream = socket.socket(socket.AF_UNIX)
        self.stream.connect(path)
        self.rest = b""

    def say(self, text):
        data = text.encode()
        self.stream.sendall(b"$%s#%02x" % (data, sum(data) % 256))

    def told(self, seconds=60):
        self.stream.settimeout(seconds)
        while not (found := re.search(rb"\$([^#]*)#..", self.rest)):
            try:
                data = self.stream.recv(1 << 12)
            except socket.timeout:
                return "nothing"
            if not data:
                return "the end"
            self.rest += data
        self.rest = self.rest[found.end() :]
        self.stream.sendall(b"+")
        return found[1].decode()

    def signal(self):
        """The number that GDB has for what it is told."""
        return int(self.told()[1:3], 16)


for folder in (OLDER, NEWER):
    stub = ["-chardev", "socket,id=stub,path=stub,server=on,wait=off", "-gdb", "chardev:stub"]
    server = machine(folder, *stub, "-m", "32", type="pc")
    client = connect(server.path("main"))

    def status():
        return client.run("query-status")["status"]

    debugger = Debugger(server.path("stub"))
    debugger.say("?")
    expect("at first, signal", debugger.signal(), 5)
    expect("the machine", status(), "prelaunch")
    debugger.say("c")
    until("running", lambda: status() == "running")

    client.run("stop")
    expect("stop, signal", debugger.signal(), 2)
    client.run("cont")
    client.run("stop")
    expect("cont and stop", debugger.told(2), "nothing")
    debugger.say("c")
    until("running", lambda: status() == "running")

    client.run("migrate", uri="exec:cat > /dev/null")
    expect("migrate, signal", debugger.signal(), 24)
    until("the end", lambda: client.run("query-migrate")["status"] == "completed" and status() == "postmigrate")
    client.events.clear()
    debugger.say("c")
    until("running", lambda: status() == "running")
    expect("events after continue", client.events, ["RESUME"])

    server = machine(folder, *stub, "-m", "32", type="pc")
    client = connect(server.path("main"))
    debugger = Debugger(server.path("stub"))
    debugger.say("?")
    debugger.signal()
    expect("the machine", status(), "prelaunch")
    debugger.say("D")
    expect("detach", debugger.told(), "OK")
    until("running", lambda: status() == "running")
    expect("events after detach", client.events, ["RESUME"])
PYTHON

#!/usr/bin/env bash
# QEMU: set-action can make a reset end the machine ("reboot": "shutdown") and the end a pause ("shutdown": "pause"). With both a
# machine cannot be reset, and cannot go on: system_reset sends SHUTDOWN and leaves the state "shutdown", in which cont says
# that a reset is required, and system_reset again sends SHUTDOWN only. A migration, also to a file, makes "postmigrate" of it,
# and then cont is taken, and the machine goes on where it was, with no reset at all. set-action with "reset" is the way
# back to one. Seen with 10.0.2 and 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_older
need_newer
python3 - <<'PYTHON'
from peer import *

for folder in (OLDER, NEWER):
    server = machine(folder, "-m", "32", type="pc")
    client = connect(server.path("main"))

    def events():
        client.run("query-status")
        told = [event for event in client.events if event != "MIGRATION"]
        client.events.clear()
        return told

    def reset(expected):
        client.run("system_reset")
        until("state", lambda: client.run("query-status")["status"] == expected)
        return events()

    def state():
        return client.run("query-status")["status"]

    required = "Resetting the Virtual Machine is required"
    client.run("cont")
    expect("cont", (state(), events()), ("running", ["RESUME"]))
    client.run("set-action", reboot="shutdown", shutdown="pause")
    expect("system_reset", reset("shutdown"), ["SHUTDOWN", "STOP"])
    expect("cont", client.refused("cont"), required)
    client.run("system_reset")
    until("its event", lambda: client.run("query-status") and client.events)
    expect("system_reset again", (state(), events()), ("shutdown", ["SHUTDOWN"]))
    expect("cont", client.refused("cont"), required)

    client.run("migrate", uri="file:" + server.path("state"))
    until("the migration's end", lambda: state() == "postmigrate")
    expect("migrate", events(), [])
    client.run("cont")
    expect("cont", (state(), events()), ("running", ["RESUME"]))

    expect("system_reset", reset("shutdown"), ["SHUTDOWN", "STOP"])
    client.run("set-action", reboot="reset")
    expect("cont, with another action", client.refused("cont"), required)
    expect("system_reset, with another action", reset("prelaunch"), ["RESET"])
    client.run("cont")
    expect("cont", state(), "running")
PYTHON

#!/usr/bin/env bash
# QEMU: system_reset of a machine that is stopped changes its state from "paused" to "prelaunch", which is documented as that
# of a machine which was started with -S and has not run; of one that was migrated away, from "postmigrate" to
# "prelaunch", and then it can be migrated again, which was refused. RESET is the only event. Seen with 10.0.2 and 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_older
need_newer
python3 - <<'PYTHON'
from peer import *

for folder in (OLDER, NEWER):
    server = machine(folder)
    client = connect(server.path("main"))

    def status():
        return client.run("query-status")["status"]

    def migrated(name):
        client.run("migrate", uri=f"file:{server.path(name)}")
        until("postmigrate", lambda: status() == "postmigrate")

    client.run("cont")
    client.run("stop")
    expect("after cont and stop", status(), "paused")
    client.events.clear()
    client.run("system_reset")
    expect("after system_reset", status(), "prelaunch")
    expect("events", client.events, ["RESET"])

    migrated("first")
    refused = "Can't migrate the vm that was paused due to previous migration"
    expect("migrate once more", client.refused("migrate", uri=f"file:{server.path('second')}"), refused)
    client.events.clear()
    client.run("system_reset")
    expect("after system_reset", status(), "prelaunch")
    expect("events", client.events, ["RESET"])
    migrated("second")
    expect("migrated once more", status(), "postmigrate")
PYTHON

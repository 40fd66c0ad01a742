#!/usr/bin/env bash
# QEMU: stop keeps a machine from running until cont, also one that stands still already. Not so while a migration waits before
# its switchover (capability pause-before-switchover), for which the machine stands still: stop succeeds, and is forgotten.
# When the migration is cancelled the machine runs, with RESUME as the only event. cont is not taken so: a machine that was
# stopped before refuses it, and stays as it was. Seen with 10.0.2 and 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_older
need_newer
python3 - <<'PYTHON'
from peer import *

for folder in (OLDER, NEWER):
    client = connect(machine(folder, "-m", "32", type="pc").path("main"))
    capabilities = [{"capability": "pause-before-switchover", "state": True}]
    client.run("migrate-set-capabilities", capabilities=capabilities)

    def status():
        return client.run("query-status")["status"]

    def migration(status):
        until(status, lambda: client.run("query-migrate")["status"] == status)

    def cancelled(*commands):
        """A migration in which these are answered before the switchover, and then it is cancelled."""
        client.run("migrate", uri="exec:cat > /dev/null")
        migration("pre-switchover")
        expect("the machine waits", status(), "finish-migrate")
        client.events.clear()
        replies = [client.ask(command) for command in commands]
        expect("still", (status(), client.events), ("finish-migrate", []))
        client.run("migrate_cancel")
        migration("cancelled")
        return replies

    client.run("cont")
    expect("stop meanwhile", cancelled("stop"), [{"return": {}}])
    until("that it runs", lambda: status() == "running")
    expect("cancelled, events", client.events, ["RESUME"])

    client.run("stop")
    refusal = {"class": "GenericError", "desc": "Migration is not finalized yet"}
    expect("stopped before, cont meanwhile", cancelled("cont"), [{"error": refusal}])
    until("that it is stopped", lambda: status() == "paused")
    expect("cancelled, events", client.events, [])
PYTHON

#!/usr/bin/env bash
# QEMU 11.1: with mode cpr-exec a migration that is "completed" still can fail: only then QEMU replaces itself by the program that
# it was told, and where that cannot be run, "failed" comes after "completed", RESUME after that, and the machine goes on
# as before. Where it can be run, the connection ends without SHUTDOWN, the process is the same, and a new monitor at the
# same place answers for a migration that its client never asked for. Seen with 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_newer
python3 - <<'PYTHON'
from peer import *

memory = ["-object", "memory-backend-memfd,id=memory,size=32M,share=on", "-m", "32"]
kind = "pc,aux-ram-share=on,memory-backend=memory"


def migrated(program):
    """A machine and its client, and what that is told of a migration."""
    server = machine(NEWER, *memory, type=kind)
    client = connect(server.path("main"))
    client.run("cont")
    state = f"file:{server.path('state')}"
    options = ["-machine", kind, *memory, "-accel", "tcg", "-nodefaults", "-display", "none"]
    command = [program, *options, "-qmp", "unix:main,server=on,wait=off", "-incoming", state]
    client.run("migrate-set-capabilities", capabilities=[{"capability": "events", "state": True}])
    client.run("migrate-set-parameters", mode="cpr-exec", cpr_exec_command=command)
    client.send(json.dumps({"execute": "migrate", "arguments": {"uri": state}}).encode() + b"\n")
    seen = []
    while (line := client.line()) is not None:
        message = json.loads(line)
        if message.get("event") == "MIGRATION":
            seen.append(message["data"]["status"])
        elif message.get("event") != "MIGRATION_PASS":
            seen.append(message.get("event", "reply"))
        if seen[-1] == "RESUME":
            break
    # When the reply comes between them differs.
    seen.remove("reply")
    return server, client, seen


server, client, seen = migrated("/nowhere/qemu")
expect("without such a program", seen, ["setup", "STOP", "active", "device", "completed", "failed", "RESUME"])
info = client.run("query-migrate")
expect("query-migrate", (info["status"], info["error-desc"]), ("failed", "execvp /nowhere/qemu failed: No such file or directory"))
expect("query-status", client.run("query-status")["status"], "running")

server, client, seen = migrated(os.path.join(NEWER, "qemu-system-x86_64"))
expect("with one, until the end", seen, ["setup", "STOP", "active", "device", "completed"])


def connected():
    # The old socket may still take connections, which end when it does.
    try:
        return connect(server.path("main"))
    except (ConnectionError, TypeError):
        return None


client = until("a new monitor", connected)
expect("the same process runs", server.running(), True)
until("running", lambda: client.run("query-status")["status"] == "running")
expect("query-migrate of the new monitor", client.run("query-migrate")["status"], "completed")
expect("its mode", client.run("query-migrate-parameters")["mode"], "normal")
PYTHON

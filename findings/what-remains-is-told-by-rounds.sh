#!/usr/bin/env bash
# QEMU 11.1: query-migrate has a new member "remaining", the bytes of memory and devices that remain. It is counted between the
# rounds of a migration only, while ram.remaining goes down with each page. So nothing seems to move while a round lasts, which
# is as long as the other side does not read: all that there was remains by the one, and about half of it by the other.
# When the migration is completed it is left out, and ram.remaining is 0. Seen with 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_newer
python3 - <<'PYTHON'
from peer import *

server = machine(NEWER, "-m", "64", type="pc")
client = connect(server.path("main"))
os.mkfifo(server.path("go"))
before = client.run("query-migrate")
expect("before, remaining", before.get("remaining"), None)

# The other side reads when it is told to.
client.run("migrate", uri="exec:read line < go; cat > /dev/null")


def stalled():
    """What is told while nothing is sent any more."""
    first = client.run("query-migrate")
    time.sleep(0.5)
    second = client.run("query-migrate")
    same = first.get("ram", {}).get("transferred") == second.get("ram", {}).get("transferred") != 0
    return first["status"] == second["status"] == "active" and same and second


info = until("that it waits", stalled)
print("memory, remaining of it, remaining:", info["ram"]["total"], info["ram"]["remaining"], info["remaining"])
expect("remaining is more than that of memory", info["remaining"] > info["ram"]["remaining"], True)
with open(server.path("go"), "w") as file:
    file.write("\n")
info = until("the end", lambda: client.run("query-migrate")["status"] == "completed" and client.run("query-migrate"))
expect("after, remaining of memory", info["ram"]["remaining"], 0)
expect("after, remaining", info.get("remaining"), None)
PYTHON

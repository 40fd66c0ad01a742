#!/usr/bin/env bash
# QEMU: who resets a machine gets two RESET events. The first has "guest": false and the reason "host-qmp-system-reset". The
# second says that the guest did it: QEMU leaves memory as it was, the firmware of a PC (SeaBIOS) finds there that it has run
# before, and resets the machine itself, from inside. So a machine that was reset while it stood still resets itself
# when it goes on, and one for which a guest's reset is to be the end (set-action "reboot": "shutdown") ends then, with
# SHUTDOWN for the reason "guest-reset", though no system was started. A start has none. Seen with 10.0.2 and 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_older
need_newer
python3 - <<'PYTHON'
from peer import *

for folder in (OLDER, NEWER):
    for type in ("pc", "q35"):
        log = ["-chardev", "file,id=log,path=log", "-device", "isa-debugcon,iobase=0x402,chardev=log"]
        server = machine(folder, "-m", "32", *log, type=type)
        client = connect(server.path("main"))

        def ask(command, **arguments):
            """The command, and the events so far by whether the guest did it."""
            client.send(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
            while True:
                message = json.loads(client.line())
                if "event" not in message:
                    return message["return"]
                if "guest" in message.get("data", {}):
                    told.append((message["event"], message["data"]["guest"], message["data"]["reason"]))

        def started(count):
            """The events until the firmware has come to its end for the count-th time."""
            with open(server.path("log")) as file:
                return file.read().count("No bootable device") == count

        outside, inside = ("RESET", False, "host-qmp-system-reset"), ("RESET", True, "guest-reset")
        told = []
        ask("cont")
        until("the firmware's end", lambda: started(1))
        ask("query-status")
        expect("start", told, [])
        ask("system_reset")
        until("the firmware's end", lambda: started(2))
        ask("query-status")
        expect("system_reset", told, [outside, inside])

        told.clear()
        ask("stop")
        ask("system_reset")
        until("its event", lambda: ask("query-status") and told)
        expect("system_reset, stopped", told, [outside])
        told.clear()
        ask("set-action", reboot="shutdown", shutdown="pause")
        ask("cont")
        until("the machine's end", lambda: ask("query-status")["status"] == "shutdown")
        expect("cont", told, [("SHUTDOWN", True, "guest-reset")])
        expect("the firmware has not come to its end", started(2), True)
PYTHON

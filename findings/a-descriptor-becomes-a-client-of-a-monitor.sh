#!/usr/bin/env bash
# QEMU: add_client, which hands a connection to VNC or SPICE, takes the name of a character device as well, and so that of a
# monitor's. One end of a pair of sockets that is sent over one monitor is then the client of another: it is greeted and
# negotiates, with no path to connect to. Who has connected to the path meanwhile waits without a word and is greeted when the
# other leaves. While a client is there add_client is refused, and yet it closes the descriptor and forgets its name, so that it
# has to be sent anew. query-chardev names no peer: "unix:,server=on". Seen with 10.0.2 and 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_older
need_newer
python3 - <<'PYTHON'
from peer import *

for folder in (OLDER, NEWER):
    second = ["-chardev", "socket,id=second,path=second,server=on,wait=off", "-mon", "chardev=second,mode=control"]
    server = machine(folder, *second)
    client = connect(server.path("main"))

    def send():
        """One end, of which the other is sent."""
        ours, theirs = socket.socketpair()
        request = {"execute": "getfd", "arguments": {"fdname": "end"}}
        socket.send_fds(client.stream, [json.dumps(request).encode() + b"\n"], [theirs.fileno()])
        theirs.close()
        expect("getfd", client.reply(), {"return": {}})
        return Client(ours)

    def give(name):
        reply = client.ask("add_client", protocol=name, fdname="end")
        return reply["error"]["desc"] if "error" in reply else "done"

    one = send()
    expect("add_client", give("second"), "done")
    expect("first message", list(json.loads(one.line())), ["QMP"])
    expect("negotiation", one.run("qmp_capabilities"), {})
    expect("query-status", one.run("query-status")["status"], "prelaunch")
    (told,) = [each["filename"] for each in client.run("query-chardev") if each["label"] == "second"]
    expect("query-chardev", told, "unix:,server=on")

    waiting = socket.socket(socket.AF_UNIX)
    waiting.connect(server.path("second"))
    waiting = Client(waiting)
    waiting.stream.settimeout(1)
    try:
        expect("by the path", waiting.line(), "nothing")
    except TimeoutError:
        print("by the path: nothing")

    for name in ("second", "main", "none"):
        other = send()
        refused = "protocol 'none' is invalid" if name == "none" else "failed to add client"
        expect(f"add_client to {name}", give("compat_monitor0" if name == "main" else name), refused)
        expect("our end", other.line(), None)
        expect("closefd", client.refused("closefd", fdname="end"), "File descriptor named 'end' not found")

    expect("query-status", one.run("query-status")["status"], "prelaunch")
    one.close()
    waiting.stream.settimeout(60)
    expect("by the path, alone", list(json.loads(waiting.line())), ["QMP"])
PYTHON

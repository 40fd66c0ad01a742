#!/usr/bin/env bash
# QEMU: a monitor on a character device of kind "hub" has as many clients as the hub has devices, and one session for all.
# Only who comes first is greeted; what one negotiates is negotiated for all; a reply goes to everybody, also to who did not
# ask, so that two who count ids from 1 take each other's; and halves of two clients are one request. The session
# lasts as long as any of them stays: who leaves and comes back is not greeted. Seen with 10.0.2 and 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_older
need_newer
python3 - <<'PYTHON'
import socket

from peer import *


def come(server, name):
    stream = socket.socket(socket.AF_UNIX)
    stream.connect(server.path(name))
    return Client(stream)


def silent(client):
    client.stream.settimeout(2)
    try:
        return client.line()
    except socket.timeout:
        return "nothing"
    finally:
        client.stream.settimeout(60)


def next_of(*clients):
    return [json.loads(client.line()) for client in clients]


for folder in (OLDER, NEWER):
    devices = []
    for name in ("a", "b"):
        devices += ["-chardev", f"socket,id={name},path={name},server=on,wait=off"]
    hub = ["-chardev", "hub,id=hub,chardevs.0=a,chardevs.1=b", "-mon", "chardev=hub,mode=control"]
    server = machine(folder, *devices, *hub)
    client = connect(server.path("main"))
    # Who comes while QEMU 10.0 sets a monitor up may be read by two of its threads.
    until("the monitor", lambda: any(each["label"] == "hub" and each["frontend-open"] for each in client.run("query-chardev")))
    time.sleep(0.5)

    a = come(server, "a")
    expect("first of a", list(next_of(a)[0]), ["QMP"])
    b = come(server, "b")
    expect("first of b", silent(b), "nothing")
    a.send(b'{"execute": "qmp_capabilities", "id": 1}\n')
    expect("when a negotiates", next_of(a, b), [{"return": {}, "id": 1}] * 2)
    b.send(b'{"execute": "query-name", "id": 2}\n')
    expect("when b asks", next_of(a, b), [{"return": {}, "id": 2}] * 2)

    # Before the reply to the second request the monitor has read what came before it.
    a.send(b'{"execute": "query-name", "id": 3}{"execute": "query-name",')
    expect("of the first", next_of(a, b), [{"return": {}, "id": 3}] * 2)
    expect("of half a request", silent(a), "nothing")
    b.send(b' "id": 4}\n')
    expect("of a half of each", next_of(a, b), [{"return": {}, "id": 4}] * 2)

    a.close()
    b.send(b'{"execute": "query-name", "id": 5}\n')
    expect("when a has left", next_of(b), [{"return": {}, "id": 5}])
    a = come(server, "a")
    expect("first of a, which is back", silent(a), "nothing")
    a.send(b'{"execute": "query-name", "id": 6}\n')
    expect("when a asks", next_of(a, b), [{"return": {}, "id": 6}] * 2)
PYTHON

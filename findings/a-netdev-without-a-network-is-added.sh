#!/usr/bin/env bash
# QEMU: netdev_add of type "stream" succeeds where nobody listens, and also where it should listen itself and cannot, as its
# folder is not there. No event tells of it: NETDEV_STREAM_DISCONNECTED is only for what was connected. The error is to be read
# in "info network" of the human monitor alone; the netdev never tries again, and a network card can be put on it. Of
# a stream that is connected, netdev_del closes the connection and sends no event either. Seen with 10.0.2 and 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_older
need_newer
python3 - <<'PYTHON'
from peer import *

for folder in (OLDER, NEWER):
    server = machine(folder, "-m", "32", type="pc")
    client = connect(server.path("main"))

    def add(id, path, **arguments):
        return client.ask("netdev_add", type="stream", id=id, addr={"type": "unix", "path": path}, **arguments)

    def network():
        lines = client.run("human-monitor-command", command_line="info network").splitlines()
        return {line.split(":")[0].strip(" \\"): line.split(",", 2)[2] for line in lines}

    done = {"return": {}}
    expect("to nobody", add("nobody", "nobody"), done)
    expect("in a folder that is not there", add("folder", "missing/socket", server=True), done)
    expect("a card", client.ask("device_add", driver="e1000", netdev="nobody"), done)

    def failed():
        told = network()
        return "error:" in told["nobody"] and "error:" in told["folder"] and told

    told = until("errors", failed)
    expect("nobody", told["nobody"], "error: Failed to connect to 'nobody': No such file or directory")
    expect("folder", told["folder"], "error: Failed to bind socket to missing/socket: No such file or directory")

    listener = socket.socket(socket.AF_UNIX)
    listener.bind(server.path("nobody"))
    listener.listen()
    os.mkdir(server.path("missing"))
    listener.settimeout(2)
    try:
        listener.accept()
        expect("somebody listens", "a connection", "no connection")
    except TimeoutError:
        print("somebody listens: no connection")
    expect("folder, made", os.listdir(server.path("missing")), [])
    client.run("query-status")
    expect("events", client.events, [])

    expect("to somebody", add("somebody", "nobody"), done)
    stream, _ = listener.accept()
    stream.settimeout(60)
    until("connection", lambda: client.run("query-status") and client.events)
    client.run("netdev_del", id="somebody")
    expect("received after netdev_del", stream.recv(1), b"")
    time.sleep(0.5)
    client.run("query-status")
    expect("events", client.events, ["NETDEV_STREAM_CONNECTED"])
PYTHON

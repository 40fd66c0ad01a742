#!/usr/bin/env bash
# QEMU can be given a Unix socket that listens already, as service managers do, so that clients may connect before it
# runs. It deletes the socket's file when it ends, or when the character device is removed, although it did not make the
# file: whoever made it still listens, and nobody can connect. The guest agent, which takes such a socket by
# LISTEN_FDS, leaves the file. Seen with 10.0.2 and 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_older
need_newer
python3 - <<'PYTHON'
import array
import signal
import socket

from peer import *


class Listening:
    """A socket as a service manager has it, and what of it a program gets as descriptor 3."""

    def __init__(self):
        self.path = os.path.join(tempfile.mkdtemp(dir=os.environ["WORK"]), "socket")
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(self.path)
        self.socket.listen()

    def start(self, *command):
        script = 'exec 3<&0 0</dev/null; export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"'
        folder = os.path.dirname(self.path)
        return subprocess.Popen(["sh", "-c", script, "sh", *command], stdin=self.socket, cwd=folder, stderr=subprocess.DEVNULL)

    def left(self):
        return os.path.exists(self.path)


for name, folder, agents in [("10.0", OLDER, AGENT), ("11.1", NEWER, NEWER)]:
    given = Listening()
    options = ["-machine", "none", "-nodefaults", "-display", "none", "-S"]
    monitor = ["-chardev", "socket,id=c,fd=3,server=on,wait=off", "-mon", "chardev=c,mode=control"]
    process = given.start(f"{folder}/qemu-system-x86_64", *options, *monitor)
    client = connect(given.path)
    expect(f"{name}, while it runs, the file is there", given.left(), True)
    client.run("quit")
    process.wait(60)
    expect(f"{name}, after quit", given.left(), False)

    given = Listening()
    client = connect(machine(folder).path("main"))
    passed = array.array("i", [given.socket.fileno()])
    request = {"execute": "getfd", "arguments": {"fdname": "given"}}
    client.stream.sendmsg([json.dumps(request).encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, passed)])
    client.reply()
    backend = listening("")
    backend["data"]["addr"] = {"type": "fd", "data": {"str": "given"}}
    client.run("chardev-add", id="given", backend=backend)
    client.run("chardev-remove", id="given")
    expect(f"{name}, after chardev-remove", given.left(), False)

    given = Listening()
    process = given.start(f"{agents}/qemu-ga", "-t", ".", "-f", "pid")
    connect(given.path, monitor=False).run("guest-ping")
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    expect(f"{name}, after the agent's end", given.left(), True)
PYTHON

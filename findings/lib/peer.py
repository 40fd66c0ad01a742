"""Servers that the scripts here talk to, in plain JSON."""

import atexit
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time

NEWER = os.environ.get("NEWER", "")
OLDER = os.environ.get("OLDER", "")
AGENT = os.environ.get("AGENT", "")


def expect(what, seen, expected):
    print(f"{what}: {seen}")
    if seen != expected:
        raise SystemExit(f"not as it was: expected {expected}")


def until(what, ask):
    """What `ask` gives once that is true."""
    end = time.monotonic() + 60
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > end:
            raise SystemExit(f"{what} does not happen")
        time.sleep(0.01)


class Client:
    """One end of a connection; requests are sent and lines received."""

    def __init__(self, stream):
        stream.settimeout(60)
        self.stream = stream
        self.rest = b""
        self.events = []

    def send(self, data):
        self.stream.sendall(data)

    def line(self):
        """The next line; `None` at the end."""
        while b"\n" not in self.rest:
            data = self.stream.recv(1 << 16)
            if not data:
                return None
            self.rest += data
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode("utf-8", "replace").strip()

    def reply(self):
        while True:
            message = json.loads(self.line())
            if "event" not in message:
                return message
            self.events.append(message["event"])

    def ask(self, command, **arguments):
        """The whole reply."""
        arguments = {key.replace("_", "-"): value for key, value in arguments.items()}
        self.send(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        return self.reply()

    def run(self, command, **arguments):
        """What the command returns."""
        reply = self.ask(command, **arguments)
        if "error" in reply:
            raise SystemExit(f"{command}: {reply['error']['desc']}")
        return reply["return"]

    def refused(self, command, **arguments):
        """What the error says."""
        return self.ask(command, **arguments)["error"]["desc"]

    def close(self):
        self.stream.close()


def connect(path, monitor=True):
    """A client of a Unix socket; of a monitor, one that has negotiated."""

    def attempt():
        stream = socket.socket(socket.AF_UNIX)
        try:
            stream.connect(path)
            return stream
        except OSError:
            stream.close()

    while True:
        client = Client(until(f"listening on {path}", attempt))
        if not monitor:
            return client
        # QEMU 10.0 may greet twice who connects while it starts, and garbles what such a client sends: it has to come again.
        greeting = client.line()
        if greeting and "return" in client.ask("qmp_capabilities"):
            client.greeting = json.loads(greeting)
            return client
        client.close()


class Server:
    """A process, which ends with the script. `folder` is its own."""

    def __init__(self, program, *arguments):
        self.folder = tempfile.mkdtemp(dir=os.environ["WORK"])
        self.process = subprocess.Popen(
            [program, *arguments], cwd=self.folder, stderr=subprocess.PIPE, text=True
        )
        atexit.register(self.end)

    def path(self, name):
        return os.path.join(self.folder, name)

    def running(self):
        return self.process.poll() is None

    def end(self):
        if self.running():
            self.process.kill()
            self.process.wait()


def machine(folder, *arguments, type="none"):
    """QEMU, stopped, with a monitor at the socket `main`."""
    return Server(
        os.path.join(folder, "qemu-system-x86_64"),
        *["-machine", type, "-accel", "tcg", "-nodefaults", "-display", "none", "-S"],
        *["-qmp", "unix:main,server=on,wait=off", *arguments],
    )


def agent(folder):
    server = Server(
        os.path.join(folder, "qemu-ga"), "-m", "unix-listen", "-p", "agent", "-t", ".", "-f", "pid"
    )
    return server


def listening(path):
    """A character device that listens on a Unix socket."""
    address = {"type": "unix", "data": {"path": path}}
    return {"type": "socket", "data": {"addr": address, "server": True, "wait": False}}

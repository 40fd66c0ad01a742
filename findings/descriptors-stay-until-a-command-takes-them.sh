#!/usr/bin/env bash
# QEMU: a file descriptor does not belong to the request that it came with. One that came with query-status, or with a command
# that is refused, stays, and a later getfd that brings none gets it, as often as other commands come in between. Others
# that come replace it. Of two that come with one getfd the first is taken and the second closed; of two that come with the two halves
# of one, the later is taken. Seen with 10.0.2 and 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_older
need_newer
python3 - <<'PYTHON'
import array
import json
import os
import socket

from peer import *


class Passing(Client):
    """A client that sends descriptors."""

    def __init__(self, server):
        self.server = server
        super().__init__(connect(server.path("main")).stream)
        self.files = {}
        for name in ("first", "second"):
            with open(server.path(name), "w"):
                pass
            self.files[name] = os.open(server.path(name), os.O_RDONLY)

    def pass_on(self, text, *names):
        fds = array.array("i", [self.files[name] for name in names])
        self.stream.sendmsg([text.encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])

    def ask_with(self, command, *names, **arguments):
        self.pass_on(json.dumps({"execute": command, "arguments": arguments}) + "\n", *names)
        return self.reply()

    def held(self):
        """What of the files the server has open."""
        folder = f"/proc/{self.server.process.pid}/fd"
        targets = [os.readlink(os.path.join(folder, number)) for number in os.listdir(folder)]
        return sorted(os.path.basename(path) for path in targets if os.path.dirname(path) == self.server.folder)


for folder in (OLDER, NEWER):
    client = Passing(machine(folder))
    nothing = "No file descriptor supplied via SCM_RIGHTS"
    expect("getfd without any", client.refused("getfd", fdname="a"), nothing)

    client.ask_with("query-status", "first")
    client.run("query-version")
    expect("getfd after another command brought one", client.ask("getfd", fdname="a"), {"return": {}})
    expect("held", client.held(), ["first"])
    expect("getfd once more", client.refused("getfd", fdname="b"), nothing)
    client.run("closefd", fdname="a")

    expect("a command that is none", client.ask_with("no-such-command", "first")["error"]["class"], "CommandNotFound")
    client.ask_with("query-status", "second")
    expect("held, before one is taken", client.held(), ["second"])
    client.run("getfd", fdname="a")
    expect("held, after", client.held(), ["second"])
    client.run("closefd", fdname="a")

    expect("getfd with two", client.ask_with("getfd", "first", "second", fdname="a"), {"return": {}})
    expect("held", client.held(), ["first"])
    client.run("closefd", fdname="a")

    client.pass_on('{"execute": "getfd", "arguments": ', "first")
    until("the first half is read", lambda: client.held() == ["first"])
    client.pass_on('{"fdname": "a"}}\n', "second")
    expect("getfd in halves with one each", client.reply(), {"return": {}})
    expect("held", client.held(), ["second"])
PYTHON

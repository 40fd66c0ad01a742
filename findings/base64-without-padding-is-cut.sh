#!/usr/bin/env bash
# QEMU and its guest agent check base64 that they are given, and refuse what has other characters. What lacks the "=" at its
# end, as many encoders write it, they take, and drop the one or two bytes of the last group, without an error: a file
# and a program's input end early, and guest-exec does not even tell a count. More than one text with "=" in a row is
# taken as a whole. Seen with 10.0.2 and 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_older
need_newer
python3 - <<'PYTHON'
import base64

from peer import *

TEXTS = [
    # What is sent, and what arrives.
    ("Zm9vYmE=", b"fooba"),
    ("Zm9vYmE", b"foo"),
    ("Zm9vYg", b"foo"),
    ("Zg", b""),
    ("Zm8=Zm8=", b"fofo"),
]


def ringbuf(client, text):
    client.run("ringbuf-write", device="ring", data=text, format="base64")
    return base64.b64decode(client.run("ringbuf-read", device="ring", size=64, format="base64"))


def file(client, path, text):
    handle = client.run("guest-file-open", path=path, mode="w")
    count = client.run("guest-file-write", handle=handle, buf_b64=text)["count"]
    client.run("guest-file-close", handle=handle)
    with open(path, "rb") as written:
        data = written.read()
    expect(f"count for {text}", count, len(data))
    return data


def program(client, text):
    pid = client.run("guest-exec", path="/bin/cat", input_data=text, capture_output=True)["pid"]

    def ended():
        status = client.run("guest-exec-status", pid=pid)
        return status["exited"] and status

    return base64.b64decode(until("the program's end", ended).get("out-data", ""))


for name, folder, agents in [("10.0", OLDER, AGENT), ("11.1", NEWER, NEWER)]:
    monitor = connect(machine(folder).path("main"))
    monitor.run("chardev-add", id="ring", backend={"type": "ringbuf", "data": {"size": 64}})
    server = agent(agents)
    client = connect(server.path("agent"), monitor=False)
    for text, data in TEXTS:
        expect(f"{name}, ringbuf-write of {text}", ringbuf(monitor, text), data)
        expect(f"{name}, guest-file-write of {text}", file(client, server.path("file"), text), data)
        expect(f"{name}, input of guest-exec, {text}", program(client, text), data)
    other = "Base64 data contains invalid characters"
    expect("with another character", monitor.refused("ringbuf-write", device="ring", data="Zg-_", format="base64"), other)
    expect("with another character", client.refused("guest-exec", path="/bin/cat", input_data="Zg-_"), other)
PYTHON

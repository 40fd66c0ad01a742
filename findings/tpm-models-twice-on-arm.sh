#!/usr/bin/env bash
# QEMU 11.1 for Arm: query-tpm-models lists one model twice, since two devices (on the system bus and on I2C) are the same
# "tpm-tis" to it. Whoever makes a set or a unique key of the reply is surprised. Seen with 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_newer qemu-system-arm
python3 - <<'PYTHON'
import os

from peer import *

arguments = ["-machine", "none", "-nodefaults", "-display", "none", "-S"]
server = Server(
    os.path.join(NEWER, "qemu-system-aarch64"), *arguments, "-qmp", "unix:main,server=on,wait=off"
)
client = connect(server.path("main"))
expect("query-tpm-models", client.run("query-tpm-models"), ["tpm-tis", "tpm-tis"])
PYTHON

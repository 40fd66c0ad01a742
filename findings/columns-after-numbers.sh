#!/usr/bin/env bash
# QEMU 11.1 tells where in a request's JSON an error is, as line and column from 1. A token that directly follows a number
# or a keyword is told one column too far: "[1}" and "[1 }" have their errors at the same column, "['1'}" and "['1' }"
# have not. Seen with 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_newer
python3 - <<'PYTHON'
import json

from peer import *

server = machine(NEWER)
client = connect(server.path("main"))
# What came before ended a line.
line = 2
for text, column in [("[1}", 4), ("[1 }", 4), ("[true}", 7), ("[true }", 7), ("['1'}", 5), ("['1' }", 6)]:
    client.send(text.encode() + b"\n")
    desc = client.reply()["error"]["desc"]
    expect(text, desc, f"{line}:{column}: JSON parse error, expected ',' or ']'")
    line += 1
PYTHON

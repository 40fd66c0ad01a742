#!/usr/bin/env bash
# QEMU: send-key answers at once, and the keys wait in a queue with room for 1024 steps, of which a letter with shift takes 12. What
# comes when it is full is dropped without an error, by steps and not by keys: of 400 letters that are all answered with
# success less than a quarter arrives, and shift is down in the end with nobody to release it. To a machine that is stopped
# all keys are lost, and answered with success too. Seen with 10.0.2 and 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_older
need_newer
python3 - <<'PYTHON'
from peer import *

LETTERS = 400
keys = [{"type": "qcode", "data": name} for name in ("shift", "a")]
request = {"execute": "send-key", "arguments": {"keys": keys, "hold-time": 5}}

for folder in (OLDER, NEWER):
    server = machine(folder, "-trace", "input_event_key_qcode", "-D", "log", type="pc")
    client = connect(server.path("main"))

    def arrived():
        """What the keyboard got: name of a key, and whether it goes down."""
        if not os.path.exists(server.path("log")):
            return []
        with open(server.path("log")) as log:
            words = [line.replace(",", "").split() for line in log]
        return [(each[-3], each[-1] == "1") for each in words]

    def type_letters(count):
        """How many are answered with success."""
        client.send(json.dumps(request).encode() * count)
        replies = [client.reply() for _ in range(count)]
        return sum("return" in reply for reply in replies)

    def quiet():
        """Until nothing arrives any more."""
        before = None
        while (now := len(arrived())) != before:
            before = now
            time.sleep(1)

    expect("while it is stopped, success", type_letters(3), 3)
    client.run("cont")
    quiet()
    expect("arrived", arrived(), [])

    expect("while it runs, success", type_letters(1), 1)
    until("a letter", lambda: len(arrived()) == 4)
    expect("arrived", arrived(), [("shift", True), ("a", True), ("a", False), ("shift", False)])

    expect("many, success", type_letters(LETTERS), LETTERS)
    quiet()
    seen = arrived()[4:]
    down = sum(each == ("a", True) for each in seen)
    print("letters that arrived:", down)
    expect("less than half of them", 0 < down < LETTERS / 2, True)
    expect("the last of shift", [is_down for name, is_down in seen if name == "shift"][-1], True)
PYTHON

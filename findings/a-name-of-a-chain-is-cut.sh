#!/usr/bin/env bash
# QEMU: where an image's header spells its backing file otherwise than that was opened, as "./7" for "7", the name that
# query-named-block-nodes has for its node is not its file's, but a "json:" with the whole chain below it, which goes into the
# reply for each image anew, and again for each that is above. When such a chain is twice as long the reply is
# nearly six times as large. From 53 images on the names are no JSON any more: each is cut after 4095 bytes, without a
# sign. With "flat" the names are the same. Seen with 10.0.2 and 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_older
need_newer
python3 - <<'PYTHON'
from peer import *


def chain(folder, count, prefix):
    """Size of the reply, and the name of the last image."""
    server = machine(folder)
    client = connect(server.path("main"))
    image = os.path.join(folder, "qemu-img"), "create", "-q", "-u", "-f", "qcow2"
    subprocess.run([*image, "10", "1M"], cwd=server.folder, check=True)
    subprocess.run([*image, "-b", prefix + "10", "-F", "qcow2", "11", "1M"], cwd=server.folder, check=True)
    with open(server.path("11"), "rb") as file:
        content = file.read()
    names = [str(10 + i) for i in range(count)]
    for name, backing in zip(names, [None, *names]):
        if name > "11":
            with open(server.path(name), "wb") as file:
                file.write(content.replace(f"{prefix}10".encode(), prefix.encode() + backing.encode()))
        node = {"driver": "qcow2", "node-name": f"n{name}", "file": {"driver": "file", "filename": name}}
        client.run("blockdev-add", **node, **({"backing": f"n{backing}"} if backing else {}))
    replies = []
    for flat in (False, True):
        arguments = {"flat": flat}
        client.send(json.dumps({"execute": "query-named-block-nodes", "arguments": arguments}).encode() + b"\n")
        replies.append(client.line())
    last = [
        each["file"] for reply in replies for each in json.loads(reply)["return"] if each["node-name"] == f"n{names[-1]}"
    ]
    expect("names with and without flat are the same", last[0] == last[1], True)
    return len(replies[0]), last[0]


def images(name):
    """How many images a name has."""
    try:
        option = json.loads(name.removeprefix("json:"))
    except ValueError:
        return "no JSON"
    count = 0
    while option:
        count, option = count + 1, option.get("backing")
    return count


for folder in (OLDER, NEWER):
    one, name = chain(folder, 20, "")
    expect("name", name, "29")
    two, name = chain(folder, 40, "")
    expect("name", name, "49")
    expect("times as large, headers as opened", 3.5 < two / one < 4, True)
    one, name = chain(folder, 20, "./")
    expect("images in the name", images(name), 20)
    two, name = chain(folder, 40, "./")
    expect("images in the name", images(name), 40)
    expect("times as large, headers with ./", 5.3 < two / one < 6, True)
    _, name = chain(folder, 52, "./")
    expect("images in the name", images(name), 52)
    _, name = chain(folder, 53, "./")
    expect("images in the name", images(name), "no JSON")
    expect("its length", len(name), 4095)
PYTHON

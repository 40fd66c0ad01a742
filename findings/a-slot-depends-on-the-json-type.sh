#!/usr/bin/env bash
# QEMU: where a PCI device goes depends on whether its "addr" is a JSON number or a string of the same digits. 17 is slot 2,
# function 1; "17" is slot 23, as it is hexadecimal. Introspection calls the property "str", with an example of a string, and
# qom-get answers numbers, which as strings would be other slots. So it is in device_add and in -device with JSON, while
# addr=17 in -device without JSON is the string. Seen with 10.0.2 and 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_older
need_newer
python3 - <<'PYTHON'
from peer import *

DRIVER = "virtio-rng-pci"

for folder in (OLDER, NEWER):
    started = ["-device", '{"driver": "%s", "id": "json", "addr": 18}' % DRIVER, "-device", f"{DRIVER},id=plain,addr=18"]
    client = connect(machine(folder, *started, type="pc").path("main"))
    client.run("device_add", driver=DRIVER, id="number", addr=17)
    client.run("device_add", driver=DRIVER, id="string", addr="17")

    properties = client.run("device-list-properties", typename=DRIVER) + client.run("qom-list", path="number")
    expect("type of addr", [each["type"] for each in properties if each["name"] == "addr"], ["str", "str"])
    places = {}
    for bus in client.run("query-pci"):
        for device in bus["devices"]:
            places[device["qdev_id"]] = (device["slot"], device["function"])
    for name, place, answer in [
        ("number", (2, 1), 17),
        ("string", (23, 0), 184),
        ("json", (2, 2), 18),
        ("plain", (24, 0), 192),
    ]:
        expect(f"slot and function of {name}", places[name], place)
        expect(f"qom-get of {name}", client.run("qom-get", path=name, property="addr"), answer)
PYTHON

#!/usr/bin/env bash
# QEMU: query-machines with compat-props tells what a machine type sets differently, from the newest release's differences to
# the oldest's. So one property of one type is there twice, with two values, and the last of them holds. Types are named that
# this QEMU does not have, as of other processors, and such as are no hardware ("migration"). A device gets the value, while
# device-list-properties, asked of the same machine, has another one as "default-value". Seen with 10.0.2 and 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_older
need_newer
python3 - <<'PYTHON'
from peer import *

kind, property = "virtio-iommu-pci", "aw-bits"
for folder in (OLDER, NEWER):
    for type, listed in ("pc-q35-8.2", ["39", "64"]), ("pc-q35-9.0", ["39"]):
        server = machine(folder, "-m", "32", "-device", f"{kind},id=device", type=type)
        client = connect(server.path("main"))
        machines = {each["name"]: each["compat-props"] for each in client.run("query-machines", compat_props=True)}

        def values(kind, property):
            told = [(each["qom-type"], each["property"], each["value"]) for each in machines[type]]
            return [value for *name, value in told if name == [kind, property]]

        expect(f"{property} of {kind} in {type}", values(kind, property), listed)
        device = client.run("qom-get", path="/machine/peripheral/device", property=property)
        expect("that of the device", device, int(listed[-1]))
        properties = client.run("device-list-properties", typename=kind)
        (default,) = [each["default-value"] for each in properties if each["name"] == property]
        expect("default-value", default, 64)
    known = {each["name"] for each in client.run("qom-list-types", abstract=True)}
    named = {each["qom-type"] for each in machines["pc-q35-9.0"]}
    expect("a type that is not there", "arm-cpu" in named - known, True)
    expect("a type that is no hardware", "migration" in named & known, True)
    twice = {}
    for name, told in machines.items():
        pairs = [(each["qom-type"], each["property"]) for each in told]
        twice[name] = {pair for pair in pairs if len({e["value"] for e in told if (e["qom-type"], e["property"]) == pair}) > 1}
    expect("types with two values of one property", sum(map(bool, twice.values())), 47 if folder == OLDER else 14)
PYTHON

#!/usr/bin/env bash
# QEMU: device_add of a network card with failover_pair_id succeeds and adds nothing until the guest has agreed to have two
# cards for one. Until then there is no such device: no path, none to delete, no event, and its id and its slot are not
# taken. The same request succeeds again and again, another device gets the id, and its own netdev can be deleted. A
# second such card with another id is refused. Seen with 10.0.2 and 11.1.3.
. "$(dirname "$0")/lib/setup.bash"
need_older
need_newer
python3 - <<'PYTHON'
from peer import *

for folder in (OLDER, NEWER):
    standby = "virtio-net-pci,id=standby,netdev=own,bus=pcie.0,failover=on,mac=52:54:00:00:00:01"
    arguments = ["-device", standby, "-device", "pcie-root-port,id=root1", "-netdev", "hubport,id=net,hubid=0"]
    arguments += ["-netdev", "hubport,id=own,hubid=0"]
    client = connect(machine(folder, *arguments, type="q35").path("main"))

    def add(id):
        card = {"driver": "virtio-net-pci", "netdev": "net", "mac": "52:54:00:00:00:01", "failover_pair_id": "standby"}
        request = {"execute": "device_add", "arguments": {**card, "id": id, "bus": "root1"}}
        client.send(json.dumps(request).encode())
        return client.reply()

    def there():
        """Devices with ids, and those behind the port."""
        named = [each["name"] for each in client.run("qom-list", path="/machine/peripheral")]
        behind = [each["name"] for each in client.run("qom-list", path="root1/root1") if "child" in each["name"]]
        return sorted(set(named) - {"type"}), behind

    done = {"return": {}}
    expect("device_add", add("card"), done)
    expect("devices", there(), (["root1", "standby"], []))
    expect("device_del", client.refused("device_del", id="card"), "Device 'card' not found")
    expect("device_add once more", add("card"), done)
    second = "Cannot attach more than one primary device to 'standby': 'card' and 'other'"
    expect("device_add of another", add("other")["error"]["desc"], second)
    expect("netdev_del", client.ask("netdev_del", id="net"), done)
    expect("events", client.events, [])
    expect("device_add of another kind", client.ask("device_add", driver="virtio-rng-pci", id="card", bus="root1"), done)
    expect("devices", there(), (["card", "root1", "standby"], ["child[0]"]))
PYTHON

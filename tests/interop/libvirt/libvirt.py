"""The example VMM, run by libvirt, which takes it for QEMU.

    python libvirt.py PROGRAM

libvirt's daemon runs with everything that it writes in a directory of its own, and not as root: a libvirt that manages
machines on this host has nothing to do with it.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

# What a test waits for at most before it fails, in seconds.
PATIENCE = 60
PROGRAM = ""

# What libvirt starts in QEMU's place: the program behind as much of QEMU's command line as libvirt needs. It starts one to
# ask what can be made of it, with a socket's path, and one for each machine, with a socket that listens already.
EMULATOR = """#!/bin/bash
path= inherited= pidfile=/dev/null background=
while [ $# -gt 0 ]; do
  case $1 in
    -qmp) path=${2#unix:} path=${path%%,*} ;;
    -chardev) [[ $2 =~ ^socket,id=charmonitor,fd=([0-9]+) ]] && inherited=${BASH_REMATCH[1]} ;;
    -pidfile) pidfile=$2 ;;
    -daemonize) background=yes ;;
  esac
  shift
done
if [ -n "$inherited" ]; then
  exec @PROGRAM@ --socket "fd:$inherited"
fi
rm -f "$path"
@PROGRAM@ --socket "$path" >"$path.log" 2>&1 </dev/null &
echo $! >"$pidfile"
# It says that it listens; the socket is there a moment before.
until [ -s "$path.log" ]; do sleep 0.01; done
"""

MACHINE = """
<domain type='qemu'>
  <name>vm0</name>
  <memory unit='MiB'>64</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <features><acpi/></features>
  <devices>
    <emulator>{emulator}</emulator>
    <controller type='usb' model='none'/>
    <controller type='pci' index='0' model='pcie-root'/>
    <controller type='pci' index='1' model='pcie-root-port'/>
    <controller type='pci' index='2' model='pcie-root-port'/>
    <memballoon model='none'/>
    <video><model type='none'/></video>
  </devices>
</domain>
"""

DISK = """
<disk type='file' device='disk'>
  <driver name='qemu' type='raw'/>
  <source file='{image}'/>
  <target dev='vda' bus='virtio'/>
  <address type='pci' domain='0' bus='1' slot='0' function='0'/>
</disk>
"""


class Libvirt(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="qapi-libvirt-")
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        self.environment = dict(
            os.environ,
            HOME=self.directory,
            XDG_RUNTIME_DIR=self.path("run"),
            XDG_CONFIG_HOME=self.path("config"),
            XDG_CACHE_HOME=self.path("cache"),
        )
        os.makedirs(self.path("run"))
        os.makedirs(self.path("config", "libvirt"))
        program = shutil.copy(PROGRAM, self.path("vmm"))
        self.emulator = self.write(EMULATOR.replace("@PROGRAM@", program), "qemu-system-x86_64")
        os.chmod(self.emulator, 0o755)
        self.write('security_driver = "none"\nstdio_handler = "file"\n', "config", "libvirt", "qemu.conf")
        self.log = self.path("libvirtd.log")
        configuration = self.write(
            'log_filters="1:qemu.qemu_monitor 3:*"\n' f'log_outputs="1:file:{self.log}"\n', "libvirtd.conf"
        )
        self.user = {}
        if os.geteuid() == 0:
            self.user = {"user": "nobody", "group": "nogroup", "extra_groups": []}
            for name in (".", "run", "config", "config/libvirt"):
                shutil.chown(self.path(name), "nobody", "nogroup")
        self.daemon = subprocess.Popen(
            ["libvirtd", "--config", configuration], cwd=self.directory, env=self.environment, **self.user
        )
        self.addCleanup(self.stop)
        self.wait(lambda: os.path.exists(self.path("run", "libvirt", "libvirt-sock")))

    def stop(self):
        self.daemon.terminate()
        self.daemon.wait()

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def write(self, text, *names):
        path = self.path(*names)
        with open(path, "w") as file:
            file.write(text)
        return path

    def wait(self, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), end, "this took too long")
            time.sleep(0.01)

    def virsh(self, *arguments):
        done = subprocess.run(
            ["virsh", "--quiet", "--connect", "qemu:///session", *arguments],
            env=self.environment,
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            **self.user,
        )
        self.assertEqual(done.returncode, 0, f"virsh {' '.join(arguments)}: {done.stderr}")
        return done.stdout.strip()

    def start(self):
        definition = self.write(MACHINE.format(emulator=self.emulator), "vm0.xml")
        self.virsh("create", definition)
        # What libvirt starts outlives its daemon.
        self.addCleanup(self.destroy)
        self.assertEqual(self.state(), "running (booted)")

    def destroy(self):
        if self.virsh("list", "--name"):
            self.virsh("destroy", "vm0")

    def monitor(self, command):
        return json.loads(self.virsh("qemu-monitor-command", "vm0", "--return-value", json.dumps({"execute": command})))

    def state(self):
        return self.virsh("domstate", "vm0", "--reason")

    def test_states(self):
        self.start()
        self.virsh("suspend", "vm0")
        self.assertEqual(self.state(), "paused (user)")
        self.virsh("resume", "vm0")
        self.assertEqual(self.state(), "running (unpaused)")
        self.virsh("reset", "vm0")
        self.assertEqual(self.monitor("query-name"), {"name": "example"})
        # The guest shuts itself down, and libvirt ends the process when it is told.
        self.virsh("shutdown", "vm0")
        self.wait(lambda: self.virsh("list", "--name", "--all") == "")

    def test_a_disk_is_plugged_in_and_out(self):
        self.start()
        image = self.write("\0" * 4096, "disk.img")
        disk = self.write(DISK.format(image=image), "disk.xml")
        self.virsh("attach-device", "vm0", disk)
        self.assertIn(image, self.virsh("domblklist", "vm0"))
        (device,) = self.monitor("__com.example_query-devices")
        self.assertEqual(device["driver"], "virtio-blk-pci")
        (block,) = self.monitor("query-block")
        self.assertEqual(block["inserted"]["image"]["virtual-size"], 4096)
        self.virsh("detach-device", "vm0", disk)
        self.wait(lambda: self.virsh("domblklist", "vm0") == "")
        self.assertEqual(self.monitor("query-named-block-nodes"), [])


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)

"""The example VMM, driven by QEMU's own client library and its shell.

    python qemu_qmp.py PROGRAM
"""

import asyncio
import contextlib
import logging
import os
import subprocess
import sys
import tempfile
import unittest

from qemu.qmp import EventListener, ExecuteError, QMPClient
from qemu.qmp.legacy import QEMUMonitorProtocol

# What a test waits for at most before it fails, in seconds.
PATIENCE = 20
PROGRAM = ""
# What the example says it is: the release that the types are of.
with open(
    os.path.join(os.path.dirname(__file__), "../../../schema/VERSION"), encoding="utf-8"
) as version:
    RELEASE = version.read().strip()


class Machine:
    """The program, with a socket in a directory of its own."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory()
        self.socket = os.path.join(self.directory.name, "qmp.sock")
        self.process = subprocess.Popen(
            [PROGRAM, "--socket", self.socket],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        # It says so when it listens.
        self.process.stdout.readline()

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.directory.cleanup()


class Asynchronous(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.machine = Machine()
        self.addCleanup(self.machine.stop)
        self.client = QMPClient("test")
        await self.client.connect(self.machine.socket)

    async def asyncTearDown(self):
        # After quit the machine has closed the connection first.
        with contextlib.suppress(EOFError):
            await self.client.disconnect()

    async def event(self, listener):
        return await asyncio.wait_for(listener.get(), PATIENCE)

    async def refusal(self, *command):
        with self.assertRaises(ExecuteError) as raised:
            await self.client.execute(*command)
        return raised.exception.error_class, str(raised.exception)

    async def test_greeting(self):
        greeting = self.client.greeting.QMP
        self.assertEqual(greeting.version["package"], "example-vmm")
        self.assertEqual(greeting.capabilities, ["oob"])

    async def test_execute(self):
        self.assertEqual(
            await self.client.execute("query-status"),
            {"running": False, "status": "prelaunch"},
        )
        self.assertEqual(
            await self.refusal("query-mice"),
            ("CommandNotFound", "The command query-mice has not been found"),
        )
        self.assertEqual(
            await self.refusal("device_del", {"id": "net0"}),
            ("DeviceNotFound", "Device 'net0' not found"),
        )
        self.assertEqual(
            await self.refusal("device_del"),
            ("GenericError", "Parameter 'id' is missing"),
        )

    async def test_many_at_once(self):
        names = [self.client.execute("query-name") for _ in range(100)]
        replies = await asyncio.wait_for(asyncio.gather(*names), PATIENCE)
        self.assertEqual(replies, [{"name": "example"}] * 100)

    async def test_out_of_band(self):
        reply = await self.client.execute("__com.example_ping", oob=True)
        self.assertEqual(reply, {})
        with self.assertRaises(ExecuteError):
            await self.client.execute("stop", oob=True)

    async def test_events(self):
        with self.client.listener(("RESUME", "STOP", "DEVICE_DELETED")) as listener:
            device = {"driver": "virtio-net-pci", "id": "net0", "mq": True}
            await self.client.execute("device_add", device)
            await self.client.execute("cont")
            await self.client.execute("device_del", {"id": "net0"})
            self.assertEqual((await self.event(listener))["event"], "RESUME")
            deleted = await self.event(listener)
            self.assertEqual(deleted["event"], "DEVICE_DELETED")
            self.assertEqual(deleted["data"]["device"], "net0")
            await self.client.execute("stop")
            self.assertEqual((await self.event(listener))["event"], "STOP")

    async def test_job(self):
        listener = EventListener("JOB_STATUS_CHANGE")
        with self.client.listen(listener):
            # The library sends a descriptor ahead of the command that takes it.
            with tempfile.TemporaryFile() as file:
                self.client.send_fd_scm(file.fileno())
                await self.client.execute("__com.example_snapshot", {"job-id": "save"})
                statuses = []
                while "concluded" not in statuses:
                    statuses.append((await self.event(listener))["data"]["status"])
                size = os.fstat(file.fileno()).st_size
            self.assertEqual(
                statuses, ["created", "running", "waiting", "pending", "concluded"]
            )
            [job] = await self.client.execute("query-jobs")
            self.assertEqual(job["current-progress"], size)
            self.assertEqual(job["total-progress"], size)
            await self.client.execute("job-dismiss", {"id": "save"})
            self.assertEqual((await self.event(listener))["data"]["status"], "null")

    async def test_schema(self):
        schema = await self.client.execute("query-qmp-schema")
        commands = {
            entity["name"] for entity in schema if entity["meta-type"] == "command"
        }
        listed = await self.client.execute("query-commands")
        self.assertEqual(commands, {command["name"] for command in listed})

    async def test_quit(self):
        with self.client.listener("SHUTDOWN") as listener:
            # It is answered before the connection is closed.
            self.assertEqual(await self.client.execute("quit"), {})
            shutdown = await self.event(listener)
        self.assertEqual(
            shutdown["data"], {"guest": False, "reason": "host-qmp-quit"}
        )
        self.assertEqual(self.machine.process.wait(PATIENCE), 0)


class Synchronous(unittest.TestCase):
    def setUp(self):
        self.machine = Machine()
        self.addCleanup(self.machine.stop)

    def test_legacy(self):
        with QEMUMonitorProtocol(self.machine.socket) as client:
            client.settimeout(PATIENCE)
            client.connect()
            self.assertEqual(client.cmd("query-name"), {"name": "example"})
            client.cmd("cont")
            self.assertEqual(client.pull_event(wait=PATIENCE)["event"], "RESUME")

    def test_shell(self):
        shell = subprocess.run(
            [sys.executable, "-m", "qemu.qmp.qmp_shell", self.machine.socket],
            # It keeps its history there.
            env={**os.environ, "HOME": self.machine.directory.name},
            input="query-name\ndevice_del id=net0\nstop\n\n",
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        self.assertEqual((shell.returncode, shell.stderr), (0, ""))
        greeting, rest = shell.stdout.split("\n\n", 1)
        self.assertEqual(
            greeting.splitlines()[-1], f"Connected to QEMU {RELEASE}"
        )
        replies = [line.removeprefix("(QEMU) ") for line in rest.splitlines()]
        self.assertEqual(
            replies[:3],
            [
                '{"return": {"name": "example"}}',
                '{"error": {"class": "DeviceNotFound", '
                '"desc": "Device \'net0\' not found"}}',
                '{"return": {}}',
            ],
        )


if __name__ == "__main__":
    PROGRAM = sys.argv.pop()
    # The tests' loop tells of whatever takes long.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    unittest.main(verbosity=2)

"""Calls with QEMU's client library. Reads how many calls, and how many of them at once; prints the seconds they took, by
the clock and of CPU time.

    python qemu_qmp.py SOCKET
"""

import asyncio
import sys
import time

from qemu.qmp import QMPClient


async def call(client, count):
    for _ in range(count):
        await client.execute("query-version")


async def main():
    client = QMPClient("benchmark")
    await client.connect(sys.argv[1])
    for line in sys.stdin:
        count, depth = map(int, line.split())
        wall, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(call(client, count // depth) for _ in range(depth)))
        print(time.perf_counter() - wall, time.process_time() - cpu, flush=True)
    await client.disconnect()


asyncio.run(main())

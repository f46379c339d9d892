"""chaos.py PROXYD SECONDS [SEED]: compared traffic through a proxyd while everything around it changes.

Two services. The channels of `calm` are never harmed: each byte must come back, and each session must end in order,
whatever is reloaded, set, upgraded or frozen meanwhile. The channels of `rough` and the clients of `rough` reset at random:
what comes back must be the beginning of what was sent. At the end no session may be left, and descriptors and memory must be
what they were at the start.
"""

import asyncio
import os
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

RESET = struct.pack("ii", 1, 0)
PATTERN = bytes(random.Random(7).randrange(256) for _ in range(1 << 20))


class Fault(Exception):
    pass


class Servers:
    """Echo servers; those of `rough` reset one connection in three."""

    def __init__(self, chance):
        self.chance = chance
        self.ports = {"calm": [], "rough": []}

    async def start(self):
        for kind, ports in self.ports.items():
            for _ in range(3):
                server = await asyncio.start_server(
                    lambda r, w, kind=kind: self.echo(kind, r, w), "127.0.0.1", 0
                )
                ports.append(server.sockets[0].getsockname()[1])

    async def echo(self, kind, reader, writer):
        doom = self.chance.randrange(200_000) if kind == "rough" and self.chance.random() < 0.33 else None
        count = 0
        try:
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
                count += len(data)
                if doom is not None and count > doom:
                    reset(writer)
                    return
            writer.write_eof()
            await writer.drain()
            writer.close()
        except OSError:
            writer.close()


def reset(writer):
    connection = writer.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()


class Proxy:
    """The daemon, its file and its control socket."""

    def __init__(self, binary, directory, ports):
        self.binary = binary
        # The address sanitizer holds freed memory back, to find what still uses it.
        with open(binary, "rb") as file:
            self.keeps_freed = b"__asan_init" in file.read()
        self.ports = ports
        self.control = f"{directory}/control.sock"
        self.file = f"{directory}/proxyd.yaml"
        self.log = open(f"{directory}/log", "w+", encoding="utf-8")
        self.listeners = {}
        for kind in ports:
            with socket.create_server(("127.0.0.1", 0)) as probe:
                self.listeners[kind] = probe.getsockname()[1]
        self.write(3)
        self.process = subprocess.Popen(
            [binary, "run", "--drain", "5s", self.file], stdout=self.log, stderr=self.log
        )

    def write(self, count, maxc=1000):
        """The file, with so many channels in each service."""
        lines = [f'control: {{ socket: "{self.control}" }}', "workers: 2", "services:"]
        for kind, ports in self.ports.items():
            lines += [
                f"- name: {kind}",
                f'  listen: ["127.0.0.1:{self.listeners[kind]}"]',
                "  timeouts: { idle: 2s, connect: 5s }",
                "  channels:",
            ]
            lines += [
                f'  - {{ name: c{index}, address: "127.0.0.1:{port}", maxc: {maxc} }}'
                for index, port in enumerate(ports[:count])
            ]
        with open(self.file, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    async def ask(self, line):
        """One request on the control socket: its attributes and its lines."""
        reader, writer = await asyncio.open_unix_connection(self.control)
        try:
            writer.write(line.encode() + b"\n")
            head = (await asyncio.wait_for(reader.readline(), 60)).decode()
            words = head.split()
            if not words or words[0] != "OK":
                raise Fault(f"{line}: {head or 'no answer'}")
            lines = [(await reader.readline()).decode() for _ in range(int(words[1]))]
            return dict(word.split("=", 1) for word in words[2:] if "=" in word), lines
        finally:
            writer.close()

    async def ready(self):
        for _ in range(200):
            if self.process.poll() is not None:
                raise Fault("proxyd did not start: " + self.said())
            try:
                return await self.ask("hello")
            except (Fault, OSError):
                await asyncio.sleep(0.05)
        raise Fault("proxyd is not ready: " + self.said())

    async def pid(self):
        attributes, _ = await self.ask("hello")
        return int(attributes["pid"])

    async def sessions(self):
        # Below the line with the names of the columns.
        return (await self.ask("show sessions"))[1][1:]

    def said(self):
        self.log.flush()
        with open(self.log.name, encoding="utf-8", errors="replace") as file:
            return file.read()[-3000:]

    @staticmethod
    def descriptors(pid):
        return len(os.listdir(f"/proc/{pid}/fd"))

    @staticmethod
    def kibibytes(pid):
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))


class Clients:
    """Sessions, one after the other, until told to stop."""

    def __init__(self, proxy, chance):
        self.proxy = proxy
        self.chance = chance
        self.isOver = False
        self.done = {"calm": 0, "rough": 0}
        self.faults = []

    async def run(self, kind):
        while not self.isOver:
            try:
                await asyncio.wait_for(self.session(kind), 60)
                self.done[kind] += 1
            except asyncio.TimeoutError:
                self.faults.append(f"{kind}: a session stands still for a minute")
            except (OSError, asyncio.IncompleteReadError, Fault) as error:
                if kind == "calm" or isinstance(error, Fault):
                    self.faults.append(f"{kind}: {error!r}")
            if len(self.faults) > 5:
                return

    async def session(self, kind):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.proxy.listeners[kind])
        size = self.chance.choice([1, 100, 5_000, 200_000, 900_000])
        start = self.chance.randrange(len(PATTERN) - size)
        sent = PATTERN[start : start + size]
        leaves = kind == "rough" and self.chance.random() < 0.2
        sender = asyncio.ensure_future(self.send(writer, sent))
        try:
            received = bytearray()
            while data := await reader.read(1 << 16):
                received += data
                if received != sent[: len(received)]:
                    raise Fault("other bytes came back than were sent")
                if leaves and len(received) > size // 2:
                    reset(writer)
                    return
            await sender
            if len(received) < size and kind == "calm":
                raise Fault(f"{len(received)} of {size} bytes came back")
        finally:
            sender.cancel()
            writer.close()

    async def send(self, writer, data):
        place = 0
        while place < len(data):
            step = self.chance.randrange(1, 60_000)
            writer.write(data[place : place + step])
            await writer.drain()
            place += step
            if self.chance.random() < 0.2:
                await asyncio.sleep(self.chance.random() * 0.1)
        writer.write_eof()


class Trouble:
    """What happens around the traffic, one thing at a time."""

    def __init__(self, proxy, chance):
        self.proxy = proxy
        self.chance = chance
        self.counts = {}

    async def run(self, until, mayUpgrade):
        kinds = [self.reload, self.change, self.toggle, self.freeze]
        if mayUpgrade:
            kinds.append(self.upgrade)
        while time.monotonic() < until:
            kind = self.chance.choice(kinds)
            await kind()
            self.counts[kind.__name__] = self.counts.get(kind.__name__, 0) + 1
            await asyncio.sleep(self.chance.random() * 0.3)

    async def reload(self):
        self.proxy.write(self.chance.choice([2, 3]), self.chance.choice([500, 1000]))
        await self.proxy.ask("reload")

    async def change(self):
        await self.proxy.ask(f"set calm/0/c0 weight {self.chance.randrange(1, 9)}")

    async def toggle(self):
        channel = self.chance.choice(["calm/0/c0", "rough/0/c1"])
        await self.proxy.ask(f"disable {channel}")
        await asyncio.sleep(self.chance.random() * 0.1)
        await self.proxy.ask(f"enable {channel}")

    async def freeze(self):
        pid = await self.proxy.pid()
        os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(self.chance.choice([0.1, 0.5, 2.5]))
        os.kill(pid, signal.SIGCONT)

    async def upgrade(self):
        await self.proxy.ask("upgrade")


async def main(binary, seconds, seed):
    chance = random.Random(seed)
    servers = Servers(random.Random(seed + 1))
    await servers.start()
    with tempfile.TemporaryDirectory(prefix="proxyd-chaos-") as directory:
        proxy = Proxy(binary, directory, servers.ports)
        try:
            await attack(proxy, chance, seconds)
        finally:
            if proxy.process.poll() is None:
                try:
                    os.kill(await proxy.pid(), signal.SIGCONT)
                except (Fault, OSError):
                    pass
                proxy.process.terminate()
        status = await asyncio.to_thread(proxy.process.wait, 30)
        if status != 0:
            raise Fault(f"proxyd ended with {status}: {proxy.said()}")


async def attack(proxy, chance, seconds):
    await proxy.ready()
    clients = Clients(proxy, chance)
    # A first round, so that buffers are there that stay.
    await asyncio.gather(*(clients.session("calm") for _ in range(20)))
    await proxy.ask("upgrade")
    await settle(proxy)
    pid = await proxy.pid()
    before = (proxy.descriptors(pid), proxy.kibibytes(pid))

    tasks = [asyncio.ensure_future(clients.run(kind)) for kind in ["calm", "rough"] for _ in range(15)]
    trouble = Trouble(proxy, chance)
    begin = time.monotonic()
    # Leaks would end with the process: in the last third it stays the same.
    await trouble.run(begin + seconds * 2 / 3, mayUpgrade=True)
    await trouble.run(begin + seconds, mayUpgrade=False)
    clients.isOver = True
    await asyncio.gather(*tasks)
    await settle(proxy)
    pid = await proxy.pid()
    after = (proxy.descriptors(pid), proxy.kibibytes(pid))
    print(
        f"{clients.done['calm']} calm and {clients.done['rough']} rough sessions; "
        + ", ".join(f"{count} × {name}" for name, count in sorted(trouble.counts.items()))
        + f"; descriptors {before[0]} → {after[0]}, memory {before[1]} → {after[1]} KiB"
    )
    if clients.faults:
        raise Fault("; ".join(clients.faults) + "\n" + proxy.said())
    if min(clients.done.values()) == 0:
        raise Fault("no session of one kind was served to its end")
    # Workers keep pipes for the next sessions.
    if after[0] > before[0] + 40:
        raise Fault(f"{after[0] - before[0]} descriptors were not closed")
    if after[1] > before[1] + 65_536 and not proxy.keeps_freed:
        raise Fault(f"{after[1] - before[1]} KiB of memory were not given back")


async def settle(proxy):
    """Until no session is left."""
    for _ in range(300):
        if not await proxy.sessions():
            return
        await asyncio.sleep(0.1)
    raise Fault("sessions are left:\n" + "".join(await proxy.sessions()))


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit("chaos.py PROXYD SECONDS [SEED]")
    chosen = int(sys.argv[3]) if len(sys.argv) == 4 else random.randrange(1 << 30)
    print(f"seed {chosen}", flush=True)
    try:
        asyncio.run(main(sys.argv[1], float(sys.argv[2]), chosen))
    except Fault as fault:
        sys.exit(f"chaos: {fault}")

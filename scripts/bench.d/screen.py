"""What proxytop costs: `scripts/bench screen [--seconds N] [--channels N] [--connections N] [--json] [--check FACTOR]`.

A proxyd with many channels and many connections runs on loopback, proxytop looks at it once a second on a
pseudo-terminal, and the kernel's books say what either of them has used. `--check 1.25` ends with 1 when a figure is
more than so many times its budget.
"""

import argparse
import json
import os
import resource
import select
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "terminal.d"))

from cost import cpu_seconds  # noqa: E402
from terminal import Terminal  # noqa: E402

SIZES = [(80, 24, 1000), (120, 40, 2500), (200, 60, 5000)]


class Origin(threading.Thread):
    """Answers on every address of 127/8 at one port: whatever comes goes back."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("0.0.0.0", 0), backlog=4096)
        self.port = self.listener.getsockname()[1]

    def run(self):
        poll = select.epoll()
        self.listener.setblocking(False)
        poll.register(self.listener, select.EPOLLIN)
        open_sockets = {}
        while True:
            for number, _ in poll.poll():
                if number == self.listener.fileno():
                    self._accept(poll, open_sockets)
                    continue
                channel = open_sockets[number]
                try:
                    data = channel.recv(4096)
                    if data:
                        channel.send(data)
                        continue
                except OSError:
                    pass
                poll.unregister(number)
                open_sockets.pop(number).close()

    def _accept(self, poll, open_sockets):
        while True:
            try:
                channel, _ = self.listener.accept()
            except OSError:
                return
            channel.setblocking(False)
            poll.register(channel, select.EPOLLIN)
            open_sockets[channel.fileno()] = channel


def origin_process():
    """In a process of its own, for it needs as many descriptors as the proxy's one side."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        origin = Origin()
        os.write(write, f"{origin.port}\n".encode())
        os.close(write)
        origin.run()
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        port = int(pipe.readline())
    return child, port


class Clients(threading.Thread):
    """So many connections; a part of them says something every now and then."""

    def __init__(self, port, count):
        super().__init__(daemon=True)
        self.sockets = []
        self.is_ending = False
        self.is_talking = False
        for _ in range(count):
            client = socket.create_connection(("127.0.0.1", port), timeout=30)
            client.setblocking(False)
            self.sockets.append(client)

    def run(self):
        place = 0
        while not self.is_ending and self.sockets:
            for _ in range(min(60, len(self.sockets)) if self.is_talking else 0):
                client = self.sockets[place % len(self.sockets)]
                place += 7
                try:
                    client.send(b"x" * 200)
                    client.recv(4096)
                except OSError:
                    pass
            time.sleep(0.1)


def configuration(path, origin, channels):
    lines = ["control: { socket: control.sock }", "services:"]
    for service in range(2):
        lines += [f"- name: s{service}", '  listen: ["127.0.0.1:0"]', "  groups:"]
        for group in range(5):
            lines += [f"  - name: g{group}", "    channels:"]
            for number in range(channels // 10):
                index = (service * 5 + group) * (channels // 10) + number
                address = f"127.1.{index // 250}.{index % 250 + 1}:{origin}"
                lines.append(f'    - {{ name: c{number:03}, address: "{address}", maxc: 1000 }}')
    with open(path, "w") as file:
        file.write("\n".join(lines) + "\n")


def wait_for(path, seconds=30):
    end = time.monotonic() + seconds
    while not os.path.exists(path):
        if time.monotonic() > end:
            raise SystemExit(f"bench: {path} does not appear")
        time.sleep(0.02)


def resident(pid):
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    return 0


def wakeups(pid):
    """How often a process has gone to sleep and was woken again."""
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith("voluntary_ctxt_switches:"):
                return int(line.split()[1])
    return 0


class Meter:
    """The share of one core that a process has used since."""

    def __init__(self, pid):
        self.pid = pid
        self.cpu, self.time = cpu_seconds(pid), time.monotonic()

    @property
    def percent(self):
        return 100 * (cpu_seconds(self.pid) - self.cpu) / (time.monotonic() - self.time)


def look(proxytop, control, columns, rows, view, seconds, daemon, clients, presses):
    """One screen for a while. While clients talk, its own cost; while they are silent, what it costs the daemon."""
    is_quick = presses < 20
    idle = rest(daemon, is_quick, seconds)
    arguments = [proxytop, "--socket", control, "--view", view, "--glyphs", "unicode"]
    with Terminal(arguments, columns, rows, emulate=False) as terminal:
        terminal.wait_frame(0)
        first = 1000 * (terminal.frame_times[0] - terminal.started_at)
        # Quiet channels of a long list are one line; a filter shows all of them, with all that changes.
        terminal.pass_time(1.5)
        if view == "channels":
            for key in "/127":
                terminal.type(key)
                terminal.pass_time(0.05)
            terminal.type("\r")
        # Rates and trends are there after a few ticks.
        terminal.pass_time(4)
        bottom = Meter(daemon)
        terminal.pass_time(0.1 if is_quick else seconds)
        watched = bottom.percent
        for some in clients:
            some.is_talking = True
        terminal.pass_time(3)
        top = Meter(terminal.process.pid)
        bytes_before, began = terminal.byte_count, time.monotonic()
        woken_before = wakeups(terminal.process.pid)
        terminal.pass_time(seconds)
        ticks = time.monotonic() - began
        result = {
            "size": f"{columns}x{rows}",
            "view": view,
            "first_paint_ms": round(first, 1),
            "bytes_per_tick": round((terminal.byte_count - bytes_before) / ticks),
            "wakeups_per_tick": round((wakeups(terminal.process.pid) - woken_before) / ticks, 1),
            "cpu_percent": round(top.percent, 2),
        }
        result["key_p95_ms"], result["key_median_ms"] = keys(terminal, presses)
        result["memory_mib"] = round(resident(terminal.process.pid) / 2**20, 1)
        for some in clients:
            some.is_talking = False
        terminal.type("Q")
        terminal.wait_end()
    # What it takes by itself is not the same at all times, so it is looked at before and after.
    idle = (idle + rest(daemon, is_quick, seconds)) / 2
    result["daemon_cpu_percent"] = round(max(0.0, watched - idle), 2)
    return result


def rest(daemon, is_quick, seconds):
    """What the daemon takes with nobody looking at it, once it has come to rest."""
    time.sleep(0 if is_quick else 3)
    meter = Meter(daemon)
    time.sleep(0 if is_quick else seconds / 2)
    return meter.percent


def keys(terminal, count):
    """From a key to the frame that answers it."""
    took = []
    for index in range(count):
        terminal.take(0)
        before, began = terminal.frame, time.monotonic()
        terminal.type("j" if index % 40 < 20 else "k")
        terminal.wait_frame(before)
        took.append(1000 * (terminal.frame_times[-1] - began))
        terminal.pass_time(0.03)
    took.sort()
    return round(took[int(len(took) * 0.95)], 1), round(statistics.median(took), 1)


def start_paints(proxytop, control, count=9):
    """First paints, one after the other; the median of them."""
    took = []
    for _ in range(count):
        with Terminal([proxytop, "--socket", control], 80, 24, emulate=False) as terminal:
            terminal.wait_frame(0)
            took.append(1000 * (terminal.frame_times[0] - terminal.started_at))
            terminal.type("Q")
            terminal.wait_end()
    return round(statistics.median(took), 1)


def budgets(results, paint):
    yield "first paint, ms", paint, 50
    for result in results:
        name = f"{result['size']} {result['view']}"
        if result["view"] == "channels":
            limit = next(limit for columns, rows, limit in SIZES if result["size"] == f"{columns}x{rows}")
            yield f"{name}: bytes per tick", result["bytes_per_tick"], limit
        # The clock, and the answer in as many parts as it comes.
        yield f"{name}: wakeups per tick", result["wakeups_per_tick"], 4
        yield f"{name}: proxytop, % of a core", result["cpu_percent"], 2.0
        yield f"{name}: proxyd, % of a core", result["daemon_cpu_percent"], 1.0
        yield f"{name}: key to repaint p95, ms", result["key_p95_ms"], 50
        yield f"{name}: memory, MiB", result["memory_mib"], 64


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench screen", description=__doc__.split("\n")[0])
    parser.add_argument("--programs", default=".build/release", help="the folder with proxyd and proxytop")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--channels", type=int, default=1000)
    parser.add_argument("--connections", type=int, default=10000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="only what is the same on a busy machine: bytes and memory")
    parser.add_argument("--check", type=float, metavar="FACTOR")
    options = parser.parse_args()
    proxyd = os.path.abspath(os.path.join(options.programs, "proxyd"))
    proxytop = os.path.abspath(os.path.join(options.programs, "proxytop"))

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    connections = min(options.connections, (most - 400) // 2)
    if connections < options.connections:
        print(f"bench: {most} open files are allowed, so {connections} connections", file=sys.stderr)

    origin, port = origin_process()
    daemon = None
    try:
        with tempfile.TemporaryDirectory() as folder:
            configuration(os.path.join(folder, "proxyd.yaml"), port, options.channels)
            with open(os.path.join(folder, "log"), "wb") as log:
                daemon = subprocess.Popen(
                    [proxyd, "run", "proxyd.yaml"], cwd=folder, stdout=log, stderr=log, start_new_session=True)
            control = os.path.join(folder, "control.sock")
            wait_for(control)
            measure(options, proxytop, control, daemon.pid, connections)
    finally:
        if daemon is not None:
            daemon.send_signal(signal.SIGKILL)
            daemon.wait()
        os.kill(origin, signal.SIGKILL)
        os.waitpid(origin, 0)


def listeners(proxytop, control):
    report = subprocess.run(
        [proxytop, "--socket", control, "--csv", "--no-rates", "--view", "listeners", "--cols", "address"],
        capture_output=True, text=True, check=True).stdout
    return [int(line.rsplit(":", 1)[1]) for line in report.split()[1:]]


def measure(options, proxytop, control, daemon, connections):
    ports = listeners(proxytop, control)
    share = connections // len(ports)
    clients = [Clients(port, share) for port in ports]
    for some in clients:
        some.start()
    presses = 10 if options.quick else 120
    views = [(columns, rows, "channels") for columns, rows, _ in SIZES]
    if not options.quick:
        views.append((120, 40, "conns"))
    results = [
        look(proxytop, control, columns, rows, view, options.seconds, daemon, clients, presses)
        for columns, rows, view in views
    ]
    paint = None if options.quick else start_paints(proxytop, control)
    for some in clients:
        some.is_ending = True
    if options.json:
        print(json.dumps({
            "channels": options.channels, "connections": connections, "first_paint_ms": paint, "screens": results}))
    wrong = []
    for name, value, limit in budgets(results, paint):
        if options.quick and "bytes" not in name and "memory" not in name:
            continue
        if not options.json:
            print(f"{name:45} {value:10} of {limit}")
        if options.check and value > limit * options.check:
            wrong.append(f"{name}: {value} is more than {options.check} times {limit}")
    for line in wrong:
        print(f"bench: {line}", file=sys.stderr)
    if wrong:
        raise SystemExit(1)


main()

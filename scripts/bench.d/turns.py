"""How long one turn of a loop takes at most, seen from outside: while something goes on that concerns many channels or
sessions, a client asks `hello` without a pause, and another sends a byte through a session and back. The slowest answer is
what the operation has held the supervisor, or the worker, plus what the machine took for others."""

import argparse
import multiprocessing
import os
import re
import resource
import selectors
import signal
import socket
import subprocess
import tempfile
import time


class Daemon:
    def __init__(self, program, folder, channels, listener="", group="", top=""):
        self.control = f"{folder}/control.sock"
        lines = [f"control: {{ socket: {self.control} }}", "workers: 2", top, "services:", "- name: s",
                 '  listen: ["127.0.0.1:0"]', listener, "  groups:", "  - name: g", group, "    channels:"]
        # Short, as a file has at most 4 MiB.
        lines += [f'    - "{address}"' for address in channels]
        with open(f"{folder}/proxyd.yaml", "w") as file:
            file.write("\n".join(line for line in lines if line) + "\n")
        log = open(f"{folder}/log", "w+")
        self.process = subprocess.Popen([program, "run", f"{folder}/proxyd.yaml"], stderr=log)
        while "ready" not in open(f"{folder}/log").read():
            if self.process.poll() is not None:
                raise SystemExit(open(f"{folder}/log").read()[:1000])
            time.sleep(0.01)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def connect(self):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(self.control)
        return connection

    def port(self):
        return int(re.search(rb"127.0.0.1:(\d+)", ask(self.connect(), "show listeners")).group(1))

    def usable(self):
        return int(ask(self.connect(), "show groups").split(b"\n")[2].split(b"\t")[4])


def ask(connection, line):
    """The whole reply."""
    connection.sendall(line.encode() + b"\n")
    reply, lines = b"", None
    while lines is None or reply.count(b"\n") <= lines:
        some = connection.recv(1 << 22)
        if not some:
            break
        reply += some
        if lines is None and b"\n" in reply:
            words = reply.split(b"\n", 1)[0].split()
            lines = int(words[1]) if words[0] == b"OK" else 0
    return reply


def ping(connection, text, stop, result):
    slowest, count = 0, 0
    while not stop.is_set():
        start = time.perf_counter()
        connection.sendall(text)
        if not connection.recv(65536):
            break
        slowest = max(slowest, time.perf_counter() - start)
        count += 1
        time.sleep(0.0003)
    result.put((slowest * 1000, count))


def hold(connection, text, operation):
    """Milliseconds of the slowest answer while the operation goes on."""
    stop, result = multiprocessing.Event(), multiprocessing.Queue()
    process = multiprocessing.Process(target=ping, args=(connection, text, stop, result))
    process.start()
    time.sleep(0.1)
    try:
        operation()
    finally:
        time.sleep(0.05)
        stop.set()
        slowest, _ = result.get()
        process.join()
    return slowest


def until(condition, seconds=120):
    end = time.time() + seconds
    while not condition():
        if time.time() > end:
            return
        time.sleep(0.05)


def refusing(count):
    """Addresses at which nobody listens."""
    return [f"127.{1 + n // 65536}.{n // 256 % 256}.{n % 256}:1" for n in range(count)]


def echo(listener):
    """Sends back what comes."""
    chooser = selectors.DefaultSelector()
    chooser.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in chooser.select():
            if key.fileobj is listener:
                chooser.register(listener.accept()[0], selectors.EVENT_READ)
                continue
            try:
                some = key.fileobj.recv(4096)
            except OSError:
                some = b""
            if some:
                key.fileobj.send(some)
            else:
                chooser.unregister(key.fileobj)
                key.fileobj.close()


def replies(program, folder, count):
    with Daemon(program, folder, refusing(count)) as daemon:
        control = daemon.connect()
        yield "nothing for 3 s (history)", hold(daemon.connect(), b"hello\n", lambda: time.sleep(3))
        for line in "show channels", "metrics", "show config":
            yield f"`{line}`", hold(daemon.connect(), b"hello\n", lambda: ask(control, line))


def outputs(program, folder, count):
    top = f'state-file: {folder}/state\nmetrics: {{ statsd: {{ address: "127.0.0.1:9", interval: 1s }} }}'
    with Daemon(program, folder, refusing(count), top=top) as daemon:
        ask(daemon.connect(), "disable s/g/0")
        yield "state file, statsd", hold(daemon.connect(), b"hello\n", lambda: time.sleep(4))


def failures(program, folder, count):
    with Daemon(program, folder, refusing(count), group="    probe: connect") as daemon:
        followers = [daemon.connect() for _ in range(3)]
        for follower in followers:
            follower.sendall(b"events follow\n")
            process = multiprocessing.Process(target=lambda: all(iter(lambda: follower.recv(1 << 20), b"")))
            process.daemon = True
            process.start()
        yield "all fail at once, 3 followers", hold(
            daemon.connect(), b"hello\n", lambda: until(lambda: daemon.usable() == 0))


def sessions(program, folder, count):
    backend = socket.create_server(("127.0.0.1", 0), backlog=4096)
    server = multiprocessing.Process(target=echo, args=(backend,), daemon=True)
    server.start()
    port = backend.getsockname()[1]
    try:
        with Daemon(program, folder, [f"127.0.0.1:{port}", f"127.0.0.1:{port}"]) as daemon:
            control, door = daemon.connect(), ("127.0.0.1", daemon.port())
            ask(control, "disable s/g/1")
            clients = [socket.create_connection(door) for _ in range(count)]
            until(lambda: int(ask(control, "show channel s/g/0").split(b"\ncurrent\t")[1].split(b"\n")[0]) == count)
            ask(control, "disable s/g/0")
            ask(control, "enable s/g/1")
            stay = [socket.create_connection(door) for _ in range(2)]
            yield "`show sessions`", hold(daemon.connect(), b"hello\n", lambda: ask(control, "show sessions"))
            yield "`disable … cut`, a worker", hold(stay[0], b"x", lambda: ask(control, "disable s/g/0 cut"))
            for client in clients:
                client.close()
    finally:
        server.kill()


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench turns", description=__doc__)
    parser.add_argument("counts", nargs="*", type=int, default=[10, 1000, 10000], help="channels")
    parser.add_argument("--sessions", type=int, default=8000)
    parser.add_argument("--proxyd", default=".build/release/proxyd", metavar="PROGRAM")
    chosen = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        os.nice(-15)
    except PermissionError:
        print("not root: what else runs here takes its share of the numbers")
    for count in chosen.counts:
        for operation in replies, outputs, failures:
            with tempfile.TemporaryDirectory() as folder:
                for name, slowest in operation(chosen.proxyd, folder, count):
                    print(f"| {name} | {count} channels | {slowest:.1f} |", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, slowest in sessions(chosen.proxyd, folder, chosen.sessions):
            print(f"| {name} | {chosen.sessions} sessions | {slowest:.1f} |", flush=True)


if __name__ == "__main__":
    main()

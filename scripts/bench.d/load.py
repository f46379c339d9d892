"""Load: what is sent through a proxy, and what was seen of it."""

import json
import os
import selectors
import socket
import subprocess
import threading
import time

GIB = 1 << 30


def bulk(port, streams, seconds):
    """iperf3 from client to origin; bytes received and bits per second."""
    command = ["iperf3", "--client", "127.0.0.1", "--port", str(port), "--parallel", str(streams),
               "--time", str(seconds), "--json"]
    for attempt in range(5):
        finished = subprocess.run(command, capture_output=True, text=True)
        result = json.loads(finished.stdout or "{}")
        if finished.returncode == 0 and "error" not in result:
            received = result["end"]["sum_received"]
            return {"bytes": received["bytes"], "bits_per_second": received["bits_per_second"]}
        time.sleep(0.5)  # The server is still putting the test before away.
    raise RuntimeError(f"iperf3: {result.get('error', finished.stderr)}")


def requests(port, connections, seconds, headers=()):
    """wrk against the web origin; counts, errors and latency in microseconds."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "wrk.lua")
    command = ["wrk", "--threads", "2", "--connections", str(connections),
               "--duration", f"{seconds}s", "--timeout", "10s", "--script", script]
    for header in headers:
        command += ["--header", header]
    finished = subprocess.run(
        command + [f"http://127.0.0.1:{port}/"], capture_output=True, text=True, check=True)
    line = next(line for line in finished.stdout.splitlines() if line.startswith("RESULT "))
    return {name: float(value) for name, value in
            (word.split("=") for word in line.split()[1:])}


class Echo:
    """Answers whatever comes with the same bytes: the origin of connections that then stay idle."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.port = self.listener.getsockname()[1]
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is self.listener:
                    channel, _ = self.listener.accept()
                    self.selector.register(channel, selectors.EVENT_READ)
                else:
                    self.answer(key.fileobj)

    def answer(self, channel):
        try:
            received = channel.recv(4096)
        except ConnectionError:
            received = b""
        if received:
            channel.sendall(received)
        else:
            self.selector.unregister(channel)
            channel.close()


class IdleConnections:
    """Connections that have said a word, heard it back, and now say nothing."""

    def __init__(self, port, count):
        self.sockets = [self.connected(port) for _ in range(count)]

    @staticmethod
    def connected(port):
        client = socket.create_connection(("127.0.0.1", port), timeout=10)
        client.sendall(b"hello")
        if client.recv(5) != b"hello":
            raise RuntimeError("an idle connection did not reach the origin")
        return client

    def close(self):
        for client in self.sockets:
            client.close()

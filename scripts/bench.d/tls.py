"""Measures TLS of proxyd beside hitch and HAProxy on loopback, in interleaved rounds: one certificate, TLS 1.3."""

import argparse
import json
import multiprocessing
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import time

import cost
import load
import measures
import programs
import report

RELEASE = ".build/release/proxyd"
KINDS = ["full", "resumed", "bulk", "small", "memory", "silent"]
BIG_MIB = 16
IDLE_SESSIONS = 2000
SILENT_CLIENTS = 5000

MEASURES = [
    ("full.rate", "full handshakes per second", 0),
    ("full.cpu", "full handshakes, CPU µs each", 1),
    ("resumed.rate", "resumed handshakes per second", 0),
    ("resumed.cpu", "resumed handshakes, CPU µs each", 1),
    ("resumed.share", "of which resumed, %", 0),
    ("bulk1.rate", "bulk to 1 client, Gbit/s", 2),
    ("bulk1.cpu", "bulk to 1 client, CPU s/GiB", 3),
    ("bulk8.rate", "bulk to 8 clients, Gbit/s", 2),
    ("bulk8.cpu", "bulk to 8 clients, CPU s/GiB", 3),
    ("small.rate", "small requests per second", 0),
    ("small.cpu", "small requests, CPU µs each", 2),
    ("small.p99", "small requests, p99 µs", 0),
    ("memory.connection", "own memory per idle session, KiB", 2),
    ("silent.p99", f"small requests, p99 × with {SILENT_CLIENTS} silent clients", 2),
    ("errors", "errors", 0),
]


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench tls", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of every measure (default 5)")
    parser.add_argument("--seconds", type=int, default=3, help="length of one load (default 3)")
    parser.add_argument("--only", action="append", choices=KINDS, help="may be repeated")
    parser.add_argument("--key", choices=["ec", "rsa"], default="ec", help="P-256 or RSA 2048 (default ec)")
    parser.add_argument("--proxyd", action="append", metavar="[LABEL=]PATH [OPTION…]",
                        help="another binary, repeated to compare builds in one run")
    parser.add_argument("--without", action="append", default=[], metavar="LABEL",
                        help="leave out haproxy or hitch")
    parser.add_argument("--json", metavar="FILE", help="write every sample there")
    parser.add_argument("--write", action="store_true", help="write docs/performance-tls.md")
    return parser.parse_args()


def certificate(directory, kind):
    """A certificate of its own making, and its key in the same file."""
    path = os.path.join(directory, "both.pem")
    key = (["rsa:2048"] if kind == "rsa" else ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", *key, "-nodes", "-days", "30", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", path + ".key", "-out", path + ".crt"],
        check=True, capture_output=True)
    with open(path, "w") as both:
        for part in [".crt", ".key"]:
            with open(path + part) as file:
                both.write(file.read())
    return path


class Proxyd(programs.Proxyd):
    def command(self):
        file = self.write("proxyd.yaml", f"""\
services:
  - name: tls
    listen: [ {{ address: "127.0.0.1:{self.port}", tls: {{ certificate: {self.certificate} }} }} ]
    timeouts: {{ client-hello: never }}
    channels: [ {{ address: "127.0.0.1:{self.origin}" }} ]
""")
        return [self.words[0], "run", file, "--workers", str(programs.WORKERS),
                "--control", self.path("control.sock"), *self.words[1:]]


class HAProxy(programs.Proxy):
    def command(self):
        return ["haproxy", "-db", "-q", "-f", self.write("haproxy.cfg", f"""\
global
    nbthread {programs.WORKERS}
    maxconn 6000
    tune.ssl.default-dh-param 2048
defaults
    mode tcp
    timeout connect 5s
    timeout client 10m
    timeout server 10m
listen relay
    bind 127.0.0.1:{self.port} backlog 4096 ssl crt {self.certificate}
    server origin 127.0.0.1:{self.origin}
""")]


class Hitch(programs.Proxy):
    def command(self):
        return ["hitch", "--config=" + self.write("hitch.conf", f"""\
frontend = "[127.0.0.1]:{self.port}"
backend = "[127.0.0.1]:{self.origin}"
pem-file = "{self.certificate}"
workers = {programs.WORKERS}
backlog = 4096
keepalive = 3600
daemon = off
quiet = on
user = "nobody"
tls-protos = TLSv1.2 TLSv1.3
""")]


class Origin(programs.WebOrigin):
    """The small body of the other measurements, and a large one."""

    def command(self):
        command = super().command()
        os.makedirs(self.path("html"), exist_ok=True)
        with open(self.path("html/big"), "wb") as file:
            file.write(os.urandom(BIG_MIB << 20))
        configuration = self.path("nginx.conf")
        with open(configuration) as file:
            text = file.read()
        self.write("nginx.conf", text.replace(
            "        location / {", f"        location /big {{ root {self.path('html')}; }}\n        location / {{"))
        return command


# MARK: Loads


def requests(port, connections, seconds, path="", headers=()):
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "wrk.lua")
    command = ["wrk", "--threads", str(min(2, connections)), "--connections", str(connections),
               "--duration", f"{seconds}s", "--timeout", "10s", "--script", script]
    for header in headers:
        command += ["--header", header]
    finished = subprocess.run(
        command + [f"https://127.0.0.1:{port}/{path}"], capture_output=True, text=True, check=True)
    line = next(line for line in finished.stdout.splitlines() if line.startswith("RESULT "))
    return {name: float(value) for name, value in (word.split("=") for word in line.split()[1:])}


def client_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


def resume(port, seconds, results):
    """One request per connection, each going on with the ticket of the one before."""
    context, session = client_context(), None
    count = resumed = errors = 0
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with context.wrap_socket(socket.create_connection(("127.0.0.1", port)), session=session) as client:
                client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                while client.recv(4096):
                    pass
                resumed += client.session_reused
                session = client.session
                count += 1
        except OSError:
            errors += 1
    results.put((count, resumed, errors))


class SilentClients:
    """They connect, and say nothing."""

    def __init__(self, port, count):
        self.sockets = []
        for _ in range(count):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
            self.sockets.append(client)
        time.sleep(0.5)

    def close(self):
        for client in self.sockets:
            client.close()


class IdleSessions:
    def __init__(self, port, count):
        context = client_context()
        self.sockets = []
        for _ in range(count):
            client = context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=10))
            client.sendall(b"hello")
            if client.recv(5) != b"hello":
                raise RuntimeError("an idle session did not reach the origin")
            self.sockets.append(client)

    def close(self):
        for client in self.sockets:
            client.close()


# MARK: Measurements


def full(proxy, seconds):
    with measures.Cost(proxy) as spent:
        seen = requests(proxy.port, 32, seconds, headers=["Connection: close"])
    return {"full.rate": seen["requests"] / seen["duration_us"] * 1e6,
            "full.cpu": spent.per(seen["requests"], 1e6), "errors": seen["errors"]}


def resumed(proxy, seconds):
    results = multiprocessing.Queue()
    clients = [multiprocessing.Process(target=resume, args=(proxy.port, seconds, results)) for _ in range(2)]
    with measures.Cost(proxy) as spent:
        for client in clients:
            client.start()
        seen = [results.get() for _ in clients]
        for client in clients:
            client.join()
    count = sum(each[0] for each in seen)
    return {"resumed.rate": count / seconds, "resumed.cpu": spent.per(count, 1e6),
            "resumed.share": 100 * sum(each[1] for each in seen) / count,
            "errors": sum(each[2] for each in seen)}


def bulk(clients):
    def measure(proxy, seconds):
        with measures.Cost(proxy) as spent:
            seen = requests(proxy.port, clients, seconds, "big")
        # The last bodies were begun and not finished; nearly all were.
        count = seen["requests"] * (BIG_MIB << 20)
        return {f"bulk{clients}.rate": count * 8 / seen["duration_us"] / 1e3,
                f"bulk{clients}.cpu": spent.per(count / load.GIB, 1), "errors": seen["errors"]}
    return measure


def small(proxy, seconds):
    with measures.Cost(proxy) as spent:
        seen = requests(proxy.port, 64, seconds)
    return {"small.rate": seen["requests"] / seen["duration_us"] * 1e6, "small.p99": seen["p99_us"],
            "small.cpu": spent.per(seen["requests"], 1e6), "errors": seen["errors"]}


def silent(proxy, seconds):
    alone = requests(proxy.port, 64, seconds)
    clients = SilentClients(proxy.port, SILENT_CLIENTS)
    beside = requests(proxy.port, 64, seconds)
    clients.close()
    return {"silent.p99": beside["p99_us"] / alone["p99_us"], "errors": beside["errors"]}


def memory(proxy, seconds):
    del seconds
    IdleSessions(proxy.port, 16).close()
    time.sleep(0.3)
    before = cost.memory(proxy.pid)
    idle = IdleSessions(proxy.port, IDLE_SESSIONS)
    time.sleep(0.5)
    after = cost.memory(proxy.pid)
    idle.close()
    return {"memory.connection": (after["own"] - before["own"]) / IDLE_SESSIONS}


def candidates(chosen, directory):
    proxies = [programs.proxyd_from(argument, directory) for argument in chosen.proxyd or [RELEASE]]
    ours = [Proxyd(each.label, directory, each.words) for each in proxies if each]
    others = {"hitch": Hitch("hitch", directory), "haproxy": HAProxy("HAProxy", directory)}
    found = ours + [proxy for name, proxy in others.items() if name not in chosen.without]
    path = certificate(directory, chosen.key)
    for proxy in found:
        proxy.certificate = path
    return found


def run(samples, proxies, chosen, origin, name, function):
    for proxy in proxies:
        proxy.lead_to(origin.port)
        proxy.start()
    try:
        for index in range(chosen.rounds):
            print(f"{name}: round {index + 1} of {chosen.rounds}", file=sys.stderr, flush=True)
            turn = index % len(proxies)
            for proxy in proxies[turn:] + proxies[:turn]:
                samples.add(proxy.label, function(proxy, chosen.seconds))
    finally:
        for proxy in proxies:
            proxy.stop()


def measure(chosen, directory):
    proxies = candidates(chosen, directory)
    samples = report.Samples()
    kinds = chosen.only or KINDS
    web = Origin("web", directory)
    web.start()
    try:
        for name, function in [
                ("full", full), ("resumed", resumed), ("bulk", bulk(1)), ("bulk", bulk(8)),
                ("small", small), ("silent", silent)]:
            if name in kinds:
                run(samples, proxies, chosen, web, name, function)
    finally:
        web.stop()
    if "memory" in kinds:
        for proxy in proxies * min(chosen.rounds, 3):
            run(samples, [proxy], argparse.Namespace(rounds=1, seconds=0), load.Echo(), "memory", memory)
    return samples, [proxy.label for proxy in proxies]


def main():
    chosen = arguments()
    idle = cost.idle_share()
    if idle < 0.9:
        print(f"bench: others take {1 - idle:.0%} of the processors; the numbers will be noisy")
    with tempfile.TemporaryDirectory(prefix="proxyd-bench-") as directory:
        os.chmod(directory, 0o755)
        samples, labels = measure(chosen, directory)
    report.MEASURES = MEASURES
    tables = [report.medians(samples, labels)]
    for label in labels:
        if label not in ("hitch", "HAProxy"):
            tables.append(report.ratios(samples, label, [each for each in labels if each != label]))
    print("\n\n".join(tables))
    if chosen.json:
        with open(chosen.json, "w") as file:
            json.dump(samples.values, file, indent=1)
    if chosen.write:
        report.write(
            "docs/performance-tls.md", " ".join(["scripts/bench tls", *sys.argv[1:]]), chosen.rounds,
            chosen.seconds, idle, tables, "Performance of TLS",
            [["haproxy", "-v"], ["hitch", "-V"], ["openssl", "version"], ["nginx", "-v"], ["wrk", "--version"]])


if __name__ == "__main__":
    main()

"""The programs under measurement and the origins behind them, each started privately on loopback."""

import os
import shlex
import signal
import socket
import subprocess
import time

NGINX_MODULES = "/usr/lib/nginx/modules"
WORKERS = 2


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Program:
    """A program in the foreground that serves one port."""

    def __init__(self, label, directory):
        self.label = label
        self.directory = directory
        self.port = free_port()
        self.process = None
        self.directory_of_run = None

    def command(self):
        raise NotImplementedError

    def start(self):
        self.directory_of_run = os.path.join(self.directory, str(self.port))
        os.makedirs(self.directory_of_run, exist_ok=True)
        self.log_path = self.path("log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
        self.wait_until_it_answers()

    def path(self, name):
        return os.path.join(self.directory_of_run, name)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)

    def wait_until_it_answers(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        with open(self.log_path, errors="replace") as log:
            raise SystemExit(f"bench: {self.label} does not answer:\n{log.read()[-2000:]}")

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    @property
    def pid(self):
        return self.process.pid


class Proxy(Program):
    """A program that passes connections on to `origin`, a port."""

    is_measured = True

    def __init__(self, label, directory):
        super().__init__(label, directory)
        self.origin = None

    def lead_to(self, origin):
        self.origin = origin
        self.port = free_port()


class Direct(Proxy):
    """No proxy at all: what the origin and the load generator can do between them."""

    is_measured = False

    def start(self):
        self.port = self.origin

    def stop(self):
        pass


class Proxyd(Proxy):
    """`words`: the binary, and options for `run` behind it."""

    def __init__(self, label, directory, words):
        super().__init__(label, directory)
        self.words = words

    def command(self):
        return [
            self.words[0], "run", "--workers", str(WORKERS), "--control", self.path("control.sock"),
            *self.words[1:], "-l", f"127.0.0.1:{self.port}", "--", f"127.0.0.1:{self.origin}",
        ]


class HAProxy(Proxy):
    def __init__(self, label, directory, options=()):
        super().__init__(label, directory)
        self.options = options

    def command(self):
        options = "".join(f"    option {option}\n" for option in self.options)
        configuration = self.write("haproxy.cfg", f"""\
global
    nbthread {WORKERS}
    maxconn 6000
defaults
    mode tcp
    timeout connect 5s
    timeout client 10m
    timeout server 10m
{options}listen relay
    bind 127.0.0.1:{self.port} backlog 4096
    server origin 127.0.0.1:{self.origin}
""")
        return ["haproxy", "-db", "-q", "-f", configuration]


class NginxStream(Proxy):
    def command(self):
        configuration = self.write("nginx.conf", f"""\
load_module {NGINX_MODULES}/ngx_stream_module.so;
daemon off;
pid {self.path("pid")};
error_log stderr crit;
worker_processes {WORKERS};
worker_rlimit_nofile 20000;
events {{ worker_connections 9500; multi_accept on; }}
stream {{
    access_log off;
    proxy_connect_timeout 5s;
    proxy_timeout 10m;
    server {{
        listen 127.0.0.1:{self.port} backlog=4096;
        proxy_pass 127.0.0.1:{self.origin};
    }}
}}
""")
        return ["nginx", "-p", self.directory_of_run, "-e", "stderr", "-c", configuration]


class WebOrigin(Program):
    """An nginx that answers every request with a small body from memory."""

    def command(self):
        configuration = self.write("nginx.conf", f"""\
daemon off;
pid {self.path("pid")};
error_log stderr crit;
worker_processes {WORKERS};
worker_rlimit_nofile 20000;
events {{ worker_connections 9500; multi_accept on; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 10m;
    server {{
        listen 127.0.0.1:{self.port} backlog=4096;
        location / {{ return 200 "small body, the same every time\\n"; }}
    }}
}}
""")
        return ["nginx", "-p", self.directory_of_run, "-e", "stderr", "-c", configuration]


class BulkOrigin(Program):
    """iperf3 receiving one test after the other."""

    def command(self):
        return ["iperf3", "--server", "--bind", "127.0.0.1", "--port", str(self.port)]


def proxyd_from(argument, directory):
    """`PATH`, or `LABEL=PATH OPTION…`."""
    label, equals, command = argument.partition("=")
    if not equals:
        label, command = "proxyd", argument
    words = shlex.split(command)
    if not words or not os.access(words[0], os.X_OK):
        print(f"bench: proxyd is left out, there is no program at {command or argument}")
        return None
    return Proxyd(label, directory, words)

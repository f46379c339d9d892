"""One function per measurement: takes a running proxy, returns values by the name of their measure."""

import time

import cost
import load

IDLE_CONNECTIONS = 4000
SMALL_CONNECTIONS = 64


class Cost:
    """CPU seconds that a proxy spends inside the `with`."""

    def __init__(self, proxy):
        self.pid = proxy.pid if proxy.is_measured else None
        self.seconds = None

    def __enter__(self):
        self.before = cost.cpu_seconds(self.pid) if self.pid else None
        return self

    def __exit__(self, *_):
        if self.pid:
            self.seconds = cost.cpu_seconds(self.pid) - self.before

    def per(self, count, scale):
        return None if self.seconds is None else self.seconds * scale / count


def bulk(streams):
    def measure(proxy, seconds):
        with Cost(proxy) as spent:
            seen = load.bulk(proxy.port, streams, seconds)
        return {
            f"bulk{streams}.rate": seen["bits_per_second"] / 1e9,
            f"bulk{streams}.cpu": spent.per(seen["bytes"] / load.GIB, 1),
        }
    return measure


def short(proxy, seconds):
    with Cost(proxy) as spent:
        seen = load.requests(proxy.port, SMALL_CONNECTIONS, seconds, ["Connection: close"])
    return {
        "short.rate": seen["requests"] / seen["duration_us"] * 1e6,
        "short.cpu": spent.per(seen["requests"], 1e6),
        "short.errors": seen["errors"],
    }


def small(proxy, seconds):
    with Cost(proxy) as spent:
        seen = load.requests(proxy.port, SMALL_CONNECTIONS, seconds)
    return {
        "small.rate": seen["requests"] / seen["duration_us"] * 1e6,
        "small.p50": seen["p50_us"],
        "small.p99": seen["p99_us"],
        "small.cpu": spent.per(seen["requests"], 1e6),
        "small.errors": seen["errors"],
    }


def memory(proxy, seconds):
    """A new instance each time: a proxy that was busy keeps what it has for later connections."""
    del seconds
    if not proxy.is_measured:
        return {}
    load.IdleConnections(proxy.port, 16).close()
    time.sleep(0.3)
    before = cost.memory(proxy.pid)
    idle = load.IdleConnections(proxy.port, IDLE_CONNECTIONS)
    time.sleep(0.5)
    after = cost.memory(proxy.pid)
    idle.close()
    return {
        "memory.rss": before["rss"] / 1024,
        "memory.private": before["private"] / 1024,
        "memory.connection": (after["own"] - before["own"]) / IDLE_CONNECTIONS,
    }

"""Measures proxyd beside HAProxy and nginx stream on loopback, in interleaved rounds."""

import argparse
import contextlib
import json
import os
import shlex
import subprocess
import sys
import tempfile

import cost
import load
import measures
import programs
import report

RELEASE = ".build/release/proxyd"
KINDS = ["bulk", "short", "small", "memory"]


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of every measure (default 5)")
    parser.add_argument("--seconds", type=int, default=3, help="length of one load (default 3)")
    parser.add_argument("--quick", action="store_true", help="one round of a second: does it run?")
    parser.add_argument("--only", action="append", choices=KINDS, help="may be repeated")
    parser.add_argument(
        "--proxyd", action="append", metavar="[LABEL=]PATH [OPTION…]",
        help="another binary, with options for `run`; repeated to compare builds in one run, e.g. "
        "--proxyd 'old=/path/proxyd' --proxyd 'copy=.build/release/proxyd --relay copy'")
    parser.add_argument(
        "--without", action="append", default=[], metavar="LABEL",
        help="leave out haproxy, splice, nginx or direct")
    parser.add_argument("--json", metavar="FILE", help="write every sample there")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    parser.add_argument("--no-build", action="store_true", help="take the release build as it is")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.rounds, chosen.seconds = 1, 1
    return chosen


def candidates(chosen, directory):
    proxies = [programs.proxyd_from(argument, directory) for argument in chosen.proxyd or [RELEASE]]
    others = {
        "haproxy": programs.HAProxy("HAProxy", directory),
        "splice": programs.HAProxy(
            "HAProxy, splice", directory, ["splice-request", "splice-response"]),
        "nginx": programs.NginxStream("nginx stream", directory),
        "direct": programs.Direct("direct", directory),
    }
    return [proxy for proxy in proxies if proxy] + [
        proxy for name, proxy in others.items() if name not in chosen.without]


@contextlib.contextmanager
def running(proxies, origin):
    try:
        for proxy in proxies:
            proxy.lead_to(origin.port)
            proxy.start()
        yield
    finally:
        for proxy in proxies:
            proxy.stop()


def rounds(proxies, chosen, name):
    """Every proxy once per round, each round beginning with another one."""
    for index in range(chosen.rounds):
        print(f"{name}: round {index + 1} of {chosen.rounds}", file=sys.stderr, flush=True)
        turn = index % len(proxies)
        yield from proxies[turn:] + proxies[:turn]


def take(samples, proxies, chosen, name, origin, functions):
    with running(proxies, origin):
        for function in functions:
            for proxy in rounds(proxies, chosen, name):
                samples.add(proxy.label, function(proxy, chosen.seconds))


def take_memory(samples, proxies, chosen, origin):
    measured = [proxy for proxy in proxies if proxy.is_measured]
    for proxy in rounds(measured, chosen, "memory"):
        with running([proxy], origin):
            samples.add(proxy.label, measures.memory(proxy, chosen.seconds))


def measure(chosen, directory):
    proxies = candidates(chosen, directory)
    samples = report.Samples()
    kinds = chosen.only or KINDS
    if "bulk" in kinds:
        with serving(programs.BulkOrigin("iperf3", directory)) as origin:
            take(samples, proxies, chosen, "bulk, 1 stream", origin, [measures.bulk(1)])
            take(samples, proxies, chosen, "bulk, 8 streams", origin, [measures.bulk(8)])
    if "short" in kinds or "small" in kinds:
        with serving(programs.WebOrigin("web", directory)) as origin:
            if "short" in kinds:
                take(samples, proxies, chosen, "short connections", origin, [measures.short])
            if "small" in kinds:
                take(samples, proxies, chosen, "small requests", origin, [measures.small])
    if "memory" in kinds:
        take_memory(samples, proxies, chosen, load.Echo())
    return samples, proxies


@contextlib.contextmanager
def serving(origin):
    origin.start()
    try:
        yield origin
    finally:
        origin.stop()


def tables_of(samples, proxies):
    ours = [proxy.label for proxy in proxies if isinstance(proxy, programs.Proxyd)]
    others = [proxy.label for proxy in proxies if proxy.label not in ours]
    tables = [report.medians(samples, ours + others)]
    for label in ours:
        tables.append(report.ratios(samples, label, [each for each in ours if each != label] + others))
        tables.append(report.verdicts(samples, label))
    return [table for table in tables if table]


def main():
    chosen = arguments()
    if not chosen.proxyd and not chosen.no_build:
        subprocess.run(
            ["swift", "build", "--configuration", "release", "--product", "proxyd"], check=True,
            stdout=sys.stderr)
    idle = cost.idle_share()
    if idle < 0.9:
        print(f"bench: others take {1 - idle:.0%} of the processors; the numbers will be noisy")
    with tempfile.TemporaryDirectory(prefix="proxyd-bench-") as directory:
        samples, proxies = measure(chosen, directory)
    tables = tables_of(samples, proxies)
    print("\n\n".join(tables))
    if chosen.json:
        with open(chosen.json, "w") as file:
            json.dump(samples.values, file, indent=1)
    if chosen.write:
        command = shlex.join(["scripts/bench", *sys.argv[1:]])
        os.makedirs("docs", exist_ok=True)
        report.write(
            "docs/performance.md", command, chosen.rounds, chosen.seconds, idle, tables)


if __name__ == "__main__":
    main()

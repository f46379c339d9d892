"""The samples of all rounds as tables in Markdown: medians, ratios, and what must be reached."""

import os
import platform
import statistics
import subprocess
import time

MEASURES = [  # key, name, decimals
    ("bulk1.rate", "bulk, 1 stream, Gbit/s", 2),
    ("bulk1.cpu", "bulk, 1 stream, CPU s/GiB", 3),
    ("bulk8.rate", "bulk, 8 streams, Gbit/s", 2),
    ("bulk8.cpu", "bulk, 8 streams, CPU s/GiB", 3),
    ("short.rate", "short connections per second", 0),
    ("short.cpu", "short connections, CPU µs each", 1),
    ("short.errors", "short connections, errors", 0),
    ("small.rate", "small requests per second", 0),
    ("small.cpu", "small requests, CPU µs each", 2),
    ("small.p50", "small requests, p50 µs", 0),
    ("small.p99", "small requests, p99 µs", 0),
    ("small.errors", "small requests, errors", 0),
    ("memory.connection", "own memory per idle connection, KiB", 2),
    ("memory.rss", "resident at rest, MiB", 1),
    ("memory.private", "of which private, MiB", 1),
]

GOALS = [  # key, relation, bound, label of the proxy it is a ratio to (None: an absolute value)
    ("bulk1.cpu", "≤", 0.45, "HAProxy"),
    ("bulk1.cpu", "≤", 1.0, "HAProxy, splice"),
    ("bulk1.rate", "≥", 1.15, "HAProxy, splice"),
    ("bulk8.cpu", "≤", 0.45, "HAProxy"),
    ("bulk8.cpu", "≤", 1.0, "HAProxy, splice"),
    ("bulk8.rate", "≥", 1.15, "HAProxy, splice"),
    ("short.rate", "≥", 1.05, "HAProxy"),
    ("short.cpu", "≤", 0.88, "HAProxy"),
    ("small.rate", "≥", 1.05, "HAProxy"),
    ("small.cpu", "≤", 0.95, "HAProxy"),
    ("small.p99", "≤", 1.0, "HAProxy"),
    ("memory.connection", "≤", 1.0, None),
    ("memory.rss", "≤", 25.0, None),
    ("memory.private", "≤", 8.0, None),
]


class Samples:
    """Values by measure and by label, one per round."""

    def __init__(self):
        self.values = {}

    def add(self, label, measured):
        for key, value in measured.items():
            if value is not None:
                self.values.setdefault(key, {}).setdefault(label, []).append(value)

    def median(self, key, label):
        found = self.values.get(key, {}).get(label)
        return statistics.median(found) if found else None

    def spread(self, key, label):
        """Half the distance between the quartiles, as a share of the median."""
        found = self.values.get(key, {}).get(label, [])
        if len(found) < 4 or not statistics.median(found):
            return None
        low, _, high = statistics.quantiles(found, n=4)
        return (high - low) / 2 / statistics.median(found)


def table(header, rows):
    """Aligned columns: the first to the left, the others to the right."""
    rows = [header] + rows
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]

    def line(row):
        cells = [row[0].ljust(widths[0])] + [
            cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        return "| " + " | ".join(cells) + " |"

    rule = ["-" * widths[0]] + ["-" * (width - 1) + ":" for width in widths[1:]]
    return "\n".join([line(header), line(rule)] + [line(row) for row in rows[1:]])


def medians(samples, labels):
    rows = []
    for key, name, decimals in MEASURES:
        if key not in samples.values:
            continue
        cells = []
        for label in labels:
            value, spread = samples.median(key, label), samples.spread(key, label)
            cell = "" if value is None else f"{value:.{decimals}f}"
            cells.append(cell + (f" ±{spread:.0%}" if spread is not None and value else ""))
        rows.append([name] + cells)
    return table(["median of the rounds"] + labels, rows)


def ratios(samples, label, references):
    """Every measure of `label` as a multiple of the others'."""
    rows = []
    for key, name, _ in MEASURES:
        value = samples.median(key, label)
        if value is None:
            continue
        others = [samples.median(key, reference) for reference in references]
        rows.append([name] + [f"{value / other:.2f}" if other else "" for other in others])
    return table([f"{label} ×"] + references, rows) if rows else ""


def verdicts(samples, label):
    """What the issue asks of `label`; nothing when its measures were not taken."""
    rows = []
    for key, relation, bound, reference in GOALS:
        value = samples.median(key, label)
        other = samples.median(key, reference) if reference else 1.0
        if value is None or not other:
            continue
        reached = value / other <= bound if relation == "≤" else value / other >= bound
        name = next(name for known, name, _ in MEASURES if known == key)
        against = f"× {reference}" if reference else ""
        rows.append([f"{name} {against}".strip(), f"{relation} {bound:.2f}",
                     f"{value / other:.2f}", "reached" if reached else "MISSED"])
    return table([label, "must reach", "is", ""], rows) if rows else ""


def first_line(command):
    try:
        finished = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        return "unknown"
    return ((finished.stdout + finished.stderr).strip().splitlines() or ["unknown"])[0]


def machine(programs):
    """What the numbers were taken on; nothing that would name the machine itself."""
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":", 1)[1].strip() for line in file
                      if line.startswith("model name")), "unknown processor")
    with open("/proc/meminfo") as file:
        kibibytes = int(file.readline().split()[1])
    facts = [
        f"{os.cpu_count()} × {model}, {kibibytes / 1048576:.0f} GiB",
        f"Linux {platform.release()} {platform.machine()}",
        *[first_line(program) for program in programs],
        first_line(["swift", "--version"]),
    ]
    return "\n".join(f"- {fact}" for fact in facts)


PROGRAMS = [["haproxy", "-v"], ["nginx", "-v"], ["iperf3", "--version"], ["wrk", "--version"]]


def write(path, command, rounds, seconds, idle, tables, title="Performance", programs=PROGRAMS):
    text = f"""# {title}

Written by `{command}` on {time.strftime("%Y-%m-%d")}. All programs run on one machine over loopback,
with two threads or worker processes each; rounds are interleaved and their order rotates. The values are
medians of {rounds} rounds of {seconds} s each; ± is half the distance between the quartiles.
Compare ratios, not values: load generator, proxy and origin share the processors.

How each thing is measured is in `scripts/bench.d/`: `programs.py` has the configurations, `load.py` the
load, `cost.py` what CPU time and memory are.

## Machine

{machine(programs)}
- {idle:.0%} idle before the start

## Result

""" + "\n\n".join(tables) + "\n"
    with open(path, "w") as file:
        file.write(text)

"""What processes cost: CPU time and memory, read from /proc (proc(5))."""

import os
import time


def family(pid):
    """A process and its descendants."""
    found = [pid]
    for parent in found:
        for task in tasks(parent):
            try:
                with open(f"/proc/{parent}/task/{task}/children") as file:
                    found += [int(child) for child in file.read().split()]
            except FileNotFoundError:
                continue
    return found


def tasks(pid):
    try:
        return os.listdir(f"/proc/{pid}/task")
    except FileNotFoundError:
        return []


def cpu_seconds(pid):
    """Time on a CPU of all threads of a process and its descendants.

    From schedstat, which counts nanoseconds; utime and stime count ticks of 10 ms."""
    nanoseconds = 0
    for process in family(pid):
        for task in tasks(process):
            try:
                with open(f"/proc/{process}/task/{task}/schedstat") as file:
                    nanoseconds += int(file.read().split()[0])
            except FileNotFoundError:
                continue
    return nanoseconds / 1e9


def memory(pid):
    """KiB of a process and its descendants: resident, private, and their share of what they share."""
    sums = {"rss": 0, "private": 0, "own": 0}
    for process in family(pid):
        with open(f"/proc/{process}/smaps_rollup") as file:
            fields = dict(line.split()[:2] for line in file if line.split()[0].endswith(":"))
        sums["rss"] += int(fields["Rss:"])
        sums["private"] += int(fields["Private_Clean:"]) + int(fields["Private_Dirty:"])
        sums["own"] += int(fields["Pss:"])
    return sums


def idle_share(seconds=2):
    """The share of processor time that nobody wants; what others take makes every number noisier."""
    def times():
        with open("/proc/stat") as file:
            return [int(field) for field in file.readline().split()[1:]]
    before = times()
    time.sleep(seconds)
    spent = [after - earlier for after, earlier in zip(times(), before)]
    return (spent[3] + spent[4]) / max(1, sum(spent))

"""bench/measure.py: reading what a server's processes cost, from /proc alone."""

import os
from dataclasses import dataclass

TICK = 1.0 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    """CPU seconds: `total` is exact (scheduler clock), user and system are its split."""

    total: float
    user: float
    system: float

    def __sub__(self, other):
        return Cost(self.total - other.total, self.user - other.user, self.system - other.system)


def family(root):
    """The process and all its descendants."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as stat:
                    parent = int(stat.read().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(name))
    found, pending = [], [root]
    while pending:
        pid = pending.pop()
        found.append(pid)
        pending.extend(children.get(pid, ()))
    return found


def cost(pids):
    total = user = system = 0.0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat") as stat:
                fields = stat.read().rpartition(")")[2].split()
            user += int(fields[11]) * TICK
            system += int(fields[12]) * TICK
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/schedstat") as schedstat:
                    total += int(schedstat.read().split()[0]) / 1e9
        except OSError:
            continue
    return Cost(total, user, system)


def memory(pids):
    """(PSS, RSS) in bytes."""
    pss = rss = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup") as rollup:
                for line in rollup:
                    if line.startswith("Pss:"):
                        pss += int(line.split()[1]) * 1024
                    elif line.startswith("Rss:"):
                        rss += int(line.split()[1]) * 1024
        except OSError:
            continue
    return pss, rss


def busy(cpu):
    """Seconds one CPU has spent on anything at all, steal included."""
    with open("/proc/stat") as stat:
        for line in stat:
            if line.startswith(f"cpu{cpu} "):
                values = [int(value) for value in line.split()[1:9]]
                return (sum(values) - values[3] - values[4]) * TICK
    raise RuntimeError(f"no cpu{cpu} in /proc/stat")

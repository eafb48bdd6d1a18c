#!/usr/bin/env python3
"""bench/peers.py: runs servers side by side on the same work and says what each request cost them.

README.md in this folder explains how it measures. The workloads are the table WORKLOADS.
"""

import argparse
import contextlib
import ctypes
import fcntl
import json
import os
import random
import resource
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
import clients  # noqa: E402
import measure  # noqa: E402
import servers  # noqa: E402

SERVER_CPU, CLIENT_CPU = 0, 1
CLONE_NEWNET, SIOCGIFFLAGS, SIOCSIFFLAGS = 0x40000000, 0x8913, 0x8914
CLIENT_TLS = """openssl_conf = settings
[settings]
ssl_conf = ssl
[ssl]
system_default = defaults
[defaults]
MinProtocol = TLSv1.3
Ciphersuites = TLS_AES_128_GCM_SHA256
"""


@dataclass
class Workload:
    name: str
    title: str
    variant: str = "plain"
    path: str = "/k1.txt"
    size: int = 1024
    status: int = 200
    tool: str = "wrk"
    connections: int = 64
    streams: int = 1
    headers: dict = field(default_factory=dict)
    close: bool = False
    kind: str = "load"  # load, rate, idle, start, reload
    rate: int = 0  # requests a second on each connection; without, as many as are answered

    @property
    def fixed(self):
        """Whether a program that holds one small file in memory can answer it."""
        return self.path == "/k1.txt" or self.status == 404


GZIP = {"Accept-Encoding": "gzip"}
WORKLOADS = {w.name: w for w in (
    Workload("a", "keep-alive GET, 1 KiB, 64 connections"),
    Workload("a-log", "the same with an access log", "log"),
    Workload("b", "keep-alive GET, 100 KiB, 64 connections", path="/k100.txt", size=100 << 10),
    Workload("c", "keep-alive GET, 10 MiB, 8 connections", path="/m10.bin", size=10 << 20, connections=8),
    Workload("d", "a connection per request, 1 KiB, 64 at once", close=True),
    Workload("e", "keep-alive GET, 1 KiB, 1000 connections", connections=1000),
    Workload("p", "keep-alive GET, 1 KiB, 50 connections, 10,000 requests a second offered", tool="h2load-h1", connections=50, rate=200,
             kind="rate"),
    Workload("f", "HTTPS keep-alive GET, 1 KiB, 64 connections", "tls"),
    Workload("f-b", "HTTPS keep-alive GET, 100 KiB, 64 connections", "tls", path="/k100.txt", size=100 << 10),
    Workload("g", "a full TLS 1.3 handshake per request, 1 KiB, 32 at once", "tls", tool="ab", close=True, connections=32),
    Workload("h", "HTTP/2 over TLS, 1 KiB, 16 connections x 32 streams", "tls", tool="h2load", connections=16, streams=32),
    Workload("h2", "HTTP/2 over TLS, 100 KiB, 16 connections x 32 streams", "tls", path="/k100.txt", size=100 << 10,
             tool="h2load", connections=16, streams=32),
    Workload("i", "reverse proxy, 1 KiB, 64 connections, keep-alive upstream", "proxy"),
    Workload("j", "10,000 idle connections", kind="idle", connections=10000),
    Workload("j-tls", "1,000 idle TLS connections", "tls", kind="idle", connections=1000),
    Workload("k1", "gzip level 1 of a 100 KiB text", "gzip1", path="/text.txt", size=100 << 10, headers=GZIP, connections=16),
    Workload("k6", "gzip level 6 of a 100 KiB text", "gzip6", path="/text.txt", size=100 << 10, headers=GZIP, connections=16),
    Workload("l", "404, 64 connections", path="/missing.txt", status=404),
    Workload("m", "time from exec to the first 200", kind="start"),
    Workload("m-reload", "time from the reload signal to the first answer under the new configuration", kind="reload"),
)}


class Bench:
    def __init__(self, options):
        self.options = options
        self.folder = Path(options.work).resolve()
        self.root = self.folder / "root"
        self.port = options.base_port
        self.results = []
        binaries = dict(item.split("=", 1) for item in options.bin)
        self.servers = [servers.make(name, binaries, options.limit) for name in options.servers.split(",")]
        self.backend = str(Path(options.limit) / "limit_epoll")
        self.prepare()
        Path(options.out).resolve().parent.mkdir(parents=True, exist_ok=True)

    def prepare(self):
        for folder in (self.folder, self.root, self.folder / "root2"):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o755)
        source = random.Random(1)
        letters = "etaoinshrdlucmfwypvbgkjqxz"
        words = ["".join(source.choices(letters, range(26, 0, -1), k=source.randint(2, 9))) for _ in range(2000)]
        text = " ".join(source.choices(words, [1 / (rank + 1) for rank in range(2000)], k=30000))
        self.files = {
            "/k1.txt": b"x" * 1024,
            "/k100.txt": b"x" * (100 << 10),
            "/m10.bin": b"x" * (10 << 20),
            "/text.txt": text.encode()[:100 << 10],
        }
        files = {self.root / path[1:]: body for path, body in self.files.items()}
        files[self.folder / "root2" / "k1.txt"] = b"y" * 1024  # what a reload switches to
        for path, body in files.items():
            if not path.exists() or path.read_bytes() != body:  # another run may be serving them
                path.write_bytes(body)
        self.key, self.certificate = self.folder / "key.pem", self.folder / "certificate.pem"
        if not self.certificate.exists():
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "3650",
                            "-keyout", self.key, "-out", self.certificate], check=True, capture_output=True)
        self.key.chmod(0o644)
        (self.folder / "client-tls.cnf").write_text(CLIENT_TLS)
        self.client_environment = {"OPENSSL_CONF": str(self.folder / "client-tls.cnf")}

    def next_port(self):
        while True:
            self.port += 1
            with socket.socket() as probe:
                try:
                    probe.bind(("127.0.0.1", self.port))
                    return self.port
                except OSError:
                    continue

    def site(self, server, workload):
        folder = self.folder / f"{server.name}-{workload.name}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        folder.chmod(0o777)
        site = servers.Site(workload.variant, folder, self.root, self.next_port(), certificate=self.certificate, key=self.key,
                            close=workload.close, body=workload.size)
        (folder / "logs").mkdir()
        return site

    def spawn(self, server, command, site, cpu=SERVER_CPU):
        def before():
            os.sched_setaffinity(0, {cpu})
            os.setsid()
            with contextlib.suppress(OSError):
                os.nice(self.options.nice)

        output = open(site.folder / "output.log", "ab") if site else subprocess.DEVNULL
        environment = {**os.environ, **(server.environment if server else {})}
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, preexec_fn=before, env=environment)

    def stop(self, process):
        family = measure.family(process.pid)
        process.terminate()
        try:
            process.wait(4)
        except subprocess.TimeoutExpired:
            for pid in family:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            process.wait(4)
        for pid in family:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)

    @contextlib.contextmanager
    def running(self, workload):
        """Starts every server that can do the workload; yields [(server, site, process, wire size)]."""
        started, processes = [], []
        try:
            upstream = 0
            if workload.variant == "proxy":
                upstream = self.next_port()
                processes.append(self.spawn(None, [self.backend, "-p", str(upstream)], None, CLIENT_CPU))
                clients.wait_for(upstream, False, "/", 5, processes[-1])
            for server in self.servers:
                if not server.supports(workload):
                    continue
                site = self.site(server, workload)
                site.upstream = upstream
                process = self.spawn(server, server.command(site), site)
                processes.append(process)
                try:
                    clients.wait_for(site.port, site.tls, "/k1.txt", 10, process)
                    expected = self.files.get(workload.path)
                    if isinstance(server, servers.Limit):
                        expected = b"x" * workload.size
                    wire = clients.check(site.port, workload, expected)
                except (clients.WrongAnswer, OSError) as problem:
                    self.fail(server, workload, problem)
                    continue
                started.append((server, site, process, wire))
            yield started
        finally:
            for process in processes:
                self.stop(process)

    def fail(self, server, workload, problem):
        print(f"FAILED {server.name} on {workload.name}: {problem}", file=sys.stderr, flush=True)
        self.results.append({"server": server.name, "workload": workload.name, "failed": str(problem)})

    def load(self, workload):
        with self.running(workload) as started:
            broken = set()
            for index in range(-1, self.options.rounds):
                turn = index % len(started) if started else 0
                for server, site, process, wire in started[turn:] + started[:turn]:
                    if server.name in broken:
                        continue
                    seconds = 1 if index < 0 else self.options.seconds
                    family = measure.family(process.pid)
                    before, busy = measure.cost(family), measure.busy(SERVER_CPU)
                    load = clients.start_load(workload, site, seconds, CLIENT_CPU, self.options.nice, self.client_environment)
                    try:
                        sample = clients.finish_load(load, workload, site, wire, seconds + 30)
                    except clients.WrongAnswer as problem:
                        broken.add(server.name)
                        self.fail(server, workload, problem)
                        continue
                    spent = measure.cost(measure.family(process.pid)) - before
                    if index < 0:
                        continue  # a warm-up
                    requests = sample["requests"]
                    share = spent.system / (spent.user + spent.system) if spent.user + spent.system else 0
                    sample.update(
                        server=server.name, workload=workload.name, round=index, rate=requests / sample["seconds"],
                        cpu=spent.total * 1e6 / requests, system=spent.total * share * 1e6 / requests,
                        user=spent.total * (1 - share) * 1e6 / requests, used=spent.total / sample["seconds"],
                        foreign=(measure.busy(SERVER_CPU) - busy - spent.total) / sample["seconds"])
                    self.results.append(sample)

    rate = load  # what is offered differs, and what of the samples is of interest

    def idle(self, workload):
        for server in self.servers:
            if not server.supports(workload):
                continue
            site = self.site(server, workload)
            process = self.spawn(server, server.command(site), site)
            kept = []
            try:
                clients.wait_for(site.port, site.tls, workload.path, 10, process)
                for _ in range(200):
                    clients.fetch(site.port, workload.path, site.tls)
                first = measure.memory(measure.family(process.pid))
                kept = clients.open_idle(site.port, workload, workload.connections, workload.size)
                time.sleep(1)
                family = measure.family(process.pid)
                second, before = measure.memory(family), measure.cost(family)
                time.sleep(3)
                spent = measure.cost(family) - before
                if not clients.still_open(kept):
                    raise clients.WrongAnswer("the server closed some of the connections")
                self.results.append({
                    "server": server.name, "workload": workload.name, "round": 0, "base": first[0],
                    "pss": (second[0] - first[0]) / len(kept), "rss": (second[1] - first[1]) / len(kept),
                    "idle_cpu": spent.total / 3})
            except (clients.WrongAnswer, OSError) as problem:
                self.fail(server, workload, f"{problem} (with {len(kept)} connections kept)")
            finally:
                for connection in kept:
                    connection.close()
                self.stop(process)

    def start(self, workload):
        for index in range(self.options.rounds):
            for server in self.servers:
                if not server.supports(workload):
                    continue
                site = self.site(server, workload)
                command = server.command(site)
                begin = time.perf_counter()
                process = self.spawn(server, command, site)
                try:
                    clients.wait_for(site.port, False, workload.path, 10, process)
                    took = time.perf_counter() - begin
                    self.results.append({"server": server.name, "workload": workload.name, "round": index, "took": took,
                                         "base": measure.memory(measure.family(process.pid))[0]})
                except clients.WrongAnswer as problem:
                    self.fail(server, workload, problem)
                finally:
                    self.stop(process)

    def reload(self, workload):
        for server in self.servers:
            if not server.can_reload or not server.supports(workload):
                continue
            for index in range(self.options.rounds):
                site = self.site(server, workload)
                site.admin = self.next_port()
                process = self.spawn(server, server.reloadable(server.command(site)), site)
                try:
                    clients.wait_for(site.port, False, workload.path, 10, process)
                    time.sleep(1)  # h2o's starter and Apache take a moment before they accept a signal
                    site.root = self.folder / "root2"
                    server.command(site)
                    took, errors = self.swap(server, site, process, workload)
                    self.results.append({"server": server.name, "workload": workload.name, "round": index, "took": took,
                                         "errors": errors})
                except clients.WrongAnswer as problem:
                    self.fail(server, workload, problem)
                finally:
                    self.stop(process)

    def swap(self, server, site, process, workload):
        begin = time.perf_counter()
        tool = server.reload_command(site)
        if tool:
            subprocess.Popen(tool, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        else:
            os.kill(process.pid, getattr(signal, "SIG" + server.reload_signal))
        took, errors = None, 0
        while time.perf_counter() - begin < (8 if took is None else took + 1):
            try:
                status, _, body = clients.fetch(site.port, workload.path)
                errors += status != 200
                if took is None and body[:1] == b"y":
                    took = time.perf_counter() - begin
            except (OSError, clients.http.client.HTTPException):
                errors += 1
            time.sleep(0.001)
        if took is None:
            raise clients.WrongAnswer("the new configuration never took effect")
        return took, errors

    def run(self):
        for name in self.options.workloads.split(","):
            workload = WORKLOADS[name]
            with locked(self.options.lock):
                print(f"{time.strftime('%H:%M:%S')} {name}: {workload.title}", file=sys.stderr, flush=True)
                getattr(self, workload.kind)(workload)
            report = {"servers": {server.name: server.binary for server in self.servers}, "rounds": self.options.rounds,
                      "seconds": self.options.seconds, "samples": self.results}
            Path(self.options.out).write_text(json.dumps(report, indent=1))


@contextlib.contextmanager
def locked(path):
    if not path:
        yield
        return
    with open(path, "a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def isolate(congestion):
    """Moves this process into a network namespace of its own: its own ports, counters and TCP settings."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET):
        raise SystemExit(f"unshare: {os.strerror(ctypes.get_errno())} (needs root)")
    with socket.socket() as control:  # bring the loopback device up
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(control, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | 1))
    Path("/proc/sys/net/ipv4/tcp_congestion_control").write_text(congestion)


def spread(values, form):
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{form(middle)} ({form(low)}–{form(high)})"


def table(samples, workload):
    """One workload's samples as a markdown table."""
    rows = {}
    failures = []
    for sample in samples:
        if sample["workload"] == workload.name:
            if "failed" in sample:
                failures.append(f"{sample['server']}: {sample['failed'].splitlines()[0]}")
            else:
                rows.setdefault(sample["server"], []).append(sample)
    lines = [f"### ({workload.name}) {workload.title}", ""]
    middle = {name: {key: statistics.median([row[key] for row in group]) for key in group[0]
                     if isinstance(group[0][key], (int, float))} for name, group in rows.items()}

    def ratio(name, key, reference):
        """Round by round: what slowed the machine down slowed both."""
        of_reference = {row["round"]: row[key] for row in rows.get(reference, ())}
        ratios = [row[key] / of_reference[row["round"]] for row in rows[name] if of_reference.get(row["round"])]
        return f"{statistics.median(ratios):.2f}" if ratios else "–"

    if workload.kind == "load":
        limits = [name for name in middle if name.startswith("limit-") and not name.endswith("-deferred")]
        limit = min(limits, key=lambda name: middle[name]["cpu"], default=None)
        lines += ["| server | CPU µs/request (min–max) | user | system | req/s (min–max) | p50 µs | p99 µs | CPU busy | CPU vs nginx | CPU vs limit | req/s vs nginx |",
                  "|---|---|---|---|---|---|---|---|---|---|---|"]
        for name in sorted(rows, key=lambda name: middle[name]["cpu"]):
            group, m = rows[name], middle[name]
            noise = "" if m["foreign"] < 0.08 else f" (+{m['foreign']:.0%} foreign)"
            lines.append("| " + " | ".join([
                name, spread([row["cpu"] for row in group], lambda v: f"{v:.2f}"), f"{m['user']:.2f}", f"{m['system']:.2f}",
                spread([row["rate"] for row in group], lambda v: f"{v:.0f}"),
                f"{m['p50']:.0f}" if "p50" in m else "–", f"{m['p99']:.0f}" if "p99" in m else "–",
                f"{m['used']:.0%}{noise}", ratio(name, "cpu", "nginx"), ratio(name, "cpu", limit), ratio(name, "rate", "nginx")]) + " |")
    elif workload.kind == "rate":
        lines += ["| server | p50 µs | p99 µs | p99.9 µs (min–max) | p99.9 vs nginx | CPU µs/request | CPU vs nginx |", "|---|---|---|---|---|---|---|"]
        for name in sorted(rows, key=lambda name: middle[name]["p999"]):
            m = middle[name]
            lines.append(f"| {name} | {m['p50']:.0f} | {m['p99']:.0f} | {spread([row['p999'] for row in rows[name]], lambda v: f'{v:.0f}')} | "
                         f"{ratio(name, 'p999', 'nginx')} | {m['cpu']:.2f} | {ratio(name, 'cpu', 'nginx')} |")
    elif workload.kind == "idle":
        lines += ["| server | PSS bytes/connection | RSS bytes/connection | PSS before, KiB | CPU while idle | vs nginx |", "|---|---|---|---|---|---|"]
        for name in sorted(rows, key=lambda name: middle[name]["pss"]):
            m = middle[name]
            lines.append(f"| {name} | {m['pss']:.0f} | {m['rss']:.0f} | {m['base'] / 1024:.0f} | {m['idle_cpu']:.2%} | {ratio(name, 'pss', 'nginx')} |")
    else:
        lines += ["| server | ms (min–max) | vs nginx | " + ("failed requests |" if workload.kind == "reload" else "PSS, KiB |"), "|---|---|---|---|"]
        for name in sorted(rows, key=lambda name: middle[name]["took"]):
            group = rows[name]
            last = sum(row["errors"] for row in group) if workload.kind == "reload" else f"{middle[name]['base'] / 1024:.0f}"
            lines.append(f"| {name} | {spread([row['took'] * 1e3 for row in group], lambda v: f'{v:.1f}')} | {ratio(name, 'took', 'nginx')} | {last} |")
    if failures:
        lines += ["", "Failed: " + "; ".join(failures) + "."]
    return "\n".join(lines) + "\n"


def show(paths):
    samples = []
    for path in paths:
        samples += json.loads(Path(path).read_text())["samples"]
    for workload in WORKLOADS.values():
        if any(sample["workload"] == workload.name for sample in samples):
            print(table(samples, workload))
    return 1 if any("failed" in sample for sample in samples) else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="measure, then print the tables")
    run.add_argument("--servers", default="nginx,h2o,lighttpd,haproxy,caddy,apache,limit-epoll,limit-uring")
    run.add_argument("--workloads", default=",".join(WORKLOADS))
    run.add_argument("--bin", action="append", default=[], metavar="NAME=PATH", help="the binary of a server (or PEER_<NAME> in the environment)")
    run.add_argument("--limit", default=str(Path(__file__).resolve().parent.parent / "build/limit"), help="folder of the built limit programs")
    run.add_argument("--rounds", type=int, default=5)
    run.add_argument("--seconds", type=int, default=4)
    run.add_argument("--nice", type=int, default=-15,
                     help="added to the nice value of servers and load generators (ignored without the right)")
    run.add_argument("--base-port", type=int, default=21000)
    run.add_argument("--work", default="/tmp/webserv-bench", help="folder for files, configurations and logs")
    run.add_argument("--out", default="/tmp/webserv-bench/results.json")
    run.add_argument("--congestion", metavar="NAME", help="measure in a network namespace of its own under this TCP congestion control")
    run.add_argument("--lock", help="file to lock while a workload is measured")
    again = commands.add_parser("table", help="print the tables of earlier runs")
    again.add_argument("results", nargs="+")
    options = parser.parse_args()
    if options.command == "table":
        return show(options.results)
    resource.setrlimit(resource.RLIMIT_NOFILE, (servers.DESCRIPTORS, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    os.sched_setaffinity(0, {CLIENT_CPU})
    if options.congestion:
        isolate(options.congestion)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # lets the servers be stopped
    Bench(options).run()
    return show([options.out])


if __name__ == "__main__":
    sys.exit(main())

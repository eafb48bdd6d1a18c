#!/usr/bin/env python3
"""bench/cost.py: what a request costs in figures that do not depend on the machine's mood: instructions of the program itself and
allocations on its heap, counted by valgrind's callgrind. Two runs of different length are subtracted, so that the start does not count.

bench/cost.py --bin build/release/webserv [--bin /usr/sbin/nginx] [--cases NAME,...] [--out FILE]
"""

import argparse
import contextlib
import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

FEW, MANY = 400, 1600  # requests of the two runs
HEAP = {"malloc", "calloc", "realloc", "aligned_alloc", "posix_memalign"}  # operator new ends in one of them
CONFIGURATION = """daemon off; master_process off; worker_processes 1; error_log {folder}/error.log; pid {folder}/pid;
events {{ worker_connections 1024; }}
http {{
    server_names_hash_max_size 65536; server_names_hash_bucket_size 128; access_log {log}; keepalive_requests 1000000000; sendfile on; tcp_nopush on;
    server {{ listen 127.0.0.1:{port}; server_name a.test; root {folder}/root; {server} }}
    {more}
}}
"""


@dataclass(frozen=True)
class Case:
    """One way to ask for something: the configuration around it, and the request."""

    title: str
    target: str = "/small"
    server: str = ""
    more: str = ""
    log: bool = False
    closes: bool = False
    files: int = 0


CASES = {
    "small": Case("keep-alive, 1 KiB"),
    "rich": Case("the same with two more locations, a log and three `add_header`", log=True,
                 server='location /images/ { expires 1d; } location ~ [.]php$ { return 403; } add_header X-Frame-Options DENY; '
                        'add_header X-Content-Type-Options nosniff; add_header Referrer-Policy no-referrer;'),
    "log": Case("the same with an access log", log=True),
    "servers": Case("the same among 10,000 servers", more="".join(
        f"server {{ listen 127.0.0.1:{{port}}; server_name s{i}.test; }}\n" for i in range(10_000))),
    "files": Case("the same in a folder of 100,000 files", files=100_000),
    "missing": Case("keep-alive, 404, `log_not_found off`", target="/none", server="log_not_found off;"),
    "large": Case("keep-alive, 100 KiB", target="/large"),
    "close": Case("a connection per request, 1 KiB", closes=True),
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_site(case, folder, port):
    root = folder / "root"
    root.mkdir()
    folder.chmod(0o755)
    (root / "small").write_bytes(b"x" * 1024)
    (root / "large").write_bytes(b"x" * 102_400)
    for number in range(case.files):
        (root / f"file{number}").touch()
    log = f"{folder}/access.log" if case.log else "off"
    text = CONFIGURATION.format(folder=folder, port=port, log=log, server=case.server, more=case.more.replace("{port}", str(port)))
    (folder / "conf").write_text(text)


def connect(port):
    """The server's start takes its time under valgrind."""
    deadline = time.monotonic() + 120
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def read_answer(connection):
    got = b""
    while b"\r\n\r\n" not in got:
        got += connection.recv(65536)
    head, content = got.split(b"\r\n\r\n", 1)
    left = int(re.search(rb"Content-Length: (\d+)", head)[1]) - len(content)
    while left > 0:
        left -= len(connection.recv(65536))


def ask(case, port, count):
    closes = "Connection: close\r\n" if case.closes else ""
    request = f"GET {case.target} HTTP/1.1\r\nHost: a.test\r\nUser-Agent: cost\r\nAccept: */*\r\n{closes}\r\n".encode()
    connection = connect(port)
    for _ in range(count):
        if case.closes:
            connection.close()
            connection = connect(port)
        connection.sendall(request)
        read_answer(connection)
    connection.close()


def end(server):
    """Asks more than once: a signal that comes just before nginx begins to wait is only seen when it has waited."""
    while server.poll() is None:
        server.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(1)


def profile(binary, case, count):
    """Instructions, and calls of the heap's functions, of a server that starts, answers `count` requests and ends."""
    folder = Path(tempfile.mkdtemp(prefix="webserv-cost-"))
    try:
        port = free_port()
        make_site(case, folder, port)
        command = ["valgrind", "--tool=callgrind", "--compress-strings=no", f"--callgrind-out-file={folder}/out", binary, "-p", str(folder),
                   "-c", str(folder / "conf")]
        with (folder / "errors").open("w") as errors:
            server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        try:
            ask(case, port, count)
        finally:
            end(server)
        errors = (folder / "errors").read_text()
        collected = re.search(r"Collected : (\d+)", errors)
        if not collected:
            sys.exit(f"{binary} under valgrind: {errors}")
        return int(collected[1]), heap_calls(folder / "out")
    finally:
        shutil.rmtree(folder)


def heap_calls(path):
    calls, callee = Counter(), None
    for line in path.open():
        if line.startswith("cfn="):
            callee = line[4:].strip().split("'")[0]
        elif line.startswith("calls="):
            calls[callee] += int(line[6:].split()[0])
    return sum(calls[name] for name in HEAP)


def cost(binary, name):
    """What one request of that case costs: {"instructions": number, "allocations": number}."""
    few, many = (profile(binary, CASES[name], count) for count in (FEW, MANY))
    return {"instructions": (many[0] - few[0]) / (MANY - FEW), "allocations": (many[1] - few[1]) / (MANY - FEW)}


def table(costs):
    """Lines of a table: one row a case, two columns a server."""
    servers = list(costs)
    lines = ["| a request | " + " | ".join(f"{server}: instructions | allocations" for server in servers) + " |", "|---" * (1 + 2 * len(servers)) + "|"]
    for name in next(iter(costs.values())):
        cells = [f"{costs[server][name]['instructions']:.0f} | {abs(costs[server][name]['allocations']):.2f}" for server in servers]
        lines.append(f"| {CASES[name].title} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", action="append", required=True, metavar="PATH", help="a server that reads nginx's configuration; may be repeated")
    parser.add_argument("--cases", default=",".join(CASES), help="which of: " + ", ".join(CASES))
    parser.add_argument("--out", metavar="FILE", help="for bench/document.py")
    options = parser.parse_args()
    costs = {Path(binary).name: {name: cost(binary, name) for name in options.cases.split(",")} for binary in options.bin}
    if options.out:
        Path(options.out).write_text(json.dumps({"costs": costs}))
    print(table(costs))


if __name__ == "__main__":
    main()

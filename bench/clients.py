"""bench/clients.py: the load generators: wrk, h2load and ab for load, plain sockets for checks and idle connections."""

import contextlib
import gzip
import hashlib
import http.client
import json
import os
import re
import socket
import ssl
import struct
import subprocess
import time
from pathlib import Path

IP_BIND_ADDRESS_NO_PORT = 24
HERE = Path(__file__).resolve().parent


class WrongAnswer(Exception):
    """A server answered something other than what the workload asks for."""


def insecure_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def fetch(port, path, tls=False, headers=None, timeout=5):
    """One request on its own connection: (status, headers, body)."""
    if tls:
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=timeout, context=insecure_context())
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path, headers={"Connection": "close", **(headers or {})})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def check(port, workload, expected):
    """Compares one answer byte for byte; returns the size of the body on the wire."""
    status, headers, body = fetch(port, workload.path, workload.variant == "tls", workload.headers)
    wire = len(body)
    if status != workload.status:
        raise WrongAnswer(f"status {status}, not {workload.status}")
    if workload.variant.startswith("gzip"):
        if headers.get("Content-Encoding") != "gzip":
            raise WrongAnswer("the body is not compressed")
        body = gzip.decompress(body)
    if expected is not None and hashlib.sha256(body).digest() != hashlib.sha256(expected).digest():
        raise WrongAnswer(f"the body differs ({len(body)} bytes, {len(expected)} expected)")
    if workload.tool == "h2load":
        answer = subprocess.run(
            ["curl", "-sk", "--http2", "-o", "/dev/null", "-w", "%{http_version} %{http_code} %{size_download}",
             f"https://127.0.0.1:{port}{workload.path}"], capture_output=True, text=True, timeout=10).stdout
        if answer != f"2 {workload.status} {wire}":
            raise WrongAnswer(f"HTTP/2 answer: {answer!r}")
    return wire


def latency_log(site):
    return site.folder / "latencies.log"


def start_load(workload, site, seconds, cpu, nice, environment):
    scheme = "https" if workload.variant == "tls" else "http"
    url = f"{scheme}://127.0.0.1:{site.port}{workload.path}"
    pin = ["taskset", "-c", str(cpu)]
    if workload.tool == "wrk":
        command = ["wrk", "-t1", f"-c{workload.connections}", f"-d{seconds}s", "--timeout", "20s",
                   "-s", str(HERE / "wrk_report.lua")]
        for name, value in workload.headers.items():
            command += ["-H", f"{name}: {value}"]
        if workload.close:
            command += ["-H", "Connection: close"]
    elif workload.tool == "ab":  # wrk would resume its TLS sessions
        command = ["ab", "-q", "-d", "-f", "TLS1.3", "-c", str(workload.connections), "-t", str(seconds), "-n", "10000000"]
    elif workload.tool == "h2load-h1":
        latency_log(site).unlink(missing_ok=True)
        command = ["h2load", "--h1", "-t1", f"-c{workload.connections}", f"-D{seconds}", f"--rps={workload.rate}",
                   f"--log-file={latency_log(site)}"]
    else:
        command = ["h2load", "-t1", f"-c{workload.connections}", f"-m{workload.streams}", f"-D{seconds}"]

    def before():
        with contextlib.suppress(OSError):
            os.nice(nice)

    return subprocess.Popen(pin + command + [url], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            preexec_fn=before, env={**os.environ, **environment})


def read_wrk(output, workload, wire):
    match = re.search(r"^@@(\{.*\})$", output, re.M)
    if not match:
        raise WrongAnswer("wrk reported nothing:\n" + output[-800:])
    report = json.loads(match[1])
    requests = report["requests"]
    if not requests:
        raise WrongAnswer("no request was answered")
    bad = report["connect"] + report["read"] + report["write"] + report["timeout"]
    refused = report["status"] != (requests if workload.status >= 400 else 0)
    if bad or refused:
        raise WrongAnswer(f"errors: {report}")
    size = report["bytes"] / requests
    # requests cut off by the end of the run may add up to one body per connection
    slack = 1200 + wire * (0.03 if wire < 1 << 20 else 0) + workload.connections * wire / requests
    if wire is not None and not wire + 40 <= size <= wire + slack:
        raise WrongAnswer(f"{size:.0f} bytes per answer, the body has {wire}")
    return {"requests": requests, "seconds": report["microseconds"] / 1e6, "p50": report["p50"], "p99": report["p99"],
            "max": report["max"], "wire": size}


def read_ab(output, workload, wire):
    def number(pattern):
        match = re.search(pattern, output)
        return float(match[1]) if match else 0

    requests = number(r"Complete requests: +(\d+)")
    if not requests or number(r"Failed requests: +(\d+)") or number(r"Non-2xx responses: +(\d+)"):
        raise WrongAnswer("ab saw failures:\n" + output[-800:])
    if number(r"Document Length: +(\d+)") != wire:
        raise WrongAnswer("ab saw another size:\n" + output[-800:])
    return {"requests": requests, "seconds": number(r"Time taken for tests: +([\d.]+)"), "wire": wire}


def read_h2load(output, workload, wire):
    requests = re.search(r"requests: \d+ total, \d+ started, (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", output)
    finished = re.search(r"finished in ([\d.]+)(us|ms|s),", output)
    codes = re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", output)
    data = re.search(r"\((\d+)\) data", output)
    if not (requests and finished and codes and data):
        raise WrongAnswer("h2load reported nothing:\n" + output[-800:])
    succeeded = int(requests[2])
    if not succeeded or int(requests[3]) or int(requests[5]) or int(codes[2]) or int(codes[3]) or int(codes[4]):
        raise WrongAnswer("h2load saw failures:\n" + output[-800:])
    slack = workload.connections * workload.streams * wire
    if not -slack <= int(data[1]) - succeeded * wire <= slack:
        raise WrongAnswer(f"{int(data[1]) / succeeded:.0f} bytes per answer, the body has {wire}")
    seconds = float(finished[1]) * {"us": 1e-6, "ms": 1e-3, "s": 1}[finished[2]]
    return {"requests": succeeded, "seconds": seconds, "wire": int(data[1]) / succeeded}


def read_latencies(site):
    """Microseconds of each request, from h2load's log: begin, status, duration."""
    took = sorted(int(line.split("\t")[2]) for line in latency_log(site).read_text().splitlines())
    return {name: took[int(len(took) * share)] for name, share in (("p50", 0.5), ("p99", 0.99), ("p999", 0.999))}


def finish_load(process, workload, site, wire, limit):
    try:
        output, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise WrongAnswer(f"{workload.tool} did not end") from None
    if process.returncode:
        raise WrongAnswer(f"{workload.tool} failed:\n" + output[-800:])
    sample = {"wrk": read_wrk, "h2load": read_h2load, "h2load-h1": read_h2load, "ab": read_ab}[workload.tool](output, workload, wire)
    return {**sample, **read_latencies(site)} if workload.rate else sample


def open_idle(port, workload, count, size):
    """Opens connections, gets one answer on each and keeps them open."""
    context = insecure_context() if workload.variant == "tls" else None
    request = f"GET {workload.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    kept = []
    for index in range(count):
        # a source address of its own for every 10,000, so that ports do not run out
        connection = socket.socket()
        connection.settimeout(10)
        connection.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # leaves no TIME_WAIT behind
        connection.bind((f"127.0.0.{2 + index // 10000}", 0))
        connection.connect(("127.0.0.1", port))
        if context:
            connection = context.wrap_socket(connection)
        connection.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer or len(answer) < answer.index(b"\r\n\r\n") + 4 + size:
            piece = connection.recv(65536)
            if not piece:
                raise WrongAnswer(f"connection {index} was closed")
            answer += piece
        if not answer.startswith(b"HTTP/1.1 200"):
            raise WrongAnswer(f"connection {index}: {answer[:60]!r}")
        kept.append(connection)
    return kept


def still_open(connections):
    for connection in connections:
        connection.setblocking(False)
        try:
            if not connection.recv(1):
                return False
        except (BlockingIOError, ssl.SSLWantReadError):
            continue
    return True


def wait_for(port, tls, path, deadline, process=None):
    """Polls until the port answers 200; returns the time it took."""
    begin = time.perf_counter()
    context = insecure_context() if tls else None
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
    while time.perf_counter() - begin < deadline:
        if process is not None and process.poll() is not None:
            raise WrongAnswer(f"the server ended with {process.returncode}")
        try:
            with socket.create_connection(("127.0.0.1", port), 2) as connection:
                if context:
                    connection = context.wrap_socket(connection)
                connection.sendall(request)
                if connection.recv(64).split(b" ")[1:2] == [b"200"]:
                    return time.perf_counter() - begin
        except OSError:
            pass
        time.sleep(0.0002)
    raise WrongAnswer("the server does not answer")

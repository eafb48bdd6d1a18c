# integration/test_socket_trace.py: `webserv serve --trace` tells the life of each socket as strace sees it.
# The truth is strace's record of the same run: the calls on sockets, in their order, with descriptors and results.
import os
import re
import signal
import socket
import time

import pytest
from harness import process
from harness.client import Connection, head_of
from harness.marks import cases, webserv_only

pytestmark = webserv_only("nginx shows no sockets")

OUR_NAME = {"accept4": "accept", "recvfrom": "read", "sendto": "write", "sendmsg": "write", "sendfile": "write"}
SEEN_BY_STRACE = "socket,setsockopt,bind,listen,accept4,connect,recvfrom,sendto,sendmsg,sendfile,shutdown,close"
LARGE = 300_000  # does not come from memory: sendfile


class Traced:
    """A server with --trace, under strace or alone. `family` is ipv4, ipv6 or unix."""

    def __init__(self, site, family="ipv4", arguments=(), under_strace=True):
        self.site = site
        self.where = {"ipv4": ("127.0.0.1", site.port()), "ipv6": ("::1", site.port()), "unix": str(site.dir / "socket")}[family]
        place = ["--unix", self.where] if family == "unix" else ["--port", str(self.where[1]), "--bind", self.where[0]]
        self.record = site.dir / "strace"
        self.output = site.dir / "stdout"
        words = ["serve", str(site.root), "--trace", *place, *arguments]
        binary = None
        if under_strace:
            words = ["-f", "-q", "-e", f"trace={SEEN_BY_STRACE}", "-e", "signal=none", "-o", str(self.record), process.BINARY, *words]
            binary = "/usr/bin/strace"
        with open(self.output, "wb") as stdout:
            self.process = process.Process(words, site.dir / "stderr", binary, stdout=stdout)
        self.wait_for(r"listen\(\d+, \d+\) = 0")
        self.pid = int(re.search(r"^ *[\d.]+ +(\d+) ", self.output.read_text(), re.M)[1])

    def connect(self):
        return Connection(self.where)

    def wait_for(self, pattern, count=1):
        process.wait_until(lambda: len(re.findall(pattern, self.output.read_text())) >= count, 20, f"{pattern!r} in the trace")

    def end(self):
        if self.process.popen.poll() is None:
            os.kill(self.pid, signal.SIGTERM)
        self.process.wait()
        complaints = self.process.stop() + process.complaints_in(self.process.stderr)
        assert not complaints, complaints
        return self

    def lines(self):
        return self.output.read_text().splitlines()

    def told(self):
        """What the trace says: (call, descriptor, result), where the result of a failure is its name."""
        calls = []
        for line in self.lines():
            if match := re.match(r" *\d+\.\d{3} +(\d+) (\w+)\((\w+)[^)]*\) = (-?\d+)(?: (E\w+))?", line):
                assert int(match[1]) == self.pid
                calls.append((match[2], None if match[2] == "socket" else int(match[3]), match[5] or int(match[4])))
        return calls

    def seen(self):
        """What strace saw of the same calls."""
        calls, sockets = [], set()
        for line in self.record.read_text().splitlines():
            match = re.match(r"\d+ +(\w+)\((\w+)(.*)\) += (-?\d+)(?: (E\w+))?", line)
            if not match:
                assert "unfinished" not in line, line
                continue
            name, first, rest, number, error = match.groups()
            if name == "socket":
                if "SOCK_STREAM" not in rest or first not in ("AF_INET", "AF_INET6", "AF_UNIX"):
                    continue
                sockets.add(int(number))
                calls.append((name, None, error or int(number)))
            elif name == "connect" and "nscd" in rest:  # the C library looks for a user: no socket of ours
                sockets.discard(int(first))
                assert calls.pop() == ("socket", None, int(first))
            elif first.isdigit() and int(first) in sockets:
                if name == "accept4" and not error:
                    sockets.add(int(number))
                if name == "close":
                    sockets.discard(int(first))
                calls.append((OUR_NAME.get(name, name), int(first), error or int(number)))
        return calls

    def farewells(self):
        """The remarks on the ends of connections."""
        return re.findall(r"close\(\d+\) = 0  (after .*)", self.output.read_text())


@pytest.fixture
def traced(site):
    site.write("small", "12345")
    site.write("large", "x" * LARGE)
    started = []

    def start(*arguments, **options):
        started.append(Traced(site, *arguments, **options))
        return started[-1]

    yield start
    for server in started:
        server.end()


def keep_alive(server):
    """Three answers, then the client goes."""
    with server.connect() as client:
        assert client.get("/small").text == "12345"
        assert len(client.get("/large").content) == LARGE
        assert client.get("/none").status == 404


def server_closes(server):
    with server.connect() as client:
        client.send(head_of("GET", "/small", ["Connection: close"]))
        client.read_response()
        assert client.is_closed()


def server_lingers(server):
    """After a head that is wrong it sends FIN, then listens for a while."""
    with server.connect() as client:
        client.send("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        assert client.read_response().status == 400
        assert client.is_closed()


def client_breaks_off(server):
    client = server.connect()
    client.get("/small")
    client.reset()


@cases("family", ["ipv4", "ipv6", "unix"])
def test_it_tells_what_strace_sees(traced, family):
    server = traced(family)
    for number, act in enumerate((keep_alive, server_closes, server_lingers, client_breaks_off), 1):
        act(server)
        server.wait_for(r"close\(\d+\) = 0  after", number)
    server.end()
    told, seen = server.told(), server.seen()
    assert told == seen
    names = [name for name, _, _ in told]
    assert set(names) >= {"socket", "bind", "listen", "accept", "read", "write", "shutdown", "close"}
    assert ("setsockopt" in names) == (family != "unix")
    assert names[-1] == "close"
    assert "by sendfile) = " in server.output.read_text()


@cases("family", ["ipv4", "ipv6", "unix"])
def test_who_hung_up_first(traced, family):
    server = traced(family, under_strace=False)
    acts = {keep_alive: "the client hung up first", server_closes: "we hung up first", server_lingers: "we hung up first",
            client_breaks_off: "the client broke off (a reset)"}
    if family == "unix":
        acts[client_breaks_off] = "the client hung up first"  # local sockets know SO_LINGER, but no reset
    for number, act in enumerate(acts, 1):
        act(server)
        server.wait_for(r"close\(\d+\) = 0  after", number)
    for (act, words), remark in zip(acts.items(), server.farewells(), strict=True):
        assert remark.endswith("; " + words), act.__name__
    assert re.match(r"after \d+\.\d{3} ms, \d+ octets read and [1-9]\d{5} written; ", server.farewells()[0])


def test_a_fin_that_was_not_read_yet_counts(traced):
    """The client has said that it is done before the server closes: its FIN was the first."""
    server = traced(under_strace=False)
    with server.connect() as client:
        os.kill(server.pid, signal.SIGSTOP)
        client.send(head_of("GET", "/small", ["Connection: close"]))
        client.socket.shutdown(socket.SHUT_WR)
        time.sleep(0.1)
        os.kill(server.pid, signal.SIGCONT)
        assert client.read_response().status == 200
    server.wait_for(r"close\(\d+\) = 0  after")
    assert server.farewells()[0].endswith("the client hung up first")


@cases("family", ["ipv4", "ipv6"])
def test_handshake_and_queue(traced, family):
    server = traced(family, ("--backlog", "5"), under_strace=False)
    with server.connect() as client:
        client.get("/small")
        mine = client.socket.getsockname()
    server.wait_for(r"close\(\d+\) = 0  after")
    text = server.output.read_text()
    name = f"[::1]:{mine[1]}" if family == "ipv6" else f"127.0.0.1:{mine[1]}"
    listener, connection = re.search(rf"accept\((\d+)\) = (\d+)  from {re.escape(name)}\n", text).groups()
    handshake = re.search(rf"handshake of {connection}: the client counts from (\d+), window (\d+), window scale (\d+), MSS (\d+); "
                          r"round trip (\d+\.\d+) ms\n", text)
    assert handshake and 0 < float(handshake[5]) < 10_000 and int(handshake[4]) > 500
    assert f"queue of {listener}: 0 of 5 wait for accept\n" in text
    assert f"listen({listener}, 5) = 0\n" in text


def test_a_queue_that_grew_is_shown(traced):
    server = traced(under_strace=False)
    os.kill(server.pid, signal.SIGSTOP)
    clients = [server.connect() for _ in range(4)]
    os.kill(server.pid, signal.SIGCONT)
    for client in clients:
        with client:
            assert client.get("/small").status == 200
    waiting = [int(count) for count in re.findall(r"queue of \d+: (\d+) of \d+ wait", server.output.read_text())]
    assert waiting == [3, 2, 1, 0]


def test_a_line_is_one_write_and_has_no_colour(traced):
    server = traced(under_strace=False)
    keep_alive(server)
    server.wait_for(r"close\(\d+\) = 0  after")
    assert "\x1b" not in server.output.read_text()
    times = []
    for line in server.lines():
        if match := re.match(r" *(\d+\.\d{3}) +(\d+) \S", line):
            times.append(float(match[1]))
            assert int(match[2]) == server.pid
    assert times == sorted(times) and len(times) > 10


@cases("arguments, has_requests", [((), True), (("--quiet",), False)])
def test_quiet_leaves_the_trace_alone(traced, arguments, has_requests):
    server = traced("ipv4", arguments, under_strace=False)
    keep_alive(server)
    server.wait_for(r"close\(\d+\) = 0  after")
    assert ("GET /small" in server.output.read_text()) == has_requests
    assert ("http://127.0.0.1" in server.output.read_text()) == has_requests


def test_without_it_nothing_is_watched(site):
    """No call is made that only somebody who watches would need."""
    site.write("file", "x")
    record = site.dir / "strace"
    words = ["-f", "-q", "-e", "trace=getsockopt,setsockopt", "-o", str(record), process.BINARY, "serve", str(site.root), "--port",
             str(site.port())]
    server = process.Process(words, site.dir / "stderr", "/usr/bin/strace")
    server.wait_ready([("127.0.0.1", site.port())])
    with Connection(("127.0.0.1", site.port())) as client:
        client.get("/file")
    for pid in process.children_of(server.pid):
        os.kill(pid, signal.SIGTERM)
    server.wait()
    assert not server.stop()
    assert "SO_REUSEADDR" in record.read_text()
    for word in ("TCP_SAVE_SYN", "TCP_INFO", "SO_DOMAIN"):
        assert word not in record.read_text()

# integration/test_sendfile_and_tcp.py: how octets reach the kernel: sendfile, tcp_nopush, tcp_nodelay, and how connections are taken in.
# What only the kernel sees is read from strace(1).
import re
import shutil
import signal
import socket
import struct
import subprocess

import pytest
from harness import process
from harness.client import head_of
from harness.marks import cases, covers

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")


class Trace:
    """The system calls of a server's first worker while the block runs."""

    def __init__(self, server, calls):
        self.path = server.site.dir / "trace"
        worker = server.process.worker()
        self.strace = subprocess.Popen(["strace", "-f", "-q", "-e", f"trace={calls}", "-o", str(self.path), "-p", str(worker)],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
        self.worker = worker

    def __enter__(self):
        def traced():
            assert self.strace.poll() is None, self.strace.stderr.read()
            with open(f"/proc/{self.worker}/status") as status:
                return "TracerPid:\t0\n" not in status.read()

        process.wait_until(traced, what="strace")
        return self

    def __exit__(self, *_):
        self.strace.send_signal(signal.SIGINT)
        self.strace.wait(10)
        self.strace.stderr.close()

    def text(self):
        return self.path.read_text()


def documents(site):
    content = site.write_large(251 * 20_000)  # beyond what a server keeps in memory
    site.write("small", content[:100])
    return content


@covers("sendfile")
@cases("value", ["on", "off"])
def test_the_same_octets_either_way(serve, site, value):
    content = documents(site)
    server = serve(server=f"sendfile {value};")
    with server.connect() as connection:
        for _ in range(3):
            assert connection.get("/large").content == content
            assert connection.get("/small").content == content[:100]
            assert connection.get("/large", "Range: bytes=1000-200000").content == content[1000:200_001]


@needs_strace
@covers("sendfile")
@cases("value, used", [("on", True), ("off", False)])
def test_sendfile(serve, site, value, used):
    content = documents(site)
    server = serve(server=f"sendfile {value};")
    with Trace(server, "sendfile,sendfile64") as trace:
        assert server.get("/large").content == content
    assert ("sendfile" in trace.text()) == used


@needs_strace
@covers("tcp_nopush")
@cases("value, used", [("on", True), ("off", False)])
def test_tcp_nopush(serve, site, value, used):
    documents(site)
    server = serve(server=f"sendfile on; tcp_nopush {value};")
    with Trace(server, "setsockopt,sendto,sendmsg,write,writev,sendfile") as trace:
        server.get("/large")
    corked = "TCP_CORK, [1]" in trace.text()
    assert corked == used


@needs_strace
@covers("tcp_nopush")
@cases("server, fields, used", [
    ("", (), False), ("sendfile_max_chunk 64k;", (), True), ("", ("Range: bytes=0-20000,40000-60000",), True),
    ("limit_rate 100k; limit_rate_after 50k;", (), True)])
def test_what_leaves_by_one_call_needs_no_cork(serve, site, server, fields, used):
    """Its last segment alone is partial. What was held back has left before the next request, and does not hold that one's answer back."""
    content = site.write_large(100_000, "middle")
    server = serve(server=f"sendfile on; tcp_nopush on; {server}")
    with Trace(server, "setsockopt,sendto,sendmsg,sendfile") as trace, server.connect() as connection:
        answer = connection.get("/middle", *fields)
        assert len(answer.content) >= 40_000 if fields else answer.content == content
        assert connection.get("/middle").content == content
    assert ("TCP_CORK, [1]" in trace.text()) == used
    assert trace.text().count("TCP_CORK, [1]") == trace.text().count("TCP_CORK, [0]")


@covers("tcp_nopush")
@cases("server, full", [("tcp_nopush on;", True), ("tcp_nopush on; sendfile_max_chunk 700;", True), ("tcp_nopush off; sendfile_max_chunk 700;", False)])
def test_full_segments(serve, site, server, full):
    """The client has small segments, so that there are many: how many says whether each was filled, also where one call sends little."""
    content = site.write_large(100_000, "middle")
    server = serve(server=f"sendfile on; {server}")
    with server.connect(segment_bytes=536) as connection:
        answer = connection.get("/middle")
        assert answer.content == content
        information = connection.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 160)
        received, = struct.unpack_from("I", information, 152)  # tcpi_data_segs_in
        timestamps = 12
        least = -(-(len(answer.head) + 4 + len(content)) // (536 - timestamps))
        assert received >= least
        assert (received <= least + 3) == full  # TCP's window may cut some


@needs_strace
@covers("tcp_nodelay")
@cases("value, used", [("on", True), ("off", False)])
def test_tcp_nodelay(serve, site, value, used):
    documents(site)
    server = serve(server=f"tcp_nodelay {value};")
    with Trace(server, "setsockopt") as trace, server.connect() as connection:
        connection.get("/small")
        connection.get("/small")
    assert bool(re.search(r"TCP_NODELAY, \[1\]", trace.text())) == used


def test_a_head_and_its_small_content_leave_together(serve, site):
    """One packet less for each answer: the first read of the client has both."""
    documents(site)
    server = serve(server="sendfile on; tcp_nopush on; location /text { return 200 text; }")
    with server.connect() as connection:
        for target, length in (("/small", 100), ("/text", 4)):
            connection.send(head_of("GET", target))
            connection.readable(5)
            connection.receive_more()
            head, content = connection.buffer.split(b"\r\n\r\n", 1)
            connection.buffer = b""
            assert len(content) == length, head

# integration/test_output.py: how content leaves: limit_rate, portions, buffers, resets.
# Rates are judged by what must not have come yet: a slow machine can only make that less.
import os
import re
import select
import socket
import time

import pytest
from harness import process
from harness.client import TIMEOUT_SECONDS, head_of
from harness.marks import cases, cleartext_only, covers, http1_only, webserv_only
from test_sendfile_and_tcp import Trace, needs_strace

SIZE = 300_000


@pytest.fixture
def content(site):
    return site.write_large(SIZE)


def arrivals(connection, target, fields=()):
    """Requests, and gives (seconds since then, octets of content so far) for each read until the content is there."""
    began = time.monotonic()
    connection.send(head_of("GET", target, fields))
    response = connection.read_head()
    total = int(response.field("Content-Length"))
    seen = []
    while True:
        seen.append((time.monotonic() - began, len(connection.buffer)))
        if len(connection.buffer) >= total:
            break
        assert connection.receive_more()
    response.content, connection.buffer = connection.buffer, b""
    return response, seen


def keeps_to(seen, rate, free, slack=1.0):
    """Never more than the rate allows; nginx gives a second's worth in advance, we less."""
    return all(octets <= free + rate * (passed + slack) + 1 for passed, octets in seen)


@covers("limit_rate")
@cases("sendfile", ["on", "off"])
def test_limit_rate(serve, content, sendfile):
    server = serve(server=f"sendfile {sendfile}; limit_rate 100k; root {{root}};")
    with server.connect() as connection:
        response, seen = arrivals(connection, "/large")
        assert response.content == content
        assert keeps_to(seen, 102_400, 0)
        assert seen[-1][0] > 0.9  # 300 kB, of which at most two seconds' worth may come within the first


@covers("limit_rate_after")
def test_limit_rate_after(serve, content):
    server = serve(server="sendfile on; limit_rate 50k; root {root}; location /a/ { alias {root}/; limit_rate_after 250k; }")
    with server.connect() as connection:
        response, seen = arrivals(connection, "/a/large", ["Range: bytes=0-255999"])
        assert response.content == content[:256_000]
        free = [octets for passed, octets in seen if passed < 0.5]
        assert process.is_nginx(process.BINARY) or not free or max(free) == 256_000
        connection.send(head_of("GET", "/large"))
        connection.read_head()
        deadline = time.monotonic() + 1
        while (left := deadline - time.monotonic()) > 0:
            if select.select([connection.socket], [], [], left)[0]:
                connection.receive_more()
        assert len(connection.buffer) <= 51_200 * 2.5 + 1000


@covers("limit_rate")
def test_limit_rate_may_hold_variables(serve, content):
    server = serve(server="limit_rate $arg_rate; limit_rate_after $arg_after; root {root};")
    with server.connect() as connection:
        for target in ("/large", "/large?rate=0", "/large?rate=100m", "/large?rate=1k&after=1m"):
            assert connection.get(target).content == content
        response, seen = arrivals(connection, "/large?rate=150k")
        assert response.content == content
        assert keeps_to(seen, 153_600, 0)
        assert connection.get("/large?rate=much").content == content
    server.error_line(r'\[error\] .* invalid size "much"')


@covers("limit_rate")
def test_a_slow_response_holds_nobody_else_up(serve, content):
    server = serve(server="location / { root {root}; } location /slow/ { limit_rate 1k; alias {root}/; }")
    with server.connect() as slow:
        slow.send(head_of("GET", "/slow/large"))
        slow.read_head()
        for _ in range(20):
            assert server.get("/large").content == content
        assert len(slow.buffer) < 50_000
    process.wait_until(lambda: server.get("/large").status == 200, what="an answer after the slow client has gone")


@webserv_only("the head counts as well")
@covers("limit_rate")
def test_limits_of_generated_and_empty_answers(serve):
    server = serve(server="limit_rate 1; location / { return 200 ab; } location /none { return 204; } location /text { return 200 a; }")
    assert server.get("/text").text == "a"
    assert server.get("/").text == "ab"
    assert server.get("/none").status == 204
    assert server.request("HEAD", "/").status == 200


@covers("limit_rate")
def test_a_worker_that_stops_does_not_wait_for_a_slow_response(serve, content):
    server = serve(server="limit_rate 1k; root {root};")
    with server.connect() as connection:
        connection.send(head_of("GET", "/large"))
        connection.read_head()
        server.process.signal(15)
        assert server.process.wait(5) == 0


@cases("directives, message", [
    ("limit_rate much;", '"limit_rate" directive invalid value'), ("limit_rate_after x;", '"limit_rate_after" directive invalid value'),
    ("sendfile_max_chunk x;", '"sendfile_max_chunk" directive invalid value'), ("output_buffers 0 1k;", "invalid value"),
    ("output_buffers 1 0;", "invalid value"), ("output_buffers 2;", 'invalid number of arguments in "output_buffers" directive'),
])
def test_refused(site, directives, message):
    conf = site.configure(server=directives)
    result = process.run(["-p", str(site.dir), "-c", str(conf), "-t"])
    assert result.returncode == 1
    if not (process.is_nginx(process.BINARY) and "limit_rate" in directives):  # which says only "invalid value"
        assert message in result.stderr


@cleartext_only("no sendfile")
@needs_strace
@covers("sendfile_max_chunk")
@cases("value, most", [("64k", 65_536), ("0", None)])
def test_sendfile_max_chunk(serve, site, value, most):
    site.write("large", b"x" * 5_000_000)
    server = serve(server=f"sendfile on; sendfile_max_chunk {value}; root {{root}};")
    with Trace(server, "sendfile,sendfile64") as trace:
        assert len(server.get("/large").content) == 5_000_000
    asked = [int(count) for count in re.findall(r"sendfile(?:64)?\(\d+, \d+, .*, (\d+)\)", trace.text())]
    assert asked
    if most:
        assert max(asked) == most
    else:
        assert max(asked) > 2 << 20


@needs_strace
@covers("output_buffers")
@cases("value, size", [("1 10000", 10_000), ("4 8k", 32_768)])
def test_output_buffers(serve, content, value, size):
    server = serve(server=f"sendfile off; output_buffers {value}; root {{root}};")
    with Trace(server, "pread64") as trace:
        assert server.get("/large").content == content
    reads = [int(count) for count in re.findall(r"pread64\(\d+, .*, (\d+), \d+\)", trace.text())]
    assert max(reads) == (size if not process.is_nginx(process.BINARY) else int(value.split()[1].replace("8k", "8192")))


def ends_with_reset(connection):
    """Read below TLS, if there is TLS: Python would take a reset for an end."""
    with socket.socket(fileno=os.dup(connection.socket.fileno())) as octets:
        octets.settimeout(TIMEOUT_SECONDS)
        try:
            while octets.recv(65536):
                pass
        except ConnectionResetError:
            return True
    return False


@http1_only("says half a head")
@covers("reset_timedout_connection")
@cases("value, reset", [("on", True), ("off", False)])
def test_reset_of_a_client_that_does_not_finish_its_head(serve, value, reset):
    server = serve(server=f"reset_timedout_connection {value}; client_header_timeout 300ms; return 200 x;")
    with server.connect() as connection:
        connection.send("GET / HTT")
        assert ends_with_reset(connection) == reset


@http1_only("ends the stream alone: test_http2_abuse.py")
@covers("reset_timedout_connection")
@cases("value, reset", [("on", True), ("off", False)])
def test_reset_of_a_client_that_takes_nothing(serve, site, value, reset):
    site.write("large", b"x" * 50_000_000)
    server = serve(server=f"reset_timedout_connection {value}; send_timeout 500ms; root {{root}};")
    with server.connect(receive_buffer=4096) as connection:
        connection.send(head_of("GET", "/large"))
        server.error_line("client timed out")
        assert ends_with_reset(connection) == reset


@http1_only("closes the stream alone: test_http2.py")
@covers("reset_timedout_connection")
@cases("value, reset", [("on", True), ("off", False)])
def test_reset_with_444(serve, value, reset):
    server = serve(server=f"reset_timedout_connection {value}; return 444;")
    with server.connect() as connection:
        connection.send(head_of("GET", "/"))
        assert ends_with_reset(connection) == reset


@covers("reset_timedout_connection")
def test_idle_connections_are_not_reset(serve):
    server = serve(server="reset_timedout_connection on; keepalive_timeout 300ms; return 200 x;")
    with server.connect() as connection:
        assert connection.get("/").text == "x"
        assert not ends_with_reset(connection)

# integration/test_keepalive.py: how long a connection lives on after an answer, and for how many requests.
# Times are tested from below: a loaded machine may be late, never early.
import time

from harness.client import head_of
from harness.marks import cases, covers

PING = head_of("GET", "/")


@covers("keepalive_timeout")
def test_an_idle_connection_is_closed_after_the_timeout(serve):
    server = serve(server="keepalive_timeout 1s; return 200 x;")
    with server.connect() as connection:
        connection.get("/")
        start = time.monotonic()
        assert connection.is_closed()
        assert time.monotonic() - start > 0.8


@covers("keepalive_timeout")
def test_activity_keeps_a_connection_open(serve):
    server = serve(server="keepalive_timeout 2s; return 200 x;")
    with server.connect() as connection:
        for _ in range(6):
            assert connection.get("/").status == 200
            assert not connection.readable(0.5)


@covers("keepalive_timeout")
def test_zero_closes_after_each_answer(serve):
    server = serve(server="location /zero { keepalive_timeout 0; return 200 x; } location / { return 200 x; }")
    with server.connect() as connection:
        assert connection.get("/").field("Connection") == "keep-alive"
        assert connection.get("/zero").field("Connection") == "close"
        assert connection.is_closed()


@covers("keepalive_timeout")
@cases("value, field", [("75s", None), ("75s 20s", "timeout=20"), ("10m 1h", "timeout=3600"), ("75s 0", None)])
def test_the_second_value_is_announced(serve, value, field):
    server = serve(server=f"keepalive_timeout {value}; return 200 x;")
    assert server.get("/").field("Keep-Alive") == field
    assert server.get("/", "Connection: close").field("Keep-Alive") is None


@covers("keepalive_requests")
def test_keepalive_requests(serve):
    server = serve(server="keepalive_requests 3; location / { return 200 x; }")
    with server.connect() as connection:
        assert [connection.get("/").field("Connection") for _ in range(3)] == ["keep-alive", "keep-alive", "close"]
        assert connection.is_closed()


@covers("keepalive_requests")
def test_many_requests_by_default(serve):
    server = serve(server="location / { return 200 x; }")
    with server.connect() as connection:
        for _ in range(999):
            assert connection.get("/").field("Connection") == "keep-alive"
        assert connection.get("/").field("Connection") == "close"


@cases("version, fields, persists", [
    ("1.1", [], True), ("1.1", ["Connection: keep-alive"], True), ("1.1", ["Connection: close"], False),
    ("1.1", ["Connection: CLOSE"], False),
    ("1.0", [], False), ("1.0", ["Connection: keep-alive"], True), ("1.0", ["Connection: Keep-Alive"], True),
    ("1.0", ["Connection: close"], False),
    ("1.1", ["Connection: upgrade"], True), ("1.1", ["Connection: closed"], None), ("1.1", ["Connection: x, close"], False),
])
def test_connection_options(serve, version, fields, persists):
    server = serve(server="return 200 x;")
    with server.connect() as connection:
        response = connection.request("GET", "/", fields, version=version)
        assert response.version == "HTTP/1.1"
        if persists is not None:
            assert response.field("Connection") == ("keep-alive" if persists else "close")
            assert connection.persists() == persists


def test_pipelined_requests_are_answered_in_order(serve, site):
    site.write("file", "document")
    server = serve(server='location / { root {root}; } location /n { return 200 "$uri"; }')
    with server.connect() as connection:
        connection.send(b"".join(head_of("GET", f"/n{i}") + head_of("GET", "/file") for i in range(50)))
        for i in range(50):
            assert connection.read_response().text == f"/n{i}"
            assert connection.read_response().text == "document"
        assert connection.persists()


def test_pipelined_requests_with_content(serve):
    server = serve(server='location / { return 200 "$uri"; }')
    with server.connect() as connection:
        chunked = head_of("POST", "/b", ["Transfer-Encoding: chunked"]) + b"5\r\nhello\r\n3;x=y\r\nyou\r\n0\r\nTrailer: z\r\n\r\n"
        connection.send(head_of("POST", "/a", ["Content-Length: 5"]) + b"hello" + chunked + head_of("GET", "/c"))
        assert [connection.read_response().text for _ in range(3)] == ["/a", "/b", "/c"]


def test_nothing_is_answered_after_a_request_that_closes(serve):
    server = serve(server="return 200 x;")
    with server.connect() as connection:
        connection.send(head_of("GET", "/", ["Connection: close"]) + PING)
        assert connection.read_response().field("Connection") == "close"
        assert connection.is_closed()


def test_a_head_cut_by_a_pipeline(serve):
    server = serve(server="return 200 x;")
    with server.connect() as connection:
        connection.send(PING + PING[:10])
        assert connection.read_response().status == 200
        connection.send(PING[10:] + PING[:-1])
        assert connection.read_response().status == 200
        connection.send(PING[-1:])
        assert connection.read_response().status == 200


@cases("count", [1, 2])
def test_empty_lines_before_a_request(serve, count):
    server = serve(server="return 200 x;")
    with server.connect() as connection:
        for _ in range(3):
            connection.send(b"\r\n" * count + PING)
            assert connection.read_response().status == 200


def test_a_pipeline_larger_than_every_buffer(serve, site):
    content = b"0123456789" * 20000
    site.write("file", content)
    server = serve(server="")
    with server.connect() as connection:
        connection.send(head_of("GET", "/file") * 40)
        for _ in range(40):
            assert connection.read_response().content == content

# integration/test_content.py: request content: its bound, its framing, what is not wanted of it, and how a connection ends under it.
# Nothing here reads content: answers come while it is discarded.
import time
from pathlib import Path

from harness import process
from harness.client import head_of
from harness.marks import cases, cleartext_only, covers, http1_only
from harness.transport import PROTOCOL, TRANSPORT

CHUNKED = "Transfer-Encoding: chunked"


@covers("client_max_body_size")
@cases("limit, length, status", [("10", 10, 200), ("10", 11, 413), ("1k", 1024, 200), ("1k", 1025, 413), ("0", 5_000_000, 200)])
def test_client_max_body_size(serve, limit, length, status):
    server = serve(server=f"client_max_body_size {limit}; location / {{ return 200 x; }}")
    with server.connect() as connection:
        connection.send(head_of("POST", "/", [f"Content-Length: {length}"]))
        if status == 200:
            connection.send(b"x" * length)
        response = connection.read_response()
        assert response.status == status
        assert TRANSPORT == "h2" or response.field("Connection") == ("keep-alive" if status == 200 else "close")


@covers("client_max_body_size")
def test_the_default_is_one_megabyte(serve):
    server = serve(server="location / { return 200 x; }")
    with server.connect() as connection:
        assert connection.request("POST", "/", content=b"x" * (1 << 20)).status == 200
        connection.send(head_of("POST", "/", [f"Content-Length: {(1 << 20) + 1}"]))
        assert connection.read_response().status == 413
    server.error_line(r"client intended to send too large body: 1048577 bytes")


@covers("client_max_body_size")
def test_the_bound_of_the_location_counts(serve):
    server = serve(server="client_max_body_size 1; location / { return 200 x; } location /big { client_max_body_size 10; return 200 x; }")
    assert server.request("POST", "/", content="12").status == 413
    assert server.request("POST", "/big", content="1234567890").status == 200


def test_too_large_content_meets_its_error_page(serve):
    server = serve(server="client_max_body_size 1; error_page 413 /e; location / { return 200 x; } location = /e { return 200 page; }")
    response = server.request("POST", "/", content="12")
    assert (response.status, response.text) == (413, "page")


@cases("size", [0, 1, 100, 70_000])
def test_unread_content_is_discarded(serve, site, size):
    site.write("file", "document")
    server = serve(server="")
    with server.connect() as connection:
        for _ in range(3):
            assert connection.request("POST", "/file", content=b"x" * size).status == 405
            assert connection.request("GET", "/file", content=b"x" * size).text == "document"
        assert connection.get("/file").text == "document"


@cases("chunks", [
    b"0\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n", b"A\r\n0123456789\r\n0\r\n\r\n", b"a;name=value\r\n0123456789\r\n000\r\n\r\n",
    b"1\r\nx\r\n" * 500 + b"0\r\n\r\n", b"5\r\nhello\r\n0\r\nTrailer: value\r\nAnother: one\r\n\r\n",
])
def test_chunked_content_is_discarded(serve, chunks):
    server = serve(server="location / { return 200 x; }")
    with server.connect() as connection:
        connection.send(head_of("POST", "/", [CHUNKED]) + chunks)
        assert connection.read_response().text == "x"
        assert connection.get("/").text == "x"


def test_content_that_arrives_late_is_discarded_too(serve):
    server = serve(server="location / { return 200 x; }")
    with server.connect() as connection:
        connection.send(head_of("POST", "/", ["Content-Length: 10"]))
        assert connection.read_response().text == "x"
        connection.send("GET / HTTP" + "GET /second HTTP/1.1\r\nHost: h\r\n\r\n")
        assert connection.read_response().text == "x"
    assert f'"GET /second {PROTOCOL}"' in server.log_lines(2)[1]


@http1_only("is about chunks")
@cases("chunks", [b"zz\r\n", b"5\r\nhelloworld\r\n", b"-1\r\n", b"ffffffffffffffffff\r\n", b"5 5\r\n", b"\r\n", b"0x5\r\nhello\r\n"])
def test_malformed_chunks_end_the_connection(serve, chunks):
    server = serve(server="location / { return 200 x; }")
    with server.connect() as connection:
        connection.send(head_of("POST", "/", [CHUNKED]) + chunks + head_of("GET", "/smuggled"))
        answer = connection.read_to_end()
    assert answer.count(b"HTTP/1.1 ") <= 2 and b"HTTP/1.1 200" not in answer[20:]
    server.get("/last")
    assert not any("/smuggled" in line for line in server.log_lines(2))


def test_100_continue(serve):
    """Nobody reads the content here, so the final answer may come at once (RFC 9110 section 10.1.1)."""
    server = serve(server="location / { return 200 x; }")
    with server.connect() as connection:
        connection.send(head_of("POST", "/", ["Content-Length: 3", "Expect: 100-continue"]))
        first = connection.read_response()
        assert first.status in (100, 200)
        connection.send("abc")
        if first.status == 100:
            assert connection.read_response().status == 200


def test_100_continue_is_not_sent_to_whom_will_be_refused(serve):
    server = serve(server="client_max_body_size 1; location / { return 200 x; }")
    with server.connect() as connection:
        connection.send(head_of("POST", "/", ["Content-Length: 3", "Expect: 100-continue"]))
        assert connection.read_response().status == 413


@cleartext_only("TLS has no half of a connection")
def test_a_half_closed_client_is_answered(serve, site):
    site.write("file", b"x" * 300_000)
    server = serve(server="")
    with server.connect() as connection:
        connection.send(head_of("GET", "/file"))
        connection.half_close()
        assert len(connection.read_response().content) == 300_000
        assert connection.is_closed()


@cleartext_only("TLS has no half of a connection")
def test_content_cut_short_by_the_client(serve):
    server = serve(server="location / { return 200 x; }")
    with server.connect() as connection:
        connection.send(head_of("POST", "/", ["Content-Length: 100"]) + b"some")
        connection.half_close()
        connection.read_to_end()
    assert server.get("/").text == "x"


# Closing under content that still comes. The answer must not be destroyed by a reset.

def server_holds(connection):
    """Whether the server has not yet closed its end: its socket still belongs to a process."""
    local, remote = connection.socket.getpeername()[1], connection.socket.getsockname()[1]
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        columns = line.split()
        if columns[1].endswith(f":{local:04X}") and columns[2].endswith(f":{remote:04X}"):
            return columns[9] != "0"
    return False


def refused(server):
    """A connection whose too large content was answered with 413 and is not sent to its end."""
    connection = server.connect()
    connection.send(head_of("POST", "/", ["Content-Length: 100000000"]) + b"x" * 1000)
    assert connection.read_response().status == 413
    return connection


@http1_only("the connection goes on")
@covers("lingering_close")
def test_lingering_close(serve, site):
    lingering = serve(http="""client_max_body_size 1;
        server { listen 127.0.0.1:{port}; lingering_time 60s; lingering_timeout 60s; location / { return 200 x; } }
        server { listen 127.0.0.1:{port2}; lingering_close off; lingering_timeout 1s; location / { return 200 x; } }""")
    connection = refused(lingering)
    for _ in range(50):
        connection.send(b"x" * 10_000)
    assert server_holds(connection)
    connection.close()
    connection = lingering.connect(site.port("port2"))
    connection.send(head_of("POST", "/", ["Content-Length: 100000000"]))
    assert connection.read_response().status == 413
    process.wait_until(lambda: not server_holds(connection), what="the close")


@http1_only("the connection goes on")
@covers("lingering_close")
@cases("mode, held", [("always", True), ("on", False), ("off", False)])
def test_lingering_after_an_answer_without_content(serve, mode, held):
    server = serve(server=f"lingering_close {mode}; lingering_timeout 60s; location / {{ return 200 x; }}")
    with server.connect() as connection:
        connection.get("/", "Connection: close")
        assert connection.is_closed()
        if held:
            assert server_holds(connection)
        else:
            process.wait_until(lambda: not server_holds(connection), what="the close")


@http1_only("the connection goes on")
@covers("lingering_timeout")
def test_lingering_timeout_ends_the_wait_for_a_silent_client(serve):
    server = serve(server="lingering_timeout 1s; lingering_time 60s; client_max_body_size 1; location / { return 200 x; }")
    connection = refused(server)
    start = time.monotonic()
    process.wait_until(lambda: not server_holds(connection), what="the close")
    assert 0.7 < time.monotonic() - start < 4.5  # the default is 5 s


@http1_only("the connection goes on")
@covers("lingering_time")
def test_lingering_time_ends_the_wait_for_a_busy_client(serve):
    server = serve(server="lingering_timeout 60s; lingering_time 2s; client_max_body_size 1; location / { return 200 x; }")
    connection = refused(server)
    start = time.monotonic()

    def gone():
        try:
            connection.send(b"x" * 100)
            return not server_holds(connection)
        except OSError:
            return True

    process.wait_until(gone, what="the close")
    assert time.monotonic() - start > 0.9


@covers("lingering_close")
def test_the_answer_survives_a_large_upload(serve):
    """The client sends on while it is refused, and must still be able to read why."""
    server = serve(server="client_max_body_size 1; location / { return 200 x; }")
    with server.connect() as connection:
        connection.send(head_of("POST", "/", ["Content-Length: 30000000"]))
        connection.send(b"x" * 3_000_000)
        assert connection.read_response().status == 413


@covers("client_body_temp_path")
def test_the_folder_for_content_is_made_at_the_start(serve, site):
    serve(http="server { listen 127.0.0.1:{port}; client_body_temp_path {dir}/made 1 2; }", defaults="access_log off;")
    assert (site.dir / "made").is_dir()

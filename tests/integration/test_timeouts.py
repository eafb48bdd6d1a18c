# integration/test_timeouts.py: who is too slow is let go: at the head, at the content, at reading the answer.
# Each wait is one second here; tests only ask that it comes, and not before its time.
import time

from harness.client import head_of
from harness.marks import covers


def closes_after(connection, seconds):
    """The octets received until the server closes, which must not be before `seconds` have passed."""
    start = time.monotonic()
    data = connection.read_to_end()
    assert time.monotonic() - start > seconds * 0.8
    return data


@covers("client_header_timeout")
def test_a_head_that_does_not_come_is_closed_silently(serve):
    server = serve(server="client_header_timeout 1s; return 200 x;")
    with server.connect() as connection:
        connection.send("GET / HTTP/1.1\r\nHost:")
        assert closes_after(connection, 1) == b""
    assert '"GET / HTTP/1.1" 408 0 ' in server.log_lines(1)[0]


@covers("client_header_timeout")
def test_nothing_at_all_is_closed_and_not_logged(serve):
    server = serve(server="client_header_timeout 1s; return 200 x;")
    with server.connect() as connection:
        assert closes_after(connection, 1) == b""
    server.get("/seen")
    assert "/seen" in server.log_lines(1)[0]


@covers("client_header_timeout")
def test_the_timeout_is_for_the_whole_head(serve):
    """Who sends an octet now and then must not hold a connection for ever."""
    server = serve(server="client_header_timeout 1s; return 200 x;")
    with server.connect() as connection:
        connection.send("GET / HTTP/1.1\r\n")
        start = time.monotonic()
        while not connection.readable(0.1) and time.monotonic() - start < 8:
            connection.send("X")
        assert connection.read_to_end() == b""
        assert 0.8 < time.monotonic() - start < 8


@covers("client_header_timeout")
def test_a_head_in_time_is_answered(serve):
    server = serve(server="client_header_timeout 8s; return 200 x;")
    with server.connect() as connection:
        connection.send("GET / HTTP/1.1\r\n")
        assert not connection.readable(1.2)
        connection.send("Host: h\r\n\r\n")
        assert connection.read_response().status == 200


@covers("client_header_timeout")
def test_the_second_head_of_a_connection_has_the_same_time(serve):
    server = serve(server="client_header_timeout 1s; return 200 x;")
    with server.connect() as connection:
        connection.get("/")
        assert not connection.readable(1.3), "idle is not slow: keepalive_timeout counts here"
        connection.send("GET /second HTTP/1.1\r\n")
        assert closes_after(connection, 1) == b""
    assert "/second HTTP/1.1\" 408 0 " in server.log_lines(2)[1]


@covers("send_timeout")
def test_a_client_that_does_not_read_is_let_go(serve, site):
    site.write("big", b"x" * 16_000_000)
    server = serve(server="send_timeout 1s; error_log {dir}/send.log info; root {root};")
    with server.connect(receive_buffer=4096) as connection:
        connection.send(head_of("GET", "/big"))
        server.error_line(r"client timed out \(110: Connection timed out\)", "send.log")
        assert len(connection.read_to_end()) < 16_000_000
    assert '"GET /big HTTP/1.1" 200 ' in server.log_lines(1)[0]


@covers("send_timeout")
def test_a_slow_reader_that_reads_on_is_not_let_go(serve, site):
    """The timeout is for the time between two writes, not for the whole answer."""
    site.write("big", b"x" * 8_000_000)
    server = serve(server="send_timeout 2s; root {root};")
    with server.connect(receive_buffer=65536) as connection:
        connection.send(head_of("GET", "/big"))
        connection.read_head()
        left = 8_000_000
        for _ in range(8):
            time.sleep(0.4)
            left -= len(connection.take(900_000))
        connection.take(left)
        assert connection.persists()


def test_content_that_does_not_come(serve):
    """It would be discarded; whether it comes decides only how the connection ends."""
    server = serve(server="client_body_timeout 1s; lingering_timeout 1s; lingering_time 1s; return 200 x;")
    with server.connect() as connection:
        connection.send(head_of("POST", "/", ["Content-Length: 10"]) + b"five.")
        assert connection.read_response().text == "x"
        assert connection.is_closed()

# integration/test_http2_abuse.py: peers that mean harm, each with frames that are cheap to send and costly to take.
# The connection ends with ENHANCE_YOUR_CALM and one line in the log, memory stays where it was, and others are served meanwhile.
import re
import struct
import threading

import pytest
from harness import http2, process, reload
from harness.http2 import (CANCEL, CONTINUATION, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, HEADERS, PING, PRIORITY, PRIORITY_UPDATE,
                           REFUSED_STREAM, SETTINGS, Http2, frame, pseudo, window_update)
from harness.marks import cases, covers, not_in_model, webserv_only

pytestmark = webserv_only("nginx 1.22 has other bounds, or none")

ALL = END_STREAM | END_HEADERS
MEBIBYTE = 1024  # in kibibytes


@pytest.fixture(scope="module")
def server(shared_serve):
    server = shared_serve(server="http2 on; keepalive_requests 1000000; send_timeout 1s; location = /slow { limit_rate 1k; add_header X-Copy $http_x$http_cookie; } location = /body { return 200 $request_body; }")
    server.site.write("small", "small")
    server.site.write("slow", "x" * 100_000)
    server.site.write_large(3_000_000, "large")
    return server


class Bystander:
    """Another client, which asks for something again and again."""

    def __init__(self, server):
        self.server = server
        self.answers = 0
        self.failure = None
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        try:
            with Http2(self.server.address) as client:
                while not self.over.is_set() or not self.answers:
                    assert client.fetch("/small").content == b"small"
                    self.answers += 1
        except Exception as error:  # noqa: BLE001: told to the test
            self.failure = error

    def __enter__(self):
        self.thread.start()
        process.wait_until(lambda: self.answers or self.failure, what="an answer to the bystander")
        return self

    def __exit__(self, *_):
        before = self.answers
        process.wait_until(lambda: self.answers > before or self.failure, what="another answer to the bystander")
        self.over.set()
        self.thread.join()
        assert self.failure is None


def heads(client, count, fields=None, first=1):
    return [client.headers(first + 2 * i, fields or pseudo("/slow")) for i in range(count)]


def rapid_reset(client):
    for i, head in enumerate(heads(client, 3000)):
        yield head + http2.rst_stream(1 + 2 * i)


def rapid_reset_of_what_is_answered_slowly(client):
    for i, head in enumerate(heads(client, 3000)):
        yield head
        if i >= 50:
            yield http2.rst_stream(1 + 2 * (i - 50))


def made_you_reset(client):
    """The server is made to reset what it has begun to answer."""
    for i, head in enumerate(heads(client, 2000)):
        yield head + window_update(1 + 2 * i, 0)


def made_you_reset_with_data(client):
    for i, head in enumerate(heads(client, 2000)):
        yield head + frame(DATA, 0, 1 + 2 * i, b"x")


def made_you_reset_with_malformed_requests(client):
    yield from heads(client, 2000, [*pseudo("/"), ("connection", "x")])


def too_many_streams(client):
    yield from heads(client, 5000)


def continuation_flood(client):
    yield client.headers(1, pseudo("/"), END_STREAM)
    for _ in range(10_000):
        yield frame(CONTINUATION, 0, 1, b"\x00\x01x\x01y")


def continuation_flood_of_nothing(client):
    yield client.headers(1, pseudo("/"), END_STREAM)
    for _ in range(10_000):
        yield frame(CONTINUATION, 0, 1)


def large_continuations(client):
    yield client.headers(1, pseudo("/"), END_STREAM)
    for _ in range(100):
        yield frame(CONTINUATION, 0, 1, b"\x00\x01x\x7f\x81\x7e" + b"y" * 16000)


def hpack_bomb(client):
    """A line of 4000 octets goes into the table; then an octet repeats it."""
    yield frame(HEADERS, ALL, 1, client.encoder.encode([*pseudo("/small"), ("x", "y" * 4000)]))
    for i in range(100):
        yield frame(HEADERS, ALL, 3 + 2 * i, client.encoder.encode(pseudo("/small")) + b"\xbe" * 16_000)


def settings_flood(client):
    for i in range(20_000):
        yield http2.settings({http2.INITIAL_WINDOW_SIZE: 65535 + i % 2})


def ping_flood(client):
    for _ in range(20_000):
        yield frame(PING, payload=b"x" * 8)


def priority_flood(client):
    for i in range(20_000):
        yield frame(PRIORITY, 0, 2 * i + 1, b"\0\0\0\0\x10")


def priority_update_flood(client):
    for i in range(20_000):
        yield frame(PRIORITY_UPDATE, payload=struct.pack(">I", 2 * i + 1) + b"u=1")


def window_update_flood(client):
    yield client.headers(1, pseudo("/slow"))
    for _ in range(20_000):
        yield window_update(1, 1)


def window_update_flood_of_the_connection(client):
    for _ in range(20_000):
        yield window_update(0, 1)


def empty_data_flood(client):
    yield client.headers(1, pseudo("/body", "POST"), END_HEADERS)
    for _ in range(20_000):
        yield frame(DATA, 0, 1)


def padding_flood(client):
    yield client.headers(1, pseudo("/body", "POST"), END_HEADERS)
    for _ in range(20_000):
        yield frame(DATA, http2.PADDED, 1, b"\x01\0")


def unknown_frames_flood(client):
    for _ in range(20_000):
        yield frame(0x7f, 0, 0, b"x")


def acknowledgements_flood(client):
    for _ in range(20_000):
        yield frame(SETTINGS, http2.ACK)


def ping_acknowledgements_flood(client):
    for _ in range(20_000):
        yield frame(PING, http2.ACK, payload=b"shutdown")


def settings_of_many_entries(client):
    for _ in range(20):
        yield frame(SETTINGS, payload=b"".join(struct.pack(">HI", http2.INITIAL_WINDOW_SIZE, 65535 + i % 2) for i in range(2730)))


def goaway_flood(client):
    yield client.headers(1, pseudo("/slow"))
    for _ in range(20_000):
        yield frame(http2.GOAWAY, payload=b"\0" * 8)


def frames_on_reset_streams(client):
    yield client.headers(1, pseudo("/slow")) + http2.rst_stream(1)
    for _ in range(20_000):
        yield frame(DATA, 0, 1, b"x")


ATTACKS = [rapid_reset, rapid_reset_of_what_is_answered_slowly, made_you_reset, made_you_reset_with_data,
           made_you_reset_with_malformed_requests, too_many_streams, continuation_flood, continuation_flood_of_nothing, large_continuations,
           hpack_bomb, settings_flood, ping_flood, priority_flood, priority_update_flood, window_update_flood,
           window_update_flood_of_the_connection, empty_data_flood, padding_flood, unknown_frames_flood, acknowledgements_flood, goaway_flood,
           frames_on_reset_streams, ping_acknowledgements_flood, settings_of_many_entries]


def send_until_closed(client, parts):
    """@return whether the server ended the connection before all was sent, or after"""
    octets = b"".join(parts)
    try:
        client.send(octets)
    except (BrokenPipeError, ConnectionResetError):
        pass


def memory(server):
    workers = reload.workers_of(server)
    return 0 if any(reload.is_sanitized(pid) for pid in workers) else sum(reload.resident(pid) for pid in workers)


@not_in_model("iterative", "it serves one connection at a time")
@cases("attack", ATTACKS)
def test_an_attack(server, attack):
    log_before = len(server.error_log())
    memory_before = memory(server)
    with Bystander(server), Http2(server.address, quiet=True, window=False) as client:
        send_until_closed(client, attack(client))
        assert client.error() == ENHANCE_YOUR_CALM
        lines = process.wait_until(lambda: re.findall(r".*ENHANCE_YOUR_CALM.*", server.error_log()[log_before:]), what="a line in the log")
    assert len(lines) == 1 and "[warn]" in lines[0] and "client" in lines[0]
    assert memory(server) - memory_before < 16 * MEBIBYTE


@not_in_model("iterative", "it serves one connection at a time")
@covers("send_timeout")
def test_windows_that_stay_shut(server):
    """Streams whose windows stay shut end after send_timeout; a client that does nothing else loses its connection."""
    with Bystander(server), Http2(server.address, {http2.INITIAL_WINDOW_SIZE: 0}) as client:
        streams = [client.ask("/large") for _ in range(60)]
        assert client.answer(streams[0]).reset == CANCEL
        assert client.error() == ENHANCE_YOUR_CALM


@not_in_model("iterative", "it serves one connection at a time")
def test_a_client_that_does_not_read(server):
    memory_before = memory(server)
    with Bystander(server), Http2(server.address, {http2.INITIAL_WINDOW_SIZE: 2**31 - 1}, receive_buffer=4096, quiet=True) as client:
        for stream in range(1, 200, 2):
            client.send(client.headers(stream, pseudo("/large")))
        process.wait_until(lambda: "client timed out" in server.error_log(), what="a line in the log")
        assert memory(server) - memory_before < 16 * MEBIBYTE
        process.wait_until(lambda: gone(client), what="the end of the connection")


def gone(client):
    try:
        client.send(frame(PING, payload=b"x" * 8))
    except (BrokenPipeError, ConnectionResetError):
        return True
    return False


def test_what_runs_counts_although_it_was_reset(serve):
    """MadeYouReset: exchanges that go on after their stream has ended are streams still."""
    server = serve(server="http2 on; http2_max_concurrent_streams 2; location / { limit_rate 1; }")
    server.site.write("file", "x" * 5000)
    with Http2(server.address) as client:
        streams = [client.ask("/file"), client.ask("/file")]
        while not all(client.answers[stream].content for stream in streams):
            client.read_frame()
        resets = b"".join(window_update(stream, 0) for stream in streams)
        client.answers[5] = http2.Answer()
        client.send(resets + client.headers(5, pseudo("/file")))
        assert client.answer(5).reset == REFUSED_STREAM
        assert [client.answers[stream].reset for stream in streams] == [http2.PROTOCOL_ERROR] * 2


@not_in_model("iterative", "it serves one connection at a time")
@cases("name", ["cookie", "x"])
def test_lines_that_are_repeated_cost_no_more_than_a_head(server, name):
    """An octet for each line, as many lines as a head may have, in as many streams as there may be."""
    memory_before = memory(server)
    with Bystander(server), Http2(server.address, {http2.INITIAL_WINDOW_SIZE: 0}) as client:
        client.ask("/slow", [(name, "a" * (36 - len(name)))])
        for stream in range(3, 3 + 2 * 120, 2):
            block = client.encoder.encode(pseudo("/slow")) + b"\xbe" * 440
            client.frame(HEADERS, ALL, stream, block)
        client.sync()
        assert client.goaway is None
        assert memory(server) - memory_before < 16 * MEBIBYTE


@cases("fields", [[("x", "y" * 9000)], [("x", "y" * 8000)] * 5, [("x", "y")] * 1001])
def test_a_head_that_is_too_large_is_answered(server, fields):
    with Http2(server.address) as client:
        answer = client.fetch("/small", fields)
        assert answer.status == 400
        assert client.fetch("/small").status == 200


def test_busy_clients_are_no_attackers(server):
    """What browsers and programs do, in large amounts: many answers, windows told of each frame, some streams cancelled."""
    with Http2(server.address) as client:
        for _ in range(3):
            assert len(client.fetch("/large").content) == 3_000_000
        for round_ in range(30):
            streams = [client.ask("/small") for _ in range(100)]
            client.send(b"".join(http2.rst_stream(stream) for stream in streams[:10]))
            for stream in streams[10:]:
                assert client.answer(stream).status == 200
            if round_ % 10 == 0:
                client.sync()
        assert client.goaway is None or client.goaway[1] == 0

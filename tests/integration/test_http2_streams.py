# integration/test_http2_streams.py: many streams at once: which of them sends, how much, and how large its frames are.
# Bounds that a peer might want to break are in test_http2_abuse.py.
import itertools
import re
import shutil
import subprocess
import time

import pytest
from harness import http2, process
from harness.http2 import Http2, pseudo
from harness.marks import cases, covers, not_in_model, webserv_only

pytestmark = webserv_only("over cleartext, nginx 1.22 speaks only HTTP/2 where it speaks it")


@pytest.fixture(scope="module")
def server(shared_serve):
    server = shared_serve(server="http2 on;")
    server.site.write("small", "small content\n")
    server.site.write_large(100_000, "medium")
    server.site.write_large(3_000_000, "large")
    return server


@pytest.fixture
def client(server):
    with Http2(server.address) as connection:
        yield connection


def test_a_thousand_streams(server, client):
    content = (server.site.root / "small").read_bytes()
    for first in range(0, 1000, 100):
        for stream in [client.ask(f"/small?{first + i}") for i in range(100)]:
            assert client.answer(stream).content == content


def test_a_large_answer_does_not_stop_a_small_one(server):
    with Http2(server.address, receive_buffer=65536) as client:
        large = client.ask("/large")
        client.read_until(lambda got: got.type == http2.DATA)
        small = client.ask("/small")
        assert client.answer(small).status == 200
        assert not client.answers[large].ended
        assert len(client.answer(large).content) == 3_000_000


def test_streams_without_a_priority_take_turns(server):
    with Http2(server.address, {http2.INITIAL_WINDOW_SIZE: 1 << 20}) as client:
        client.send(b"".join(client.headers(stream, pseudo("/medium")) for stream in (1, 3, 5)))
        for stream in (1, 3, 5):
            client.answers[stream] = http2.Answer()
        sent = []
        while not all(client.answers[stream].ended for stream in (1, 3, 5)):
            got = client.read_frame()
            if got.type == http2.DATA:
                sent.append((got.stream, len(got.payload)))
        turns = [(stream, sum(octets for _, octets in frames)) for stream, frames in itertools.groupby(sent, lambda frame: frame[0])]
        assert turns[:6] == [(1, 32768), (3, 32768), (5, 32768)] * 2


@pytest.fixture(params=["on", "off"])
def reading(serve, request):
    """Files by sendfile's rules, which is how they are given to frames, or through memory. What waits in the kernel is bounded."""
    server = serve(http="server { listen 127.0.0.1:{port} sndbuf=64k; http2 on; send_timeout 1s; sendfile " + request.param + "; }")
    server.site.write("small", "small content\n")
    server.site.write_large(100_000, "medium")
    server.site.write_large(3_000_000, "large")
    return server


@cases("urgencies, expected", [(("u=5", "u=1", "u=3"), [3, 5, 1]), (("u=3", "u=3", "u=0, i"), [5, 1, 3]), (("", "u=7", "u=2;x"), [5, 1, 3])])
def test_urgent_streams_go_first(reading, urgencies, expected):
    with Http2(reading.address, {http2.INITIAL_WINDOW_SIZE: 1 << 20}) as client:
        heads = [client.headers(stream, pseudo("/medium") + ([("priority", value)] if value else []))
                 for stream, value in zip((1, 3, 5), urgencies, strict=True)]
        client.send(b"".join(heads))
        ended = []
        while len(ended) < 3:
            got = client.read_frame()
            if got.ends_stream:
                ended.append(got.stream)
        assert ended == expected


def test_urgent_streams_do_not_starve_others(reading):
    with Http2(reading.address, {http2.INITIAL_WINDOW_SIZE: 1 << 24}, receive_buffer=65536) as client:
        urgent = client.ask("/large", [("priority", "u=0")])
        client.read_until(lambda got: got.type == http2.DATA)
        small = client.ask("/small", [("priority", "u=7")])
        assert client.answer(small).content == b"small content\n"
        assert not client.answers[urgent].ended


@covers("send_timeout")
def test_a_stream_that_waits_for_others_does_not_time_out(reading):
    """The client takes what it gets, slowly: for longer than send_timeout nothing of the second stream comes."""
    with Http2(reading.address, {http2.INITIAL_WINDOW_SIZE: 1 << 24}, receive_buffer=65536) as client:
        first, second = (client.ask("/large", [("priority", "u=3")]) for _ in range(2))
        for _ in range(25):
            for _ in range(4):
                client.read_frame()
            time.sleep(0.1)
        assert not client.answers[second].content
        assert len(client.answer(first).content) == len(client.answer(second).content) == 3_000_000


@cases("early", [True, False])
def test_priority_update(server, early):
    with Http2(server.address, {http2.INITIAL_WINDOW_SIZE: 0}) as client:
        update = http2.frame(http2.PRIORITY_UPDATE, payload=b"\0\0\0\x05u=0")
        streams = b"".join(client.headers(stream, pseudo("/medium")) for stream in (1, 3, 5))
        client.send(update + streams if early else streams + update)
        client.sync()
        while not all(stream in client.answers and client.answers[stream].fields for stream in (1, 3, 5)):
            client.read_frame()
        client.send(http2.settings({http2.INITIAL_WINDOW_SIZE: 1 << 20}))
        first = client.read_until(lambda got: got.ends_stream)
        assert first.stream == 5


def test_content_waits_for_the_windows(server):
    with Http2(server.address, {http2.INITIAL_WINDOW_SIZE: 10}, quiet=True, window=False) as client:
        stream = client.ask("/medium")
        assert client.frames_of(stream, 10) == [10]
        client.send(http2.window_update(stream, 1))
        assert client.frames_of(stream, 11) == [10, 1]
        client.send(http2.settings({http2.INITIAL_WINDOW_SIZE: 5}))  # the window is below zero now
        client.send(http2.window_update(stream, 5))
        client.sync()
        assert client.answers[stream].frames == [10, 1]
        client.send(http2.window_update(stream, 200_000))
        client.frames_of(stream, 65535)
        client.sync()
        assert len(client.answers[stream].content) == 65535  # the connection's window
        client.send(http2.window_update(0, 100_000))
        assert len(client.answer(stream).content) == 100_000


@covers("http2_max_concurrent_streams")
def test_more_streams_than_allowed(serve):
    server = serve(server="http2 on; http2_max_concurrent_streams 3; location = / { return 200 x; } location /file { limit_rate 1k; }")
    server.site.write("file", "x" * 100_000)
    with Http2(server.address) as client:
        streams = [client.ask("/file", method="GET") for _ in range(4)]
        assert client.answer(streams[3]).reset == http2.REFUSED_STREAM
        assert client.settings[http2.MAX_CONCURRENT_STREAMS] == 3
        client.send(http2.rst_stream(streams[0]))
        assert process.wait_until(lambda: client.fetch("/").status == 200, what="room for another stream")


@covers("http2_chunk_size")
@cases("size, expected", [("1k", 1024), ("8k", 8192), ("1m", 16384)])
def test_frames_of_content(serve, size, expected):
    server = serve(server=f"http2 on; location / {{ http2_chunk_size {size}; }}")
    server.site.write("file", "x" * 100_000)
    with Http2(server.address, {http2.INITIAL_WINDOW_SIZE: 1 << 20}) as client:
        assert set(client.fetch("/file").frames[:-1]) == {expected}


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not there")
@not_in_model("fork", "a child reads")
@covers("http2_recv_buffer_size")
def test_reads_are_as_large_as_the_buffer(serve, site):
    server = serve(http="http2_recv_buffer_size 5000; server { listen 127.0.0.1:{port}; http2 on; return 200 x; }")
    trace = site.dir / "trace"
    tracer = subprocess.Popen(["strace", "-e", "trace=recvfrom", "-o", str(trace), "-p", str(server.process.worker())],
                              stderr=subprocess.PIPE, text=True)
    try:
        assert "attached" in tracer.stderr.readline()
        with Http2(server.address) as client:
            assert client.fetch("/").status == 200
        process.wait_until(lambda: re.search(r"recvfrom\(\d+, .*, 5000, ", trace.read_text()), what="a read of 5000 octets")
    finally:
        tracer.terminate()
        tracer.communicate()

# integration/test_http2_ends.py: how a connection over cleartext begins to speak HTTP/2, and the ways in which it ends.
# Ends that a peer has earned are in test_http2_rules.py and test_http2_abuse.py.
import pytest
from harness import http2, process, reload
from harness.http2 import END_HEADERS, Http2, pseudo
from harness.marks import cases, covers, not_in_model, webserv_only

pytestmark = webserv_only("over cleartext, nginx 1.22 speaks only HTTP/2 where it speaks it")


@pytest.fixture(scope="module")
def server(shared_serve):
    server = shared_serve(server="http2 on;")
    server.site.write("small", "small content\n")
    return server


def test_http1_on_the_same_port(server):
    assert server.get("/small").content == b"small content\n"
    assert server.raw("PRI / HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 40")


def test_the_preface_may_come_in_pieces(server):
    with Http2(server.address, begin=False) as client:
        for octet in http2.PREFACE + http2.settings({}) + client.headers(1, pseudo("/small")):
            client.send(bytes([octet]))
        client.answers[1] = http2.Answer()
        assert client.answer(1).status == 200


@cases("on, off", [("", "http2 off;"), (" http2", "")])
def test_where_it_is_not_spoken(serve, on, off):
    server = serve(http="server { listen 127.0.0.1:{port}" + on + "; " + off + " return 200 x; } server { listen 127.0.0.1:{port2}; return 200 x; }")
    assert server.raw(http2.PREFACE, address=("127.0.0.1", server.site.port("port2"))).startswith(b"HTTP/1.1 400")
    if on:
        assert '"listen ... http2" directive is deprecated' in server.process.stderr
        with Http2(server.address) as client:
            assert client.fetch("/").text == "x"


@covers("keepalive_requests")
def test_a_connection_has_a_number_of_requests(serve):
    server = serve(server="http2 on; keepalive_requests 3; return 200 x;")
    with Http2(server.address) as client:
        for _ in range(3):
            assert client.fetch("/").status == 200
        assert client.error() == http2.NO_ERROR
        assert [got.goaway[0] for got in client.others if got.type == http2.GOAWAY] == [2**31 - 1, 5]


@covers("keepalive_timeout", "keepalive_time")
@cases("directive", ["keepalive_timeout 100ms", "keepalive_time 1ms"])
def test_a_connection_ends_after_its_time(serve, directive):
    server = serve(server=f"http2 on; {directive}; return 200 x;")
    with Http2(server.address) as client:
        while client.goaway is None:
            stream = client.ask("/")
            while not client.answers[stream].ended and client.read_frame() is not None:
                pass
            assert client.answers[stream].ended or client.goaway
            if "timeout" in directive:
                break
        assert client.error() == http2.NO_ERROR


@covers("client_header_timeout")
@cases("octets", [b"", http2.PREFACE[:10], http2.PREFACE, http2.PREFACE + http2.settings({}) + b"\0\0"])
def test_a_client_that_says_too_little(serve, octets):
    server = serve(server="http2 on; client_header_timeout 200ms; keepalive_timeout 1000s; return 200 x;")
    with Http2(server.address, begin=False, quiet=True) as client:
        client.send(octets)
        assert client.error() in (None, http2.NO_ERROR)


@not_in_model("iterative", "it serves one connection at a time")
def test_quit_lets_streams_end(serve):
    server = serve(server="http2 on; location / { limit_rate 100k; }")
    server.site.write("file", "x" * 50_000)
    with Http2(server.address) as client, Http2(server.address) as idle:
        assert idle.fetch("/file").status == 200
        stream = client.ask("/file")
        client.read_until(lambda got: got.type == http2.DATA)
        server.process.signal(3)
        client.read_until(lambda got: got.type == http2.GOAWAY and got.goaway[0] == 2**31 - 1)
        late = client.ask("/file")
        assert len(client.answer(stream).content) == 50_000
        assert client.answer(late).status == 200 or client.goaway[0] < late
        assert client.error() == http2.NO_ERROR
        assert idle.error() == http2.NO_ERROR
    assert server.process.wait() == 0


@not_in_model("iterative", "it serves one connection at a time")
@cases("way", ["quit", "keepalive_requests"])
def test_a_client_that_does_not_hear_of_the_end(serve, way):
    """It never answers the PING that comes with GOAWAY: it gets a moment's more requests, and then no more."""
    limit = 2 if way == "keepalive_requests" else 1000
    server = serve(server=f"http2 on; keepalive_requests {limit}; return 200 x;")
    with Http2(server.address, quiet=True) as client:
        client.send(http2.settings({}))
        assert client.fetch("/").status == client.fetch("/").status == 200
        if way == "quit":
            server.process.signal(3)
        last = 2**31 - 1
        while client.goaway is None or client.goaway[0] == last:  # else the test would never end
            stream = client.ask("/")
            while not client.answers[stream].ended and client.read_frame() is not None and (client.goaway is None or client.goaway[0] == last):
                pass
        assert client.goaway[1] == http2.NO_ERROR
        assert client.error() == http2.NO_ERROR


@not_in_model("iterative", "it serves one connection at a time")
def test_what_belongs_to_late_streams_is_dropped(serve):
    """After the last GOAWAY a client may not have heard of it: its request, and all that belongs to it, harms nobody (section 6.8)."""
    server = serve(server="http2 on; limit_rate 100k;")
    server.site.write("file", "x" * 50_000)
    with Http2(server.address) as client:
        stream = client.ask("/file")
        client.read_until(lambda got: got.type == http2.DATA)
        server.process.signal(3)
        client.read_until(lambda got: got.type == http2.GOAWAY and got.goaway[0] == stream)
        late = stream + 2
        client.send(client.headers(late, pseudo("/file", "PUT"), END_HEADERS) + http2.frame(http2.DATA, 0, late, b"x") +
                    http2.window_update(late, 1000) + http2.rst_stream(late))
        assert len(client.answer(stream).content) == 50_000
        assert client.error() == http2.NO_ERROR
    assert server.process.wait() == 0


@not_in_model("fork", "a child lives with the configuration it was born with")
def test_a_connection_lives_through_a_reload(serve):
    one = "server { listen 127.0.0.1:{port}; http2 on; return 200 %s; }"
    server = serve(http=one % "before")
    with Http2(server.address) as client:
        assert client.fetch("/").text == "before"
        reload.reload(server, http=one % "after")
        assert client.fetch("/").text == "after"

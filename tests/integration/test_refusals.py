# integration/test_refusals.py: octets in, status out: what is no request, or one that two servers might read differently.
# Each is sent whole and an octet at a time; each ends the connection and leaves one line in the error log.
import re

import pytest
from harness.client import head_of
from harness.marks import cases, covers, webserv_only

HOST = "Host: h\r\n"
GET = "GET / HTTP/1.1\r\n" + HOST
POST = "POST / HTTP/1.1\r\n" + HOST

# What nginx refuses as well.
COMMON = {
    "lower-case method": ("get / HTTP/1.1\r\n" + HOST + "\r\n", 400),
    "mixed-case method": ("GEt / HTTP/1.1\r\n" + HOST + "\r\n", 400),
    "no method": (" / HTTP/1.1\r\n" + HOST + "\r\n", 400),
    "method with a digit": ("GET1 / HTTP/1.1\r\n" + HOST + "\r\n", 400),
    "TLS handshake": ("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "no target": ("GET  HTTP/1.1\r\n" + HOST + "\r\n", 400),
    "target without slash": ("GET foo HTTP/1.1\r\n" + HOST + "\r\n", 400),
    "asterisk with GET": ("GET * HTTP/1.1\r\n" + HOST + "\r\n", 400),
    "space in the target": ("GET /a b HTTP/1.1\r\n" + HOST + "\r\n", 400),
    "tab in the target": ("GET /a\tb HTTP/1.1\r\n" + HOST + "\r\n", 400),
    "NUL in the target": ("GET /a\0b HTTP/1.1\r\n" + HOST + "\r\n", 400),
    "control in the target": ("GET /a\x01b HTTP/1.1\r\n" + HOST + "\r\n", 400),
    "delete in the target": ("GET /a\x7fb HTTP/1.1\r\n" + HOST + "\r\n", 400),
    "escaped NUL": ("GET /a%00b HTTP/1.1\r\n" + HOST + "\r\n", 400),
    "cut escape": ("GET /a% HTTP/1.1\r\n" + HOST + "\r\n", 400),
    "wrong escape": ("GET /a%zz HTTP/1.1\r\n" + HOST + "\r\n", 400),
    "above the root": ("GET /../x HTTP/1.1\r\n" + HOST + "\r\n", 400),
    "escaped above the root": ("GET /%2e%2e/x HTTP/1.1\r\n" + HOST + "\r\n", 400),
    "no version number": ("GET / HTTP\r\n" + HOST + "\r\n", 400),
    "lower-case protocol": ("GET / http/1.1\r\n" + HOST + "\r\n", 400),
    "other protocol": ("GET / HTTPS/1.1\r\n" + HOST + "\r\n", 400),
    "version without minor": ("GET / HTTP/1\r\n" + HOST + "\r\n", 400),
    "version with a letter": ("GET / HTTP/1.x\r\n" + HOST + "\r\n", 400),
    "words after the version": ("GET / HTTP/1.1 x\r\n" + HOST + "\r\n", 400),
    "HTTP/2.0": ("GET / HTTP/2.0\r\n" + HOST + "\r\n", 505),
    "HTTP/9.9": ("GET / HTTP/9.9\r\n" + HOST + "\r\n", 505),
    "no host": ("GET / HTTP/1.1\r\n\r\n", 400),
    "two hosts": (GET + "Host: i\r\n\r\n", 400),
    "the same host twice": (GET + HOST + "\r\n", 400),
    "empty host": ("GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
    "space before the colon": (GET + "X-A : b\r\n\r\n", 400),
    "space before the colon of Content-Length": (POST + "Content-Length : 3\r\n\r\nabc", 400),
    "folded line": (GET + "X-A: b\r\n c\r\n\r\n", 400),
    "NUL in a value": (GET + "X-A: a\0b\r\n\r\n", 400),
    "NUL in a name": (GET + "X\0A: b\r\n\r\n", 400),
    "control in a name": (GET + "X\x01A: b\r\n\r\n", 400),
    "two lengths": (POST + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400),
    "the same length twice": (POST + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
    "a list of lengths": (POST + "Content-Length: 3, 3\r\n\r\nabc", 400),
    "length with a sign": (POST + "Content-Length: +3\r\n\r\nabc", 400),
    "negative length": (POST + "Content-Length: -3\r\n\r\nabc", 400),
    "length that is no number": (POST + "Content-Length: three\r\n\r\nabc", 400),
    "hexadecimal length": (POST + "Content-Length: 0x3\r\n\r\nabc", 400),
    "length with a space": (POST + "Content-Length: 1 2\r\n\r\nabc", 400),
    "empty length": (POST + "Content-Length:\r\n\r\n", 400),
    "length beyond any integer": (POST + "Content-Length: 99999999999999999999999\r\n\r\n", 400),
    "length and coding": (POST + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "coding and length": (POST + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
    "unknown coding": (POST + "Transfer-Encoding: gzip\r\n\r\n", 501),
    "two codings": (POST + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    "identity": (POST + "Transfer-Encoding: identity\r\n\r\n", 501),
    "misspelt coding": (POST + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
    "coding in 1.0": ("POST / HTTP/1.0\r\n" + HOST + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
}

# What only webserv refuses: nginx lets it pass, but other servers may read it otherwise.
STRICT = {
    "bare LF after the request line": ("GET / HTTP/1.1\n" + HOST + "\r\n", 400),
    "bare LF after a field": ("GET / HTTP/1.1\r\nHost: h\n\r\n", 400),
    "bare LF at the end": (GET + "\n", 400),
    "bare LF everywhere": ("GET / HTTP/1.1\nHost: h\n\n", 400),
    "bare LF before the request": ("\n" + GET + "\r\n", 400),
    "bare CR in a value": (GET + "X-A: a\rb\r\n\r\n", 400),
    "bare CR after the request line": ("GET / HTTP/1.1\rHost: h\r\n\r\n", 400),
    "control in a value": (GET + "X-A: a\x01b\r\n\r\n", 400),
    "delete in a value": (GET + "X-A: a\x7fb\r\n\r\n", 400),
    "two spaces before the version": ("GET /  HTTP/1.1\r\n" + HOST + "\r\n", 400),
    "space after the version": ("GET / HTTP/1.1 \r\n" + HOST + "\r\n", 400),
    "no colon": (GET + "X-A\r\n\r\n", 400),
    "no name": (GET + ": b\r\n\r\n", 400),
    "name that is no token": (GET + "X(A): b\r\n\r\n", 400),
    "name with a slash": (GET + "X/A: b\r\n\r\n", 400),
    "name beyond ASCII": (GET + "X\xe4: b\r\n\r\n", 400),
    "fold of the first line": ("GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400),
    "tab fold": (GET + "X-A: b\r\n\tc\r\n\r\n", 400),
    "two codings on two lines": (POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "HTTP/0.9": ("GET /\r\n", 400),
    "HTTP/0.8": ("GET / HTTP/0.8\r\n" + HOST + "\r\n", 400),
    "long version": ("GET / HTTP/1.10\r\n" + HOST + "\r\n", 400),
    "leading zeros in the version": ("GET / HTTP/01.1\r\n" + HOST + "\r\n", 400),
    "userinfo in the host": ("GET / HTTP/1.1\r\nHost: user@h\r\n\r\n", 400),
    "userinfo in the target": ("GET http://user@h/ HTTP/1.1\r\n" + HOST + "\r\n", 400),
    "unknown expectation": (GET + "Expect: wonders\r\n\r\n", 417),
    "a hundred empty lines": ("\r\n" * 100 + GET + "\r\n", 400),
}

LOG_LINE = re.compile(r" \[info\] .* client: 127\.0\.0\.1, server: ")


@pytest.fixture(scope="module")
def server(shared_serve):
    return shared_serve(server="location / { return 200 reached; }")


def refused(server, octets, status, slowly):
    before = len(server.error_log().splitlines())
    with server.connect() as connection:
        (connection.send_slowly if slowly else connection.send)(octets)
        response = connection.read_response(octets.lstrip().split(" ")[0])
        assert response.status == status
        assert response.field("Connection") == "close"
        assert connection.is_closed()
    lines = [line for line in server.error_log().splitlines()[before:] if LOG_LINE.search(line) and "client closed" not in line]
    assert len(lines) == 1, lines


@cases("slowly", [False, True], ids=["whole", "slowly"])
@cases("name", COMMON)
def test_refused_as_by_nginx(server, name, slowly):
    refused(server, *COMMON[name], slowly)


@webserv_only("nginx is lenient here")
@cases("slowly", [False, True], ids=["whole", "slowly"])
@cases("name", STRICT)
def test_refused_by_us(server, name, slowly):
    refused(server, *STRICT[name], slowly)


ACCEPTED = {
    "an empty line before": "\r\n" + GET + "\r\n",
    "HTTP/1.0 without host": "GET / HTTP/1.0\r\n\r\n",
    "HTTP/1.5": "GET / HTTP/1.5\r\n" + HOST + "\r\n",
    "no space after the colon": GET + "X-A:b\r\n\r\n",
    "spaces around a value": GET + "X-A: \t b \t \r\n\r\n",
    "empty value": GET + "X-A:\r\n\r\n",
    "value beyond ASCII": GET + "X-A: \xe4\xff\r\n\r\n",
    "every token octet in a name": GET + "X!#$%&'*+-.^`|~9: b\r\n\r\n",
    "underscore in a name": GET + "X_A: b\r\n\r\n",
    "odd octets in the target": "GET /a|b{c}\"<>`^\\ HTTP/1.1\r\n" + HOST + "\r\n",
    "target beyond ASCII": "GET /\xe4 HTTP/1.1\r\n" + HOST + "\r\n",
    "absolute target": "GET http://h/x HTTP/1.1\r\n" + HOST + "\r\n",
    "absolute target without path": "GET http://h HTTP/1.1\r\n" + HOST + "\r\n",
    "absolute target of another host": "GET http://i/ HTTP/1.1\r\n" + HOST + "\r\n",
    "upper-case scheme": "GET HTTP://h/ HTTP/1.1\r\n" + HOST + "\r\n",
    "long method": "ABCDEFGHIJKLMNOPQRSTUVWXYZ / HTTP/1.1\r\n" + HOST + "\r\n",
    "zero length": POST + "Content-Length: 0\r\n\r\n",
    "leading zeros in a length": POST + "Content-Length: 00000\r\n\r\n",
    "upper-case coding": POST + "Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n",
    "a fragment": "GET /#x HTTP/1.1\r\n" + HOST + "\r\n",
    "host with a port": "GET / HTTP/1.1\r\nHost: h:8080\r\n\r\n",
    "host that is an IPv6 address": "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
}


@cases("slowly", [False, True], ids=["whole", "slowly"])
@cases("name", ACCEPTED)
def test_accepted(server, name, slowly):
    with server.connect() as connection:
        (connection.send_slowly if slowly else connection.send)(ACCEPTED[name])
        response = connection.read_response()
        assert (response.status, response.text) == (200, "reached")


@covers("error_log")
def test_the_log_names_the_reason_and_the_request(serve):
    server = serve(server="server_name name; return 200 x;")
    server.request("GET", "/path", host=None)
    line = server.error_line('without "Host" header')
    assert 'client sent HTTP/1.1 request without "Host" header while reading client request headers, client: 127.0.0.1, ' \
           'server: name, request: "GET /path HTTP/1.1"' in line


def test_a_field_with_an_underscore_is_dropped(serve):
    server = serve(server='return 200 "[$http_x_a]";')
    assert server.get("/", "X_A: dropped").text == "[]"
    assert server.get("/", "X-A: kept").text == "[kept]"


def test_garbage_does_not_end_the_server(server):
    for octets in (b"\0" * 5000, b"\xff" * 5000, b"GET " * 3000, b"\r\n" * 5000, b"A" * 50000, b": : :\r\n" * 500,
        b"GET / HTTP/1.1\r\n" + b":\r\n" * 900):
        with server.connect() as connection:
            try:
                connection.send(octets)
                connection.half_close()
            except OSError:
                pass
            connection.read_to_end()
    assert server.get("/").text == "reached"


def test_a_client_that_resets_in_the_middle(server):
    for cut in range(1, 30, 3):
        connection = server.connect()
        connection.send(head_of("GET", "/")[:cut])
        connection.reset()
    assert server.get("/").text == "reached"

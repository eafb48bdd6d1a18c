# integration/test_proxy_protocol.py: connections that begin with who is behind the proxy: `listen ... proxy_protocol`.
# The proxy is the test: it sends the header, whole and octet by octet, and then requests.
import socket
import struct

import pytest
from harness import process
from harness.client import Connection, head_of
from harness.marks import cases, covers, not_in_model, webserv_only

ANSWER = ('return 200 "$proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_addr $proxy_protocol_server_port|$remote_addr '
          '$remote_port|$realip_remote_addr";')
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def version2(command=0x21, family=0x11, body=b""):
    return SIGNATURE + struct.pack("!BBH", command, family, len(body)) + body


IPV4 = socket.inet_aton("192.0.2.1") + socket.inet_aton("192.0.2.2") + struct.pack("!HH", 1234, 80)
IPV6 = socket.inet_pton(socket.AF_INET6, "2001:db8::1") + socket.inet_pton(socket.AF_INET6, "2001:db8::2") + struct.pack("!HH", 1234, 80)
HEADERS = {
    "1, IPv4": (b"PROXY TCP4 192.0.2.1 192.0.2.2 1234 80\r\n", "192.0.2.1 1234 192.0.2.2 80"),
    "1, IPv6": (b"PROXY TCP6 2001:db8::1 2001:db8::2 1234 80\r\n", "2001:db8::1 1234 2001:db8::2 80"),
    "1, unknown": (b"PROXY UNKNOWN\r\n", None),
    "1, unknown with addresses": (b"PROXY UNKNOWN ::1 ::2 1 2\r\n", None),
    "2, IPv4": (version2(body=IPV4), "192.0.2.1 1234 192.0.2.2 80"),
    "2, IPv6": (version2(family=0x21, body=IPV6), "2001:db8::1 1234 2001:db8::2 80"),
    "2, with extensions": (version2(body=IPV4 + b"\x01\0\x02h2"), "192.0.2.1 1234 192.0.2.2 80"),
    "2, local": (version2(command=0x20, family=0), None),
    "2, local socket": (version2(family=0x31, body=b"/" * 216), None),
}


@pytest.fixture(scope="module")
def server(shared_site, shared_serve):
    return shared_serve(http="server { listen 127.0.0.1:{port} proxy_protocol; set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol;"
                        "location / { " + ANSWER + " } }"
                        "server { listen 127.0.0.1:{port2}; location / { " + ANSWER + " } }")


@covers("listen")
@cases("name", HEADERS)
def test_versions(server, name):
    header, facts = HEADERS[name]
    with server.connect() as connection:
        connection.send(header + head_of("GET", "/"))
        seen, client, peer = connection.read_response().text.split("|")
        assert peer == "127.0.0.1"
        if facts is None:
            assert seen == "   " and client.startswith("127.0.0.1 ")
        else:
            assert seen == facts and client == " ".join(facts.split(" ")[:2])
        assert connection.get("/").text.split("|")[0] == seen, "it holds for the whole connection"


@webserv_only("nginx wants it in one piece")
@covers("listen")
@cases("name", ["1, IPv4", "1, unknown", "2, IPv6", "2, with extensions"])
def test_octet_by_octet(server, name):
    header, facts = HEADERS[name]
    with server.connect() as connection:
        connection.send_slowly(header + head_of("GET", "/"))
        assert connection.read_response().text.split("|")[0] == (facts or "   ")


@covers("listen")
def test_a_large_request_behind_it(server):
    with server.connect() as connection:
        fields = [f"X-{number}: {'x' * 500}" for number in range(10)]
        connection.send(HEADERS["1, IPv4"][0] + head_of("POST", "/", [*fields, "Content-Length: 5000"]) + b"c" * 5000 + head_of("GET", "/"))
        for method in ("POST", "GET"):
            assert connection.read_response(method).text.startswith("192.0.2.1 ")


@webserv_only("nginx 1.22 puts the line ends into its log")
@cases("octets, complaint", [
    (b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", 'broken header: "GET / HTTP/1.1" while reading PROXY protocol'),
    (b"PROXY TCP9 192.0.2.1 192.0.2.2 1234 80\r\n", 'broken header: "PROXY TCP9 192.0.2.1 192.0.2.2 1234 80"'),
    (b"PROXY TCP4 192.0.2.1 192.0.2.2 1234 80 9\r\n", 'broken header: "PROXY TCP4'),
    (b"PROXY TCP4 192.0.2.1 192.0.2.2 1234 99999\r\n", 'broken header: "PROXY TCP4'),
    (SIGNATURE + b"\x11\x11\0\x0c" + IPV4, "unknown PROXY protocol version: 1"),
])
def test_what_is_no_header_is_closed(serve, octets, complaint):
    server = serve(http="server { listen 127.0.0.1:{port} proxy_protocol; return 200 x; }")
    with server.connect() as connection:
        connection.send(octets)
        assert connection.is_closed()
    line = server.error_line(r"\[error\].*while reading PROXY protocol")
    assert complaint in line
    assert f"client: 127.0.0.1, server: 127.0.0.1:{server.port}" in line


@webserv_only("nginx believes what stands there")
def test_an_address_that_is_none(serve):
    server = serve(http="server { listen 127.0.0.1:{port} proxy_protocol; return 200 x; }")
    assert server.raw(b"PROXY TCP4 1.2.3.4.5 192.0.2.2 1 2\r\n" + head_of("GET", "/")) == b""
    server.error_line('broken header: "PROXY TCP4 1.2.3.4.5')


@webserv_only("its message is another")
def test_one_that_does_not_come(serve):
    server = serve(http="server { listen 127.0.0.1:{port} proxy_protocol; client_header_timeout 300ms; return 200 x; }")
    with server.connect() as connection:
        connection.send(b"PROXY TC")
        assert connection.is_closed()
    server.error_line("client timed out while reading PROXY protocol, client: 127.0.0.1")
    with server.connect() as connection:
        connection.send(b"PROXY TC")
    server.error_line("client closed connection while reading PROXY protocol")


@covers("listen")
def test_without_the_parameter_there_is_no_proxy(server):
    answer = server.get("/", address=server.site.port("port2")).text
    assert answer.startswith("   |127.0.0.1 ")
    with server.connect(server.site.port("port2")) as connection:
        connection.send(HEADERS["1, IPv4"][0])
        assert connection.read_response().status == 400


@covers("listen")
def test_it_holds_for_all_servers_of_an_address(serve):
    server = serve(http="""server { listen 127.0.0.1:{port}; server_name a; return 200 "a $proxy_protocol_addr"; }
        server { listen 127.0.0.1:{port} proxy_protocol; server_name b; return 200 "b $proxy_protocol_addr"; }""")
    with server.connect() as connection:
        connection.send(HEADERS["1, IPv4"][0])
        assert connection.get("/", host="a").text == "a 192.0.2.1"
        assert connection.get("/", host="b").text == "b 192.0.2.1"


@webserv_only("of 1.23.2")
@cases("name, value", [("alpn", "h2"), ("authority", "example.org"), ("ssl_version", "TLSv1.3"), ("ssl_verify", "7"), ("0xea", "more"),
                       ("unique_id", "")])
def test_extensions(serve, name, value):
    def extension(kind, octets):
        return struct.pack("!BH", kind, len(octets)) + octets

    tls = b"\x01" + struct.pack("!I", 7) + extension(0x21, b"TLSv1.3")
    body = IPV4 + extension(1, b"h2") + extension(2, b"example.org") + extension(0x20, tls) + extension(0xea, b"more")
    server = serve(http="server { listen 127.0.0.1:{port} proxy_protocol; return 200 \"$proxy_protocol_tlv_" + name + "\"; }")
    with server.connect() as connection:
        connection.send(version2(body=body) + head_of("GET", "/"))
        assert connection.read_response().text == value


@covers("set_real_ip_from")
def test_only_a_trusted_proxy_is_believed(serve):
    server = serve(http="server { listen 127.0.0.1:{port} proxy_protocol; set_real_ip_from 10.0.0.1; real_ip_header proxy_protocol;"
                   "location / { " + ANSWER + " } }")
    with server.connect() as connection:
        connection.send(HEADERS["1, IPv4"][0] + head_of("GET", "/"))
        assert connection.read_response().text.startswith("192.0.2.1 1234 192.0.2.2 80|127.0.0.1 ")


@not_in_model("fork", "a child keeps the configuration it was born with")
@webserv_only("nginx starts new workers")
@covers("listen")
def test_a_reload_changes_it(serve, site):
    from harness import reload

    plain = 'server { listen 127.0.0.1:{port}; return 200 "plain $proxy_protocol_addr"; }'
    proxied = 'server { listen 127.0.0.1:{port} proxy_protocol; return 200 "proxied $proxy_protocol_addr"; }'
    server = serve(http=plain)
    with server.connect() as old:
        assert old.get("/").text == "plain "
        reload.reload(server, http=proxied)
        assert old.get("/").text == "proxied ", "who is there already has no header to send"
    with Connection(server.address) as connection:
        connection.send(HEADERS["1, IPv4"][0] + head_of("GET", "/"))
        assert connection.read_response().text == "proxied 192.0.2.1"
    reload.reload(server, http=plain)
    process.wait_until(lambda: server.get("/").text == "plain ", what="plain connections")

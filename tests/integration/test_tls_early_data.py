# integration/test_tls_early_data.py: requests that come before the handshake is over (TLS 1.3, 0-RTT), and what they must not do.
# The client is openssl(1): it keeps a session in a file and sends another file as early data.
import socket
import subprocess
import threading

import hpack
from harness import certificates, process
from harness.http2 import END_HEADERS, END_STREAM, GOAWAY, HEADERS, PREFACE, frame, pseudo, settings
from harness.marks import cases, covers, webserv_only

pytestmark = webserv_only("it closes while the handshake goes on, and the RST for the rest of it destroys answers now and then")

ANSWER = ' location = /say { return 200 "early=$ssl_early_data."; } location / { } '
LAST = b"Connection: close\r\n\r\n"


def site_of(addition="", early="on"):
    return ("server { listen 127.0.0.1:{port} ssl; ssl_protocols TLSv1.2 TLSv1.3; " + f"ssl_early_data {early}; " + addition
            + certificates.shared().pair("localhost") + ANSWER + "}")


def head(target, rest=LAST, method="GET"):
    return f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n".encode() + rest


class Client:
    """Has been here before."""

    def __init__(self, server, folder, *options):
        self.server, self.folder, self.options = server, folder, options
        self.run(head("/say"), "-sess_out", folder / "session.pem", "-tls1_3")

    def run(self, text, *arguments, port=None):
        command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port or self.server.port}", "-servername", "localhost", "-ign_eof",
                   *self.options, *arguments]
        done = subprocess.run(list(map(str, command)), input=text, capture_output=True, timeout=60, check=False)
        return done.stdout

    def send_early(self, early, late=b"", port=None):
        """@return all that came, and what openssl says about it"""
        (self.folder / "early").write_bytes(early)
        return self.run(late, "-sess_in", self.folder / "session.pem", "-early_data", self.folder / "early", port=port)


@covers("ssl_early_data")
def test_the_answer_comes_before_the_handshake_is_over(serve, tmp_path):
    server = serve(http=site_of())
    client = Client(server, tmp_path)
    got = client.send_early(head("/say", b"\r\n"), head("/say"))
    assert b"Early data was accepted" in got
    assert b"early=1." in got, "the first came early"
    assert b"early=." in got, "the second after the handshake"


@covers("ssl_early_data")
def test_without_it_the_request_is_not_heard(serve, tmp_path):
    server = serve(http=site_of())
    client = Client(server, tmp_path)
    server.stop()
    server = serve(http=site_of(early="off"))
    client.server = server
    got = client.send_early(head("/say", b"\r\n"), head("/say"))
    assert b"Early data was accepted" not in got and b"early=1" not in got and got.count(b"early=.") == 1


def test_a_long_answer_is_complete(serve, tmp_path):
    server = serve(http=site_of())
    content = server.site.write_large(400_000, "large")
    got = Client(server, tmp_path, "-quiet").send_early(head("/large"))
    assert content in got


def test_a_request_may_be_cut_where_the_handshake_ends(serve, tmp_path):
    server = serve(http=site_of())
    client = Client(server, tmp_path, "-quiet")
    half = head("/say")
    assert b"early=." in client.send_early(half[:20], half[20:]), "it is known by then that it is no repetition"
    content = b"x" * 20_000
    first = head("/say", b"Content-Length: 20000\r\n\r\n") + content[:9_000]
    got = client.send_early(first, content[9_000:] + head("/say"))
    assert got.count(b"HTTP/1.1 200") == 2 and b"early=1." in got and b"early=." in got


@cases("capacity", [1, 500])
def test_a_client_may_be_slow(serve, tmp_path, capacity):
    """A relay passes on a few octets at a time."""
    server = serve(http=site_of())
    with Relay(server.address, capacity) as relay:
        got = Client(server, tmp_path).send_early(head("/say"), port=relay.port)
    assert b"Early data was accepted" in got and b"early=1." in got


def test_http2_as_well(serve, tmp_path):
    server = serve(http=site_of("http2 on; "))
    client = Client(server, tmp_path, "-alpn", "h2", "-quiet")
    request = frame(HEADERS, END_HEADERS | END_STREAM, 1, hpack.Encoder().encode(pseudo("/say", scheme="https")))
    got = client.send_early(PREFACE + settings({}) + request, frame(GOAWAY, payload=bytes(8)))
    assert b"early=1." in got


class Relay:
    """Passes octets on, and remembers what the client said before it heard anything."""

    def __init__(self, address, capacity=65536):
        self.address, self.capacity = address, capacity
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.first = b""

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.thread.join()
        self.listener.close()

    def serve(self):
        near, _ = self.listener.accept()
        far = socket.create_connection(self.address)
        heard = threading.Event()
        back = threading.Thread(target=self.pass_on, args=(far, near, heard.set))
        back.start()
        self.pass_on(near, far, lambda: None, lambda octets: heard.is_set() or self.remember(octets))
        back.join()
        near.close()
        far.close()

    def remember(self, octets):
        self.first += octets

    def pass_on(self, source, target, on_octets, seen=lambda octets: None):
        try:
            while octets := source.recv(self.capacity):
                on_octets()
                seen(octets)
                target.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                target.sendall(octets)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def test_who_has_recorded_it_may_repeat_it(serve, tmp_path):
    """As with nginx: that is what $ssl_early_data is for."""
    server = serve(http="log_format early '$uri=$ssl_early_data'; access_log {dir}/early.log early; " + site_of())
    client = Client(server, tmp_path)
    with Relay(server.address) as relay:
        assert b"early=1." in client.send_early(head("/say", b"\r\n"), head("/say"), port=relay.port)
    with server.connect() as again:
        again.send(relay.first)
        again.receive_more()
    log = server.site.dir / "early.log"
    process.wait_until(lambda: log.read_text().split() == ["/say=-", "/say=1", "/say=-", "/say=1"], what="the same request twice")


def test_what_changes_files_is_too_early(serve, tmp_path):
    server = serve(http=site_of("dav_methods PUT DELETE; "))
    server.site.root.chmod(0o777)
    server.site.write("kept", "kept")
    client = Client(server, tmp_path)
    got = client.send_early(head("/kept", b"\r\n", method="DELETE"), head("/kept"))
    assert b"HTTP/1.1 425 Too Early" in got and b"kept" in got
    put = head("/new", b"Content-Length: 3\r\n", method="PUT")
    got = client.send_early(put + b"\r\nnew", head("/new", b"Content-Length: 3\r\n" + LAST, method="PUT") + b"new")
    assert b"HTTP/1.1 425 Too Early" in got and b"HTTP/1.1 201" in got

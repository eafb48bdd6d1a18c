# integration/test_get_https.py: `webserv get https://`: whom it believes and whom not, redirects between the schemes, what --trace shows.
# The servers are ours, nginx, and scripts behind Python's TLS.
import socket
import ssl
import threading

import pytest
from harness import certificates, process
from harness.marks import cases, webserv_only
from harness.scripted import curl, get
from harness.site import Server, Site

pytestmark = webserv_only("nginx is no client")

LARGE = bytes(range(256)) * 8000


@pytest.fixture(scope="module", params=["webserv", "nginx"])
def real(request):
    made, site = certificates.shared(), Site()
    site.write("small", "12345")
    site.write("large", LARGE)
    server = Server(site, process.NGINX if request.param == "nginx" else process.BINARY)
    server.start(site.configure(http="server { listen 127.0.0.1:{port} ssl; " + made.pair("both", common_name="localhost", names=["localhost", "127.0.0.1"])
                                + "location = /down { return 301 http://localhost:{port2}/small; } location = /post { return 200 $request_method; } }"
                                "server { listen 127.0.0.1:{port2}; location = /up { return 301 https://localhost:{port}/small; } }"))
    yield server
    server.stop()
    site.remove()


def url(server, target, host="localhost", scheme="https", port="port"):
    return f"{scheme}://{host}:{server.site.port(port)}{target}"


def believing(*words):
    return ["--cacert", str(certificates.shared().authority), *words]


@cases("host", ["localhost", "127.0.0.1"])
@cases("target, words", [("/small", []), ("/large", []), ("/missing", ["-f"]), ("/small", ["-I"]), ("/post", ["-d", "x" * 100_000])])
def test_the_same_as_curl(real, host, target, words):
    ours, theirs = (client(url(real, target, host), *believing(*words)) for client in (get, curl))
    assert ours.code == theirs.code
    if "-I" not in words:
        assert ours.out == theirs.out


@cases("words, code", [([], 60), (["-k"], 0), (["--cacert", "/nosuch"], 77), (["--cacert", "/dev/null"], 77)])
def test_whom_it_believes(real, words, code):
    ours, theirs = get(url(real, "/small"), *words), curl(url(real, "/small"), *words)
    assert (ours.code, theirs.code) == (code, code)
    assert ours.out == (b"12345" if code == 0 else b"")
    assert bool(ours.err) == (code != 0)


def test_the_name_has_to_fit(real):
    resolve = ["--resolve", f"other.test:{real.port}:127.0.0.1"]
    ours = get(url(real, "/small", "other.test"), *believing(*resolve))
    assert ours.code == 60 and "other.test" in ours.err and "hostname mismatch" in ours.err
    assert get(url(real, "/small", "other.test"), "-k", *resolve).out == b"12345"


def test_redirects_go_up_and_down(real):
    assert get("-L", url(real, "/up", scheme="http", port="port2"), *believing()).out == b"12345"
    assert get("-L", url(real, "/down"), *believing()).out == b"12345"


def test_who_speaks_no_tls(real):
    ours = get(url(real, "/small", port="port2"))
    assert ours.code == 35 and "no TLS connection" in ours.err


def test_verbose_and_trace_tell_what_was_agreed(real):
    told = get("-v", url(real, "/small"), *believing()).err
    assert "* TLSv1." in told and "CN=localhost, issued by CN=Test Authority" in told
    trace = get("--trace", url(real, "/small"), *believing()).err
    order = [trace.index(message) for message in ("TLS -> ClientHello", "TLS <- ServerHello", "TLS <- Certificate", "TLS -> Finished", "TLS: TLSv1.")]
    assert order == sorted(order)


@cases("announce", [True, False])
def test_an_end_that_was_not_announced_is_none(announce):
    made = certificates.shared()
    made.pair("both", common_name="localhost", names=["localhost", "127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.dir / "both.pem", made.dir / "both.key")
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(30)

    def serve():
        with listener:
            raw, _ = listener.accept()
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        session = context.wrap_bio(incoming, outgoing, server_side=True)

        def step(call):
            while True:
                try:
                    return call()
                except ssl.SSLWantReadError:
                    raw.sendall(outgoing.read())
                    incoming.write(raw.recv(65536))

        with raw:
            step(session.do_handshake)
            while b"\r\n\r\n" not in step(lambda: session.read(65536)):
                pass
            session.write(b"HTTP/1.1 200 OK\r\n" + (b"Content-Length: 5\r\n" if announce else b"") + b"Connection: close\r\n\r\n12345")
            raw.sendall(outgoing.read())

    port = listener.getsockname()[1]
    thread = threading.Thread(target=serve)
    thread.start()
    ours = get(f"https://localhost:{port}/", *believing())
    thread.join(30)
    assert ours.out == b"12345"
    assert (ours.code == 0) == announce

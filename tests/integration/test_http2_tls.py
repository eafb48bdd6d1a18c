# integration/test_http2_tls.py: HTTP/2 over TLS: chosen in the handshake, with everything that it is over cleartext.
# The clients are raw frames over Python's TLS, curl and h2load.
import shutil
import subprocess

import pytest
from harness import certificates
from harness.http2 import Http2
from harness.marks import not_in_model, webserv_only

pytestmark = webserv_only("nginx 1.22 does not know the directive")


def secure(**options):
    context = certificates.client(**options)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


@pytest.fixture(scope="module")
def secure_server(shared_serve):
    server = shared_serve(http="server { listen 127.0.0.1:{port} ssl; http2 on; " + certificates.shared().pair("localhost") + """
        location = /facts { return 200 "$http2|$server_protocol|$scheme|$https"; } location = /old { return 301 /new; } location / { } }
        server { listen 127.0.0.1:{port2} ssl; """ + certificates.shared().pair("localhost") + ' return 200 "$http2|$server_protocol"; }')
    server.site.write_large(3_000_000, "large")
    server.site.write("small", "small")
    return server


def test_alpn_chooses_it(secure_server):
    with Http2(secure_server.address, tls=secure(), name="localhost") as client:
        assert client.socket.selected_alpn_protocol() == "h2"
        assert client.fetch("/facts", scheme="https").text == "h2|HTTP/2.0|https|on"
        assert client.fetch("/old").field("location") == f"https://localhost:{secure_server.port}/new"
        assert client.fetch("/large").content == (secure_server.site.root / "large").read_bytes()
        for stream in [client.ask("/small") for _ in range(100)]:
            assert client.answer(stream).content == b"small"


def test_who_does_not_want_it_gets_http1(secure_server):
    with secure_server.connect(tls=certificates.client(), name="localhost") as client:
        assert client.get("/facts").text == "|HTTP/1.1|https|on"
    port = ("127.0.0.1", secure_server.site.port("port2"))
    with secure_server.connect(port, tls=secure(), name="localhost") as client:
        assert client.socket.selected_alpn_protocol() in (None, "http/1.1")
        assert client.get("/").text == "|HTTP/1.1"


@not_in_model("iterative", "it serves one connection at a time")
def test_curl_and_h2load_with_tls(secure_server):
    url = f"https://localhost:{secure_server.port}/large"
    got = subprocess.run(["curl", "-sS", "-k", "--http2", "--max-time", "20", "--resolve", f"localhost:{secure_server.port}:127.0.0.1", "-w",
                          "%{stderr}%{http_version}", url], capture_output=True, check=True)
    assert got.stdout == (secure_server.site.root / "large").read_bytes() and got.stderr == b"2"
    if shutil.which("h2load"):
        got = subprocess.run(["h2load", "-n", "2000", "-c", "4", "-m", "32", f"https://127.0.0.1:{secure_server.port}/small"],
                             capture_output=True, check=True, timeout=60, text=True).stdout
        assert "2000 succeeded, 0 failed, 0 errored, 0 timeout" in got

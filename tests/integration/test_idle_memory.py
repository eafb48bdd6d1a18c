# integration/test_idle_memory.py: what a worker's memory grows by for each connection that waits for its next request.
# The bounds leave some room above what was measured: 360 octets, and 9,080 over TLS, where OpenSSL's objects are nearly all of it.
import re
import resource
import time
from pathlib import Path

import pytest
from harness import certificates, process
from harness.client import head_of
from harness.http2 import Http2
from harness.marks import not_in_model, webserv_only

ASK = head_of("GET", "/small")
PAUSE_SECONDS = 0.7  # longer than it takes until a connection over TLS gives back memory

pytestmark = [
    webserv_only("its figures are its own"),
    not_in_model("fork", "each connection has a process of its own"),
    not_in_model("iterative", "one connection waits at most"),
]
measured = pytest.mark.skipif(b"__asan_init" in Path(process.BINARY).read_bytes(), reason="the sanitizers' memory is counted as well")


def private_bytes(pid):
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return 1024 * sum(int(kibibytes) for kibibytes in re.findall(r"^Private_\w+: +(\d+) kB", rollup, re.M))


@pytest.fixture
def many_files():
    """Both ends of each connection need a descriptor, the server's inherits the bound."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def growth(server, count, bound, **options):
    """Octets a connection once they are below the bound; all of them are answered before, and again afterwards."""
    def asked(connections):
        for connection in connections:
            connection.send(ASK)
            assert connection.read_response().content == b"small"
        return connections

    for connection in asked([server.connect(**options) for _ in range(20)]):  # what the first ones need is not theirs
        connection.close()
    worker = server.process.worker()
    before = private_bytes(worker)
    connections = asked([server.connect(**options) for _ in range(count)])
    process.wait_until(lambda: (private_bytes(worker) - before) / count <= bound, what=f"{bound} octets a connection at most")
    asked(connections)


@measured
def test_2000_connections(serve, site, many_files):
    site.write("small", "small")
    server = serve(events="worker_connections 4096;", server="keepalive_timeout 600s;")
    growth(server, 2000, 440)


@measured
@pytest.mark.parametrize("protocol, bound", [("TLSv1.3", 10_000), ("TLSv1.2", 8_500)])
def test_300_connections_over_tls(serve, site, many_files, protocol, bound):
    site.write("small", "small")
    server = serve(events="worker_connections 4096;", http="server { listen 127.0.0.1:{port} ssl; keepalive_timeout 600s; ssl_protocols "
                   + protocol + "; " + certificates.shared().pair("localhost") + "}")
    growth(server, 300, bound, tls=certificates.client(), name="localhost")


FACTS = "$ssl_protocol|$ssl_cipher|$ssl_server_name|$ssl_session_id|$ssl_client_s_dn|$connection|$connection_requests"


def secure_server(serve):
    trusted = certificates.shared()
    trusted.pair("visitor", common_name="A Visitor")
    return serve(http="server { listen 127.0.0.1:{port} ssl; http2 on; keepalive_timeout 2s; ssl_verify_client on; ssl_client_certificate "
                 + f"{trusted.authority}; {trusted.pair('localhost')} return 200 '{FACTS}'; }}")


def test_a_connection_over_tls_knows_everything_after_a_pause(serve):
    server = secure_server(serve)
    with server.connect(tls=certificates.client(certificate="visitor"), name="localhost") as connection:
        *facts, requests = connection.get("/").text.split("|")
        assert requests == "1" and all(facts)
        for number in ("2", "3"):
            time.sleep(PAUSE_SECONDS)
            assert connection.get("/").text.split("|") == [*facts, number]
        start = time.monotonic()
        assert connection.is_closed(), "without a goodbye this would fail"
        assert time.monotonic() - start > 1.8


def test_http2_goes_on_after_a_pause(serve):
    server = secure_server(serve)
    context = certificates.client(certificate="visitor")
    context.set_alpn_protocols(["h2"])
    with Http2(server.address, tls=context, name="localhost") as client:
        facts = client.fetch("/").text.split("|")[:-1]
        time.sleep(PAUSE_SECONDS)
        assert client.fetch("/").text.split("|")[:-1] == facts


def test_a_connection_that_has_never_asked_is_answered_after_a_pause(serve):
    server = secure_server(serve)
    with server.connect(tls=certificates.client(certificate="visitor"), name="localhost") as connection:
        time.sleep(PAUSE_SECONDS)
        assert connection.get("/").text.endswith("|1")
        time.sleep(PAUSE_SECONDS)
    assert server.connect(tls=certificates.client(certificate="visitor"), name="localhost").get("/").status == 200

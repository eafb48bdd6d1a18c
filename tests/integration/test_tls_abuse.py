# integration/test_tls_abuse.py: what a client may do below HTTP to keep us busy, and that its connection ends, and only that one.
# OpenSSL itself has no bound for any of it.
from harness import certificates, process
from harness.client import head_of
from harness.libssl import UPDATE_NOT_REQUESTED, UPDATE_REQUESTED, Client
from harness.marks import cases, not_in_model, webserv_only

SITE = "server { listen 127.0.0.1:{port} ssl; " + certificates.shared().pair("localhost") + ' location / { return 200 "here"; } }'


def ends(attacker, attack):
    """The attack meets the connection's end. What it says until then is bounded: sockets hold so much."""
    return any(not attack() for _ in range(100_000)) or not attacker.receive()


@webserv_only("it goes on for ever")
@not_in_model("iterative", "it serves one connection at a time")
@cases("kind", [UPDATE_NOT_REQUESTED, UPDATE_REQUESTED])
def test_a_flood_of_new_keys_ends_the_connection(serve, kind):
    server = serve(http=SITE)
    with server.connect(tls=certificates.client(), name="localhost") as bystander, Client(server.address) as attacker:
        assert bystander.get("/").text == "here"
        assert ends(attacker, lambda: attacker.update_keys(kind))
        assert bystander.get("/").text == "here"
    process.wait_until(lambda: server.error_line(r"\[warn\].*client changes keys too often"), what="a line in the log")


@cases("kind", [UPDATE_NOT_REQUESTED, UPDATE_REQUESTED])
def test_new_keys_are_no_crime(serve, kind):
    server = serve(http=SITE)
    with Client(server.address) as client:
        for _ in range(10):
            assert client.update_keys(kind)
            assert client.send(head_of("GET", "/")) and client.receive().endswith(b"here")


@not_in_model("iterative", "it serves one connection at a time")
@webserv_only("the library refuses, and it knows nothing")
def test_another_handshake_ends_the_connection(serve):
    server = serve(http=SITE)
    with server.connect(tls=certificates.client(), name="localhost") as bystander, Client(server.address, tls12=True) as attacker:
        assert attacker.send(head_of("GET", "/")) and attacker.receive().endswith(b"here")
        attacker.renegotiate()
        assert not attacker.receive()
        assert bystander.get("/").text == "here"
    process.wait_until(lambda: server.error_line(r"\[warn\].*SSL renegotiation disabled"), what="a line in the log")

# integration/test_tls_sessions.py: coming back: tickets and their keys, caches, how long a session may be resumed.
# Resumed or not is what both ends say: the client's library, and $ssl_session_reused.
import os
import ssl

from harness import certificates, process, reload
from harness.marks import cases, covers, webserv_only

TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
ANSWER = ' location / { return 200 "$ssl_session_reused $pid"; } }'


def site_of(settings="", listen="listen 127.0.0.1:{port} ssl;"):
    return "server { " + listen + certificates.shared().pair("localhost") + settings + ANSWER


class Client:
    """One client that comes back with what it was given."""

    def __init__(self, protocol):
        self.context = certificates.client(protocol=protocol)
        self.session = None

    def get(self, server, address=None):
        """Whether the session was resumed, and who says so."""
        with server.connect(address, tls=self.context, name="localhost", session=self.session) as connection:
            reused, pid = connection.get("/").text.split()
            assert (reused == "r") == connection.socket.session_reused
            self.session = connection.socket.session
            return reused == "r", int(pid)


@covers("ssl_session_tickets")
@cases("protocol", [TLS12, TLS13])
def test_tickets_are_given_and_taken(serve, protocol):
    server = serve(http=site_of())
    client = Client(protocol)
    assert [client.get(server)[0] for _ in range(4)] == [False, True, True, True]


@covers("ssl_session_tickets")
@cases("protocol", [TLS12, TLS13])
def test_without_tickets_and_cache_nothing_is_resumed(serve, protocol):
    server = serve(http=site_of("ssl_session_tickets off; ssl_session_cache off;"))
    client = Client(protocol)
    assert [client.get(server)[0] for _ in range(3)] == [False, False, False]


@covers("ssl_session_cache")
@cases("protocol", [TLS12, TLS13])
def test_a_worker_may_keep_them_itself(serve, protocol):
    server = serve(http=site_of("ssl_session_tickets off; ssl_session_cache builtin:100;"))
    client = Client(protocol)
    assert [client.get(server)[0] for _ in range(3)] == [False, True, True]


@covers("ssl_session_cache")
@cases("protocol", [TLS12, TLS13])
def test_all_workers_may_keep_them(serve, protocol):
    shared = "ssl_session_tickets off; ssl_session_cache shared:one:1m;"
    server = serve(http=site_of(shared, "listen 127.0.0.1:{port} ssl reuseport;") + site_of(shared, "listen 127.0.0.1:{port2} ssl;")
                   + site_of(shared.replace("one", "two"), "listen 127.0.0.1:{port3} ssl;"), main="worker_processes 2;")
    client, seen = Client(protocol), set()
    assert not client.get(server)[0]

    def served_by_both():
        reused, pid = client.get(server)
        assert reused
        seen.add(pid)
        return len(seen) == 2

    process.wait_until(served_by_both, what="answers of both workers")
    assert client.get(server, ("127.0.0.1", server.site.port("port2")))[0], "the same cache"
    kept = client.session
    assert not client.get(server, ("127.0.0.1", server.site.port("port3")))[0], "another cache"
    if not process.is_nginx(server.binary) and protocol == TLS12:
        reload.reload(server, http=site_of(shared, "listen 127.0.0.1:{port} ssl;"), main="worker_processes 2;")
        client.session = kept
        assert client.get(server)[0], "the sessions are still there"


@webserv_only("is about reloads in place")
@covers("ssl_session_cache")
def test_a_cache_changes_its_size_and_its_name(serve):
    """There is room for all of them together, but not for the sum of what they have been."""
    shared = "ssl_session_tickets off; ssl_session_cache shared:{}:{}m;"
    server = serve(http=site_of(shared.format("one", 100)))
    for name, mebibytes in (("one", 101), ("one", 50), ("one", 30), ("two", 100), ("three", 101), ("four", 99)):
        reload.reload(server, http=site_of(shared.format(name, mebibytes)))
        client = Client(TLS12)
        assert [client.get(server)[0] for _ in range(2)] == [False, True], (name, mebibytes)


@covers("ssl_session_timeout")
def test_sessions_grow_old(serve):
    server = serve(http=site_of("ssl_session_timeout 1s;"))
    client = Client(TLS12)
    assert not client.get(server)[0]
    # A session is old once the seconds of the wall clock say so: however late that is looked at, it is so from then on.
    process.wait_until(lambda: not client.get(server)[0], what="a session that is too old")


@webserv_only("the keys of Debian's nginx are made anew with each configuration")
def test_all_workers_share_the_keys_through_reloads(serve):
    server = serve(http=site_of(listen="listen 127.0.0.1:{port} ssl reuseport;"), main="worker_processes 2;")
    client, seen = Client(TLS13), set()
    client.get(server)

    def served_by_both():
        reused, pid = client.get(server)
        assert reused
        seen.add(pid)
        return len(seen) == 2

    process.wait_until(served_by_both, what="answers of both workers")
    reload.reload(server, http=site_of("keepalive_timeout 70s;", listen="listen 127.0.0.1:{port} ssl reuseport;"), main="worker_processes 2;")
    seen.clear()
    process.wait_until(served_by_both, what="answers of both workers after the reload")


@covers("ssl_session_ticket_key")
@cases("length", [48, 80])
def test_keys_of_files_open_what_another_server_has_sealed(serve, site, length):
    """The other server is nginx: it has the same file, and the same session identity is not asked for with TLS 1.3's tickets."""
    site.write(site.dir / "old.key", os.urandom(length))
    site.write(site.dir / "new.key", os.urandom(length))
    one = site_of("ssl_session_ticket_key old.key;")
    two = site_of("ssl_session_ticket_key new.key; ssl_session_ticket_key old.key;", listen="listen 127.0.0.1:{port2} ssl;")
    three = site_of("ssl_session_ticket_key new.key;", listen="listen 127.0.0.1:{port3} ssl;")
    server = serve(http=one + two + three)
    addresses = [("127.0.0.1", server.site.port(name)) for name in ("port", "port2", "port3")]
    client = Client(TLS12)
    assert not client.get(server, addresses[0])[0]
    old = client.session
    assert client.get(server, addresses[1])[0], "an old key still opens"
    assert client.session is not None
    client.session = old
    assert not client.get(server, addresses[2])[0], "it is not known there"
    assert client.get(server, addresses[1])[0], "the new key opens as well"

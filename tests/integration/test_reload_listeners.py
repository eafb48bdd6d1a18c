# integration/test_reload_listeners.py: addresses that a reload adds, removes, or listens on otherwise.
# Who has connected is answered, and stays connected as long as the address is named.
import os
import signal
import subprocess
from pathlib import Path

from harness import process
from harness.client import head_of
from harness.marks import cases, cleartext_only, webserv_only
from harness.reload import pid, reload, reload_any, text, workers_of
from harness.traffic import Download

SIZE = 8_000_000


def test_a_listener_is_added(serve):
    server = serve(http=text("one"), wait_for=[])
    port = server.site.port("port2")
    assert not process.can_connect(("127.0.0.1", port))
    reload_any(server, http=text("one") + 'server { listen 127.0.0.1:{port2}; return 200 "two"; }')
    process.wait_until(lambda: process.can_connect(("127.0.0.1", port)), what="the new listener")
    assert server.get("/", address=port).text == "two"
    assert server.get("/").text == "one"


@cases("workers", [1, 2])
def test_a_listener_is_removed(serve, site, workers):
    site.write("big", b"x" * SIZE)
    main = f"worker_processes {workers};"
    second = 'server { listen 127.0.0.1:{port2}; location / { return 200 "two"; } location /big { } }'
    server = serve(main=main, http=text("one") + second)
    port = server.site.port("port2")
    download = Download(("127.0.0.1", port), "/big", SIZE)
    idle = server.connect(port)
    idle.get("/")
    reload_any(server, main=main, http=text("one"))
    process.wait_until(lambda: not process.can_connect(("127.0.0.1", port)), what="the listener's end")
    assert idle.is_closed()
    assert download.finish() is None
    assert download.connection.is_closed()
    assert server.get("/").text == "one"


@cleartext_only("nobody shakes hands with who waits")
@webserv_only("its workers that leave end their idle connections")
def test_who_waits_in_the_queue_of_a_removed_listener_is_answered(serve):
    second = 'server { listen 127.0.0.1:{port2}; return 200 "two"; }'
    server = serve(http=text("one") + second)
    (worker,) = workers_of(server)
    other = server.connect()
    other.get("/")
    os.kill(worker, signal.SIGSTOP)  # so that connections wait; it goes on before it is missed
    try:
        waiting = [server.connect(server.site.port("port2")) for _ in range(5)]
        for connection in waiting[:3]:
            connection.send(head_of("GET", "/"))
        reload(server, wait=False, http=text("new"))
        process.wait_until(lambda: "reconfiguring" in server.error_log())
    finally:
        os.kill(worker, signal.SIGCONT)
    for connection in waiting[:3]:
        assert connection.read_response().text == "two"
        assert connection.is_closed()
    waiting[3].send(head_of("GET", "/"))
    assert waiting[3].read_response().text == "two"
    process.wait_until(lambda: other.get("/").text == "new", what="the new configuration on the other connection")


@webserv_only("it needs a restart, or says nothing")
def test_the_backlog_changes(serve):
    server = serve(http=pid(listen="listen 127.0.0.1:{port} backlog=20;"))

    def backlog():
        lines = subprocess.run(["ss", "-Hltn", f"sport = :{server.port}"], capture_output=True, text=True, check=True).stdout.split("\n")
        return {int(line.split()[2]) for line in lines if line}

    assert backlog() == {20}
    reload(server, http=pid(listen="listen 127.0.0.1:{port} backlog=30;"))
    assert backlog() == {30}


def sockets_at(port):
    """Listening sockets at a port of 127.0.0.1."""
    wanted = f"0100007F:{port:04X}"
    return sum(line.split()[1] == wanted and line.split()[3] == "0A" for line in Path("/proc/net/tcp").read_text().splitlines()[1:])


@webserv_only("its workers are new")
def test_reuseport_on_and_off(serve):
    """Connections stay with their workers, whichever sockets those accept on."""
    main = "worker_processes 2;"
    without, with_it = pid(), pid(listen="listen 127.0.0.1:{port} reuseport;")
    server = serve(main=main, http=without)
    workers = set(workers_of(server, 2))
    kept = [server.connect() for _ in range(8)]
    for connection in kept:
        connection.get("/")
    for http, sockets in ((with_it, 2), (without, 1), (with_it, 2), (without, 1)):
        reload(server, main=main, http=http)
        process.wait_until(lambda: sockets_at(server.port) == sockets, what=f"{sockets} sockets")
        assert {int(server.get("/").text) for _ in range(10)} <= workers
        for connection in kept:
            assert int(connection.get("/").text) in workers
    assert set(server.process.workers()) == workers


@webserv_only("its workers are new")
def test_more_workers_share_a_port_each_with_a_socket_of_its_own(serve):
    http = pid(listen="listen 127.0.0.1:{port} reuseport;")
    server = serve(main="worker_processes 1;", http=http)
    (first,) = workers_of(server)
    with server.connect() as connection:
        connection.get("/")
        reload(server, main="worker_processes 3;", http=http)
        workers = process.wait_until(lambda: len(server.process.workers()) == 3 and server.process.workers(), what="three workers")
        assert first in workers
        assert int(connection.get("/").text) == first
        unseen = set(workers)
        process.wait_until(lambda: unseen.discard(int(server.get("/").text)) or not unseen, what="an answer of each")
        reload(server, main="worker_processes 1;", http=http)
        process.wait_until(lambda: server.process.workers() == [first], what="the end of two")
        assert int(connection.get("/").text) == first
        process.wait_until(lambda: sockets_at(server.port) == 1, what="one socket")
        assert {int(server.get("/").text) for _ in range(10)} == {first}


@webserv_only("its workers are new")
def test_a_listener_goes_and_comes_back_in_one_moment(serve, site):
    """Workers may still have the socket that the master no longer wants."""
    second = 'server { listen 127.0.0.1:{port2}; return 200 "two"; } server { listen unix:{dir}/socket; return 200 "local"; }'
    server = serve(main="worker_processes 2;", http=text("one") + second)
    for number in range(10):
        reload(server, wait=False, main="worker_processes 2;", http=text("none"))
        reload(server, wait=False, main="worker_processes 2;", http=text(f"both {number}") + second)
        process.wait_until(lambda: server.get("/").text == f"both {number}", what="the listener again")
        assert server.get("/", address=site.port("port2")).text == "two"
        assert server.get("/", address=str(site.dir / "socket")).text == "local"
    assert "[emerg]" not in server.error_log()
    reload(server, main="worker_processes 2;", http=text("one"))
    process.wait_until(lambda: not process.can_connect(("127.0.0.1", site.port("port2"))), what="the listener's end")
    process.wait_until(lambda: not os.path.exists(site.dir / "socket"), what="the path's end")


def test_the_default_server_moves(serve):
    def both(first, second):
        return (f'server {{ listen 127.0.0.1:{{port}}{first}; server_name a; return 200 "a"; }}'
                f'server {{ listen 127.0.0.1:{{port}}{second}; server_name b; return 200 "b"; }}')

    server = serve(http=both("", ""))
    assert server.get("/", host="neither").text == "a"
    reload_any(server, http=both("", " default_server"))
    process.wait_until(lambda: server.get("/", host="neither").text == "b", what="the other default")
    assert server.get("/", host="a").text == "a"


def test_a_local_socket_that_is_no_longer_named_goes(serve, site):
    path = str(site.dir / "socket")
    server = serve(http=text("one") + 'server { listen unix:{dir}/socket; return 200 "local"; }')
    assert server.get("/", address=path).text == "local"
    reload_any(server, http=text("two"))
    process.wait_until(lambda: server.get("/").text == "two" and not process.can_connect(path), what="the listener's end")
    process.wait_until(lambda: not os.path.exists(path), what="the path's end")
    reload_any(server, http=text("one") + 'server { listen unix:{dir}/socket; return 200 "again"; }')
    process.wait_until(lambda: process.can_connect(path), what="the listener again")
    assert server.get("/", address=path).text == "again"

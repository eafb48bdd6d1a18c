# integration/test_listen_options.py: socket options of `listen`, read back from the very socket that the server has.
# pidfd_getfd(2) gives the test a copy of the server's descriptor; so it needs the rights of the server's owner.
import ctypes
import os
import socket

from harness import process, reload
from harness.marks import cases, covers, not_in_model, webserv_only
from harness.sockets import sockets_of, tcp_inodes

PIDFD_OPEN, PIDFD_GETFD = 434, 438
TCP_DEFER_ACCEPT, TCP_FASTOPEN = 9, 23
libc = ctypes.CDLL(None, use_errno=True)


def borrowed(pid, number):
    """A copy of another process's socket."""
    handle = libc.syscall(PIDFD_OPEN, pid, 0)
    assert handle >= 0, os.strerror(ctypes.get_errno())
    copy = libc.syscall(PIDFD_GETFD, handle, number, 0)
    error = ctypes.get_errno()
    os.close(handle)
    assert copy >= 0, os.strerror(error)
    return socket.socket(fileno=copy)


def listening_socket(server):
    """The master's socket that listens on the server's port."""
    wanted = tcp_inodes(server.port, "0A")
    for entry in os.listdir(f"/proc/{server.process.pid}/fd"):
        link = os.readlink(f"/proc/{server.process.pid}/fd/{entry}")
        if link.startswith("socket:[") and link[8:-1] in wanted:
            return borrowed(server.process.pid, int(entry))
    raise AssertionError("the server listens on no such port")


def options(server):
    with listening_socket(server) as listener:
        return {
            "rcvbuf": listener.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF),
            "sndbuf": listener.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF),
            "keepalive": listener.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
            "idle": listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
            "interval": listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL),
            "probes": listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT),
            "deferred": listener.getsockopt(socket.IPPROTO_TCP, TCP_DEFER_ACCEPT),
            "fastopen": listener.getsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN),
            "protocol": listener.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL),
        }


def one(words, content="x"):
    return "server { listen 127.0.0.1:{port} " + words + '; return 200 "' + content + '"; }'


def defaults():
    """What a listening socket has if nobody says anything."""
    with socket.socket() as plain:
        return [plain.getsockopt(socket.IPPROTO_TCP, option) for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)]


@covers("listen")
@cases("words, option, value", [
    ("rcvbuf=16k", "rcvbuf", 32768),  # the kernel doubles it: socket(7)
    ("sndbuf=20k", "sndbuf", 40960),
    ("so_keepalive=on", "keepalive", 1),
    ("so_keepalive=off", "keepalive", 0),
    ("so_keepalive=30m::10", "keepalive", 1),
    ("so_keepalive=30m::10", "idle", 1800),
    ("so_keepalive=30m::10", "probes", 10),
    ("so_keepalive=:7s:", "interval", 7),
    ("so_keepalive=::3", "probes", 3),
    ("fastopen=5", "fastopen", 5),
    ("", "keepalive", 0),
    ("", "deferred", 0),
    ("", "fastopen", 0),
])
def test_options_of_the_socket(serve, words, option, value):
    server = serve(http=one(words))
    assert options(server)[option] == value
    assert server.get("/").text == "x"


@covers("listen")
def test_parts_that_are_left_out_stay_the_systems(serve):
    server = serve(http=one("so_keepalive=30m::"))
    assert [options(server)[name] for name in ("idle", "interval", "probes")] == [1800, *defaults()[1:]]


@not_in_model("fork", "a child has the connection")
@covers("listen")
def test_connections_inherit_them(serve):
    server = serve(http=one("rcvbuf=16k so_keepalive=100s:7s:3"))
    with server.connect() as connection:
        connection.get("/")
        worker = server.process.worker()
        mine = tcp_inodes(server.port, "01") & sockets_of(worker)
        number = next(int(entry) for entry in os.listdir(f"/proc/{worker}/fd")
                      if os.readlink(f"/proc/{worker}/fd/{entry}")[8:-1] in mine)
        with borrowed(worker, number) as accepted:
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 100
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == 32768


@not_in_model("fork", "a child has the connection")
@covers("listen")
def test_deferred(serve):
    """A connection that says nothing stays in the kernel."""
    server = serve(http=one("deferred"))
    assert options(server)["deferred"] > 0
    worker = server.process.worker()
    with server.connect() as connection:
        assert not tcp_inodes(server.port, "01") & sockets_of(worker)
        assert connection.get("/").text == "x"
        assert tcp_inodes(server.port, "01") & sockets_of(worker)


@webserv_only("of 1.29.7")
@covers("listen")
def test_multipath(serve):
    server = serve(http=one("multipath"))
    with listening_socket_of_any_kind(server) as listener:
        assert listener.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL) == 262  # IPPROTO_MPTCP
    assert server.get("/").text == "x", "a client without it falls back to TCP"


def listening_socket_of_any_kind(server):
    for entry in os.listdir(f"/proc/{server.process.pid}/fd"):
        if not os.readlink(f"/proc/{server.process.pid}/fd/{entry}").startswith("socket:["):
            continue
        candidate = borrowed(server.process.pid, int(entry))
        if candidate.family == socket.AF_INET and candidate.getsockname()[1] == server.port:
            return candidate
        candidate.close()
    raise AssertionError("the server listens on no such port")


@webserv_only("nginx forgets to take some of them back")
@covers("listen")
def test_a_reload_tells_them_to_the_socket_that_is_there(serve):
    server = serve(http=one("backlog=100", "first"))
    before = tcp_inodes(server.port, "0A")
    reload.reload(server, http=one("backlog=100 rcvbuf=16k so_keepalive=50s:: fastopen=3 deferred", "second"))
    process.wait_until(lambda: server.get("/").text == "second")
    found = options(server)
    assert (found["rcvbuf"], found["keepalive"], found["idle"], found["fastopen"]) == (32768, 1, 50, 3)
    assert found["deferred"] > 0
    reload.reload(server, http=one("so_keepalive=off", "third"))
    process.wait_until(lambda: server.get("/").text == "third")
    found = options(server)
    assert (found["keepalive"], found["deferred"]) == (0, 0)
    assert tcp_inodes(server.port, "0A") == before, "the same socket all the while"


@covers("listen")
@cases("words, complaint", [
    ("rcvbuf=much", 'invalid rcvbuf "rcvbuf=much"'),
    ("sndbuf=", 'invalid sndbuf "sndbuf="'),
    ("fastopen=x", 'invalid fastopen "fastopen=x"'),
    ("so_keepalive=", 'invalid so_keepalive value: ""'),
    ("so_keepalive=::", 'invalid so_keepalive value: "::"'),
    ("so_keepalive=1:2:3:4", "invalid so_keepalive value"),
    ("so_keepalive=soon", "invalid so_keepalive value"),
    ("so_keepalive=1s:2s:x", "invalid so_keepalive value"),
])
def test_wrong_values(site, words, complaint):
    conf = site.configure(http=one(words))
    answer = process.run(["-p", str(site.dir), "-c", str(conf), "-t"])
    assert answer.returncode == 1 and complaint in answer.stderr


@webserv_only("nginx knows no such parameters on Linux")
@cases("words, complaint", [
    ("setfib=1", 'parameter "setfib" of "listen" is not supported on Linux'),
    ("accept_filter=x", 'parameter "accept_filter" of "listen" is not supported on Linux'),
    ("deferredd", 'did you mean "deferred"?'),
])
def test_parameters_of_other_systems(site, words, complaint):
    conf = site.configure(http=one(words))
    answer = process.run(["-p", str(site.dir), "-c", str(conf), "-t"])
    assert answer.returncode == 1 and complaint in answer.stderr


@covers("listen")
def test_options_stand_once(site):
    conf = site.configure(http=one("rcvbuf=16k") + one("sndbuf=16k"))
    answer = process.run(["-p", str(site.dir), "-c", str(conf), "-t"])
    assert answer.returncode == 1 and "duplicate listen options for 127.0.0.1:" in answer.stderr

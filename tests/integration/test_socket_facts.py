# integration/test_socket_facts.py: what docs/LIFE_OF_A_SOCKET.md and the welcome page say of the kernel is so.
# Against our server where it has a part in the matter; with bare sockets where only the kernel has.
import errno
import os
import re
import select
import signal
import socket
import struct
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from harness import process
from harness.client import Connection, head_of
from harness.marks import cases, webserv_only

pytestmark = webserv_only("these are facts of the kernel and of webserv")

BACKLOG = 2
FITS = BACKLOG + 1  # Linux refuses only what comes when the queue is longer than the backlog


def sysctl(name):
    return Path("/proc/sys", name.replace(".", "/")).read_text().split()


@pytest.fixture
def stack():
    """What a test opens. Named after `serving`, so that callers hang up before the server ends: it would wait for them."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def serving(site):
    """Starts `webserv serve` and gives (process, address)."""
    site.write("file", "x")
    started = []

    def start(*arguments, unix=False, port=None):
        address = str(site.dir / "socket") if unix else ("127.0.0.1", port or site.port())
        place = ["--unix", address] if unix else ["--port", str(address[1])]
        with open(site.dir / "stdout", "ab") as stdout:
            server = process.Process(["serve", str(site.root), *place, *arguments], site.dir / "stderr", stdout=stdout)
        started.append(server)
        server.wait_ready([address])
        return server, address

    yield start
    for server in started:
        assert not server.stop() + process.complaints_in(server.stderr)


@contextmanager
def asleep(server):
    """The server accepts nobody meanwhile; its kernel goes on."""
    # Whoever asked whether it is ready shall be off the queue first.
    time.sleep(0.1)
    server.signal(signal.SIGSTOP)
    try:
        process.wait_until(lambda: Path(f"/proc/{server.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T")
        yield
    finally:
        server.signal(signal.SIGCONT)


def dial(stack, address, timeout=10.0):
    """A connect by hand: (socket, errno)."""
    caller = stack.enter_context(socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET))
    caller.settimeout(timeout)
    try:
        caller.connect(address)
    except TimeoutError:
        return caller, errno.ETIMEDOUT
    except OSError as error:
        return caller, error.errno
    return caller, 0


def listening(stack, backlog=8, reuse=False, address=("127.0.0.1", 0)):
    listener = stack.enter_context(socket.socket())
    if reuse:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    listener.listen(backlog)
    return listener


def connected(stack):
    """(client, server) of a connection over TCP."""
    listener = listening(stack)
    client, failure = dial(stack, listener.getsockname())
    assert failure == 0
    return client, stack.enter_context(listener.accept()[0])


# socket


@cases("family, kind, protocol", [
    (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP), (socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP),
    (socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_UDP), (socket.AF_INET6, socket.SOCK_DGRAM, socket.IPPROTO_UDP),
    (socket.AF_UNIX, socket.SOCK_STREAM, 0)])
def test_protocol_zero_means_the_usual_one(family, kind, protocol):
    with socket.socket(family, kind, 0) as one:
        assert one.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL) == protocol


def test_a_new_socket_gets_the_lowest_free_number(stack):
    numbers = [socket.socket() for _ in range(3)]
    for one in numbers:
        stack.enter_context(one)
    free = numbers[0].fileno()
    numbers[0].close()
    assert stack.enter_context(socket.socket()).fileno() == free


# bind, address in use


def test_an_address_has_one_listener(stack):
    taken = listening(stack, reuse=True).getsockname()
    with pytest.raises(OSError) as refusal:
        listening(stack, reuse=True, address=taken)
    assert refusal.value.errno == errno.EADDRINUSE


def test_reuseaddr_is_what_time_wait_asks_for(serving, stack, site):
    """Who sends the first FIN keeps the address for a minute; SO_REUSEADDR lets the next listener have it nevertheless."""
    server, address = serving()
    with Connection(address) as client:
        client.send(head_of("GET", "/file", ["Connection: close"]))
        client.read_response()
        assert client.is_closed()
    assert not server.stop()
    assert any(state == "06" for _, state in connections_at(address[1]))  # TIME_WAIT, include/net/tcp_states.h
    with pytest.raises(OSError) as refusal:
        listening(stack, reuse=False, address=address)
    assert refusal.value.errno == errno.EADDRINUSE
    server, _ = serving(port=address[1])
    with Connection(address) as client:
        assert client.get("/file").status == 200


def connections_at(port):
    """(peer's port, state) of the kernel's connections whose own end has this port."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if int(words[1].split(":")[1], 16) == port and words[3] != "0A":
            yield int(words[2].split(":")[1], 16), words[3]


def test_time_wait_is_with_who_hung_up_first(stack):
    listener = listening(stack)
    for client_first in (True, False):
        client, _ = dial(stack, listener.getsockname())
        ports = client.getsockname()[1], listener.getsockname()[1]
        server = listener.accept()[0]
        first, second = (client, server) if client_first else (server, client)
        first.close()
        assert second.recv(1) == b""
        second.close()
        at_client, at_server = [(ports[1], "06") in connections_at(ports[0]), (ports[0], "06") in connections_at(ports[1])]
        assert (at_client, at_server) == (client_first, not client_first)


def test_a_client_needs_no_bind(stack):
    client, _ = dial(stack, listening(stack).getsockname())
    low, high = map(int, sysctl("net.ipv4.ip_local_port_range"))
    assert low <= client.getsockname()[1] <= high


def test_ipv6_and_ipv4_are_apart(serving, site):
    """IPV6_V6ONLY: [::] is every IPv6 address, and no IPv4 one."""
    port = site.port()
    server = process.Process(["serve", str(site.root), "--bind", "::", "--port", str(port)], site.dir / "stderr")
    try:
        server.wait_ready([("::1", port)])
        assert not process.can_connect(("127.0.0.1", port))
    finally:
        assert not server.stop()


# listen


def test_a_listening_socket_carries_no_conversation(stack):
    listener = listening(stack)
    client, _ = dial(stack, listener.getsockname())
    client.send(b"x")
    with pytest.raises(OSError) as failure:
        listener.recv(1)
    assert failure.value.errno == errno.ENOTCONN
    server = stack.enter_context(listener.accept()[0])
    assert server.recv(1) == b"x"
    assert server.fileno() != listener.fileno()
    assert server.getsockname() == listener.getsockname()  # a number of its own, the same address
    assert server.getpeername() == client.getsockname()


def test_only_streams_listen():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one, pytest.raises(OSError) as failure:
        one.bind(("127.0.0.1", 0))
        one.listen()
    assert failure.value.errno == errno.EOPNOTSUPP


def test_the_backlog_has_a_limit_of_the_kernels(serving, site):
    _, address = serving("--backlog", "65535", "--trace")
    with Connection(address) as client:
        client.get("/file")
    shown = process.wait_until(lambda: re.search(r"queue of \d+: \d+ of (\d+) wait", (site.dir / "stdout").read_text()))
    assert int(shown[1]) == min(65535, int(sysctl("net.core.somaxconn")[0]))


def test_a_backlog_of_zero_holds_one(stack):
    listener = listening(stack, backlog=0)
    assert dial(stack, listener.getsockname())[1] == 0
    assert dial(stack, listener.getsockname(), 0.3)[1] == errno.ETIMEDOUT


# connect: the handshake, and the queue when it is full


@cases("unix", [False, True])
def test_connect_needs_no_accept(serving, stack, unix):
    """The kernel shakes hands while the server sleeps; what the client says meanwhile is kept for it."""
    server, address = serving(unix=unix)
    with asleep(server):
        client = stack.enter_context(Connection(address))
        client.send(head_of("GET", "/file"))
        assert not select.select([client.socket], [], [], 0.2)[0]
    assert client.read_response().text == "x"


def test_a_full_queue_lets_tcp_wait(serving, stack):
    """No ECONNREFUSED: the SYN is dropped, the client sends it again, and is let in when there is room."""
    server, address = serving("--backlog", str(BACKLOG))
    with asleep(server):
        for _ in range(FITS):
            assert dial(stack, address)[1] == 0
        late = stack.enter_context(socket.socket())
        late.setblocking(False)
        assert late.connect_ex(address) == errno.EINPROGRESS
        assert not select.select([], [late], [], 0.5)[1]
        assert late.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
    assert select.select([], [late], [], 15)[1]
    assert late.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
    late.setblocking(True)
    late.sendall(head_of("GET", "/file"))
    assert late.recv(100).startswith(b"HTTP/1.1 200")


def test_a_queue_that_stays_full_times_out(serving, stack):
    server, address = serving("--backlog", str(BACKLOG))
    with asleep(server):
        for _ in range(FITS):
            assert dial(stack, address)[1] == 0
        late = stack.enter_context(socket.socket())
        late.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 1)  # else net.ipv4.tcp_syn_retries, and over a minute
        with pytest.raises(OSError) as failure:
            late.connect(address)
    assert failure.value.errno == errno.ETIMEDOUT


def test_a_full_queue_over_a_local_socket(serving, stack):
    """A client that does not want to wait is told EAGAIN; one that does is let in when there is room."""
    server, address = serving("--backlog", str(BACKLOG), unix=True)
    with asleep(server):
        for _ in range(FITS):
            assert dial(stack, address)[1] == 0
        hasty = stack.enter_context(socket.socket(socket.AF_UNIX))
        hasty.setblocking(False)
        assert hasty.connect_ex(address) == errno.EAGAIN
        patient = stack.enter_context(socket.socket(socket.AF_UNIX))
        patient.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 0, 300_000))
        assert patient.connect_ex(address) == errno.EAGAIN  # it has waited as long as it wanted to
        child = os.fork()
        if child == 0:
            with socket.socket(socket.AF_UNIX) as waiting:
                os._exit(waiting.connect_ex(address))
        time.sleep(0.2)
        assert os.waitpid(child, os.WNOHANG) == (0, 0)
    assert os.waitpid(child, 0) == (child, 0)


def test_refused_means_that_nobody_listens(stack, site):
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert dial(stack, bound.getsockname())[1] == errno.ECONNREFUSED  # bound, but not listening
        address = bound.getsockname()
    assert dial(stack, address)[1] == errno.ECONNREFUSED
    path = str(site.dir / "left")
    assert dial(stack, path)[1] == errno.ENOENT
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(path)
        gone.listen()
    assert dial(stack, path)[1] == errno.ECONNREFUSED  # the path is still there, its server is not


def test_a_datagram_socket_dials_nobody(stack):
    """connect() on it only notes the address: nothing is sent, so nobody can refuse."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
        unused.bind(("127.0.0.1", 0))
        address = unused.getsockname()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.connect(address)
        one.send(b"x")
        with pytest.raises(ConnectionRefusedError):  # an ICMP message came back for the datagram
            one.settimeout(5)
            one.recv(1)


# read, write, close


def test_a_socket_that_does_not_block_says_so(stack):
    _, server = connected(stack)
    server.setblocking(False)
    with pytest.raises(BlockingIOError):
        server.recv(1)
    with pytest.raises(BlockingIOError):
        while True:
            server.send(b"x" * 65536)


def test_octets_come_in_other_pieces_than_they_went(stack):
    client, server = connected(stack)
    for piece in (b"GE", b"T / HT", b"TP/1.1\r\n"):
        client.send(piece)
    process.wait_until(lambda: len(server.recv(100, socket.MSG_PEEK)) == 16)
    assert server.recv(5) == b"GET /"
    assert server.recv(100) == b" HTTP/1.1\r\n"


def test_end_of_input_is_one_direction(stack):
    client, server = connected(stack)
    client.shutdown(socket.SHUT_WR)
    assert server.recv(1) == b""
    server.sendall(b"still here")
    assert client.recv(100) == b"still here"


def test_close_with_octets_unread_is_a_reset(stack):
    """Why a server that has answered sends FIN and hears the client out before it closes."""
    client, server = connected(stack)
    client.send(b"unread")
    assert select.select([server], [], [], 5)[0]
    server.close()
    with pytest.raises(ConnectionResetError):
        client.recv(1)


# fork


def test_a_connection_ends_with_its_last_descriptor(stack):
    """accept, fork: the parent's close tells the client nothing while the child has the socket too."""
    client, server = connected(stack)
    go, wait = socket.socketpair()
    stack.enter_context(go)
    stack.enter_context(wait)
    child = os.fork()
    if child == 0:
        wait.recv(1)
        os.write(server.fileno(), b"child")
        os._exit(0)
    server.close()
    assert not select.select([client], [], [], 0.2)[0]
    go.send(b"x")
    assert client.recv(5) == b"child"
    assert client.recv(1) == b""  # the child has ended, and its descriptors with it
    state = process.wait_until(lambda: Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[0] in "Z")
    assert state  # a zombie, until somebody asks how it ended
    assert os.waitpid(child, 0) == (child, 0)
    assert not Path(f"/proc/{child}").exists()

# integration/test_concurrency_fork.py: `concurrency fork`: a child process for each connection, as seen in /proc.
# What is the same in all models is in test_concurrency.py.
import os
import re
import signal
import socket
import struct
import time
from pathlib import Path

import pytest
from harness import process
from harness.client import head_of
from harness.marks import cases, covers, webserv_only
from harness.sockets import all_children_of, sockets_of, tcp_inodes

pytestmark = [webserv_only("nginx has one model"), covers("concurrency")]

ANSWER = 'location / { return 200 "$connection $connection_requests"; }'


def events(more="worker_connections 256;"):
    return f"{more} concurrency fork;"


@pytest.fixture(params=["on", "off"])
def forking(request, serve):
    """A server with `concurrency fork`, and the process that accepts: `server.parent`."""

    def start(server=ANSWER, more="worker_connections 256;", main=""):
        started = serve(main=f"master_process {request.param}; {main}", events=events(more), server=server)
        started.parent = process.wait_until(started.process.workers, what="a worker")[0] if request.param == "on" else started.process.pid
        process.wait_until(lambda: started.get("/").status != 503, what="room after the connection that asked whether we listen")
        process.wait_until(lambda: not all_children_of(started.parent), what="the end of the first children")
        return started

    return start


def hold(server, count):
    clients = [server.connect() for _ in range(count)]
    for client in clients:
        client.get("/")
    return clients


def test_a_child_for_each_connection(forking):
    server = forking()
    for count in (1, 5):
        clients = hold(server, count)
        assert len(process.children_of(server.parent)) == count
        for client in clients:
            client.close()
        process.wait_until(lambda: not all_children_of(server.parent), what="the end of the children")


def test_who_holds_which_socket(forking):
    server = forking()
    hold(server, 4)
    listening, connected = tcp_inodes(server.port, "0A"), tcp_inodes(server.port, "01")
    assert len(listening) == 1 and len(connected) == 4
    children = process.children_of(server.parent)
    assert sockets_of(server.parent) >= listening
    assert not sockets_of(server.parent) & connected
    shared = set.intersection(*(sockets_of(child) for child in children))
    assert len(shared) == 1  # where new log files come from; no line to the master
    for child in children:
        assert not sockets_of(child) & listening
        assert len(sockets_of(child) - shared) == 1
    assert set().union(*(sockets_of(child) for child in children)) - shared == connected


def test_a_child_has_no_descriptor_of_its_parent(forking):
    """Epoll sets and signal descriptors are shared by a fork: what one process does to them happens to the other."""
    server = forking()
    hold(server, 1)
    [child] = process.children_of(server.parent)

    def kinds(pid):
        names = [os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()]
        return sorted(name for name in names if name.startswith("anon_inode"))

    assert kinds(child) == ["anon_inode:[eventfd]", "anon_inode:[eventpoll]", "anon_inode:[signalfd]"]
    info = Path(f"/proc/{child}/fdinfo/{descriptor_of(child, 'eventpoll')}")
    # Wake-up, signals, and, once the child waits for it, the connection.
    process.wait_until(lambda: len(re.findall(r"tfd: +\d+", info.read_text())) == 3, what="three descriptors that are watched")


def descriptor_of(pid, kind):
    return next(entry.name for entry in Path(f"/proc/{pid}/fd").iterdir() if kind in os.readlink(entry))


@cases("number", [signal.SIGSEGV, signal.SIGKILL])
def test_a_child_that_dies_takes_nobody_with_it(forking, number):
    server = forking()
    server.workers_may_die = True
    clients = hold(server, 3)
    victim = process.children_of(server.parent)[1]
    os.kill(victim, number)
    line = server.error_line(rf"\[alert\] {server.parent}#.*child process {victim} exited on signal {number:d}")
    connection = int(re.search(r": \*(\d+) child process", line)[1])
    answers = [client.persists() for client in clients]
    assert sorted(answers) == [False, True, True]
    assert connection >= 2
    assert server.get("/").status == 200
    assert len(re.findall("exited on signal", server.error_log())) == 1


def test_no_zombies(forking):
    server = forking()
    for _ in range(200):
        assert server.get("/").status == 200
    process.wait_until(lambda: not all_children_of(server.parent), what="the end of the children")


def test_beyond_worker_connections_a_503(forking):
    server = forking(more="worker_connections 3;")
    clients = hold(server, 3)
    said_before = server.error_log().count("3 worker_connections are not enough")
    for _ in range(5):
        with server.connect() as late:
            response = late.get("/")
            assert response.status == 503
            assert response.field("Connection") == "close"
            assert "503 Service Temporarily Unavailable" in response.text
            assert late.is_closed()
    assert len(process.children_of(server.parent)) == 3
    assert server.error_log().count("3 worker_connections are not enough") == said_before + 1
    assert all(client.persists() for client in clients)
    clients[0].close()
    process.wait_until(lambda: server.get("/").status == 200, what="room")


def test_a_503_for_who_sends_late_or_nothing_keeps_nobody_waiting(forking):
    server = forking(more="worker_connections 1;")
    [client] = hold(server, 1)
    silent = [server.connect() for _ in range(100)]
    began = time.monotonic()
    for _ in range(20):
        assert client.get("/").status == 200
    assert time.monotonic() - began < 2
    assert [client.read_response().status for client in silent] == [503] * 100
    client.close()
    process.wait_until(lambda: not all_children_of(server.parent), what="the end of the child")
    assert server.get("/").status == 200


def test_a_stopped_child_does_not_outlive_a_stop(forking):
    server = forking()
    server.workers_may_die = True
    hold(server, 2)
    os.kill(process.children_of(server.parent)[0], signal.SIGSTOP)
    server.process.signal(signal.SIGTERM)
    server.process.wait(5)
    assert process.wait_until(server.process.group_is_gone, what="the end of all processes")


def test_children_do_not_outlive_their_parent(forking):
    server = forking()
    server.workers_may_die = True
    clients = hold(server, 2)
    children = process.children_of(server.parent)
    os.kill(server.parent, signal.SIGKILL)
    process.wait_until(lambda: not any(process.is_alive(child) for child in children), what="the end of the children")
    assert all(client.is_closed() for client in clients)


def test_an_answer_outlives_the_parent(serve, site):
    site.write("large", b"x" * 8_000_000)
    server = serve(events=events(), server="")
    server.workers_may_die = True
    client = server.connect(receive_buffer=4096)
    client.send(head_of("GET", "/large"))
    client.read_head()
    worker = server.process.worker()
    os.kill(worker, signal.SIGKILL)
    process.wait_until(lambda: server.process.workers() not in ([], [worker]), what="another worker")
    assert server.get("/large").status == 200
    assert len(client.take(8_000_000)) == 8_000_000


def test_after_a_reload_a_child_answers_once_more(serve, site):
    """It knows only the site of its birth, so it says that the connection ends; nobody's request is lost."""
    site.write("large", b"x" * 8_000_000)
    server = serve(events=events(), server="add_header X-Site old;")
    [idle, busy] = [server.connect(), server.connect(receive_buffer=4096)]
    assert idle.get("/none").status == 404
    busy.send(head_of("GET", "/large"))
    assert busy.read_head().field("X-Site") == "old"
    site.configure(events=events(), server="add_header X-Site new;")
    server.process.signal(signal.SIGHUP)
    process.wait_until(lambda: server.get("/large").field("X-Site") == "new", what="the new site")
    time.sleep(0.1)
    last = idle.get("/large")
    assert (last.status, last.field("X-Site"), last.field("Connection")) == (200, "old", "close")
    assert idle.is_closed()
    assert len(busy.take(8_000_000)) == 8_000_000
    assert busy.is_closed()


def test_where_nobody_listens_any_more_idle_children_end_at_once(serve, site):
    both = "server { listen 127.0.0.1:{port}; listen 127.0.0.1:{port2}; return 200 x; }"
    server = serve(events=events(), http=both)
    stays, goes = server.connect(), server.connect(server.site.port("port2"))
    assert [stays.get("/").status, goes.get("/").status] == [200, 200]
    site.configure(events=events(), http="server { listen 127.0.0.1:{port}; return 200 x; }")
    server.process.signal(signal.SIGHUP)
    assert goes.is_closed()
    assert stays.get("/").status == 200


def test_worker_shutdown_timeout_holds_for_children(forking, site):
    site.write("large", b"x" * 8_000_000)
    server = forking(server="", main="worker_shutdown_timeout 300ms;")
    client = server.connect(receive_buffer=4096)
    client.send(head_of("GET", "/large"))
    client.read_head()
    server.process.signal(signal.SIGQUIT)
    assert server.process.wait(8) == 0
    assert len(client.read_to_end()) < 8_000_000


def test_many_at_once(forking):
    server = forking()
    clients = [server.connect() for _ in range(60)]
    for client in clients:
        client.send(head_of("GET", "/"))
    answers = [client.read_response() for client in clients]
    assert {answer.status for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 60


def test_a_reset_client_leaves_nothing_behind(forking):
    server = forking()
    for _ in range(10):
        with socket.create_connection(server.address) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    process.wait_until(lambda: not all_children_of(server.parent), what="the end of the children")
    assert server.get("/").status == 200

# integration/test_processes.py: masters, workers, signals, and what happens when something runs out.
import os
import pwd
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
from harness import process
from harness.client import head_of
from harness.marks import cases, covers, not_in_model
from harness.sockets import connected_inodes, sockets_of

ANSWER = 'location / { return 200 "$pid"; }'
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def worker_count(server, count):
    process.wait_until(lambda: len(server.process.workers()) == count, what=f"{count} workers")
    return server.process.workers()


@not_in_model("fork", "$pid is the child's")
@covers("worker_processes")
@cases("value, count", [("1", 1), ("3", 3), ("auto", len(os.sched_getaffinity(0)))])
def test_worker_processes(serve, value, count):
    server = serve(main=f"worker_processes {value};", server=ANSWER)
    workers = worker_count(server, count)
    assert {int(server.get("/").text) for _ in range(20)} <= set(workers)


@not_in_model("fork", "$pid is the child's")
def test_every_worker_serves(serve):
    server = serve(main="worker_processes 2;", http="server { listen 127.0.0.1:{port} reuseport; " + ANSWER + " }")
    workers = set(worker_count(server, 2))
    process.wait_until(lambda: workers.discard(int(server.get("/").text)) or not workers, what="an answer of each worker")


@not_in_model("fork", "each connection has a process of its own")
@not_in_model("iterative", "a worker has one connection at a time")
def test_workers_share_connections(serve):
    """Within 10 %, unless the machine is too busy to wake a worker: then once more."""
    server = serve(main="worker_processes 2;", server='return 200 "$pid";')
    process.wait_until(lambda: len(server.process.workers()) == 2, what="two workers")

    def counts():
        connections = [server.connect() for _ in range(64)]
        pids = [connection.get("/").text for connection in connections for _ in range(2)]
        for connection in connections:
            connection.close()
        return Counter(pids).values()

    process.wait_until(lambda: max(shares := counts()) * 2 <= sum(shares) * 1.1, 30, "workers that share")


@not_in_model("fork", "$pid is the child's")
@covers("master_process")
def test_master_process_off(serve):
    server = serve(main="master_process off;", server=ANSWER)
    assert int(server.get("/").text) == server.process.pid
    assert server.process.workers() == []


@covers("pid")
def test_the_pid_file(serve, site):
    server = serve(main="", server=ANSWER)
    path = site.dir / "server.pid"
    assert path.read_text() == f"{server.process.pid}\n"
    server.stop()
    assert not path.exists()


@covers("pid")
def test_the_pid_file_lies_where_it_is_told(serve, site):
    serve("pid relative.pid; error_log {dir}/error.log; events { } http { access_log off; server { listen 127.0.0.1:{port}; } }")
    process.wait_until((site.dir / "relative.pid").exists, what="the pid file")


def test_daemon_on_leaves_the_terminal(site):
    conf = site.configure(main="daemon on;", server=ANSWER)
    result = process.run(["-p", str(site.dir), "-c", str(conf)])
    assert result.returncode == 0, result.stderr
    pid = int(process.wait_until(lambda: (site.dir / "server.pid").exists() and (site.dir / "server.pid").read_text(), what="the pid file"))
    try:
        assert os.getsid(pid) not in (os.getsid(0), 0)
        process.wait_until(lambda: process.can_connect(("127.0.0.1", site.port())), what="a connection")
    finally:
        os.kill(pid, signal.SIGQUIT)
        process.wait_until(lambda: not process.is_alive(pid), what="the daemon's end")


@covers("daemon")
def test_daemon_off_stays(site):
    conf = site.configure(main="daemon off;", server=ANSWER)
    started = process.Process(["-p", str(site.dir), "-c", str(conf)], site.dir / "stderr")
    path = site.dir / "server.pid"
    try:
        written = process.wait_until(lambda: path.exists() and path.read_text().strip(), what="the pid file")
        assert int(written) == started.pid
        process.wait_until(lambda: process.can_connect(("127.0.0.1", site.port())), what="a connection")
        assert started.popen.poll() is None
    finally:
        os.kill(int(path.read_text()), signal.SIGTERM)
        process.wait_until(lambda: not path.exists(), what="the server's end")
        started.popen.wait(10)


@needs_root
@covers("user")
@cases("user, expected", [("user nobody nogroup;", "nobody"), ("user daemon;", "daemon"), ("user root;", "root")])
def test_workers_become_another_user(serve, user, expected):
    server = serve(main=user, server=ANSWER)
    server.get("/")
    (worker,) = worker_count(server, 1)
    status = Path(f"/proc/{worker}/status").read_text()
    uids = next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1:]
    assert set(uids) == {str(pwd.getpwnam(expected).pw_uid)}
    assert Path(f"/proc/{server.process.pid}").stat().st_uid == 0


@needs_root
@covers("user")
def test_files_are_opened_as_the_worker(serve, site):
    site.write("secret", "x", mode=0o600)
    assert serve(main="user nobody nogroup;", server="").get("/secret").status == 403


def test_an_unknown_user_ends_the_start(site):
    conf = site.configure(main="user nosuchuser;", server="")
    result = process.run(["-p", str(site.dir), "-c", str(conf), "-t"])
    assert result.returncode == 1
    assert 'getpwnam("nosuchuser") failed' in result.stderr


@cases("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_dead_worker_is_replaced(serve, number):
    server = serve(server=ANSWER)
    server.workers_may_die = True
    (first,) = worker_count(server, 1)
    os.kill(first, number)
    process.wait_until(lambda: server.process.workers() not in ([], [first]), what="another worker")
    assert int(server.get("/").text) != first
    server.error_line(rf"\[alert\] .* worker process {first} exited on signal {int(number)}")


def test_workers_go_with_a_master_that_is_killed_only_after_a_time(serve):
    """nginx's workers outlive a killed master; ours may end at once. Neither may refuse to end."""
    server = serve(server=ANSWER)
    workers = worker_count(server, 1)
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    for worker in workers:
        if process.is_alive(worker):
            os.kill(worker, signal.SIGTERM)
    process.wait_until(lambda: not any(map(process.is_alive, workers)), what="the workers' end")


@cases("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
@cases("workers", [1, 4])
def test_signals_that_end(serve, number, workers):
    server = serve(main=f"worker_processes {workers};", server=ANSWER)
    idle = server.connect()
    idle.get("/")
    server.process.signal(number)
    assert server.process.wait() == 0
    assert idle.is_closed()
    assert not process.can_connect(server.address)


@cases("number", [signal.SIGTERM, signal.SIGQUIT])
def test_signals_end_a_single_process_too(serve, number):
    server = serve(main="master_process off;", server=ANSWER)
    server.get("/")
    server.process.signal(number)
    assert server.process.wait() == 0


@cases("workers", [1, 3])
def test_quit_finishes_a_download(serve, site, workers):
    site.write("big", b"x" * 16_000_000)
    server = serve(main=f"worker_processes {workers};", server="")
    with server.connect(receive_buffer=65536) as connection:
        connection.send(head_of("GET", "/big"))
        connection.read_head()
        server.process.signal(signal.SIGQUIT)
        process.wait_until(lambda: not process.can_connect(server.address), what="the listening socket's end")
        assert connection.take(16_000_000) == b"x" * 16_000_000
        assert connection.is_closed()
    assert server.process.wait() == 0


def test_term_does_not_wait_for_a_download(serve, site):
    site.write("big", b"x" * 16_000_000)
    server = serve(server="")
    with server.connect(receive_buffer=4096) as connection:
        connection.send(head_of("GET", "/big"))
        connection.read_head()
        server.process.signal(signal.SIGTERM)
        assert server.process.wait() == 0
        assert len(connection.read_to_end()) < 16_000_000


@not_in_model("iterative", "needs two connections at once")
def test_quit_answers_a_request_that_is_being_sent(serve):
    server = serve(server=ANSWER)
    with server.connect() as connection:
        connection.send("GET / HTTP/1.1\r\nHos")
        server.get("/")  # the one worker has seen the first part by now
        server.process.signal(signal.SIGQUIT)
        process.wait_until(lambda: not process.can_connect(server.address), what="the listening socket's end")
        connection.send("t: h\r\n\r\n")
        response = connection.read_response()
        assert (response.status, response.field("Connection")) == (200, "close")
    assert server.process.wait() == 0


@not_in_model("fork", "who comes too late gets a 503")
@not_in_model("iterative", "one is allowed")
@covers("worker_connections")
def test_more_connections_than_allowed(serve, site):
    """Those that are being answered hold their place; who comes too late may wait or be closed."""
    site.write("big", b"x" * 16_000_000)
    server = serve(events="worker_connections 12;", server="")
    busy = []
    for _ in range(30):
        busy.append(server.connect(receive_buffer=4096, timeout=0.3))
        busy[-1].send(head_of("GET", "/big"))
        try:
            busy[-1].read_head()
        except (AssertionError, OSError):
            break
    assert 4 < len(busy) < 30
    server.error_line(r"\[alert\] .*12 worker_connections are not enough")
    for connection in busy:
        connection.close()
    process.wait_until(lambda: answers(server), what="an answer afterwards")


@not_in_model("fork", "they keep their places")
@covers("worker_connections")
def test_idle_connections_give_way(serve):
    server = serve(events="worker_connections 12;", server="keepalive_timeout 60s; " + ANSWER)
    idle = []
    for _ in range(30):
        idle.append(server.connect())
        assert idle[-1].get("/").status == 200
    assert idle[0].is_closed()


@covers("events")
def test_connections_within_the_bound(serve):
    server = serve(events="worker_connections 64;", server=ANSWER)
    held = [server.connect() for _ in range(40)]
    for connection in held:
        connection.send("GET / HTTP/1.1\r\n")
    for connection in held:
        connection.send("Host: h\r\n\r\n")
    assert all(connection.read_response().status == 200 for connection in held)
    assert "not enough" not in server.error_log()


def answers(server):
    try:
        return server.request("HEAD", "/").status > 0
    except (AssertionError, OSError):
        return False


@not_in_model("fork", "the parent holds no connections")
@not_in_model("iterative", "there is one connection")
def test_running_out_of_descriptors(serve):
    server = serve(open_files_max=40, events="worker_connections 512;", server="keepalive_timeout 60s; " + ANSWER)
    connections = [server.connect() for _ in range(80)]
    server.error_line(r"accept4?\(\).*failed \(24: Too many open files\)")
    for connection in connections:
        connection.close()
    process.wait_until(lambda: answers(server), what="an answer afterwards")
    assert len(server.process.workers()) == 1


def test_no_descriptor_leaks(serve, site):
    site.write("file", "x" * 100_000)
    server = serve(server="location / { } location /no { return 404; }")
    (worker,) = worker_count(server, 1)
    for _ in range(10):
        server.get("/file")  # often enough that it is worth a watch, which has a descriptor
    folder = f"/proc/{worker}/fd"
    process.wait_until(lambda: not sockets_of(worker) & connected_inodes(site.port()), what="the end of the connections")
    before = len(os.listdir(folder))
    for i in range(50):
        server.get("/file")
        server.get("/missing")
        server.raw("GET\r\n\r\n")
        connection = server.connect()
        connection.send(head_of("GET", "/file")[: 10 + i])
        connection.reset()
    process.wait_until(lambda: len(os.listdir(folder)) <= before, what="as few descriptors as before")


def test_an_idle_server_sleeps(serve):
    server = serve(server=ANSWER)
    held = [server.connect() for _ in range(5)]
    for connection in held:
        connection.get("/")
    (worker,) = worker_count(server, 1)

    def ticks():
        fields = Path(f"/proc/{worker}/stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    before = ticks()
    time.sleep(0.5)
    assert ticks() - before <= 2

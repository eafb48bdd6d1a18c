# integration/test_signals.py: rotating logs, -s, workers that die or stop, a master that is killed, shells that ignore signals.
# What happens to one worker is the business of its own connections only.
import os
import re
import signal
import subprocess
import time
from pathlib import Path

from harness import process
from harness.client import Connection, head_of
from harness.marks import cases, covers, http1_only, webserv_only
from harness.sockets import sockets_of
from harness.traffic import Download, Traffic
from harness.transport import TRANSPORT, connect

PID = 'location / { return 200 "$pid"; } location /big { }'
SIZE = 16_000_000


def workers_of(server, count):
    process.wait_until(lambda: len(server.process.workers()) == count, what=f"{count} workers")
    return server.process.workers()


def connection_to(server, pid):
    """A connection that this worker has, once it accepts any."""
    def attempt():
        connection = server.connect()
        if int(connection.get("/").text) == pid:
            return connection
        connection.close()
        return None

    return process.wait_until(attempt, what=f"a connection that worker {pid} accepts")


def send_by_option(server, name):
    conf = server.site.dir / "test.conf"
    result = process.run(["-p", str(server.site.dir), "-c", str(conf), "-s", name], server.binary)
    assert result.returncode == 0, result.stderr


def how_to_say(way):
    """The same order by a signal and by -s."""
    def say(server, name, number):
        if way == "kill":
            server.process.signal(number)
        else:
            send_by_option(server, name)

    return say


# Rotating logs


@cases("way", ["kill", "-s"])
def test_logs_are_reopened_and_no_line_is_lost(serve, site, way):
    say = how_to_say(way)
    server = serve(main="worker_processes 2;", server=PID)
    log, old = site.dir / "access.log", site.dir / "access.log.1"

    def lines(path):
        return len(path.read_text().splitlines()) if path.exists() else 0

    rotated = []
    with Traffic(server.address, kept=3) as traffic:
        for turn in range(5):
            process.wait_until(lambda: lines(log) > 20, what="lines")
            target = old.with_name(f"access.log.{turn}")
            log.rename(target)
            say(server, "reopen", signal.SIGUSR1)
            process.wait_until(lambda: lines(log) > 20, what="lines in the new file")
            rotated.append(target)
    assert traffic.failures == []
    process.wait_until(lambda: sum(map(lines, [log, *rotated])) == traffic.count, what="a line for each request")
    sizes = [path.stat().st_size for path in rotated]
    for _ in range(10):
        server.get("/")
    process.wait_until(lambda: sum(map(lines, [log, *rotated])) == traffic.count + 10)
    assert [path.stat().st_size for path in rotated] == sizes


def test_copytruncate(serve, site):
    """Logs are written at their end, wherever that is: no file with a hole appears."""
    server = serve(server=PID)
    log = site.dir / "access.log"
    for _ in range(5):
        server.get("/")
    server.log_lines(5)
    os.truncate(log, 0)
    server.get("/")
    assert "\0" not in server.log_lines(1)[0]
    assert log.stat().st_size < 500


@http1_only("sends nonsense")
def test_error_logs_are_reopened_too(serve, site):
    server = serve(server=PID)
    (site.dir / "error.log").rename(site.dir / "error.log.1")
    server.process.signal(signal.SIGUSR1)
    process.wait_until((site.dir / "error.log").exists, what="the new file")
    process.wait_until(lambda: b"invalid" in server.raw("nonsense\r\n\r\n").lower() or "invalid" in server.error_log(), what="a line in it")


def test_a_log_that_can_not_be_opened_stays_as_it_was(serve, site):
    folder = site.dir / "logs"
    folder.mkdir()
    server = serve(server="access_log {dir}/logs/own.log; " + PID)
    server.get("/")
    server.log_lines(1, "logs/own.log")
    folder.rename(site.dir / "moved")
    server.process.signal(signal.SIGUSR1)
    server.error_line(r"\[emerg\] .*open\(\) \".*/logs/own.log\" failed \(2: No such file or directory\)")
    server.get("/")
    server.log_lines(2, "moved/own.log")


# Ends


@cases("name", ["stop", "quit"])
def test_the_option_ends_the_server(serve, site, name):
    server = serve(main="worker_processes 2;", server=PID)
    server.get("/")
    send_by_option(server, name)
    assert server.process.wait() == 0
    assert not (site.dir / "server.pid").exists()


def test_the_option_reloads(serve, site):
    server = serve(server='return 200 "old";')
    site.configure(server='return 200 "new";')
    send_by_option(server, "reload")
    process.wait_until(lambda: server.get("/").text == "new", what="the new configuration")


@covers("worker_shutdown_timeout")
@cases("number", [signal.SIGQUIT, signal.SIGHUP])
def test_a_slow_download_is_cut_off_in_time(serve, site, number):
    site.write("big", b"x" * SIZE)
    server = serve(main="worker_shutdown_timeout 200ms;", server=PID)
    (worker,) = workers_of(server, 1)
    with server.connect(receive_buffer=4096) as connection:
        connection.send(head_of("GET", "/big"))
        connection.read_head()
        sockets = sockets_of(worker)
        server.process.signal(number)
        if number == signal.SIGQUIT:
            assert server.process.wait(10) == 0
        elif TRANSPORT == "h2":
            server.log_lines(1)  # the stream has ended, not the connection
        else:
            process.wait_until(lambda: sockets_of(worker) < sockets, what="the connection's end")
        assert len(connection.read_to_end()) < SIZE
    if number == signal.SIGHUP:
        assert server.get("/").status == 200


@webserv_only("its old workers end idle connections at once")
def test_the_timeout_means_only_what_is_older_than_the_reload(serve, site):
    """Also after several reloads: a download of the present configuration goes on, and so do idle connections."""
    site.write("big", b"x" * SIZE)
    server = serve(main="worker_shutdown_timeout 300ms;", server=PID)
    idle = server.connect()
    idle.get("/")
    for _ in range(6):
        before = server.error_log().count("is in place")
        server.process.signal(signal.SIGHUP)
        process.wait_until(lambda: server.error_log().count("is in place") > before)
        idle.get("/")
    download = Download(server.address, "/big", SIZE)
    time.sleep(0.6)
    assert download.finish() is None
    assert idle.get("/").status == 200


# Workers that die, stop, or do not begin


@cases("number", [signal.SIGKILL, signal.SIGSEGV])
def test_only_the_connections_of_a_dead_worker_suffer(serve, number):
    server = serve(main="worker_processes 2;", server=PID)
    server.workers_may_die = True
    victim, survivor = workers_of(server, 2)
    mourned, kept = connection_to(server, victim), connection_to(server, survivor)
    os.kill(victim, number)
    assert mourned.is_closed()
    process.wait_until(lambda: victim not in server.process.workers() and len(server.process.workers()) == 2, 5, "a replacement")
    assert int(kept.get("/").text) == survivor
    (born,) = set(server.process.workers()) - {survivor}
    assert int(connection_to(server, born).get("/").text) == born


@webserv_only("a stopped worker stays")
def test_a_stopped_worker_is_replaced(serve):
    server = serve(main="worker_processes 2;", server=PID)
    server.workers_may_die = True
    victim, survivor = workers_of(server, 2)
    kept = connection_to(server, survivor)
    connection_to(server, victim)
    os.kill(victim, signal.SIGSTOP)
    process.wait_until(lambda: victim not in server.process.workers() and len(server.process.workers()) == 2, 5, "a replacement")
    assert int(kept.get("/").text) == survivor
    server.error_line(rf"worker process {victim} is stopped")


@webserv_only("a stopped worker stays")
def test_a_worker_that_goes_on_in_time_stays(serve):
    server = serve(server=PID)
    (worker,) = workers_of(server, 1)
    with server.connect() as connection:
        connection.get("/")
        for _ in range(3):
            os.kill(worker, signal.SIGSTOP)
            time.sleep(0.05)
            os.kill(worker, signal.SIGCONT)
            assert int(connection.get("/").text) == worker
        time.sleep(0.7)  # as long as a stopped one may stay, and more
        assert int(connection.get("/").text) == worker


def test_a_crash_loop_is_slowed_down(serve):
    server = serve(main="worker_processes 2;", server=PID)
    server.workers_may_die = True
    victim, survivor = workers_of(server, 2)
    kept = connection_to(server, survivor)
    killed = set()
    end = time.monotonic() + 2.5
    while time.monotonic() < end:
        for worker in set(server.process.workers()) - {survivor}:
            os.kill(worker, signal.SIGKILL)
            killed.add(worker)
        time.sleep(0.002)
    # One at once, then about one a second; nginx restarts at once, so for it there is no upper bound.
    assert len(killed) >= 2
    if not process.is_nginx(server.binary):
        assert len(killed) <= 6
    assert int(kept.get("/").text) == survivor
    process.wait_until(lambda: len(server.process.workers()) == 2, 5, "a replacement")


@webserv_only("its workers go on without a master")
def test_without_their_master_workers_finish_and_leave_the_port(serve, site):
    site.write("big", b"x" * SIZE)
    server = serve(main="worker_processes 2;", server=PID)
    workers = workers_of(server, 2)
    download = Download(server.address, "/big", SIZE)
    idle = connection_to(server, workers[0])
    server.process.signal(signal.SIGKILL)
    server.process.wait()
    assert idle.is_closed()
    process.wait_until(lambda: not process.can_connect(server.address), what="the port's freedom")
    assert download.finish() is None
    process.wait_until(lambda: not any(map(process.is_alive, workers)), what="the workers' end")


# Workers let go


def daemon(site, main="worker_processes 2;", **parts):
    """A daemon's number; the caller ends it."""
    path = site.configure(main="daemon on; " + main, **parts)
    result = process.run(["-p", str(site.dir), "-c", str(path)])
    assert result.returncode == 0, result.stderr
    file = site.dir / "server.pid"
    process.wait_until(lambda: file.exists() and file.read_text(), what="the pid file")
    return int(file.read_text())


def end(pid):
    os.kill(pid, signal.SIGTERM)
    process.wait_until(lambda: not process.is_alive(pid), what="the daemon's end")


def test_window_changes_let_the_workers_of_a_daemon_go(site):
    master = daemon(site, server=PID)
    try:
        process.wait_until(lambda: len(process.children_of(master)) == 2)
        os.kill(master, signal.SIGWINCH)
        process.wait_until(lambda: process.children_of(master) == [], what="no workers")
        assert process.is_alive(master)
        site.configure(main="daemon on; worker_processes 1;", server='return 200 "new";')
        os.kill(master, signal.SIGHUP)
        process.wait_until(lambda: len(process.children_of(master)) == 1, what="the worker of the new configuration")
        with connect(("127.0.0.1", site.port())) as connection:
            process.wait_until(lambda: connection.get("/").text == "new", what="the new configuration")
    finally:
        end(master)


def test_window_changes_do_not_disturb_in_the_foreground(serve):
    server = serve(server=PID)
    (worker,) = workers_of(server, 1)
    server.process.signal(signal.SIGWINCH)
    server.process.signal(signal.SIGUSR1)
    server.error_line("reopening logs")
    assert int(server.get("/").text) == worker


# Where signals are ignored


@webserv_only("it obeys what it finds ignored only because it sets handlers; tested for ours")
@cases("starter", ["nohup", "background"])
def test_signals_that_a_shell_ignores_work(site, starter):
    conf = site.configure(main="daemon off; worker_processes 2;", server='return 200 "old";')
    command = f"{process.BINARY} -p {site.dir} -c {conf}"
    words = ["nohup", *command.split()] if starter == "nohup" else ["sh", "-c", f"trap '' HUP INT QUIT USR1; {command} & wait"]
    log = open(site.dir / "out", "wb")
    shell = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    file = site.dir / "server.pid"
    try:
        process.wait_until(lambda: file.exists() and file.read_text(), what="the pid file")
        master = int(file.read_text())
        process.wait_until(lambda: process.can_connect(("127.0.0.1", site.port())), what="a connection")
        site.configure(main="daemon off; worker_processes 2;", server='return 200 "new";')
        os.kill(master, signal.SIGHUP)
        errors = site.dir / "error.log"
        process.wait_until(lambda: "in place" in errors.read_text(), what="the reload")
        (site.dir / "access.log").rename(site.dir / "access.log.1")
        os.kill(master, signal.SIGUSR1)
        process.wait_until((site.dir / "access.log").exists, what="the log anew")
        os.kill(master, signal.SIGQUIT if starter == "nohup" else signal.SIGINT)
        process.wait_until(lambda: not process.is_alive(master), what="the end")
    finally:
        if shell.poll() is None and file.exists():
            os.kill(int(file.read_text()), signal.SIGKILL)
        shell.wait(10)
        log.close()


@webserv_only("its messages are others")
def test_the_log_says_who_sent_a_signal(serve):
    server = serve(server=PID)
    server.process.signal(signal.SIGHUP)
    line = server.error_line(r"\(SIGHUP\)")
    assert re.search(rf"\[notice\] {server.process.pid}#.*signal 1 \(SIGHUP\) received from {os.getpid()}, reconfiguring", line)
    assert Path(f"/proc/{server.process.pid}").exists()

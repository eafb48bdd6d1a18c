# integration/test_upgrade.py: another binary takes over while requests are answered, and the way back.
# The binary runs from a copy in the test's folder, so that a test can put another file in its place.
import contextlib
import ctypes
import os
import shutil
import signal
from pathlib import Path

import pytest
from harness import process
from harness.client import Connection
from harness.marks import webserv_only
from harness.site import Server
from harness.traffic import Download, Traffic
from harness.transport import connect

ANSWER = 'location / { return 200 "$pid"; } location /big { }'
SIZE = 8_000_000
PR_SET_CHILD_SUBREAPER = 36
pytestmark = webserv_only("in the foreground it refuses to be replaced")


class Line:
    """A server and those that come after it: found by their pid files, ended after the test."""

    def __init__(self, site, binary=None):
        self.site = site
        self.original = binary or process.BINARY
        # nginx is told apart by its name, so a copy keeps it.
        self.binary = site.dir / "bin" / Path(self.original).name
        self.binary.parent.mkdir()
        shutil.copy(self.original, self.binary)
        self.masters = []
        self.server = None
        self.adopt_orphans(1)

    def start(self, wait_for=None, **parts):
        self.server = Server(self.site, str(self.binary))
        self.server.start(self.site.configure(**parts), wait_for=wait_for)
        self.masters.append(self.server.process.pid)
        # Not before they answer: the first to be born may accept while the last is not there yet.
        count = 2 if "worker_processes 2;" in parts.get("main", "") else 1
        process.wait_until(lambda: len(self.server.process.workers()) == count, what=f"{count} workers")
        return self.server

    def replace_binary(self, source):
        """As a package manager does: another file gets the name."""
        fresh = self.binary.with_name("fresh")
        shutil.copy(source, fresh)
        fresh.rename(self.binary)

    def pid(self, suffix=""):
        return process.pid_in(self.site.dir / f"server.pid{suffix}")

    def upgrade(self):
        """@return the new master's number, once it serves"""
        old = self.pid()
        os.kill(old, signal.SIGUSR2)
        new = process.wait_until(lambda: self.pid() not in (None, old) and self.pid(), 20, "the new master's pid file")
        self.masters.append(new)
        process.wait_until(lambda: process.children_of(new), 20, "the new master's workers")
        assert self.pid(".oldbin") == old
        return new

    def tell(self, pid, number, and_wait=True):
        os.kill(pid, number)
        if and_wait:
            self.gone(pid)

    def gone(self, pid):
        if pid == self.server.process.pid:
            assert self.server.process.wait() == 0
        process.wait_until(lambda: not process.is_alive(pid), 20, f"the end of {pid}")

    def answers_from(self, master):
        """Waits until some worker of this master answers, twenty times in a row."""
        def is_its():
            children = process.children_of(master)
            return all(int(self.server.get("/").text) in children for _ in range(20))

        process.wait_until(is_its, 20, f"answers of {master}'s workers")

    @staticmethod
    def adopt_orphans(on):
        """A new master whose parent has gone becomes our child: else whoever adopts it may take its time to bury it. prctl(2)"""
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, on, 0, 0, 0)

    def end(self):
        for pid in self.masters:
            if process.is_alive(pid):
                os.kill(pid, signal.SIGTERM)
        for pid in self.masters:  # a master before the one that it has begun: that one is ours to bury only then
            process.wait_until(lambda: not process.is_alive(pid), what="the end")
            if pid != self.server.process.pid:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
        self.server.stop()
        self.adopt_orphans(0)


@pytest.fixture
def line(site):
    line = Line(site)
    yield line
    line.end()


def test_an_upgrade_loses_no_request(line, site):
    site.write("big", b"x" * SIZE)
    server = line.start(main="worker_processes 2;", server=ANSWER)
    old = server.process.pid
    download = Download(server.address, "/big", SIZE)
    with Traffic(server.address, kept=3, fresh=1, may_be_ended=True) as traffic:
        new = line.upgrade()
        assert process.is_alive(old)
        os.kill(old, signal.SIGQUIT)
        line.answers_from(new)
        assert download.finish() is None
        line.gone(old)
        seen = traffic.count
        process.wait_until(lambda: traffic.count > seen + 20)
    assert traffic.failures == []
    assert line.pid() == new
    assert not (site.dir / "server.pid.oldbin").exists()


def test_several_upgrades_one_after_another(line):
    server = line.start(main="worker_processes 1;", server=ANSWER)
    with Traffic(server.address, kept=2, may_be_ended=True) as traffic:
        for _ in range(4):
            old = line.pid()
            new = line.upgrade()
            line.tell(old, signal.SIGQUIT)
            line.answers_from(new)
    assert traffic.failures == []


def test_upgrades_loses_no_connection_of_a_local_socket(line, site):
    path = str(site.dir / "socket")
    line.start(http="server { listen 127.0.0.1:{port}; listen unix:{dir}/socket; " + ANSWER + " }")
    old = line.pid()
    with Traffic(path, kept=2, may_be_ended=True) as traffic:
        new = line.upgrade()
        line.tell(old, signal.SIGQUIT)
        line.answers_from(new)
        seen = traffic.count
        process.wait_until(lambda: traffic.count > seen + 20)
    assert traffic.failures == []
    line.tell(new, signal.SIGQUIT)
    assert not os.path.exists(path)


def test_the_new_binary_goes_and_the_old_one_serves(line, site):
    """Rolling back before the old workers have gone."""
    server = line.start(main="worker_processes 2;", http="server { listen 127.0.0.1:{port}; listen unix:{dir}/socket; " + ANSWER + " }")
    old = line.pid()
    with Traffic(server.address, may_be_ended=True) as traffic:
        new = line.upgrade()
        line.tell(new, signal.SIGQUIT)
        process.wait_until(lambda: line.pid() == old, what="the pid file's return")
        line.answers_from(old)
    assert traffic.failures == []
    assert not (site.dir / "server.pid.oldbin").exists()
    assert process.can_connect(str(site.dir / "socket"))
    newer = line.upgrade()
    os.kill(newer, signal.SIGUSR2)
    server.error_line(rf"\[crit\] .*the old binary {old} still runs")
    line.tell(old, signal.SIGQUIT)
    line.answers_from(newer)


def daemon_parts(main=""):
    return {"main": main + "worker_processes 2;", "server": ANSWER}


def start_daemon(line, site, **parts):
    """WINCH is for daemons; this one is not our child."""
    parts["main"] = "daemon on; " + parts["main"]
    conf = site.configure(**parts)
    result = process.run(["-p", str(site.dir), "-c", str(conf)], str(line.binary))
    assert result.returncode == 0, result.stderr
    process.wait_until(lambda: line.pid() and process.children_of(line.pid()), what="the daemon")
    line.masters.append(line.pid())
    line.server = Server(site, str(line.binary))
    line.server.stopped = True
    line.server.process = process.Process.__new__(process.Process)
    line.server.process.pid = 0
    return line.pid()


def test_the_old_workers_go_and_come_back(line, site):
    """nginx's way: WINCH to the old master, HUP to it to come back, QUIT to the new one."""
    old = start_daemon(line, site, **daemon_parts())
    with Traffic(("127.0.0.1", site.port()), may_be_ended=True) as traffic:
        new = line.upgrade()
        os.kill(old, signal.SIGWINCH)
        process.wait_until(lambda: process.children_of(old) == [new], 20, "the old workers' end")
        line.answers_from(new)
        os.kill(old, signal.SIGHUP)
        process.wait_until(lambda: len(process.children_of(old)) == 3, 20, "the old master's workers")
        line.tell(new, signal.SIGQUIT)
        line.answers_from(old)
        process.wait_until(lambda: line.pid() == old, what="the pid file's return")
    assert traffic.failures == []


def test_without_heir_the_workers_come_back_by_themselves(line, site):
    old = start_daemon(line, site, **daemon_parts())
    new = line.upgrade()
    os.kill(old, signal.SIGWINCH)
    process.wait_until(lambda: process.children_of(old) == [new], 20, "the old workers' end")
    os.kill(new, signal.SIGKILL)
    process.wait_until(lambda: len(process.children_of(old)) == 2, 20, "the old master's workers")
    line.answers_from(old)


def test_a_binary_that_does_not_start_changes_nothing(line, site):
    server = line.start(main="worker_processes 2;", server=ANSWER)
    old, workers = line.pid(), server.process.workers()
    broken = site.dir / "broken"
    with Traffic(server.address) as traffic:
        for content, pattern in (("#!/bin/sh\nexit 1\n", "new binary process|exited with code 1"), ("nonsense", "execve|failed")):
            broken.write_text(content)
            broken.chmod(0o755)
            line.replace_binary(broken)
            logged = len(server.error_log())
            os.kill(old, signal.SIGUSR2)
            process.wait_until(lambda: "changing binary" in server.error_log()[logged:], what="the try")
            process.wait_until(lambda: any(word in server.error_log()[logged:] for word in pattern.split("|")), what="the failure")
            process.wait_until(lambda: line.pid() == old and line.pid(".oldbin") is None, what="the pid file's return")
        seen = traffic.count
        process.wait_until(lambda: traffic.count > seen + 20)
    server.workers_may_die = True  # the log tells of a process that ended with 1
    assert traffic.failures == []
    assert server.process.workers() == workers
    line.replace_binary(line.original)
    new = line.upgrade()
    line.tell(old, signal.SIGQUIT)
    line.answers_from(new)


def test_a_broken_configuration_keeps_the_old_binary(line, site):
    server = line.start(server=ANSWER)
    old, workers = line.pid(), server.process.workers()
    server.workers_may_die = True
    site.configure(server="nonsense;")
    os.kill(old, signal.SIGUSR2)
    server.error_line("changing binary")
    process.wait_until(lambda: 'unknown directive "nonsense"' in server.process.stderr + server.error_log(), what="the reason")
    process.wait_until(lambda: line.pid() == old and line.pid(".oldbin") is None, what="the pid file's return")
    process.wait_until(lambda: process.children_of(old) == workers)
    line.answers_from(old)


def test_one_upgrade_at_a_time(line):
    server = line.start(server=ANSWER)
    old = line.pid()
    new = line.upgrade()
    os.kill(old, signal.SIGUSR2)
    server.error_line(rf"\[crit\] .*the new binary {new} runs already")
    os.kill(old, signal.SIGHUP)
    server.error_line(rf"configuration is not loaded while the new binary {new} runs")
    assert line.pid() == new
    os.kill(new, signal.SIGHUP)
    server.error_line("is in place")


def test_from_nginx_to_webserv(site):
    """nginx hands its sockets to whatever binary lies where its own lay."""
    if not os.path.exists(process.NGINX):
        pytest.skip("there is no nginx")
    line = Line(site, process.NGINX)
    try:
        old = start_daemon(line, site, **daemon_parts())
        server = line.server
        assert server.get("/").field("Server").startswith("nginx")
        with Traffic(server.address, may_be_ended=True) as traffic:
            line.replace_binary(process.BINARY)
            new = line.upgrade()
            line.tell(old, signal.SIGQUIT)
            line.answers_from(new)
            assert server.get("/").field("Server").startswith("webserv")
        assert traffic.failures == []
        assert line.pid() == new
    finally:
        line.end()


def test_from_webserv_to_nginx(line, site):
    if not os.path.exists(process.NGINX):
        pytest.skip("there is no nginx")
    server = line.start(server=ANSWER)
    old = line.pid()
    with Traffic(server.address, may_be_ended=True) as traffic:
        line.replace_binary(process.NGINX)
        new = line.upgrade()
        line.tell(old, signal.SIGQUIT)
        line.answers_from(new)
        assert server.get("/").field("Server").startswith("nginx")
    assert traffic.failures == []


def test_more_workers_with_a_socket_each_lose_nothing(line):
    http = "server { listen 127.0.0.1:{port} reuseport; " + ANSWER + " }"
    server = line.start(main="worker_processes 2;", http=http)
    old = line.pid()
    line.site.configure(main="worker_processes 3;", http=http)
    with Traffic(server.address, kept=2, fresh=2, may_be_ended=True) as traffic:
        new = line.upgrade()
        process.wait_until(lambda: len(process.children_of(new)) == 3, what="three workers")
        line.tell(old, signal.SIGQUIT)
        line.answers_from(new)
        unseen = set(process.children_of(new))
        process.wait_until(lambda: unseen.discard(int(server.get("/").text)) or not unseen, what="an answer of each")
    assert traffic.failures == []
    with connect(server.address) as connection:
        assert int(connection.get("/").text) in process.children_of(new)

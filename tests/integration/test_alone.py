# integration/test_alone.py: a server of one process (master_process off) does for itself what a master would: it loads its
# configuration anew, in place, opens and closes sockets and logs, and moves its pid file.
import signal

import pytest
from harness import process, reload
from harness.client import Connection
from harness.marks import covers, not_in_model, webserv_only
from harness.traffic import Traffic

pytestmark = webserv_only("after a reload without a master nginx 1.22 takes its sockets and logs for each other")
MAIN = "master_process off;"
ONE = 'server { listen 127.0.0.1:{port}; location / { return 200 "%s"; } }'


@pytest.fixture
def server(serve):
    return serve(main=MAIN, http=ONE % "one")


@covers("master_process")
def test_hup_loads_the_configuration(server):
    assert server.process.workers() == []
    reload.reload_any(server, main=MAIN, http=ONE % "two")
    process.wait_until(lambda: server.get("/").text == "two", what="the new configuration")
    assert server.process.workers() == [] and server.process.popen.poll() is None


@not_in_model("fork", "a child keeps the configuration it was born with")
def test_connections_stay_open(server):
    with server.connect() as connection:
        assert connection.get("/").text == "one"
        reload.reload(server, main=MAIN, http=ONE % "two")
        assert connection.get("/").text == "two"
    server.error_line("received from .*, reconfiguring")
    assert "generation 2 of the configuration is in place" in server.error_log()


@not_in_model("iterative", "one connection at a time")
def test_nobody_loses_a_request(server):
    with Traffic(server.address) as traffic:
        for number in range(2, 12):
            reload.reload(server, main=MAIN, http=ONE % number)
            seen = traffic.count
            process.wait_until(lambda: traffic.count > seen + 5, what="answers")
    assert traffic.failures == []
    assert traffic.answers["11"] > 0


def test_a_broken_configuration_changes_nothing(server):
    line = reload.reload_in_vain(server, "nonsense", main=MAIN, http="nonsense;")
    assert "[emerg]" in line
    assert server.get("/").text == "one"
    reload.reload(server, main=MAIN, http=ONE % "two")
    assert server.get("/").text == "two"


def test_addresses_come_and_go(server):
    other = ("127.0.0.1", server.site.port("port2"))
    assert not process.can_connect(other)
    reload.reload_any(server, main=MAIN, http=ONE % "two" + (ONE % "other").replace("{port}", "{port2}"))
    process.wait_until(lambda: process.can_connect(other), what="the new address")
    with Connection(other) as connection:
        assert connection.get("/").text == "other"
    reload.reload_any(server, main=MAIN, http=ONE % "three")
    process.wait_until(lambda: not process.can_connect(other), what="the old address closed")
    assert server.get("/").text == "three"


def test_logs_are_opened_anew(server):
    server.get("/first")
    log = server.site.dir / "access.log"
    process.wait_until(lambda: "/first" in log.read_text(), what="the line")
    log.rename(server.site.dir / "access.log.1")
    reload.reload_any(server, main=MAIN, http=ONE % "two")
    process.wait_until(log.exists, what="the log")
    server.get("/second")
    process.wait_until(lambda: "/second" in log.read_text(), what="the line in the new log")
    assert "/second" not in (server.site.dir / "access.log.1").read_text()


@covers("pid")
def test_the_pid_file_moves(serve, site):
    text = "%s pid {dir}/%s.pid; error_log {dir}/error.log info; events { } http { access_log off; " + ONE % "%s" + " }"
    server = serve(text % (MAIN, "server", "one"))
    site.configure(text % (MAIN, "other", "two"))
    server.process.signal(signal.SIGHUP)
    process.wait_until(lambda: (site.dir / "other.pid").exists() and not (site.dir / "server.pid").exists(), what="the file moved")
    process.wait_until(lambda: (site.dir / "other.pid").read_text() == f"{server.process.pid}\n", what="the number")


def test_a_pid_file_that_can_not_be_written(server):
    path = server.site.dir / "server.pid"
    config = (server.site.dir / "test.conf").read_text()
    server.site.configure(config.replace(f"pid {path};", "pid {dir}/nowhere/pid;"))
    server.process.signal(signal.SIGHUP)
    server.error_line(r'\[emerg\] .*pid file ".*/nowhere/pid": open\(\) failed')
    assert path.read_text() == f"{server.process.pid}\n"


def test_what_is_settled_at_the_start_is_told(server):
    reload.reload(server, main=MAIN + "worker_priority 5;", http=ONE % "two")
    server.error_line("settings of the process take effect only at the start")


def test_nothing_is_loaded_while_it_ends(server):
    with server.connect() as connection:
        connection.send("GET / HTTP/1.1\r\nHost: h\r\n")
        server.get("/")  # so that the half request has been read
        server.process.signal(signal.SIGQUIT)
        server.error_line("shutting down")
        server.process.signal(signal.SIGHUP)
        server.error_line("reconfiguring")
        connection.send("\r\n")
        assert connection.read_response().text == "one"
    assert server.process.wait() == 0
    assert "is in place" not in server.error_log()

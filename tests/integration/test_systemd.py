# integration/test_systemd.py: what a service manager is told, and the sockets it hands down.
# A datagram socket of the test's own stands in for systemd: sd_notify(3), sd_listen_fds(3).
import os
import shutil
import signal
import socket
import subprocess

import pytest
from harness import process
from harness.client import Connection
from harness.marks import cases, webserv_only
from harness.traffic import Traffic

pytestmark = webserv_only("it does not know systemd")
ANSWER = 'location / { return 200 "$pid"; }'


class Manager:
    """Starts the server as systemd does, and hears what it says."""

    def __init__(self, site):
        self.site = site
        self.path = str(site.dir / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(0.05)
        self.messages = []
        self.popen = None
        self.listeners = []

    def start(self, conf, environment=None, binary=None, address=None):
        variables = {**os.environ, "NOTIFY_SOCKET": self.path, **(environment or {})}
        numbers = [listener.fileno() for listener in self.listeners]

        def prepare():
            # What systemd does between fork and exec: the sockets from 3 on, and who they are for.
            copies = [os.dup(number) for number in numbers]
            for place, number in enumerate(copies, 3):
                high = 100 + place
                os.dup2(number, high)
            for place in range(3, 3 + len(numbers)):
                os.dup2(100 + place, place, inheritable=True)
                os.close(100 + place)

        command = [binary or process.BINARY, "-p", str(self.site.dir), "-c", str(conf)]
        if numbers:  # the number of the process is known only to itself
            command = ["sh", "-c", f'LISTEN_FDS={len(numbers)} LISTEN_PID=$$ LISTEN_FDNAMES=a exec "$@"', "sh", *command]
        with open(self.site.dir / "stderr", "ab") as stderr:
            self.popen = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr, env=variables,
                                          start_new_session=True, preexec_fn=prepare if numbers else None,
                                          pass_fds=range(3, 3 + len(numbers)) if numbers else ())
        return self

    def hear(self):
        try:
            while True:
                self.messages.append(self.socket.recv(4096).decode())
                self.socket.settimeout(0.001)
        except TimeoutError:
            pass
        finally:
            self.socket.settimeout(0.05)
        return self.messages

    def heard(self, *expected):
        """Waits until these have been said, in this order, and forgets all up to the last."""
        def said():
            at = 0
            messages = self.hear()
            for what in expected:
                found = next((i for i in range(at, len(messages)) if messages[i].split("\n")[0] == what), None)
                if found is None:
                    return False
                at = found + 1
            del messages[:at]
            return True

        process.wait_until(said, 15, f"{expected}; there is {self.messages}")

    def end(self):
        if self.popen and self.popen.poll() is None:
            self.popen.terminate()
            self.popen.wait(10)
        self.socket.close()
        for listener in self.listeners:
            listener.close()


@pytest.fixture
def manager(site):
    manager = Manager(site)
    yield manager
    manager.end()


def configure(site, main="worker_processes 2;", **parts):
    return site.configure(main=f"daemon off; {main}", **parts)


def test_ready_means_that_it_serves(manager, site):
    manager.start(configure(site, server=ANSWER))
    manager.heard("READY=1")
    assert process.can_connect(("127.0.0.1", site.port()))
    assert int((site.dir / "server.pid").read_text()) == manager.popen.pid


@cases("number", [signal.SIGTERM, signal.SIGQUIT])
def test_stopping(manager, site, number):
    manager.start(configure(site, server=ANSWER))
    manager.heard("READY=1")
    manager.popen.send_signal(number)
    manager.heard("STOPPING=1")
    assert manager.popen.wait(10) == 0


def test_reloading_until_it_is_in_place(manager, site):
    manager.start(configure(site, server='return 200 "old";'))
    manager.heard("READY=1")
    configure(site, server='return 200 "new";')
    manager.popen.send_signal(signal.SIGHUP)
    manager.heard("RELOADING=1", "READY=1")
    with Connection(("127.0.0.1", site.port())) as connection:
        assert connection.get("/").text == "new"


def test_a_reload_that_fails_is_over_too(manager, site):
    manager.start(configure(site, server=ANSWER))
    manager.heard("READY=1")
    configure(site, server="nonsense;")
    manager.popen.send_signal(signal.SIGHUP)
    manager.heard("RELOADING=1", "READY=1")


def test_workers_do_not_speak(manager, site):
    """The manager's variables are the master's own: no other process inherits them."""
    manager.start(configure(site, server=ANSWER))
    manager.heard("READY=1")
    for pid in process.children_of(manager.popen.pid):
        os.kill(pid, signal.SIGTERM)
    process.wait_until(lambda: len(process.children_of(manager.popen.pid)) == 2)
    assert not any("STOPPING" in message for message in manager.hear())


def test_the_watchdog_is_kept_quiet(manager, site):
    manager.start(configure(site, server=ANSWER), {"WATCHDOG_USEC": "100000"})
    manager.heard("READY=1")
    manager.heard("WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1")


def test_a_server_of_one_process_speaks_too(manager, site):
    main = "master_process off;"
    manager.start(configure(site, main, server='return 200 "old";'), {"WATCHDOG_USEC": "100000"})
    manager.heard("READY=1")
    manager.heard("WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1")
    for words, text in (('return 200 "new";', "new"), ("nonsense;", "new")):
        configure(site, main, server=words)
        manager.popen.send_signal(signal.SIGHUP)
        manager.heard("RELOADING=1", "READY=1")
        with Connection(("127.0.0.1", site.port())) as connection:
            assert connection.get("/").text == text
    manager.popen.send_signal(signal.SIGQUIT)
    manager.heard("STOPPING=1")
    assert manager.popen.wait(10) == 0


def test_a_watchdog_of_somebody_else_is_none(manager, site):
    manager.start(configure(site, server=ANSWER), {"WATCHDOG_USEC": "20000", "WATCHDOG_PID": "1"})
    manager.heard("READY=1")
    manager.popen.send_signal(signal.SIGHUP)
    manager.heard("RELOADING=1", "READY=1")
    assert not any("WATCHDOG" in message for message in manager.messages)


def test_an_upgrade_names_the_new_main_process(manager, site):
    binary = site.dir / "webserv"
    shutil.copy(process.BINARY, binary)
    conf = configure(site, server=ANSWER)
    manager.start(conf, {"WATCHDOG_USEC": "100000"}, binary=str(binary))
    manager.heard("READY=1")
    old = manager.popen.pid
    file = site.dir / "server.pid"
    manager.popen.send_signal(signal.SIGUSR2)
    new = process.wait_until(lambda: (pid := process.pid_in(file)) != old and pid)
    try:
        manager.heard(f"MAINPID={new}", "READY=1", "WATCHDOG=1")
        os.kill(new, signal.SIGQUIT)  # the way back
        process.wait_until(lambda: not process.is_alive(new))
        manager.heard(f"MAINPID={old}")
    finally:
        if process.is_alive(new):
            os.kill(new, signal.SIGKILL)
    assert process.can_connect(("127.0.0.1", site.port()))


# Sockets that are handed down


def bound(family, address):
    listener = socket.socket(family, socket.SOCK_STREAM)
    if family == socket.AF_INET:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    listener.listen(64)
    return listener


def test_sockets_of_the_manager_are_used(manager, site):
    path = str(site.dir / "socket")
    port = site.port()
    manager.listeners = [bound(socket.AF_INET, ("127.0.0.1", port)), bound(socket.AF_UNIX, path)]
    early = Connection(("127.0.0.1", port))  # before the server is there
    early.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    listen = "server { listen 127.0.0.1:{port}; listen unix:{dir}/socket; listen 127.0.0.1:{port2}; "
    conf = configure(site, http=listen + 'return 200 "one"; }')
    manager.start(conf)
    manager.heard("READY=1")
    assert early.read_response().text == "one"
    for address in (("127.0.0.1", port), path, ("127.0.0.1", site.port("port2"))):
        with Connection(address) as connection:
            assert connection.get("/").text == "one"
    configure(site, http=listen + 'return 200 "two"; }')
    with Traffic(("127.0.0.1", port)) as traffic:
        manager.popen.send_signal(signal.SIGHUP)
        manager.heard("RELOADING=1", "READY=1")
    assert traffic.failures == []
    manager.popen.send_signal(signal.SIGQUIT)
    assert manager.popen.wait(10) == 0
    assert os.path.exists(path)  # the manager listens there for the next start
    waiting = Connection(("127.0.0.1", port))
    waiting.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    manager.start(conf)
    manager.heard("READY=1")
    assert waiting.read_response().text == "two"


def test_a_socket_that_nobody_names_is_closed(manager, site):
    manager.listeners = [bound(socket.AF_INET, ("127.0.0.1", site.port("port2")))]
    manager.start(configure(site, server=ANSWER))
    manager.heard("READY=1")
    manager.listeners.pop().close()
    assert not process.can_connect(("127.0.0.1", site.port("port2")))
    assert process.can_connect(("127.0.0.1", site.port()))


def test_what_does_not_listen_is_left_alone(manager, site):
    stray = socket.socket()
    manager.listeners = [stray]
    manager.start(configure(site, server=ANSWER))
    manager.heard("READY=1")
    assert "inherited socket #3 is ignored: it does not listen" in (site.dir / "stderr").read_text()

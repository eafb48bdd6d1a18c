# integration/test_chaos.py: everything at once: requests, downloads, killed and stopped workers, reloads, rotated logs, upgrades.
# A request may fail only if the worker that had its connection was killed or stopped by the test.
import os
import random
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest
from harness import process
from harness.client import Connection, head_of
from harness.marks import webserv_only

pytestmark = webserv_only("its workers are new after every reload")
SECONDS = float(os.environ.get("WEBSERV_CHAOS_SECONDS", "20"))
SIZE = 3_000_000
CONF = """
worker_processes %(workers)d;
daemon on;
pid {dir}/server.pid;
error_log {dir}/error.log info;
events { worker_connections 512; }
http {
    access_log {dir}/access.log;
    root {root};
    keepalive_requests 1000000;
    server {
        listen 127.0.0.1:{port}%(reuseport)s;
        location / { return 200 "$pid %(generation)d"; }
        location /big { }
    }
    %(more)s
}
"""


class Victims:
    """Workers that the test has hurt, each before it happened."""

    def __init__(self):
        self.lock = threading.Lock()
        self.pids = set()

    def add(self, pid):
        with self.lock:
            self.pids.add(pid)

    def __contains__(self, pid):
        with self.lock:
            return pid in self.pids


class Client(threading.Thread):
    """Asks on one connection until it ends; knows the worker behind it by the first answer."""

    def __init__(self, address, victims, over, big):
        super().__init__(daemon=True)
        self.address, self.victims, self.over, self.big = address, victims, over, big
        self.answers = 0
        self.generations = []
        self.failures = []

    def run(self):
        while not self.over.is_set():
            self.one_connection()

    def one_connection(self):
        worker, served = None, 0
        connection = None
        try:
            with Connection(self.address, timeout=20) as connection:
                while not self.over.is_set():
                    connection.send(head_of("GET", "/"))
                    worker, generation = map(int, connection.read_response().text.split())
                    self.generations.append(generation)
                    served += 1
                    if self.big:
                        connection.send(head_of("GET", "/big"))
                        assert len(connection.read_response().content) == SIZE
                    self.answers += 1
                    time.sleep(0.001)
        except (AssertionError, OSError, ValueError) as error:
            self.judge(worker, served, connection, error)

    def judge(self, worker, served, connection, error):
        # Without an answer nobody knows whose connection it was: it may have waited in the queue, and a killed worker had taken it.
        if worker in self.victims or (worker is None and self.victims.pids):
            return
        # A worker that leaves ends idle connections: a request that crosses that end on its way was not looked at.
        if served and connection is not None and not connection.buffer and (isinstance(error, OSError) or "within a head: b''" in str(error)):
            return
        self.failures.append(f"worker {worker}, after {served} answers: {type(error).__name__}: {error}")


class Chaos:
    def __init__(self, site, seed):
        self.site = site
        self.random = random.Random(seed)
        self.victims = Victims()
        self.generation = 0
        self.rotations = 0
        self.workers = 2
        self.reuseport = ""
        self.done = {}

    def configure(self, more=None):
        self.generation += 1
        if more is None:
            more = "server { listen 127.0.0.1:{port2}; }" if self.random.random() < 0.3 else ""
        return self.site.configure(CONF % {"workers": self.workers, "generation": self.generation, "reuseport": self.reuseport, "more": more})

    def pid_in_file(self):
        """None while the file is not there, or empty: it is about to be another's."""
        try:
            return int((self.site.dir / "server.pid").read_text())
        except (OSError, ValueError):
            return None

    def master(self):
        return process.wait_until(self.pid_in_file, what="a pid file")

    def some_worker(self):
        heirs = self.masters()
        found = [pid for master in heirs for pid in process.children_of(master) if pid not in heirs]
        return self.random.choice(found) if found else None

    def masters(self):
        """All that run, by what they wrote."""
        found = []
        for path in self.site.dir.glob("server.pid*"):
            try:
                found.append(int(path.read_text()))
            except (FileNotFoundError, ValueError):
                continue  # removed by now, or not written yet
        return found

    def kill(self):
        if worker := self.some_worker():
            self.victims.add(worker)
            os.kill(worker, signal.SIGKILL)

    def stop(self):
        if worker := self.some_worker():
            self.victims.add(worker)
            os.kill(worker, signal.SIGSTOP)

    def reload(self):
        self.configure()
        os.kill(self.master(), signal.SIGHUP)

    def resize(self):
        self.workers = self.random.randint(1, 4)
        self.reload()

    def rotate(self):
        self.rotations += 1
        self.site.dir.joinpath("access.log").rename(self.site.dir / f"access.log.{self.rotations}")
        os.kill(self.master(), signal.SIGUSR1)

    def upgrade(self):
        old = self.master()
        os.kill(old, signal.SIGUSR2)
        new = process.wait_until(lambda: self.new_master(old), 20, "a new master")
        process.wait_until(lambda: process.children_of(new), 20, "its workers")
        loser, winner = (old, new) if self.random.random() < 0.7 else (new, old)
        os.kill(loser, signal.SIGQUIT)
        process.wait_until(lambda: not process.is_alive(loser), 40, f"the end of {loser}")
        process.wait_until(lambda: self.master() == winner, 10, "the pid file")

    def new_master(self, old):
        return found if (found := self.pid_in_file()) != old else None

    def act(self):
        deeds = {self.kill: 4, self.stop: 1, self.reload: 6, self.resize: 2, self.rotate: 2, self.upgrade: 1}
        deed = self.random.choices(list(deeds), deeds.values())[0]
        deed()
        self.done[deed.__name__] = self.done.get(deed.__name__, 0) + 1


@pytest.fixture
def daemon(site):
    """A server of a copied binary; whoever runs at the end is ended."""
    binary = site.dir / "webserv"
    shutil.copy(process.BINARY, binary)
    seed = int(os.environ.get("WEBSERV_CHAOS_SEED") or random.randrange(1 << 30))
    print(f"WEBSERV_CHAOS_SEED={seed}")
    chaos = Chaos(site, seed)
    site.write("big", b"x" * SIZE)
    with open(site.dir / "stderr", "wb") as stderr:  # a daemon's errors go nowhere, sanitizers' reports before it is one do not
        result = process.run(["-p", str(site.dir), "-c", str(chaos.configure())], str(binary))
        stderr.write(result.stderr.encode())
    assert result.returncode == 0, result.stderr
    yield chaos
    for pid in chaos.masters():
        if process.is_alive(pid):
            os.kill(pid, signal.SIGTERM)
    process.wait_until(lambda: not any(map(process.is_alive, chaos.masters())), 20, "the end")


def test_chaos(daemon, site):
    chaos, over = daemon, threading.Event()
    address = ("127.0.0.1", site.port())
    process.wait_until(lambda: process.can_connect(address))
    clients = [Client(address, chaos.victims, over, big=number == 0) for number in range(5)]
    for client in clients:
        client.start()
    end = time.monotonic() + SECONDS
    try:
        while time.monotonic() < end:
            chaos.act()
            time.sleep(chaos.random.uniform(0.01, 0.2))
        chaos.configure(more="")
        os.kill(chaos.master(), signal.SIGHUP)
        process.wait_until(lambda: all(chaos.generation in client.generations[-20:] for client in clients), 30,
                           "the last configuration for everybody")
    finally:
        over.set()
        for client in clients:
            client.join(30)
    failures = [failure for client in clients for failure in client.failures]
    assert failures == [], chaos.done
    assert sum(client.answers for client in clients) > 100
    log = (site.dir / "error.log").read_text()
    unexpected = [line for line in log.splitlines() if "exited on signal" in line
                  and int(line.split("worker process ")[1].split()[0]) not in chaos.victims]
    assert not unexpected
    # A stopped worker may still have the second address; then that one reload is refused.
    assert not [line for line in log.splitlines() if "[emerg]" in line and "bind()" not in line and "is taken" not in line]
    master = chaos.master()
    process.wait_until(lambda: len(process.children_of(master)) == chaos.workers, 20, f"{chaos.workers} workers")
    assert len(os.listdir(f"/proc/{master}/fd")) < 40
    assert Path(f"/proc/{master}/exe").resolve().name == "webserv"

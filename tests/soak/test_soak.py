# soak/test_soak.py: minutes of load, while workers are killed, the configuration is loaded anew and every document changes.
# Nobody may see what was there before a change, no request may fail without reason, nothing may grow. WEBSERV_SOAK_SECONDS: how long.
import os
import random
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from clients import Client, Gate, Victims
from documents import Author, Fleeting, Mapped, Released, Replaced, Rewritten
from harness import certificates, process, reload
from harness.site import Server, Site

SECONDS = float(os.environ.get("WEBSERV_SOAK_SECONDS", "180"))
WORKERS = 3
# What a measurement varies by: a buffer more or less, an arena of malloc(3). A site that is kept at each reload is far more. A short
# soak begins to measure before everything has the size that it needs.
GROWTH_KIB = 1024 if SECONDS >= 60 else 6144

SERVER = """
    server {
        listen 127.0.0.1:{port};
        listen 127.0.0.1:{port2} ssl;
        {certificate}
        server_name localhost;
        keepalive_requests 1000000;
        add_header X-Worker $pid always;
        add_header X-Generation %d always;
        access_log off;
        location /mapped { aio threads; }
        location /fleeting { log_not_found off; }
    }
"""
MAIN = f"worker_processes {WORKERS};"
OTHERS = "".join(f"server {{ listen 127.0.0.1:{{port}}; server_name site{number}.org; location /a {{ return 200 {number}; }} }}\n" for number in range(100))


def configuration(generation):
    return {"main": MAIN, "http": SERVER.replace("{certificate}", certificates.shared().pair("localhost")) % generation + OTHERS}


class Trouble(threading.Thread):
    """Reloads and kills, but for one worker, which has to live through it all."""

    def __init__(self, server, victims, spared):
        super().__init__(daemon=True)
        self.server, self.victims, self.spared = server, victims, spared
        self.over = threading.Event()
        self.random = random.Random(1)
        self.generation = self.reloads = self.kills = 0
        self.failure = None

    def run(self):
        try:
            while not self.over.wait(self.random.uniform(0.05, 0.5)):
                self.kill() if self.random.random() < 0.25 else self.reload()
        except (AssertionError, OSError) as error:
            self.failure = str(error)

    def kill(self):
        others = [pid for pid in self.server.process.workers() if pid != self.spared]
        if others:
            victim = self.random.choice(others)
            self.victims.add(victim)
            os.kill(victim, signal.SIGKILL)
            self.kills += 1

    def reload(self):
        """Sometimes two of them at once; now and then the configuration is broken."""
        self.generation += 1
        broken = self.random.random() < 0.1
        self.server.site.configure(**configuration(self.generation) | ({"http": "nonsense;"} if broken else {}))
        for _ in range(self.random.choice([1, 1, 1, 2])):
            self.server.process.signal(signal.SIGHUP)
            self.reloads += 1

    def end(self):
        self.over.set()
        self.join(20)
        reload.reload(self.server, **configuration(self.generation + 1))
        process.wait_until(lambda: len(self.server.process.workers()) == WORKERS, 20, "all workers")


@dataclass
class Size:
    pss_kib: int
    descriptors: int


def size_of(pid):
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return Size(next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), len(os.listdir(f"/proc/{pid}/fd")))


def documents_of(site):
    return [Replaced(site.root, "small", 1000), Replaced(site.root, "folder/middle", 40_000), Replaced(site.root, "large", 400_000),
            Released(site.root, "page", 3000), Mapped(site.root, "mapped", 8192), Mapped(site.root, "mapped-large", 200_000),
            Rewritten(site.root, "rewritten", 2000), Rewritten(site.root, "rewritten-large", 300_000), Fleeting(site.root, "fleeting", 1500)]


class Soak:
    def __init__(self, server, spared):
        self.server, self.spared = server, spared
        self.documents = documents_of(server.site)
        self.victims, self.gate, self.still = Victims(), Gate(), threading.Event()
        large = [document for document in self.documents if isinstance(document, Replaced) and document.size > 100_000]

        def client(keeps, documents=self.documents, slow=False, tls=None):
            address = ("127.0.0.1", server.site.port("port2")) if tls else server.address
            return Client(address, documents, self.victims, self.gate, keeps, slow, tls)

        tls = certificates.client()
        self.clients = [*(client(True) for _ in range(6)), *(client(False) for _ in range(4)), client(True, large, slow=True),
                        *(client(True, tls=tls) for _ in range(2)), client(False, tls=tls)]
        self.authors = [Author(document, self.still, 0.02 + 0.013 * number) for number, document in enumerate(self.documents)]
        self.figures = {"reloads": 0, "kills": 0}

    def start(self):
        for thread in (*self.clients, *self.authors):
            thread.start()

    def load(self, seconds):
        """@return what kept the trouble from going on, or None"""
        trouble = Trouble(self.server, self.victims, self.spared)
        self.gate.open.set()
        trouble.start()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not any(client.failures for client in self.clients):
            time.sleep(0.1)
        trouble.end()
        self.figures["reloads"] += trouble.reloads
        self.figures["kills"] += trouble.kills
        return trouble.failure

    def rest(self):
        """All clients have gone, so what is left is the server's own."""
        self.gate.open.clear()
        process.wait_until(lambda: all(client.is_idle.is_set() for client in self.clients), 60, "idle clients")
        process.wait_until(lambda: not self.connections(), 20, "no connection")
        return {"master": size_of(self.server.process.pid), "worker": size_of(self.spared)}

    def connections(self):
        ports = {f"{port:04X}" for port in self.server.site.ports.values()}
        lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return [words for words in lines if words[1].split(":")[1] in ports and words[3] in ("01", "08")]  # established, or half closed

    def end(self):
        self.gate.over.set()
        self.still.set()
        for thread in (*self.clients, *self.authors):
            thread.join(30)

    def total(self, what):
        return sum(getattr(client, what) for client in self.clients)


@pytest.fixture
def server():
    site = Site()
    server = Server(site)
    server.workers_may_die = True
    yield server
    try:
        server.stop()
    finally:
        site.remove()


def test_soak(server, capsys):
    server.start(server.site.configure(**configuration(0)))
    steady = process.wait_until(lambda: len(found := server.process.workers()) == WORKERS and found[0], what="workers")
    soak = Soak(server, steady)
    soak.start()
    try:
        stopped = soak.load(SECONDS / 4)  # to warm up: caches and buffers have the size then that they need
        before = soak.rest()
        stopped = stopped or soak.load(SECONDS * 3 / 4)
        after = soak.rest()
    finally:
        soak.end()
    changes = {document.target: document.changes for document in soak.documents}
    with capsys.disabled():
        print(f"\nsoak: {SECONDS:.0f} s, {soak.total('answers')} answers, {soak.figures}, changes {changes}\n"
              f"soak: on killed workers' connections {soak.total('excused')}, cut while a file was rewritten {soak.total('cut')}\n"
              f"soak: before {before}\nsoak: after  {after}")
    assert [failure for client in soak.clients for failure in client.failures][:20] == []
    assert stopped is None and [author.failure for author in soak.authors if author.failure] == []
    assert steady in server.process.workers(), "the worker that was spared has gone"
    examine_log(server, soak.victims)
    for name in before:
        # Files that are asked for stay open: which of them are at rest, is chance.
        assert after[name].descriptors <= before[name].descriptors + len(soak.documents), name
        assert reload.is_sanitized(server.process.pid) or after[name].pss_kib <= before[name].pss_kib + GROWTH_KIB, name
    assert soak.total("answers") > SECONDS * 50 and soak.figures["reloads"] > SECONDS / 2 and soak.figures["kills"] > SECONDS / 20
    assert min(changes.values()) > SECONDS * 2


def examine_log(server, victims):
    """Nothing in it that the test is not the cause of."""
    for line in server.error_log().splitlines():
        if "exited on signal 9" in line:
            assert int(line.split("worker process ")[1].split()[0]) in victims.killed, line
        else:
            assert not any(level in line for level in ("[alert]", "[crit]")), line
            assert "[emerg]" not in line or "nonsense" in line, line

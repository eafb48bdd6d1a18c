# soak/clients.py: clients that ask for changing documents, and judge every answer.
# A request may fail only if the worker that had its connection was killed by the test.
import random
import threading
import time

from documents import Mapped
from harness.client import Connection, head_of

DATE_SECONDS = 1.5  # after a write through a mapping; the promise is one, counted from the last look at the file
DATE_FORMAT = "%a, %d %b %Y %H:%M:%S GMT"


class Victims:
    """Workers that the test has killed, noted before it did so."""

    def __init__(self):
        self.lock = threading.Lock()
        self.killed = {}  # process id -> when

    def add(self, pid):
        with self.lock:
            self.killed[pid] = time.monotonic()

    def excuse(self, worker, since):
        """Whose connection it was is known from its first answer on; before, any worker that was killed since may have had it."""
        with self.lock:
            if worker is not None:
                return worker in self.killed
            return any(when >= since for when in self.killed.values())


class Gate:
    """Lets clients in, or asks them to leave their connections and to wait."""

    def __init__(self):
        self.open = threading.Event()
        self.over = threading.Event()


class Client(threading.Thread):
    """`keeps`: asks on one connection as long as that lasts. `slow`: reads large answers bit by bit. `tls`: an ssl.SSLContext."""

    def __init__(self, address, documents, victims, gate, keeps, slow=False, tls=None):
        super().__init__(daemon=True)
        self.address, self.documents, self.victims, self.gate = address, documents, victims, gate
        self.keeps, self.slow, self.tls = keeps, slow, tls
        self.random = random.Random(id(self))
        self.tags = {}  # document -> (entity tag, version)
        self.answers = self.excused = self.cut = 0
        self.failures = []
        self.is_idle = threading.Event()

    def run(self):
        while not self.gate.over.is_set():
            if not self.gate.open.is_set():
                self.is_idle.set()
                self.gate.open.wait(0.05)
                continue
            self.is_idle.clear()
            self.one_connection()
        self.is_idle.set()

    def one_connection(self):
        self.worker = self.document = None
        self.since = time.monotonic()
        try:
            with Connection(self.address, timeout=30, receive_buffer=65536 if self.slow else None, tls=self.tls, name="localhost") as connection:
                while self.gate.open.is_set() and not self.gate.over.is_set():
                    self.ask(connection)
                    if not self.keeps:
                        break
                    time.sleep(0.001)
        except (AssertionError, OSError, ValueError) as error:
            self.judge_failure(error)

    def ask(self, connection):
        document = self.document = self.random.choice(self.documents)
        fields = [] if self.keeps else ["Connection: close"]
        tag, asked_for = self.tags.get(document, (None, None)) if self.random.random() < 0.3 else (None, None)
        if tag:
            fields.append(f"If-None-Match: {tag}")
        dated = document.dated_before(time.monotonic() - DATE_SECONDS) if isinstance(document, Mapped) else None
        self.floor = document.made
        connection.send(head_of("GET", document.target, fields))
        response = self.read(connection)
        ceiling = document.begun
        self.answers += 1
        self.worker = int(response.field("X-Worker"))
        objection = document.objection(response, self.floor, ceiling, asked_for)
        if not objection and dated is not None:
            objection = self.objection_to_date(response, dated)
        if objection:
            self.failures.append(f"{document.target}, versions {self.floor} to {ceiling}, worker {self.worker}: {objection}")
        if document.atomic and response.status == 200 and not objection:
            version = next(v for v in range(self.floor, ceiling + 1) if document.content(v) == response.content)
            self.tags[document] = (response.field("ETag"), version)

    def objection_to_date(self, response, version):
        date = response.field("Last-Modified")
        oldest = time.strftime(DATE_FORMAT, time.gmtime(1_000_000_000 + version))
        if time.strptime(date, DATE_FORMAT) < time.strptime(oldest, DATE_FORMAT):
            return f"dated {date}, was written after {oldest}"
        return None

    def read(self, connection):
        response = connection.read_head()
        if response.status == 304:
            return response
        left = int(response.field("Content-Length"))
        parts = []
        while left:
            parts.append(connection.take(min(left, 65536 if self.slow else left)))
            left -= len(parts[-1])
            if self.slow:
                time.sleep(0.002)
        response.content = b"".join(parts)
        return response

    def judge_failure(self, error):
        if self.victims.excuse(self.worker, self.since):
            self.excused += 1
        elif self.document and self.document.may_be_cut(self.floor, self.document.begun):
            self.cut += 1
        else:
            target = self.document.target if self.document else "connect"
            self.failures.append(f"{target}, worker {self.worker}: {type(error).__name__}: {error}")

# integration/harness/traffic.py: clients that go on asking while a test changes the server under them, and what went wrong for them.
# A client that keeps its connection counts every end of it, unless the test allows the server to end idle ones.
import threading
import time
from collections import Counter

from .client import head_of
from .site import MODEL
from .transport import TRANSPORT, connect


class Client(threading.Thread):
    """One client. `keeps`: it stays on one connection. `may_be_ended`: the server may end that between two requests."""

    def __init__(self, traffic, keeps):
        super().__init__(daemon=True)
        self.traffic = traffic
        self.keeps = keeps
        self.connection = None
        self.served = 0  # on the present connection

    def run(self):
        while not self.traffic.over.is_set():
            self.ask()
            time.sleep(self.traffic.pause)
        self.leave()

    def leave(self):
        if self.connection:
            self.connection.close()
        self.connection = None
        self.served = 0

    def ask(self):
        try:
            if self.connection is not None and self.is_over():
                return self.leave()
            if self.connection is None:
                self.connection = connect(self.traffic.address)
            fields = [] if self.keeps else ["Connection: close"]
            self.connection.send(head_of("GET", self.traffic.target, fields))
            response = self.connection.read_response()
        except (AssertionError, OSError, ValueError) as error:
            self.explain(error)
            return self.leave()
        self.served += 1
        self.traffic.note(response)
        if not self.keeps:
            return self.leave()
        if response.field("Connection") == "close":
            if not self.traffic.may_be_ended:
                self.traffic.fail(f"the server announced the connection's end after {self.served} answers")
            self.leave()

    def is_over(self):
        """HTTP/2 says so between two requests."""
        goaway = TRANSPORT == "h2" and not self.connection.readable(0) and self.connection.http2.goaway
        if goaway and not self.traffic.may_be_ended:
            self.traffic.fail(f"GOAWAY after {self.served} answers: {goaway}")
        return bool(goaway)

    def explain(self, error):
        """An idle connection may end while the next request is under way; that one had no answer, and may be sent again."""
        connection = self.connection
        if self.traffic.may_be_ended and TRANSPORT == "h2" and connection and connection.was_not_begun():
            return
        if self.traffic.may_be_ended and self.served and connection and not connection.buffer:
            return
        self.traffic.fail(f"request {self.served + 1} of its connection: {type(error).__name__}: {error}")


class Traffic:
    """with Traffic(address): ... ; afterwards `failures` is empty if every request was answered."""

    def __init__(self, address, target="/", kept=2, fresh=1, may_be_ended=False, pause=0.002):
        self.address = address
        self.target = target
        self.may_be_ended = may_be_ended or MODEL in ("fork", "iterative")  # after a reload; when another waits
        self.pause = pause
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.answers = Counter()  # by text
        self.failures = []
        self.clients = [Client(self, True) for _ in range(kept)] + [Client(self, False) for _ in range(fresh)]

    def __enter__(self):
        for client in self.clients:
            client.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for client in self.clients:
            client.join(20)

    def note(self, response):
        with self.lock:
            self.answers[response.text] += 1
        if response.status != 200:
            self.fail(f"status {response.status}")

    def fail(self, why):
        with self.lock:
            self.failures.append(why)

    @property
    def count(self):
        with self.lock:
            return sum(self.answers.values())


class Download(threading.Thread):
    """Reads a long response slowly, with pauses, until the test lets it go on at full speed."""

    def __init__(self, address, target, size):
        super().__init__(daemon=True)
        self.connection = connect(address, timeout=60, receive_buffer=65536)
        self.target = target
        self.size = size
        self.hurry = threading.Event()
        self.failure = "it did not end"
        self.connection.send(head_of("GET", target))
        self.connection.read_head()
        self.start()

    def run(self):
        left = self.size
        try:
            while left:
                data = self.connection.take(min(left, 16384))
                left -= len(data)
                if data.strip(b"x"):
                    self.failure = "other octets came"
                    return
                self.hurry.wait(0.005)
            self.failure = None
        except (AssertionError, OSError) as error:
            self.failure = f"{left} octets are missing: {error}"

    def finish(self):
        """Reads on at full speed. @return what went wrong, or None"""
        self.hurry.set()
        self.join(60)
        return self.failure

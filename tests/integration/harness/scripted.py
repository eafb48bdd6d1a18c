# integration/harness/scripted.py: a server that does what a test tells it: slow, rude, wrong; and remembers what it was asked.
# The script of a test runs in a thread for each connection; sockets only, so nothing mends what it sends.
import contextlib
import os
import socket
import struct
import subprocess
import threading
from dataclasses import dataclass

from . import process

WITHIN_SECONDS = 30


@dataclass
class Request:
    method: str
    target: str
    fields: list  # of (name, value)
    head: bytes

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def field(self, name):
        values = self.all(name)
        assert len(values) <= 1, f"{name} is repeated: {values}"
        return values[0] if values else None


class Caller:
    """The connection of one client, as a script sees it."""

    def __init__(self, connection, server):
        self.socket = connection
        self.server = server
        self.buffer = b""

    def read_request(self):
        """The next head, or None if the client has gone."""
        while b"\r\n\r\n" not in self.buffer:
            data = self.socket.recv(65536)
            if not data:
                return None
            self.buffer += data
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ")
        request = Request(method, target, [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]], head)
        self.server.requests.append(request)
        return request

    def read_content(self, count):
        while len(self.buffer) < count:
            data = self.socket.recv(65536)
            if not data:
                break
            self.buffer += data
        content, self.buffer = self.buffer[:count], self.buffer[count:]
        return content

    def send(self, data):
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def finish(self):
        """FIN, then listen until the client has gone: what was sent arrives."""
        self.socket.shutdown(socket.SHUT_WR)
        while self.socket.recv(65536):
            pass

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def answer(status="200 OK", content=b"", *fields, length=True):
    """A response, whole."""
    content = content.encode() if isinstance(content, str) else content
    lines = [f"HTTP/1.1 {status}", *fields, *([f"Content-Length: {len(content)}"] if length else [])]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + content


class ScriptedServer:
    """`script(caller)` is called for each connection, which is closed when it returns."""

    def __init__(self, script, address=("127.0.0.1", 0)):
        self.script = script
        self.requests = []
        self.callers = 0
        self.stopping = threading.Event()
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.listener = socket.socket(family)
        if family != socket.AF_UNIX:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(address)
        self.listener.listen(64)
        self.port = None if family == socket.AF_UNIX else self.listener.getsockname()[1]
        self.connections = []
        self.threads = [threading.Thread(target=self.accept, daemon=True)]
        self.threads[0].start()

    def url(self, target="/"):
        return f"http://127.0.0.1:{self.port}{target}"

    def accept(self):
        while not self.stopping.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.callers += 1
            self.connections.append(connection)
            thread = threading.Thread(target=self.serve, args=(connection,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def serve(self, connection):
        connection.settimeout(WITHIN_SECONDS)
        with contextlib.suppress(OSError), connection:
            self.script(Caller(connection, self))

    def stop(self):
        self.stopping.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join(WITHIN_SECONDS)
            assert not thread.is_alive(), "a script does not end"


def says(octets, then="finish"):
    """A script: hears a request, sends these octets, and ends the connection (`finish`), breaks it (`reset`) or waits (`wait`)."""

    def script(caller):
        if caller.read_request() is None:
            return
        caller.send(octets)
        if then == "reset":
            caller.reset()
        elif then == "wait":
            caller.server.stopping.wait(WITHIN_SECONDS)
        else:
            caller.finish()

    return script


def answers(respond):
    """A script that keeps connections: `respond(request)` gives the octets of each response."""

    def script(caller):
        while request := caller.read_request():
            length = int(request.field("Content-Length") or 0)
            request.content = caller.read_content(length)
            caller.send(respond(request))

    return script


@dataclass
class Outcome:
    code: int
    out: bytes
    err: str


ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}


def run(words, data=None, seconds=60, **options):
    result = subprocess.run(words, input=data if data is not None else b"", capture_output=True, timeout=seconds, check=False, env=ENVIRONMENT,
                            **options)
    complaints = process.complaints_in(result.stderr.decode(errors="replace"))
    assert not complaints, complaints
    return Outcome(result.returncode, result.stdout, result.stderr.decode(errors="replace"))


def get(*words, **options):
    """`webserv get`."""
    return run([process.BINARY, "get", *map(str, words)], **options)


def curl(*words, **options):
    """The same for curl, where it has the same option."""
    return run(["curl", "-sS", "-q", *map(str, words)], **options)

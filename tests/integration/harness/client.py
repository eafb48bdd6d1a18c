# integration/harness/client.py: an HTTP/1 client that hides nothing: it sends the octets it is told to,
# and says how the answer was framed and whether the connection goes on.
import select
import socket
import ssl
import struct
import time
from dataclasses import dataclass, field

TIMEOUT_SECONDS = 10


class NotInHttp2(Exception):
    """What HTTP/2 has no words for (see said_in_http2)."""


@dataclass
class Response:
    version: str
    status: int
    reason: str
    fields: list  # of (name, value), as received
    content: bytes = b""
    framing: str = "none"  # none, length, chunked, close
    head: bytes = b""
    trailers: list = field(default_factory=list)  # as fields

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def field(self, name):
        """The value of the only field line of this name, or None."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} is repeated: {values}"
        return values[0] if values else None

    def beginning(self, prefix):
        """The fields whose names begin so, with their names in lower case, as HTTP/2 has them all."""
        return [(key.lower(), value) for key, value in self.fields if key.lower().startswith(prefix.lower())]

    @property
    def text(self):
        return self.content.decode("utf-8", "replace")


def encode(data):
    return data.encode("latin-1") if isinstance(data, str) else data


def head_of(method, target, fields=(), version="1.1", host="localhost"):
    """A request head. `fields` are whole lines ("Name: value")."""
    lines = [f"{method} {target} HTTP/{version}"]
    if host is not None:
        lines.append(f"Host: {host}")
    lines.extend(fields)
    return encode("\r\n".join(lines) + "\r\n\r\n")


class Connection:
    """One connection. `address` is (host, port) or the path of a unix socket; `tls` an ssl.SSLContext, `name` the server that is meant."""

    def __init__(self, address, timeout=TIMEOUT_SECONDS, receive_buffer=None, tls=None, name=None, before=b"", session=None,
                 segment_bytes=None):
        if isinstance(address, str):
            family = socket.AF_UNIX
        else:
            family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if segment_bytes:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, segment_bytes)
        self.socket.settimeout(timeout)
        self.socket.connect(address)
        if family != socket.AF_UNIX:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.ended = False
        if before:
            self.socket.sendall(before)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname=name, session=session)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Closes with RST instead of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    # Sending

    def send(self, data):
        self.socket.sendall(encode(data))

    def send_slowly(self, data):
        """One octet a packet; stops as soon as the server answers or goes."""
        for octet in encode(data):
            if self.readable(0):
                return
            try:
                self.socket.send(bytes([octet]))
            except (BrokenPipeError, ConnectionResetError):
                return

    def request(self, method, target, fields=(), content=None, version="1.1", host="localhost"):
        """Sends a request with its content and reads the answer."""
        fields = list(fields)
        if content is not None:
            fields.append(f"Content-Length: {len(content)}")
        self.send(head_of(method, target, fields, version, host) + encode(content or b""))
        return self.read_response(method)

    def get(self, target, *fields, host="localhost", version="1.1"):
        return self.request("GET", target, fields, host=host, version=version)

    # Receiving

    def readable(self, seconds):
        """Whether there is something to read, or the end. Under TLS, records that have no octets for us (tickets) are passed over."""
        deadline = time.monotonic() + seconds
        while not self.buffer:
            if not select.select([self.socket], [], [], max(0, deadline - time.monotonic()))[0] and not self.pending():
                return False
            if not isinstance(self.socket, ssl.SSLSocket):
                return True
            patience = self.socket.gettimeout()
            try:
                self.socket.settimeout(0)
                self.ended = not self.receive_more()
            except ssl.SSLWantReadError:
                continue
            finally:
                self.socket.settimeout(patience)
            return True
        return True

    def pending(self):
        return isinstance(self.socket, ssl.SSLSocket) and self.socket.pending() > 0

    def receive_more(self):
        """Appends what comes next to the buffer. @return False at the end of input"""
        if self.ended:
            return False
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self.ended = not data
        self.buffer += data
        return not self.ended

    def take(self, count):
        while len(self.buffer) < count:
            assert self.receive_more(), f"end of input, {count - len(self.buffer)} octets early"
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def take_line(self):
        while b"\r\n" not in self.buffer:
            assert self.receive_more(), f"end of input within a line: {self.buffer[:200]!r}"
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def read_head(self):
        while b"\r\n\r\n" not in self.buffer:
            assert self.receive_more(), f"end of input within a head: {self.buffer[:200]!r}"
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        version, status, reason = (lines[0] + " ").split(" ", 2)
        fields = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]]
        return Response(version, int(status), reason.rstrip(), fields, head=head)

    def read_response(self, method="GET"):
        """Reads one response. 100 (Continue) is returned like any other."""
        response = self.read_head()
        if method == "HEAD" or response.status in (204, 304) or response.status < 200:
            return response
        if response.field("Transfer-Encoding") == "chunked":
            response.framing = "chunked"
            response.content, response.trailers = self.read_chunks()
        elif response.field("Content-Length") is not None:
            response.framing = "length"
            response.content = self.take(int(response.field("Content-Length")))
        else:
            response.framing = "close"
            response.content = self.read_to_end()
        return response

    def read_chunks(self):
        content = b""
        while size := int(self.take_line().split(b";")[0], 16):
            content += self.take(size)
            assert self.take(2) == b"\r\n"
        return content, self.read_fields()

    def read_fields(self):
        fields = []
        while line := self.take_line():
            fields.append(tuple(part.strip() for part in line.decode("latin-1").split(":", 1)))
        return fields

    def read_to_end(self):
        while self.receive_more():
            pass
        data, self.buffer = self.buffer, b""
        return data

    def is_closed(self, within=TIMEOUT_SECONDS):
        """Whether the server ends the connection in time, with nothing more to read."""
        self.socket.settimeout(within)
        try:
            return self.read_to_end() == b""
        except TimeoutError:
            return False
        finally:
            self.socket.settimeout(TIMEOUT_SECONDS)

    def persists(self):
        """Whether another request is answered. Uses the connection up if it is not."""
        try:
            self.send(head_of("GET", "/"))
            self.read_response()
        except (AssertionError, OSError):
            return False
        return True

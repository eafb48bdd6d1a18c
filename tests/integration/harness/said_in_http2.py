# integration/harness/said_in_http2.py: a client that is told HTTP/1's octets and says the same request in HTTP/2, so that a test need not know.
# What HTTP/2 has no words for is NotInHttp2; every answer is held to the rules that all answers in HTTP/2 have to keep.
import re
import time
from collections import deque

from .client import TIMEOUT_SECONDS, Connection, NotInHttp2, Response, encode
from .http2 import DATA, END_HEADERS, END_STREAM, INITIAL_WINDOW_SIZE, Http2, pseudo

REQUEST_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([^ \t]+) HTTP/1\.1")
FIELD_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*?)[ \t]*")
OF_THE_CONNECTION = ("connection", "keep-alive", "transfer-encoding", "upgrade", "proxy-connection")  # RFC 9113 section 8.2.2
FRAME_OCTETS_MAX = 16384


def said(condition, what):
    if not condition:
        raise NotInHttp2(what)


def understood(head):
    """A request's head. @return (method, target, host, fields, content): that is how many octets come, or "chunked" """
    first, *lines = head.decode("latin-1").split("\r\n")
    said(request := REQUEST_LINE.fullmatch(first), f"request line {first!r}")
    fields, hosts, lengths, chunked = [], [], [], False
    for line in lines:
        said(match := FIELD_LINE.fullmatch(line), f"field line {line!r}")
        name, value = match[1].lower(), match[2]
        if name == "host":
            hosts.append(value)
            continue
        if name == "transfer-encoding":
            said(value == "chunked", line)
            chunked = True
        lengths += [value] if name == "content-length" else []
        said(name != "connection" or value.lower() in ("close", "keep-alive"), line)
        said(name not in ("upgrade", "proxy-connection", "keep-alive"), line)
        if name not in OF_THE_CONNECTION and (name, value.lower()) != ("te", "chunked"):
            fields.append((name, value))
    said(len(hosts) < 2, "several Host fields")
    said(len(lengths) + chunked < 2 and all(re.fullmatch(r"\d{1,18}", length) for length in lengths), "the length of the content")
    said(request[2].startswith("/") or request[2] == "*" or request[1] == "CONNECT", f"target {request[2]!r}")
    return request[1], request[2], hosts[0] if hosts else None, fields, "chunked" if chunked else int(lengths[0]) if lengths else 0


class SaidInHttp2:
    """As client.Connection. Requests that are sent one after another are streams side by side; their answers are read in their order."""

    def __init__(self, address, **options):
        self.http2 = Http2(address, **options)
        if options.get("tls"):
            assert self.http2.socket.selected_alpn_protocol() == "h2"
        self.asked = deque()   # streams whose answers were not read
        self.heard = b""       # what has been sent, as far as it could not be said yet
        self.stream = None     # the one that has content to come
        self.left = 0          # how much of it; "chunked"
        self.sent = {0: 0}     # octets of content: of the connection, of streams
        self.current = None    # the answer whose content is taken
        self.taken = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.http2.close()

    def reset(self):
        self.http2.reset()

    def half_close(self):
        raise NotInHttp2("TLS has no half of a connection")

    @property
    def socket(self):
        return self.http2.socket

    # Sending

    def send(self, data):
        self.heard += encode(data)
        while self.heard and (self.say_content() if self.stream else self.say_head()):
            pass

    def say_head(self):
        if b"\r\n\r\n" not in self.heard:
            said(b"\n" not in self.heard.replace(b"\r\n", b""), "a line that ends in LF alone")
            return False
        head, self.heard = self.heard.split(b"\r\n\r\n", 1)
        method, target, host, fields, self.left = understood(head)
        lines = pseudo(target, method, host, "https") if method != "CONNECT" else [(":method", method), (":authority", target)]
        stream = self.http2.begin([line for line in lines if line[1] is not None] + fields, END_HEADERS | (0 if self.left else END_STREAM))
        self.asked.append(stream)
        self.stream = stream if self.left else None
        return True

    def say_content(self):
        if self.left == "chunked":
            return self.say_chunk()
        piece, self.heard = self.heard[:self.left], self.heard[self.left:]
        self.left -= len(piece)
        self.say_data(piece, self.left == 0)
        return True

    def say_chunk(self):
        line, found, rest = self.heard.partition(b"\r\n")
        if not found:
            return False
        said(size := re.fullmatch(rb"([0-9A-Fa-f]{1,8})(;[ -~]*)?", line), f"chunk {line!r}")
        size = int(size[1], 16)
        if size == 0:
            if b"\r\n\r\n" not in found + rest:
                return False
            trailers, self.heard = (found + rest).split(b"\r\n\r\n", 1)
            self.say_end([FIELD_LINE.fullmatch(line).groups() for line in trailers.decode("latin-1").split("\r\n")[1:]])
            return True
        if len(rest) < size + 2:
            return False
        said(rest[size:size + 2] == b"\r\n", "the end of a chunk")
        self.heard = rest[size + 2:]
        self.say_data(rest[:size], False)
        return True

    def say_end(self, trailers):
        if trailers:
            self.http2.send(self.http2.headers(self.stream, [(name.lower(), value) for name, value in trailers]))
        else:
            self.http2.frame(DATA, END_STREAM, self.stream)
        self.stream = None

    def say_data(self, piece, is_last):
        """Waits for room in the windows; what an answer has made needless is not sent."""
        stream, answer = self.stream, self.http2.answers[self.stream]
        self.sent.setdefault(stream, 0)
        while piece and not answer.ended and answer.reset is None:
            if (room := self.room(stream)) <= 0:
                assert self.http2.read_frame() is not None, "end of input while content was sent"
                continue
            part, piece = piece[:room], piece[room:]
            self.sent[stream] += len(part)
            self.sent[0] += len(part)
            self.http2.frame(DATA, END_STREAM if is_last and not piece else 0, stream, part)
        if is_last:
            self.stream = None

    def room(self, stream):
        if not self.http2.settings:
            return 0  # the server has not said yet how large windows are
        windows = (self.http2.settings.get(INITIAL_WINDOW_SIZE, 65535) + self.http2.windows[stream] - self.sent[stream],
                   65535 + self.http2.windows[0] - self.sent[0])
        return min(*windows, FRAME_OCTETS_MAX)

    request = Connection.request
    get = Connection.get
    persists = Connection.persists

    # Receiving

    @property
    def shown(self):
        """The answer whose head is to be read."""
        said(self.asked, "no whole request")
        return self.http2.answers[self.asked[0]]

    def has_head(self):
        return bool(self.shown.fields or self.shown.interim or self.shown.reset is not None)

    def readable(self, seconds):
        deadline = time.monotonic() + seconds
        while not (self.asked and self.has_head()) and self.http2.readable(max(0, deadline - time.monotonic())):
            if self.http2.read_frame() is None:
                return bool(self.asked)
        return bool(self.asked) and self.has_head()

    def was_not_begun(self):
        """Whether the server has promised that it did nothing about the request that has no answer (RFC 9113 section 6.8)."""
        goaway = self.http2.goaway
        return bool(goaway and self.asked and goaway[0] < self.asked[0])

    def read_more(self):
        assert self.http2.read_frame() is not None, f"end of input, GOAWAY {self.http2.goaway}"

    def read_head(self):
        while not self.has_head():
            self.read_more()
        answer = self.shown
        if answer.interim:
            return Response("HTTP/2", int(dict(answer.interim[0])[":status"]), "", self.checked(answer.interim.pop(0)))
        assert answer.fields, f"the stream was reset: {answer.reset}"
        self.asked.popleft()
        self.current, self.taken = answer, 0
        return Response("HTTP/2", answer.status, "", self.checked(answer.fields))

    def checked(self, fields):
        names = [name for name, _ in fields]
        assert names.count(":status") == 1 and names[0] == ":status", f"RFC 9113 section 8.3.2: {fields}"
        assert not set(names) & set(OF_THE_CONNECTION), f"RFC 9113 section 8.2.2: {fields}"
        assert all(name == name.lower() for name in names), f"RFC 9113 section 8.2.1: {fields}"
        return fields[1:]

    def read_response(self, method="GET"):
        response = self.read_head()
        if response.status < 200:
            return response
        answer = self.current
        while not answer.ended:
            assert answer.reset is None, f"the stream was reset: {answer.reset}"
            self.read_more()
        response.content, response.trailers = bytes(answer.content), answer.trailers or []
        length = response.field("Content-Length")
        has_content = method != "HEAD" and response.status not in (204, 304)
        assert has_content or not answer.frames, "content where none belongs"
        if has_content:
            assert length is None or int(length) == len(answer.content), f"RFC 9113 section 8.1.1: {length} octets, not {len(answer.content)}"
            response.framing = "length" if length else "frames"
        return response

    def take(self, count):
        """The next octets of the content whose head was read."""
        while len(self.current.content) - self.taken < count:
            assert not self.current.ended and self.current.reset is None, f"the stream has ended early: {self.current}"
            self.read_more()
        self.taken += count
        return bytes(self.current.content[self.taken - count:self.taken])

    @property
    def buffer(self):
        """What has come of the content whose head was read."""
        return bytes(self.current.content[self.taken:])

    @buffer.setter
    def buffer(self, rest):
        self.taken = len(self.current.content) - len(rest)

    def receive_more(self):
        return self.http2.read_frame() is not None

    def read_to_end(self):
        """The rest of the answer whose head was read, however it ends: a connection has no end of its own."""
        said(self.current, "octets until the connection ends")
        while not self.current.ended and self.current.reset is None and self.http2.read_frame() is not None:
            pass
        rest, self.buffer = self.buffer, b""
        return rest

    def is_closed(self, within=TIMEOUT_SECONDS):
        """Whether the server ends the connection in time, with no answer more."""
        self.socket.settimeout(within)
        try:
            while self.http2.read_frame() is not None:
                pass
            return not any(self.http2.answers[stream].fields for stream in self.asked)
        except TimeoutError:
            return False
        finally:
            self.socket.settimeout(TIMEOUT_SECONDS)

# integration/harness/http2.py: an HTTP/2 client that sends the frames it is told to, right or wrong, and shows those that come.
# HPACK is python3-hpack's; everything else is plain, so that nothing mends what a test does.
import struct
from collections import Counter
from dataclasses import dataclass, field

import hpack

from .client import Connection, encode

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
PRIORITY_UPDATE = 16
END_STREAM = ACK = 0x1
END_HEADERS, PADDED, WITH_PRIORITY = 0x4, 0x8, 0x20
(NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL,
 COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM) = range(12)
HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE = range(1, 7)
LARGE_WINDOW = 2**31 - 1


@dataclass
class Frame:
    type: int
    flags: int
    stream: int
    payload: bytes
    fields: list = None  # of HEADERS: (name, value)

    @property
    def ends_stream(self):
        return self.type in (DATA, HEADERS) and bool(self.flags & END_STREAM)

    @property
    def number(self):
        """The error code of RST_STREAM, the increment of WINDOW_UPDATE."""
        return struct.unpack(">I", self.payload[:4])[0]

    @property
    def goaway(self):
        """(last stream, error code, debug data)"""
        return (*struct.unpack(">II", self.payload[:8]), self.payload[8:])

    @property
    def settings(self):
        return {struct.unpack(">H", self.payload[i:i + 2])[0]: struct.unpack(">I", self.payload[i + 2:i + 6])[0]
                for i in range(0, len(self.payload), 6)}


def frame(kind, flags=0, stream=0, payload=b""):
    payload = encode(payload)
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def settings(values):
    return frame(SETTINGS, payload=b"".join(struct.pack(">HI", key, value) for key, value in values.items()))


def window_update(stream, increment):
    return frame(WINDOW_UPDATE, stream=stream, payload=struct.pack(">I", increment))


def rst_stream(stream, code=CANCEL):
    return frame(RST_STREAM, stream=stream, payload=struct.pack(">I", code))


def pseudo(path="/", method="GET", authority="localhost", scheme="http"):
    return [(":method", method), (":scheme", scheme), (":authority", authority), (":path", path)]


@dataclass(repr=False)
class Answer:
    """What has come of one stream."""
    fields: list = None
    interim: list = field(default_factory=list)  # heads of 1xx
    trailers: list = None
    content: bytearray = field(default_factory=bytearray)
    frames: list = field(default_factory=list)  # lengths of DATA
    ended: bool = False
    reset: int = None

    def __repr__(self):
        return f"Answer({self.fields}, {len(self.content)} octets, ended {self.ended}, reset {self.reset})"

    @property
    def status(self):
        return int(dict(self.fields)[":status"]) if self.fields else None

    def field(self, name):
        values = [value for key, value in self.fields if key == name]
        assert len(values) <= 1, f"{name} is repeated: {values}"
        return values[0] if values else None

    @property
    def text(self):
        return self.content.decode("utf-8", "replace")


class Http2(Connection):
    """Begins with preface and SETTINGS. Windows are kept open, PING and SETTINGS acknowledged, unless `quiet`."""

    def __init__(self, address, values=None, quiet=False, begin=True, window=True, **options):
        super().__init__(address, **options)
        self.encoder, self.decoder = hpack.Encoder(), hpack.Decoder()
        self.quiet = quiet
        self.answers = {}
        self.next_stream = 1
        self.goaway = None  # the last one that has come
        self.settings = {}  # the server's
        self.others = []    # frames that are about no stream
        self.windows = Counter()  # by how much the server has enlarged them: the connection's, those of streams
        if begin:
            self.send(PREFACE + settings(values or {}) + (window_update(0, LARGE_WINDOW - 65535) if window else b""))

    # Sending

    def frame(self, kind, flags=0, stream=0, payload=b""):
        self.send(frame(kind, flags, stream, payload))

    def headers(self, stream, fields, flags=END_STREAM | END_HEADERS):
        """The octets of a HEADERS frame, and of CONTINUATION frames if need be."""
        block = self.encoder.encode(fields)
        if len(block) <= 16384:
            return frame(HEADERS, flags, stream, block)
        pieces = [block[i:i + 16384] for i in range(0, len(block), 16384)]
        frames = [frame(HEADERS, flags & ~END_HEADERS, stream, pieces[0])] + [frame(CONTINUATION, 0, stream, piece) for piece in pieces[1:-1]]
        return b"".join(frames) + frame(CONTINUATION, END_HEADERS, stream, pieces[-1])

    def begin(self, fields, flags=END_STREAM | END_HEADERS, stream=None):
        """Sends a request's head. @return its stream"""
        stream = stream or self.next_stream
        self.next_stream = max(self.next_stream, stream + 2)
        self.answers.setdefault(stream, Answer())
        self.send(self.headers(stream, fields, flags))
        return stream

    def ask(self, path="/", fields=(), content=None, **options):
        """Begins a request, with content that may be small. @return its stream"""
        stream = self.begin(pseudo(path, **options) + list(fields), END_HEADERS | (END_STREAM if content is None else 0))
        if content is not None:
            self.frame(DATA, END_STREAM, stream, content)
        return stream

    # Receiving

    def read_frame(self):
        """The next frame; None at the end of input."""
        while len(self.buffer) < 9 or len(self.buffer) < 9 + int.from_bytes(self.buffer[:3], "big"):
            if not self.receive_more():
                return None
        head = self.take(9)
        got = Frame(head[3], head[4], int.from_bytes(head[5:], "big"), self.take(int.from_bytes(head[:3], "big")))
        if got.type == HEADERS:
            block = got.payload
            while not got.flags & END_HEADERS:
                head = self.take(9)
                assert head[3] == CONTINUATION
                block += self.take(int.from_bytes(head[:3], "big"))
                got.flags |= head[4] & END_HEADERS
            got.fields = [(str(name), str(value)) for name, value in self.decoder.decode(block)]
        self.note(got)
        return got

    def note(self, got):
        if not got.stream:
            self.others.append(got)
        if got.type == SETTINGS and not got.flags & ACK:
            self.settings.update(got.settings)
            if not self.quiet:
                self.frame(SETTINGS, ACK)
        elif got.type == PING and not got.flags & ACK and not self.quiet:
            self.frame(PING, ACK, payload=got.payload)
        elif got.type == GOAWAY:
            self.goaway = got.goaway
        elif got.type == WINDOW_UPDATE:
            self.windows[got.stream] += got.number
        if got.type not in (DATA, HEADERS, RST_STREAM):
            return
        answer = self.answers.setdefault(got.stream, Answer())
        if got.type == RST_STREAM:
            answer.reset = got.number
        elif got.type == HEADERS and dict(got.fields).get(":status", "").startswith("1"):
            answer.interim.append(got.fields)
        elif got.type == HEADERS and answer.fields:
            answer.trailers = got.fields
        elif got.type == HEADERS:
            answer.fields = got.fields
        else:
            answer.content += got.payload
            answer.frames.append(len(got.payload))
            if got.payload and not self.quiet:
                self.send(window_update(got.stream, len(got.payload)) + window_update(0, len(got.payload)))
        answer.ended |= got.ends_stream

    def answer(self, stream):
        """Reads until the stream has ended, either way."""
        while not (self.answers[stream].ended or self.answers[stream].reset is not None):
            assert self.read_frame() is not None, f"end of input, stream {stream} has {self.answers[stream]}, GOAWAY {self.goaway}"
        return self.answers[stream]

    def read_until(self, wanted):
        """Reads until a frame of this kind has come."""
        while (got := self.read_frame()) is not None:
            if wanted(got):
                return got
        raise AssertionError(f"end of input; GOAWAY was {self.goaway}")

    def frames_of(self, stream, expected):
        """Reads until DATA of so many octets in all has come for this stream (a file may be opened by a thread).
        @return the sizes of its frames"""
        while sum(self.answers[stream].frames) < expected:
            assert self.read_frame() is not None, f"end of input; GOAWAY was {self.goaway}"
        return self.answers[stream].frames

    def sync(self):
        """Two round trips: the frames sent before have been understood. @return the frames that came meanwhile"""
        frames = []
        for _ in range(2):
            self.frame(PING, payload=b"sync....")
            while True:
                got = self.read_frame()
                assert got is not None, f"end of input; GOAWAY was {self.goaway}"
                if got.type == PING and got.flags & ACK and got.payload == b"sync....":
                    break
                frames.append(got)
        return frames

    def error(self):
        """Reads to the end of the connection. @return the error code of its GOAWAY; None: there was none"""
        while self.read_frame() is not None:
            pass
        return self.goaway[1] if self.goaway else None

    def fetch(self, path="/", fields=(), content=None, **options):
        return self.answer(self.ask(path, fields, content, **options))

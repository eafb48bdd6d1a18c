# integration/test_http2_rules.py: what RFC 9113 (and 7541) says a server must do with frames that are wrong, or odd, in raw frames.
# A table: name -> (what is sent after the preface, what has to come of it). Every entry runs on a connection of its own.
import struct

import pytest
from harness import http2
from harness.http2 import (CANCEL, COMPRESSION_ERROR, CONTINUATION, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, FLOW_CONTROL_ERROR,
                           FRAME_SIZE_ERROR, GOAWAY, HEADERS, PADDED, PING, PRIORITY, PRIORITY_UPDATE, PROTOCOL_ERROR, PUSH_PROMISE,
                           RST_STREAM, SETTINGS, STREAM_CLOSED, WINDOW_UPDATE, WITH_PRIORITY, Http2, frame, pseudo, settings, window_update)
from harness.marks import cases, webserv_only

pytestmark = webserv_only("over cleartext, nginx 1.22 speaks only HTTP/2 where it speaks it")

GET = pseudo("/small")
POST = pseudo("/body", "POST")
ALL = END_STREAM | END_HEADERS


@pytest.fixture(scope="module")
def server(shared_serve):
    server = shared_serve(server='http2 on; location = /body { return 200 "[$request_body]"; } location = /slow { limit_rate 20k; }')
    server.site.write("small", "small")
    server.site.write("slow", "x" * 10_000)
    return server


def head(fields, flags=ALL, stream=1):
    """HEADERS, with HPACK's state of the connection."""
    return lambda client: client.headers(stream, fields, flags)


def block(octets, flags=ALL, stream=1):
    """HEADERS with a field block as it stands."""
    return frame(HEADERS, flags, stream, octets)


def get(*fields, stream=1):
    return head(GET + list(fields), stream=stream)


def post(*fields, stream=1):
    return head(POST + list(fields), END_HEADERS, stream)


def u32(*numbers):
    return struct.pack(f">{len(numbers)}I", *numbers)


def send(client, parts):
    client.send(b"".join(part(client) if callable(part) else part for part in parts))


# Connection errors: GOAWAY with this code, and the end of the connection.
CONNECTION_ERRORS = {
    "3.4: not the preface": (PROTOCOL_ERROR, None),
    "3.4: another frame before SETTINGS": (PROTOCOL_ERROR, None),
    "4.2: a frame that is too large": (FRAME_SIZE_ERROR, [post(), frame(DATA, 0, 1, b"x" * 16385)]),
    "4.2: SETTINGS that is too large": (FRAME_SIZE_ERROR, [frame(SETTINGS, payload=b"\0" * 6 * 2731)]),
    "4.3: a field block that can not be decoded": (COMPRESSION_ERROR, [block(b"\x82\x87\x84\x41\xff\xff\xff\xff\xff\xff\xff")]),
    "4.3: HEADERS within a field block": (PROTOCOL_ERROR, [head(GET, END_STREAM), get(stream=3)]),
    "4.3: another stream's CONTINUATION": (PROTOCOL_ERROR, [head(GET, END_STREAM), frame(CONTINUATION, END_HEADERS, 3)]),
    "4.3: an unknown frame within a field block": (PROTOCOL_ERROR, [head(GET, END_STREAM), frame(0x7f, 0, 1)]),
    "5.1: DATA on an idle stream": (PROTOCOL_ERROR, [frame(DATA, END_STREAM, 1, b"x")]),
    "5.1: RST_STREAM on an idle stream": (PROTOCOL_ERROR, [http2.rst_stream(1)]),
    "5.1: WINDOW_UPDATE on an idle stream": (PROTOCOL_ERROR, [window_update(1, 1)]),
    "5.1: CONTINUATION on an idle stream": (PROTOCOL_ERROR, [frame(CONTINUATION, END_HEADERS, 1)]),
    "5.1.1: an even number": (PROTOCOL_ERROR, [get(stream=2)]),
    "5.1.1: a number smaller than before": (PROTOCOL_ERROR, [get(stream=5), get(stream=3)]),
    "5.4.1, 6.1: DATA on stream 0": (PROTOCOL_ERROR, [frame(DATA, 0, 0, b"x")]),
    "6.1: as much padding as there is": (PROTOCOL_ERROR, [post(), frame(DATA, PADDED, 1, b"\x05xxxx")]),
    "6.1: no octet for the length of padding": (PROTOCOL_ERROR, [post(), frame(DATA, PADDED, 1)]),
    "6.2: HEADERS on stream 0": (PROTOCOL_ERROR, [get(stream=0)]),
    "6.2: as much padding as there is in HEADERS": (PROTOCOL_ERROR, [block(b"\x06\x82\x87\x84\x41\x01", ALL | PADDED)]),
    "6.2: HEADERS too short for a priority": (FRAME_SIZE_ERROR, [block(b"\0\0\0", ALL | WITH_PRIORITY)]),
    "6.3: PRIORITY on stream 0": (PROTOCOL_ERROR, [frame(PRIORITY, 0, 0, b"\0" * 5)]),
    "6.4: RST_STREAM on stream 0": (PROTOCOL_ERROR, [http2.rst_stream(0)]),
    "6.4: RST_STREAM of another length": (FRAME_SIZE_ERROR, [get(), frame(RST_STREAM, 0, 1, b"\0" * 3)]),
    "6.5: SETTINGS on a stream": (PROTOCOL_ERROR, [frame(SETTINGS, 0, 1)]),
    "6.5: SETTINGS of another length": (FRAME_SIZE_ERROR, [frame(SETTINGS, payload=b"\0" * 5)]),
    "6.5: an acknowledgement with content": (FRAME_SIZE_ERROR, [frame(SETTINGS, http2.ACK, payload=b"\0" * 6)]),
    "6.5.2: ENABLE_PUSH that is no flag": (PROTOCOL_ERROR, [settings({http2.ENABLE_PUSH: 2})]),
    "6.5.2: INITIAL_WINDOW_SIZE that is too large": (FLOW_CONTROL_ERROR, [settings({http2.INITIAL_WINDOW_SIZE: 2**31})]),
    "6.5.2: MAX_FRAME_SIZE that is too small": (PROTOCOL_ERROR, [settings({http2.MAX_FRAME_SIZE: 16383})]),
    "6.5.2: MAX_FRAME_SIZE that is too large": (PROTOCOL_ERROR, [settings({http2.MAX_FRAME_SIZE: 2**24})]),
    "9218 2.1: NO_RFC7540_PRIORITIES that is no flag": (PROTOCOL_ERROR, [settings({9: 2})]),
    "6.6, 8.4: PUSH_PROMISE": (PROTOCOL_ERROR, [get(), frame(PUSH_PROMISE, END_HEADERS, 1, u32(2))]),
    "6.7: PING on a stream": (PROTOCOL_ERROR, [frame(PING, 0, 1, b"\0" * 8)]),
    "6.7: PING of another length": (FRAME_SIZE_ERROR, [frame(PING, payload=b"\0" * 7)]),
    "6.8: GOAWAY on a stream": (PROTOCOL_ERROR, [frame(GOAWAY, 0, 1, b"\0" * 8)]),
    "6.8: GOAWAY that is too short": (FRAME_SIZE_ERROR, [frame(GOAWAY, payload=b"\0" * 7)]),
    "6.9: WINDOW_UPDATE of another length": (FRAME_SIZE_ERROR, [frame(WINDOW_UPDATE, payload=b"\0" * 3)]),
    "6.9: an increment of 0 for the connection": (PROTOCOL_ERROR, [window_update(0, 0)]),
    "6.9.1: a connection's window that is too large": (FLOW_CONTROL_ERROR, [window_update(0, 2**31 - 1), window_update(0, 2**31 - 1)]),
    "6.9.2: a stream's window that SETTINGS make too large": (
        FLOW_CONTROL_ERROR, [get(("x", "y")), head(pseudo("/slow"), stream=3), window_update(3, 2**31 - 1 - 65535),
                             settings({http2.INITIAL_WINDOW_SIZE: 2**31 - 1})]),
    "6.10: CONTINUATION without HEADERS": (PROTOCOL_ERROR, [get(), frame(CONTINUATION, END_HEADERS, 1)]),
    "6.10: CONTINUATION after the end of a field block": (
        PROTOCOL_ERROR, [head(POST, 0), frame(CONTINUATION, END_HEADERS, 1), frame(CONTINUATION, END_HEADERS, 1)]),
    "6.10: CONTINUATION on stream 0": (PROTOCOL_ERROR, [head(POST, 0), frame(CONTINUATION, END_HEADERS, 0)]),
    "9218 7.1: PRIORITY_UPDATE on a stream": (PROTOCOL_ERROR, [frame(PRIORITY_UPDATE, 0, 1, b"\0\0\0\1u=1")]),
    "9218 7.1: PRIORITY_UPDATE that is too short": (FRAME_SIZE_ERROR, [frame(PRIORITY_UPDATE, payload=b"\0\0\0")]),
    "9218 7.1: PRIORITY_UPDATE for stream 0": (PROTOCOL_ERROR, [frame(PRIORITY_UPDATE, payload=b"\0\0\0\0u=1")]),
    "7541 2.3.3: an index beyond the tables": (COMPRESSION_ERROR, [block(b"\x82\x87\x84\xff\x80\x01")]),
    "7541 4.2: a table size above what we allow": (COMPRESSION_ERROR, [block(b"\x3f\xe2\x1f\x82\x87\x84\x41\x01a")]),
    "7541 4.2: a table size behind a field": (COMPRESSION_ERROR, [block(b"\x82\x87\x84\x41\x01a\x20")]),
    "7541 5.1: an integer that is too large": (COMPRESSION_ERROR, [block(b"\x82\x87\x84\x7f\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")]),
    "7541 5.2: a string that is cut": (COMPRESSION_ERROR, [block(b"\x82\x87\x84\x41\x05abc")]),
    "7541 5.2: Huffman padding of more than 7 bits": (COMPRESSION_ERROR, [block(b"\x82\x87\x84\x41\x82\x1f\xff")]),
    "7541 5.2: Huffman padding that is not ones": (COMPRESSION_ERROR, [block(b"\x82\x87\x84\x41\x81\x18")]),
    "7541 5.2: Huffman's EOS": (COMPRESSION_ERROR, [block(b"\x82\x87\x84\x41\x84\xff\xff\xff\xff")]),
    "7541 6.1: index 0": (COMPRESSION_ERROR, [block(b"\x82\x87\x84\x80")]),
}

# Stream errors: RST_STREAM with this code on stream 1; the connection goes on.
STREAM_ERRORS = {
    "5.1: DATA after the end of the request": (STREAM_CLOSED, [head(pseudo("/slow")), frame(DATA, 0, 1, b"x")]),
    "5.1: HEADERS after the end of the request": (STREAM_CLOSED, [head(pseudo("/slow")), get()]),
    "6.3: PRIORITY of another length": (FRAME_SIZE_ERROR, [head(pseudo("/slow")), frame(PRIORITY, 0, 1, b"\0" * 4)]),
    "6.9: an increment of 0": (PROTOCOL_ERROR, [head(pseudo("/slow")), window_update(1, 0)]),
    "6.9.1: a stream's window that is too large": (FLOW_CONTROL_ERROR, [head(pseudo("/slow")), window_update(1, 2**31 - 1)]),
    "8.1: trailers that do not end the stream": (PROTOCOL_ERROR, [post(), frame(DATA, 0, 1, b"x"), head([("x", "y")], END_HEADERS)]),
    "8.1: a pseudo-field in trailers": (PROTOCOL_ERROR, [post(), frame(DATA, 0, 1, b"x"), head([(":path", "/")])]),
    "8.1.1: less content than announced": (PROTOCOL_ERROR, [post(("content-length", "4")), frame(DATA, END_STREAM, 1, b"abc")]),
    "8.1.1: more content than announced": (PROTOCOL_ERROR, [post(("content-length", "2")), frame(DATA, 0, 1, b"abc")]),
    "8.1.1: no content, although some was announced": (PROTOCOL_ERROR, [get(("content-length", "2"))]),
    "8.1.1: less content than announced, then trailers": (
        PROTOCOL_ERROR, [post(("content-length", "4")), frame(DATA, 0, 1, b"abc"), head([("x", "y")])]),
    "8.2.1: capitals in a name": (PROTOCOL_ERROR, [get(("X-Name", "value"))]),
    "8.2.1: a name that is none": (PROTOCOL_ERROR, [get(("x name", "value"))]),
    "8.2.1: an empty name": (PROTOCOL_ERROR, [get(("", "value"))]),
    "8.2.1: a colon in a name": (PROTOCOL_ERROR, [get(("x:y", "value"))]),
    "8.2.1: NUL in a value": (PROTOCOL_ERROR, [get(("x", "a\0b"))]),
    "8.2.1: CR in a value": (PROTOCOL_ERROR, [get(("x", "a\rb"))]),
    "8.2.1: LF in a value": (PROTOCOL_ERROR, [get(("x", "a\nb"))]),
    "8.2.1: a space before a value": (PROTOCOL_ERROR, [get(("x", " a"))]),
    "8.2.1: a tab behind a value": (PROTOCOL_ERROR, [get(("x", "a\t"))]),
    "8.2.2: Connection": (PROTOCOL_ERROR, [get(("connection", "close"))]),
    "8.2.2: Proxy-Connection": (PROTOCOL_ERROR, [get(("proxy-connection", "close"))]),
    "8.2.2: Keep-Alive": (PROTOCOL_ERROR, [get(("keep-alive", "timeout=1"))]),
    "8.2.2: Transfer-Encoding": (PROTOCOL_ERROR, [get(("transfer-encoding", "chunked"))]),
    "8.2.2: Upgrade": (PROTOCOL_ERROR, [get(("upgrade", "h2c"))]),
    "8.2.2: TE with something else than trailers": (PROTOCOL_ERROR, [get(("te", "trailers, deflate"))]),
    "8.3: an unknown pseudo-field": (PROTOCOL_ERROR, [get((":x", "y"))]),
    "8.3: a response's pseudo-field": (PROTOCOL_ERROR, [head([(":status", "200"), *GET])]),
    "8.3: a pseudo-field behind a field": (PROTOCOL_ERROR, [head([*GET[:3], ("x", "y"), GET[3]])]),
    "8.3: a pseudo-field twice": (PROTOCOL_ERROR, [head([*GET, (":path", "/")])]),
    "8.3.1: no method": (PROTOCOL_ERROR, [head([pair for pair in GET if pair[0] != ":method"])]),
    "8.3.1: no scheme": (PROTOCOL_ERROR, [head([pair for pair in GET if pair[0] != ":scheme"])]),
    "8.3.1: a scheme that is none": (PROTOCOL_ERROR, [head([(name, "f oo" if name == ":scheme" else value) for name, value in GET])]),
    "8.3.1: no path": (PROTOCOL_ERROR, [head([pair for pair in GET if pair[0] != ":path"])]),
    "8.3.1: an empty path": (PROTOCOL_ERROR, [head(pseudo(""))]),
    "8.3.1: a path that does not begin with a slash": (PROTOCOL_ERROR, [head(pseudo("small"))]),
    "8.3.1: an asterisk without OPTIONS": (PROTOCOL_ERROR, [head(pseudo("*"))]),
    "8.3.1: user information in the authority": (PROTOCOL_ERROR, [head(pseudo("/", authority="user@localhost"))]),
    "8.3.1: an authority that is none": (PROTOCOL_ERROR, [head(pseudo("/", authority="a b"))]),
    "8.3.1: Host and authority that differ": (PROTOCOL_ERROR, [get(("host", "other"))]),
    "8.5: CONNECT with a path": (PROTOCOL_ERROR, [head([(":method", "CONNECT"), (":authority", "a:80"), (":path", "/")])]),
    "8.5: CONNECT without an authority": (PROTOCOL_ERROR, [head([(":method", "CONNECT")])]),
    "9110 8.6: Content-Length twice": (PROTOCOL_ERROR, [post(("content-length", "1"), ("content-length", "1"))]),
    "9110 8.6: Content-Length that is no number": (PROTOCOL_ERROR, [post(("content-length", "+1"))]),
    "9110 9.1: a method that is none": (PROTOCOL_ERROR, [head(pseudo("/", "G T"))]),
}

# What is odd, but right: this status comes of stream 1, or for None, nothing in particular; and the connection goes on.
FINE = {
    "4.1, 5.5: an unknown frame": (200, [frame(0x7f, 0xff, 0, b"x"), frame(0x7f, 0, 7, b"x"), get()]),
    "4.1: reserved bits": (200, [lambda client: (octets := client.headers(1, GET))[:5] + b"\x80\0\0\1" + octets[9:]]),
    "4.1: unknown flags": (200, [frame(PING, 0xfe, 0, b"x" * 8), head(GET, ALL | 0x10 | 0x40)]),
    "4.3: a field block in many pieces": (200, [lambda client: in_pieces(client, GET)]),
    "5.1: RST_STREAM, WINDOW_UPDATE and PRIORITY on a closed stream": (
        200, [get(), "wait", http2.rst_stream(1), window_update(1, 1), frame(PRIORITY, 0, 1, b"\0" * 5)]),
    "5.1: PRIORITY on an idle stream": (200, [frame(PRIORITY, 0, 9, b"\0\0\0\7\xff"), get()]),
    "5.1: DATA on a stream that was reset": (None, [post(("connection", "x")), frame(DATA, END_STREAM, 1, b"x")]),
    "5.1: HEADERS on a stream that was reset": (None, [post(("connection", "x")), head([("x", "y")])]),
    "6.1: padding": (200, [post(), frame(DATA, PADDED | END_STREAM, 1, b"\x03abc\0\0\0")]),
    "6.1: nothing but padding": (200, [post(), frame(DATA, PADDED, 1, b"\x02\0\0"), frame(DATA, END_STREAM, 1)]),
    "6.2: padding and priority of HEADERS": (
        200, [lambda client: frame(HEADERS, ALL | PADDED | WITH_PRIORITY, 1, b"\x02\0\0\0\0\x10" + client.encoder.encode(GET) + b"\0\0")]),
    "6.5: unknown settings": (200, [settings({0x99: 7, 8: 1}), get()]),
    "6.5.2: MAX_HEADER_LIST_SIZE and MAX_CONCURRENT_STREAMS": (200, [settings({3: 0, 6: 10}), get()]),
    "6.5.2: a table of fields of no octets": (200, [settings({http2.HEADER_TABLE_SIZE: 0}), get()]),
    "6.7: an acknowledgement that nobody waits for": (200, [frame(PING, http2.ACK, payload=b"x" * 8), get()]),
    "8.1: trailers": (200, [post(), frame(DATA, 0, 1, b"x"), head([("x", "y")])]),
    "8.1: trailers without content": (200, [post(), head([("x", "y")])]),
    "8.2.2: TE: trailers": (200, [get(("te", "trailers"))]),
    "8.3.1: Host in place of the authority": (200, [head([pair for pair in GET if pair[0] != ":authority"] + [("host", "localhost")])]),
    "8.3.1: Host and authority that say the same": (200, [get(("host", "localhost"))]),
    "8.3.1: neither Host nor authority": (400, [head([pair for pair in GET if pair[0] != ":authority"])]),
    "8.3.1: OPTIONS *": (200, [head(pseudo("*", "OPTIONS"))]),
    "8.5: CONNECT": (405, [head([(":method", "CONNECT"), (":authority", "localhost:80")])]),
    "9110 9.1: a method that we do not have": (405, [head(pseudo("/small", "LOCK"))]),
    "9110 9.3.8: TRACE": (405, [head(pseudo("/small", "TRACE"))]),
    "an empty value": (200, [get(("x", ""))]),
    "octets above 0x7f": (200, [get((b"x", b"\xff\xfe"))]),
    "a body announced and sent": (200, [post(("content-length", "3")), frame(DATA, END_STREAM, 1, b"abc")]),
    "an empty DATA frame in between": (200, [post(), frame(DATA, 0, 1), frame(DATA, 0, 1, b"abc"), frame(DATA, END_STREAM, 1)]),
}


def in_pieces(client, fields):
    octets = client.encoder.encode(fields)
    pieces = [octets[i:i + 3] for i in range(0, len(octets), 3)]
    frames = [frame(HEADERS, END_STREAM, 1, pieces[0])] + [frame(CONTINUATION, 0, 1, piece) for piece in pieces[1:]]
    return b"".join(frames) + frame(CONTINUATION, END_HEADERS, 1)


@cases("name", CONNECTION_ERRORS)
def test_a_connection_error(server, name):
    code, parts = CONNECTION_ERRORS[name]
    if parts is None:
        octets = frame(PING, payload=b"x" * 8)
        with Http2(server.address, begin=False) as client:
            client.send(http2.PREFACE + octets if "SETTINGS" in name else http2.PREFACE[:-2] + b"xx" + octets)
            if "SETTINGS" in name:
                assert client.error() == code
            else:
                assert b"HTTP/1.1 400" in client.read_to_end()
        return
    with Http2(server.address, window=False) as client:
        send(client, parts)
        assert client.error() == code
        assert client.goaway[0] in (0, 1, 3, 5)


@cases("name", STREAM_ERRORS)
def test_a_stream_error(server, name):
    code, parts = STREAM_ERRORS[name]
    with Http2(server.address) as client:
        client.answers[1] = http2.Answer()
        send(client, parts)
        client.read_until(lambda got: got.type == RST_STREAM and got.stream == 1 and got.number == code)
        client.next_stream = 7
        assert client.fetch("/small").status == 200
        assert client.goaway is None


@cases("name", FINE)
def test_what_is_allowed(server, name):
    status, parts = FINE[name]
    with Http2(server.address) as client:
        client.answers[1] = http2.Answer()
        if "wait" in parts:
            send(client, parts[:parts.index("wait")])
            client.answer(1)
            parts = parts[parts.index("wait") + 1:]
        send(client, parts)
        if status is not None:
            assert client.answer(1).status == status
        client.next_stream = 7
        assert client.fetch("/small").status == 200
        assert client.goaway is None


def test_settings_and_ping_are_acknowledged(server):
    with Http2(server.address, {http2.INITIAL_WINDOW_SIZE: 1000}) as client:
        client.frame(PING, payload=b"12345678")
        client.read_until(lambda got: got.type == PING and got.flags == http2.ACK and got.payload == b"12345678")
        assert any(got.type == SETTINGS and got.flags == http2.ACK for got in client.others)
        assert client.others[0].type == SETTINGS and not client.others[0].flags


def test_a_closed_stream_is_not_opened_again(server):
    with Http2(server.address) as client:
        assert client.fetch("/small").status == 200
        client.send(client.headers(1, GET))
        assert client.error() == STREAM_CLOSED


def test_responses_obey_a_smaller_table(server):
    with Http2(server.address, {http2.HEADER_TABLE_SIZE: 0}) as client:
        client.decoder.max_allowed_table_size = 0
        client.sync()
        for _ in range(3):
            assert client.fetch("/small").content == b"small"
        assert not client.decoder.header_table.dynamic_entries


def test_the_answer_is_in_as_few_frames_as_it_can(server):
    with Http2(server.address) as client:
        client.sync()
        stream = client.ask("/small")
        got = []
        while not client.answers[stream].ended:
            got.append(client.read_frame())
        assert [(part.type, part.flags) for part in got if part.stream] == [(HEADERS, END_HEADERS), (DATA, END_STREAM)]


def test_a_large_response_head_takes_several_frames(serve):
    value = "v" * 3000
    fields = "".join(f"add_header x-{i} {value};" for i in range(12))
    server = serve(server=f"http2 on; {fields} return 200 x;")
    with Http2(server.address) as client:
        client.decoder.max_header_list_size = 1 << 20
        for _ in range(3):
            answer = client.fetch("/")
            assert [answer.field(f"x-{i}") for i in range(12)] == [value] * 12


def test_a_client_that_leaves_gets_its_answers(server):
    with Http2(server.address) as client:
        streams = [client.ask("/slow"), client.ask("/small")]
        client.frame(GOAWAY, payload=u32(0, 0) + b"bye")
        assert [client.answer(stream).status for stream in streams] == [200, 200]
        assert client.error() is None


def test_cancelled_streams_stop_sending(server):
    with Http2(server.address) as client:
        stream = client.ask("/slow")
        client.read_until(lambda got: got.type == DATA)
        client.send(http2.rst_stream(stream, CANCEL))
        frames = client.sync()[-1:] + client.sync()
        assert not [got for got in frames[1:] if got.stream == stream]


def test_enhance_your_calm_has_its_number():
    assert ENHANCE_YOUR_CALM == 11  # what test_http2_abuse.py relies on

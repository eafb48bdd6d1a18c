# integration/test_get_bad_servers.py: `webserv get` and servers that are slow, wrong, cut off, or rude.
# The exit status is curl's; where we are stricter than curl, the case says so and both are asserted.
import time

from harness.marks import cases, webserv_only
from harness.scripted import answer, curl, get, says

pytestmark = webserv_only("nginx is no client")

OK = "HTTP/1.1 200 OK\r\n"
CHUNKED = OK + "Transfer-Encoding: chunked\r\n\r\n"

# octets of the server, our exit status, curl's (None: the same), what comes out
CASES = {
    "nothing": ("", 52, None, ""),
    "another protocol": ("SSH-2.0-OpenSSH_9.2\r\n", 1, None, ""),
    "html": ("<html>hello</html>", 1, None, ""),
    "http/2": ("HTTP/2.0 200 OK\r\n\r\n", 1, 0, ""),
    "http/3": ("HTTP/3.5 200 OK\r\n\r\n", 1, None, ""),
    "two digits": ("HTTP/1.1 20 OK\r\n\r\n", 1, None, ""),
    "cut in the status line": ("HTTP/1.1 20", 56, 52, ""),
    "cut in the head": (OK + "A: b", 56, 0, ""),
    "no colon": (OK + "nothing\r\n\r\n", 8, None, ""),
    "bad length": (OK + "Content-Length: x\r\n\r\n", 8, None, ""),
    "two lengths": (OK + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 8, 0, ""),
    "length and chunks": (OK + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", 8, 0, ""),
    "chunks in 1.0": ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", 8, 0, ""),
    "unknown coding": (OK + "Transfer-Encoding: what\r\n\r\nabc", 61, None, ""),
    "bare line feeds": ("HTTP/1.1 200 OK\nContent-Length: 1\n\na", 8, 0, ""),
    "bare carriage return": (OK + "A: b\rContent-Length: 1\r\n\r\na", 8, 0, ""),
    "nul": (OK + "A: \0\r\n\r\n", 8, None, ""),
    "cut by length": (OK + "Content-Length: 10\r\n\r\nabc", 18, None, "abc"),
    "cut chunk": (CHUNKED + "5\r\nabc", 18, None, "abc"),
    "no last chunk": (CHUNKED + "3\r\nabc\r\n", 18, None, "abc"),
    "cut in the trailers": (CHUNKED + "3\r\nabc\r\n0\r\nA: b\r\n", 18, None, "abc"),
    "bad chunk size": (CHUNKED + "zz\r\nabc", 56, None, ""),
    "bad chunk end": (CHUNKED + "3\r\nabcX\r\n0\r\n\r\n", 56, None, "abc"),
    "huge chunk": (CHUNKED + "fffffffffffffffff\r\nabc", 56, None, ""),
    "too much content": (OK + "Content-Length: 1\r\n\r\nabc", 0, None, "a"),
    "content of a 204": ("HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc", 0, None, ""),
    "content of a 304": ("HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n", 0, None, ""),
    "until the end": ("HTTP/1.0 200 OK\r\n\r\nabc", 0, None, "abc"),
    "interim first": ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n" + OK + "Content-Length: 1\r\n\r\na", 0, None, "a"),
    "interim only": ("HTTP/1.1 100 Continue\r\n\r\n", 52, None, ""),
    "a switch nobody asked for": ("HTTP/1.1 101 Switching Protocols\r\n\r\nabc", 0, None, "abc"),
    "folded field": (OK + "A: b\r\n c\r\nContent-Length: 1\r\n\r\na", 0, None, "a"),
    "no reason": ("HTTP/1.1 200\r\nContent-Length: 1\r\n\r\na", 0, None, "a"),
    "extensions and trailers": (CHUNKED + "3;a=b;c=\"d\"\r\nabc\r\n0;x\r\nA: b\r\n\r\n", 0, None, "abc"),
}


@cases("name", CASES)
def test_octets(scripted, name):
    octets, code, code_of_curl, content = CASES[name]
    server = scripted(says(octets))
    outcome = get(server.url(), "-m", "20")
    assert (outcome.code, outcome.out.decode()) == (code, content)
    assert bool(outcome.err) == (code != 0)
    theirs = curl(server.url(), "-m", "20")
    assert theirs.code == (code if code_of_curl is None else code_of_curl)
    if code_of_curl is None:
        assert theirs.out.decode() == content


@cases("name", CASES)
def test_octets_that_come_one_by_one(scripted, name):
    octets, code, _, content = CASES[name]

    def script(caller):
        caller.read_request()
        for octet in octets:
            caller.send(octet)
            time.sleep(0.0005)
        caller.finish()

    outcome = get(scripted(script).url(), "-m", "20")
    assert (outcome.code, outcome.out.decode()) == (code, content)


@cases("octets, code", [("", 56), (OK, 56), (OK + "Content-Length: 10\r\n\r\nabc", 56), (OK + "\r\nabc", 56)])
def test_a_reset(scripted, octets, code):
    def script(caller):
        caller.read_request()
        caller.send(octets)
        time.sleep(0.1)  # the octets shall arrive before
        caller.reset()

    server = scripted(script)
    outcome = get(server.url())
    assert outcome.code == code and "broken the connection off" in outcome.err
    assert curl(server.url()).code == code


def test_hung_up_while_content_is_sent(scripted, site):
    def script(caller):
        caller.read_request()
        caller.reset()

    server = scripted(script)
    outcome = get(server.url(), "-d", f"@{site.write('file', b'x' * 20_000_000)}", "-H", "Expect:")
    assert outcome.code in (55, 56) and not outcome.out


@cases("octets", ["", OK, OK + "Content-Length: 10\r\n\r\nabc", CHUNKED + "3\r\nabc\r\n", "HTTP/1.1 100 Continue\r\n\r\n"])
def test_a_server_that_falls_silent(scripted, octets):
    server = scripted(says(octets, "wait"))
    outcome = get(server.url(), "-m", "0.3")
    assert outcome.code == 28 == curl(server.url(), "-m", "0.3").code
    assert "0.3 s" in outcome.err
    assert outcome.out == octets.partition("\r\n\r\n")[2].encode().replace(b"3\r\n", b"").replace(b"\r\n", b"")


def test_a_slow_server_is_no_error(scripted):
    def script(caller):
        caller.read_request()
        for octets in (OK, "Content-Length: 2\r\n", "\r\n", "a", "b"):
            time.sleep(0.05)
            caller.send(octets)

    assert get(scripted(script).url()).out == b"ab"


def endless(piece, begin=OK):
    def script(caller):
        caller.read_request()
        caller.send(begin)
        while not caller.server.stopping.is_set():
            caller.send(piece)

    return script


@cases("piece, begin", [("A: " + "b" * 1000 + "\r\n", OK), ("x" * 1000, OK + "A: "), ("x" * 1000, "HTTP/1.1 200 "), ("A: b\r\n", OK), (" c\r\n", OK + "A: b\r\n")])
def test_an_endless_head(scripted, piece, begin):
    outcome = get(scripted(endless(piece, begin)).url(), "-m", "20")
    assert outcome.code in (8, 56) and ("too large a head" in outcome.err or "too many field lines" in outcome.err)


def test_endless_interim_responses(scripted):
    outcome = get(scripted(endless("HTTP/1.1 103 Early Hints\r\n\r\n", "")).url(), "-m", "20")
    assert outcome.code == 8 and "too many interim responses" in outcome.err


@cases("piece, begin", [("A: b\r\n", CHUNKED + "0\r\n"), ("a" * 100, CHUNKED + "1;")])
def test_endless_framing(scripted, piece, begin):
    outcome = get(scripted(endless(piece, begin)).url(), "-m", "20")
    assert outcome.code == 56 and "malformed chunks" in outcome.err


def test_content_without_end_is_not_kept(scripted, site):
    """Ten times what one read takes, and the client's memory does not show it."""
    server = scripted(says(answer(content=b"x" * 200_000_000)))
    outcome = get(server.url(), "-o", site.dir / "file", preexec_fn=limit_memory, seconds=120)
    assert outcome.code == 0, outcome.err
    assert (site.dir / "file").stat().st_size == 200_000_000


def limit_memory():
    """Less than the content. Not with sanitizers, whose shadow needs the address space."""
    import os
    import resource

    if "asan" not in os.environ.get("WEBSERV_BINARY", ""):
        resource.setrlimit(resource.RLIMIT_AS, (100_000_000, 100_000_000))

# integration/test_get.py: `webserv get URL`: what is asked, what comes out, and how it ends; beside curl where it has the same option.
# The servers are ours, the real nginx, and scripts that look at what they are asked.
import os
import re
import socket
import subprocess
import time

import pytest
from harness import process
from harness.marks import cases, webserv_only
from harness.scripted import ENVIRONMENT, answer, answers, curl, get, run, says
from harness.site import Server, Site

pytestmark = webserv_only("nginx is no client")

LARGE = bytes(range(256)) * 8000


def echo(request):
    return answer(content=request.head + b"\n" + request.content)


@pytest.fixture(scope="module", params=["webserv", "nginx"])
def real(request):
    """A real server with documents."""
    site = Site()
    site.write("small", "12345")
    site.write("large", LARGE)
    site.write("empty")
    server = Server(site, process.NGINX if request.param == "nginx" else process.BINARY)
    server.start(site.configure(server="location = /old { return 301 /small; } location = /none { return 204; } "
                                       "location = /post { return 200 $request_method; }"))
    yield f"http://127.0.0.1:{server.port}"
    server.stop()
    site.remove()


@cases("arguments", [
    ["/small"], ["/large"], ["/empty"], ["/missing"], ["/missing", "-f"], ["/none"], ["/old"], ["/old", "-L"], ["/small", "-H", "Range: bytes=1-2"],
    ["/large", "-H", "Accept-Encoding: gzip", "-L", "-f"], ["/small", "-X", "POST"], ["/post", "-d", "x=y"], ["/post", "-X", "PUT", "-d", ""],
    ["/small", "-H", "If-None-Match: *"], ["/a/../small"], ["/small", "-m", "30", "--connect-timeout", "10"]])
def test_the_same_as_curl(real, arguments):
    target, *words = arguments
    ours, theirs = get(real + target, *words), curl(real + target, *words)
    assert (ours.code, ours.out) == (theirs.code, theirs.out)
    assert bool(ours.err) == bool(theirs.err)


def without_date(octets):
    return b"\n".join(line for line in octets.split(b"\n") if not line.startswith(b"Date:"))


@cases("words", [["-i"], ["-I"], ["-i", "-L"], ["-I", "-L"]])
@cases("target", ["/small", "/missing", "/old", "/none"])
def test_heads_are_printed_as_by_curl(real, words, target):
    ours, theirs = get(real + target, *words), curl(real + target, *words)
    assert (ours.code, without_date(ours.out)) == (theirs.code, without_date(theirs.out))


def test_the_request(scripted):
    server = scripted(answers(echo))
    assert get(server.url("/a?b=c#d")).out.decode() == (f"GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
                                                       "User-Agent: webserv/0.1.0\r\nAccept: */*\n")


def test_http_may_be_left_out(scripted):
    server = scripted(answers(echo))
    for name in ("127.0.0.1", "localhost"):
        assert get(f"{name}:{server.port}/x").out.startswith(b"GET /x HTTP/1.1\r\nHost: ")


def test_fields_of_the_user(scripted):
    server = scripted(answers(echo))
    words = ["-H", "X-One: 1", "-H", "X-Two:  two words ", "-H", "User-Agent:", "-H", "accept: text/html", "-H", "X-Empty;", "-H", "X-None:",
             "-H", "Host: other.org"]
    assert get(server.url(), *words).code == 0
    ours = server.requests[-1]
    assert curl(server.url(), *words).code == 0
    theirs = server.requests[-1]
    assert ours.fields == [("X-One", "1"), ("X-Two", "two words"), ("accept", "text/html"), ("X-Empty", ""), ("Host", "other.org")]
    assert sorted(ours.fields) == sorted(theirs.fields)


@cases("field", ["nothing", "A B: c", "A: b\r\nC: d", "Content-Length: 5", "Transfer-Encoding: chunked", ": x", "X;y", "A: \x1b[2J"])
def test_fields_that_are_none(scripted, field):
    server = scripted(answers(echo))
    outcome = get(server.url(), "-H", field)
    assert outcome.code == 2 and outcome.err and not server.requests


@cases("method", ["GE T", "", "G\r\nX: y"])
def test_methods_that_are_none(scripted, method):
    server = scripted(answers(echo))
    outcome = get(server.url(), "-X", method) if method else get(server.url(), "-X")
    assert outcome.code == 2 and not server.requests


def test_any_method(scripted):
    server = scripted(answers(echo))
    assert get(server.url(), "-X", "PROPFIND").out.startswith(b"PROPFIND / HTTP/1.1\r\n")
    assert get(server.url(), "-X", "DELETE").out.startswith(b"DELETE / HTTP/1.1\r\n")


@cases("words, content", [(["-d", "a=b&c"], b"a=b&c"), (["-d", ""], b""), (["-d", "-x"], b"-x"), (["-d", "[a,b]"], b"[a,b]"), (["-d", "@-"], b"from\nstdin\r\n")])
def test_content(scripted, words, content):
    server = scripted(answers(echo))
    outcome = get(server.url(), *words, data=b"from\nstdin\r\n")
    request = server.requests[-1]
    assert outcome.code == 0 and request.content == content
    assert request.method == "POST" and request.field("Content-Type") == "application/x-www-form-urlencoded"
    assert request.field("Content-Length") == str(len(content))


@cases("size", [0, 1000, 3_000_000])
def test_content_of_a_file_is_sent_as_it_is(scripted, site, size):
    server = scripted(answers(lambda request: answer(content=request.method)))
    octets = os.urandom(size)
    path = site.write("file", octets)
    outcome = get(server.url(), "-d", f"@{path}", "-H", "Content-Type: application/octet-stream")
    assert (outcome.code, outcome.out) == (0, b"POST") and server.requests[-1].content == octets
    assert server.requests[-1].field("Content-Type") == "application/octet-stream"
    assert server.requests[-1].field("Expect") == ("100-continue" if size > 2**20 else None)  # and nobody answered it


def test_chunked_content(scripted):
    framed = b"5\r\nhello\r\n0\r\n\r\n"

    def script(caller):
        caller.read_request()
        caller.send(answer(content=caller.read_content(len(framed))))

    server = scripted(script)
    outcome = get(server.url(), "-d", "hello", "-H", "Transfer-Encoding: chunked")
    assert (outcome.code, outcome.out) == (0, framed)
    assert server.requests[0].field("Transfer-Encoding") == "chunked" and server.requests[0].field("Content-Length") is None


def test_content_that_can_not_be_read(scripted, site):
    server = scripted(answers(echo))
    outcome = get(server.url(), "-d", "@/no/such/file")
    assert outcome.code == 26 and "/no/such/file" in outcome.err and not server.requests
    assert get(server.url(), "-d", f"@{site.dir}").code == 26
    assert get(server.url(), "-d", "@").code == 26


def test_a_server_that_wants_to_be_asked(scripted, site):
    octets = os.urandom(2_000_000)

    def script(caller):
        request = caller.read_request()
        assert request.field("Expect") == "100-continue"
        caller.send("HTTP/1.1 100 Continue\r\n\r\n")
        caller.send(answer(content=str(caller.read_content(len(octets)) == octets)))

    server = scripted(script)
    words = [server.url(), "-d", f"@{site.write('file', octets)}"]
    outcome = get(*words)
    assert (outcome.code, outcome.out) == (0, b"True")

    def pause():
        """Milliseconds from the server's word to the content; without that word it would be a second."""
        interim, first = re.search(r"^ *([\d.]+) .*read\(.*\) = 25$.*?^ *([\d.]+) .*write\(", get("--trace", *words).err, re.M | re.S).groups()
        return float(first) - float(interim)

    assert any(pause() < 500 for _ in range(5))


def test_a_server_that_refuses_content(scripted, site):
    """The content is not sent then."""
    left = []

    def script(caller):
        caller.read_request()
        caller.send(answer("413 Too Large", "too large"))
        left.append(caller.socket.recv(10))

    server = scripted(script)
    outcome = get(server.url(), "-d", f"@{site.write('file', os.urandom(2_000_000))}")
    assert (outcome.code, outcome.out) == (0, b"too large")
    process.wait_until(lambda: left)
    assert left == [b""]


def test_an_answer_before_all_content_was_heard(scripted, site):
    """The server answers at once, reads nothing more, and keeps the connection: nobody may wait for ever."""

    def script(caller):
        caller.read_request()
        caller.send(answer("403 Forbidden", "no"))
        caller.server.stopping.wait(120)

    server = scripted(script)
    outcome = get(server.url(), "-d", f"@{site.write('file', os.urandom(20_000_000))}", "-H", "Expect:", seconds=30)
    assert (outcome.code, outcome.out) == (0, b"no")


def test_user_and_password(scripted):
    server = scripted(answers(echo))
    basic = "Basic dSFzZXI6cGE6c3Mg"
    words = [f"http://u!ser:pa%3Ass%20@127.0.0.1:{server.port}/"]
    assert get(*words).code == 0
    assert server.requests[-1].field("Authorization") == basic
    assert curl(*words).code == 0
    assert server.requests[-1].field("Authorization") == basic
    assert get(server.url(), "-u", "u!ser:pa:ss ").code == 0
    assert server.requests[-1].field("Authorization") == basic
    assert get(server.url(), "-u", "user").code == 0
    assert server.requests[-1].field("Authorization") == "Basic dXNlcjo="
    assert get(*words, "-H", "Authorization: own").code == 0
    assert server.requests[-1].field("Authorization") == "own"


@cases("url, code", [
    ("http://", 3), ("http://a b/", 3), ("http://[::1/", 3), ("http://a:99999/", 3), ("http://a\\b/", 3), ("", 3), ("http://u@v@w/", 3),
    ("ftp://127.0.0.1/", None), ("foo://127.0.0.1/", 1)])
def test_urls_that_are_none(url, code):
    outcome = get(url)
    assert outcome.code == (1 if code is None else code) and not outcome.out and outcome.err.startswith("webserv: ")
    if code and "@v@" not in url and "\\" not in url:
        assert curl(url, "-m", "1").code == code


def test_a_host_that_nobody_knows():
    outcome = get("http://nosuch.invalid/", "--connect-timeout", "20")
    assert outcome.code in (6, 28) and "nosuch.invalid" in outcome.err


@pytest.mark.skipif(os.geteuid() != 0, reason="another resolv.conf needs root")
def test_a_silent_name_server(site):
    """Asking it would take minutes; nobody has to wait for that, nor for the thread that asks."""
    if run(["unshare", "-m", "true"]).code != 0:
        pytest.skip("no mount namespaces here")
    resolv = site.write("resolv.conf", "nameserver 127.0.0.77\noptions timeout:30 attempts:5\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.77", 53))
        for option in ("-m", "--connect-timeout"):
            script = f"mount --bind {resolv} /etc/resolv.conf && exec {process.BINARY} get {option} 0.3 http://some.where/"
            outcome = run(["unshare", "-m", "sh", "-c", script])
            assert outcome.code == 28 and "some.where was not looked up in time" in outcome.err
        silent.settimeout(1)
        assert b"some\x05where" in silent.recv(1000)


@cases("words", [["http://127.0.0.1:{port}/"], ["http://localhost:{port}/"], ["http://[::1]:{port}/"]])
def test_nobody_listens(site, words):
    words = [site.fill(word) for word in words]
    outcome = get(*words)
    assert outcome.code == 7 == curl(*words).code
    assert "nobody listens on " in outcome.err and str(site.port()) in outcome.err


def test_a_local_socket(scripted, site):
    path = str(site.dir / "socket")
    scripted(answers(echo), path)
    words = ["--unix-socket", path, "http://some.where/x"]
    assert get(*words).out.startswith(b"GET /x HTTP/1.1\r\nHost: some.where\r\n")
    outcome = get("--unix-socket", str(site.dir / "none"), "http://some.where/x")
    assert outcome.code == 7 and "there is no socket" in outcome.err
    assert get("--unix-socket", "/" + "x" * 200, "http://some.where/x").code == 2


def test_ipv6(scripted):
    server = scripted(answers(echo), ("::1", 0))
    assert get(f"http://[::1]:{server.port}/").out.startswith(b"GET / HTTP/1.1\r\nHost: [::1]:")


def test_resolve(scripted):
    server = scripted(answers(echo))
    words = ["--resolve", f"some.where:{server.port}:127.0.0.1", f"http://Some.Where:{server.port}/"]
    for client in (get, curl):
        assert client(*words).out.startswith(f"GET / HTTP/1.1\r\nHost: {'S' if client is curl else 's'}ome.".encode())
    for wrong in ("a", "a:80", "a:80:", "a:80:b", "a:0:127.0.0.1", ":80:127.0.0.1", "a:80:127.0.0.1,"):
        assert get("--resolve", wrong, "http://a/").code == 2, wrong


def full_queue(family=socket.AF_INET, host="127.0.0.1", port=0):
    """A listener that answers no more: its queue is full. With the connections that fill it."""
    listener = socket.socket(family)
    listener.bind((host, port))
    listener.listen(0)
    filling = []
    for _ in range(3):
        filling.append(socket.socket(family))
        filling[-1].setblocking(False)
        filling[-1].connect_ex(listener.getsockname())
    time.sleep(0.05)
    return listener, filling


def test_happy_eyeballs(scripted):
    """The first address does not answer, the second nobody listens on; the third is had long before the first has timed out."""
    server = scripted(answers(echo))
    silent, filling = full_queue(socket.AF_INET6, "::1", server.port)
    outcome = get("-v", "--resolve", f"a:{server.port}:[::1],127.0.0.2,127.0.0.1", f"http://a:{server.port}/", "-m", "20")
    assert outcome.code == 0, outcome.err
    tried = [line for line in outcome.err.splitlines() if line.startswith("* ")]
    assert tried[0] == f"* trying [::1]:{server.port}" and tried[-1] == f"* connected to 127.0.0.1:{server.port}"
    for each in (silent, *filling):
        each.close()


def test_every_address_is_named_when_none_answers(site):
    port = site.port()
    outcome = get("--resolve", f"a:{port}:127.0.0.2,127.0.0.3", f"http://a:{port}/")
    assert outcome.code == 7
    assert f"nobody listens on 127.0.0.2:{port}; nobody listens on 127.0.0.3:{port}" in outcome.err


@cases("option, family", [("-4", "IPv4"), ("-6", "IPv6")])
def test_one_family(scripted, option, family):
    host = "::1" if option == "-6" else "127.0.0.1"
    server = scripted(answers(echo), (host, 0))
    words = ["--resolve", f"a:{server.port}:127.0.0.1,::1", f"http://a:{server.port}/"]
    assert get(option, "-v", *words).err.count("trying") == 1
    other = get({"-4": "-6", "-6": "-4"}[option], *words)
    assert other.code == 7
    only = get(option, "--resolve", f"a:80:{'::1' if option == '-4' else '127.0.0.1'}", "http://a/")
    assert only.code == 6 and f"no {family} address" in only.err


def test_connect_timeout(scripted):
    listener, filling = full_queue()
    port = listener.getsockname()[1]
    for words in (["--connect-timeout", "0.3"], ["-m", "0.3"]):
        outcome = get(f"http://127.0.0.1:{port}/", *words)
        assert outcome.code == 28 and f"127.0.0.1:{port} does not answer" in outcome.err
    for each in (listener, *filling):
        each.close()


def test_verbose(scripted):
    server = scripted(says("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\n\r\n"
                           "1\r\na\r\n0\r\nTrailer: t\r\n\r\n"))
    outcome = get("-v", server.url("/x"))
    assert outcome.out == b"a"
    lines = outcome.err.splitlines()
    assert lines[:2] == [f"* trying 127.0.0.1:{server.port}", f"* connected to 127.0.0.1:{server.port}"]
    assert "> GET /x HTTP/1.1" in lines and f"> Host: 127.0.0.1:{server.port}" in lines
    for line in ("< HTTP/1.1 103 Early Hints", "< Link: x", "< HTTP/1.1 200 Fine", "< Trailer: t"):
        assert line in lines


def test_silent(site):
    outcome = get("-s", f"http://127.0.0.1:{site.port()}/")
    assert (outcome.code, outcome.out, outcome.err) == (7, b"", "")


def test_fail_says_what_was_answered(scripted):
    server = scripted(answers(lambda request: answer("418 I'm a teapot", "short and stout")))
    outcome = get("-f", server.url("/pot"))
    assert (outcome.code, outcome.out) == (22, b"")
    assert outcome.err == f"webserv: GET {server.url('/pot')}: 418 I'm a teapot\n"
    assert get("-f", "-i", server.url("/pot")).out == b""


def test_a_stream_comes_out_as_it_comes_in(scripted):
    """What has come is printed before more comes."""
    go_on = []

    def script(caller):
        caller.read_request()
        caller.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
        process.wait_until(lambda: go_on, 20)
        caller.send("data: 2\n\n")

    server = scripted(script)
    with subprocess.Popen([process.BINARY, "get", server.url()], stdout=subprocess.PIPE, env=ENVIRONMENT) as client:
        assert os.read(client.stdout.fileno(), 100) == b"data: 1\n\n"
        go_on.append(True)
        assert client.stdout.read() == b"data: 2\n\n"
        assert client.wait(20) == 0


def test_a_broken_pipe_ends_quietly(scripted):
    server = scripted(says(answer(content=b"x" * 10_000_000)))
    client = subprocess.Popen([process.BINARY, "get", server.url()], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT)
    assert client.stdout.read(10) == b"x" * 10
    client.stdout.close()
    with client.stderr:
        assert client.stderr.read() == b""
    assert client.wait(20) == 23


def test_a_reader_that_does_not_read_is_bound_by_max_time(scripted):
    server = scripted(says(answer(content=b"x" * 10_000_000)))
    client = subprocess.Popen([process.BINARY, "get", "-m", "0.5", server.url()], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
    assert client.wait(20) == 28
    client.stdout.close()


def test_output_that_can_not_be_written(scripted):
    server = scripted(says(answer(content=b"x")))
    with open("/dev/full", "wb") as full:
        result = subprocess.run([process.BINARY, "get", server.url()], stdout=full, stderr=subprocess.PIPE, timeout=20, check=False, env=ENVIRONMENT)
    assert result.returncode == 23 and b"No space left" in result.stderr


def test_help():
    outcome = get("--help")
    assert outcome.code == 0
    for option in ("-X", "-H", "-d", "-o", "-O", "-I", "-i", "-v", "-L", "-C", "-f", "-s", "-4", "-6", "-u", "-m", "--trace", "--max-time",
                   "--connect-timeout", "--fail", "--resolve", "--unix-socket", "--max-redirs"):
        assert option in outcome.out.decode(), option
    assert "get" in process.run(["-h"]).stderr


@cases("words", [[], ["--nosuch", "http://a/"], ["http://a/", "http://b/"], ["http://a/", "-C", "5"], ["http://a/", "-C", "-"], ["-I", "-d", "x", "a"],
                 ["-4", "-6", "a"], ["-o", "x", "-O", "a"], ["-m", "x", "a"], ["-m", "-1", "a"], ["-C", "-", "-o", "x", "-i", "a"]])
def test_wrong_options(words):
    outcome = get(*words)
    assert outcome.code == 2 and outcome.err + outcome.out.decode()

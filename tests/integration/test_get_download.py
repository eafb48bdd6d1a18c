# integration/test_get_download.py: `webserv get -o`: files, and downloads that were interrupted and go on.
# A file that is not whole never comes with exit status 0, and never holds two versions of anything.
import os
import pty
import re
import signal
import subprocess
import threading
import time

import pytest
from harness import process
from harness.marks import cases, webserv_only
from harness.scripted import ENVIRONMENT, answer, answers, get, says
from harness.site import Server, Site

pytestmark = webserv_only("nginx is no client")

CONTENT = bytes(range(256)) * 4000
NOTE = "user.webserv.validator"


@pytest.fixture(scope="module", params=["webserv", "nginx"])
def real(request):
    site = Site()
    server = Server(site, process.NGINX if request.param == "nginx" else process.BINARY)
    server.start(site.configure(server="location /noetag/ { etag off; alias {root}/; }"))
    yield server
    server.stop()
    site.remove()


@pytest.fixture
def url(real):
    """A file that is as new as each test."""
    path = real.site.write("file", CONTENT)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return f"http://127.0.0.1:{real.port}/file"


def note_of(path):
    try:
        return os.getxattr(path, NOTE).decode()
    except OSError:
        return None


def keeps_notes(folder):
    probe = folder / "probe"
    probe.write_bytes(b"")
    try:
        os.setxattr(probe, NOTE, b"x")
    except OSError:
        return False
    return True


def test_o_writes_a_file(url, site):
    path = site.dir / "out"
    outcome = get(url, "-o", path)
    assert (outcome.code, outcome.out, path.read_bytes()) == (0, b"", CONTENT)
    assert note_of(path) is None


def test_o_minus_is_standard_output(url):
    assert get(url, "-o", "-").out == CONTENT


@cases("target, name", [("/file", "file"), ("/file?a/b", "file"), ("/x/../file", "file")])
def test_big_o_takes_the_name_of_the_url(url, site, target, name):
    assert get(url.replace("/file", target), "-O", cwd=site.dir).code == 0
    assert (site.dir / name).read_bytes() == CONTENT


@cases("target", ["/", "/?x", "/a/", "/.."])
def test_big_o_needs_a_name(site, scripted, target):
    server = scripted(answers(lambda request: answer()))
    outcome = get(server.url(target), "-O", cwd=site.root)
    assert outcome.code == 23 and "-o" in outcome.err and not os.listdir(site.root)


def test_a_file_is_replaced(url, site):
    path = site.write("out", b"x" * 10_000_000)
    assert get(url, "-o", path).code == 0
    assert path.read_bytes() == CONTENT


def test_an_empty_answer_makes_an_empty_file(scripted, site):
    path = site.write("out", b"before")
    assert get(scripted(answers(lambda request: answer("204 No Content", length=False))).url(), "-o", path).code == 0
    assert path.read_bytes() == b""


@cases("octets, words", [("", []), ("rubbish\r\n", []), (answer("404 Not Found", "x"), ["-f"]), (answer("302 Found", "", "Location: foo:/x"), ["-L"])])
def test_what_fails_before_content_leaves_the_file_alone(scripted, site, octets, words):
    path = site.write("out", b"before")
    assert get(scripted(says(octets)).url(), "-o", path, *words).code != 0
    assert path.read_bytes() == b"before"


def test_a_file_that_can_not_be_written(url, site):
    for path in ("/no/such/folder/file", site.dir, "/dev/full"):
        outcome = get(url, "-o", path)
        assert outcome.code == 23 and str(path) in outcome.err


def test_a_full_disk(url, site):
    """What does not fit is told, whenever the kernel tells it."""

    def limit():
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    path = site.dir / "out"
    outcome = get(url, "-o", path, preexec_fn=limit)
    assert outcome.code == 23 and "can not be written" in outcome.err
    assert path.read_bytes() == CONTENT[:100_000]
    assert get(url, "-o", path, "-C", "-").code == 0
    assert path.read_bytes() == CONTENT


def parts(etag='"1"', content=CONTENT, cut_at=None, ranges=True):
    """A server that cuts its answers off, and gives the rest if the condition holds."""

    def script(caller):
        while request := caller.read_request():
            fields = [f"ETag: {etag}"] if etag else []
            first = 0
            condition = request.field("If-Range")
            if ranges and request.field("Range") and condition in (None, etag):
                first = int(re.fullmatch(r"bytes=(\d+)-", request.field("Range"))[1])
            if first:
                fields.append(f"Content-Range: bytes {first}-{len(content) - 1}/{len(content)}")
            whole = answer("206 Partial Content" if first else "200 OK", content[first:], *fields)
            head = whole[:whole.index(b"\r\n\r\n") + 4]
            if cut_at is not None and first < cut_at:
                caller.send(head + content[first:cut_at])
                return caller.finish()
            caller.send(whole)

    return script


def test_a_download_goes_on(scripted, site):
    path = site.dir / "out"
    server = scripted(parts(cut_at=500_000))
    outcome = get(server.url(), "-o", path)
    assert outcome.code == 18 and str(path) in outcome.err and "-C -" in outcome.err
    assert path.read_bytes() == CONTENT[:500_000]
    assert get(server.url(), "-o", path, "-C", "-").code == 0
    assert path.read_bytes() == CONTENT and note_of(path) is None
    asked = server.requests[-1]
    assert asked.field("Range") == "bytes=500000-"
    assert asked.field("If-Range") == ('"1"' if keeps_notes(site.dir) else None)


def test_a_download_goes_on_as_often_as_it_must(scripted, site):
    path = site.dir / "out"
    for cut_at in range(100_000, len(CONTENT), 100_000):
        server = scripted(parts(cut_at=cut_at))
        assert get(server.url(), "-o", path, "-C", "-").code == 18
        assert path.read_bytes() == CONTENT[:cut_at]
    assert get(scripted(parts()).url(), "-o", path, "-C", "-").code == 0
    assert path.read_bytes() == CONTENT


def test_what_has_changed_begins_anew(scripted, site):
    if not keeps_notes(site.dir):
        pytest.skip("this file system keeps no notes")
    path = site.dir / "out"
    assert get(scripted(parts(cut_at=500_000)).url(), "-o", path).code == 18
    other = bytes(reversed(CONTENT))
    outcome = get(scripted(parts('"2"', other)).url(), "-o", path, "-C", "-")
    assert outcome.code == 0 and "begins anew" in outcome.err
    assert path.read_bytes() == other


def test_a_server_without_ranges_begins_anew(scripted, site):
    path = site.write("out", CONTENT[:1000])
    outcome = get(scripted(parts(None, ranges=False)).url(), "-o", path, "-C", "-")
    assert outcome.code == 0 and "begins anew" in outcome.err and path.read_bytes() == CONTENT


@cases("target", ["/file", "/noetag/file"])
def test_an_interrupted_download_from_a_real_server(real, url, site, target):
    """Ended by a signal in the middle; the rest comes from the same server, or all of it once the file has changed."""
    large = CONTENT * 20
    document = real.site.write("file", large)
    os.utime(document, (1_700_000_000, 1_700_000_000))
    path = site.dir / "out"
    words = [process.BINARY, "get", url.replace("/file", target), "-o", str(path)]
    with subprocess.Popen(words, env=ENVIRONMENT, stderr=subprocess.DEVNULL) as client:
        process.wait_until(lambda: path.exists() and path.stat().st_size > 0)
        client.send_signal(signal.SIGINT)
        code = client.wait(20)
    left = path.read_bytes()
    assert large.startswith(left) and left
    if code == 0:
        pytest.skip("it was over before the signal came")
    assert code == -signal.SIGINT
    if keeps_notes(site.dir):
        assert note_of(path) == (f'"{1_700_000_000:x}-{len(large):x}"' if target == "/file" else "Tue, 14 Nov 2023 22:13:20 GMT")
    assert get(*words[2:], "-C", "-").code == 0
    assert path.read_bytes() == large and note_of(path) is None


@cases("target", ["/file", "/noetag/file"])
def test_a_file_from_elsewhere_goes_on(real, url, site, target):
    """Nobody has noted of what it is the beginning: the server is asked whether anything has changed since it was written."""
    path = site.write("out", CONTENT[:300_000])
    assert get(url.replace("/file", target), "-o", path, "-C", "-").code == 0
    assert path.read_bytes() == CONTENT
    old = site.write("old", b"x" * 1000)
    os.utime(old, (1_600_000_000, 1_600_000_000))
    outcome = get(url.replace("/file", target), "-o", old, "-C", "-")
    assert outcome.code == 33 and "changed" in outcome.err and old.read_bytes() == b"x" * 1000


def test_what_is_whole_is_left_alone(real, url, site):
    path = site.write("out", CONTENT)
    outcome = get(url, "-o", path, "-C", "-")
    assert outcome.code == 0 and "whole already" in outcome.err and path.read_bytes() == CONTENT


def test_what_is_longer_is_no_beginning(real, url, site):
    path = site.write("out", CONTENT + b"x")
    outcome = get(url, "-o", path, "-C", "-")
    assert outcome.code == 33 and path.read_bytes() == CONTENT + b"x"


def test_c_without_a_file_is_a_download(url, site):
    path = site.dir / "out"
    assert get(url, "-o", path, "-C", "-").code == 0 and path.read_bytes() == CONTENT
    path.write_bytes(b"")
    assert get(url, "-o", path, "-C", "-").code == 0 and path.read_bytes() == CONTENT


@cases("response, code", [
    (answer("206 Partial Content", "cd", "Content-Range: bytes 1-2/4"), 33),
    (answer("206 Partial Content", "c", "Content-Range: bytes 2-3/4"), 33),
    (answer("206 Partial Content", "cd"), 33),
    (answer("206 Partial Content", "cd", "Content-Range: bytes */4"), 33),
    (answer("206 Partial Content", "c", "Content-Range: bytes 2-2/4"), 18),
    (answer("206 Partial Content", "c", "Content-Range: bytes 2-3/4", length=False), 18),
    (answer("206 Partial Content", "cde", "Content-Range: bytes 2-3/4", length=False), 18),
    (answer("416 Range Not Satisfiable", "", "Content-Range: bytes */1"), 33),
    (answer("416 Range Not Satisfiable", ""), 33),
    (answer("412 Precondition Failed", "no"), 33),
    (answer("404 Not Found", "no"), 22),
    (answer("503 Wait", "no"), 22),
    (answer("206 Partial Content", "cd", "Content-Range: bytes 2-3/4"), 0),
    (answer("206 Partial Content", "cd", "Content-Range: bytes 2-3/*"), 0)])
def test_odd_answers_to_a_range(scripted, site, response, code):
    path = site.write("out", "ab")
    outcome = get(scripted(says(response)).url(), "-o", path, "-C", "-")
    assert outcome.code == code
    assert path.read_bytes().startswith(b"ab") and b"no" not in path.read_bytes()
    if code == 0:
        assert path.read_bytes() == b"abcd"


def test_redirects_are_followed_first(scripted, site):
    path = site.write("out", CONTENT[:1000])
    server = scripted(parts())
    door = scripted(answers(lambda request: answer("302 Found", "elsewhere", f"Location: {server.url()}")))
    assert get("-L", door.url(), "-o", path, "-C", "-").code == 0
    assert path.read_bytes() == CONTENT


def on_terminal(*words):
    """What is shown on a terminal of 60 columns, and the exit status."""
    import fcntl
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    shown = []

    def read():
        try:
            while data := os.read(ours, 4096):
                shown.append(data)
        except OSError:
            pass

    reader = threading.Thread(target=read)
    reader.start()
    result = subprocess.run([process.BINARY, "get", *map(str, words)], stderr=theirs, stdout=subprocess.PIPE, timeout=60, check=False, env=ENVIRONMENT)
    os.close(theirs)
    reader.join(10)
    os.close(ours)
    return b"".join(shown).decode(), result.returncode


def slowly(content, total=None):
    def script(caller):
        caller.read_request()
        caller.send(f"HTTP/1.1 200 OK\r\nContent-Length: {total or len(content)}\r\n\r\n")
        for at in range(0, len(content), len(content) // 5):
            caller.send(content[at:at + len(content) // 5])
            time.sleep(0.3)
        caller.finish()

    return script


def test_progress_on_a_terminal(scripted, site):
    shown, code = on_terminal(scripted(slowly(b"x" * 5_000_000)).url(), "-o", site.dir / "out")
    assert code == 0
    states = re.findall(r"\r *(\d+)% \[(=*) *\] ([\d.]+ \w+) of 5\.0 MB", shown)
    shares = [int(share) for share, _, _ in states]
    assert shares[0] == 0 and shares[-1] == 100 and shares == sorted(shares) and len(shares) > 3
    assert all(len(line.replace("\x1b[K", "")) < 60 for line in re.split(r"[\r\n]+", shown))
    assert shown.endswith("\n")


def test_progress_goes_on_where_the_file_ends(scripted, site):
    path = site.write("out", CONTENT[:900_000] * 1)
    content = CONTENT * 2
    path.write_bytes(content[:1_024_000])
    shown, code = on_terminal(scripted(parts(None, content)).url(), "-o", path, "-C", "-")
    assert code == 0 and re.match(r"\r *50% ", shown) and path.read_bytes() == content


def test_no_progress_where_nobody_wants_it(scripted, site):
    server = scripted(answers(lambda request: answer(content=b"x" * 5_000_000)))
    small = scripted(answers(lambda request: answer(content=b"x" * 500)))
    for words in ([server.url(), "-o", site.dir / "out", "-s"], [small.url(), "-o", site.dir / "out"]):
        assert on_terminal(*words) == ("", 0)
    assert get(server.url(), "-o", site.dir / "out").err == ""


def test_a_failure_has_a_line_of_its_own(scripted, site):
    shown, code = on_terminal(scripted(slowly(b"x" * 2_000_000, 5_000_000)).url(), "-o", site.dir / "out")
    assert code == 18 and re.search(r"\n+webserv: the server has ended the connection 3000000 octets", shown.replace("\r", ""))

# integration/test_file_reading.py: files that the page cache lacks: read by threads, or past it.
# Which thread makes which call is read from strace(1); a file is made cold by posix_fadvise(2).
import ctypes
import mmap
import os
import re

import pytest
from harness import process
from harness.marks import cases, cleartext_only, covers, webserv_only
from test_sendfile_and_tcp import Trace, needs_strace

SIZE = 3_000_001


@pytest.fixture
def content(site):
    return site.write_large(SIZE)


def pages_in_cache(descriptor):
    """mincore(2) only looks; a read that does not wait would begin to fill the cache."""
    with mmap.mmap(descriptor, 0, access=mmap.ACCESS_COPY) as view:
        pages = (len(view) + mmap.PAGESIZE - 1) // mmap.PAGESIZE
        flags = (ctypes.c_ubyte * pages)()
        octet = ctypes.c_char.from_buffer(view)
        failed = ctypes.CDLL(None).mincore(ctypes.c_void_p(ctypes.addressof(octet)), ctypes.c_size_t(len(view)), flags)
        del octet
    assert not failed
    return sum(flag & 1 for flag in flags)


def forget(path):
    """Takes a file out of the page cache; pages that a socket has not let go yet stay there, so it may take a while."""
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)

    def is_cold():
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        return pages_in_cache(descriptor) == 0

    process.wait_until(is_cold, what="a cold file")
    os.close(descriptor)


def calls(trace, *names):
    """(thread, the call as strace writes it, without what was left unfinished)."""
    found = []
    for line in trace.text().splitlines():
        if match := re.match(rf"(\d+) +((?:{'|'.join(names)})\(.*)", line):
            found.append((int(match[1]), match[2]))
    return found


def cold_reads(server, content, target="/large"):
    """The calls that a cold file costs. Asking for pages begins to read them, so a fast disk may need no thread: then once more."""
    def attempt():
        forget(server.site.root / "large")
        with Trace(server, ",".join(READS)) as trace:
            assert server.get(target).content == content
        return trace if calls(trace, "pread64") else None

    return process.wait_until(attempt, 60, what="a read by a thread")


READS = ("pread64", "preadv", "preadv2", "sendfile", "sendfile64")


@cleartext_only("no sendfile")
@needs_strace
@webserv_only("sends by threads in any case")
@covers("aio")
@cases("value", ["threads", "on", "threads=own", "threads=$arg_pool"])
def test_a_cold_file_is_read_by_threads(serve, site, content, value):
    server = serve(main="worker_processes 1; thread_pool own threads=2;", server=f"sendfile on; aio {value}; root {{root}};")
    trace = cold_reads(server, content, "/large?pool=own")
    assert trace.worker not in {thread for thread, call in calls(trace, "pread64")}
    assert {thread for thread, call in calls(trace, "sendfile", "sendfile64")} == {trace.worker}


@cleartext_only("no sendfile")
@needs_strace
@webserv_only("sends by threads in any case")
@covers("aio")
@cases("sendfile", ["on", "off"])
def test_a_warm_file_needs_no_thread(serve, site, content, sendfile):
    server = serve(server=f"sendfile {sendfile}; aio threads; root {{root}};")
    assert server.get("/large").content == content
    with Trace(server, ",".join(READS)) as trace:
        assert server.get("/large").content == content
        assert server.get("/large", "Range: bytes=1000000-2000000").content == content[1_000_000:2_000_001]
    assert calls(trace, "preadv2")
    assert not calls(trace, "pread64")


@needs_strace
@webserv_only("sends by threads in any case")
@covers("aio")
def test_without_it_there_are_no_threads(serve, site, content):
    server = serve(server="sendfile on; aio off; root {root};")
    server.get("/large")
    forget(site.root / "large")
    with Trace(server, ",".join(READS)) as trace:
        assert server.get("/large").content == content
    assert {thread for thread, call in calls(trace, *READS)} == {trace.worker}


@needs_strace
@webserv_only("its threads have other names")
@covers("aio", "sendfile")
def test_a_cold_file_through_memory(serve, site, content):
    server = serve(server="sendfile off; aio threads; root {root};")
    trace = cold_reads(server, content)
    assert trace.worker not in {thread for thread, call in calls(trace, "pread64")}


@needs_strace
@webserv_only("starts them all")
@covers("thread_pool")
def test_the_size_of_a_pool(serve, site, content):
    server = serve(main="worker_processes 1; thread_pool default threads=2;", server="sendfile on; aio threads; root {root};")
    worker = server.process.worker()
    for i in range(6):
        site.write(f"{i}", content)
    connections = [server.connect() for _ in range(6)]
    for i, connection in enumerate(connections):
        forget(site.root / f"{i}")
        connection.send(f"GET /{i} HTTP/1.1\r\nHost: h\r\n\r\n")
    for connection in connections:
        assert connection.read_response().content == content
    assert len(os.listdir(f"/proc/{worker}/task")) <= 3


@covers("aio", "thread_pool")
@cases("reading", ["sendfile on; aio threads=own;", "sendfile off; aio threads=own;", "directio 1m;", "directio 1m; aio threads=own;",
                   "sendfile on; directio 1m; output_buffers 1 64k; aio threads=own;", "directio 4m; sendfile on;"])
def test_the_same_octets(serve, site, content, reading):
    server = serve(main="worker_processes 1; thread_pool own threads=4 max_queue=100;", server=reading + "root {root};")
    with server.connect() as connection:
        for warm in (False, True):
            if not warm:
                forget(site.root / "large")
            assert connection.get("/large").content == content
            for first, last in ((0, 0), (1, 511), (511, 513), (4095, 100_000), (SIZE - 1, SIZE - 1), (SIZE - 5000, SIZE - 1)):
                answer = connection.get("/large", f"Range: bytes={first}-{last}")
                assert answer.content == content[first:last + 1]


@cleartext_only("no sendfile")
@needs_strace
@covers("directio")
@cases("value, used", [("1m", True), ("off", False), ("3000001", True), ("3000002", False)])
def test_directio(serve, content, value, used):
    server = serve(server=f"sendfile on; directio {value}; root {{root}};")
    with Trace(server, "open,openat,fcntl,sendfile") as trace:
        assert server.get("/large").content == content
    assert ("O_DIRECT" in trace.text()) == used
    assert ("sendfile" in trace.text()) != used


@needs_strace
@webserv_only("turns O_DIRECT off for what is not aligned")
@covers("directio_alignment")
@cases("alignment", [512, 4096])
def test_directio_alignment(serve, content, alignment):
    server = serve(server=f"directio 1m; directio_alignment {alignment}; output_buffers 1 40000; root {{root}};")
    with Trace(server, "pread64") as trace:
        server.get("/large", "Range: bytes=5000-2000000")
    read = re.findall(r", (\d+), (\d+)\) += \d+", trace.text())
    assert read
    assert all(int(count) % alignment == 0 and int(offset) % alignment == 0 for count, offset in read)
    assert int(read[0][0]) == 40_000 // alignment * alignment
    assert int(read[0][1]) == 5000 // alignment * alignment


@cases("main, server, message", [
    ("", "aio maybe;", 'invalid value'),
    ("", "aio threads=none;", 'unknown thread pool "none"'),
    ("thread_pool a threads=0;", "", 'invalid threads value "threads=0"'),
    ("thread_pool a threads=x;", "", 'invalid threads value "threads=x"'),
    ("thread_pool a max_queue=5;", "", '"thread_pool" must have "threads" parameter'),
    ("thread_pool a threads=1 max_queue=x;", "", 'invalid max_queue value "max_queue=x"'),
    ("thread_pool a threads=1; thread_pool a threads=2;", "", 'duplicate thread pool "a"'),
    ("", "directio much;", '"directio" directive invalid value'),
    ("", "directio_alignment x;", '"directio_alignment" directive invalid value'),
])
def test_refused(site, main, server, message):
    conf = site.configure(main=main, server=server)
    result = process.run(["-p", str(site.dir), "-c", str(conf), "-t"])
    assert result.returncode == 1
    assert message in result.stderr


@webserv_only("does not look at it")
@covers("thread_pool")
def test_an_unknown_parameter_of_a_pool(site):
    conf = site.configure(main="thread_pool a threads=1 some=1;", server="")
    assert 'invalid parameter "some=1"' in process.run(["-p", str(site.dir), "-c", str(conf), "-t"]).stderr


@webserv_only("takes any number")
@covers("directio_alignment")
def test_an_alignment_is_a_power_of_two(site):
    conf = site.configure(server="directio_alignment 1000;")
    assert '"directio_alignment" directive invalid value' in process.run(["-p", str(site.dir), "-c", str(conf), "-t"]).stderr


# open_file_cache

def open_documents(server):
    worker = server.process.worker()
    folder, names = f"/proc/{worker}/fd", []
    for number in os.listdir(folder):
        try:
            names.append(os.readlink(f"{folder}/{number}"))
        except FileNotFoundError:
            pass
    return [name for name in names if name.startswith(str(server.site.root))]


@webserv_only("keeps files only if it is told to")
@covers("open_file_cache")
@cases("directive, kept", [("open_file_cache off;", False), ("open_file_cache max=10 inactive=5s;", True), ("", True)])
def test_files_that_stay_open(serve, site, content, directive, kept):
    site.write("small", "small")
    server = serve(server=directive + "root {root};")
    for _ in range(5):
        assert server.get("/large").content == content
        assert server.get("/small").text == "small"
    assert server.get("/folder").status == 404
    process.wait_until(lambda: bool(open_documents(server)) == kept, what="the file open or not")


@cases("directive, message", [
    ("open_file_cache inactive=20s", '"open_file_cache" must have the "max" parameter'),
    ("open_file_cache max=x", 'invalid "open_file_cache" parameter "max=x"'),
])
def test_open_file_cache_refused(site, directive, message):
    conf = site.configure(server=f"{directive};")
    result = process.run(["-p", str(site.dir), "-c", str(conf), "-t"])
    assert result.returncode == 1
    assert message in result.stderr

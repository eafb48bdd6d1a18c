# integration/test_static.py: the representation of a file: validators, conditional requests, ranges, methods,
# and files that are large or that change while they are sent.
import email.utils
import hashlib
import os
import time

from harness.marks import cases, covers, not_in_model, webserv_only

MTIME = 1_700_000_000
ETAG = f'"{MTIME:x}-a"'
DATE = email.utils.formatdate(MTIME, usegmt=True)
LATER = email.utils.formatdate(MTIME + 60, usegmt=True)
EARLIER = email.utils.formatdate(MTIME - 60, usegmt=True)


def ten_bytes(site, name="ten"):
    os.utime(site.write(name, "0123456789"), (MTIME, MTIME))


def big(site, megabytes, name="big"):
    content = b"".join(hashlib.sha256(str(i).encode()).digest() for i in range(4096)) * (8 * megabytes)
    site.write(name, content)
    return content


def test_fields_of_a_file(serve, site):
    ten_bytes(site)
    response = serve(server="").get("/ten")
    assert (response.status, response.framing, response.text) == (200, "length", "0123456789")
    assert response.field("ETag") == ETAG
    assert response.field("Last-Modified") == DATE
    assert response.field("Accept-Ranges") == "bytes"
    assert email.utils.parsedate_to_datetime(response.field("Date")).timestamp() - time.time() < 5


def test_head_has_the_fields_of_get(serve, site):
    ten_bytes(site)
    server = serve(server="")
    with server.connect() as connection:
        got, head = connection.get("/ten"), connection.request("HEAD", "/ten")
        assert connection.persists()
    assert [field for field in got.fields if field[0] != "Date"] == [field for field in head.fields if field[0] != "Date"]
    assert head.field("Content-Length") == "10"


@covers("etag")
def test_etag_can_be_turned_off(serve, site):
    ten_bytes(site)
    ten_bytes(site, "off/ten")
    server = serve(server="location /off/ { etag off; }")
    assert server.get("/ten").field("ETag") == ETAG
    response = server.get("/off/ten")
    assert (response.field("ETag"), response.field("Last-Modified")) == (None, DATE)
    assert server.get("/off/ten", f"If-None-Match: {ETAG}").status == 200


@cases("fields, status", [
    ([f"If-None-Match: {ETAG}"], 304), ([f"If-None-Match: W/{ETAG}"], 304), (["If-None-Match: *"], 304), (['If-None-Match: "other"'], 200),
    ([f'If-None-Match: "a", {ETAG} , "b"'], 304), ([f"If-None-Match: x{ETAG}"], 200),
    ([f"If-Modified-Since: {DATE}"], 304), ([f"If-Modified-Since: {LATER}"], 200), ([f"If-Modified-Since: {EARLIER}"], 200),
    (["If-Modified-Since: yesterday"], 200),
    ([f"If-Modified-Since: {DATE}", 'If-None-Match: "other"'], 200), ([f"If-Modified-Since: {EARLIER}", f"If-None-Match: {ETAG}"], 200),
    ([f"If-Modified-Since: {DATE}", f"If-None-Match: {ETAG}"], 304),
    ([f"If-Match: {ETAG}"], 200), (["If-Match: *"], 200), (['If-Match: "other"'], 412), ([f"If-Match: W/{ETAG}"], 412),
    ([f'If-Match: "other", {ETAG}'], 200),
    ([f"If-Unmodified-Since: {DATE}"], 200), ([f"If-Unmodified-Since: {LATER}"], 200), ([f"If-Unmodified-Since: {EARLIER}"], 412),
    ([f"If-Match: {ETAG}", f"If-None-Match: {ETAG}"], 304), (['If-Match: "other"', f"If-None-Match: {ETAG}"], 412),
])
def test_conditional_requests(serve, site, fields, status):
    ten_bytes(site)
    server = serve(server="")
    for method in ("GET", "HEAD"):
        with server.connect() as connection:
            response = connection.request(method, "/ten", fields)
            assert response.status == status
            if status == 304:
                assert (response.field("ETag"), response.field("Last-Modified")) == (ETAG, DATE)
                assert response.all("Content-Length") + response.all("Content-Type") == []
                assert connection.persists()


@cases("spec, status, content_range, content", [
    ("bytes=0-0", 206, "bytes 0-0/10", "0"), ("bytes=1-", 206, "bytes 1-9/10", "123456789"), ("bytes=-1", 206, "bytes 9-9/10", "9"),
    ("Bytes=2-3", 206, "bytes 2-3/10", "23"), ("bytes=0-99", 206, "bytes 0-9/10", "0123456789"),
    ("bytes=-99", 206, "bytes 0-9/10", "0123456789"),
    ("bytes=10-", 416, "bytes */10", None), ("bytes=99-100", 416, "bytes */10", None),
    ("items=0-1", 200, None, "0123456789"), ("bytes 0-1", 200, None, "0123456789"),
])
def test_ranges(serve, site, spec, status, content_range, content):
    ten_bytes(site)
    response = serve(server="").get("/ten", f"Range: {spec}")
    assert (response.status, response.field("Content-Range")) == (status, content_range)
    if content is not None:
        assert response.text == content
    if status == 206:
        assert (response.field("ETag"), response.field("Accept-Ranges")) == (ETAG, None)


@webserv_only("nginx answers 416 to a number that no integer holds; RFC 9110 section 14.1.2 wants it understood")
def test_a_range_beyond_any_integer(serve, site):
    ten_bytes(site)
    response = serve(server="").get("/ten", "Range: bytes=0-99999999999999999999999")
    assert (response.status, response.field("Content-Range")) == (206, "bytes 0-9/10")


@cases("spec", ["bytes=3-1", "bytes=a-b", "bytes=", "bytes=-", "bytes=+1-2"])
def test_malformed_ranges(serve, site, spec):
    """RFC 9110 section 14.2 lets a server ignore them; nginx answers 416."""
    ten_bytes(site)
    assert serve(server="").get("/ten", f"Range: {spec}").status in (200, 416)


@cases("specs, whole", [("bytes=0-0,1-1", None), ("bytes=0-5,0-5,0-5", True)])
def test_several_ranges_get_all_of_it_or_a_multipart(serve, site, specs, whole):
    ten_bytes(site)
    response = serve(server="").get("/ten", f"Range: {specs}")
    if whole or response.status == 200:
        assert (response.status, response.text) == (200, "0123456789")
    else:
        assert response.field("Content-Type").startswith("multipart/byteranges; boundary=")


@cases("validator, status", [(ETAG, 206), ('"other"', 200), ("W/" + ETAG, 200), (DATE, 206), (LATER, 200), (EARLIER, 200), ("*", 200)])
def test_if_range(serve, site, validator, status):
    ten_bytes(site)
    assert serve(server="").get("/ten", "Range: bytes=0-1", f"If-Range: {validator}").status == status


def test_range_with_head_and_with_conditions(serve, site):
    ten_bytes(site)
    server = serve(server="")
    assert server.request("HEAD", "/ten", "Range: bytes=0-1").field("Content-Length") == "2"
    assert server.get("/ten", "Range: bytes=0-1", f"If-None-Match: {ETAG}").status == 304
    assert server.get("/ten", "Range: bytes=0-1", 'If-Match: "x"').status == 412


def test_an_empty_file(serve, site):
    site.write("empty", "")
    server = serve(server="")
    with server.connect() as connection:
        response = connection.get("/empty")
        assert (response.status, response.field("Content-Length"), response.content) == (200, "0", b"")
        assert connection.get("/empty", "Range: bytes=0-").status in (200, 416)
        assert connection.persists()


@cases("method", ["POST", "PUT", "DELETE", "TRACE", "OPTIONS", "PATCH", "FOO", "PROPFIND", "A-B", "A_B"])
def test_other_methods_are_405(serve, site, method):
    ten_bytes(site)
    server = serve(server="")
    with server.connect() as connection:
        assert connection.request(method, "/ten").status == 405


@webserv_only("CONNECT is 405 since 1.31, it was 400")
def test_connect_is_405(serve):
    assert serve(server="").request("CONNECT", "localhost:80", host="localhost:80").status == 405


def test_a_large_file_arrives_whole_at_a_slow_reader(serve, site):
    content = big(site, 20)
    server = serve(server="")
    with server.connect(receive_buffer=65536) as connection:
        connection.send("GET /big HTTP/1.1\r\nHost: h\r\n\r\n")
        head = connection.read_head()
        assert head.field("Content-Length") == str(len(content))
        received, left = hashlib.sha256(), len(content)
        while left:
            data = connection.take(min(left, 100_003))
            received.update(data)
            left -= len(data)
        assert connection.persists()
    assert received.digest() == hashlib.sha256(content).digest()


@cases("first, last", [(0, 0), (1, 65536), (4_194_303, 4_194_304), (5_000_000, 8_388_607)])
def test_ranges_of_a_large_file(serve, site, first, last):
    content = big(site, 8)
    response = serve(server="").get("/big", f"Range: bytes={first}-{last}")
    assert response.content == content[first : last + 1]


@not_in_model("iterative", "they do")
def test_slow_downloads_do_not_delay_others(serve, site):
    big(site, 8)
    site.write("small", "small")
    server = serve(server="")
    slow = [server.connect(receive_buffer=4096) for _ in range(20)]
    for connection in slow:
        connection.send("GET /big HTTP/1.1\r\nHost: h\r\n\r\n")
        connection.read_head()
    for _ in range(50):
        assert server.get("/small").text == "small"


def test_a_file_that_is_replaced_while_sent_stays_the_old_one(serve, site):
    content = big(site, 8)
    server = serve(server="")
    with server.connect(receive_buffer=4096) as connection:
        connection.send("GET /big HTTP/1.1\r\nHost: h\r\n\r\n")
        connection.read_head()
        site.write("new", "new")
        os.rename(site.root / "new", site.root / "big")
        assert connection.take(len(content)) == content
        assert connection.get("/big").text == "new"


def test_a_file_that_is_deleted_while_sent_is_finished(serve, site):
    content = big(site, 8)
    server = serve(server="")
    with server.connect(receive_buffer=4096) as connection:
        connection.send("GET /big HTTP/1.1\r\nHost: h\r\n\r\n")
        connection.read_head()
        os.unlink(site.root / "big")
        assert connection.take(len(content)) == content
        assert connection.get("/big").status == 404


@covers("sendfile")
@cases("sendfile", ["on", "off"])
def test_a_file_that_shrinks_while_sent_ends_the_connection(serve, site, sendfile):
    """The promised length cannot be kept: the client must see a short answer, and the server must live on."""
    content = big(site, 16)
    site.write("small", "small")
    server = serve(server=f"sendfile {sendfile};")
    with server.connect(receive_buffer=4096) as connection:
        connection.send("GET /big HTTP/1.1\r\nHost: h\r\n\r\n")
        connection.read_head()
        os.truncate(site.root / "big", 1000)
        assert len(connection.read_to_end()) < len(content)
    assert server.get("/small").text == "small"


def test_a_changed_file_is_never_stale(serve, site):
    server = serve(server="")
    with server.connect() as connection:
        for i in range(20):
            site.write("file", f"version {i}")
            assert connection.get("/file").text == f"version {i}"
        (site.root / "file").unlink()
        assert connection.get("/file").status == 404
        site.write("file", "back")
        assert connection.get("/file").text == "back"


def test_a_client_that_goes_away_is_forgotten(serve, site):
    big(site, 8)
    server = serve(server="")
    for _ in range(10):
        connection = server.connect(receive_buffer=4096)
        connection.send("GET /big HTTP/1.1\r\nHost: h\r\n\r\n")
        connection.read_head()
        connection.reset()
    assert server.get("/big", "Range: bytes=0-3").status == 206


@not_in_model("iterative", "needs many connections at once")
def test_many_requests_on_many_connections(serve, site):
    ten_bytes(site)
    server = serve(server="", main="worker_processes 2;")
    connections = [server.connect() for _ in range(60)]
    for _ in range(5):
        for connection in connections:
            connection.send("GET /ten HTTP/1.1\r\nHost: h\r\n\r\n")
        assert all(connection.read_response().text == "0123456789" for connection in connections)

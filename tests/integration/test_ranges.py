# integration/test_ranges.py: several ranges in one answer, how many there may be, and how If-Modified-Since is read.
# Single ranges are compared with nginx's in test_same_as_nginx.py.
import os
import re

import pytest
from harness.marks import cases, covers, webserv_only

MTIME = 1_700_000_000
DATE, BEFORE, AFTER = "Tue, 14 Nov 2023 22:13:20 GMT", "Tue, 14 Nov 2023 22:13:19 GMT", "Tue, 14 Nov 2023 22:13:21 GMT"
TEN = b"0123456789"


@pytest.fixture(scope="module")
def server(shared_site, shared_serve):
    for name, content in (("ten.txt", TEN), ("large.txt", bytes(range(256)) * 2000), ("none", TEN)):
        os.utime(shared_site.write(name, content), (MTIME, MTIME))
    return shared_serve(http="""types { text/plain txt; } default_type "";
        server { listen 127.0.0.1:{port}; root {root};
        location /two/ { alias {root}/; max_ranges 2; }
        location /zero/ { alias {root}/; max_ranges 0; }
        location /one/ { alias {root}/; max_ranges 1; }
        location /sendfile/ { alias {root}/; sendfile on; }
        location /threads/ { alias {root}/; sendfile on; aio threads; }
        location /read/ { alias {root}/; aio threads; output_buffers 2 4k; }
        location /direct/ { alias {root}/; directio 1; }
        location /off/ { alias {root}/; if_modified_since off; }
        location /before/ { alias {root}/; if_modified_since before; }
        location /exact/ { alias {root}/; if_modified_since exact; } }""")


def parts(response):
    """The parts of a multipart answer: (fields, octets) each."""
    boundary = re.fullmatch(r"multipart/byteranges; boundary=(\d{20})", response.field("Content-Type"))[1].encode()
    pieces = response.content.split(b"\r\n--" + boundary)
    assert pieces[0] == b"" and pieces[-1] == b"--\r\n"
    found = []
    for piece in pieces[1:-1]:
        head, octets = piece.split(b"\r\n\r\n", 1)
        found.append((head.decode().strip().split("\r\n"), octets))
    return found


@cases("ranges, expected", [
    ("0-0,9-9", [(0, 0), (9, 9)]),
    ("0-1,-1", [(0, 1), (9, 9)]),
    ("5-6, 1-2", [(5, 6), (1, 2)]),
    ("0-4,5-9", [(0, 4), (5, 9)]),
    ("0-0,0-0,0-0", [(0, 0)] * 3),
    ("0-0,20-30,2-2", [(0, 0), (2, 2)]),
])
@pytest.mark.parametrize("folder", ["/", "/sendfile/"])
def test_several_ranges(server, folder, ranges, expected):
    response = server.get(folder + "ten.txt", f"Range: bytes={ranges}")
    assert response.status == 206 and response.framing == "length"
    assert response.field("Content-Range") is None and response.field("Accept-Ranges") is None
    assert parts(response) == [(["Content-Type: text/plain", f"Content-Range: bytes {first}-{last}/10"], TEN[first:last + 1])
                               for first, last in expected]


def test_the_head_tells_as_much(server):
    whole = server.get("/ten.txt", "Range: bytes=0-0,9-9")
    head = server.request("HEAD", "/ten.txt", "Range: bytes=0-0,9-9")
    assert (head.status, head.field("Content-Length")) == (206, whole.field("Content-Length"))


def test_a_file_without_a_type(server):
    assert [fields for fields, _ in parts(server.get("/none", "Range: bytes=0-0,9-9"))] == [
        ["Content-Range: bytes 0-0/10"], ["Content-Range: bytes 9-9/10"]]


@pytest.mark.parametrize("folder", ["/", "/sendfile/", "/threads/", "/read/", "/direct/"])
def test_large_parts(server, folder):
    content = bytes(range(256)) * 2000
    response = server.get(folder + "large.txt", "Range: bytes=100-200099,300000-300004,-7")
    assert [octets for _, octets in parts(response)] == [content[100:200100], content[300000:300005], content[-7:]]
    response = server.get(folder + "large.txt", "Range: bytes=0-0,5-400004")
    assert [octets for _, octets in parts(response)] == [content[:1], content[5:400005]]


def test_the_connection_goes_on(server):
    with server.connect() as connection:
        for _ in range(3):
            assert len(parts(connection.get("/ten.txt", "Range: bytes=0-0,9-9"))) == 2
            assert connection.get("/ten.txt").content == TEN


@cases("ranges, status", [("0-5,4-9", 200), ("0-9,0-0", 200), ("10-,20-", 416), ("0-0;1-1", 200), ("0-0,x", 200)])
@webserv_only("nginx answers 416 to ranges that are none")
def test_other_answers(server, ranges, status):
    response = server.get("/ten.txt", f"Range: bytes={ranges}")
    assert response.status == status
    if status == 200:
        assert response.content == TEN


@covers("max_ranges")
@cases("target, ranges, status", [
    ("/two/", "0-0,1-1", 206), ("/two/", "0-0,1-1,2-2", 200), ("/one/", "0-0", 206), ("/one/", "0-0,1-1", 200), ("/zero/", "0-0", 200),
])
def test_how_many(server, target, ranges, status):
    response = server.get(target + "ten.txt", f"Range: bytes={ranges}")
    assert response.status == status
    assert (server.get(target + "ten.txt").field("Accept-Ranges") is None) == (target == "/zero/")


@covers("if_modified_since")
@cases("target, date, status", [
    ("/off/", DATE, 200), ("/off/", AFTER, 200), ("/exact/", DATE, 304), ("/exact/", AFTER, 200), ("/exact/", BEFORE, 200),
    ("/before/", DATE, 304), ("/before/", AFTER, 304), ("/before/", BEFORE, 200), ("/", AFTER, 200),
])
def test_modified_since(server, target, date, status):
    assert server.get(target + "ten.txt", f"If-Modified-Since: {date}").status == status


@covers("if_modified_since")
def test_modified_since_beside_an_etag(server):
    etag = server.get("/off/ten.txt").field("ETag")
    assert server.get("/off/ten.txt", f"If-Modified-Since: {DATE}", f"If-None-Match: {etag}").status == 200
    assert server.get("/exact/ten.txt", f"If-Modified-Since: {DATE}", f"If-None-Match: {etag}").status == 304

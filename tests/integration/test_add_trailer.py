# integration/test_add_trailer.py: fields behind the content: the content is chunked for them, unless the client could not tell.
# HTTP/2 needs no chunks for them, so the length stays.
import pytest
from harness.client import head_of
from harness.marks import cases, covers, http1_only, webserv_only
from harness.transport import TRANSPORT


@pytest.fixture(scope="module")
def server(shared_site, shared_serve):
    shared_site.write("file", "content of the file")
    shared_site.write("empty", "")
    shared_site.write("large", b"x" * 300_000)
    return shared_serve(http="""log_format trailers "$args|$sent_trailer_x_one|$sent_trailer_x_none|$sent_http_content_length";
        server { listen 127.0.0.1:{port}; access_log {dir}/trailers.log trailers;
        add_trailer X-One 1; add_trailer X-Args "$args"; add_trailer X-Always 2 always;
        location /made { return 200 made; }
        location /404 { return 404 text; }
        location /204 { return 204; }
        location /own { add_trailer X-Own 3; return 200 x; }
        location /plain { add_trailer X-None ""; return 200 x; }
        location /error { add_trailer X-Error 1; return 500; }
        location /off { chunked_transfer_encoding off; return 200 x; } }""")


def lower(fields):
    return [(name.lower(), value) for name, value in fields]


@covers("add_trailer")
@cases("target, content, expected", [
    ("/file?a", "content of the file", [("x-one", "1"), ("x-args", "a"), ("x-always", "2")]),
    ("/file", "content of the file", [("x-one", "1"), ("x-always", "2")]),
    ("/made", "made", [("x-one", "1"), ("x-always", "2")]),
    ("/empty", "", [("x-one", "1"), ("x-always", "2")]),
    ("/404", "text", [("x-always", "2")]),
    ("/own", "x", [("x-own", "3")]),
    ("/plain", "x", []),
])
def test_trailers(server, target, content, expected):
    response = server.get(target)
    assert (response.text, lower(response.trailers)) == (content, expected)
    assert TRANSPORT == "h2" or (response.framing, response.field("Content-Length")) == ("chunked", None)


@covers("add_trailer")
@http1_only("is about chunks")
def test_the_octets(server):
    answer = server.raw(head_of("GET", "/file", ["Connection: close"]))
    assert answer.endswith(b"\r\n\r\n13\r\ncontent of the file\r\n0\r\nX-One: 1\r\nX-Always: 2\r\n\r\n")


@covers("add_trailer")
def test_a_large_file(server):
    response = server.get("/large")
    assert (len(response.content), lower(response.trailers)) == (300_000, [("x-one", "1"), ("x-always", "2")])


@covers("add_trailer")
def test_no_trailers(server):
    assert server.get("/error").trailers == []
    response = server.request("HEAD", "/file")
    assert (response.field("Content-Length"), response.trailers) == ("19", [])


@covers("add_trailer", "chunked_transfer_encoding")
@http1_only("is about chunks")
@cases("target, version, length", [("/file", "1.0", "19"), ("/off", "1.1", "1")])
def test_no_trailers_without_chunks(server, target, version, length):
    response = server.get(target, version=version)
    assert (response.framing, response.field("Content-Length"), response.trailers) == ("length", length, [])


@covers("add_trailer")
def test_204_and_304(server):
    assert server.get("/204").trailers == []
    response = server.get("/file", f"If-None-Match: {server.get('/file').field('ETag')}")
    assert (response.status, response.trailers, response.field("Transfer-Encoding")) == (304, [], None)


@covers("add_trailer")
def test_the_log_knows_them(server):
    server.get("/made?here")
    server.error_line(r"^here\|1\|-\|" + ("4" if TRANSPORT == "h2" else "-") + "$", "trailers.log")


@covers("add_trailer")
def test_the_connection_goes_on(server):
    with server.connect() as connection:
        for _ in range(3):
            assert connection.get("/file").content == b"content of the file"


@webserv_only("of 1.29.3")
@covers("add_header_inherit", "add_trailer_inherit", "add_header", "add_trailer")
@cases("inherit, fields", [
    ("", [("own", "1")]),
    ("on", [("own", "1")]),
    ("off", [("own", "1")]),
    ("merge", [("own", "1"), ("outer", "1"), ("outer", "2")]),
])
def test_inheritance(serve, inherit, fields):
    word = f"add_header_inherit {inherit}; add_trailer_inherit {inherit};" if inherit else ""
    server = serve(server=f"""add_header X-H-Outer 1; add_header X-H-Outer 2; add_trailer X-T-Outer 1; add_trailer X-T-Outer 2;
        location / {{ add_header X-H-Own 1; add_trailer X-T-Own 1; {word} return 200 x; }}""")
    response = server.get("/")
    assert response.beginning("x-h-") == [("x-h-" + name, value) for name, value in fields]
    assert lower(response.trailers) == [("x-t-" + name, value) for name, value in fields]


@webserv_only("of 1.29.3")
@covers("add_header_inherit")
def test_inheritance_goes_down(serve):
    server = serve(http="""add_header X-Http 1;
        server { listen 127.0.0.1:{port}; add_header X-Server 1; add_header_inherit merge;
            location /a { add_header X-A 1; return 200 x; location /a/b { return 200 x; } location /a/c { add_header X-C 1; return 200 x; } }
            location /off { add_header_inherit off; return 200 x; location /off/deep { return 200 x; }
                location /off/on { add_header_inherit on; return 200 x; } }
            location /first { add_header_inherit merge; add_header X-First 1; add_header X-Second 1; return 200 x; } }""")

    def names(target):
        return [name for name, _ in server.get(target).beginning("x-")]

    assert names("/a") == ["x-a", "x-server", "x-http"]
    assert names("/a/b") == ["x-a", "x-server", "x-http"]
    assert names("/a/c") == ["x-c", "x-a", "x-server", "x-http"]
    assert names("/off") == names("/off/deep") == []
    assert names("/off/on") == []
    assert names("/first") == ["x-first", "x-second", "x-server", "x-http"]

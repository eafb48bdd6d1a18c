# integration/test_add_trailer.py: fields behind the content: the content is chunked for them, unless the client could not tell.
# Read as octets: most clients drop trailers.
import re

import pytest
from harness.client import head_of
from harness.marks import cases, covers, webserv_only


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


def ask(server, target, method="GET", version="1.1", *fields):
    """Head and what follows it."""
    answer = server.raw(head_of(method, target, ["Connection: close", *fields], version))
    head, content = answer.split(b"\r\n\r\n", 1)
    return head, content


@covers("add_trailer")
@cases("target, content", [
    ("/file?a", b"13\r\ncontent of the file\r\n0\r\nX-One: 1\r\nX-Args: a\r\nX-Always: 2\r\n\r\n"),
    ("/file", b"13\r\ncontent of the file\r\n0\r\nX-One: 1\r\nX-Always: 2\r\n\r\n"),
    ("/made", b"4\r\nmade\r\n0\r\nX-One: 1\r\nX-Always: 2\r\n\r\n"),
    ("/empty", b"0\r\nX-One: 1\r\nX-Always: 2\r\n\r\n"),
    ("/404", b"4\r\ntext\r\n0\r\nX-Always: 2\r\n\r\n"),
    ("/own", b"1\r\nx\r\n0\r\nX-Own: 3\r\n\r\n"),
    ("/plain", b"1\r\nx\r\n0\r\n\r\n"),
])
def test_trailers(server, target, content):
    head, rest = ask(server, target)
    assert b"Transfer-Encoding: chunked" in head and b"Content-Length" not in head
    assert rest == content


@covers("add_trailer")
def test_a_large_file(server):
    head, rest = ask(server, "/large")
    assert rest.endswith(b"\r\n0\r\nX-One: 1\r\nX-Always: 2\r\n\r\n") and b"Content-Length" not in head


@covers("add_trailer", "chunked_transfer_encoding")
@cases("target, method, version, length", [
    ("/file", "GET", "1.0", b"19"),
    ("/file", "HEAD", "1.1", b"19"),
    ("/off", "GET", "1.1", b"1"),
    ("/error", "GET", "1.1", None),
])
def test_no_trailers(server, target, method, version, length):
    head, rest = ask(server, target, method, version)
    assert b"chunked" not in head
    assert b"X-" not in rest
    if length:
        assert b"Content-Length: " + length in head


@covers("add_trailer")
def test_204_and_304(server):
    assert ask(server, "/204")[1] == b""
    etag = re.search(rb"ETag: (.*)\r\n", ask(server, "/file")[0])[1].decode()
    head, rest = ask(server, "/file", "GET", "1.1", f"If-None-Match: {etag}")
    assert head.startswith(b"HTTP/1.1 304") and rest == b"" and b"chunked" not in head


@covers("add_trailer")
def test_the_log_knows_them(server):
    ask(server, "/made?here")
    server.error_line(r"^here\|1\|-\|-$", "trailers.log")


@covers("add_trailer")
def test_the_connection_goes_on(server):
    with server.connect() as connection:
        for _ in range(3):
            assert connection.get("/file").content == b"content of the file"


@webserv_only("of 1.29.3")
@covers("add_header_inherit", "add_trailer_inherit", "add_header", "add_trailer")
@cases("inherit, fields", [
    ("", ["Own: 1"]),
    ("on", ["Own: 1"]),
    ("off", ["Own: 1"]),
    ("merge", ["Own: 1", "Outer: 1", "Outer: 2"]),
])
def test_inheritance(serve, inherit, fields):
    word = f"add_header_inherit {inherit}; add_trailer_inherit {inherit};" if inherit else ""
    server = serve(server=f"""add_header X-H-Outer 1; add_header X-H-Outer 2; add_trailer X-T-Outer 1; add_trailer X-T-Outer 2;
        location / {{ add_header X-H-Own 1; add_trailer X-T-Own 1; {word} return 200 x; }}""")
    head, rest = ask(server, "/")
    assert re.findall(r"X-H-(.*)\r\n", head.decode() + "\r\n") == fields
    assert re.findall(r"X-T-(.*)\r\n", rest.decode()) == fields


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
        return [name for name, _ in server.get(target).fields if name.startswith("X-")]

    assert names("/a") == ["X-A", "X-Server", "X-Http"]
    assert names("/a/b") == ["X-A", "X-Server", "X-Http"]
    assert names("/a/c") == ["X-C", "X-A", "X-Server", "X-Http"]
    assert names("/off") == names("/off/deep") == []
    assert names("/off/on") == []
    assert names("/first") == ["X-First", "X-Second", "X-Server", "X-Http"]

# integration/test_early_read.py: content that is read before the location is chosen, as the server says; whoever comes later finds it there.
# nginx 1.22 has no such thing.
import re

from harness import process
from harness.client import head_of
from harness.marks import cases, covers, http1_only, webserv_only

pytestmark = webserv_only("of 1.31")

LOG = "log_format content '[$request_body][$request_body_file][$content_length]'; access_log {dir}/content.log content; "


def chunked(target, *parts, method="POST"):
    framed = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    return head_of(method, target, ["Transfer-Encoding: chunked"]) + framed + b"0\r\n\r\n"


def ask(server, data, method="POST"):
    with server.connect() as connection:
        connection.send(data)
        return connection.read_response(method)


@covers("client_body_early_read")
@cases("words, is_read", [
    ("", False), ("client_body_early_read 1;", True), ("client_body_early_read 0;", False), ('client_body_early_read "";', False),
    ("client_body_early_read $http_x;", False), ("client_body_early_read $arg_a;", True), ('client_body_early_read 0 "" $http_x $arg_a;', True),
    ("client_body_early_read $http_x; client_body_early_read $request_method;", True), ("client_body_early_read $request_body;", False),
])
def test_if_one_of_the_values_says_so(serve, words, is_read):
    server = serve(http=LOG + "server { listen 127.0.0.1:{port}; " + words + " location / { return 204; } }")
    with server.connect() as connection:
        assert connection.request("POST", "/?a=yes", content="content").status == 204
        assert connection.get("/").status == 204
        assert connection.request("PUT", "/?a=1", content="another").status == 204
    line = "[content][-][7]" if is_read else "[-][-][7]"
    assert server.log_lines(3, "content.log") == [line, "[-][-][-]", line.replace("content", "another")]


def test_a_server_has_its_own_values_or_those_of_http(serve):
    server = serve(http=LOG + """client_body_early_read 1;
        server { listen 127.0.0.1:{port}; server_name a; return 204; }
        server { listen 127.0.0.1:{port}; server_name b; client_body_early_read 0; location / { return 204; } }""")
    for host in ("a", "b"):
        server.request("POST", "/", content="content", host=host)
    assert server.log_lines(2, "content.log") == ["[content][-][7]", "[-][-][7]"]


def test_the_length_of_chunks_is_known_afterwards(serve):
    server = serve(http=LOG + "server { listen 127.0.0.1:{port}; client_body_early_read 1; return 200 '$content_length'; }")
    assert ask(server, chunked("/", b"cont", b"ent")).text == "7"
    assert server.log_lines(1, "content.log") == ["[content][-][7]"]


@covers("client_body_early_read")
def test_the_servers_settings_hold(serve, site):
    server = serve(server="""client_body_early_read 1; client_body_buffer_size 4; client_body_temp_path {dir}/servers;
        location / { client_body_buffer_size 1k; client_body_temp_path {dir}/locations; return 200 "[$request_body][$request_body_file]"; }""")
    assert re.fullmatch(r"\[\]\[" + re.escape(str(site.dir)) + r"/servers/\d{10}\]", server.request("POST", "/", content="12345").text)
    assert server.request("POST", "/", content="1234").text == "[1234][]"
    process.wait_until(lambda: not list((site.dir / "servers").iterdir()), what="the file's removal")


@covers("client_body_early_read")
@cases("target, size, status", [("/large", 10, 200), ("/large", 11, 413), ("/small", 5, 200), ("/small", 6, 413), ("/page", 11, 413)])
def test_content_that_is_too_large(serve, target, size, status):
    """For the server first, and then for the location, however it was framed."""
    server = serve(server="""client_body_early_read 1; client_max_body_size 10; error_page 413 /text;
        location / { client_max_body_size 100; return 200 answer; }
        location /small { client_max_body_size 5; return 200 answer; }
        location = /text { client_max_body_size 1; return 200 text; }""")
    for data in (head_of("POST", target, [f"Content-Length: {size}"]) + b"x" * size, chunked(target, b"x" * 4, b"x" * (size - 4))):
        response = ask(server, data)
        assert response.status == status and response.text == ("answer" if status == 200 else "text")


def test_the_client_is_told_to_go_on(serve):
    server = serve(server="client_body_early_read 1; location / { return 204; }")
    with server.connect() as connection:
        connection.send(head_of("POST", "/", ["Content-Length: 4", "Expect: 100-continue"]))
        assert connection.read_head().status == 100
        connection.send(b"data")
        assert connection.read_response("POST").status == 204
        assert connection.persists()


@http1_only("one request after the other")
def test_the_next_request_begins_behind_the_content(serve):
    server = serve(http=LOG + "server { listen 127.0.0.1:{port}; client_body_early_read $request_method; location / { return 200 x; } }")
    with server.connect() as connection:
        connection.send(head_of("POST", "/", ["Content-Length: 3"]) + b"one" + chunked("/", b"t", b"wo") + head_of("GET", "/"))
        assert [connection.read_response().text for _ in range(3)] == ["x"] * 3
    assert server.log_lines(3, "content.log") == ["[one][-][3]", "[two][-][3]", "[-][-][-]"]


@http1_only("the connection goes on")
def test_content_that_does_not_come(serve):
    server = serve(server="client_body_early_read 1; client_body_timeout 300ms; location / { client_body_timeout 1h; return 200 x; }")
    with server.connect() as connection:
        connection.send(head_of("POST", "/", ["Content-Length: 4"]) + b"da")
        assert connection.read_response("POST").status == 408
        assert connection.is_closed()


@cases("settings", ["", "client_body_buffer_size 4;", "client_body_in_file_only clean;"])
def test_handlers_find_it(serve, site, settings):
    server = serve(server=settings + """client_body_early_read 1; client_max_body_size 10m;
        location / { dav_methods PUT; alias {dir}/files/; }
        location /value { return 200 "$request_body"; }
        location /tried { try_files /nothing /value; }
        location /error { error_page 404 = /value; return 404; }""")
    (site.dir / "files").mkdir()
    (site.dir / "files").chmod(0o777)
    large = site.write_large(3_000_000)
    for name, content in (("small", b"content"), ("large", large), ("empty", b"")):
        assert server.request("PUT", f"/{name}", content=content).status == 201
        assert (site.dir / "files" / name).read_bytes() == content
    assert ask(server, chunked("/small", b"more ", b"content", method="PUT"), "PUT").status == 204
    assert (site.dir / "files/small").read_bytes() == b"more content"
    if not settings:
        for target in ("/value", "/tried", "/error"):
            assert server.request("POST", target, content="content").text == "content"
    process.wait_until(lambda: not list((site.dir / "content").iterdir()), what="the end of temporary files")


def test_values_are_those_of_the_client_behind_a_proxy(serve):
    server = serve(server="""client_body_early_read $remote_addr; set_real_ip_from 127.0.0.1; location / { return 200 "$remote_addr"; }""")
    assert server.request("POST", "/", "X-Real-IP: 192.0.2.1", content="content").text == "192.0.2.1"


@cases("words, complaint", [
    ("client_body_early_read $nothing", 'unknown "nothing" variable'), ("client_body_early_read", "invalid number of arguments"),
    ("location / { client_body_early_read 1; } etag on", '"client_body_early_read" directive is not allowed here'),
])
def test_wrong_words(site, words, complaint):
    conf = site.configure(server=words + ";")
    answer = process.run(["-p", str(site.dir), "-c", str(conf), "-t"])
    assert answer.returncode == 1 and complaint in answer.stderr

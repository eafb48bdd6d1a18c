# integration/test_http2.py: HTTP/2 over cleartext: the same answers as over HTTP/1.
# Many streams at once are in test_http2_streams.py, the ends of connections in test_http2_ends.py.
import re
import shutil
import subprocess

import pytest
from harness import http2, process
from harness.http2 import END_HEADERS, END_STREAM, Http2, pseudo
from harness.marks import cases, covers, not_in_model, webserv_only

pytestmark = webserv_only("over cleartext, nginx 1.22 speaks only HTTP/2 where it speaks it")



@pytest.fixture(scope="module")
def server(shared_serve):
    server = shared_serve(defaults="access_log {dir}/access.log combined; client_body_temp_path {dir}/content; root {root};", http="""
        log_format what '$request|$status|$body_bytes_sent|$server_protocol|$http2|$request_length|$bytes_sent|$connection_requests';
        server {
            listen 127.0.0.1:{port}; http2 on; server_name localhost; access_log {dir}/what.log what;
            location = /variables { return 200 "$http2|$server_protocol|$request|$host|$http_host|$scheme|$request_method|$request_uri|$http_cookie|$cookie_b"; }
            location = /old { return 301 /new; }
            location = /gone { return 444; }
            location = /trailer { add_trailer x-checksum abc; add_header X-Mixed-Case Yes; alias {root}/small; }
            location = /body { return 200 "[$request_body]"; }
            location /put/ { dav_methods PUT; create_full_put_path on; client_max_body_size 20m; client_body_buffer_size 4k; alias {dir}/put/; }
            location /tiny/ { dav_methods PUT; client_max_body_size 10; alias {dir}/put/; }
            location = /off { error_page 404 /errors/404.html; return 404; }
            location = /slow { limit_rate 4k; alias {root}/small; }
            location = /secret { auth_basic realm; auth_basic_user_file /dev/null; }
            location / { }
        }
        server { listen 127.0.0.1:{port}; server_name other; return 200 "other"; }""")
    server.site.write("small", "small content\n")
    server.site.write("empty", "")
    server.site.write("errors/404.html", "not here")
    server.site.write_large(100_000, "medium")
    server.site.write_large(3_000_000, "large")
    (server.site.dir / "put").mkdir()
    (server.site.dir / "put").chmod(0o777)
    return server


@pytest.fixture
def client(server):
    with Http2(server.address) as connection:
        yield connection


# Answers


@covers("http2")
def test_a_small_file(client):
    answer = client.fetch("/small")
    assert (answer.status, answer.content, answer.field("content-length")) == (200, b"small content\n", "14")
    assert {name for name, _ in answer.fields} == {":status", "server", "date", "content-type", "content-length", "last-modified", "etag",
                                                    "accept-ranges"}


@cases("name", ["empty", "medium", "large"])
def test_files_of_other_sizes(server, client, name):
    assert client.fetch("/" + name).content == (server.site.root / name).read_bytes()


@not_in_model("iterative", "it serves one connection at a time")
def test_the_same_fields_and_content_as_over_http1(server, client):
    for target in ("/small", "/medium", "/missing", "/old", "/trailer", "/", "/secret", "/off"):
        over_1, over_2 = server.get(target), client.fetch(target)
        gone = {"connection", "date", "transfer-encoding", "keep-alive"}
        fields_1 = sorted((name.lower(), value) for name, value in over_1.fields if name.lower() not in gone)
        fields_2 = sorted(pair for pair in over_2.fields if pair[0] not in gone | {":status"})
        if target == "/trailer":
            fields_2.remove(("content-length", "14"))  # which chunks can not have beside them
        assert (over_1.status, fields_1, over_1.content) == (over_2.status, fields_2, over_2.content), target


def test_names_of_fields_are_in_lower_case(client):
    assert client.fetch("/trailer").field("x-mixed-case") == "Yes"


@covers("add_trailer")
def test_trailers(client):
    answer = client.fetch("/trailer")
    assert (answer.content, answer.trailers, answer.ended) == (b"small content\n", [("x-checksum", "abc")], True)


def test_what_is_said_about_a_connection_is_left_out(serve):
    server = serve(server="http2 on; add_header Connection close; add_header Keep-Alive timeout=1; add_header Upgrade h2c; "
                          "add_header Proxy-Connection x; add_header X-Kept yes; return 200 x;")
    with Http2(server.address) as client:
        names = {name for name, _ in client.fetch("/").fields}
    assert "x-kept" in names and not names & {"connection", "keep-alive", "upgrade", "proxy-connection"}


@cases("target", ["/small", "/missing", "/trailer"])
def test_head_has_no_content(client, target):
    answer = client.fetch(target, method="HEAD")
    assert (answer.frames, answer.trailers, answer.ended) == ([], None, True)
    assert answer.field("content-length")


def test_ranges_and_conditions(client):
    answer = client.fetch("/medium", [("range", "bytes=10-19")])
    assert (answer.status, len(answer.content)) == (206, 10)
    etag = client.fetch("/medium").field("etag")
    answer = client.fetch("/medium", [("if-none-match", etag)])
    assert (answer.status, answer.content) == (304, b"")


def test_error_pages_and_redirects(server, client):
    assert client.fetch("/off").text == "not here"
    assert client.fetch("/old").field("location") == f"http://localhost:{server.port}/new"


def test_no_answer_at_all_is_a_reset(client):
    assert client.fetch("/gone").reset == http2.INTERNAL_ERROR
    assert client.fetch("/small").status == 200


def test_the_server_is_chosen_by_the_authority(client):
    assert client.fetch("/", authority="other").text == "other"
    assert client.fetch("/", authority="OTHER:80").text == "other"
    fields = [(":method", "GET"), (":scheme", "http"), (":path", "/"), ("host", "other")]
    assert client.answer(client.begin(fields)).text == "other"


def test_variables(client):
    cookies = [("cookie", "a=1"), ("x", "y"), ("cookie", "b=2"), ("cookie", "c=3")]
    assert client.fetch("/variables?q", cookies, authority="localhost:81").text == (
        "h2c|HTTP/2.0|GET /variables?q HTTP/2.0|localhost|localhost:81|http|GET|/variables?q|a=1; b=2; c=3|2")


def test_the_access_log(server):
    with Http2(server.address) as client:
        client.fetch("/small?logged")
        client.fetch("/missing?logged")
    lines = process.wait_until(lambda: [line for line in server.log_lines(2, "what.log") if "logged" in line][1:] and
                               [line for line in server.log_lines(2, "what.log") if "logged" in line], what="two lines")
    first, second = sorted(lines, reverse=True)
    assert re.fullmatch(r"GET /small\?logged HTTP/2.0\|200\|14\|HTTP/2.0\|h2c\|\d+\|\d+\|1", first)
    assert re.fullmatch(r"GET /missing\?logged HTTP/2.0\|404\|\d+\|HTTP/2.0\|h2c\|\d+\|\d+\|2", second)


# Content of requests


def test_content_goes_where_it_is_wanted(client):
    assert client.fetch("/body", content=b"some content", method="POST").text == "[some content]"
    assert client.fetch("/body", content=b"", method="POST").text == "[]"


@covers("dav_methods")
def test_put_with_flow_control(server):
    content = bytes(range(256)) * 20_000
    with Http2(server.address) as client:
        stream = client.begin(pseudo("/put/file", "PUT"), END_HEADERS)
        window, connection_window, at = None, 65535, 0
        while at < len(content):
            while window is None or min(window, connection_window) <= 0:
                got = client.read_frame()
                if got.type == http2.SETTINGS and not got.flags:
                    window = got.settings[http2.INITIAL_WINDOW_SIZE]
                elif got.type == http2.WINDOW_UPDATE and got.stream:
                    window += got.number
                elif got.type == http2.WINDOW_UPDATE:
                    connection_window += got.number
            part = content[at:at + min(window, connection_window, 16384)]
            at += len(part)
            window -= len(part)
            connection_window -= len(part)
            client.frame(http2.DATA, END_STREAM if at == len(content) else 0, stream, part)
        assert client.answer(stream).status == 201
    assert (server.site.dir / "put/file").read_bytes() == content


def test_too_much_content(client):
    assert client.fetch("/tiny/x", [("content-length", "11")], b"12345678901", method="PUT").status == 413
    assert client.fetch("/tiny/x", content=b"12345678901", method="PUT").status == 413
    assert client.fetch("/tiny/x", content=b"1234567890", method="PUT").status in (201, 204)


def test_content_that_nobody_wants(client):
    stream = client.begin(pseudo("/small", "POST"), END_HEADERS)
    client.frame(http2.DATA, 0, stream, b"x" * 1000)
    answer = client.answer(stream)
    assert answer.status == 405
    client.read_until(lambda got: got.type == http2.RST_STREAM and got.stream == stream and got.number == http2.NO_ERROR)
    client.frame(http2.DATA, END_STREAM, stream, b"late")
    assert client.fetch("/small").status == 200


def test_expect_100_continue(client):
    stream = client.begin(pseudo("/body", "POST") + [("expect", "100-continue")], END_HEADERS)
    client.read_until(lambda got: got.type == http2.HEADERS and dict(got.fields) == {":status": "100"})
    client.frame(http2.DATA, END_STREAM, stream, "now")
    assert client.answer(stream).text == "[now]"
    assert client.fetch("/small", [("expect", "something")]).status == 417


def test_trailers_of_requests_are_dropped(client):
    stream = client.begin(pseudo("/body", "POST"), END_HEADERS)
    client.frame(http2.DATA, 0, stream, "content")
    client.send(client.headers(stream, [("x-sum", "1")], END_STREAM | END_HEADERS))
    assert client.answer(stream).text == "[content]"


@covers("http2_body_preread_size")
def test_the_window_of_request_content(serve):
    server = serve(server='http2 on; http2_body_preread_size 10k; return 200 "$request_body";')
    with Http2(server.address) as client:
        client.sync()
        assert client.settings[http2.INITIAL_WINDOW_SIZE] == 10240
        client.answers[1] = http2.Answer()
        client.send(client.headers(1, pseudo("/", "POST"), END_HEADERS) + http2.frame(http2.DATA, 0, 1, b"x" * 10241))
        assert client.answer(1).reset == http2.FLOW_CONTROL_ERROR


@covers("http2_body_preread_size")
@cases("size", ["0", "64k"])
def test_the_window_opens_when_the_content_is_wanted(serve, size):
    server = serve(server=f'http2 on; http2_body_preread_size {size}; client_body_buffer_size 300k; return 200 "$request_body";')
    with Http2(server.address) as client:
        client.sync()
        stream = client.begin(pseudo("/", "POST"), END_HEADERS)
        client.read_until(lambda got: got.type == http2.WINDOW_UPDATE and got.stream == stream)
        assert client.windows[stream] >= 1 << 20
        for _ in range(20):
            client.frame(http2.DATA, 0, stream, b"x" * 10_000)
        client.frame(http2.DATA, END_STREAM, stream)
        assert client.answer(stream).content == b"x" * 200_000


@covers("http2_body_preread_size")
def test_the_window_stays_as_it_is_for_content_that_nobody_wants(serve):
    server = serve(server="http2 on; http2_body_preread_size 10k; location / { limit_rate 1; return 200 xxx; }")
    with Http2(server.address) as client:
        stream = client.begin(pseudo("/", "POST"), END_HEADERS)
        client.frames_of(stream, 2)
        assert not client.windows[stream]


# Other clients


@cases("arguments", [("/small",), ("/large",), ("-I", "/small"), ("-d", "content", "/body")])
def test_curl(server, arguments):
    *options, target = arguments
    url = f"http://127.0.0.1:{server.port}{target}"
    answers = [subprocess.run(["curl", "-sS", version, "--max-time", "20", *options, url], capture_output=True, check=True).stdout
               for version in ("--http1.1", "--http2-prior-knowledge")]
    if "-I" in arguments:
        answers = [answer.lower().replace(b"http/1.1 200 ok", b"http/2 200 ").replace(b"connection: keep-alive\r\n", b"") for answer in answers]
    assert answers[0] == answers[1] != b""


@pytest.mark.skipif(not shutil.which("nghttp"), reason="nghttp is not there")
def test_nghttp(server):
    got = subprocess.run(["nghttp", "-t", "20", f"http://127.0.0.1:{server.port}/large"], capture_output=True, check=True, timeout=30).stdout
    assert got == (server.site.root / "large").read_bytes()


@not_in_model("iterative", "it serves one connection at a time")
@pytest.mark.skipif(not shutil.which("h2load"), reason="h2load is not there")
def test_h2load(server):
    got = subprocess.run(["h2load", "-n", "3000", "-c", "8", "-m", "32", f"http://127.0.0.1:{server.port}/medium"], capture_output=True,
                         check=True, timeout=60, text=True).stdout
    assert "3000 succeeded, 0 failed, 0 errored, 0 timeout" in got


def test_python_h2(server):
    h2 = pytest.importorskip("h2.connection")
    events = pytest.importorskip("h2.events")
    connection = h2.H2Connection()
    connection.initiate_connection()
    with server.connect() as client:
        connection.send_headers(1, pseudo("/medium"), end_stream=True)
        client.send(connection.data_to_send())
        content, ended = b"", False
        while not ended:
            client.receive_more()
            got, client.buffer = client.buffer, b""
            for event in connection.receive_data(got):
                if isinstance(event, events.DataReceived):
                    content += event.data
                    connection.acknowledge_received_data(event.flow_controlled_length, 1)
                ended = ended or isinstance(event, events.StreamEnded)
            client.send(connection.data_to_send())
    assert content == (server.site.root / "medium").read_bytes()

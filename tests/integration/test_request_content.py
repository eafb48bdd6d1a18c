# integration/test_request_content.py: request content that a value asks for: kept in memory, or in a file once it outgrows
# client_body_buffer_size.
import re

from harness import process
from harness.client import head_of
from harness.marks import covers, http1_only


def post(server, target, content, chunked=False):
    with server.connect() as connection:
        if chunked:
            framed = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (content[:7], content[7:]) if part)
            connection.send(head_of("POST", target, ["Transfer-Encoding: chunked"]) + framed + b"0\r\n\r\n")
        else:
            connection.send(head_of("POST", target, [f"Content-Length: {len(content)}"]) + content)
        return connection.read_response("POST")


@covers("client_body_buffer_size")
def test_content_beyond_the_buffer_goes_to_a_file(serve):
    server = serve(server="""
        location /small { client_body_buffer_size 8; return 200 "[$request_body][$request_body_file]"; }
        location /large { client_body_buffer_size 1k; return 200 "[$request_body][$request_body_file]"; }""")
    for chunked in (False, True):
        assert post(server, "/large", b"ten octets", chunked).text == "[ten octets][]"
        assert re.fullmatch(r"\[\]\[.+/content/\d{10}\]", post(server, "/small", b"ten octets", chunked).text)
    assert post(server, "/small", b"8 octets").text == "[8 octets][]"


@covers("client_body_temp_path")
def test_the_file_lies_where_it_should_and_is_removed(serve, site):
    server = serve(server="""client_body_temp_path {dir}/elsewhere 1 2; client_body_buffer_size 1;
        return 200 "$request_body_file";""")
    path = post(server, "/", b"content").text
    assert re.fullmatch(re.escape(str(site.dir)) + r"/elsewhere/(\d)/(\d\d)/\d{7}\2\1", path)
    # It goes with the exchange, which ends when the answer has left.
    process.wait_until(lambda: not [file for file in (site.dir / "elsewhere").rglob("*") if file.is_file()], what="the file's removal")


def test_content_is_logged(serve):
    server = serve(http="""log_format content '[$request_body]'; access_log {dir}/content.log content;
        server { listen 127.0.0.1:{port}; location / { return 204; } location /read { return 200 "$request_body"; } }""")
    post(server, "/read", b'a "quoted" one')
    post(server, "/", b"one that nobody needs")
    assert server.log_lines(2, "content.log") == [r"[a \x22quoted\x22 one]", "[-]"]


def test_content_that_is_too_large(serve):
    server = serve(server='client_max_body_size 5; return 200 "$request_body";')
    assert post(server, "/", b"12345").text == "12345"
    for chunked in (False, True):
        assert post(server, "/", b"1234567890", chunked).status == 413


def test_the_client_is_told_to_go_on_before_its_content_is_read(serve):
    server = serve(server='return 200 "$request_body";')
    with server.connect() as connection:
        connection.send(head_of("POST", "/", ["Content-Length: 4", "Expect: 100-continue"]))
        assert connection.read_head().status == 100
        connection.send(b"data")
        assert connection.read_response("POST").text == "data"
        assert connection.persists()


@http1_only("the connection goes on")
@covers("client_body_timeout")
def test_content_that_does_not_come(serve):
    """Each pause counts by itself; the answer is 408, and nothing else is read from this client."""
    server = serve(server="""location /short { client_body_timeout 300ms; return 200 "$request_body"; }
        location /long { client_body_timeout 30s; return 200 "$request_body"; }""")
    with server.connect() as slow, server.connect() as patient:
        for connection, target in ((slow, "/short"), (patient, "/long")):
            connection.send(head_of("POST", target, ["Content-Length: 4"]) + b"da")
        assert slow.read_response("POST").status == 408
        assert slow.is_closed()
        patient.send(b"ta")
        assert patient.read_response("POST").text == "data"

# integration/test_stub_status.py: how busy the server is, in nginx's four lines; and a picture of one pixel.
# The figures are of all workers together, whoever answers.
import re

from harness import process
from harness.marks import cases, covers, not_in_model

LINES = re.compile(rb"Active connections: (\d+) \nserver accepts handled requests\n (\d+) (\d+) (\d+) \nReading: (\d+) Writing: (\d+) "
                   rb"Waiting: (\d+) \n")


def figures(server):
    response = server.get("/status")
    match = LINES.fullmatch(response.content)
    assert match, response.content
    return [int(figure) for figure in match.groups()]


@covers("stub_status")
def test_four_lines(serve):
    server = serve(server="location = /status { stub_status; }")
    assert server.get("/status").field("Content-Type") == "text/plain"

    def alone():
        found = figures(server)
        return found if found[0] == 1 else None

    _, accepted, handled, requests, reading, writing, waiting = process.wait_until(alone, what="the end of other connections")
    assert (reading, writing, waiting) == (0, 1, 0)
    assert accepted == handled > requests - 1 > 0


@not_in_model("iterative", "one connection at a time")
@covers("stub_status")
def test_idle_connections_wait(serve):
    server = serve(server="location = /status { stub_status on; } location / { return 200 x; }")
    with server.connect() as one, server.connect() as other:
        assert one.get("/").status == other.get("/").status == 200
        process.wait_until(lambda: figures(server)[::6] == [3, 2], what="this one, and two that wait")
    process.wait_until(lambda: figures(server)[0] == 1, what="their end")


@covers("stub_status")
def test_all_workers_count(serve):
    server = serve(main="worker_processes 3;", server="location = /status { stub_status; } location / { return 200 x; }")
    before = figures(server)
    for _ in range(30):
        server.get("/")
    after = figures(server)
    assert after[1] - before[1] == after[2] - before[2] == after[3] - before[3] == 31


@covers("stub_status")
@cases("method, status", [("GET", 200), ("HEAD", 200), ("POST", 405), ("DELETE", 405)])
def test_methods(serve, method, status):
    server = serve(server="location / { stub_status; } location /pixel { empty_gif; }")
    assert server.request(method, "/").status == status
    assert server.request(method, "/pixel").status == status


@covers("stub_status")
def test_it_is_not_inherited(serve, site):
    site.write("in/file", "file")
    server = serve(server="location /in/ { stub_status; location /in/file { } }")
    assert server.get("/in/file").text == "file"
    assert server.get("/in/x").text.startswith("Active")


@not_in_model("fork", "each connection has a child that counts")
@covers("stub_status")
def test_variables(serve):
    server = serve(server="""return 200 "$connections_active $connections_reading $connections_writing $connections_waiting";
        location /x { stub_status; }""")
    process.wait_until(lambda: server.get("/").text == "1 0 1 0", what="one connection")


@covers("empty_gif")
def test_empty_gif(serve):
    server = serve(server="location = /pixel { empty_gif; }")
    response = server.get("/pixel")
    assert response.content.hex() == ("47494638396101000100800100000000ffffff21f90401000001002c00000000010001000002024c01003b")
    assert (response.field("Content-Type"), response.field("Last-Modified")) == ("image/gif", "Mon, 28 Sep 1970 06:00:00 GMT")
    assert server.get("/pixel", "If-Modified-Since: Mon, 28 Sep 1970 06:00:00 GMT").status == 304

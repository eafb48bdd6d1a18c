# integration/test_head_limits.py: how large a request's head may be, as a line and as a whole.
# The request line must fit one large buffer (414), so must each field line, and all of them the buffers there are (400).
from harness.client import head_of
from harness.marks import cases, covers, webserv_only


def status(server, target="/", fields=()):
    with server.connect() as connection:
        connection.send(head_of("GET", target, fields))
        response = connection.read_response()
        if response.status != 200:
            assert response.field("Connection") == "close"
            assert connection.is_closed()
        return response.status


def target_for(line_bytes):
    """A target that makes a request line of so many octets, its line end included."""
    return "/" + "a" * (line_bytes - len("GET / HTTP/1.1\r\n"))


@covers("large_client_header_buffers")
@cases("buffers, line, expected", [
    ("4 8k", 8000, 200), ("4 8k", 8400, 414), ("4 8k", 70000, 414), ("4 1k", 1000, 200), ("4 1k", 1100, 414), ("2 16k", 16000, 200),
    ("2 16k", 16500, 414),
])
def test_the_request_line(serve, buffers, line, expected):
    server = serve(server=f"large_client_header_buffers {buffers}; client_header_buffer_size 512; return 200 x;")
    assert status(server, target_for(line)) == expected


@covers("large_client_header_buffers")
@cases("buffers, size, expected",
    [("4 8k", 8000, 200), ("4 8k", 8400, 400), ("4 1k", 1000, 200), ("4 1k", 1200, 400), ("4 16k", 16000, 200)])
def test_a_field_line(serve, buffers, size, expected):
    server = serve(server=f"large_client_header_buffers {buffers}; client_header_buffer_size 512; return 200 x;")
    assert status(server, fields=["X-Long: " + "a" * (size - 10)]) == expected


@covers("large_client_header_buffers")
@cases("buffers, expected", [("2 4k", 400), ("8 4k", 200)])
def test_the_number_of_buffers(serve, buffers, expected):
    server = serve(server=f"large_client_header_buffers {buffers}; client_header_buffer_size 512; return 200 x;")
    assert status(server, fields=[f"X-{i}: " + "a" * 3500 for i in range(4)]) == expected


@covers("client_header_buffer_size")
@cases("size, expected", [("1k", 414), ("8k", 200)])
def test_a_first_buffer_larger_than_the_large_ones(serve, size, expected):
    server = serve(server=f"client_header_buffer_size {size}; large_client_header_buffers 2 1k; return 200 x;")
    assert status(server, target_for(4000)) == expected


@covers("large_client_header_buffers")
def test_too_large_is_logged(serve):
    server = serve(server="location / { return 200 x; }")
    status(server, target_for(10000))
    status(server, fields=["X: " + "a" * 10000])
    server.error_line("client sent too long URI")
    server.error_line("client sent too long header line")
    assert [line.split('" ')[1].split()[0] for line in server.log_lines(2)] == ["414", "400"] or "414" in server.log_lines(2)[0]


@covers("error_page", "large_client_header_buffers")
def test_an_error_page_for_494(serve):
    server = serve(server="error_page 494 =431 /e; location = /e { return 200 page; } location / { return 200 x; }")
    assert status(server, fields=["X: " + "a" * 10000]) == 431


@covers("error_page")
def test_494_with_a_page_is_400(serve):
    server = serve(server="error_page 494 /e; location = /e { return 200 page; } location / { return 200 x; }")
    assert status(server, fields=["X: " + "a" * 10000]) == 400


@webserv_only("max_headers came with 1.29.8")
def test_the_number_of_field_lines(serve):
    server = serve(server="large_client_header_buffers 16 8k; return 200 x;")
    assert status(server, fields=[f"X{i}: 1" for i in range(900)]) == 200
    assert status(server, fields=[f"X{i}: 1" for i in range(1100)]) == 400


def test_many_fields_within_the_bounds(serve):
    server = serve(server='location / { return 200 "$http_x99"; }')
    with server.connect() as connection:
        assert connection.get("/", *[f"X{i}: value{i}" for i in range(100)]).text == "value99"


def test_an_endless_line_is_refused_before_it_ends(serve):
    server = serve(server="return 200 x;")
    with server.connect() as connection:
        connection.send("GET /" + "a" * 9000)
        assert connection.read_response().status == 414
        assert connection.is_closed()

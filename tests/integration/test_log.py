# integration/test_log.py: the access log and its variables, and the error log's lines and levels.
# A line may be written after the client has its answer, so tests wait for it.
import re
import socket
import time

import pytest
from harness import process
from harness.marks import cases, covers, http1_only, not_in_model
from harness.transport import PROTOCOL, SCHEME

QUIET = "client_body_temp_path {dir}/content; root {root};"  # no access_log


def logged(serve, format_text, *requests, server_part="", escape=""):
    """Requests as pairs of target and fields; gives the lines they leave."""
    http = f"""log_format test {escape} {format_text}; access_log {{dir}}/test.log test;
        server {{ listen 127.0.0.1:{{port}}; server_name first second; {server_part} location / {{ return 200 text; }} }}"""
    server = serve(http=http, defaults=QUIET)
    for target, fields in requests:
        server.get(target, *fields)
    return server, server.log_lines(len(requests), "test.log")


@covers("access_log")
def test_the_combined_format_is_the_default(serve):
    server = serve(server="location / { return 200 text; }")
    server.get("/a?b=c", "User-Agent: some agent", "Referer: http://r/")
    server.get("/a", "Authorization: Basic " + "dXNlcjpwYXNz")
    lines = server.log_lines(2)
    when = r"\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]"
    assert re.fullmatch(rf'127\.0\.0\.1 - - {when} "GET /a\?b=c {PROTOCOL}" 200 4 "http://r/" "some agent"', lines[0])
    assert re.fullmatch(rf'127\.0\.0\.1 - user {when} "GET /a {PROTOCOL}" 200 4 "-" "-"', lines[1])


@covers("access_log")
def test_off_and_several_and_inheritance(serve, site):
    server = serve(defaults=QUIET, http="""log_format name 'name $uri'; access_log {dir}/http.log name;
        server { listen 127.0.0.1:{port}; return 200 x; }
        server { listen 127.0.0.1:{port2};
            location / { return 200 x; }
            location /off { access_log off; return 200 x; location /off/on { access_log {dir}/on.log name; return 200 x; } }
            location /two { access_log {dir}/one.log name; access_log {dir}/two.log; return 200 x; } }""")
    second = site.port("port2")
    server.get("/1")
    for target in ("/off", "/off/on", "/two", "/2"):
        server.get(target, address=second)
    assert server.log_lines(2, "http.log") == ["name /1", "name /2"]
    assert server.log_lines(1, "on.log") == ["name /off/on"]
    assert server.log_lines(1, "one.log") == ["name /two"]
    assert f'"GET /two {PROTOCOL}" 200 1 ' in server.log_lines(1, "two.log")[0]


@covers("access_log")
def test_a_condition(serve):
    server = serve(server="access_log {dir}/if.log combined if=$arg_log; location / { return 200 x; }")
    for target in ("/no", "/zero?log=0", "/yes?log=1"):
        server.get(target)
    (line,) = server.log_lines(1, "if.log")
    assert "/yes" in line


@covers("access_log")
def test_relative_to_the_prefix(serve):
    server = serve(server="access_log relative.log; return 200 x;")
    server.get("/")
    assert len(server.log_lines(1, "relative.log")) == 1


@covers("access_log", "error_page")
def test_the_location_where_the_request_ends_logs_it(serve):
    server = serve(server="""error_page 404 /e; access_log off;
        location /start { access_log {dir}/start.log; return 404; }
        location = /e { access_log {dir}/end.log; return 200 page; }""")
    server.get("/start")
    assert f'"GET /start {PROTOCOL}" 404 4' in server.log_lines(1, "end.log")[0]
    assert (server.site.dir / "start.log").read_text() == ""


@covers("log_format")
@cases("escape, line", [
    ("", r'a\x22b\x5Cc\x01\xC3\xA4|-|-'),
    ("escape=default", r'a\x22b\x5Cc\x01\xC3\xA4|-|-'),
    ("escape=json", 'a\\"b\\\\c\\u0001ä||'),
    ("escape=none", 'a"b\\c\x01ä||'),
])
def test_escapes(serve, escape, line):
    _, lines = logged(serve, "'$uri|$http_x_none|$remote_user'", ("/a%22b%5Cc%01%C3%A4", []), escape=escape)
    assert lines == ["/" + line]


@covers("log_format")
def test_parts_are_joined_and_braces_name_variables(serve):
    _, lines = logged(serve, "'$uri-' \"${uri}x\" '$request_method'", ("/a", []))
    assert lines == ["/a-/axGET"]


REQUEST = ("/path%20x?a=1&b=two", ["User-Agent: agent", "Referer: ref", "Cookie: c=cake; d=dough", "X-Under-Score: under",
                                   "Authorization: Basic dXNlcjpwYXNz"])
FIXED = {
    "remote_addr": "127.0.0.1", "remote_user": "user", "request": f"GET /path%20x?a=1&b=two {PROTOCOL}", "status": "200",
    "body_bytes_sent": "4", "http_referer": "ref", "http_user_agent": "agent", "http_host": "localhost", "http_x_under_score": "under",
    "http_none": "-", "connection_requests": "1", "pipe": ".", "host": "localhost", "uri": "/path x", "document_uri": "/path x",
    "args": "a=1&b=two", "query_string": "a=1&b=two", "is_args": "?", "scheme": SCHEME, "server_name": "first", "server_addr": "127.0.0.1",
    "server_protocol": PROTOCOL, "request_method": "GET", "request_uri": "/path%20x?a=1&b=two", "arg_a": "1", "arg_b": "two",
    "arg_c": "-",
    "cookie_c": "cake", "cookie_d": "dough", "cookie_e": "-", "sent_http_content_type": "text/plain", "sent_http_content_length": "4",
    "sent_http_x_added": "added", "hostname": socket.gethostname().lower(), "content_length": "-", "content_type": "-",
    "request_completion": "OK",
}
FORMS = {
    "time_local": r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}", "time_iso8601": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d",
    "msec": r"\d{10}\.\d{3}", "request_time": r"\d+\.\d{3}", "request_length": r"\d+", "bytes_sent": r"\d+", "connection": r"\d+",
    "pid": r"\d+", "nginx_version": r"\d+\.\d+\.\d+", "remote_port": r"\d+", "server_port": r"\d+",
    "document_root": r"/.*/root", "request_filename": r"/.*/root/path x",
}


class Line(dict):
    """The values of one logged request, by variable, and what the client knows about it."""


@pytest.fixture(scope="module")
def line(shared_serve):
    names = [*FIXED, *FORMS]
    format_text = "'" + "\t".join("$" + name for name in names) + "'"
    http = f"""log_format all {format_text}; access_log {{dir}}/all.log all;
        server {{ listen 127.0.0.1:{{port}}; server_name first second; add_header X-Added added; location / {{ return 200 text; }} }}"""
    server = shared_serve(http=http, defaults=QUIET)
    target, fields = REQUEST
    response = server.get(target, *fields)
    line = Line(zip(names, server.log_lines(1, "all.log")[0].split("\t"), strict=True))
    line.head_bytes = len(response.head) + 4
    line.request_bytes = len("\r\n".join([f"GET {target} HTTP/1.1", "Host: localhost", *fields])) + 4
    line.workers = server.process.workers()
    return line


@covers("log_format")
@cases("name", FIXED)
def test_variables_with_one_value(line, name):
    assert line[name] == FIXED[name]


@cases("name", FORMS)
def test_variables_of_a_form(line, name):
    assert re.fullmatch(FORMS[name], line[name]), line[name]


OF_UPSTREAMS = ("upstream_addr upstream_status upstream_response_time upstream_connect_time upstream_header_time upstream_response_length"
                " upstream_bytes_sent upstream_bytes_received upstream_cache_status upstream_http_etag upstream_cookie_a upstream_trailer_a"
                " proxy_host proxy_port").split()


@covers("log_format")
def test_formats_may_name_what_proxies_know(serve):
    """Formats are copied from site to site: where nothing is proxied, there is nothing to know."""
    values = "|".join("$" + name for name in OF_UPSTREAMS)
    _, lines = logged(serve, f"'$uri|{values}'", ("/log", []))
    assert lines == ["/log" + "|-" * len(OF_UPSTREAMS)]


@cases("fields, expected", [([], "127.0.0.1"), (["X-Forwarded-For: 192.0.2.1, 192.0.2.2"], "192.0.2.1, 192.0.2.2, 127.0.0.1"),
                            (["X-Forwarded-For: a", "X: y", "x-forwarded-for: b"], "a, b, 127.0.0.1"), (["X-Forwarded-For:"], ", 127.0.0.1"),
                            (["X_Forwarded_For: a"], "127.0.0.1")])
def test_whom_a_request_was_forwarded_for(serve, fields, expected):
    server = serve(server='underscores_in_headers on; location / { return 200 "$proxy_add_x_forwarded_for"; }')
    assert server.get("/", *fields).text == expected


@http1_only("counts octets")
@not_in_model("fork", "$pid is the child's")
def test_variables_that_measure(line):
    assert abs(float(line["msec"]) - time.time()) < 60
    assert int(line["bytes_sent"]) == line.head_bytes + 4
    assert int(line["request_length"]) == line.request_bytes
    assert int(line["pid"]) in line.workers


@http1_only("is about pipelining")
@covers("log_format")
def test_pipelined_requests_and_connection_numbers(serve):
    server = serve(defaults=QUIET, http="""log_format test '$pipe $connection $connection_requests'; access_log {dir}/test.log test;
        server { listen 127.0.0.1:{port}; return 200 x; }""")
    with server.connect() as connection:
        connection.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n" * 2)
        connection.read_response()
        connection.read_response()
    server.get("/")
    rows = [line.split() for line in server.log_lines(3, "test.log")]
    assert [row[0] for row in rows] == [".", "p", "."]
    assert rows[0][1] == rows[1][1] != rows[2][1]
    assert [row[2] for row in rows] == ["1", "2", "1"]


@covers("log_format")
def test_log_injection_is_escaped(serve):
    server, lines = logged(serve, "'$http_x_a $uri $request'", ('/a%0Ab', ['X-A: "x" \\ y']))
    assert lines == [r"\x22x\x22 \x5C y /a\x0Ab GET /a%0Ab " + PROTOCOL]
    assert len(server.log_lines(1, "test.log")) == 1


def test_a_refused_request_is_logged(serve):
    server = serve(server="location / { return 200 x; }")
    server.request("GET", "/without", host=None)
    assert f'"GET /without {PROTOCOL}" 400 ' in server.log_lines(1)[0]


@cases("count", [1, 50])
def test_no_line_is_lost_at_the_end(serve, count):
    server = serve(server="location / { return 200 x; }")
    with server.connect() as connection:
        for _ in range(count):
            connection.get("/")
    server.stop()
    assert len(server.log_lines(count)) == count


# The error log

LINE = r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[%s\] \d+#\d+: \*\d+ "


@covers("error_log")
def test_the_form_of_a_line(serve):
    server = serve(server='server_name name; root {root};')
    server.get("/missing?a=1", "Referer: http://r/", host="h:1")
    line = server.error_line("/missing")
    message = rf'open\(\) "{server.site.root}/missing" failed \(2: No such file or directory\)'
    rest = r', client: 127\.0\.0\.1, server: name, request: "GET /missing\?a=1 ' + PROTOCOL + '", host: "h:1", referrer: "http://r/"'
    assert re.fullmatch(LINE % "error" + message + rest, line), line


@covers("error_log")
@cases("level, has_error, has_info",
    [("info", True, True), ("notice", True, False), ("error", True, False), ("", True, False), ("crit", False, False)])
def test_levels(serve, level, has_error, has_info):
    server = serve(server=f"error_log {{dir}}/level.log {level}; error_log {{dir}}/all.log info; root {{root}};")
    server.get("/missing")
    server.request("GET", "/", host=None)
    server.error_line('"Host" header', "all.log")
    text = (server.site.dir / "level.log").read_text()
    assert ("/missing" in text, '"Host" header' in text) == (has_error, has_info)


@covers("error_log")
def test_an_error_log_of_a_location(serve, site):
    server = serve(server="root {root}; location /own/ { error_log {dir}/own.log; }")
    server.get("/own/missing")
    server.get("/other/missing")
    server.error_line("/own/missing", "own.log")
    server.error_line("/other/missing")
    assert "/own/missing" not in server.error_log()
    assert "/other/missing" not in (site.dir / "own.log").read_text()


@covers("error_log")
def test_stderr(serve):
    server = serve(server="root {root}; error_log stderr;")
    server.get("/missing")
    process.wait_until(lambda: "/missing" in server.process.stderr, what="a line on stderr")
    assert "/missing" not in server.error_log()


@covers("error_log")
def test_an_error_log_that_cannot_be_opened_ends_the_start(site):
    conf = site.configure("error_log {dir}/none/error.log; events { }")
    result = process.run(["-p", str(site.dir), "-c", str(conf), "-t"])
    assert result.returncode == 1
    assert f'[emerg] open() "{site.dir}/none/error.log" failed (2: No such file or directory)' in re.sub(r"\d+#\d+: ", "", result.stderr)


@not_in_model("fork", "a child writes what it has at its end")
@covers("access_log")
def test_a_buffer_holds_lines_back(serve):
    """Until it is full, or `flush` is over."""
    server = serve(http="""log_format path '$uri'; server { listen 127.0.0.1:{port};
        location /held { access_log {dir}/held.log path buffer=20; return 200 x; }
        location /soon { access_log {dir}/soon.log path buffer=1k flush=300ms; return 200 x; } }""", defaults=QUIET)
    server.get("/held/1"), server.get("/held/2"), server.get("/soon/1")
    held, soon = (server.site.dir / name for name in ("held.log", "soon.log"))
    assert held.read_text() == "" and soon.read_text() == ""
    server.get("/held/3")
    assert server.log_lines(2, "held.log") == ["/held/1", "/held/2"]
    assert server.log_lines(1, "soon.log") == ["/soon/1"]
    server.stop()
    assert held.read_text() == "/held/1\n/held/2\n/held/3\n"

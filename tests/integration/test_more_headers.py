# integration/test_more_headers.py: fields set in place of others, or taken away: the directives of the module headers-more.
# Debian's nginx is without it, so the expectations are its documentation's.
import pytest
from harness import process
from harness.marks import cases, covers, webserv_only
from harness.transport import TRANSPORT

pytestmark = webserv_only("Debian's nginx has no headers-more")


@pytest.fixture(scope="module")
def server(shared_site, shared_serve):
    shared_site.write("file.txt", "text")
    shared_site.write("page.html", "<p>")
    return shared_serve(http="""types { text/plain txt; text/html html; }
        server { listen 127.0.0.1:{port};
        location /set { more_set_headers "X-A: 1" "X-B: $arg_b" 'Server: mine'; return 200 x; }
        location /twice { more_set_headers "X-A: 1"; more_set_headers "x-a: 2"; return 200 x; }
        location /beside { more_set_headers "X-A: 1"; more_set_headers -a "X-A: 2"; return 200 x; }
        location /404 { more_set_headers "X-A: 1" ; return 404; }
        location /only404 { more_set_headers -s 404 "X-A: 1"; return 404; }
        location /not404 { more_set_headers -s "404 500,503" "X-A: 1"; return 403; }
        location /status { more_set_headers -s 403 -s "404 500" "X-A: 1"; return 500; }
        location /types/ { alias {root}/; more_set_headers -t "text/plain text/css" "X-A: 1"; }
        location /both/ { alias {root}/; more_set_headers -t text/html -s 404 "X-A: 1"; }
        location /type { more_set_headers "Content-Type: text/special"; return 200 x; }
        location /clear/ { alias {root}/; more_clear_headers Server ETag Last-Modified accept-ranges; }
        location /length/ { alias {root}/; more_clear_headers Content-Length; }
        location /wild { more_set_headers "X-Hidden-A: 1" "X-Hidden-B: 1" "X-Shown: 1"; more_clear_headers "X-Hidden-*"; return 200 x; }
        location /all/ { alias {root}/; more_clear_headers "*"; }
        location /empty { more_set_headers "X-A: 1"; more_set_headers "X-A:"; more_set_headers "Server"; return 200 x; }
        location /outer { more_set_headers "X-A: outer" "X-B: outer"; return 200 x;
            location /outer/inner { more_set_headers "X-B: inner"; return 200 x; } location /outer/same { return 200 x; } }
        location /added { add_header X-A added; more_clear_headers X-A; return 200 x; }
        location /redirect { more_set_headers "Location: /there"; return 302 /here; }
        location /lines { more_set_headers "X-A: $arg_a"; return 200 x; }
        }""")


def added(response):
    return response.beginning("x-")


@covers("more_set_headers")
def test_fields_are_set(server):
    response = server.get("/set?b=two")
    assert added(response) == [("x-a", "1"), ("x-b", "two")]
    assert response.field("Server") == "mine"
    assert added(server.get("/set")) == [("x-a", "1")], "an empty value is no field"


@covers("more_set_headers")
def test_setting_replaces(server):
    assert added(server.get("/twice")) == [("x-a", "2")]
    assert added(server.get("/beside")) == [("x-a", "1"), ("x-a", "2")]
    assert server.get("/type").field("Content-Type") == "text/special"
    assert server.get("/redirect").field("Location") == "/there"


@covers("more_set_headers")
@cases("target, expected", [
    ("/404", 1), ("/only404", 1), ("/not404", 0), ("/status", 1), ("/types/file.txt", 1), ("/types/page.html", 0), ("/both/none.html", 1),
    ("/both/page.html", 0), ("/both/none.txt", 1),
])
def test_conditions(server, target, expected):
    assert len(added(server.get(target))) == expected


@covers("more_clear_headers")
def test_fields_are_taken_away(server):
    response = server.get("/clear/file.txt")
    for name in ("Server", "ETag", "Last-Modified", "Accept-Ranges"):
        assert response.field(name) is None, name
    assert response.field("Content-Type") == "text/plain" and response.content == b"text"


@covers("more_clear_headers")
def test_the_content_may_be_without_a_length(server):
    response = server.get("/length/file.txt")
    assert (response.framing, response.content) == ("frames" if TRANSPORT == "h2" else "chunked", b"text")


@covers("more_clear_headers", "more_set_headers")
def test_wildcards(server):
    assert added(server.get("/wild")) == [("x-shown", "1")]
    response = server.get("/all/file.txt")
    assert {name.lower() for name, _ in response.fields} - {"connection", "transfer-encoding"} == {"date"}
    assert response.content == b"text"


@covers("more_set_headers")
def test_an_empty_value_takes_away(server):
    response = server.get("/empty")
    assert added(response) == [] and response.field("Server") is None


@covers("more_set_headers")
def test_inherited_ones_come_first(server):
    assert added(server.get("/outer")) == [("x-a", "outer"), ("x-b", "outer")]
    assert added(server.get("/outer/inner")) == [("x-a", "outer"), ("x-b", "inner")]
    assert added(server.get("/outer/same")) == [("x-a", "outer"), ("x-b", "outer")]


@covers("more_clear_headers")
def test_what_add_header_adds_stays(server):
    assert added(server.get("/added")) == [("x-a", "added")]


def test_a_value_can_not_add_a_line(server):
    assert added(server.get("/lines?a=1%0d%0aX-B:2")) == [("x-a", "1%0d%0aX-B:2")]


@cases("words, complaint", [
    ("more_set_headers -x 'X: 1'", 'invalid option name: "-x"'),
    ("more_set_headers -s", "option -s takes an argument"),
    ("more_set_headers -s 404", "names no field"),
    ("more_set_headers -s four 'X: 1'", 'invalid value "four"'),
    ("more_set_headers 'X Y: 1'", 'invalid header name "X Y"'),
    ("more_set_headers 'Connection: close'", 'the field "Connection" can not be changed'),
    ("more_clear_headers Transfer-Encoding", 'the field "Transfer-Encoding" can not be changed'),
    ("more_set_headers 'Content-Length: 3'", "can only be taken away"),
    ("more_clear_headers -a X", 'invalid option name: "-a"'),
    ("more_set_headers 'X: $nothing'", 'unknown "nothing" variable'),
])
def test_wrong_words(site, words, complaint):
    conf = site.configure(server=words + ";")
    answer = process.run(["-p", str(site.dir), "-c", str(conf), "-t"])
    assert answer.returncode == 1 and complaint in answer.stderr

# integration/test_request_intake.py: which field lines are taken, how many, and where request content is kept.
# What is malformed is in test_head_limits.py and in the parser's own tests.
import re
from pathlib import Path

from harness import process
from harness.marks import cases, covers, webserv_only


@covers("underscores_in_headers", "ignore_invalid_headers")
@cases("settings, value", [
    ("", "[]"),
    ("underscores_in_headers on;", "[x]"),
    ("underscores_in_headers off;", "[]"),
    ("ignore_invalid_headers off;", "[x]"),
    ("ignore_invalid_headers on; underscores_in_headers on;", "[x]"),
])
def test_names_with_underscores(serve, settings, value):
    server = serve(server=settings + 'location / { return 200 "[$http_a_b]"; }')
    assert server.get("/", "A_B: x").text == value
    assert server.get("/", "A-B: y").text == "[y]", "a hyphen is fine in any case"


@covers("underscores_in_headers")
def test_each_server_decides(serve):
    server = serve(http="""server { listen 127.0.0.1:{port}; server_name a; return 200 "[$http_a_b]"; }
        server { listen 127.0.0.1:{port}; server_name b; underscores_in_headers on; return 200 "[$http_a_b]"; }""")
    assert server.get("/", "A_B: x", host="a").text == "[]"
    assert server.get("/", "A_B: x", host="b").text == "[x]"


@webserv_only("of 1.29.8")
@covers("max_headers")
@cases("limit, lines, status", [(3, 3, 200), (3, 4, 400), (50, 50, 200), (50, 51, 400)])
def test_how_many_field_lines(serve, limit, lines, status):
    server = serve(server=f"max_headers {limit}; location / {{ return 200 x; }}")
    assert server.get("/", *[f"X-{number}: x" for number in range(lines - 1)]).status == status
    if status == 400:
        server.error_line("client sent too many header lines")


CONTENT = 'location / { return 200 "[$request_body][$request_body_file]"; }'


@webserv_only("nginx reads content only where it is passed on")
@covers("client_body_in_file_only")
@cases("settings, in_file, stays", [
    ("", False, False), ("client_body_in_file_only off;", False, False), ("client_body_in_file_only clean;", True, False),
    ("client_body_in_file_only on;", True, True),
])
def test_content_in_a_file(serve, settings, in_file, stays):
    server = serve(server=settings + CONTENT)
    with server.connect() as connection:
        text = connection.request("POST", "/", content=b"short").text
        assert connection.get("/").text == "[][]", "no content, no file"
    match = re.fullmatch(r"\[(.*)\]\[(.*)\]", text)
    assert match[1] == ("" if in_file else "short")
    assert bool(match[2]) == in_file
    if in_file:
        path = Path(match[2])
        if stays:
            assert path.read_bytes() == b"short" and path.stat().st_mode & 0o777 == 0o600
        else:
            process.wait_until(lambda: not path.exists(), what="the end of the file")
        assert "[notice]" in server.error_line("a client request body is buffered to a temporary file")


@cases("words, complaint", [
    ("client_body_in_file_only maybe", 'invalid value "maybe"'),
    ("underscores_in_headers 1", 'it must be "on" or "off"'),
])
def test_wrong_words(site, words, complaint):
    conf = site.configure(server=words + ";")
    answer = process.run(["-p", str(site.dir), "-c", str(conf), "-t"])
    assert answer.returncode == 1 and complaint in answer.stderr


@webserv_only("of 1.29.8")
@cases("words, complaint", [("max_headers 0", "value must be equal to or greater than 1"), ("max_headers many", "invalid number")])
def test_wrong_numbers(site, words, complaint):
    conf = site.configure(server=words + ";")
    answer = process.run(["-p", str(site.dir), "-c", str(conf), "-t"])
    assert answer.returncode == 1 and complaint in answer.stderr

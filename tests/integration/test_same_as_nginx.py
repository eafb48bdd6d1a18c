# integration/test_same_as_nginx.py: one configuration on nginx and on webserv, the same octets to both, the same answers.
# Where we differ by design, the request stands in DIFFERENCES with the reason, and both answers are asserted.
import os
import re

import pytest
from harness import process
from harness.client import head_of
from harness.marks import cases
from harness.site import MODEL, Server, Site, stop_all

MTIME = 1_700_000_000
ETAG = f'"{MTIME:x}-a"'
DATE = "Tue, 14 Nov 2023 22:13:20 GMT"

SITE = r"""
    log_format own escape=json '$uri|$args|$status|$body_bytes_sent|$request|$host|$server_name';
    access_log {dir}/own.log own;
    types { text/html html; text/css css; application/javascript js; image/png png; text/plain txt; }
    server {
        listen 127.0.0.1:{port};
        server_name first.org *.first.org;
        client_max_body_size 1000;
        error_page 402 /pages/402.html;
        error_page 403 =200 /pages/200.html;
        error_page 406 = /made/by/location;
        error_page 410 = @gone;
        error_page 411 =410 @gone;
        error_page 415 http://other.org/415;
        add_header X-Site first;
        location /pages/ { internal; }
        location /made/ { return 201 "made $request_method $uri"; }
        location @gone { add_header X-Gone "$uri"; return 200 "gone $request_method $uri $args"; }
        location ~ ^/code/(?<code>\d+)$ { add_header X-Always a always; error_page 404 =204 /none; return 404 "text $code"; }
        location = /c402 { return 402; }
        location = /c403 { return 403; }
        location = /c406 { return 406; }
        location = /c410 { return 410; }
        location = /c411 { return 411; }
        location = /c415 { return 415; }
        location = /c500 { return 500; }
        location = /c503 { return 503; }
        location = /text { default_type text/special; return 200 "text $uri"; }
        location = /empty { return 200; }
        location = /204 { return 204; }
        location = /301 { return 301 /to/there; }
        location = /302 { return 302 http://other.org$request_uri; }
        location = /303 { return 303 /a?b; }
        location = /307 { return 307 https://other.org; }
        location = /308 { return 308 /x; }
        location = /url { return http://other.org/; }
        location /vars { return 200 "$scheme $host $http_host $server_name $request_method $request_uri $uri $args $is_args
            $arg_a $cookie_c $content_length $remote_addr $server_protocol"; }
        location /headers { add_header X-One 1; add_header X-Two "two words"; add_header X-None ""; return 200 h;
            location /headers/deep { return 200 d; } location /headers/own { add_header X-Own o; return 404 n; } }
        location /alias/ { alias {root}/folder/; }
        location ~ \.cgi$ { return 200 "cgi $uri"; }
        location /types/ { types { text/other txt; } default_type a/b; }
        location /noetag/ { etag off; alias {root}/; }
        location /nokeep { keepalive_timeout 0; return 200 n; }
        location /keep { keepalive_timeout 60s 30s; return 200 k; }
        location /index/ { index missing.html start.txt; }
        location ^~ /prefix/ { return 200 prefix; }
        location /prefix/in/ { return 200 in; }
        location /big { client_max_body_size 100k; return 200 big; }
        location /405/ { error_page 405 =200 $uri; alias {root}/; }
    }
    server { listen 127.0.0.1:{port}; server_name second.org .dots.org; server_tokens off;
        location / { return 200 second; } location /no { return 404; } }
    server { listen 127.0.0.1:{port}; server_name ~^re(\d+)\.org$; location / { return 200 "regex $1"; } }
"""


def documents(site):
    files = {
        "index.html": "<p>index", "ten": "0123456789", "style.css": "a{}", "script.js": "x", "image.png": "\x89PNG", "note.txt": "note",
        "noextension": "x", "UPPER.CSS": "b{}", "a b.txt": "space", "folder/index.html": "in folder", "folder/file.txt": "file",
        "empty": "",
        "types/a.txt": "t", "types/a.css": "c", "index/start.txt": "start", "noindex/file": "x", "pages/402.html": "page 402",
        "pages/200.html": "page 200", "code.cgi": "source", "large.txt": "large " * 20_000, ".hidden": "h", "two.dots.css": "c",
    }
    for name, content in files.items():
        os.utime(site.write(name, content), (MTIME, MTIME))
    (site.root / "bare").mkdir()


@pytest.fixture(scope="module")
def pair():
    """The server under test and nginx, on the same documents."""
    ours, theirs = Site(), Site()
    theirs.root = ours.root
    documents(ours)
    servers = [Server(ours), Server(theirs, process.NGINX)]
    try:
        for server in servers:
            server.start(server.site.configure(http=SITE, model=None if process.is_nginx(server.binary) else MODEL))
        yield servers
    finally:
        complaints = stop_all(servers)
        ours.remove()
        theirs.remove()
    assert not complaints, complaints


def neutral(text, server):
    """Without what may differ: the server's name, its version, its port."""
    text = re.sub(r"\b(nginx|webserv)(/[\d.]+( \([^)]*\))?)?", "SERVER", text)
    return text.replace(f":{server.port}", ":PORT")


def neutral_fields(response, method, server):
    """Without Date; a built-in page is as long as the server's name makes it."""
    own_page = b"<hr><center>" in response.content or (method == "HEAD" and response.status >= 300 and not response.all("ETag"))
    for name, value in response.fields:
        if name == "Content-Length" and own_page:
            value = str(int(value) - len(response.field("Server")))
        if name != "Date":
            yield name, neutral(value, server)


def answer(server, octets):
    """Everything a client can see of an answer, in neutral form."""
    method = octets.split(b" ", 1)[0].decode("latin-1")
    with server.connect() as connection:
        connection.send(octets)
        try:
            response = connection.read_response(method)
        except AssertionError:
            return {"answer": "closed without"}
        return {
            "version": response.version, "status": response.status, "reason": response.reason, "framing": response.framing,
            "fields": sorted(neutral_fields(response, method, server)),  # the order of names means nothing
            "has date": len(response.all("Date")),
            "content": neutral(response.content.decode("latin-1"), server),
            "persists": connection.persists(),
        }


def get(target, *fields, host="first.org", method="GET", version="1.1"):
    return head_of(method, target, fields, version, host)


def post(target, content, *fields):
    return head_of("POST", target, [*fields, f"Content-Length: {len(content)}"], host="first.org") + content


SAME = {
    # files
    "index": get("/"), "file": get("/ten"), "css": get("/style.css"), "js": get("/script.js"), "png": get("/image.png"),
    "txt": get("/note.txt"),
    "no extension": get("/noextension"), "upper-case extension": get("/UPPER.CSS"), "two dots": get("/two.dots.css"),
    "dot file": get("/.hidden"),
    "space in a name": get("/a%20b.txt"), "empty file": get("/empty"), "large file": get("/large.txt"), "query": get("/ten?a=b"),
    "missing": get("/none"),
    "missing folder": get("/none/"), "folder": get("/folder/"), "folder without slash": get("/folder"),
    "folder with query": get("/folder?a=b"),
    "folder without index": get("/noindex/"), "empty folder": get("/bare/"), "below a file": get("/ten/x"), "file with slash": get("/ten/"),
    "index of a location": get("/index/"), "alias": get("/alias/file.txt"), "alias index": get("/alias/"),
    "alias without slash": get("/alias"),
    "alias missing": get("/alias/none"), "types": get("/types/a.txt"), "default type": get("/types/a.css"), "etag off": get("/noetag/ten"),
    # paths
    "dots": get("/folder/../ten"), "escaped dots": get("/folder/%2e%2e/ten"), "above": get("/../ten"), "slashes": get("//ten"),
    "many slashes": get("///folder///file.txt"),
    "escaped": get("/%74en"), "escaped slash": get("/folder%2Ffile.txt"), "percent": get("/%25"), "cut escape": get("/%"),
    "bad escape": get("/%zz"), "NUL": get("/%00"),
    "fragment": get("/ten#x"), "absolute": get("http://first.org/ten"), "absolute other": get("http://second.org/ten"),
    "absolute root": get("http://first.org"),
    "absolute query": get("http://first.org?a"), "encoded redirect": get("/a%20b.txt/"), "plus": get("/a+b.txt"),
    # methods
    "HEAD": get("/ten", method="HEAD"), "HEAD missing": get("/none", method="HEAD"), "HEAD text": get("/text", method="HEAD"),
    "HEAD folder": get("/folder", method="HEAD"),
    "HEAD 304": get("/ten", f"If-None-Match: {ETAG}", method="HEAD"),
    "POST file": post("/ten", b"x"), "POST text": post("/text", b"x"), "PUT": get("/ten", method="PUT"),
    "DELETE": get("/ten", method="DELETE"),
    "OPTIONS": get("/ten", method="OPTIONS"), "PATCH": get("/ten", method="PATCH"),
    "FOO": get("/ten", method="FOO"),
    "lower-case": get("/ten", method="get"), "POST folder": post("/folder", b""), "POST missing": post("/none", b"x"),
    "405 trick": post("/405/ten", b"x"),
    "FOO text": get("/text", method="FOO"),
    # conditions and ranges
    "304 etag": get("/ten", f"If-None-Match: {ETAG}"), "304 date": get("/ten", f"If-Modified-Since: {DATE}"),
    "304 star": get("/ten", "If-None-Match: *"),
    "304 weak": get("/ten", f"If-None-Match: W/{ETAG}"), "304 list": get("/ten", f'If-None-Match: "a", {ETAG}'),
    "200 etag": get("/ten", 'If-None-Match: "x"'),
    "200 date": get("/ten", "If-Modified-Since: Tue, 14 Nov 2023 22:13:21 GMT"),
    "both": get("/ten", f"If-Modified-Since: {DATE}", 'If-None-Match: "x"'),
    "match": get("/ten", f"If-Match: {ETAG}"), "unmodified": get("/ten", f"If-Unmodified-Since: {DATE}"),
    "304 missing": get("/none", "If-None-Match: *"),
    "range": get("/ten", "Range: bytes=2-4"), "range open": get("/ten", "Range: bytes=7-"), "range suffix": get("/ten", "Range: bytes=-3"),
    "range too long": get("/ten", "Range: bytes=5-99"), "range unit": get("/ten", "Range: lines=1-2"),
    "range caps": get("/ten", "Range: BYTES=0-0"),
    "416": get("/ten", "Range: bytes=10-"), "if-range": get("/ten", "Range: bytes=0-1", f"If-Range: {ETAG}"),
    "if-range other": get("/ten", "Range: bytes=0-1", 'If-Range: "x"'),
    "if-range date": get("/ten", "Range: bytes=0-1", f"If-Range: {DATE}"), "range of text": get("/text", "Range: bytes=0-1"),
    "range of large": get("/large.txt", "Range: bytes=100-70000"),
    "range of head": get("/ten", "Range: bytes=0-1", method="HEAD"), "range overlapping": get("/ten", "Range: bytes=0-9,0-9"),
    # answers of the configuration
    "text": get("/text"), "prefix of nothing": get("/textual"), "return 200": get("/empty"), "204": get("/204"), "301": get("/301"),
    "302": get("/302?q=1"), "303": get("/303"),
    "307": get("/307"), "308": get("/308"), "url": get("/url"), "500": get("/c500"), "503": get("/c503"),
    "HEAD 301": get("/301", method="HEAD"), "POST 301": post("/301", b"abc"),
    "error page file": get("/c402"), "error page 200": get("/c403"), "error page =": get("/c406"), "error page named": get("/c410?a=b"),
    "error page named code": get("/c411"),
    "error page url": get("/c415"), "HEAD error page": get("/c402", method="HEAD"), "POST error page": post("/c406", b"x"),
    "POST named": post("/c410", b"x"), "internal": get("/pages/402.html"),
    "code with text": get("/code/123"), "cgi": get("/code.cgi"), "prefix": get("/prefix/code.cgi"), "prefix in": get("/prefix/in/code.cgi"),
    "variables": get("/vars/x%20y?a=1&b=2", "Cookie: c=d"), "variables empty": get("/vars"), "variables 1.0": get("/vars", version="1.0"),
    "variables host": get("/vars", host="WWW.First.org:123"),
    "added fields": get("/headers"), "added fields deep": get("/headers/deep"), "added fields own": get("/headers/own"),
    "no added": get("/none?x"),
    # hosts
    "second": get("/", host="second.org"), "host dots": get("/", host="a.b.dots.org"), "regex": get("/", host="re12.org"),
    "default": get("/ten", host="unknown"), "second missing": get("/no", host="second.org"),
    "host port": get("/folder", host="first.org:9"), "host dot": get("/", host="second.org."), "no host": get("/ten", host=None),
    "no host 1.0": get("/ten", host=None, version="1.0"),
    "empty host": get("/ten", host=""), "two hosts": get("/ten", "Host: x"), "bad host": get("/ten", host="a/b"),
    # connections
    "close": get("/ten", "Connection: close"), "1.0": get("/ten", version="1.0"),
    "1.0 keep-alive": get("/ten", "Connection: keep-alive", version="1.0"), "1.5": get("/ten", version="1.5"),
    "2.0": get("/ten", version="2.0"), "no keep": get("/nokeep"), "keep header": get("/keep"),
    "keep close": get("/keep", "Connection: close"), "1.0 keep header": get("/keep", "Connection: keep-alive", version="1.0"),
    "404 close": get("/none", "Connection: close"), "304 close": get("/ten", "Connection: close", "If-None-Match: *"),
    "204 close": get("/204", "Connection: close"),
    # content
    "413": post("/text", b"x" * 1001), "at the limit": post("/text", b"x" * 1000), "big": post("/big", b"x" * 50_000),
    "413 big": post("/big", b"x" * 102_401),
    "chunked": get("/text", "Transfer-Encoding: chunked", method="POST") + b"3\r\nabc\r\n0\r\n\r\n",
    "two lengths": post("/text", b"x", "Content-Length: 1"),
    "length and chunked": post("/text", b"", "Transfer-Encoding: chunked"),
    "gzip coding": get("/text", "Transfer-Encoding: gzip", method="POST"),
    "GET with content": get("/ten", "Content-Length: 3") + b"abc", "bad length": get("/text", "Content-Length: x", method="POST"),
    "1.0 chunked": get("/text", "Transfer-Encoding: chunked", version="1.0"),
    # malformed
    "space in target": b"GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", "no slash": b"GET ten HTTP/1.1\r\nHost: h\r\n\r\n",
    "space before colon": get("/ten", "X-A : b"), "underscore": get("/vars", "X_A: b"),
    "long line": get("/" + "a" * 9000), "long field": get("/", "X: " + "a" * 9000), "empty line first": b"\r\n" + get("/ten"),
    "folded": get("/ten", "X-A: b\r\n c"),
    "garbage": b"\x16\x03\x01\x02\r\n\r\n",
}

# name: (octets, nginx's status, ours, why we differ); None is a connection closed without an answer, 0 an answer without a head.
DIFFERENCES = {
    "CONNECT": (get("h:80", method="CONNECT", host="h:80"), 400, 405, "nginx 1.31 answers 405 as well"),
    "TRACE": (get("/ten", method="TRACE"), 405, 405, "nginx ends the connection with it, for no reason"),
    "OPTIONS *": (get("*", method="OPTIONS"), 400, 200, "RFC 9110 section 9.3.7 allows it"),
    "bare LF": (b"GET /ten HTTP/1.1\nHost: first.org\n\n", 200, 400, "RFC 9112 section 2.2: lenient line ends help smuggling"),
    "bare LF in a field": (b"GET /ten HTTP/1.1\r\nHost: first.org\nX: y\r\n\r\n", 200, 400, "the same"),
    "HTTP/0.9": (b"GET /ten\r\n", 0, 400, "nobody speaks it but attackers"),
    "user in host": (get("/ten", host="user@first.org"), 200, 400, "nginx 1.31 refuses it as well"),
    "two spaces": (b"GET  /ten HTTP/1.1\r\nHost: first.org\r\n\r\n", 200, 400, "RFC 9112 section 3: one space"),
    "no colon": (get("/ten", "X"), 200, 400, "a line that is no field line may hide one"),
    "name that is no token": (get("/ten", "X(A): b"), 200, 400, "RFC 9110 section 5.1"),
    "control in a value": (get("/ten", "X: a\x01b"), 200, 400, "RFC 9110 section 5.5"),
    "unknown expectation": (get("/ten", "Expect: wonders"), 200, 417, "RFC 9110 section 10.1.1"),
    "an empty range": (get("/ten", "Range: bytes=0-1,"), 416, 206, "RFC 9110 section 5.6.1.2: an empty element is none"),
    "range beyond integers": (get("/ten", "Range: bytes=0-99999999999999999999"), 416, 206, "RFC 9110 section 14.1.2"),
    "range backwards": (get("/ten", "Range: bytes=3-1"), 416, 200, "RFC 9110 section 14.1.1: an invalid range is ignored"),
}


@cases("name", SAME)
def test_the_same_answer(pair, name):
    ours, theirs = (answer(server, SAME[name]) for server in pair)
    assert ours == theirs


@cases("name", DIFFERENCES)
def test_a_difference_by_design(pair, name):
    octets, nginx, webserv, reason = DIFFERENCES[name]
    ours, theirs = (answer(server, octets) for server in pair)
    expected = nginx if process.is_nginx(process.BINARY) else webserv
    assert theirs.get("status", 0) == nginx
    assert ours.get("status", 0) == expected, reason


def test_there_are_enough_requests():
    assert len(SAME) >= 110


def test_the_same_log_lines(pair):
    """Of requests whose answers are equally long on both sides."""
    names = ("query", "304 star", "variables", "304 etag", "range", "error page file", "chunked", "second", "HEAD")
    lines = []
    for server in pair:
        log = server.site.dir / "own.log"
        before = len(log.read_text().splitlines())
        for name in names:
            octets = SAME[name]
            with server.connect() as connection:
                connection.send(octets)
                connection.read_response(octets.split(b" ")[0].decode())
        lines.append(server.log_lines(before + len(names), "own.log")[before:])
    assert neutral("\n".join(lines[0]), pair[0]) == neutral("\n".join(lines[1]), pair[1])

# integration/test_return_error_page.py: answers made by the configuration, pages for errors, and the pages built in.
from harness import process
from harness.marks import cases, covers, http1_only, webserv_only
from harness.transport import SCHEME, TRANSPORT

NAME = process.name_of(process.BINARY)
REASONS = {
    400: "Bad Request", 401: "Authorization Required", 402: "Payment Required", 403: "Forbidden", 404: "Not Found", 405: "Not Allowed",
    406: "Not Acceptable", 409: "Conflict", 410: "Gone", 411: "Length Required", 412: "Precondition Failed",
    413: "Request Entity Too Large", 414: "Request-URI Too Large", 415: "Unsupported Media Type",
    416: "Requested Range Not Satisfiable", 421: "Misdirected Request", 429: "Too Many Requests",
    500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Temporarily Unavailable",
    504: "Gateway Time-out", 505: "HTTP Version Not Supported", 507: "Insufficient Storage",
}


@covers("return")
@cases("code", [200, 201, 202, 203, 206, 300, 304, 305, 400, 404, 418, 451, 500, 503, 599, 600, 999])
def test_return_with_text(serve, code):
    server = serve(server=f'return {code} "text of $uri"; default_type text/a;')
    response = server.get("/path")
    assert response.status == code
    if code == 304:
        assert response.content == b""
    else:
        assert (response.text, response.field("Content-Type")) == ("text of /path", "text/a")


@covers("return")
@cases("code", [200, 201, 204, 304, 404, 500])
def test_return_without_text(serve, code):
    response = serve(server=f"return {code};").get("/")
    assert response.status == code
    assert (response.content == b"") == (code < 400)
    if code not in (204, 304):
        assert response.field("Content-Length") == str(len(response.content))


@http1_only("closes the stream alone: test_http2.py")
@covers("return")
def test_444_closes_without_an_answer(serve):
    server = serve(server="location /no { return 444; } location / { return 200 yes; }")
    with server.connect() as connection:
        assert connection.get("/").text == "yes"
        connection.send("GET /no HTTP/1.1\r\nHost: h\r\n\r\n")
        assert connection.is_closed()
    assert ' 444 0 ' in server.log_lines(2)[1]


@covers("return")
@cases("code, phrase",
    [(301, "Moved Permanently"), (302, "Moved Temporarily"), (303, "See Other"), (307, "Temporary Redirect"), (308, "Permanent Redirect")])
def test_redirects(serve, code, phrase):
    server = serve(server=f"location / {{ return {code} http://other.org$request_uri; }} location /local {{ return {code} /there; }}")
    response = server.get("/a%20b?c")
    assert (response.status, response.reason) == (code, "" if TRANSPORT == "h2" else phrase)
    assert response.field("Location") == "http://other.org/a%20b?c"
    assert f"<h1>{code} {'Found' if code == 302 else phrase}</h1>" in response.text and response.field("Content-Type") == "text/html"
    assert server.get("/local", host="h:7").field("Location") == f"{SCHEME}://h:{server.port}/there"


@covers("return")
@cases("url", ["http://other.org/x", "https://other.org/x", "$scheme://other.org/x"])
def test_a_lone_url_is_302(serve, url):
    response = serve(server=f"return {url};").get("/")
    assert (response.status, response.field("Location")) == (302, url.replace("$scheme", SCHEME))


@covers("return", "location")
def test_return_of_the_server_precedes_every_location(serve):
    server = serve(server='return 200 server; location / { return 200 location; }')
    assert server.get("/x").text == "server"


@covers("return")
def test_the_first_return_is_taken(serve):
    assert serve(server="location / { return 200 first; return 200 second; }").get("/").text == "first"


@covers("return")
def test_return_answers_every_method_and_head_has_no_content(serve):
    server = serve(server="return 200 text;")
    with server.connect() as connection:
        for method in ("GET", "POST", "PUT", "OPTIONS", "FOO"):
            assert connection.request(method, "/").text == "text"
        assert connection.request("HEAD", "/").field("Content-Length") == "4"
        assert connection.persists()


@webserv_only("nginx writes what $uri decodes to, line ends included")
def test_a_value_cannot_split_the_head(serve):
    server = serve(server="return 302 http://other.org/$arg_a$uri;")
    response = server.get("/%0d%0aX-Injected:%201?a=b%0d%0aX-Injected:%202")
    assert response.status in (302, 400, 500)
    assert response.all("X-Injected") == []


@covers("error_page")
def test_return_and_error_page(serve):
    server = serve(server="""error_page 404 /e;
        location = /e { internal; return 200 "page $uri $request_uri"; }
        location = /r1 { return 404; }
        location = /r2 { return 404 "text"; }""")
    assert (server.get("/r1").status, server.get("/r1").text) == (404, "page /e /r1")
    assert (server.get("/r2").status, server.get("/r2").text) == (404, "text")
    assert (server.get("/missing").status, server.get("/missing").text) == (404, "page /e /missing")
    assert server.get("/e").status == 404


@covers("error_page")
@cases("form, status", [("404", 404), ("404 =200", 200), ("404 =418", 418), ("404 =", 203), ("403 404 500 =", 203)])
def test_the_code_of_an_error_page(serve, form, status):
    server = serve(server=f'error_page {form} /e; location = /e {{ return 203 "page"; }}')
    response = server.get("/missing")
    assert (response.status, response.text) == (status, "page")


@covers("error_page")
def test_an_error_page_that_is_a_file(serve, site):
    site.write("errors/404.html", "no such page")
    server = serve(server="error_page 404 =404 /errors/404.html; error_page 403 /errors/$status.txt;")
    response = server.get("/missing")
    assert (response.status, response.text, response.field("Content-Type")) == (404, "no such page", "text/html")
    assert response.all("ETag") + response.all("Last-Modified") + response.all("Accept-Ranges") != ["unused"]
    assert server.request("HEAD", "/missing").status == 404


@covers("error_page")
def test_an_error_page_that_is_a_url(serve):
    server = serve(server="""error_page 404 http://other.org/$uri; error_page 403 =301 http://other.org/;
        location /forbidden { return 403; }""")
    response = server.get("/missing")
    assert (response.status, response.field("Location")) == (302, "http://other.org//missing")
    assert server.get("/forbidden").status == 301


@covers("error_page")
def test_a_named_location_keeps_uri_and_method(serve):
    server = serve(server="""error_page 404 = @named; error_page 405 =200 /get;
        location @named { return 200 "$request_method $uri $args"; }
        location = /get { return 200 "$request_method $uri"; }
        location = /refused { return 405; }""")
    assert server.get("/missing?a=1").text == "GET /missing a=1"
    assert server.request("POST", "/refused", content="x").text == "GET /get"
    assert server.request("HEAD", "/refused").field("Content-Length") == str(len("HEAD /get"))


@covers("error_page")
def test_post_to_a_static_file_with_the_405_trick(serve, site):
    site.write("file", "document")
    server = serve(server="error_page 405 =200 $uri;")
    with server.connect() as connection:
        assert connection.request("POST", "/file", content="form").text == "document"
        assert connection.get("/file").text == "document"


@covers("error_page")
def test_an_error_within_an_error_page_is_not_redirected_again(serve):
    server = serve(server="""error_page 404 403 /missing-page; location = /start { return 403; }""")
    response = server.get("/start")
    assert response.status in (403, 404)
    assert f"<h1>{response.status} " in response.text


@covers("error_page")
def test_an_error_page_with_arguments(serve):
    server = serve(server="""error_page 404 =200 /e?code=404&was=$uri; location = /e { return 200 "$uri $args"; }""")
    assert server.get("/missing?x=1").text == "/e code=404&was=/missing"


@covers("error_page")
def test_a_400_has_an_error_page_too(serve):
    server = serve(server="error_page 400 /e; location = /e { return 200 page; }")
    with server.connect() as connection:
        response = connection.request("GET", "/", host=None)
        assert (response.status, response.text) == (400, "page")
        assert connection.persists() if TRANSPORT == "h2" else connection.is_closed()


@covers("return")
@cases("code", sorted(REASONS))
def test_the_pages_built_in(serve, code):
    response = serve(server=f"return {code}; server_tokens off;").get("/")
    title = f"{code} {REASONS[code]}"
    assert (response.status, response.field("Content-Type")) == (code, "text/html")
    assert response.text == (f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
                             f"<hr><center>{NAME}</center>\r\n</body>\r\n</html>\r\n")


def test_browsers_of_old_get_no_padding_unless_they_ask(serve):
    server = serve(server="return 404; server_tokens off;")
    assert len(server.get("/").content) < 512


@http1_only("is about the Connection field")
@cases("code, persists",
    [(403, True), (404, True), (405, True), (503, True), (400, False), (413, False), (414, False), (500, False), (501, False)])
def test_which_errors_end_the_connection(serve, code, persists):
    server = serve(server=f"location / {{ return {code}; }}")
    with server.connect() as connection:
        response = connection.get("/")
        assert response.field("Connection") == ("keep-alive" if persists else "close")
        assert connection.persists() == persists

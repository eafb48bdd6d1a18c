# integration/test_post_action.py: what runs when the answer has left: it does what it does, and its log tells of the request.
# What the log says is compared with nginx in compared/post_action.py.
from harness import process
from harness.client import head_of
from harness.marks import cases, covers, http1_only, webserv_only

LOGS = """log_format behind '$request_uri $uri $args $status $body_bytes_sent $request_completion';"""


def on(server):
    return {"http": LOGS + " server { listen 127.0.0.1:{port}; " + server + " }"}


@covers("post_action")
def test_the_answer_is_the_first_and_the_line_the_last(serve):
    server = serve(**on("""
        location / { post_action /behind; return 200 answer; }
        location /error { post_action /behind; return 404 none; }
        location /behind { internal; access_log {dir}/behind.log behind; return 202 "nobody reads this"; }"""))
    with server.connect() as connection:
        assert connection.get("/first?a=b").text == "answer"
        assert connection.get("/error").text == "none"
        assert connection.get("/behind").status == 404, "it is internal for clients"
        assert connection.get("/last").text == "answer"
    lines = server.log_lines(4, "behind.log")
    assert [lines[0], lines[1], lines[3]] == ["/first?a=b /behind - 202 6 OK", "/error /behind - 202 4 OK", "/last /behind - 202 6 OK"]
    assert not (server.site.dir / "access.log").read_text()


@webserv_only('nginx looks for a location named "off"')
@covers("post_action")
def test_it_is_inherited_unless_it_is_off(serve):
    server = serve(http=LOGS + """post_action /behind;
        server { listen 127.0.0.1:{port}; access_log {dir}/behind.log behind;
            location / { return 200 answer; }
            location /own { post_action @own; return 200 answer; }
            location /off { post_action off; return 200 answer; }
            location /empty { post_action ""; return 200 answer; }
            location = /behind { post_action off; return 202 x; }
            location @own { post_action off; return 203 x; } }""")
    with server.connect() as connection:
        for path in ("/x", "/own", "/off", "/empty", "/y"):
            assert connection.get(path).text == "answer"
    assert server.log_lines(5, "behind.log") == ["/x /behind - 202 6 OK", "/own /own - 203 6 OK", "/off /off - 200 6 OK", "/empty /empty - 200 6 OK",
                                                 "/y /behind - 202 6 OK"]


@http1_only("in HTTP/2 no request waits for another")
def test_the_next_request_waits_for_it(serve):
    """Lines are in the order of the requests, and so are answers."""
    server = serve(**on("""access_log {dir}/behind.log behind;
        location / { post_action @behind; return 200 answer; }
        location /two { return 200 two; }
        location @behind { return 202 x; }"""))
    with server.connect() as connection:
        connection.send(head_of("GET", "/one") + head_of("GET", "/two") + head_of("GET", "/three"))
        assert [connection.read_response().text for _ in range(3)] == ["answer", "two", "answer"]
    assert server.log_lines(3, "behind.log") == ["/one /one - 202 6 OK", "/two /two - 200 3 OK", "/three /three - 202 6 OK"]


@http1_only("the connection is reset")
def test_also_when_the_client_has_gone(serve):
    server = serve(**on("""
        location / { post_action @behind; }
        location @behind { access_log {dir}/behind.log behind; return 202 x; }"""))
    server.site.write_large(20_000_000)
    with server.connect(receive_buffer=4096) as connection:
        connection.send(head_of("GET", "/large"))
        connection.read_head()
        connection.reset()
    line = server.log_lines(1, "behind.log")[0].split(" ")
    assert line[:4] == ["/large", "/large", "-", "202"] and int(line[4]) < 20_000_000 and line[5] == ""


@webserv_only("nginx asks for it before the answer")
def test_content_that_was_not_read_is_not_asked_for_any_more(serve, site):
    """Nobody is told to go on with content that nobody wanted before the answer; and a file is not made of what has not come."""
    server = serve(**on("""
        location / { post_action /files/new; return 200 answer; }
        location /files/ { access_log {dir}/behind.log behind; dav_methods PUT; create_full_put_path on; alias {dir}/files/; }"""))
    (site.dir / "files").mkdir()
    (site.dir / "files").chmod(0o777)
    assert server.request("PUT", "/x", content="content").text == "answer"
    assert server.request("PUT", "/x", "Content-Length: 7", "Expect: 100-continue").text == "answer"
    assert [line.split(" ")[3] for line in server.log_lines(2, "behind.log")] == ["500", "500"]
    server.error_line("request content is unavailable to a post_action|PUT request body is unavailable")
    assert not list((site.dir / "files").iterdir())


@webserv_only("nginx reads content only where it is passed on")
def test_content_that_was_read_is_still_there(serve, site):
    server = serve(http="""log_format behind '$request_body $status';
        server { listen 127.0.0.1:{port};
            location / { post_action @behind; return 200 "$request_body"; }
            location /not { post_action @behind; return 200 "answer"; }
            location @behind { access_log {dir}/behind.log behind; return 202 "$request_body"; } }""")
    assert server.request("POST", "/", content="content").text == "content"
    assert server.request("POST", "/not", content="content").text == "answer"
    assert server.log_lines(2, "behind.log") == ["content 202", "- 202"]


@http1_only("is about a request that is not understood")
@webserv_only('there it runs again, until it is refused; "off" would end that')
def test_behind_a_request_that_was_refused(serve):
    server = serve(**on("""post_action /behind; access_log {dir}/behind.log behind;
        location = /behind { post_action off; return 202; }"""))
    assert b" 400 " in server.raw(b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n")
    assert b" 400 " in server.raw(b"nonsense\r\n\r\n")
    assert [line.split(" ")[1:4] for line in server.log_lines(2, "behind.log")] == [["/behind", "-", "400"]] * 2


@webserv_only("nginx looks for a location of that name")
@cases("words", ["post_action behind", "post_action http://other.org/", "post_action $uri"])
def test_what_is_neither_a_path_nor_a_location_is_refused(site, words):
    conf = site.configure(server=words + ";")
    answer = process.run(["-p", str(site.dir), "-c", str(conf), "-t"])
    assert answer.returncode == 1 and 'in "post_action" directive' in answer.stderr and "it must be a path" in answer.stderr

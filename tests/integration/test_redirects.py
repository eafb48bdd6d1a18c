# integration/test_redirects.py: how redirects name this server, error pages that lead to others, and connections that end.
# Redirects to other servers are sent as they are written.
import signal
import time

import pytest
from harness.marks import cases, covers, http1_only, not_in_model, webserv_only
from harness.transport import SCHEME


@pytest.fixture(scope="module")
def server(shared_site, shared_serve):
    shared_site.write("folder/x", "x")
    return shared_serve(http="""server { listen 127.0.0.1:{port}; server_name first.org second.org; root {root};
        location /relative/ { absolute_redirect off; return 301 /to/there; }
        location /relative/folder { absolute_redirect off; alias {root}/folder; }
        location /absolute { return 301 /to/there; }
        location /named { server_name_in_redirect on; return 302 /x; }
        location /no_port { port_in_redirect off; return 302 /x; }
        location /both { server_name_in_redirect on; port_in_redirect off; return 302 /x; }
        location /elsewhere { absolute_redirect off; return 302 http://other.org/x; }
        }
        server { listen 127.0.0.1:{port2}; server_name_in_redirect on; location / { return 302 /x; } }""")


@covers("absolute_redirect", "server_name_in_redirect", "port_in_redirect")
@cases("target, location", [
    ("/absolute", "SCHEME://second.org:{port}/to/there"),
    ("/relative/", "/to/there"),
    ("/relative/folder", "/relative/folder/"),
    ("/folder?a=1", "SCHEME://second.org:{port}/folder/?a=1"),
    ("/named", "SCHEME://first.org:{port}/x"),
    ("/no_port", "SCHEME://second.org/x"),
    ("/both", "SCHEME://first.org/x"),
    ("/elsewhere", "http://other.org/x"),
])
def test_locations(server, target, location):
    found = server.get(target, host=f"second.org:{server.port}").field("Location")
    assert found == location.replace("{port}", str(server.port)).replace("SCHEME", SCHEME)


@covers("server_name_in_redirect")
def test_the_host_that_was_asked_for(server):
    assert server.get("/absolute", host="Second.ORG").field("Location") == f"{SCHEME}://second.org:{server.port}/to/there"
    assert server.get("/named", host="unknown").field("Location") == f"{SCHEME}://first.org:{server.port}/x"


@http1_only("nobody has to say a host in HTTP/1.0")
@covers("server_name_in_redirect")
def test_no_host_that_was_asked_for(server):
    assert server.get("/absolute", version="1.0", host=None).field("Location") == f"{SCHEME}://127.0.0.1:{server.port}/to/there"


@webserv_only("nginx names a server without a name so: http://:8080/")
def test_a_server_without_a_name(server):
    port = server.site.port("port2")
    assert server.get("/", address=port, host="a.org").field("Location") == f"{SCHEME}://a.org:{port}/x"


@covers("recursive_error_pages")
def test_error_pages_of_error_pages(serve):
    server = serve(server="""error_page 404 /second; error_page 403 = /third;
        location /first { return 404; }
        location /second { return 403; }
        location /third { return 200 third; }
        location /on/ { recursive_error_pages on; error_page 404 /on/second; error_page 403 = /third; return 404;
            location /on/second { return 403; } }""")
    assert server.get("/first").text.startswith("<html>\r\n<head><title>403")
    assert server.get("/on/").text == "third"


@covers("recursive_error_pages")
def test_error_pages_in_a_circle(serve):
    server = serve(server="recursive_error_pages on; error_page 404 500 /again; location / { return 404; }")
    response = server.get("/")
    assert response.status in (404, 500) and "<html>" in response.text
    server.error_line("rewrite or internal redirection cycle")


@http1_only("is about the Connection field")
@covers("keepalive_time")
def test_the_time_of_a_connection(serve):
    server = serve(server="location / { return 200 x; } location /end { keepalive_time 1ms; return 200 x; }")
    with server.connect() as connection:
        assert connection.get("/").field("Connection") == "keep-alive"
        time.sleep(0.02)
        assert connection.get("/end").field("Connection") == "close"
        assert connection.is_closed()


MSIE6 = "User-Agent: Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)"
SAFARI = "User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605 (KHTML, like Gecko) Version/13.0 Safari/605"


@http1_only("is about the Connection field")
@covers("keepalive_disable")
@cases("words, method, agent, kept", [
    ("", "POST", MSIE6, False), ("", "GET", MSIE6, True), ("", "POST", SAFARI, True), ("", "POST", "User-Agent: curl", True),
    ("keepalive_disable none;", "POST", MSIE6, True), ("keepalive_disable safari;", "GET", SAFARI, False),
    ("keepalive_disable safari;", "POST", MSIE6, True), ("keepalive_disable msie6 safari;", "POST", MSIE6, False),
])
def test_browsers_whose_connections_end(serve, words, method, agent, kept):
    server = serve(server=words + "location / { return 200 x; }")
    with server.connect() as connection:
        response = connection.request(method, "/", [agent], content=b"" if method == "POST" else None)
        assert response.field("Connection") == ("keep-alive" if kept else "close")
        assert connection.persists() == kept


@http1_only("is about the Connection field")
@not_in_model("iterative", "who is left alone lets nobody else in")
@webserv_only("of 1.27.4")
@covers("keepalive_min_timeout")
def test_idle_connections_are_left_alone(serve):
    server = serve(http="""server { listen 127.0.0.1:{port}; keepalive_min_timeout 20s; return 200 x; }
        server { listen 127.0.0.1:{port2}; return 200 x; }""", main="worker_processes 1; worker_shutdown_timeout 30s;")
    with server.connect() as kept, server.connect(server.site.port("port2")) as other:
        assert kept.get("/").status == other.get("/").status == 200
        server.process.signal(signal.SIGQUIT)
        assert other.is_closed()
        response = kept.get("/")
        assert (response.status, response.field("Connection")) == (200, "close")
        assert kept.is_closed()


@webserv_only("of 1.27.4")
@covers("keepalive_min_timeout")
def test_after_that_time_they_are_ended(serve):
    server = serve(server="keepalive_min_timeout 300ms; location / { return 200 x; }")
    with server.connect() as connection:
        assert connection.get("/").status == 200
        server.process.signal(signal.SIGQUIT)
        assert connection.is_closed()
    assert server.process.wait() == 0

# integration/test_server_name.py: the host of a request chooses the server.
# Exact name, then the longest wildcard at the front, then at the end, then the first regex, then the default server.
import socket

from harness.marks import cases, covers, http1_only, webserv_only

SERVERS = r"""
    server { listen 127.0.0.1:{port}; server_name default.org; return 200 default; }
    server { listen 127.0.0.1:{port}; server_name exact.com WWW.Upper.com; return 200 exact; }
    server { listen 127.0.0.1:{port}; server_name *.front.com; return 200 front; }
    server { listen 127.0.0.1:{port}; server_name *.long.front.com; return 200 longfront; }
    server { listen 127.0.0.1:{port}; server_name www.end.*; return 200 end; }
    server { listen 127.0.0.1:{port}; server_name www.end.co.*; return 200 longend; }
    server { listen 127.0.0.1:{port}; server_name *.ex.com; return 200 star-ex; }
    server { listen 127.0.0.1:{port}; server_name www.ex.*; return 200 ex-star; }
    server { listen 127.0.0.1:{port}; server_name .dot.com; return 200 dot; }
    server { listen 127.0.0.1:{port}; server_name "~^ABC"; return 200 caseless; }
    server { listen 127.0.0.1:{port}; server_name ~^lower; return 200 lower; }
    server { listen 127.0.0.1:{port}; server_name ~^(\d+)\.(?<zone>[a-z]+)\.re$; return 200 "$1 $zone"; }
    server { listen 127.0.0.1:{port}; server_name ~^1; return 200 second-regex; }
    server { listen 127.0.0.1:{port}; server_name ""; return 200 unnamed; }
"""
CASES = [
    ("exact.com", "exact"), ("EXACT.com", "exact"), ("exact.com:80", "exact"), ("exact.com.", "exact"), ("www.upper.com", "exact"),
    ("exact.com.:8080", "exact"), ("xexact.com", "default"), ("sub.exact.com", "default"),
    ("a.front.com", "front"), ("a.b.front.com", "front"), ("front.com", "default"), ("a.long.front.com", "longfront"),
    ("www.end.org", "end"), ("www.end.a.b", "end"), ("www.end.co.uk", "longend"), ("www.end", "default"), ("x.www.end.org", "default"),
    ("www.ex.com", "star-ex"), ("www.ex.org", "ex-star"),
    ("dot.com", "dot"), ("a.dot.com", "dot"), ("a.b.dot.com", "dot"), ("adot.com", "default"),
    ("abcd", "caseless"), ("ABCd", "caseless"), ("lowerx", "lower"), ("LOWERx", "lower"),
    ("17.de.re", "17 de"), ("1.9", "second-regex"), ("17.de.rex", "second-regex"),
    ("nobody.org", "default"), ("[::1]", "default"), ("127.0.0.1", "second-regex"), ("127.0.0.1:99", "second-regex"),
]


@covers("server_name", "server")
def test_the_order_of_names(shared_serve):
    server = shared_serve(http=SERVERS)
    with server.connect() as connection:
        answers = {host: connection.get("/", host=host).text for host, _ in CASES}
    assert answers == dict(CASES)


@http1_only("nobody has to say a host in HTTP/1.0")
@covers("server_name")
def test_a_request_without_host_meets_the_empty_name(serve):
    server = serve(http=SERVERS)
    assert server.request("GET", "/", host=None, version="1.0").text == "unnamed"
    assert server.request("GET", "/", host="exact.com", version="1.0").text == "exact"


@http1_only("a target is a path there")
@covers("server_name")
def test_the_target_says_the_host_before_the_field_does(serve):
    server = serve(http=SERVERS)
    assert server.get("http://exact.com/", host="a.front.com").text == "exact"
    assert server.get("http://EXACT.com:8080", host="a.front.com").text == "exact"


@covers("server_name")
def test_variables_of_names(serve):
    server = serve(http="""server { listen 127.0.0.1:{port}; server_name first second; return 200 "$server_name $host $http_host"; }""")
    assert server.get("/", host="second:81").text == "first second second:81"
    assert server.get("/", host="Other").text == "first other Other"


@http1_only("nobody has to say a host in HTTP/1.0")
@covers("server_name")
def test_variables_without_a_host(serve):
    server = serve(http="""server { listen 127.0.0.1:{port}; server_name first second; return 200 "$server_name $host $http_host"; }""")
    assert server.get("/", host=None, version="1.0").text == "first first "


@covers("server_name")
def test_the_machine_s_name(serve):
    server = serve(http="""server { listen 127.0.0.1:{port}; return 200 default; }
        server { listen 127.0.0.1:{port}; server_name $hostname; return 200 "machine $hostname"; }""")
    name = socket.gethostname().lower()
    assert server.get("/", host="x").text == "default"
    assert server.get("/", host=name).text == f"machine {name}"


@covers("server_name")
def test_the_same_name_twice_warns_and_the_first_wins(serve):
    server = serve(http="""server { listen 127.0.0.1:{port}; server_name a; return 200 first; }
        server { listen 127.0.0.1:{port}; server_name a; return 200 second; }""")
    assert server.get("/", host="a").text == "first"
    expected = f'conflicting server name "a" on 127.0.0.1:{server.port}, ignored'
    assert expected in server.process.stderr + server.error_log()


@http1_only("resets the stream: test_http2_rules.py")
@cases("host", ["a..b", "a/b", "a b", "a\x01b", "."])
def test_a_malformed_host_is_refused(serve, host):
    server = serve(http=SERVERS)
    with server.connect() as connection:
        assert connection.get("/", host=host).status == 400
        assert connection.is_closed()


@http1_only("resets the stream: test_http2_rules.py")
@webserv_only("since 1.29.4 a host is what RFC 3986 says, without userinfo, and a port has at most 65535")
@cases("host", ["user@host", "a:70000", "a:1x", "a:x:1", 'a"b', "a<b>", "[::1", "a\\b"])
def test_a_host_that_rfc_3986_does_not_know_is_refused(serve, host):
    server = serve(http=SERVERS)
    with server.connect() as connection:
        assert connection.get("/", host=host).status == 400
        assert connection.is_closed()

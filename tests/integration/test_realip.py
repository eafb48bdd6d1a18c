# integration/test_realip.py: the client behind a proxy, by a field of the request or by the PROXY protocol.
# The proxy is the test; what it may say is checked through variables, access rules and logs.

from harness import process
from harness.marks import cases, covers

ANSWER = 'return 200 "$remote_addr $remote_port|$realip_remote_addr";'
TRUSTED = "set_real_ip_from 127.0.0.1; set_real_ip_from 10.0.0.0/8; set_real_ip_from 2001:db8::/32; "


@covers("set_real_ip_from", "real_ip_header")
@cases("settings, fields, client", [
    ("", ["X-Real-IP: 192.0.2.1"], "192.0.2.1 "),
    ("", ["X-Real-IP: 192.0.2.1:1234"], "192.0.2.1 1234"),
    ("", ["X-Real-IP: 2001:db8::1"], "2001:db8::1 "),
    ("", ["X-Real-IP: [2001:db8::1]:1234"], "2001:db8::1 1234"),
    ("", ["X-Real-IP: 192.0.2.1, 192.0.2.2"], "192.0.2.2 "),
    ("", ["X-Real-IP: nonsense"], None),
    ("", ["X-Real-IP: 192.0.2.1:0"], None),
    ("", ["X-Real-IP: 192.0.2.300"], None),
    ("", ["X-Real-IP:"], None),
    ("", [], None),
    ("", ["X-Forwarded-For: 192.0.2.1"], None),
    ("real_ip_header X-Forwarded-For;", ["X-Forwarded-For: 192.0.2.1"], "192.0.2.1 "),
    ("real_ip_header x-forwarded-for;", ["X-Forwarded-For: 192.0.2.1, 10.0.0.1"], "10.0.0.1 "),
    ("real_ip_header X-Forwarded-For;", ["X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 192.0.2.2"], "192.0.2.2 "),
    ("real_ip_header X-Forwarded-For;", ["X-Forwarded-For: 192.0.2.1 , "], "192.0.2.1 "),
    ("real_ip_header X-Mine;", ["X-Mine: 192.0.2.1"], "192.0.2.1 "),
    ("real_ip_header X-Mine;", ["X-Real-IP: 192.0.2.1"], None),
])
def test_fields(serve, settings, fields, client):
    server = serve(server=TRUSTED + settings + "location / { " + ANSWER + " }")
    answer = server.get("/", *fields).text
    found, own = answer.split("|")
    assert own == "127.0.0.1"
    if client is None:
        assert found.startswith("127.0.0.1 ") and found != "127.0.0.1 "
    else:
        assert found == client


@covers("real_ip_recursive", "set_real_ip_from")
@cases("fields, client", [
    (["X-Forwarded-For: 192.0.2.1, 10.0.0.1"], "192.0.2.1"),
    (["X-Forwarded-For: 192.0.2.1, 192.0.2.2, 10.0.0.1, 10.0.0.2"], "192.0.2.2"),
    (["X-Forwarded-For: 10.0.0.3, 10.0.0.1"], "10.0.0.3"),
    (["X-Forwarded-For: nonsense, 10.0.0.1"], "10.0.0.1"),
    (["X-Forwarded-For: 192.0.2.1, nonsense"], "127.0.0.1"),
    (["X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 10.0.0.1"], "192.0.2.1"),
    (["X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 192.0.2.2"], "192.0.2.2"),
    (["X-Forwarded-For: 192.0.2.1,10.0.0.1,2001:db8::7"], "192.0.2.1"),
    (["X-Forwarded-For: nonsense", "X-Forwarded-For: 10.0.0.1"], "10.0.0.1"),
])
def test_trusted_addresses_are_passed_over(serve, fields, client):
    server = serve(server=TRUSTED + "real_ip_header X-Forwarded-For; real_ip_recursive on; location / { " + ANSWER + " }")
    assert server.get("/", *fields).text.split(" ")[0] == client


@covers("set_real_ip_from")
@cases("trusted, believed", [
    ("set_real_ip_from 127.0.0.1;", True),
    ("set_real_ip_from 127.0.0.0/8;", True),
    ("set_real_ip_from 127.0.0.2;", False),
    ("set_real_ip_from 0.0.0.0/0;", True),
    ("set_real_ip_from ::/0;", False),
    ("set_real_ip_from unix:;", False),
    ("set_real_ip_from localhost;", True),
    ("set_real_ip_from 10.0.0.1; set_real_ip_from 127.0.0.1;", True),
    ("", False),
])
def test_who_is_believed(serve, trusted, believed):
    server = serve(server=trusted + "location / { " + ANSWER + " }")
    assert (server.get("/", "X-Real-IP: 192.0.2.1").text.split(" ")[0] == "192.0.2.1") == believed


@covers("set_real_ip_from")
def test_a_local_socket_is_believed(serve, site):
    path = str(site.dir / "socket")
    server = serve(http="server { listen unix:{dir}/socket; set_real_ip_from unix:; location / { " + ANSWER + " } }", wait_for=[path])
    assert server.get("/", "X-Real-IP: 192.0.2.1", address=path).text == "192.0.2.1 |unix:"


@covers("set_real_ip_from")
def test_everything_is_about_that_client(serve, site):
    site.write("file", "x")
    server = serve(http="""log_format who "$remote_addr $realip_remote_addr $realip_remote_port"; server { listen 127.0.0.1:{port};
        access_log {dir}/who.log who; set_real_ip_from 127.0.0.1; deny 192.0.2.1; }""")
    assert server.get("/file").status == 200
    assert server.get("/file", "X-Real-IP: 192.0.2.1").status == 403
    assert server.get("/file", "X-Real-IP: 192.0.2.2").status == 200
    assert "client: 192.0.2.1" in server.error_line("access forbidden")
    words = [line.split() for line in server.log_lines(3, "who.log")]
    assert [line[:2] for line in words] == [["127.0.0.1", "127.0.0.1"], ["192.0.2.1", "127.0.0.1"], ["192.0.2.2", "127.0.0.1"]]
    assert all(int(line[2]) > 1024 for line in words)


@covers("set_real_ip_from")
def test_levels(serve, site):
    for name in ("file", "location/file", "own/file"):
        site.write(name, "x")
    server = serve(server="""deny 192.0.2.1; location /location/ { set_real_ip_from 127.0.0.1; real_ip_header X-Location; }
        location /own/ { set_real_ip_from 10.0.0.1; }""")
    assert server.get("/file", "X-Location: 192.0.2.1").status == 200
    assert server.get("/location/file", "X-Location: 192.0.2.1").status == 403
    assert server.get("/own/file", "X-Real-IP: 192.0.2.1").status == 200


@covers("set_real_ip_from")
def test_each_request_speaks_for_itself(serve):
    server = serve(server="set_real_ip_from 127.0.0.1; location / { " + ANSWER + " }")
    with server.connect() as connection:
        assert connection.get("/", "X-Real-IP: 192.0.2.1").text.startswith("192.0.2.1 ")
        assert connection.get("/").text.startswith("127.0.0.1 ")
        assert connection.get("/", "X-Real-IP: 192.0.2.2").text.startswith("192.0.2.2 ")


@cases("words, complaint", [
    ("set_real_ip_from", "invalid number of arguments"),
    ("set_real_ip_from 127.0.0.1/64", 'in set_real_ip_from "127.0.0.1/64"'),
    ("set_real_ip_from no.such.name.invalid", 'host not found in set_real_ip_from "no.such.name.invalid"'),
    ("real_ip_recursive perhaps", 'invalid value "perhaps"'),
])
def test_wrong_words(site, words, complaint):
    conf = site.configure(server=words + ";")
    answer = process.run(["-p", str(site.dir), "-c", str(conf), "-t"])
    assert answer.returncode == 1 and complaint in answer.stderr

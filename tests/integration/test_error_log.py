# integration/test_error_log.py: where the lines of an error log go: several files, syslog, JSON.
# The form of a line and the levels are in test_log.py.
import json
import re
import socket

import pytest
from harness import process
from harness.client import head_of
from harness.marks import cases, covers, webserv_only


@pytest.fixture
def syslog():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(10)
        yield receiver


def message_with(receiver, text):
    """The first message that contains `text`; others may come before."""
    while True:
        message = receiver.recv(65536).decode("latin-1")
        if text in message:
            return message


@covers("error_log")
def test_several_at_one_level(serve, site):
    server = serve(server="root {root}; error_log {dir}/1.log; error_log {dir}/2.log crit; error_log {dir}/3.log info; error_log stderr;")
    server.get("/missing")
    for name in ("1.log", "3.log"):
        server.error_line("/missing", name)
    process.wait_until(lambda: "/missing" in server.process.stderr, what="a line on stderr")
    assert (site.dir / "2.log").read_text() == ""
    assert "/missing" not in server.error_log()


@covers("error_log")
@cases("parameters, facility, host, tag", [
    ("", 23, True, "nginx"), (",facility=daemon,tag=site,nohostname,severity=debug", 3, False, "site")])
def test_syslog(serve, site, syslog, parameters, facility, host, tag):
    """The severity is the line's own."""
    server = serve(server=f"root {{root}}; error_log syslog:server=127.0.0.1:{syslog.getsockname()[1]}{parameters} info;")
    server.get("/missing")
    server.request("GET", "/", host=None)
    name = re.escape(socket.gethostname().lower() + " ") if host else ""
    when = r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d "
    for text, level, severity in (("/missing", "error", 3), ("Host", "info", 6)):
        message = message_with(syslog, text)
        form = rf"<{facility * 8 + severity}>{when}{name}{tag}: \d{{4}}/\d\d/\d\d \d\d:\d\d:\d\d \[{level}\] \d+#\d+: \*\d+ .*"
        assert re.fullmatch(form, message), message


@covers("error_log")
def test_a_syslog_server_that_is_away_stops_nothing(serve, site):
    server = serve(server="root {root}; error_log syslog:server=unix:{dir}/nobody info; error_log syslog:server=127.0.0.1:9 info; "
                          "error_log {dir}/file.log;")
    with server.connect() as connection:
        for _ in range(100):
            assert connection.get("/missing").status == 404
    server.error_line("/missing", "file.log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:  # it comes, and is there
        receiver.settimeout(10)
        receiver.bind(str(site.dir / "nobody"))
        (site.dir / "nobody").chmod(0o666)
        for _ in range(3):
            server.get("/missing")
        assert "/missing" in message_with(receiver, "/missing")


@covers("error_log")
def test_a_syslog_server_that_reads_nothing_stops_nothing(serve, site):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(site.dir / "deaf"))
        (site.dir / "deaf").chmod(0o666)
        server = serve(server="root {root}; error_log syslog:server=unix:{dir}/deaf info; access_log syslog:server=unix:{dir}/deaf;")
        with server.connect() as connection:
            for _ in range(900):  # twice as many lines, more than its queue holds
                assert connection.get("/missing").status == 404


@webserv_only("writes text")
@covers("error_log")
def test_json(serve, site):
    server = serve(server="root {root}; server_name name; error_log {dir}/error.json info format=json; error_log {dir}/error.txt info;")
    server.get("/missing?a=1", 'Referer: http://r/"quoted"', host="h:1")
    server.request("GET", "/", host=None)
    line = json.loads(server.error_line("/missing", "error.json"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d", line.pop("time"))
    assert line.pop("pid") == line.pop("tid")
    assert line.pop("connection") > 0
    assert line == {"level": "error", "message": f'open() "{site.root}/missing" failed (2: No such file or directory)',
                    "client": "127.0.0.1", "server": "name", "request": "GET /missing?a=1 HTTP/1.1", "host": "h:1",
                    "referrer": 'http://r/"quoted"'}
    text = server.error_line("/missing", "error.txt")
    assert text.endswith(f'client: 127.0.0.1, server: name, request: "GET /missing?a=1 HTTP/1.1", host: "h:1", '
                         f'referrer: "http://r/"quoted""')
    refused = json.loads(server.error_line("Host", "error.json"))
    assert refused["level"] == "info" and "host" not in refused


@webserv_only("writes text")
@covers("error_log")
def test_every_line_of_json_is_an_object(serve, site):
    """Whatever octets a client sends, and also at debug, where they are many."""
    server = serve(server="root {root}; error_log {dir}/error.json debug format=json;")
    for target in ("/\xff\xfe", "/%ff%00", "/" + "%22" * 2000, "/a%0d%0ab", "/%c3%a4"):
        server.get(target, "Referer: \xe4\xff\"\\", f"X: {'x' * 3000}")
    server.raw(b"\x16\x03\x01\xff\xfe\x00")
    server.error_line("favicon|%c3%a4", "error.json")
    server.stop()
    for line in (site.dir / "error.json").read_bytes().decode("utf-8", errors="strict").splitlines():
        assert json.loads(line)["level"]


@webserv_only("has no formats")
@covers("error_log")
def test_json_to_syslog(serve, syslog):
    server = serve(server=f"root {{root}}; error_log syslog:server=127.0.0.1:{syslog.getsockname()[1]},nohostname error format=json;")
    server.get("/missing")
    message = message_with(syslog, "/missing")
    assert json.loads(message.split("nginx: ", 1)[1])["client"] == "127.0.0.1"


@covers("error_log")
@cases("words, message", [
    ("{dir}/x loud", 'invalid log level "loud"'),
    ("syslog:server=127.0.0.1,facility=none", 'unknown syslog facility "none"'),
    ("syslog:tag=a", "no syslog server specified"),
    ("{dir}/x; error_log {dir}/x", '"error_log" directive is duplicate'),
])
def test_refused(site, words, message):
    conf = site.configure(server=f"error_log {words};")
    result = process.run(["-p", str(site.dir), "-c", str(conf), "-t"])
    if process.is_nginx(process.BINARY) and "duplicate" in message:
        return
    assert result.returncode == 1
    assert message in result.stderr


@webserv_only("has other details to tell")
@covers("error_log")
@cases("words, told", [("debug", True), ("debug_http", True), ("debug_core debug_http", True), ("debug_event", False), ("debug_core debug_mail", False), ("info", False)])
def test_kinds_of_debugging(serve, site, words, told):
    server = serve(server=f"error_log {{dir}}/own {words}; location / {{ return 404; }} location /missing {{ root {{root}}; }}")
    server.get("/")
    server.get("/missing")
    server.error_line("No such file", "own")
    assert ("[debug]" in (site.dir / "own").read_text()) == told


@webserv_only("has no formats, and keeps logs in memory")
@cases("words, message", [
    ("{dir}/x error format=xml", 'unknown format "xml" of "error_log"'),
    ("memory:32m debug", '"memory:" logs of "error_log" are known to nginx but not supported by webserv yet'),
])
def test_refused_by_name(site, words, message):
    conf = site.configure(server=f"error_log {words};")
    result = process.run(["-p", str(site.dir), "-c", str(conf), "-t"])
    assert result.returncode == 1
    assert message in result.stderr


@covers("log_not_found")
@cases("value, logged", [("on", True), ("off", False), (None, True)])
def test_log_not_found(serve, site, value, logged):
    server = serve(server=f"root {{root}}; {f'log_not_found {value};' if value else ''} location /other/ {{ log_not_found on; }}")
    site.write("forbidden", mode=0o000)
    assert server.get("/missing").status == 404
    assert server.get("/folder/").status == 404
    assert server.get("/forbidden").status == 403
    assert server.get("/other/missing").status == 404
    server.error_line("/other/missing")
    server.error_line("/forbidden.*Permission denied")  # not silenced
    log = server.error_log()
    assert (f"{site.root}/missing" in log) == logged
    assert (f'"{site.root}/folder/index.html" is not found' in log or f'"{site.root}/folder/" is not found' in log) == logged


def test_a_server_with_a_debug_log_answers_as_ever(serve):
    server = serve(server="root {root}; error_log {dir}/debug.log debug; location / { return 200 x; }")
    with server.connect() as connection:
        connection.send(head_of("GET", "/a") + head_of("GET", "/b"))
        assert connection.read_response().text == connection.read_response().text == "x"


def ask_from(address, server, target):
    with socket.create_connection(server.address, timeout=10, source_address=(address, 0)) as client:
        client.sendall(head_of("GET", target, ["Connection: close"]))
        while client.recv(65536):
            pass


@covers("debug_connection")
@cases("networks, watched", [
    ("127.0.0.2", ["127.0.0.2"]), ("127.0.0.2/31", ["127.0.0.2", "127.0.0.3"]), ("127.0.0.4; debug_connection 127.0.0.2", ["127.0.0.2"]),
    ("localhost", ["127.0.0.1"]), ("unix:", []), ("::1", []),
])
def test_debug_connection(serve, networks, watched):
    """Only their connections, and all of the log's places whatever their level."""
    server = serve(events=f"worker_connections 256; debug_connection {networks};",
                   server="error_log {dir}/1.log crit; error_log {dir}/2.log info; return 200 x;")
    for address in ("127.0.0.1", "127.0.0.2", "127.0.0.3"):
        ask_from(address, server, f"/from-{address}")
    server.stop()
    for name in ("1.log", "2.log"):
        lines = [line for line in (server.site.dir / name).read_text().splitlines() if "[debug]" in line]
        for address in ("127.0.0.1", "127.0.0.2", "127.0.0.3"):
            assert any(f"/from-{address} " in line or f'/from-{address}"' in line for line in lines) == (address in watched)


@covers("debug_connection")
@cases("word, message", [("no.such.host.invalid", 'host not found in debug_connection "no.such.host.invalid"')])
def test_debug_connection_refused(site, word, message):
    conf = site.configure(events=f"debug_connection {word};", server="")
    result = process.run(["-p", str(site.dir), "-c", str(conf), "-t"])
    assert result.returncode == 1
    assert message in result.stderr


@covers("debug_connection")
def test_debug_connection_of_a_local_client(serve, site):
    server = serve(events="worker_connections 256; debug_connection unix:;",
                   http="server { listen 127.0.0.1:{port}; listen unix:{dir}/s; return 200 x; }")
    server.get("/tcp")
    server.get("/local", address=str(site.dir / "s"))
    server.error_line(r"\[debug\].*/local")
    assert not re.search(r"\[debug\].*/tcp", server.error_log())

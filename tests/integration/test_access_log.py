# integration/test_access_log.py: what becomes of an access log's lines: buffers, gzip, paths with variables, syslog.
# log_format and its variables are in test_log.py.
import gzip
import os
import re
import signal
import socket
import subprocess

import pytest
from harness import process
from harness.marks import cases, covers, not_in_model, webserv_only

QUIET = "client_body_temp_path {dir}/content; root {root}; log_format path '$uri'; "


class SyslogServer:
    """A datagram socket that keeps what it gets; by UDP, or by a local socket at `path`."""

    def __init__(self, path=None, address="127.0.0.1"):
        self.path = path
        family = socket.AF_UNIX if path else socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind(str(path) if path else (address, 0))
        if path:
            os.chmod(path, 0o666)
        self.socket.settimeout(10)
        self.port = None if path else self.socket.getsockname()[1]

    def message(self):
        return self.socket.recv(65536).decode("latin-1")

    def close(self):
        self.socket.close()
        if self.path:
            self.path.unlink()


@pytest.fixture
def syslog():
    server = SyslogServer()
    yield server
    server.close()


# Buffers

@not_in_model("fork", "a child writes what it has at its end")
@covers("access_log")
def test_a_line_longer_than_the_buffer_does_not_wait(serve, site):
    server = serve(http="server { listen 127.0.0.1:{port}; access_log {dir}/a.log path buffer=20; return 200 x; }", defaults=QUIET)
    server.get("/short")
    server.get("/" + "long" * 10)
    assert server.log_lines(2, "a.log") == ["/short", "/" + "long" * 10]
    server.get("/next")
    server.get("/" + "a" * 18)  # with its end just as long as the buffer: that fits
    assert server.log_lines(3, "a.log")[2:] == ["/next"]
    server.get("/1")
    assert server.log_lines(4, "a.log")[3:] == ["/" + "a" * 18]


@not_in_model("fork", "a child writes what it has at its end")
@covers("access_log")
def test_all_that_name_one_file_share_its_buffer(serve, site):
    server = serve(http="""server { listen 127.0.0.1:{port};
        location /1 { access_log {dir}/a.log path buffer=20; return 200 x; }
        location /2 { access_log {dir}/a.log path; return 200 x; } }""", defaults=QUIET)
    for target in ("/1a", "/2b", "/1c"):
        server.get(target)
    assert (site.dir / "a.log").read_text() == ""
    server.stop()
    assert (site.dir / "a.log").read_text() == "/1a\n/2b\n/1c\n"


@not_in_model("fork", "a child writes what it has at its end")
@covers("access_log")
@cases("parameters", ["gzip buffer=40", "gzip=9 buffer=40", "gzip flush=200ms"])
def test_gzip(serve, site, parameters):
    """Other programs read the file while it grows: each write is a whole member."""
    server = serve(http="server { listen 127.0.0.1:{port}; access_log {dir}/a.gz path " + parameters + "; return 200 x; }", defaults=QUIET)
    path = site.dir / "a.gz"
    expected = []
    for i in range(12):
        server.get(f"/line{i}")
        expected.append(f"/line{i}")
    process.wait_until(lambda: path.stat().st_size > 0, what="octets in the log")
    for program in ("zcat", "gunzip -c"):
        partly = subprocess.run([*program.split(), path], capture_output=True, text=True, check=True).stdout.splitlines()
        assert partly and partly == expected[:len(partly)]
    server.stop()
    assert gzip.decompress(path.read_bytes()).decode().splitlines() == expected
    members = path.read_bytes().count(b"\x1f\x8b\x08")
    assert members >= (2 if "buffer" in parameters else 1)


@covers("access_log")
@cases("directives, message", [
    ("access_log a.log path gzip=10;", 'invalid compression level "10"'),
    ("access_log a.log path gzip=0;", 'invalid compression level "0"'),
    ("access_log a.log path gzip=x;", 'invalid compression level "x"'),
    ("access_log a.log path buffer=0;", 'invalid buffer size "0"'),
    ("access_log a.log path buffer=x;", 'invalid buffer size "x"'),
    ("access_log a.log path flush=1s;", 'no buffer is defined for access_log "a.log"'),
    ("access_log a.log path buffer=1k flush=x;", 'invalid flush time "x"'),
    ("access_log a.log path buffer=1k; access_log a.log path buffer=2k;",
     'access_log "a.log" already defined with conflicting parameters'),
    ("access_log a.log path buffer=1k; access_log a.log path gzip buffer=1k;",
     'access_log "a.log" already defined with conflicting parameters'),
    ("access_log a.log path some=thing;", 'invalid parameter "some=thing"'),
    ("access_log a.log nobody;", 'unknown log format "nobody"'),
    ("access_log $host.log path buffer=1k;", "buffered logs cannot have variables in name"),
    ("access_log syslog:server=127.0.0.1 path buffer=1k;", "logs to syslog cannot be buffered"),
    ("access_log syslog:server=127.0.0.1,facility=none;", 'unknown syslog facility "none"'),
    ("access_log syslog:server=127.0.0.1,severity=none;", 'unknown syslog severity "none"'),
    ("access_log syslog:server=127.0.0.1,tag=a-b;", 'syslog "tag" only allows alphanumeric characters and underscore'),
    (f"access_log syslog:server=127.0.0.1,tag={'a' * 33};", "syslog tag length exceeds 32"),
    ("access_log syslog:server=127.0.0.1,server=127.0.0.1;", 'duplicate syslog "server"'),
    ("access_log syslog:server=127.0.0.1,tag=a,tag=b;", 'duplicate syslog "tag"'),
    ("access_log syslog:facility=user;", "no syslog server specified"),
    ("access_log syslog:server=127.0.0.1,colour=red;", 'unknown syslog parameter "colour=red"'),
    ("access_log syslog:server=127.0.0.1:0;", 'invalid port in syslog server "127.0.0.1:0"'),
    ("access_log syslog:server=no.such.host.invalid;", 'host not found in syslog server "no.such.host.invalid"'),
    ("open_log_file_cache inactive=1s;", '"open_log_file_cache" must have "max" parameter'),
    ("open_log_file_cache max=0;", '"open_log_file_cache" must have "max" parameter'),
    ("open_log_file_cache max=x;", 'invalid "open_log_file_cache" parameter "max=x"'),
    ("open_log_file_cache max=1 some=1;", 'invalid "open_log_file_cache" parameter "some=1"'),
    ("open_log_file_cache max=1 min_uses=x;", 'invalid "open_log_file_cache" parameter "min_uses=x"'),
])
def test_refused(site, directives, message):
    conf = site.configure(http="log_format path '$uri'; server { " + directives + " }")
    result = process.run(["-p", str(site.dir), "-c", str(conf), "-t"])
    assert result.returncode == 1
    assert message in result.stderr


@covers("access_log")
def test_a_log_that_cannot_be_written_is_told_about_once(serve, site):
    server = serve(server="access_log /dev/full; return 200 x;")
    with server.connect() as connection:
        for _ in range(5):
            assert connection.get("/").status == 200
    server.error_line(r'\[alert\].* write\(\) to "/dev/full" failed \(28: No space left on device\)')
    server.get("/")
    server.stop()
    assert server.error_log().count("/dev/full") == (2 if os.environ.get("WEBSERV_CONCURRENCY") == "fork" else 1)


# Paths with variables

@covers("access_log")
def test_a_path_with_variables(serve, site):
    os.chmod(site.dir, 0o777)  # workers open it
    server = serve(http="""server { listen 127.0.0.1:{port}; access_log {dir}/$host.log path; return 200 x; }""", defaults=QUIET)
    for host, target in (("one", "/1"), ("two", "/2"), ("one", "/3")):
        server.get(target, host=host)
    assert server.log_lines(2, "one.log") == ["/1", "/3"]
    assert server.log_lines(1, "two.log") == ["/2"]


@covers("access_log")
def test_a_path_with_variables_is_relative_to_the_prefix(serve, site):
    server = serve(http="""server { listen 127.0.0.1:{port}; access_log $host.log path; return 200 x; }""", defaults=QUIET)
    os.chmod(site.dir, 0o777)
    server.get("/", host="name")
    assert server.log_lines(1, "name.log") == ["/"]


@covers("access_log")
def test_without_its_root_there_is_no_log_of_a_path_with_variables(serve, site):
    server = serve(http="""server { listen 127.0.0.1:{port}; root {root}/$host; access_log {dir}/$host.log path; return 200 x; }""",
                   defaults="client_body_temp_path {dir}/content; log_format path '$uri';")
    os.chmod(site.dir, 0o777)
    (site.root / "there").mkdir()
    site.write("file")
    for host in ("missing", "file", "there"):
        assert server.get("/", host=host).status == 200
    assert server.log_lines(1, "there.log") == ["/"]
    server.error_line(rf'\[error\] .* testing "{site.root}/missing" existence failed \(2: No such file or directory\) while logging request, ')
    server.error_line(rf'\[error\] .* testing "{site.root}/file" existence failed \(20: Not a directory\)')
    assert not (site.dir / "missing.log").exists() and not (site.dir / "file.log").exists()


@covers("access_log")
def test_a_path_with_variables_that_cannot_be_opened(serve, site):
    server = serve(http="server { listen 127.0.0.1:{port}; access_log {dir}/none/$host.log path; return 200 x; }", defaults=QUIET)
    assert server.get("/", host="name").status == 200
    server.error_line(rf'\[crit\] .* open\(\) "{site.dir}/none/name.log" failed \(2: No such file or directory\) while logging request, client: ')


def open_files(server, suffix):
    """Which files of this ending the first worker has open."""
    worker = server.process.worker()
    folder = f"/proc/{worker}/fd"
    names = []
    for number in os.listdir(folder):
        try:
            names.append(os.path.basename(os.readlink(f"{folder}/{number}")))
        except FileNotFoundError:
            pass
    return sorted(name for name in names if name.endswith(suffix))


CACHED = "server { listen 127.0.0.1:{port}; access_log {dir}/$host.var path; return 200 x; }"


@not_in_model("fork", "each child has a cache of its own")
@covers("open_log_file_cache")
@cases("parameters, expected", [
    ("off", []),
    ("max=10", ["a.var", "b.var", "c.var"]),
    ("max=2", ["a.var", "c.var"]),
    ("max=10 min_uses=2", ["a.var"]),
])
def test_files_stay_open(serve, site, parameters, expected):
    os.chmod(site.dir, 0o777)
    server = serve(http=f"open_log_file_cache {parameters};" + CACHED, defaults=QUIET)
    for host in ("a", "b", "a", "c"):
        server.get("/" + host, host=host)
    for host, count in (("a", 2), ("b", 1), ("c", 1)):
        assert server.log_lines(count, host + ".var") == ["/" + host] * count
    process.wait_until(lambda: open_files(server, ".var") == expected, what=f"{expected} open, and no others")


@not_in_model("fork", "each child has a cache of its own")
@covers("open_log_file_cache")
def test_a_name_is_looked_at_again_after_its_time(serve, site):
    os.chmod(site.dir, 0o777)
    server = serve(http="open_log_file_cache max=10 valid=1s;" + CACHED, defaults=QUIET)
    server.get("/1", host="a")
    server.log_lines(1, "a.var")
    (site.dir / "a.var").rename(site.dir / "a.old")
    server.get("/2", host="a")  # within the time

    def again():
        server.get("/3", host="a")
        return (site.dir / "a.var").exists()

    process.wait_until(again, what="a file of the old name")
    assert (site.dir / "a.old").read_text().startswith("/1\n/2\n")


@not_in_model("fork", "each child has a cache of its own")
@covers("open_log_file_cache")
def test_files_that_nobody_uses_are_closed(serve, site):
    os.chmod(site.dir, 0o777)
    server = serve(http="open_log_file_cache max=10 inactive=1s;" + CACHED, defaults=QUIET)
    server.get("/", host="a")
    server.log_lines(1, "a.var")

    def others():
        server.get("/", host="b")
        return open_files(server, ".var") == ["b.var"]

    process.wait_until(others, what="only the other file open")


@webserv_only("its cache is not told")
@not_in_model("fork", "each child has a cache of its own")
@covers("open_log_file_cache")
def test_a_rotation_reaches_cached_files_at_once(serve, site):
    os.chmod(site.dir, 0o777)
    server = serve(http="open_log_file_cache max=10 valid=1h;" + CACHED, defaults=QUIET)
    server.get("/1", host="a")
    server.log_lines(1, "a.var")
    (site.dir / "a.var").rename(site.dir / "a.old")
    server.process.signal(signal.SIGUSR1)

    def again():
        server.get("/2", host="a")
        return (site.dir / "a.var").exists()

    process.wait_until(again, what="a file of the old name")


# syslog

HEADER = r"<(\d+)>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d "


@covers("access_log")
@cases("parameters, priority, host, tag", [
    ("", 23 * 8 + 6, True, "nginx"),
    (",nohostname", 23 * 8 + 6, False, "nginx"),
    (",facility=user,tag=my_site,severity=debug", 1 * 8 + 7, True, "my_site"),
    (",facility=kern,severity=emerg,nohostname,tag=x", 0, False, "x"),
    (",facility=auth,severity=warn", 4 * 8 + 4, True, "nginx"),
    (",facility=authpriv,severity=notice", 10 * 8 + 5, True, "nginx"),
    (",facility=local0,severity=crit", 16 * 8 + 2, True, "nginx"),
])
def test_syslog(serve, syslog, parameters, priority, host, tag):
    server = serve(server=f"access_log syslog:server=127.0.0.1:{syslog.port}{parameters} path; return 200 x;", defaults=QUIET)
    server.get("/one")
    server.get("/two")
    name = socket.gethostname().lower() + " " if host else ""
    for target in ("/one", "/two"):
        match = re.fullmatch(HEADER + re.escape(name) + f"{tag}: {target}", message := syslog.message())
        assert match, message
        assert int(match[1]) == priority


@covers("access_log")
def test_syslog_by_a_local_socket_that_goes_and_comes_back(serve, site):
    path = site.dir / "syslog.sock"
    first = SyslogServer(path)
    server = serve(server="access_log syslog:server=unix:{dir}/syslog.sock,nohostname path; return 200 x;", defaults=QUIET)
    with server.connect() as connection:
        connection.get("/1")
        assert first.message().endswith("nginx: /1")
        first.close()
        for _ in range(3):
            assert connection.get("/lost").status == 200
        second = SyslogServer(path)
        for _ in range(3):
            connection.get("/2")  # nginx needs one to find out
        # A line is written after its answer, so the last of the lost may find the new socket already.
        received = [second.message()]
        while received[-1].endswith("nginx: /lost") and len(received) < 4:
            received.append(second.message())
        assert received[-1].endswith("nginx: /2"), received
        second.close()


@webserv_only("says something else for each line")
@covers("access_log")
def test_a_syslog_server_that_is_away_is_told_about(serve, site):
    server = serve(server="access_log syslog:server=unix:{dir}/nobody path; return 200 x;", defaults=QUIET)
    assert server.get("/").status == 200
    server.error_line(r'\[alert\].* sendmsg\(\) to "syslog:server=unix:.*/nobody,.*" failed \(2: No such file or directory\)')


@covers("access_log")
def test_syslog_over_ipv6_and_by_name(serve):
    receivers = [SyslogServer(address="::1"), SyslogServer()]
    server = serve(server=f"""access_log syslog:server=[::1]:{receivers[0].port} path;
        access_log syslog:server=localhost:{receivers[1].port} path; return 200 x;""", defaults=QUIET)
    server.get("/a")
    assert receivers[0].message().endswith("nginx: /a")
    if "127.0.0.1" == socket.getaddrinfo("localhost", None, type=socket.SOCK_DGRAM)[0][4][0]:
        assert receivers[1].message().endswith("nginx: /a")
    for receiver in receivers:
        receiver.close()


@covers("access_log")
def test_syslog_and_files_together(serve, site, syslog):
    os.chmod(site.dir, 0o777)
    server = serve(server=f"""access_log {{dir}}/a.log path; access_log syslog:server=127.0.0.1:{syslog.port} path;
        access_log {{dir}}/$host.log path; return 200 x;""", defaults=QUIET)
    server.get("/x", host="name")
    assert server.log_lines(1, "a.log") == server.log_lines(1, "name.log") == ["/x"]
    assert syslog.message().endswith("nginx: /x")


@covers("access_log")
def test_syslog_survives_a_reload(serve, site, syslog):
    text = f"access_log syslog:server=127.0.0.1:{syslog.port} path; return 200 %s;"
    server = serve(server=text % "old", defaults=QUIET)
    server.get("/1")
    assert syslog.message().endswith(": /1")
    site.configure(server=text % "new", defaults=QUIET)
    server.process.signal(signal.SIGHUP)
    process.wait_until(lambda: server.get("/2").text == "new", what="the new configuration")
    message = syslog.message()
    assert message.endswith(": /2")


# Rotation with living connections

@covers("access_log")
def test_a_connection_that_lives_through_a_rotation_writes_to_the_new_file(serve, site):
    server = serve(server="access_log {dir}/a.log path; return 200 x;", defaults=QUIET)
    with server.connect() as connection:
        connection.get("/before")
        server.log_lines(1, "a.log")
        for name in ("a.1", "a.2"):  # twice: each file takes over from the one before
            (site.dir / "a.log").rename(site.dir / name)
            server.process.signal(signal.SIGUSR1)
            process.wait_until(lambda: (site.dir / "a.log").exists(), what="a new file")

            def arrives():
                connection.get("/after")
                return (site.dir / "a.log").read_text()

            process.wait_until(arrives, what="a line in the new file")
    assert (site.dir / "a.1").read_text().startswith("/before\n")

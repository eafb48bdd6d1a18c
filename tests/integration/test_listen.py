# integration/test_listen.py: the forms of an address, its default server, and the options of its socket.
# Socket options are read back from the kernel with ss(8).
import re
import socket
import stat
import subprocess
from pathlib import Path

from harness import process
from harness.marks import cases, covers, not_in_model, webserv_only

ANSWER = 'return 200 "%s $server_addr $server_port";'


def listening(port):
    """ss's lines for the listening sockets of a port."""
    lines = subprocess.run(["ss", "-ltnH"], capture_output=True, text=True, check=True).stdout.splitlines()
    return [line.split() for line in lines if line.split()[3].endswith(f":{port}")]


@covers("listen")
@cases("form, address, local", [
    ("{port}", "127.0.0.1", "127.0.0.1"),
    ("*:{port}", "127.0.0.1", "127.0.0.1"),
    ("0.0.0.0:{port}", "127.0.0.2", "127.0.0.2"),
    ("127.0.0.1:{port}", "127.0.0.1", "127.0.0.1"),
    ("localhost:{port}", "127.0.0.1", "127.0.0.1"),
    ("[::1]:{port}", "::1", "::1"),
    ("[::]:{port}", "::1", "::1"),
    ("[::]:{port} ipv6only=on", "::1", "::1"),
    ("[::]:{port} ipv6only=off", "127.0.0.1", "::ffff:127.0.0.1"),
])
def test_forms_of_an_address(serve, site, form, address, local):
    port = site.port()
    server = serve(http="server { listen " + form + "; " + ANSWER % "here" + " }", wait_for=[(address, port)])
    answer = server.get("/", address=(address, port)).text
    assert re.fullmatch(rf"here \[?{re.escape(local)}\]? {port}|here 127.0.0.1 {port}", answer), answer


@covers("listen")
def test_several_ports(serve, site):
    """At an address of its own, whose ports nobody else has."""
    first, address = site.port(), "127.77.0.1"
    ports = range(first, first + 3)
    server = serve(http=f"server {{ listen {address}:{first}-{first + 2}; " + ANSWER % "here" + " }", wait_for=[(address, port) for port in ports])
    assert [server.get("/", address=(address, port)).text for port in ports] == [f"here {address} {port}" for port in ports]


@covers("listen")
@cases("form, closed", [
    ("127.0.0.1:{port}", ("127.0.0.2", "::1")),
    ("{port}", ("::1",)),
    ("[::]:{port}", ("127.0.0.1",)),
])
def test_nothing_else_is_open(serve, site, form, closed):
    port = site.port()
    opened = "::1" if "[" in form else "127.0.0.1"
    serve(http="server { listen " + form + "; }", wait_for=[(opened, port)])
    for address in closed:
        assert not process.can_connect((address, port)), address


@covers("listen")
def test_unix_socket(serve, site):
    path = str(site.dir / "socket")
    server = serve(http="server { listen unix:{dir}/socket; " + ANSWER % "$remote_addr" + " }", wait_for=[path])
    assert stat.S_ISSOCK(Path(path).stat().st_mode)
    assert server.get("/", address=path).text.startswith("unix: unix:" + path)
    assert Path(path).stat().st_mode & 0o777 == 0o666
    server.stop()
    assert not Path(path).exists(), "the socket file goes with the server"


@covers("listen")
def test_several_addresses_of_one_server(serve, site):
    path = str(site.dir / "socket")
    server = serve(http="""server { listen 127.0.0.1:{port}; listen 127.0.0.1:{port2}; listen [::1]:{port};
        listen unix:{dir}/socket; return 200 "port $server_port"; }""")
    assert server.get("/").text == f"port {site.port()}"
    assert server.get("/", address=site.port("port2")).text == f"port {site.port('port2')}"
    assert server.get("/", address=("::1", site.port())).text == f"port {site.port()}"
    assert server.get("/", address=path).text == "port "


@covers("listen", "server")
def test_the_port_chooses_the_server(serve, site):
    server = serve(http="""server { listen 127.0.0.1:{port}; return 200 one; }
        server { listen 127.0.0.1:{port2}; return 200 two; }""")
    assert server.get("/").text == "one"
    assert server.get("/", address=site.port("port2")).text == "two"


@covers("listen")
def test_an_exact_address_beats_the_wildcard(serve):
    server = serve(http="""server { listen {port}; return 200 "wildcard $server_addr"; }
        server { listen 127.0.0.2:{port}; return 200 "exact $server_addr"; }""")
    assert server.get("/").text == "wildcard 127.0.0.1"
    assert server.get("/", address=("127.0.0.2", server.port)).text == "exact 127.0.0.2"


@covers("listen")
def test_names_of_wildcard_and_exact_address_do_not_mix(serve):
    server = serve(http="""server { listen {port}; server_name a; return 200 wildcard; }
        server { listen 127.0.0.1:{port}; server_name b; return 200 exact; }""")
    assert server.get("/", host="a").text == "exact"


@covers("listen")
def test_default_server(serve):
    first = 'server { listen 127.0.0.1:{port}; server_name a; return 200 a; }'
    second = 'server { listen 127.0.0.1:{port}%s; server_name b; return 200 b; }'
    assert serve(http=first + second % "").get("/", host="unknown").text == "a"


@covers("listen")
def test_default_server_is_named(serve):
    server = serve(http="""server { listen 127.0.0.1:{port}; server_name a; return 200 a; }
        server { listen 127.0.0.1:{port} default_server; server_name b; return 200 b; }""")
    assert server.get("/", host="unknown").text == "b"
    assert server.get("/", host="a").text == "a"


@covers("listen")
@cases("option, queue", [("", 511), (" backlog=37", 37)])
def test_backlog(serve, site, option, queue):
    serve(http="server { listen 127.0.0.1:{port}" + option + "; }")
    (line,) = listening(site.port())
    assert int(line[2]) == min(queue, int(Path("/proc/sys/net/core/somaxconn").read_text()))


@not_in_model("fork", "$pid is the child's")
@covers("listen")
@cases("option, sockets", [("", 1), (" reuseport", 3)])
def test_reuseport_gives_each_worker_a_socket(serve, site, option, sockets):
    server = serve(http="server { listen 127.0.0.1:{port}" + option + '; return 200 "$pid"; }', main="worker_processes 3;")
    assert len(listening(site.port())) == sockets
    for _ in range(20):
        assert int(server.get("/").text) in server.process.workers()


@webserv_only("nginx supports these")
@cases("option", ["spdy", "quic"])
def test_parameters_of_later_versions_are_refused_by_name(site, option):
    conf = site.configure(http="server { listen 127.0.0.1:{port} " + option + "; }")
    result = process.run(["-p", str(site.dir), "-c", str(conf), "-t"])
    assert result.returncode == 1
    assert f'"{option.split("=")[0]}"' in result.stderr and "not supported" in result.stderr


def test_a_port_that_is_taken_ends_the_start(site):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        conf = site.configure(http=f"server {{ listen 127.0.0.1:{port}; }}")
        result = process.run(["-p", str(site.dir), "-c", str(conf), "-g", "daemon off;"])
    assert result.returncode == 1
    assert f"bind() to 127.0.0.1:{port} failed (98: Address already in use)" in result.stderr


def test_one_wildcard_socket_serves_many_addresses(serve):
    names = "".join(f"server {{ listen {{port}}; server_name s{i}; return 200 {i}; }}" for i in range(300))
    server = serve(http="server_names_hash_max_size 4096;" * process.is_nginx(process.BINARY) + names)
    assert [server.get("/", host=f"s{i}").text for i in (0, 7, 299)] == ["0", "7", "299"]

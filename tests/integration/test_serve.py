# integration/test_serve.py: `webserv serve FOLDER`: a folder on a port, without a configuration.
import re
import signal
import socket

from harness import process
from harness.marks import cases, webserv_only

pytestmark = webserv_only("nginx needs a configuration")


def test_files_and_folders(serving, site):
    site.write("index.html", "index")
    site.write("a/b.css", "style")
    server = serving()
    assert server.get("/").text == "index"
    assert server.get("/a/b.css").field("Content-Type") == "text/css"
    assert server.get("/a").status == 301
    assert server.get("/none").status == 404
    assert server.get("/../etc/passwd").status == 400


def test_it_prints_where_it_can_be_reached(serving, site):
    server = serving()
    server.wait_for(rf"http://(127\.0\.0\.1|localhost):{server.port}\b")


def test_the_last_port_counts(serving):
    """`./run --port N` says it a second time."""
    server = serving()
    assert not server.stop()
    again = serving("--port", str(server.port), "--port", str(server.port))
    again.wait_for(rf"http://(127\.0\.0\.1|localhost):{server.port}\b")


def test_it_binds_to_this_machine_only(serving, site):
    server = serving()
    assert process.can_connect(("127.0.0.1", server.port))
    assert not process.can_connect(("127.0.0.2", server.port))


def test_bind_opens_it(serving, site):
    site.write("file", "x")
    server = serving("--bind", "0.0.0.0")
    assert server.get("/file", address=("127.0.0.2", server.port)).text == "x"


def test_unix(serving, site):
    site.write("file", "x")
    path = str(site.dir / "socket")
    assert serving("--unix", path).get("/file", address=path).text == "x"


def test_one_line_a_request_without_colour(serving, site):
    site.write("file", "12345")
    server = serving()
    server.get("/file")
    server.get("/none?a=b")
    server.wait_for(r"GET /none")
    lines = [line for line in server.text().splitlines() if "GET /" in line]
    assert len(lines) == 2
    assert "/file" in lines[0] and "200" in lines[0] and "404" in lines[1]
    assert "\x1b" not in server.text()


def test_a_line_cannot_be_forged(serving, site):
    server = serving()
    server.get("/%0aGET /forged%1b[31m".replace(" ", "%20"))
    server.wait_for(r"GET /")
    assert "\x1b" not in server.text() and not re.search(r"^GET /forged", server.text(), re.M)


def test_quiet(serving, site):
    site.write("file", "x")
    server = serving("--quiet")
    server.get("/file")
    server.process.signal(signal.SIGTERM)
    server.process.wait()
    assert "GET /file" not in server.text()


@cases("target", ["/.git/config", "/.env", "/a/.hidden", "/%2egit/config", "/a/../.env", "/.env?x", "/.git/"])
def test_dot_files_are_hidden(serving, site, target):
    for path in (".git/config", ".env", "a/.hidden"):
        site.write(path, "secret")
    server = serving()
    assert server.get(target).status == 404


def test_a_port_that_is_taken(site):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = process.run(["serve", str(site.root), "--port", str(port)])
    assert result.returncode == 1
    output = result.stderr + result.stdout
    named = [int(number) for number in re.findall(r"\b\d{4,5}\b", output)]
    assert port in named and any(port < number <= port + 100 for number in named), output


@cases("arguments, code",
    [(["serve", "/no/such/folder"], 1), (["serve", "--port", "99999"], 2), (["serve", "--nosuch"], 2), (["serve", "/etc/passwd"], 1)])
def test_wrong_arguments(arguments, code):
    result = process.run(arguments)
    assert result.returncode == code
    assert result.stderr + result.stdout


def test_help():
    result = process.run(["serve", "--help"])
    assert result.returncode == 0
    for word in ("--port", "--bind", "--unix", "--index", "--spa", "--cors", "--listing", "--auth", "--backlog", "--quiet", "--trace"):
        assert word in result.stdout + result.stderr


@cases("number", [signal.SIGINT, signal.SIGTERM, signal.SIGQUIT])
def test_it_ends_cleanly(serving, site, number):
    server = serving()
    server.process.signal(number)
    assert server.process.wait() == 0

# integration/test_serve_options.py: `webserv serve` with --index, --spa, --cors, --listing and --auth.
# What each of them changes, and what it leaves as it is.
import base64
import os
from pathlib import Path

import pytest
from harness import process
from harness.client import Connection, head_of
from harness.marks import cases, webserv_only

pytestmark = webserv_only("nginx needs a configuration")


@pytest.fixture(autouse=True)
def documents(site):
    site.write("index.html", "<p>index</p>")
    site.write("a/file.txt", "file")
    site.write("b/index.html", "index of b")
    site.write("b/home.txt", "home of b")
    site.write(".env", "secret")
    site.write("c/.hidden/file", "secret")


def basic(words):
    return "Authorization: Basic " + base64.b64encode(words.encode()).decode()


def test_folders_are_listed(serving):
    server = serving()
    page = server.get("/a/")
    assert page.status == 200 and page.field("Content-Type") == "text/html; charset=utf-8" and "file.txt" in page.text
    assert server.get("/").text == "<p>index</p>"
    assert 'href=".hidden' not in server.get("/c/").text
    assert server.get("/c/.hidden/").status == 404


def test_no_listing(serving):
    server = serving("--no-listing")
    assert server.get("/a/").status == 403 and server.get("/").text == "<p>index</p>"


def test_index(serving):
    server = serving("--index", "home.txt")
    assert server.get("/b/").text == "home of b"
    assert "index.html" in server.get("/").text and server.get("/index.html").text == "<p>index</p>"


@cases("name", ["", "a/b", 'a"b', "a$b", "a\\b", "a\nb"])
def test_what_is_no_index(name):
    result = process.run(["serve", "--index", name])
    assert result.returncode == 2 and "index" in result.stderr + result.stdout


@cases("target", ["/no", "/no/such/path", "/a/no", "/a/no/", "/no?x=1", "/a/", "/%3Cx%3E"])
def test_spa_answers_unknown_paths(serving, target):
    page = serving("--spa").get(target)
    assert (page.status, page.text, page.field("Content-Type")) == (200, "<p>index</p>", "text/html")


def test_spa_leaves_the_rest(serving, site):
    server = serving("--spa")
    assert server.get("/a/file.txt").text == "file"
    assert server.get("/b/").text == "index of b"
    assert server.get("/b").status == 301
    assert server.get("/.env").status == 404 and server.get("/no/.env").status == 404
    (site.root / "index.html").unlink()
    assert server.get("/").status == 404 and server.get("/no").status == 404


def test_spa_with_another_index_and_a_listing(serving, site):
    site.write("app page.html", "app")
    server = serving("--spa", "--index", "app page.html")
    assert server.get("/no").text == "app" and server.get("/").text == "app"


def test_cors(serving):
    server = serving("--cors")
    for target in ("/", "/a/file.txt", "/none", "/a"):
        assert server.get(target, "Origin: http://elsewhere.org").field("Access-Control-Allow-Origin") == "*"
    with Connection(("127.0.0.1", server.port)) as client:
        client.send(head_of("OPTIONS", "/a/file.txt", ["Origin: http://elsewhere.org", "Access-Control-Request-Method: GET",
                                                       "Access-Control-Request-Headers: authorization, x-own"]))
        answer = client.read_response()
    assert (answer.status, answer.field("Access-Control-Allow-Origin"), answer.field("Access-Control-Allow-Methods")) == (204, "*", "GET, HEAD")
    assert answer.field("Access-Control-Allow-Headers") == "authorization, x-own"


def test_without_cors(serving):
    server = serving()
    assert server.get("/", "Origin: http://elsewhere.org").field("Access-Control-Allow-Origin") is None
    with Connection(("127.0.0.1", server.port)) as client:
        client.send(head_of("OPTIONS", "/", ["Access-Control-Request-Method: GET"]))
        assert client.read_response().status == 405


@cases("model", ["event", "fork", "iterative"])
def test_auth(serving, model):
    server = serving("--auth", "ann:se:cret pass", "--concurrency", model)
    assert server.get("/").status == 401 and server.get("/").field("WWW-Authenticate") == 'Basic realm="webserv"'
    assert server.get("/", basic("ann:se:cret pass")).text == "<p>index</p>"
    for wrong in ("ann:se", "ann:", "ann:se:cret pass ", "bob:se:cret pass", "Ann:se:cret pass"):
        assert server.get("/a/file.txt", basic(wrong)).status == 401
        assert server.get("/none", basic(wrong)).status == 401


def test_auth_is_not_shown_to_others(serving):
    server = serving("--auth", "ann:password")
    server.get("/", basic("ann:password"))
    assert b"password" not in Path(f"/proc/{server.process.pid}/cmdline").read_bytes()
    assert "password" not in server.text()


def test_auth_from_the_environment(serving, monkeypatch):
    monkeypatch.setitem(os.environ, "WEBSERV_AUTH", "ann:other")
    server = serving()
    assert server.get("/").status == 401 and server.get("/", basic("ann:other")).status == 200


def test_auth_with_cors_and_spa(serving):
    """A browser asks beforehand without credentials, so that question is answered."""
    server = serving("--auth", "a:b", "--cors", "--spa")
    with Connection(("127.0.0.1", server.port)) as client:
        client.send(head_of("OPTIONS", "/x", ["Access-Control-Request-Method: GET", "Access-Control-Request-Headers: authorization"]))
        assert client.read_response().status == 204
    refused = server.get("/x")
    assert refused.status == 401 and refused.field("Access-Control-Allow-Origin") == "*"
    assert server.get("/x", basic("a:b")).text == "<p>index</p>"


@cases("words", ["nocolon", ":password", "#user:password", "", "us\ner:x"])
def test_what_is_no_auth(words):
    result = process.run(["serve", "--auth", words])
    assert result.returncode == 2 and result.stderr + result.stdout

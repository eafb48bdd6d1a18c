# integration/test_server_tokens.py: whether the Server field and the built-in pages tell the version.
import re

from harness import process
from harness.marks import cases, covers

NAME = process.name_of(process.BINARY)
VERSION = rf"{NAME}/\d+\.\d+\.\d+"


@covers("server_tokens")
@cases("setting, pattern",
    [("", VERSION), ("server_tokens on;", VERSION), ("server_tokens off;", NAME), ("server_tokens build;", VERSION + r"( \(.+\))?")])
def test_server_tokens(serve, setting, pattern):
    server = serve(server=setting + "location /text { return 200 x; } location / { return 404; }")
    assert re.fullmatch(pattern, server.get("/text").field("Server"))
    page = server.get("/")
    assert re.fullmatch(pattern, page.field("Server"))
    assert re.search(f"<hr><center>{pattern}</center>", page.text)


@covers("server_tokens")
def test_a_location_decides_for_itself(serve):
    server = serve(server="server_tokens off; location / { return 404; } location /on { server_tokens on; return 404; }")
    assert server.get("/").field("Server") == NAME
    assert re.fullmatch(VERSION, server.get("/on").field("Server"))


@covers("server_tokens")
def test_refusals_obey_too(serve):
    server = serve(server="server_tokens off; location / { return 200 x; }")
    response = server.request("GET", "/", host=None)
    assert (response.status, response.field("Server")) == (400, NAME)
    assert f"<center>{NAME}</center>" in response.text

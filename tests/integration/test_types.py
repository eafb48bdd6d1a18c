# integration/test_types.py: which Content-Type a document gets.
# The last extension decides, ignoring case; what is in no `types` gets `default_type`.
from harness.marks import covers


@covers("types")
def test_types_map_the_last_extension(serve, site):
    for name in ("a.html", "a.one", "a.TWO", "a.one.two"):
        site.write(name, "x")
    server = serve(server="types { text/one one; text/two two 2; } default_type text/none;")
    assert server.get("/a.one").field("Content-Type") == "text/one"
    assert server.get("/a.TWO").field("Content-Type") == "text/two"
    assert server.get("/a.one.two").field("Content-Type") == "text/two"
    assert server.get("/a.html").field("Content-Type") == "text/none"


@covers("types")
def test_types_of_a_location_replace_those_outside(serve, site):
    for name in ("a.one", "b/a.one", "b/a.two", "empty/a.one"):
        site.write(name, "x")
    server = serve(server="""types { text/one one; } default_type text/none;
        location /b/ { types { text/two two; } }
        location /empty/ { types { } default_type a/b; }""")
    assert server.get("/a.one").field("Content-Type") == "text/one"
    assert server.get("/b/a.one").field("Content-Type") == "text/none"
    assert server.get("/b/a.two").field("Content-Type") == "text/two"
    assert server.get("/empty/a.one").field("Content-Type") == "a/b"


def test_without_types_there_are_three(serve, site):
    expected = {"a.html": "text/html", "a.gif": "image/gif", "a.jpg": "image/jpeg", "a.txt": "text/plain", "a": "text/plain"}
    for name in expected:
        site.write(name, "x")
    server = serve(server="")
    assert {name: server.get("/" + name).field("Content-Type") for name in expected} == expected


@covers("default_type")
def test_default_type(serve, site):
    site.write("plain", "x")
    site.write("other/plain", "x")
    server = serve(server="default_type text/a; location /other/ { default_type application/b; }")
    assert server.get("/plain").field("Content-Type") == "text/a"
    assert server.get("/other/plain").field("Content-Type") == "application/b"


@covers("default_type")
def test_an_empty_default_type_sends_none(serve, site):
    site.write("plain", "x")
    server = serve(server='default_type "";')
    response = server.get("/plain")
    assert (response.status, response.all("Content-Type")) in ((200, []), (200, [""]))


def test_a_dot_in_a_folder_name_is_no_extension(serve, site):
    site.write("folder.one/file", "x")
    server = serve(server="types { text/one one; } default_type text/none;")
    assert server.get("/folder.one/file").field("Content-Type") == "text/none"


def test_a_type_may_have_parameters_and_be_quoted(serve, site):
    site.write("a.one", "x")
    server = serve(server='types { "text/one; charset=utf-8" one; }')
    assert server.get("/a.one").field("Content-Type") == "text/one; charset=utf-8"

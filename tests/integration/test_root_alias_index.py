# integration/test_root_alias_index.py: from a path to a file: root, alias, index, and what lies outside of them.
# What is no regular file must neither be served nor hang anybody.
import os
import socket

import pytest
from harness.marks import cases, covers, http1_only
from harness.transport import SCHEME


@covers("root")
def test_root_is_put_before_the_path(serve, site):
    site.write("a/file", "outer")
    site.write(site.dir / "other/a/file", "inner")
    server = serve(server="location /a/ { root {dir}/other; } location / { root {root}; }")
    assert server.get("/a/file").text == "inner"
    assert server.get("/./a/file").text == "inner"
    assert server.get("/%61/file?x").text == "inner"


@covers("root")
def test_root_may_be_relative_to_the_prefix_and_end_in_a_slash(serve, site):
    site.write("file", "document")
    server = serve(server="root root; location /sub/ { root root//; }")
    site.write("sub/file", "below")
    assert server.get("/file").text == "document"
    assert server.get("/sub/file").text == "below"


@covers("root")
def test_root_may_hold_variables(serve, site):
    site.write("hosts/a/file", "of a")
    site.write("hosts/b/file", "of b")
    server = serve(server="server_name _; root {root}/hosts/$host;")
    assert server.get("/file", host="a").text == "of a"
    assert server.get("/file", host="b").text == "of b"
    assert server.get("/file", host="c").status == 404


@covers("alias")
def test_alias_replaces_the_prefix(serve, site):
    site.write("images/logo", "aliased")
    site.write("i/logo", "rooted")
    server = serve(server="location /i/ { alias {root}/images/; } location /i2/ { root {root}; }")
    assert server.get("/i/logo").text == "aliased"
    assert server.get("/i/none").status == 404


@covers("alias")
def test_alias_of_an_exact_location_is_the_file(serve, site):
    site.write("robots", "x")
    assert serve(server="location = /robots.txt { alias {root}/robots; }").get("/robots.txt").text == "x"


@covers("alias")
def test_alias_of_a_regex_location_is_the_whole_name(serve, site):
    site.write("pages/one.html", "one")
    server = serve(server=r"location ~ ^/p/(.*)$ { alias {root}/pages/$1.html; }")
    assert server.get("/p/one").text == "one"


@covers("alias", "root")
def test_a_nested_location_takes_the_alias_of_its_parent(serve, site):
    site.write("images/inner/logo", "aliased")
    site.write("other/i/root/logo", "rooted")
    server = serve(server="""location /i/ { alias {root}/images/;
        location /i/inner/ { } location /i/root/ { root {root}/other; } }""")
    assert server.get("/i/inner/logo").text == "aliased"
    assert server.get("/i/root/logo").text == "rooted"


@covers("index")
def test_index_tries_its_files_in_order(serve, site):
    site.write("a/one.html", "one")
    site.write("b/two.html", "two")
    site.write("b/one.html", "one")
    site.write("c/index.html", "index")
    server = serve(server="""index two.html one.html; location /c/ { index none; }
        location /d/ { index x /last; } location = /last { return 200 last; }""")
    site.write("d/file")
    assert server.get("/a/").text == "one"
    assert server.get("/b/").text == "two"
    assert server.get("/c/").status == 403
    assert server.get("/d/").text == "last"


@covers("index")
def test_the_default_index(serve, site):
    site.write("index.html", "index")
    server = serve(server="")
    response = server.get("/")
    assert (response.status, response.text, response.field("Content-Type")) == (200, "index", "text/html")
    assert server.get("/?a=1").text == "index"


@covers("index")
def test_an_index_is_an_internal_redirect(serve, site):
    """The location is searched again for the file that was found."""
    site.write("folder/index.php", "source")
    server = serve(server=r"""index index.php; location /folder/ { add_header X-Where folder; }
        location ~ \.php$ { return 200 "php $uri $args $request_uri"; }""")
    response = server.get("/folder/?a=1")
    assert response.text == "php /folder/index.php a=1 /folder/?a=1"
    assert response.field("X-Where") is None


@covers("index")
def test_index_with_variables_and_alias(serve, site):
    site.write("target/index.en", "english")
    server = serve(server="location /docs/ { alias {root}/target/; index index.$arg_lang; }")
    assert server.get("/docs/?lang=en").text == "english"
    assert server.get("/docs/?lang=de").status == 403


def test_a_folder_without_index(serve, site):
    site.write("folder/file")
    server = serve(server="")
    assert server.get("/folder/").status == 403
    assert server.get("/missing/").status == 404
    server.error_line(r'directory index of ".*/folder/" is forbidden')


@cases("target, location", [
    ("/folder", "/folder/"), ("/folder?a=1&b=2", "/folder/?a=1&b=2"), ("/%66older", "/folder/"), ("/with%20space", "/with%20space/"),
    ("/%C3%A4", "/%C3%A4/"), ("/a%3Fb", "/a%3Fb/"), ("/folder/./inner", "/folder/inner/"), ("/percent%25", "/percent%25/"),
])
def test_a_folder_without_slash_is_redirected(serve, site, target, location):
    for name in ("folder/inner", "with space", "ä", "a?b", "percent%"):
        (site.root / name).mkdir(parents=True)
    server = serve(server="")
    response = server.get(target, host="example.org")
    assert response.status == 301
    assert response.field("Location") == f"{SCHEME}://example.org:{server.port}{location}"


def test_the_redirect_names_the_host_of_the_request(serve, site):
    (site.root / "folder").mkdir()
    server = serve(server="server_name name;")
    assert server.get("/folder", host="h:99").field("Location") == f"{SCHEME}://h:{server.port}/folder/"
    assert server.request("HEAD", "/folder").status == 301


@http1_only("nobody has to say a host in HTTP/1.0")
def test_the_redirect_names_the_address(serve, site):
    (site.root / "folder").mkdir()
    assert serve(server="").get("/folder", host=None, version="1.0").field("Location") == f"{SCHEME}://127.0.0.1:{site.port()}/folder/"


@cases("target", [
    "/../secret", "/folder/../../secret", "/%2e%2e/secret", "/..%2fsecret", "/%2e%2e%2fsecret", "/.%2e/secret", "/folder/..%2f..%2fsecret",
    "/folder/%2e%2e/%2e%2e/secret", "//../secret", "/./../secret", "/....//secret", "/..;/secret", "/..%5csecret", "/..\\secret",
    "/%252e%252e/secret", "/..%00/secret", "/..%c0%afsecret", "/%c0%ae%c0%ae/secret", "/folder/.../secret", "/..?/secret", "/..#/secret",
    "/%uff0e%uff0e/secret", "/folder/..;a=b/secret", "/.../secret", "/\\..\\secret", "/?/../secret",
])
def test_no_spelling_leaves_the_root(serve, site, target):
    site.write("folder/file", "inside")
    site.write(site.dir / "secret", "outside")
    server = serve(server="")
    response = server.get(target)
    assert response.status in (400, 403, 404), response.text
    assert b"outside" not in response.content


@http1_only("a target is a path there")
def test_nor_does_an_absolute_one(serve, site):
    site.write(site.dir / "secret", "outside")
    assert serve(server="").get("http://localhost/../secret").status in (400, 403, 404)


def special(site, kind):
    path = site.root / "special"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
    elif kind == "link to itself":
        path.symlink_to(path)
    elif kind == "dangling link":
        path.symlink_to(site.root / "nowhere")
    elif kind == "terminal":
        path.symlink_to("/dev/tty")
    elif kind == "unreadable" and os.geteuid() == 0:
        site.write("special", "x", mode=0o600)
    elif kind == "below a file":
        site.write("special", "x")
    else:
        pytest.skip("needs root")


@cases("kind, statuses", [
    ("fifo", (404, 403)), ("socket", (404, 403, 500)), ("link to itself", (404, 403, 500)), ("dangling link", (404,)),
    ("terminal", (404, 403, 500)), ("unreadable", (403,)),
])
def test_what_is_no_regular_file(serve, site, kind, statuses):
    site.write("plain", "plain")
    special(site, kind)
    server = serve(server="")
    with server.connect() as connection:
        assert connection.get("/special").status in statuses
    assert server.get("/plain").text == "plain"


def test_a_path_below_a_file(serve, site):
    site.write("file", "x")
    server = serve(server="")
    assert server.get("/file/below").status == 404
    assert server.get("/file/").status == 404


def test_symbolic_links_are_followed(serve, site):
    site.write(site.dir / "elsewhere/file", "linked")
    (site.root / "link").symlink_to(site.dir / "elsewhere")
    (site.root / "file").symlink_to(site.dir / "elsewhere/file")
    server = serve(server="")
    assert server.get("/link/file").text == "linked"
    assert server.get("/file").text == "linked"
    assert server.get("/link").status == 301


def test_names_that_are_too_long(serve):
    server = serve(server="")
    assert server.get("/" + "a" * 300).status in (404, 414)
    assert server.get("/" + "a/" * 2500).status in (404, 414)


@cases("name", ["with space", "percent%41", "plus+", "question?", "hash#", "ümlaut", "semi;colon", "quote\"", "back\\slash", "a&b", "..."])
def test_names_with_odd_characters(serve, site, name):
    site.write(name, "odd")
    escaped = "".join(f"%{octet:02X}" for octet in name.encode())
    assert serve(server="").get("/" + escaped).text == "odd"


@covers("root", "alias")
def test_document_root_and_request_filename(serve, site):
    site.write("x", "x")
    server = serve(server="""location /i/ { alias {root}/images/; error_page 404 =200 /show; return 404; }
        location / { return 200 "$document_root $request_filename"; }""")
    assert server.get("/a/b?c").text == f"{site.root} {site.root}/a/b"

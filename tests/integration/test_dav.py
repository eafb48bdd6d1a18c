# integration/test_dav.py: PUT, DELETE, MKCOL, COPY and MOVE: the same requests to nginx, the same answers, and the same files afterwards.
# Each server has documents of its own, which are compared with what is on the disk.
import stat

import pytest
from compared.dav import CONFIG, DAV, documents
from compared.ground import MTIME
from harness import process
from harness.marks import cases, covers, webserv_only
from harness.transport import SCHEME


def tree(site):
    """What is on the disk: mode and content by name."""
    found = {}
    for path in sorted(site.root.rglob("*")):
        content = "link" if path.is_symlink() else "folder" if path.is_dir() else path.read_bytes()
        found[str(path.relative_to(site.root))] = (oct(stat.S_IMODE(path.lstat().st_mode)), content)
    return found


@pytest.fixture
def pair():
    """Both begin anew for each test."""
    with DAV.pair() as pair:
        yield pair


def seen(server, response):
    location = (response.field("Location") or "").replace(f":{server.port}/", ":PORT/")
    return response.status, location, response.text.split("<hr>")[0]


def same(pair, method, target, *fields, content=None):
    fields = [[field.replace(":PORT", f":{server.port}") for field in fields] for server in pair]
    ours, theirs = [seen(server, server.request(method, target, *each, content=content)) for server, each in zip(pair, fields, strict=True)]
    assert ours == theirs, (method, target)
    assert tree(pair[0].site) == tree(pair[1].site), (method, target)
    return ours[0]


def test_put(pair):
    assert same(pair, "PUT", "/new", content="new") == 201
    assert same(pair, "PUT", "/new", content="again") == 204
    assert same(pair, "PUT", "/d", content="x") == same(pair, "PUT", "/d/", content="x") == 409
    assert same(pair, "PUT", "/r", "Content-Range: bytes 0-1/2", content="xx") == 501
    assert same(pair, "PUT", "/a%20new%20name%25", content="x") == 201
    assert same(pair, "PUT", "/some/x", content="y") == 204
    assert same(pair, "PUT", "/off/x", content="y") == 405
    assert same(pair, "PUT", "/deep/x", content="y") == 405
    assert same(pair, "PUT", "/large", content="x" * 3_000_000) == 201
    assert same(pair, "PUT", "/too-large", content="x" * 11_000_000) == 413


def test_several_lines_of_methods_add_up(serve, site):
    server = serve(server="""location / { dav_methods PUT; dav_methods DELETE; alias {dir}/files/;
        location /only/ { dav_methods DELETE; alias {dir}/files/; } }""")
    (site.dir / "files").mkdir()
    (site.dir / "files").chmod(0o777)
    assert server.request("PUT", "/a", content="x").status == 201
    assert server.request("PUT", "/only/a", content="x").status == 405
    assert server.request("DELETE", "/a").status == 204


@covers("dav_access", "create_full_put_path")
def test_put_makes_folders(pair):
    assert same(pair, "PUT", "/full/a/b/c", content="x") == 201
    assert oct((pair[0].site.root / "full/a/b").stat().st_mode & 0o777) == "0o755"
    assert oct((pair[0].site.root / "full/a/b/c").stat().st_mode & 0o777) == "0o664"
    assert same(pair, "MKCOL", "/full/a/new/") == 201
    assert same(pair, "PUT", "/full/a/b/c", content="y") == 204


def test_put_with_a_date(pair):
    for server in pair:
        server.request("PUT", "/dated", "Date: Tue, 14 Nov 2023 22:13:20 GMT", content="x")
        assert (server.site.root / "dated").stat().st_mtime == MTIME


def test_put_in_chunks(pair):
    for server in pair:
        with server.connect() as client:
            client.send("PUT /chunked HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
            assert client.read_response().status == 201
        assert (server.site.root / "chunked").read_text() == "abcde"


def test_delete(pair):
    assert same(pair, "DELETE", "/file") == 204
    assert same(pair, "DELETE", "/file") == 404
    assert same(pair, "DELETE", "/other/") == 409
    assert same(pair, "DELETE", "/d") == 409
    assert same(pair, "DELETE", "/d/", "Depth: 0") == same(pair, "DELETE", "/d/", "Depth: 1") == 400
    assert same(pair, "DELETE", "/other", "Depth: 1") == same(pair, "DELETE", "/other", "Depth: x") == 400
    assert same(pair, "DELETE", "/other", "Depth: 0") == 204
    assert same(pair, "DELETE", "/d/", content="x") == 415
    assert same(pair, "DELETE", "/d/", "Depth: infinity") == 204
    assert same(pair, "DELETE", "/none/") == 404
    assert same(pair, "DELETE", "/off/x") == same(pair, "DELETE", "/some/x") == 405


@covers("min_delete_depth")
def test_delete_deep_only(pair):
    assert same(pair, "DELETE", "/deep/file") == 409
    assert same(pair, "DELETE", "/deep/a/") == 409
    assert same(pair, "DELETE", "/deep/a/b/") == 204
    assert (pair[0].site.root / "deep/file").exists()


def test_mkcol(pair):
    assert same(pair, "MKCOL", "/new/") == 201
    assert same(pair, "MKCOL", "/new/") == 405
    assert same(pair, "MKCOL", "/new") == 409
    assert same(pair, "MKCOL", "/none/new/") == 409
    assert same(pair, "MKCOL", "/file/new/") == 409
    assert same(pair, "MKCOL", "/x/", content="x") == 415


@cases("method", ["COPY", "MOVE"])
def test_copy_and_move_files(pair, method):
    for destination in (None, "nonsense", "ftp://localhost/x", "http://elsewhere/x", "http://localhost", "/d/../x", "/x/.."):
        assert same(pair, method, "/file", *([f"Destination: {destination}"] if destination else [])) == 400
    assert same(pair, method, "/file", "Destination: /x/") == same(pair, method, "/d/", "Destination: /x") == 409
    assert same(pair, method, "/file", "Destination: /d") == 409
    assert same(pair, method, "/file", "Destination: /other", "Overwrite: F") == 412
    assert same(pair, method, "/file", "Destination: /other", "Overwrite: maybe") == 400
    assert same(pair, method, "/none", "Destination: /x") == 404
    assert same(pair, method, "/d", "Destination: /x") == 400
    assert same(pair, method, "/file", "Destination: /x", "Depth: 1") == 400
    assert same(pair, method, "/file", "Destination: /new", "Overwrite: F") == 204
    assert same(pair, method, "/other", f"Destination: {SCHEME}://localhost:PORT/new%20one") == 204
    assert same(pair, method, "/a%20b", "Destination: /new", "Overwrite: t") == 204
    assert same(pair, method, "/off/x", "Destination: /x") == 405


@cases("method", ["COPY", "MOVE"])
def test_copy_and_move_folders(pair, method):
    for server in pair:
        (server.site.root / "d" / "link").symlink_to("one")
    assert same(pair, method, "/d/", "Destination: /e/", "Overwrite: F") == 412
    assert same(pair, method, "/e/", "Destination: /new/") == 201
    assert same(pair, method, "/d/", "Destination: /new/") == 201
    assert same(pair, method, "/none/", "Destination: /x/") == 404
    assert same(pair, method, "/new/", "Destination: /no/where/") in (404, 500)


@webserv_only("nginx 1.22 makes a mess, and answers 500 to what RFC 4918 has a status for")
def test_what_is_ours(site, serve):
    documents(site)
    server = serve(http=CONFIG)
    with server.connect() as client:
        for method in ("COPY", "MOVE"):
            assert client.request(method, "/d/", ["Destination: /d/inner/"]).status == 403
            assert client.request(method, "/d/", ["Destination: /d/"]).status == 403
            assert client.request(method, "/file", ["Destination: /file"]).status == 403
        assert client.request("PUT", "/none/new", content="x").status == 409
        assert client.request("PUT", "/empty").status == 201
        assert client.request("GET", "/empty").content == b""
        assert (site.root / "d/sub/three").read_text() == "content of d/sub/three"


def test_a_link_is_not_followed_when_it_is_deleted(site, serve):
    documents(site)
    (site.dir / "outside").mkdir()
    (site.dir / "outside" / "kept").write_text("x")
    (site.root / "d" / "link").symlink_to(site.dir / "outside")
    server = serve(http=CONFIG)
    assert server.request("DELETE", "/d/").status == 204
    assert (site.dir / "outside" / "kept").exists() and not (site.root / "d").exists()


@covers("dav_methods")
def test_a_put_that_breaks_off_leaves_nothing(site, serve):
    documents(site)
    server = serve(http=CONFIG)
    assert server.request("PUT", "/whole", content="whole").status == 201
    client = server.connect()
    client.send("PUT /file HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf of it")
    client.reset()
    server.error_line(r"client|prematurely|reading")
    assert (site.root / "file").read_text() == "content of file"
    process.wait_until(lambda: not [path for path in (site.dir / "content").rglob("*") if path.is_file()], what="no temporary file")


def test_a_file_that_was_served_and_is_put_anew(site, serve):
    documents(site)
    server = serve(http=CONFIG)
    with server.connect() as client:
        for number in range(20):
            assert client.request("PUT", "/file", content=f"version {number}").status == 204
            assert client.get("/file").text == f"version {number}"


@cases("words, message", [("dav_methods GET;", 'invalid value "GET"'), ("dav_access user:x;", 'invalid value "user:x"'), ("dav_methods;", "invalid number"),
                          ("dav_access nobody:r;", 'invalid value "nobody:r"'), ("dav_access user;", 'invalid value "user"'),
                          ("create_full_put_path maybe;", 'invalid value "maybe"'), ("min_delete_depth x;", "invalid number")])
def test_mistakes(site, words, message):
    result = process.run(["-t", "-c", str(site.configure(server=words)), "-p", str(site.dir)])
    assert result.returncode == 1 and message in result.stderr


def test_a_method_named_twice_is_a_warning(site):
    result = process.run(["-t", "-c", str(site.configure(server="listen 127.0.0.1:1; dav_methods PUT put;")), "-p", str(site.dir)])
    assert 'duplicate value "put"' in result.stderr

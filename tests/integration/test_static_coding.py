# integration/test_static_coding.py: files that lie beside others, compressed already: gzip_static, and the same for br and zstd.
# What is in them does not matter to the server, so they hold words.
import pytest
from harness.marks import cases, covers, http1_only, webserv_only

FILES = {"file.txt": "plain", "file.txt.gz": "gzip of it", "file.txt.br": "br of it", "file.txt.zst": "zstd of it", "alone.txt": "alone",
         "only.txt.gz": "without the plain one", "folder.txt": "plain"}


@pytest.fixture(scope="module")
def server(shared_site, shared_serve):
    for name, content in FILES.items():
        shared_site.write(name, content)
    (shared_site.root / "folder.txt.gz").mkdir()
    gzip = "alias {root}/; gzip_static on; "
    return shared_serve(http="""types { text/plain txt; } server { listen 127.0.0.1:{port}; root {root};
        location /off/ { alias {root}/; gzip_vary on; }
        location /on/ { GZIP }
        location /always/ { alias {root}/; gzip_static always; gzip_vary on; }
        location /vary/ { GZIP gzip_vary on; }
        location /1.0/ { GZIP gzip_http_version 1.0; }
        location /any/ { GZIP gzip_proxied any; }
        location /auth/ { GZIP gzip_proxied auth; }
        location /several/ { GZIP gzip_proxied any; gzip_proxied expired; gzip_disable robot; gzip_disable wget; location /several/own/ { GZIP gzip_proxied off; } }
        location /no_etag/ { GZIP gzip_proxied expired no_etag; }
        location /expired/ { GZIP gzip_proxied expired no-cache no-store private; }
        location /disable/ { GZIP gzip_disable "robot/[0-9]+" "wget"; }
        location /msie6/ { GZIP gzip_disable msie6; }
        }""".replace("GZIP", gzip))


def coding(response):
    return response.field("Content-Encoding")


@covers("gzip_static")
@cases("accept, coded", [("gzip", True), ("gzip, deflate, br", True), ("deflate, GZIP;q=0.5", True), ("gzip;q=0", False), ("gzip; q=0.0", False),
                         ("*", False), ("br", False), ("identity", False), (None, False)])
def test_who_takes_it(server, accept, coded):
    fields = [f"Accept-Encoding: {accept}"] if accept else []
    response = server.get("/on/file.txt", *fields)
    assert response.content == (b"gzip of it" if coded else b"plain")
    assert coding(response) == ("gzip" if coded else None)
    assert response.field("Content-Type") == "text/plain"
    assert response.field("Vary") is None
    assert response.field("Accept-Ranges") == (None if coded else "bytes")


@covers("gzip_static")
def test_its_own_validators(server):
    plain, coded = server.get("/on/file.txt"), server.get("/on/file.txt", "Accept-Encoding: gzip")
    assert plain.field("ETag") != coded.field("ETag")
    again = server.get("/on/file.txt", "Accept-Encoding: gzip", f"If-None-Match: {coded.field('ETag')}")
    assert again.status == 304
    assert server.request("HEAD", "/on/file.txt", "Accept-Encoding: gzip").field("Content-Length") == "10"


@covers("gzip_static")
def test_what_it_is_not_for(server):
    assert coding(server.get("/off/file.txt", "Accept-Encoding: gzip")) is None
    assert server.get("/on/alone.txt", "Accept-Encoding: gzip").text == "alone"
    assert server.get("/on/folder.txt", "Accept-Encoding: gzip").text == "plain"
    assert server.get("/on/only.txt").status == 404
    assert server.get("/on/only.txt", "Accept-Encoding: gzip").text == "without the plain one"
    assert server.request("POST", "/on/file.txt", "Accept-Encoding: gzip").status == 405


@covers("gzip_static")
def test_always(server):
    for fields in ([], ["Accept-Encoding: identity"], ["Accept-Encoding: gzip"]):
        response = server.get("/always/file.txt", *fields)
        assert (response.text, coding(response), response.field("Vary")) == ("gzip of it", "gzip", None)
    assert server.get("/always/alone.txt").text == "alone"


@covers("gzip_vary")
@cases("target, accept, vary", [("/vary/file.txt", "gzip", True), ("/vary/file.txt", "identity", True), ("/vary/alone.txt", "gzip", False),
                                ("/on/file.txt", "gzip", False), ("/off/file.txt", "gzip", False)])
def test_caches_are_told(server, target, accept, vary):
    assert server.get(target, f"Accept-Encoding: {accept}").field("Vary") == ("Accept-Encoding" if vary else None)


@http1_only("is about HTTP/1.0")
@covers("gzip_http_version")
def test_versions(server):
    assert coding(server.get("/on/file.txt", "Accept-Encoding: gzip", version="1.0")) is None
    assert coding(server.get("/1.0/file.txt", "Accept-Encoding: gzip", version="1.0")) == "gzip"


@covers("gzip_proxied")
@cases("target, fields, coded", [
    ("/on/", ["Via: 1.1 p"], False),
    ("/any/", ["Via: 1.1 p"], True),
    ("/auth/", ["Via: 1.1 p"], True),  # nothing says that the answer is not to be kept
    ("/auth/", ["Via: 1.1 p", "Authorization: Basic eDp5"], True),
    ("/no_etag/", ["Via: 1.1 p"], True),  # nothing is known of the answer yet
    ("/expired/", ["Via: 1.1 p"], True),
    ("/expired/", [], True),
])
def test_proxies(server, target, fields, coded):
    assert (coding(server.get(target + "file.txt", "Accept-Encoding: gzip", *fields)) == "gzip") == coded


def test_several_lines_of_one_level_add_up(server):
    for agent, coded in (("robot", False), ("wget", False), ("curl", True)):
        assert (coding(server.get("/several/file.txt", "Accept-Encoding: gzip", "Via: 1.1 p", f"User-Agent: {agent}")) == "gzip") == coded
    assert coding(server.get("/several/own/file.txt", "Accept-Encoding: gzip", "Via: 1.1 p")) is None


@covers("gzip_disable")
@cases("target, agent, coded", [
    ("/disable/", "Robot/7", False), ("/disable/", "Robot/x", True), ("/disable/", "GNU Wget", False), ("/disable/", None, True),
    ("/msie6/", "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)", False),
    ("/msie6/", "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)", True),
    ("/msie6/", "Mozilla/4.0 (compatible; MSIE 7.0)", True),
    ("/on/", "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)", True),
])
def test_clients_that_get_none(server, target, agent, coded):
    fields = [f"User-Agent: {agent}"] if agent else []
    assert (coding(server.get(target + "file.txt", "Accept-Encoding: gzip", *fields)) == "gzip") == coded


@webserv_only("Debian's nginx has neither")
@covers("brotli_static", "zstd_static")
@cases("target, accept, found", [
    ("/all/", "gzip, br, zstd", "br"), ("/all/", "gzip, zstd", "zstd"), ("/all/", "gzip", "gzip"), ("/all/", "br;q=0, zstd;q=0, gzip", "gzip"),
    ("/all/", "identity", None), ("/br/", "gzip, br", "br"), ("/br/", "gzip", None), ("/zstd/", "zstd", "zstd"), ("/zstd/", "br", None),
    ("/both/", "gzip", "br"),
])
def test_other_codings(serve, site, target, accept, found):
    for name, content in FILES.items():
        site.write(name, content)
    server = serve(server="""
        location /all/ { alias {root}/; gzip_static on; brotli_static on; zstd_static on; gzip_vary on; }
        location /br/ { alias {root}/; brotli_static on; }
        location /zstd/ { alias {root}/; zstd_static on; }
        location /both/ { alias {root}/; brotli_static always; zstd_static on; }""")
    response = server.get(target + "file.txt", f"Accept-Encoding: {accept}")
    assert coding(response) == found
    assert response.text == (f"{found} of it" if found else "plain")
    assert response.all("Vary") == (["Accept-Encoding"] if target == "/all/" else [])


@covers("gzip_static")
def test_an_error_page_is_not_coded(server):
    response = server.get("/on/file.txt", "Accept-Encoding: gzip", 'If-Match: "another"')
    assert response.status == 412 and coding(response) is None and response.text.startswith("<html>")

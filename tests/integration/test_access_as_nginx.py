# integration/test_access_as_nginx.py: access, the client's address, added fields, coded files and redirects: one configuration on
# nginx and on webserv, the same octets to both, the same answers.
import os
import re

import pytest
from harness import process
from harness.marks import cases
from harness.site import MODEL, Server, Site, stop_all
from test_same_as_nginx import DATE, MTIME, answer, get, neutral, post

BEFORE, AFTER = "Tue, 14 Nov 2023 22:13:19 GMT", "Tue, 14 Nov 2023 22:13:21 GMT"

SITE = r"""
    types { text/html html; text/plain txt; }
    log_format who "$remote_addr|$realip_remote_addr|$status|$sent_trailer_x_t|$request_uri";
    access_log {dir}/who.log who;
    server {
        listen 127.0.0.1:{port};
        server_name first.org;
        root {root};
        set_real_ip_from 127.0.0.0/8; set_real_ip_from 10.0.0.0/8;
        location /deny/ { alias {root}/; deny 192.0.2.0/24; allow 127.0.0.1; deny all; }
        location /denied { deny all; error_page 403 = @denied; }
        location @denied { allow all; return 200 "denied $uri $remote_addr"; }
        location /any/ { alias {root}/; satisfy any; deny all; }
        location /limit/ { alias {root}/; limit_except GET POST { deny all; } }
        location /limit_return { limit_except GET { deny all; } return 200 "returned"; }
        location /limit_error { limit_except GET { deny all; } error_page 403 /ten.txt; }
        location /xff/ { alias {root}/; real_ip_header X-Forwarded-For; real_ip_recursive on; deny 192.0.2.1; }
        location /real { return 200 "$remote_addr|$remote_port"; }
        location /expires/ { alias {root}/;
            location /expires/epoch/ { alias {root}/; expires epoch; }
            location /expires/max/ { alias {root}/; expires max; add_header Cache-Control public; }
            location /expires/modified/ { alias {root}/; expires modified 1h; }
            location /expires/none/ { alias {root}/; expires $arg_e; }
            location /expires/always { expires max; return 404; } }
        location /trailer/ { alias {root}/; add_trailer X-T "$uri"; add_trailer X-Always 1 always; add_header X-H 1; }
        location /trailer_404 { add_trailer X-T 1; return 404; }
        location /trailer_made { add_trailer X-T "$status"; return 200 "made"; }
        location /gzip/ { alias {root}/; gzip_static on; gzip_vary on; add_header X-H 1; }
        location /gzip_always/ { alias {root}/; gzip_static always; }
        location /gzip_proxied/ { alias {root}/; gzip_static on; gzip_proxied auth; gzip_http_version 1.0; gzip_disable "bot"; }
        location /pixel { empty_gif; }
        location /ims_off/ { alias {root}/; if_modified_since off; }
        location /ims_before/ { alias {root}/; if_modified_since before; }
        location /ranges_0/ { alias {root}/; max_ranges 0; }
        location /ranges_1/ { alias {root}/; max_ranges 1; }
        location /relative/ { absolute_redirect off; alias {root}/; return 302 /x?y; }
        location /relative_folder { absolute_redirect off; alias {root}/folder; }
        location /named { server_name_in_redirect on; port_in_redirect off; return 301 /x; }
        location /recursive { recursive_error_pages on; error_page 404 /recursive_2; return 404; }
        location /recursive_2 { error_page 403 = /recursive_3; return 403; }
        location /recursive_3 { return 200 "third"; }
        location /once { error_page 404 /recursive_2; return 404; }
        location /keepalive { keepalive_disable safari; return 200 k; }
        location /keepalive_msie { return 200 k; }
        location /underscores { return 200 "[$http_a_b]"; }
        location /variables { return 200 "[$proxy_protocol_addr][$connections_waiting][$binary_remote_addr][$realpath_root][$tcpinfo_x]"; }
    }
    server { listen 127.0.0.1:{port}; server_name second.org; underscores_in_headers on; deny 127.0.0.2;
        location / { return 200 "[$http_a_b]"; } location /folder { root {root}; port_in_redirect off; } }
    server { listen 127.0.0.1:{port}; server_name list.org; set_real_ip_from 127.0.0.1; set_real_ip_from 10.0.0.0/8;
        real_ip_header X-Forwarded-For; real_ip_recursive on; return 200 "$remote_addr|$remote_port|$realip_remote_addr"; }
    server { listen 127.0.0.1:{port}; server_name third.org; ignore_invalid_headers off; location / { return 200 "[$http_a_b]"; } }
""".replace("[$tcpinfo_x]", "")


@pytest.fixture(scope="module")
def pair():
    """The server under test and nginx, on the same documents."""
    ours, theirs = Site(), Site()
    theirs.root = ours.root
    for name, content in {"ten.txt": "0123456789", "ten.txt.gz": "gzip", "page.html": "<p>", "empty.txt": "", "folder/x": "x",
                          "large.txt": "large " * 50_000}.items():
        os.utime(ours.write(name, content), (MTIME, MTIME))
    servers = [Server(ours), Server(theirs, process.NGINX)]
    try:
        for server in servers:
            server.start(server.site.configure(http=SITE, model=None if process.is_nginx(server.binary) else MODEL))
        yield servers
    finally:
        complaints = stop_all(servers)
        ours.remove()
        theirs.remove()
    assert not complaints, complaints


SAFARI = "User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605 (KHTML, like Gecko) Version/13.0 Safari/605"
MSIE6 = "User-Agent: Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)"

SAME = {
    # access
    "allowed": get("/deny/ten.txt"), "denied": get("/deny/ten.txt", "X-Real-IP: 192.0.2.9"),
    "denied by the last rule": get("/deny/ten.txt", "X-Real-IP: 198.51.100.1"), "denied, IPv6": get("/deny/ten.txt", "X-Real-IP: 2001:db8::1"),
    "a page for the denied": get("/denied/x"), "HEAD denied": get("/deny/ten.txt", "X-Real-IP: 192.0.2.9", method="HEAD"),
    "POST denied": post("/denied", b"x"), "any": get("/any/ten.txt"), "denied missing": get("/deny/none", "X-Real-IP: 192.0.2.9"),
    "denied folder": get("/deny/folder", "X-Real-IP: 192.0.2.9"), "other server": get("/", host="second.org"),
    **{f"limit {method}": get("/limit/ten.txt", method=method) for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "FOO")},
    **{f"limit return {method}": get("/limit_return", method=method) for method in ("GET", "HEAD", "POST", "PUT")},
    "limit with a page": get("/limit_error", method="POST"),
    # the client
    "no field": get("/real"), "X-Real-IP": get("/real", "X-Real-IP: 192.0.2.7:99"), "X-Real-IP of IPv6": get("/real", "X-Real-IP: [::7]:99"),
    "no address": get("/real", "X-Real-IP: x"), "two fields": get("/real", "X-Real-IP: 192.0.2.7", "X-Real-IP: 192.0.2.8"),
    "denied by a list": get("/xff/ten.txt", "X-Forwarded-For: 192.0.2.1"),
    **{f"a list: {value}": get("/", f"X-Forwarded-For: {value}", host="list.org") for value in (
        "192.0.2.7, 10.0.0.7", "192.0.2.7:5, 10.0.0.7:6", ",, 192.0.2.7 ,,", "10.0.0.1, 10.0.0.2", "192.0.2.7 10.0.0.1", "x, 10.0.0.1", "",
        "192.0.2.7, x", "::7, 10.0.0.1", "[::7]:7, 10.0.0.1", "192.0.2.7,192.0.2.8,10.0.0.1")},
    "lines of a list": get("/", "X-Forwarded-For: 192.0.2.7", "X-Forwarded-For: 10.1.1.1", host="list.org"),
    "lines of a list, one not trusted": get("/", "X-Forwarded-For: 192.0.2.7", "X-Forwarded-For: 192.0.2.8", host="list.org"),
    "lines of a list, one no address": get("/", "X-Forwarded-For: 192.0.2.7", "X-Forwarded-For: x", host="list.org"),
    # expires
    **{f"expires {name}": get(f"/expires/{name}/ten.txt") for name in ("epoch", "max", "modified", "none")},
    "expires of an argument": get("/expires/none/ten.txt?e=epoch"), "expires of nonsense": get("/expires/none/ten.txt?e=x"),
    "expires off": get("/expires/none/ten.txt?e=off"), "expires 404": get("/expires/always"), "expires missing": get("/expires/max/none"),
    "expires 304": get("/expires/max/ten.txt", f"If-Modified-Since: {DATE}"), "expires 206": get("/expires/max/ten.txt", "Range: bytes=0-1"),
    "expires HEAD": get("/expires/max/ten.txt", method="HEAD"),
    # trailers
    "trailer": get("/trailer/ten.txt"), "trailer HEAD": get("/trailer/ten.txt", method="HEAD"), "trailer 1.0": get("/trailer/ten.txt", version="1.0"),
    "trailer missing": get("/trailer/none"), "trailer 404": get("/trailer_404"), "trailer made": get("/trailer_made"),
    "trailer 304": get("/trailer/ten.txt", f"If-Modified-Since: {DATE}"), "trailer 206": get("/trailer/ten.txt", "Range: bytes=0-1"),
    "trailer 416": get("/trailer/ten.txt", "Range: bytes=20-"), "trailer empty": get("/trailer/empty.txt"), "trailer large": get("/trailer/large.txt"),
    # coded files
    "gzip": get("/gzip/ten.txt", "Accept-Encoding: gzip"), "gzip HEAD": get("/gzip/ten.txt", "Accept-Encoding: gzip", method="HEAD"),
    "gzip not": get("/gzip/ten.txt"), "gzip none there": get("/gzip/page.html", "Accept-Encoding: gzip"),
    "gzip 304": get("/gzip/ten.txt", "Accept-Encoding: gzip", f"If-Modified-Since: {DATE}"), "gzip always": get("/gzip_always/ten.txt"),
    "gzip 206": get("/gzip/ten.txt", "Accept-Encoding: gzip", "Range: bytes=0-1"),
    "gzip POST": post("/gzip/ten.txt", b"", "Accept-Encoding: gzip"), "gzip 1.0": get("/gzip/ten.txt", "Accept-Encoding: gzip", version="1.0"),
    **{f"gzip proxied {number}": get("/gzip_proxied/ten.txt", "Accept-Encoding: gzip", *fields) for number, fields in enumerate((
        ["Via: x"], ["Via: x", "Authorization: Basic eDp5"], ["User-Agent: some bot"], []))},
    "gzip proxied 1.0": get("/gzip_proxied/ten.txt", "Accept-Encoding: gzip", version="1.0"),
    **{f"accept {value}": get("/gzip/ten.txt", f"Accept-Encoding: {value}") for value in (
        "gzip;q=0", "gzip;q=0.001", "gzip;q=1.000", "gzip; q=0", "br, gzip", "GZIP", "x-gzip", "*", "identity;q=1, gzip;q=0.5")},
    # files
    "pixel": get("/pixel"), "pixel 304": get("/pixel", "If-Modified-Since: Mon, 28 Sep 1970 06:00:00 GMT"), "pixel POST": post("/pixel", b""),
    **{f"{mode} {date}": get(f"/ims_{mode}/ten.txt", f"If-Modified-Since: {date}") for mode in ("off", "before") for date in (BEFORE, DATE, AFTER)},
    "no ranges": get("/ranges_0/ten.txt", "Range: bytes=0-1"), "one range": get("/ranges_1/ten.txt", "Range: bytes=0-1"),
    "one range too many": get("/ranges_1/ten.txt", "Range: bytes=0-1,3-4"), "ranges of more than all": get("/ten.txt", "Range: bytes=0-9,0-9"),
    "several ranges": get("/ten.txt", "Range: bytes=0-1,3-4,-1"), "several, some of them beyond": get("/ten.txt", "Range: bytes=0-1,20-"),
    "several ranges HEAD": get("/ten.txt", "Range: bytes=0-1,3-4", method="HEAD"), "none of several": get("/ten.txt", "Range: bytes=20-,30-"),
    # redirects and connections
    "relative": get("/relative/"), "relative folder": get("/relative_folder"), "named": get("/named", host="first.org"),
    "no port": get("/folder", host="second.org"), "no port, no name": get("/named", host="unknown.org"),
    "recursive": get("/recursive"), "once": get("/once"), "safari": get("/keepalive", SAFARI), "no safari": get("/keepalive"),
    "msie": post("/keepalive_msie", b"", MSIE6), "msie GET": get("/keepalive_msie", MSIE6),
    "underscores": get("/underscores", "A_B: x"), "underscores on": get("/", "A_B: x", host="second.org"),
    "underscores not ignored": get("/", "A_B: x", host="third.org"), "variables": get("/variables"),
}


def comparable(text, server):
    """Without the digits of a boundary and the port of the client, too."""
    return re.sub(r"\|[3-6]\d{4}\b", "|CLIENT", re.sub(r"\b\d{20}\b", "BOUNDARY", neutral(text, server)))


@cases("name", SAME)
def test_the_same_answer(pair, name):
    ours, theirs = (answer(server, SAME[name]) for server in pair)
    for found, server in zip((ours, theirs), pair):
        if "content" in found:
            found["content"] = comparable(found["content"], server)
            found["fields"] = [(field, comparable(value, server)) for field, value in found["fields"]]
    assert ours == theirs


def test_the_same_log_lines(pair):
    names = ("allowed", "denied", "X-Real-IP", "trailer", "trailer made", "trailer 404", "denied by a list", "gzip 304")
    lines = []
    for server in pair:
        for name in names:
            with server.connect() as connection:
                connection.send(SAME[name].replace(b" HTTP/1.", b"?logged HTTP/1."))
                connection.read_response()
        log = server.site.dir / "who.log"

        def mine(log=log):
            found = [line for line in log.read_text().splitlines() if line.endswith("?logged")]
            return found if len(found) == len(names) else None

        lines.append(process.wait_until(mine, what="the lines of the log"))
    assert lines[0] == lines[1]


def test_the_same_complaints(pair):
    """In the error log, of the client that is refused."""
    for server in pair:
        server.raw(get("/deny/x", "X-Real-IP: 192.0.2.77", "Connection: close"))
    ours, theirs = (re.sub(r"^\S+ \S+ |\d+#\d+: \*\d+ ", "", server.error_line("client: 192.0.2.77")) for server in pair)
    assert ours == theirs

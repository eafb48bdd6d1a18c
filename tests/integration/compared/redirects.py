# integration/compared/redirects.py: where an answer sends its client.
from .access_ground import ACCESS
from .general_ground import GENERAL
from .ground import Difference, Ground, get, post

NAMELESS = Ground("server { listen 127.0.0.1:{port}; server_name_in_redirect on; location / { return 301 /x; } }", lambda site: None)

SAME = {
    GENERAL: {
        "folder without slash": get("/folder"), "folder with query": get("/folder?a=b"), "alias without slash": get("/alias"),
        "encoded redirect": get("/a%20b.txt/"), "301": get("/301"), "302": get("/302?q=1"), "303": get("/303"), "307": get("/307"), "308": get("/308"),
        "url": get("/url"), "HEAD 301": get("/301", method="HEAD"), "POST 301": post("/301", b"abc"), "1.0": get("/301", version="1.0"),
        "without a host": get("/folder", host=None, version="1.0"), "host in capitals": get("/folder", host="FIRST.ORG"),
        "host with a port": get("/folder", host="first.org:9"), "a name of the wildcard": get("/folder", host="a.first.org"),
        "an unknown host": get("/folder", host="unknown"), "absolute target": get("http://first.org/folder"),
    },
    ACCESS: {
        "relative": get("/relative/"), "relative folder": get("/relative_folder"), "named": get("/named", host="first.org"),
        "no port": get("/folder", host="second.org"), "no port, no name": get("/named", host="unknown.org"),
        "denied folder": get("/deny/folder", "X-Real-IP: 192.0.2.9"),
    },
}

DIFFERENT = {NAMELESS: {
    "no name": Difference(get("/", host="a"), 301, 301, "`server_name_in_redirect on` in a server without a name"),
}}

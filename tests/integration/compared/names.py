# integration/compared/names.py: which server answers to a name.
from .general_ground import GENERAL
from .ground import HTTP1, Difference, Ground, get

# All kinds of names at one address; the answer says which was found.
NAMES = Ground(r"""
    server { listen 127.0.0.1:{port} default_server; server_name _; return 200 "default $server_name $host"; }
    server { listen 127.0.0.1:{port}; server_name exact.org *.exact.org www.exact.*; return 200 "exact $server_name $host"; }
    server { listen 127.0.0.1:{port}; server_name *.org; return 200 "any org $host"; }
    server { listen 127.0.0.1:{port}; server_name mail.*; return 200 "mail $host"; }
    server { listen 127.0.0.1:{port}; server_name .both.net; return 200 "both $host"; }
    server { listen 127.0.0.1:{port}; server_name ~^(?<sub>[a-z]+)\.(?<rest>regex\.net)$; return 200 "regex $sub $rest $1"; }
    server { listen 127.0.0.1:{port}; server_name ~^.*\.regex\.net$; return 200 "late regex $host"; }
    server { listen 127.0.0.1:{port}; server_name ""; return 200 "nameless [$host] [$server_name]"; }
    server { listen 127.0.0.1:{port}; server_name xn--bcher-kva.de 127.0.0.1; return 200 "odd $host"; }
""", lambda site: None)

SAME = {
    GENERAL: {
        "second": get("/", host="second.org"), "dots": get("/", host="a.b.dots.org"), "regex": get("/", host="re12.org"),
        "default": get("/ten", host="unknown"), "second missing": get("/no", host="second.org"), "dot": get("/", host="second.org."),
        "no host": get("/ten", host=None), "no host 1.0": get("/ten", host=None, version="1.0"), "empty host": get("/ten", host=""),
        "two hosts": get("/ten", "Host: x"), "bad host": get("/ten", host="a/b"),
    },
    NAMES: {name: get("/", host=name) for name in (
        "exact.org", "EXACT.ORG", "exact.org:1", "exact.org.", "a.exact.org", "a.b.exact.org", "www.exact.de", "www.exact.co.uk", "other.org", "org",
        "mail.net", "mail.org", "mail", "both.net", "x.both.net", "notboth.net", "one.regex.net", "1.regex.net", "one.regex.net.", "a.one.regex.net",
        "", "_", "127.0.0.1", "[::1]", "[::1]:80", "xn--bcher-kva.de", "unknown", "-", "a..b", ".", "a_b.org")} | {
        "absolute target": get("http://exact.org/", host="mail.net"), "none 1.0": get("/", host=None, version="1.0"),
    },
}

DIFFERENT = {NAMES: {
    "port that is no number": Difference(get("/", host="exact.org:x"), 200, 400, "`Host: name:x`", HTTP1),
}, GENERAL: {
    "user in host": Difference(get("/ten", host="user@first.org"), 200, 400, "`Host: user@name`", HTTP1),
}}

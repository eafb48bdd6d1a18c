# integration/compared/post_action.py: what runs behind an answer, and which line of the log tells of both.
# The line is in the log of the location where all has ended, with that path, and with what is left of the first answer's status.
from .ground import DATE, Ground, dated, get, post

BEHIND = Ground(r"""
    server {
        listen 127.0.0.1:{port};
        server_name first.org;
        location = / { return 200 "root"; }
        location /after.txt { }
        location /text { post_action /after.txt; add_header X-Added 1; return 200 "text"; }
        location /static/ { alias {root}/; post_action /after.txt; }
        location /missing { post_action /after.txt; }
        location /page { post_action /after.txt; error_page 404 /ten.txt; }
        location /named { post_action @named; return 200 "text"; }
        location @named { add_header X-Added 2; return 202 "named"; }
        location /unnamed { post_action @nobody; return 200 "text"; }
        location /to404 { post_action /nothing; return 200 "text"; }
        location /to204 { post_action /made/204; return 200 "text"; }
        location /to201 { post_action /made/201; return 200 "text"; }
        location /to301 { post_action /made/301; return 200 "text"; }
        location /to444 { post_action /made/444; return 200 "text"; }
        location /to403 { post_action /denied; return 200 "text"; }
        location /to500 { post_action /made/500; return 200 "text"; }
        location /made/ { internal; location /made/204 { return 204; } location /made/201 { return 201 "x"; } location /made/301 { return 301 /x; }
            location /made/444 { return 444; } location /made/500 { return 500; } }
        location /denied { deny all; }
        location /444 { post_action /after.txt; return 444; }
        location /302 { post_action /after.txt; return 302 /elsewhere; }
        location /args { post_action /made/201?a=b; return 200 "text"; }
        location /self { post_action /self; return 200 "text"; }
        location /chain { post_action /chain2; return 200 "x"; }
        location /chain2 { post_action /chain3; return 201 "x"; }
        location /chain3 { return 202 "x"; }
        location /ends { post_action /ending; return 200 "text"; }
        location /ending { keepalive_timeout 0; return 200 "x"; }
        location /small { client_max_body_size 5; post_action /made/201; return 200 "text"; }
        location /folder { post_action /empty/; return 200 "text"; }
        location /tried { post_action /try; return 200 "text"; }
        location /try { try_files /nothing /ten.txt; }
        location /paged { post_action /with/page; return 200 "text"; }
        location /with/page { error_page 404 = @named; }
    }
    server { listen 127.0.0.1:{port}; server_name outer.org; post_action /made/behind;
        location / { return 200 "text"; }
        location /made/behind { post_action @last; return 203 "x"; }
        location @last { post_action /; return 206 "x"; }
    }
""", lambda site: [dated(site.write(name, content)) for name, content in (("ten.txt", "0123456789"), ("after.txt", "after"), ("empty/x/y", ""))])

SAME = {BEHIND: {
    **{path: get(path) for path in (
        "/text", "/text?a=b", "/static/ten.txt", "/static/none", "/missing", "/page", "/named", "/unnamed", "/to404", "/to204", "/to201", "/to301", "/to444",
        "/to403", "/to500", "/444", "/302", "/args", "/self", "/chain", "/ends", "/folder", "/tried", "/paged", "/missing/../text")},
    "HEAD": get("/text", method="HEAD"), "POST": post("/text", b"content"), "POST a file": post("/static/ten.txt", b"content"),
    "PUT": post("/text", b"content", method="PUT"), "range": get("/static/ten.txt", "Range: bytes=2-4"),
    "not modified": get("/static/ten.txt", f"If-Modified-Since: {DATE}"), "too large": post("/small", b"x" * 10),
    "close": get("/text", "Connection: close"), "1.0": get("/text", version="1.0"), "outer": get("/x", host="outer.org"),
}}
DIFFERENT = {}

# integration/compared/logs.py: what logs say about requests that would like them to say something else.
# The answers are compared as ever; the lines of every log below are, too.
from .ground import ETAG, Difference, Ground, dated, get, post

LOGS = ("combined.log", "json.log", "default.log", "none.log", "some.log", "time.log")

LOGGED = Ground(r"""
    log_format json escape=json '{"request":"$request","uri":"$uri","args":"$args","agent":"$http_user_agent","cookie":"$cookie_a","user":"$remote_user"}';
    log_format default '$request|$uri|$args|$http_user_agent|$http_x_a|$remote_user|$sent_http_content_type|$sent_http_etag|$sent_http_x_added';
    log_format none escape=none '$request|$uri|$args|$http_user_agent|$sent_http_location|$sent_http_last_modified';
    log_format facts '$request|$status|$server_protocol|$request_method|$request_filename|$document_root|$document_uri|$is_args|$arg_a|$scheme'
        '|$content_length|$content_type|$request_completion|$pipe|$connection_requests|$body_bytes_sent|$limit_rate|$gzip_ratio';
    log_format some '$request $arg_log';
    access_log {dir}/combined.log combined;
    access_log {dir}/json.log json;
    access_log {dir}/default.log default;
    access_log {dir}/none.log none;
    access_log {dir}/time.log facts;
    access_log {dir}/some.log some if=$arg_log;
    server {
        listen 127.0.0.1:{port};
        server_name first.org;
        types { text/html html; text/plain txt; }
        error_page 400 404 405 /ten.txt;  # a built-in page is as long as the server's name makes it
        add_header X-Added "a \"b\"" always;
        location /slow { limit_rate 100k; alias {root}/ten.txt; }
        location /rate { limit_rate $arg_a; alias {root}/ten.txt; }
        location /ratio { return 200 "[$gzip_ratio]"; }
        location /twice { return 200 "$http_x_a"; }
        location /return { return 200 "x"; }
        location /go { return 302 /there?$args; }
        location /inner/ { error_page 404 /ten.txt; }
        location /none { error_page 404 =200 /empty.txt; }
    }
""", lambda site: [dated(site.write(name, content)) for name, content in (
    ("ten.txt", "0123456789"), ("empty.txt", ""), ("index.html", "index"), ("folder/index.html", "x"))])

AGENTS = ["plain", 'quo"te', "back\\slash", "tab\there", "caf\xe9", "\xf0\x9f\x98\x80", "<script>", "{$uri}", "", "  spaces  within  ", "'"]

SAME = {LOGGED: {
    **{f"agent {agent!r}": get("/ten.txt", f"User-Agent: {agent}") for agent in AGENTS},
    **{f"target {target}": get(target) for target in ("/ten.txt?a=b&log=1", "/ten.txt?log=0", "/ten.txt?log=", "/t%65n.txt", "/%22%5c%0a%00", "/%e9%ff", "//ten.txt",
                                                     "/x/../ten.txt", "/ten.txt?%22", '/ten.txt?"', "/folder/", "/return?a=1", "/ratio", "/slow", "/rate?a=50k", "/rate?a=0", "/rate")},
    "user": get("/ten.txt", "Authorization: Basic dXNlcjpwYXNz"), "cookie": get("/ten.txt", 'Cookie: a=b; c="d"'), "etag": get("/ten.txt", f"If-None-Match: {ETAG}"),
    "range": get("/ten.txt", "Range: bytes=2-4"), "redirect": get("/go?x", method="HEAD"), "HEAD": get("/ten.txt", method="HEAD"), "POST": post("/return", b"abc", "Content-Type: a/b"),
    "error page": get("/inner/x"), "error page 200": get("/none"), "1.0": get("/ten.txt", version="1.0"), "no host": get("/ten.txt", host=None, version="1.0"),
    "close": get("/ten.txt", "Connection: close"), "method": get("/return", method="FOO"), "x": get("/ten.txt", "X-A: 1"),
}}
DIFFERENT = {LOGGED: {
    "repeated": Difference(get("/twice", "X-A: 1", "X-A: 2"), 200, 200, "`$http_name` of a field that is repeated"),
}}

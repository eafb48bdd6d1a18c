# integration/compared/try_files.py: the first of several files, with root and alias, files and folders, all kinds of last words.
# What a location answered is seen in its fields.
from .ground import Ground, get, post

CONFIG = """
    types { text/html html; text/css css; text/plain txt; }
    default_type application/octet-stream;
    server {
        listen 127.0.0.1:{port};
        try_files $uri /bare.txt =404;
        location /a/ { add_header X-In a; try_files $uri $uri/ /fallback.html; }
        location /args/ { try_files /none /show?x=1; }
        location /args2/ { try_files /none /show?$args; }
        location /args3/ { try_files /none /show; }
        location /show { return 200 "show $uri $args $is_args"; }
        location /named/ { try_files $uri @named; }
        location /named/inner/ { return 200 "inner $uri"; }
        location @named { return 200 "named $uri $args"; }
        location /nobody/ { try_files $uri @nobody; }
        location /code/ { try_files $uri =418; }
        location /c404/ { error_page 404 /pages/404.html; try_files $uri =404; }
        location /c444/ { try_files $uri =444; }
        location /c500/ { try_files $uri =500; }
        location /c301/ { try_files $uri =301; }
        location /type/ { try_files $uri.css $uri.txt =404; }
        location /type { return 200 "other"; }
        location /literal/ { add_header X-In literal; try_files /a/file.txt /none; }
        location /folder/ { add_header X-In folder; try_files $uri /d/ =404; }
        location /exact { try_files /d/ /a/file.txt =404; }
        location /i/ { alias {root}/a/; try_files $uri $uri/ /fallback.html; }
        location /i2/ { alias {root}/a/; try_files /file.txt =404; }
        location /i3/ { alias {root}/a/; try_files file.txt =404; }
        location /i4/ { alias {root}/a/; try_files $uri /i4/file.txt$is_args; }
        location /i5/ { alias {root}/a/; try_files $uri.txt $uri/index.html @named; }
        location ~ ^/r/(?<rest>.*)$ { alias {root}/a/$rest; try_files "" .txt /x.txt =404; }
        location ~ ^/r2/(.*)$ { alias {root}/$1; try_files /index.html /deep/ /fallback.html; }
        location ~ ^/r3/(.*)$ { alias {root}/$1; try_files "/" =404; }
        location /inherited/ { try_files $uri /a/file.txt; location /inherited/inner/ { add_header X-In inner; } }
        location /empty/ { try_files "" =404; }
        location /loop/ { try_files $uri /loop/again; }
        location /post/ { try_files $uri /show; }
        location /method/ { try_files /a/file.txt =404; }
        location /internal/ { internal; }
        location /to-internal/ { try_files $uri /internal/page.html; }
        location /unreadable/ { try_files $uri =404; }
        location /relative/ { try_files $uri show; }
        location /variable/ { root {root}/$arg_root; try_files /file.txt =404; }
        location /fallback.html { add_header X-In fallback; }
        location /long/ { try_files $uri $uri/ /a/file.txt; }
    }
    server { listen 127.0.0.1:{port}; server_name plain; location / { try_files $uri $uri/ /index.html; } }
"""

FILES = ["a/file.txt", "a/index.html", "a/deep/index.html", "a/deep/x.txt", "a/named.txt", "fallback.html", "type/one.css", "type/two.txt",
         "type/both.css", "type/both.txt", "d/index.html", "index.html", "bare.txt", "file.txt", "named/there", "pages/404.html", "long/file",
         "internal/page.html", "unreadable/secret", "post/there", "with space.txt", "a/.txt", ".css", "a/per%cent.txt", "deep.txt"]

TARGETS = ["/a/file.txt", "/a/", "/a/deep/", "/a/deep", "/a/none", "/a/none/", "/a/file.txt/", "/a/file.txt?x=1", "/a/..%2fd/", "/a/per%25cent.txt",
           "/args/x?y=2", "/args2/x?y=2", "/args2/x", "/args3/x?y=2", "/named/there", "/named/none?q=1", "/named/inner/x", "/nobody/x", "/code/x",
           "/c404/x", "/c500/x", "/c301/x", "/type/one", "/type/two", "/type/both", "/type/none", "/type/one.css", "/literal/x", "/folder/x",
           "/exact", "/exactly", "/i/file.txt", "/i/", "/i/deep", "/i/deep/", "/i/none", "/i2/x", "/i3/x", "/i4/none", "/i4/none?x", "/i4/named.txt",
           "/i5/named", "/i5/deep", "/i5/none", "/r/file.txt", "/r/file", "/r/deep", "/r/none", "/r2/a", "/r2/d", "/r2/none", "/r2/", "/r3/a",
           "/r3/deep.txt", "/inherited/x", "/inherited/inner/x", "/empty/", "/empty/x", "/loop/x", "/method/x", "/internal/page.html",
           "/to-internal/x", "/unreadable/secret", "/relative/x", "/variable/x?root=a", "/variable/x?root=none", "/variable/x?root=", "/bare",
           "/file.txt", "/with%20space.txt", "/a/.txt", "/.css", "/pages", "/pages/", "/no/where", "/long/file", "/long/" + "x" * 300, "/long/file/x"]


def documents(site):
    for name in FILES:
        site.write(name, f"content of {name}")
    (site.root / "unreadable" / "secret").chmod(0o600)


TRY_FILES = Ground(CONFIG, documents)


def other(method, target):
    return post(target, b"content", method=method) if method in ("POST", "PUT") else get(target, method=method)


SAME = {TRY_FILES: {
    **{f"{target} of {host}": get(target, host=host) for target in TARGETS for host in ("localhost", "plain")},
    **{f"{method} {target}": other(method, target) for method in ("HEAD", "POST", "PUT", "DELETE")
       for target in ("/a/file.txt", "/a/none", "/named/none", "/post/there", "/post/none", "/code/x", "/method/x")},
    "closed without an answer": get("/c444/x"),
}}
DIFFERENT = {}

# integration/compared/listings.py: folders listed in nginx's own formats, to the octet. Names are as hostile as a file system allows.
# Both servers believe that they are far from Greenwich.
import os

from .ground import MTIME, Difference, Ground, get, post

SIZES = [0, 1, 999, 9999, 10_000, 10_751, 10_752, 1024 * 1024 - 1, 1024 * 1024, 1536 * 1024 - 1, 1536 * 1024, 1 << 30, (5 << 30) + (1 << 29)]
HOSTILE = ["a&b<c>.txt", 'quo"te', "apo'strophe", "javascript:alert(1)", "a b", "100%", "a%20b", "x?y#z", "back\\slash", "new\nline", "tab\tbed",
           "é.txt", "日本語", "umlaut" * 8 + "äöü", "x" * 47, "x" * 48, "x" * 49, "x" * 50, "x" * 51, "<" * 51, "y" * 200, b"latin-\xe4", b"\x01\x7f\xff",
           "(brackets)", "a+b", "a;b", "-dash", "~tilde", "{brace}"]

CONFIG = """
    types { text/html html; }
    server {
        listen 127.0.0.1:{port};
        autoindex on;
        location /html/ { alias {root}/; autoindex_format %(html)s; }
        location /rounded/ { alias {root}/; autoindex_format %(html)s; autoindex_exact_size off; }
        location /local/ { alias {root}/; autoindex_format %(html)s; autoindex_localtime on; }
        location /xml/ { alias {root}/; autoindex_format xml; }
        location /json/ { alias {root}/; autoindex_format json; }
        location /jsonp/ { alias {root}/; autoindex_format jsonp; }
        location /page/ { alias {root}/; }
        location /off/ { alias {root}/; autoindex off; }
        location /html/%%3Cb%%3E&/ { alias {root}/empty/; }
    }
"""


def documents(site):
    root = site.root
    if (root / "sub").exists():
        return
    for number, size in enumerate(SIZES):
        with open(root / f"size{number}", "wb") as file:
            file.truncate(size)
    for name in HOSTILE:
        folder = os.fsencode(root / "hostile")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, os.fsencode(name)), "wb"):
            pass
        os.makedirs(os.path.join(os.fsencode(root / "hostile-folders"), os.fsencode(name)))
    for name in ("sub", "Sub", "a-folder", "empty"):
        (root / name).mkdir()
    (root / "sub" / "inside").write_text("x")
    (root / ".hidden").write_text("x")
    (root / "broken").symlink_to("nothing")
    (root / "loop").symlink_to("loop")
    (root / "link").symlink_to("size2")
    (root / "folder-link").symlink_to("sub")
    os.mkfifo(root / "pipe")
    (root / "indexed").mkdir()
    (root / "indexed" / "index.html").write_text("index")
    (root / "closed").mkdir(mode=0o700)
    (root / "unlistable").mkdir()
    (root / "unlistable").chmod(0o711)
    for path in sorted(root.rglob("*"), reverse=True):
        os.utime(path, (MTIME, MTIME), follow_symlinks=False)


LISTINGS = Ground(CONFIG % {"html": "plain"}, documents, CONFIG % {"html": "html"}, main="worker_processes 1; env TZ=Asia/Kolkata;",
                  ignores_framing=True, environment={"TZ": "Asia/Kolkata"})

TARGETS = ["/html/", "/rounded/", "/local/", "/xml/", "/json/", "/jsonp/", "/jsonp/?callback=found", "/jsonp/?callback=a.b_1&x=y",
           "/jsonp/?x=1&callback=", "/jsonp/?callback=alert(1)", "/jsonp/?callback=a%2eb", "/jsonp/none/?callback=(", "/json/?callback=x", "/off/",
           "/html/none/", "/html/size1/", "/html/closed/", "/json/closed/", "/html/unlistable/", "/xml/unlistable/", "/html/empty/", "/xml/empty/", "/json/empty/",
           "/jsonp/empty/?callback=f", "/html/indexed/", "/xml/indexed/", "/html/sub", "/html/%3Cb%3E&/", "/html/" + "x" * 300 + "/",
           *(f"/{kind}/hostile/" for kind in ("html", "rounded", "xml", "json")),
           *(f"/{kind}/hostile-folders/" for kind in ("html", "rounded", "xml", "json"))]

SAME = {LISTINGS: {
    **{f"{method} {target[:60]}": get(target, method=method) for method in ("GET", "HEAD") for target in TARGETS},
    **{f"{method} /html/sub/": post("/html/sub/", b"", method=method) for method in ("POST", "PUT", "DELETE")},
}}
DIFFERENT = {LISTINGS: {
    "length": Difference(get("/json/sub/"), 200, 200, "a list of up to 256 KiB", exact=True),
    "page": Difference(get("/page/sub/"), 200, 200, "a folder with `autoindex on`"),
}}

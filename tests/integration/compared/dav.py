# integration/compared/dav.py: changing files; sequences of changes, and what is on the disk afterwards, are in test_dav.py.
# Each server has documents of its own.
import os

from .ground import MTIME, Difference, Ground, get, post

CONFIG = """
    server {
        listen 127.0.0.1:{port};
        server_name localhost;
        client_max_body_size 10m;
        dav_methods PUT DELETE MKCOL COPY MOVE;
        location /full/ { dav_methods PUT MKCOL; create_full_put_path on; dav_access group:rw all:r; }
        location /deep/ { dav_methods delete; min_delete_depth 3; }
        location /off/ { dav_methods off; }
        location /some/ { dav_methods PUT; }
    }
"""


def documents(site):
    for name in ("file", "other", "d/one", "d/two", "d/sub/three", "e/x", "deep/a/b/c", "deep/file", "off/x", "some/x", "a b"):
        site.write(name, f"content of {name}")
    for path in [site.root, *site.root.rglob("*")]:
        path.chmod(0o777 if path.is_dir() else 0o666)
        os.utime(path, (MTIME, MTIME))


DAV = Ground(CONFIG, documents, own_documents=True)


def copy(target, destination, *fields, method="COPY"):
    return get(target, f"Destination: {destination}", *fields, method=method, host="localhost")


def put(target, content, *fields):
    return post(target, content, *fields, method="PUT", host="localhost")


INTO_ITSELF = "COPY and MOVE of a collection into itself, or of anything onto itself"

SAME = {DAV: {
    "PUT": put("/put", b"x"), "PUT again": put("/put", b"y"), "PUT a folder": put("/d/", b"x"), "PUT a part": put("/r", b"x", "Content-Range: bytes 0-0/1"),
    "PUT where it is off": put("/off/x", b"y"), "PUT too much": put("/large", b"x" * 11_000_000), "MKCOL": get("/made/", method="MKCOL"),
    "MKCOL again": get("/d/", method="MKCOL"), "MKCOL without slash": get("/made2", method="MKCOL"), "DELETE missing": get("/none", method="DELETE"),
    "DELETE a folder without slash": get("/d", method="DELETE"), "DELETE of a depth": get("/d/", "Depth: 1", method="DELETE"),
    "DELETE not deep enough": get("/deep/file", method="DELETE"), "COPY": copy("/file", "/copied"), "COPY a folder": copy("/d/", "/copied-d/"),
    "COPY not over": copy("/file", "/other", "Overwrite: F"), "COPY elsewhere": copy("/file", "http://elsewhere/x"),
    "COPY nowhere": get("/file", method="COPY"), "MOVE": copy("/other", "/moved", method="MOVE"), "MOVE missing": copy("/none", "/x", method="MOVE"),
}}
DIFFERENT = {DAV: {
    "PUT where no folder is": Difference(put("/none/new", b"x"), 500, 409, "PUT below a folder that is not there"),
    "PUT nothing": Difference(get("/empty", method="PUT"), 500, 201, "PUT without content"),
    "MOVE onto itself": Difference(copy("/file", "/file", method="MOVE"), 204, 403, INTO_ITSELF),
    "COPY onto itself": Difference(copy("/e/x", "/e/x"), 500, 403, INTO_ITSELF),
}}

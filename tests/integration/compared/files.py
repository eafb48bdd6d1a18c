# integration/compared/files.py: what a target names: files, folders, types, and paths in every spelling.
from .general_ground import GENERAL
from .ground import Difference, get

SAME = {GENERAL: {
    "index": get("/"), "file": get("/ten"), "css": get("/style.css"), "js": get("/script.js"), "png": get("/image.png"),
    "txt": get("/note.txt"), "no extension": get("/noextension"), "upper-case extension": get("/UPPER.CSS"), "two dots": get("/two.dots.css"),
    "dot file": get("/.hidden"), "space in a name": get("/a%20b.txt"), "empty file": get("/empty"), "large file": get("/large.txt"),
    "query": get("/ten?a=b"), "missing": get("/none"), "missing folder": get("/none/"), "folder": get("/folder/"),
    "folder without index": get("/noindex/"), "empty folder": get("/bare/"), "below a file": get("/ten/x"), "file with slash": get("/ten/"),
    "index of a location": get("/index/"), "alias": get("/alias/file.txt"), "alias index": get("/alias/"), "alias missing": get("/alias/none"),
    "types": get("/types/a.txt"), "default type": get("/types/a.css"), "etag off": get("/noetag/ten"),
    # paths
    "dots": get("/folder/../ten"), "escaped dots": get("/folder/%2e%2e/ten"), "above": get("/../ten"), "slashes": get("//ten"),
    "many slashes": get("///folder///file.txt"), "escaped": get("/%74en"), "escaped slash": get("/folder%2Ffile.txt"), "percent": get("/%25"),
    "cut escape": get("/%"), "bad escape": get("/%zz"), "NUL": get("/%00"), "fragment": get("/ten#x"), "plus": get("/a+b.txt"),
    "absolute": get("http://first.org/ten"), "absolute other": get("http://second.org/ten"), "absolute root": get("http://first.org"),
    "absolute query": get("http://first.org?a"),
}}

DIFFERENT = {GENERAL: {
    "beside an alias": Difference(get("/leave../ten"), 200, 404, "a path that leaves its `alias` (`location /i { alias /d/; }` and `/i../x`)"),
}}

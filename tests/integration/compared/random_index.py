# integration/compared/random_index.py: any file of a folder answers for it, where chance has no say.
from .ground import Ground, get, post

CONFIG = """
    types { text/plain txt; text/html html; }
    server {
        listen 127.0.0.1:{port};
        location / { random_index on; add_header X-Args "$args"; }
        location /off/ { alias {root}/many/; random_index off; }
        location ~ \\.php$ { return 200 "program $uri"; }
        location /listed/ { alias {root}/folders/; random_index on; }
    }
"""


def documents(site):
    for name in ("one/only.txt", "hidden/.only.txt", "folders/inner/x.txt", "indexed/folder/x.txt", "indexed/index.html", "program/x.php",
                 "space/a b%.txt", *(f"many/{number}.txt" for number in range(4))):
        site.write(name, f"content of {name}")
    for name in ("links", "empty", "closed"):
        (site.root / name).mkdir(exist_ok=True)
    (site.root / "links" / "link.txt").unlink(missing_ok=True)
    (site.root / "links" / "link.txt").symlink_to("../one/only.txt")
    (site.root / "closed").chmod(0o711)


TARGETS = ["/one/", "/one/?a=b", "/one", "/hidden/", "/folders/", "/indexed/", "/program/", "/space/", "/links/", "/empty/", "/none/",
           "/closed/", "/off/", "/listed/", "/one/only.txt/", "/one/only.txt"]

RANDOM_INDEX = Ground(CONFIG, documents)

SAME = {RANDOM_INDEX: {
    **{f"{method} {target}": get(target, method=method) for method in ("GET", "HEAD") for target in TARGETS},
    **{f"{method} {target}": post(target, b"", method=method) for method in ("POST", "PUT") for target in TARGETS},
}}
DIFFERENT = {}

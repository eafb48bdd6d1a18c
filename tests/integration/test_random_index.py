# integration/test_random_index.py: any file of a folder answers for it.
# Compared with nginx where chance has no say.
from collections import Counter

import pytest
from harness import process
from harness.beside_nginx import beside_nginx
from harness.marks import cases, covers

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


@pytest.fixture(scope="module")
def pair():
    with beside_nginx(CONFIG, documents) as pair:
        yield pair


@cases("method", ["GET", "HEAD", "POST", "PUT"])
@cases("target", ["/one/", "/one/?a=b", "/one", "/hidden/", "/folders/", "/indexed/", "/program/", "/space/", "/links/", "/empty/", "/none/",
                  "/closed/", "/off/", "/listed/", "/one/only.txt/", "/one/only.txt"])
def test_as_nginx_does(pair, target, method):
    def seen(server):
        response = server.request(method, target, content=b"")
        return response.status, response.field("Content-Type"), response.field("X-Args"), response.text.split("<hr>")[0]

    ours, theirs = [seen(server) for server in pair]
    assert ours == theirs


@covers("random_index")
def test_each_file_has_its_chance(pair):
    """Of 400 draws among four, fewer than 50 for one of them would be a chance of less than one in a million."""
    server = pair[0]
    with server.connect() as client:
        drawn = Counter(client.get("/many/").text for _ in range(400))
    assert len(drawn) == 4 and min(drawn.values()) > 50, drawn


def test_not_in_server(site):
    result = process.run(["-t", "-c", str(site.configure(server="random_index on;")), "-p", str(site.dir)])
    assert result.returncode == 1 and '"random_index" directive is not allowed here' in result.stderr

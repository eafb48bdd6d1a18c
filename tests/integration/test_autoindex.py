# integration/test_autoindex.py: folders listed: for programs, and the page for people. Names are as hostile as a file system allows.
# nginx's own formats are compared with nginx's answers in test_same_as_nginx.py.
import json
import os
import re
import threading
import time
import urllib.request
from html.parser import HTMLParser
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree

import pytest
from compared.ground import MTIME
from compared.listings import HOSTILE, LISTINGS, SIZES, documents
from harness import process
from harness.marks import cases, covers, http1_only, not_in_model, webserv_only
from harness.transport import SCHEME, tls


@pytest.fixture(scope="module")
def pair():
    with LISTINGS.pair() as pair:
        yield pair


@covers("autoindex_format", "autoindex_exact_size", "autoindex_localtime")
def test_formats(pair):
    """What they are is compared with nginx in test_same_as_nginx.py; that each is another, here."""
    server = pair[0]
    assert "14-Nov-2023 22:13" in server.get("/html/").text and "15-Nov-2023 03:43" in server.get("/local/").text
    assert " 10752\r\n" in server.get("/html/").text and "  11K\r\n" in server.get("/rounded/").text
    assert server.get("/xml/").text.startswith("<?xml") and server.get("/json/").text.startswith("[\r\n{")
    assert server.get("/jsonp/?callback=found").text.startswith("/* callback */\r\nfound([")


@cases("target", ["/json/hostile/", "/json/"])
def test_json_can_be_read(pair, target):
    files = json.loads(pair[0].get(target).content.decode("utf-8", "surrogateescape"))
    assert "x" * 51 in [file["name"] for file in files] or "size1" in [file["name"] for file in files]


def test_xml_can_be_read(pair):
    files = list(ElementTree.fromstring(pair[0].get("/xml/").content))
    assert [file.get("size") for file in files if file.tag == "file"] == [
        str(size) for _, size in sorted([(f"size{number}", size) for number, size in enumerate(SIZES)] + [("link", 999)])]


@cases("words, message", [
    ("autoindex maybe;", 'invalid value "maybe"'), ("autoindex_format text;", 'invalid value "text"'), ("autoindex on off;", "invalid number"),
    ("autoindex_exact_size 1;", 'invalid value "1"'), ("autoindex on; autoindex off;", "is duplicate")])
def test_mistakes(site, words, message):
    result = process.run(["-t", "-c", str(site.configure(server=words)), "-p", str(site.dir)])
    assert result.returncode == 1 and message in result.stderr


def test_an_unreadable_folder_is_logged(pair):
    for server in pair:
        assert server.get("/html/unlistable/").status == 403
        server.error_line(r'\[error\] .*opendir\(\) ".*/unlistable" failed \(13: ')


# The page for people

class Rows(HTMLParser):
    """What a page shows: (name, href, time, size) of each row, the headings' links, the form's fields."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.headings, self.fields, self.trail = [], {}, {}, []
        self.where = self.text = self.href = None
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append(tag)
        if tag in ("thead", "tbody", "h1", "form"):
            self.where = tag
        if tag == "tr" and self.where == "tbody":
            self.rows.append([])
        if tag in ("td", "th", "a"):
            self.text = ""
        if tag == "a":
            self.href = attributes["href"]
        if tag == "input":
            self.fields[attributes["name"]] = attributes["value"]

    def handle_endtag(self, tag):
        if tag == "a" and self.where == "thead":
            self.headings[self.text] = self.href
        if tag == "a" and self.where == "h1":
            self.trail.append((self.text, self.href))
        if tag == "td":
            self.rows[-1] += [self.text, self.href] if not self.rows[-1] else [self.text]

    def handle_data(self, data):
        self.text = (self.text or "") + data

    @property
    def names(self):
        return [row[0] for row in self.rows if row[1] != "../"]


@pytest.fixture(scope="module")
def pages(shared_serve, shared_site):
    documents(shared_site)
    for number, size in enumerate(SIZES):
        (shared_site.root / f"size{number}").unlink()
    for name, size, age in (("file10", 10, 0), ("file2", 2_000, 5), ("File1", 1_447_382, 3), ("b", 999_500, 9)):
        os.utime(shared_site.write(name, "x" * size), (MTIME - age * 86400,) * 2)
    for name in ("zoo", "Alpha"):
        os.utime(shared_site.write(f"{name}/deep/er/file", "x").parent, (MTIME, MTIME))
    return shared_serve(http="""
        server { listen 127.0.0.1:{port}; autoindex on;
            location /rounded/ { alias {root}/; autoindex_exact_size off; }
            location /local/ { alias {root}/; autoindex_localtime on; } }""", main="worker_processes 1; env TZ=Asia/Kolkata;")


pages_only = webserv_only("the page is ours")


def rows(server, target):
    response = server.get(target)
    assert response.status == 200 and response.field("Content-Type") == "text/html; charset=utf-8"
    return Rows(response.text)


SOME = "?F=i"  # names with an i: enough to see an order


@pages_only
@cases("args, expected", [
    ("?F=file", ["File1", "file2", "file10"]),
    ("?F=file&C=N&O=D", ["file10", "file2", "File1"]),
    ("?F=FILE&C=S&O=A", ["file10", "file2", "File1"]),
    ("?F=file&C=S&O=D", ["File1", "file2", "file10"]),
    ("?C=M&O=A&F=file", ["file2", "File1", "file10"]),
    ("?C=M&O=D&F=file", ["file10", "File1", "file2"]),
    ("?C=Q&O=X&F=file", ["File1", "file2", "file10"]),
    ("?F=sub", ["Sub", "sub"]),
    ("?F=%6c%69n%6B&C=S", ["folder-link", "link"]),
    ("?F=nothing+at+all", []),
])
def test_order_and_filter(pages, args, expected):
    assert rows(pages, "/" + args).names == expected


@pages_only
@covers("autoindex")
def test_all_that_is_there(pages):
    names = rows(pages, "/").names
    assert names[:4] == ["a-folder", "Alpha", "closed", "empty"] and names[-4:] == ["file10", "link", "loop", "pipe"]
    assert ".hidden" not in names and "broken" in names
    assert set(names) == {name for name in os.listdir(pages.site.root) if not name.startswith(".")}


@pages_only
def test_headings_turn_the_order_round(pages):
    assert rows(pages, "/").headings == {"Name": "?C=N&O=D", "Modified": "?C=M&O=A", "Size": "?C=S&O=A"}
    page = rows(pages, "/?C=S&O=A&F=a%26b%3C")
    assert page.headings == {"Name": "?C=N&O=A&F=a%26b%3C", "Modified": "?C=M&O=A&F=a%26b%3C", "Size": "?C=S&O=D&F=a%26b%3C"}
    assert page.fields == {"F": "a&b<", "C": "S"}
    assert rows(pages, "/?O=D").fields == {"F": "", "O": "D"}


@pages_only
def test_breadcrumbs_lead_up(pages):
    page = rows(pages, "/zoo/deep/er/")
    assert page.trail == [("/", "../../../"), ("zoo", "../../"), ("deep", "../")]
    assert page.rows[0][:2] == ["Parent folder", "../"]
    assert rows(pages, "/").trail == [] and "../" not in [row[1] for row in rows(pages, "/").rows]


@pages_only
def test_hostile_names_are_text_and_links_to_their_file(pages):
    page = rows(pages, "/hostile/")
    found = {unquote_to_bytes(row[1]): row[0] for row in page.rows if row[1] != "../"}
    assert set(found) == {os.fsencode(name) for name in HOSTILE}
    for octets, shown in found.items():
        assert shown == octets.decode("utf-8", "replace")
    assert not {"b", "img", "c"} & set(page.tags) - {"b"} and page.tags.count("script") == 1
    for row in page.rows:
        assert row[1] == "../" or re.fullmatch(r"[\w.~%-]+", row[1], re.A)
        assert pages.get("/hostile/" + row[1]).status == 200
    folders = rows(pages, "/hostile-folders/")
    assert all(row[1].endswith("/") and pages.get("/hostile-folders/" + row[1]).status == 200 for row in folders.rows if row[1] != "../")


@pages_only
def test_hostile_requests_are_text(pages):
    for target in ('/?F="><script>alert(1)</script>', "/?F=%22%3E%3Cscript%3Ealert(1)%3C/script%3E", "/?C=%22%3E&O=%3Cscript%3E", "/empty/?F=<script>"):
        text = pages.get(target.replace(" ", "%20")).text
        assert text.count("<script>") == 1 and "alert(1)</script>" not in text


@pages_only
@covers("autoindex_exact_size")
def test_sizes_are_readable(pages):
    sizes = {row[0]: row[3] for row in rows(pages, "/").rows}
    assert (sizes["file10"], sizes["file2"], sizes["b"], sizes["File1"]) == ("10 B", "2.0 kB", "1.0 MB", "1.4 MB")
    assert sizes["zoo"] == "" and sizes["pipe"] == ""
    assert '<data value="1447382" title="1447382 bytes">' in pages.get("/").text
    assert "1447382" not in pages.get("/rounded/").text


@pages_only
@covers("autoindex_localtime")
def test_times(pages):
    def times(target):
        return {row[0]: row[2] for row in rows(pages, target).rows}

    assert times("/")["file10"] == "2023-11-14 22:13" and times("/local/")["file10"] == "2023-11-15 03:43"
    assert pages.get("/local/").text.count('datetime="2023-11-14T22:13:20Z"') > 0


@pages_only
def test_a_summary(pages):
    assert "3 files, 1.4 MB" in pages.get("/?F=file").text
    assert "No name matches." in pages.get("/?F=nothing+at+all").text
    assert "This folder is empty." in pages.get("/empty/").text
    assert "0 folders, 0 files<" in pages.get("/empty/").text


@pytest.fixture(scope="module")
def crowded(shared_serve, shared_site):
    folder = shared_site.root / "large"
    folder.mkdir()
    for number in range(100_000):
        os.close(os.open(folder / f"a file with quite a long name {number}", os.O_CREAT | os.O_WRONLY))
    shared_site.write("small", "x")
    return shared_serve(http="""server { listen 127.0.0.1:{port2}; autoindex on; location /json/ { alias {root}/; autoindex_format json; }
        location /html/ { alias {root}/; } }""")


@http1_only("urllib speaks HTTP/1")
@pages_only
@cases("kind", ["html", "json"])
@not_in_model("iterative", "others wait by intention")
def test_a_large_folder_keeps_nobody_waiting(crowded, kind):
    """Reading, sorting and writing a hundred thousand names goes on beside the loop, or in small pieces upon it."""
    server, address = crowded, ("127.0.0.1", crowded.site.port("port2"))
    answers, over = [], threading.Event()

    def ask_others():
        while not over.is_set():
            began = time.monotonic()
            assert server.get("/small", address=address).text == "x"
            answers.append(time.monotonic() - began)

    other = threading.Thread(target=ask_others)
    other.start()
    process.wait_until(lambda: len(answers) > 20, what="answers to others")
    before = len(answers)
    began = time.monotonic()
    with urllib.request.urlopen(f"{SCHEME}://127.0.0.1:{address[1]}/{kind}/large/", timeout=60, context=tls()) as response:
        listing = response.read()
    took = time.monotonic() - began
    meanwhile = answers[before:]
    over.set()
    other.join()
    assert listing.count(b"a file with quite a long name") == 100_000 or kind == "html"
    assert listing.count(b"a%20file%20with") == (100_000 if kind == "html" else 0)
    # Not a time, but a share: one turn of the loop that did it all would leave no room for others.
    assert len(meanwhile) > 20 and max(meanwhile) < max(took / 2, 0.05)


@pages_only
def test_a_client_that_leaves_a_long_list(site, serve):
    for number in range(20_000):
        site.write(f"large/{number:0150}")
    server = serve(server="autoindex on;")
    for _ in range(3):
        client = server.connect(receive_buffer=4096)
        client.send("GET /large/ HTTP/1.1\r\nHost: a\r\n\r\n")
        client.read_head()
        client.reset()
    assert server.get("/large/?F=19999").status == 200


@http1_only("is about chunks")
@pages_only
def test_http_1_0_gets_a_list_without_chunks(site, serve):
    for number in range(5_000):
        site.write(f"large/{number:0150}")
    server = serve(server="autoindex on; autoindex_format json;")
    with server.connect() as client:
        response = client.get("/large/", version="1.0")
    assert response.framing == "close" and len(json.loads(response.content)) == 5_000
    assert server.get("/large/").framing == "chunked" and server.get("/").framing == "length"

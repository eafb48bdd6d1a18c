# browser/test_listing.py: the list of a folder as a browser shows it: sorted, filtered, walked through, on a phone, without scripts.
# Names are what a file system allows; none of them may become anything but a name.
import os

import pytest
from harness.marks import cases
from harness.site import Server

PHONE, DESK = 360, 1280
MTIME = 1_700_000_000
FILES = {"readme.txt": 1_200, "photo 2.jpg": 2_400_000, "photo 10.jpg": 3_100_000, "song.ogg": 5_000_000, "film.mkv": 700_000, "all.tar.gz": 88_000,
         "Übergröße – ein Name mit allem, was dazugehört, und noch ein wenig mehr.pdf": 10, "<img src=x onerror=document.title='forged'>": 1,
         "\u202egnp.exe": 2, "javascript:document.title='forged'": 3, "x" * 120: 0}
FOLDERS = ["music", "A folder", "<b>bold"]

NAMES = "[...document.querySelectorAll('tbody tr:not(.up)')].filter(r => r.getClientRects().length).map(r => r.cells[0].textContent)"


@pytest.fixture(scope="module")
def url(serving):
    """`serving` is ended after the browser; what hangs on it, too."""
    site = serving.site
    for number, (name, size) in enumerate(FILES.items()):
        with open(site.root / name, "wb") as file:
            file.truncate(size)
        if name == "readme.txt":
            (site.root / name).write_text("t" * size)
        os.utime(site.root / name, (MTIME - number * 86400,) * 2)
    for name in FOLDERS:
        (site.root / name / "deeper" / "still").mkdir(parents=True)
    server = Server(site)
    serving.also_stop(server)
    server.start(site.configure(server="autoindex on; types { text/plain txt; image/jpeg jpg; }"))
    return f"http://127.0.0.1:{server.port}/"


@cases("dark", [False, True], ids=["light", "dark"])
@cases("width", [PHONE, DESK], ids=["phone", "desk"])
@cases("path", ["", "music/deeper/", "music/deeper/still/", "?F=nothing"])
def test_it_looks_well(url, page, keep_picture, path, width, dark):
    page.look(width, dark=dark).go(url + path)
    keep_picture(f"listing-{path.strip('/?').replace('/', '-').replace('=', '') or 'root'}-{width}-{'dark' if dark else 'light'}")
    assert page.complaints == [] and page.requested == [url + path]
    assert page.overflow() == 0
    assert page.evaluate("document.title").startswith("Index of /")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(21, 23, 27)" if dark else "rgb(251, 247, 240)")
    small = page.evaluate("[...document.querySelectorAll('a')].filter(a => a.getBoundingClientRect().height < 20).map(a => a.textContent)")
    assert small == []  # a finger can hit it
    outside = page.evaluate("[...document.querySelectorAll('td, th, a')].filter(e => e.getBoundingClientRect().right > innerWidth).length")
    assert outside == 0


def test_names_are_names(url, page):
    page.look(DESK).go(url)
    names = page.evaluate(NAMES)
    assert sorted(names) == sorted([*FILES, *FOLDERS])
    assert page.evaluate("document.querySelectorAll('td img, td b, td script').length") == 0
    for link in page.evaluate("[...document.querySelectorAll('td a')].map(a => a.protocol + '//' + a.host)"):
        assert link + "/" == url
    page.evaluate("[...document.querySelectorAll('td a')].find(a => a.textContent.startsWith('javascript:')).id = 'bad'")
    page.click("#bad")
    assert "forged" not in page.evaluate("document.title")


@cases("scripts", [True, False], ids=["scripts", "no scripts"])
def test_sorting(url, page, scripts):
    page.look(DESK, scripts=scripts).go(url)

    def first_files(count=3):
        return [name for name in page.evaluate(NAMES) if name not in FOLDERS][:count]

    assert page.evaluate(NAMES)[:3] == ["<b>bold", "A folder", "music"]
    page.follow("th:nth-child(3) a")
    assert first_files() == ["x" * 120, *list(FILES)[7:9]]
    page.follow("th:nth-child(3) a")
    assert first_files() == ["song.ogg", "photo 10.jpg", "photo 2.jpg"]
    assert page.evaluate("document.querySelector('th[aria-sort]').getAttribute('aria-sort')") == "descending"
    page.follow("th:nth-child(2) a")
    assert first_files(2) == list(FILES)[:-3:-1]
    page.follow("th:nth-child(1) a")
    page.follow("th:nth-child(1) a")
    names = [name for name in page.evaluate(NAMES) if name.startswith("photo")]
    assert names == ["photo 10.jpg", "photo 2.jpg"]


def test_the_filter_follows_the_typing(url, page):
    page.look(DESK).go(url)
    page.click("input[type=search]")
    page.type("PHOTO")
    assert page.evaluate(NAMES) == ["photo 2.jpg", "photo 10.jpg"]
    page.type(" 1")
    assert page.evaluate(NAMES) == ["photo 10.jpg"]
    for _ in range(7):
        page.press("Backspace", 8)
    assert len(page.evaluate(NAMES)) == len(FILES) + len(FOLDERS)


@cases("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_filter_can_be_sent(url, page, scripts):
    """Then it is part of the address, and stays when somebody sorts."""
    page.look(PHONE, scripts=scripts).go(url + "?C=S&O=D")
    page.click("input[type=search]")
    page.type("o")
    if scripts:
        page.loading()
        page.press("Enter", 13, "\r")
        page.loaded()
    else:
        page.follow("button")
    names = page.evaluate(NAMES)
    assert [name for name in names if name.endswith(("jpg", "ogg"))] == ["song.ogg", "photo 10.jpg", "photo 2.jpg"] and "film.mkv" not in names
    page.follow("th:nth-child(1) a")
    assert "film.mkv" not in page.evaluate(NAMES) and page.evaluate("document.querySelector('input[type=search]').value") == "o"


def test_walking_through_folders(url, page):
    page.look(PHONE).go(url)
    page.follow("tbody tr:nth-child(1) a")
    assert page.evaluate("decodeURI(location.pathname)") == "/<b>bold/"
    page.follow("td a.d")
    page.follow("td a.d")
    assert page.evaluate("decodeURI(location.pathname)") == "/<b>bold/deeper/still/"
    assert page.evaluate("document.querySelector('h1').textContent") == "/ <b>bold / deeper / still"
    page.follow("h1 a:nth-of-type(2)")
    assert page.evaluate("decodeURI(location.pathname)") == "/<b>bold/"
    page.follow("tr.up a")
    assert page.evaluate("location.pathname") == "/"


def test_a_file_opens(url, page):
    page.look(DESK).go(url + "?F=readme")
    page.follow("tbody td a")
    assert page.evaluate("location.pathname") == "/readme.txt"

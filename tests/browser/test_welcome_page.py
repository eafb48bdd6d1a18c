# browser/test_welcome_page.py: www/ as a browser shows it: on a phone and on a desk, by day and by night, with nothing from elsewhere.
# Served by the real binary, with --trace: what the pages say of that is compared with what it says.
import re
from urllib.parse import urldefrag, urljoin

import pytest
from harness import process
from harness.marks import cases

WWW = process.PROJECT / "www"
PAGES = sorted(path.name for path in WWW.glob("*.html"))
PHONE, DESK = 360, 1280

CONTRAST = """(() => {
    const rgb = text => text.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
    const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] !== 0) return c; } return [255, 255, 255]; };
    const poor = [];
    for (const e of document.querySelectorAll('h1, h2, h3, p, a, code, pre, td, th, li, span, b, i, figcaption')) {
        if (!e.getClientRects().length || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
        const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
        if ((a + .05) / (b + .05) < 4.5) poor.push(e.tagName + ' ' + e.textContent.trim().slice(0, 40) + ' ' + ((a + .05) / (b + .05)).toFixed(2));
    }
    return poor; })()"""
FIGURES = """[...document.querySelectorAll('svg')].map(e => { const r = e.getBoundingClientRect();
    const texts = [...e.querySelectorAll('text')].map(t => t.getBoundingClientRect());
    return {label: e.getAttribute('aria-label'), width: r.width, height: r.height, left: r.left, right: r.right,
        outside: texts.filter(t => t.left < -1 || t.right > innerWidth + 1).length,
        smallest: Math.min(99, ...[...e.querySelectorAll('text')].map(t => parseFloat(getComputedStyle(t).fontSize) * r.width / e.viewBox.baseVal.width))}; })"""


@pytest.fixture(scope="module")
def server(serving):
    return serving("--trace", folder=WWW)


@cases("dark", [False, True], ids=["light", "dark"])
@cases("width", [PHONE, DESK], ids=["phone", "desk"])
@cases("name", PAGES)
def test_it_looks_well(server, page, keep_picture, name, width, dark):
    page.look(width, dark=dark).go(urljoin(server.url, name))
    keep_picture(f"{name.removesuffix('.html')}-{width}-{'dark' if dark else 'light'}")
    assert page.complaints == []
    assert page.overflow() == 0
    background = [int(part) for part in re.findall(r"\d+", page.evaluate("getComputedStyle(document.body).backgroundColor"))]
    assert max(background) < 64 if dark else min(background) > 200
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate("document.querySelectorAll('h1').length") == 1
    hidden = page.evaluate("[...document.querySelectorAll('h1, h2, h3')].filter(e => e.getBoundingClientRect().height < 10).map(e => e.textContent)")
    assert hidden == [] or (width == PHONE and len(hidden) == 1 and "the server" in hidden[0])  # one lane has no names
    for figure in page.evaluate(FIGURES):
        assert figure["label"] and figure["width"] >= 200 and figure["height"] >= 100, figure
        assert figure["left"] >= 0 and figure["right"] <= width and figure["outside"] == 0, figure
        assert figure["smallest"] >= 9, figure


@cases("name", PAGES)
def test_nothing_comes_from_elsewhere(server, page, name):
    page.look(DESK).go(urljoin(server.url, name))
    assert len(page.requested) >= 2  # the page and its style
    assert [url for url in page.requested if not url.startswith(server.url)] == []


@cases("name", PAGES)
def test_it_needs_no_scripts(server, page, name):
    page.look(DESK, scripts=False).go(urljoin(server.url, name))
    assert page.evaluate("document.scripts.length + document.querySelectorAll('[onclick], [onload], iframe, object').length") == 0
    assert page.evaluate("document.querySelector('main').getBoundingClientRect().height") > 600


def test_links_lead_somewhere(server, page):
    """All of them, from the front page on; and fragments exist where they lead to."""
    wanted, seen, fragments = [server.url], {}, []
    page.look(DESK)
    while wanted:
        url = wanted.pop()
        if url in seen:
            continue
        page.go(url)
        assert page.evaluate("performance.getEntriesByType('navigation')[0].responseStatus") == 200, url
        seen[url] = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
        for link in page.evaluate("[...document.links].map(a => a.href)"):
            target, fragment = urldefrag(link)
            wanted.append(target)
            fragments += [(target, fragment)] if fragment else []
    assert {url.removeprefix(server.url) for url in seen} - {""} == set(PAGES) - {"index.html"}
    assert [pair for pair in fragments if pair[1] not in seen[pair[0]]] == []
    assert len(fragments) > 10


def test_a_call_leads_to_its_story(server, page):
    page.look(PHONE).go(server.url)
    page.follow(".calls a[href$='#accept']")
    top = page.evaluate("document.querySelector(':target').getBoundingClientRect().top")
    assert -1 <= top <= 200 and "lift the receiver" in page.evaluate("document.querySelector(':target').textContent")


def general(line):
    """Without the numbers, which differ from time to time."""
    line = re.sub(r"127\.0\.0\.1:\d+", "ADDRESS", line.strip())
    return re.sub(r"\d+(\.\d+)?", "N", line)


def test_the_trace_is_as_the_pages_show_it(server, page):
    page.look(DESK).go(server.url)
    page.command("Page.close")
    shown = set()
    for name in PAGES:
        for text in re.findall(r'<pre class="trace">(.*?)</pre>', (WWW / name).read_text()):
            shown.add(general(re.sub(r"<.*?>", "", text)))
    assert len(shown) > 7

    def missing():
        told = {general(re.sub(r"^ *[\d.]+ +\d+ ", "", line)) for line in server.text().splitlines()}
        return {line for line in shown if not any(line in each for each in told)}

    process.wait_until(lambda: not missing(), what=f"{missing()} in the trace")

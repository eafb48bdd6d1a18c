# browser/test_https.py: the welcome site over https: the browser chooses HTTP/2 where it is offered, and finds nothing to complain about.
# It trusts the key of the server's certificate and no other.
import base64
import hashlib
import re
import ssl
from urllib.parse import urljoin

import pytest
from chromium import Browser
from harness import certificates, process
from harness.marks import cases
from harness.site import Server

WWW = process.PROJECT / "www"
PAGES = sorted(path.name for path in WWW.glob("*.html"))
LOG = "log_format told '$server_protocol $status $request_uri';"


def key_of(port):
    """The SHA-256 of the public key that is shown there, in base64."""
    text = certificates.openssl("x509", "-noout", "-pubkey", text=ssl.get_server_certificate(("127.0.0.1", port)))
    return base64.b64encode(hashlib.sha256(base64.b64decode(re.sub(r"-----.*?-----|\s", "", text))).digest()).decode()


def host(port, http2, pair):
    return f"server {{ listen 127.0.0.1:{{{port}}} ssl; http2 {http2}; access_log {{dir}}/{http2}.log told; {pair} root {WWW}; }}"


@pytest.fixture(scope="module")
def server(serving):
    """Two in one: with HTTP/2, and without."""
    pair = certificates.shared().pair("localhost")
    server = Server(serving.site)
    serving.also_stop(server)
    types = f"include {process.PROJECT}/conf/mime.types;"
    return server.start(serving.site.configure(http=LOG + types + host("port", "on", pair) + host("port2", "off", pair)))


@pytest.fixture(scope="module")
def shared_folder(server, serving):
    """`webserv serve --tls`, with an authority of its own."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("XDG_DATA_HOME", str(serving.site.dir / "data"))
        started = serving("--tls", "--port", str(serving.site.port("port3")), folder=WWW)
        process.wait_until(lambda: process.can_connect(("127.0.0.1", serving.site.port("port3"))), what="a connection")
        started.wait_for("SHA-256")
    return f"https://127.0.0.1:{serving.site.port('port3')}/"


@pytest.fixture(scope="module")
def browser(server, shared_folder):
    browser = Browser("--ignore-certificate-errors-spki-list=" + ",".join(key_of(server.site.port(name)) for name in ("port", "port3")))
    yield browser
    browser.close()


@cases("name", PAGES)
@cases("http2", ["on", "off"])
def test_the_welcome_site(server, page, name, http2):
    root = f"https://127.0.0.1:{server.site.port('port' if http2 == 'on' else 'port2')}/"
    page.look(1280).go(urljoin(root, name))
    assert page.complaints == []
    assert len(page.requested) >= 2 and all(url.startswith(root) for url in page.requested)
    assert sorted(page.answered) == sorted((url, 200, "h2" if http2 == "on" else "http/1.1") for url in page.requested)
    assert page.evaluate("document.querySelector('main').getBoundingClientRect().height") > 600
    told = {f"{'HTTP/2.0' if http2 == 'on' else 'HTTP/1.1'} 200 /{url.removeprefix(root)}" for url in page.requested}
    process.wait_until(lambda: told <= set(server.log_lines(1, f"{http2}.log")), what=f"{told} in the log")


def test_a_folder_that_is_shared(shared_folder, page):
    page.look(1280).go(shared_folder)
    assert page.complaints == []
    assert sorted(page.answered) == sorted((url, 200, "h2") for url in page.requested) and len(page.requested) >= 2


def test_a_browser_that_does_not_know_the_key_turns_away(server, page):
    """Else the tests above would not show that it was the certificate that convinced it."""
    stranger = Browser()
    try:
        other = stranger.page()
        other.command("Page.navigate", url=f"https://127.0.0.1:{server.port}/")
        stranger.wait(lambda: other.complaints, "a complaint")
        assert "CERT" in other.complaints[0], other.complaints
    finally:
        stranger.close()

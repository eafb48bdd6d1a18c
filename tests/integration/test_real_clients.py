# integration/test_real_clients.py: programs that others have written, over https and HTTP/2: curl, nghttp, h2load, openssl s_client.
# What our own clients would forgive, these may not.
import re
import shutil
import signal
import subprocess
import threading

import pytest
from harness import certificates, process
from harness.marks import cases, covers, not_in_model, webserv_only
from harness.reload import in_place, reload

pytestmark = [
    webserv_only("nginx 1.22 has another word for it"), not_in_model("iterative", "it serves one connection at a time"),
    pytest.mark.skipif(not (shutil.which("nghttp") and shutil.which("h2load")), reason="nghttp2-client is not there")]
PAGE = '<html><head><link rel="stylesheet" href="/style.css"><script src="/script.js"></script></head><body><img src="/image.png"></body></html>'
SITE = """types { text/html html; text/css css; application/javascript js; image/png png; }
    server { listen 127.0.0.1:{port} ssl; http2 on; root {root}; keepalive_requests 1000000; %s
        location = /text { return 200 text; }
        location = /body { client_max_body_size 10m; return 200 "$request_method [$request_body] $http_x_a"; }
        location = /trailer { add_trailer x-sum abc; alias {root}/style.css; }
        location /put/ { dav_methods PUT; client_max_body_size 10m; create_full_put_path on; alias {root}/put/; } }"""


def configuration():
    return SITE % certificates.shared().pair("localhost")


@pytest.fixture(scope="module")
def server(shared_serve, shared_site):
    for name, content in (("index.html", PAGE), ("style.css", "a{}"), ("script.js", "x"), ("image.png", "\x89PNG")):
        shared_site.write(name, content)
    shared_site.write_large(3_000_000)
    (shared_site.root / "put").mkdir()
    (shared_site.root / "put").chmod(0o777)
    return shared_serve(http=configuration())


def run(*words, text=True, code=0, **options):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=text, timeout=60, check=False, **options)
    assert done.returncode == code, (done.stdout[-1000:], done.stderr[-1000:])
    return done.stdout


def curl(server, target, *words, **options):
    return run("curl", "-sS", "--cacert", certificates.shared().authority, "--max-time", 30, *words, f"https://localhost:{server.port}{target}",
               **options)


@cases("version, told", [("--http2", "2"), ("--http1.1", "1.1")])
def test_curl(server, version, told):
    large = (server.site.root / "large").read_bytes()
    assert curl(server, "/text", version, "-w", "|%{http_version}|%{ssl_verify_result}") == f"text|{told}|0"
    assert curl(server, "/large", version, text=False) == large
    assert curl(server, "/large", version, "-r", "1000-1999", text=False) == large[1000:2000]
    assert curl(server, "/body", version, "-d", "some content", "-H", "X-A: a") == "POST [some content] a"
    assert re.match(r"HTTP/\S+ 200", curl(server, "/large", version, "-I")) and "3000000" in curl(server, "/large", version, "-I")
    assert curl(server, "/put/file", version, "-T", server.site.root / "large", "-o", "/dev/null", "-w", "%{http_code}") in ("201", "204")
    assert (server.site.root / "put/file").read_bytes() == large


def test_curl_asks_many_things_at_once(server):
    """Over one connection: --parallel multiplexes."""
    urls = [f"https://localhost:{server.port}/{name}?{number}" for number in range(20) for name in ("style.css", "large", "none")]
    told = run("curl", "-sS", "--http2", "--parallel", "--parallel-max", 60, "--cacert", certificates.shared().authority, "--max-time", 30,
               "-w", "%{http_code} %{http_version} %{size_download} %{num_connects}\n", *(word for url in urls for word in ("-o", "/dev/null", url)))
    lines = [line.split() for line in told.splitlines()]
    assert len(lines) == 60 and {line[1] for line in lines} == {"2"}
    assert sorted(line[0] for line in lines) == ["200"] * 40 + ["404"] * 20
    assert sorted(int(line[2]) for line in lines)[-20:] == [3_000_000] * 20


def nghttp(server, target, *words):
    return run("nghttp", "--no-verify-peer", "-t", 30, *words, f"https://localhost:{server.port}{target}")


def test_nghttp_fetches_a_page_and_what_belongs_to_it(server):
    told = nghttp(server, "/index.html", "-v", "-a", "-s", "-n")
    assert set(re.findall(r"\s200\s+\S+\s+(/\S+)", told)) == {"/index.html", "/style.css", "/script.js", "/image.png"}
    assert "The negotiated protocol: h2" in told and "[ERROR]" not in told and "INVALID" not in told


@covers("add_trailer")
def test_nghttp_with_trailers(server, site):
    told = nghttp(server, "/trailer", "-v")
    assert re.search(r"recv \(stream_id=\d+\) x-sum: abc", re.sub("\x1b.*?m", "", told))
    content = site.write("content", "some content")
    assert "POST [some content]" in nghttp(server, "/body", "-v", "-d", content, "-H", ":method: POST", "--trailer", "x-a: b")


@cases("words", [["-w", "10"], ["-W", "10"], ["-w", "30", "-W", "30"]], ids=" ".join)
def test_nghttp_with_other_windows(server, words):
    """2**N - 1 octets: a stream's, the connection's."""
    done = subprocess.run(["nghttp", "--no-verify-peer", "-t", "30", *words, f"https://localhost:{server.port}/large"], capture_output=True,
                          timeout=60, check=True)
    assert done.stdout == (server.site.root / "large").read_bytes()


@cases("offer, chosen", [("h2", "h2"), ("http/1.1,h2", "h2"), ("http/1.1", "http/1.1"), ("h2,http/1.1", "h2")])
def test_s_client_and_alpn(server, offer, chosen):
    told = run("openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-alpn", offer, text=False, stdin=subprocess.DEVNULL)
    assert f"ALPN protocol: {chosen}\n".encode() in told


def test_s_client_offers_nothing_known(server):
    """RFC 7301 section 3.2: no_application_protocol."""
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-alpn", "spdy/1"], input="", capture_output=True,
                          text=True, timeout=60, check=False)
    assert done.returncode != 0 and "no application protocol" in done.stderr


# Under load


class Load(threading.Thread):
    """h2load with a number of requests, beside the test."""

    def __init__(self, server, requests, *words, target="/text"):
        super().__init__(daemon=True)
        self.words = ["h2load", "-n", str(requests), *words, f"https://127.0.0.1:{server.port}{target}"]
        self.told = ""
        self.start()

    def run(self):
        done = subprocess.run(self.words, capture_output=True, text=True, timeout=120, check=False)
        self.told = done.stdout + done.stderr

    def counts(self):
        """(done, succeeded, failed, errored, timeout)"""
        self.join(130)
        match = re.search(r"requests: \d+ total, \d+ started, (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", self.told)
        assert match, self.told
        return tuple(map(int, match.groups()))


@cases("words", [["--h1", "-c", "8"], ["-c", "4", "-m", "16"]], ids=["http/1.1", "h2"])
def test_reloads_under_load_fail_nothing(serve, words):
    """As many loads as it takes for some reloads to fall into them."""
    server = serve(http=configuration(), main="worker_processes 2;")
    while in_place(server) < 10:
        load = Load(server, 5_000, *words)
        while load.is_alive():
            reload(server)
        assert load.counts() == (5_000, 5_000, 0, 0, 0)


@cases("words", [["--h1", "-c", "8"], ["-c", "4", "-m", "16"]], ids=["http/1.1", "h2"])
def test_a_quit_under_load_answers_what_it_has_taken(serve, words):
    """h2load does not come again, so what it had not asked by then counts as failed there; but nothing that the server took may be without an answer."""
    server = serve(http="access_log {dir}/all.log; " + configuration(), defaults="")
    log = server.site.dir / "all.log"
    load = Load(server, 1_000_000, *words)
    process.wait_until(lambda: log.exists() and log.stat().st_size > 50_000, 30, "requests")
    server.process.signal(signal.SIGQUIT)
    assert server.process.wait() == 0
    done, succeeded, failed, errored, timeout = load.counts()
    lines = log.read_text().splitlines()
    assert len(lines) == succeeded and timeout == 0
    assert all(" 200 4 " in line for line in lines)

# integration/test_serve_tls.py: `webserv serve --tls`: the authority it makes, what it signs, and certificates of one's own.
# The authority lives in the data folder that the environment names: here it is the test's.
import os
import re
import ssl
import subprocess

import pytest
from harness import certificates, process
from harness.client import Connection
from harness.marks import webserv_only

pytestmark = webserv_only("nginx needs a configuration")


@pytest.fixture(autouse=True)
def data(site, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(site.dir / "data"))
    return site.dir / "data/webserv"


def get(server, authority, name="localhost"):
    context = ssl.create_default_context(cafile=str(authority))
    with Connection(("127.0.0.1", server.port), tls=context, name=name) as connection:
        return connection.get("/file").text, connection.socket.getpeercert(True)


def test_an_authority_is_made_and_kept(serving, site, data):
    site.write("file", "x")
    server = serving("--tls")
    server.wait_for(rf"https://localhost:{server.port}\b")
    server.wait_for(r"SHA-256 ([0-9A-F]{2}:){31}")
    first = get(server, data / "authority.pem")
    assert first[0] == "x" and get(server, data / "authority.pem", "127.0.0.1")[0] == "x"
    assert str(data / "authority.pem") in server.text() and "It is new" in server.text()
    assert (data / "authority.key").stat().st_mode & 0o777 == 0o600 and (data / "server.key").stat().st_mode & 0o777 == 0o600
    authority = (data / "authority.pem").read_bytes()
    assert process.run(["get", "--cacert", str(data / "authority.pem"), f"https://localhost:{server.port}/file"]).stdout == "x"
    assert not server.stop()
    again = serving("--tls")
    again.wait_for("SHA-256")
    assert (data / "authority.pem").read_bytes() == authority and "It is new" not in again.text()
    assert get(again, data / "authority.pem") == first


def test_other_names_get_another_certificate_of_the_same_authority(serving, site, data):
    site.write("file", "x")
    server = serving("--tls")
    server.wait_for("SHA-256")
    first = get(server, data / "authority.pem")
    wide = serving("--tls", "--bind", "127.0.0.3")
    wide.wait_for("SHA-256")
    context = ssl.create_default_context(cafile=str(data / "authority.pem"))
    with Connection(("127.0.0.3", wide.port), tls=context, name="127.0.0.3") as connection:
        assert connection.get("/file").text == "x"
        assert connection.socket.getpeercert(True) != first[1]


def test_openssl_finds_nothing_wrong(serving, data):
    serving("--tls").wait_for("SHA-256")
    done = subprocess.run(["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "localhost", "-CAfile",
                           data / "authority.pem", data / "server.pem"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_who_forgets_the_scheme_is_led_on(serving, site):
    server = serving("--tls")
    with Connection(("127.0.0.1", server.port)) as connection:
        answer = connection.get("/x?y", host=f"localhost:{server.port}")
    assert answer.status == 301 and answer.field("Location") == f"https://localhost:{server.port}/x?y"


def test_certificates_of_ones_own(serving, site, data):
    site.write("file", "x")
    made = certificates.shared()
    made.pair("localhost")
    server = serving("--cert", f"{made.dir}/localhost.pem", "--key", f"{made.dir}/localhost.key")
    server.wait_for("https://")
    assert get(server, made.authority)[0] == "x"
    assert not data.exists()


def test_what_can_go_wrong(site):
    made = certificates.shared()
    for name, kind in (("localhost", "ecdsa"), ("rsa", "rsa")):
        made.pair(name, common_name="localhost", kind=kind)
    folder = made.dir
    certificates.openssl("pkey", "-in", "localhost.key", "-out", "encrypted.key", "-aes256", "-passout", "pass:secret", folder=folder)
    certificate = ["--cert", f"{folder}/localhost.pem", "--key"]
    cases = ((["--cert", "/nosuch", "--key", "/nosuch"], 1, "/nosuch can not be read"), (["--cert", "/nosuch"], 2, "--key"),
             (["--cert", "/dev/null", "--key", "/dev/null"], 1, 'cannot load certificate "/dev/null": PEM_read_bio_X509_AUX() failed'),
             ([*certificate, f"{folder}/rsa.key"], 1, "key type mismatch"),
             ([*certificate, f"{folder}/encrypted.key"], 1, f'cannot load certificate key "{folder}/encrypted.key": it is encrypted'))
    for words, code, said in cases:
        done = process.run(["serve", *words, str(site.root)])
        assert done.returncode == code and said in done.stderr + done.stdout
        assert "(webserv serve)" not in done.stderr, "no file of the user's"
    done = subprocess.run([process.BINARY, "serve", "--tls", str(site.root)], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True,
                          timeout=30, check=False)
    assert done.returncode == 1 and re.search("HOME is not set", done.stderr)


def test_http2_is_spoken_with_whoever_wants_it(serving, site, data):
    site.write("file", "x")
    server = serving("--tls")
    get(server, data / "authority.pem")
    answer = subprocess.run(["curl", "-s", "--cacert", str(data / "authority.pem"), "-w", "%{http_version}", "-o", os.devnull,
                             f"https://localhost:{server.port}/file"], stdout=subprocess.PIPE, text=True, timeout=30)
    assert answer.stdout == "2"

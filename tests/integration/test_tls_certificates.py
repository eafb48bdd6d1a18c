# integration/test_tls_certificates.py: certificates whose names have variables: each handshake finds its own, or fails by itself.
# Which one came is what the client says: it trusts the authority, and checks the name.
import shutil
import ssl
import subprocess

import pytest
from harness import certificates, process
from harness.marks import cases, covers, webserv_only

LISTEN = "listen 127.0.0.1:{port} ssl; "
NAMED = "ssl_certificate {m}/$ssl_server_name.pem; ssl_certificate_key {m}/$ssl_server_name.key; "


@pytest.fixture
def made():
    made = certificates.Certificates()
    for name in ("one.test", "two.test"):
        issue(made, name)
    return made


def issue(made, name):
    made.issue(name, name)
    (made.dir / f"{name}.key").chmod(0o644)  # workers read it


def site_of(made, settings=NAMED, more=""):
    return "server { " + LISTEN + settings.replace("{m}", str(made.dir)) + more + ' return 200 "$ssl_server_name"; }'


def serial(server, made, name, trusted=None):
    with server.connect(tls=certificates.client(trusted or made), name=name) as connection:
        assert connection.get("/").text == name
        return connection.socket.getpeercert()["serialNumber"]


def fails(server, made, name):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        serial(server, made, name)
    return True


@covers("ssl_certificate", "ssl_certificate_key")
def test_each_name_has_its_own(serve, made):
    server = serve(http=site_of(made))
    assert serial(server, made, "one.test") != serial(server, made, "two.test")


def test_a_missing_one_fails_its_handshake_only(serve, made):
    server = serve(http=site_of(made))
    assert fails(server, made, "three.test")
    assert server.error_line(r"\[error\].*cannot load certificate \".*/three\.test\.pem\".*\(2: No such file")
    shutil.copy(made.dir / "one.test.pem", made.dir / "broken.test.pem")
    shutil.copy(made.dir / "two.test.key", made.dir / "broken.test.key")
    assert fails(server, made, "broken.test")
    assert server.error_line(r"\[error\].*key values mismatch")
    assert serial(server, made, "one.test"), "the others go on"


@webserv_only("it has other words for it")
def test_what_is_no_file_hangs_nobody(serve, made):
    (made.dir / "folder.test.pem").mkdir()
    server = serve(http=site_of(made))
    assert fails(server, made, "folder.test")
    assert server.error_line("not a regular file")


@webserv_only("it looks for the file")
def test_a_name_leads_nowhere_else(serve, made):
    (made.dir / "below").mkdir()
    server = serve(http=site_of(made, NAMED.replace("{m}/", "{m}/below/")))
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-servername", "../one.test"],
                                       input=b"", capture_output=True, timeout=60, check=False)
    assert b"BEGIN CERTIFICATE" not in done.stdout
    assert server.error_line("client sent invalid server name")


def test_a_new_one_is_met_at_once(serve, made):
    server = serve(http=site_of(made))
    old = serial(server, made, "one.test")
    issue(made, "one.test")
    assert serial(server, made, "one.test") != old


@webserv_only("it has no cache yet")
@covers("ssl_certificate_cache")
def test_it_may_be_kept(serve, made):
    server = serve(http=site_of(made, more="ssl_certificate_cache max=1 valid=1h inactive=1h; "))
    old = serial(server, made, "one.test")
    issue(made, "one.test")
    assert serial(server, made, "one.test") == old, "it is kept"
    assert serial(server, made, "two.test") != old
    assert serial(server, made, "one.test") != old, "there is room for one only"


@webserv_only("it has no cache yet")
@covers("ssl_certificate_cache")
@cases("times", ["valid=1ms inactive=1h", "valid=1h inactive=1ms"])
def test_what_is_kept_grows_old(serve, made, times):
    server = serve(http=site_of(made, more=f"ssl_certificate_cache max=9 {times}; "))
    old = serial(server, made, "one.test")
    issue(made, "one.test")
    process.wait_until(lambda: serial(server, made, "one.test") != old, what="the new certificate")


def test_data_may_stand_in_the_place_of_a_name(serve, made):
    both = {suffix: (made.dir / f"one.test.{suffix}").read_text() for suffix in ("pem", "key")}
    server = serve(http=site_of(made, f'ssl_certificate "data:{both["pem"]}"; ssl_certificate_key "data:{both["key"]}"; '))
    assert serial(server, made, "one.test")


def test_what_can_be_known_before_is_said(site, made):
    def said(settings):
        conf = site.configure(http=site_of(made, settings))
        return process.run(["-t", "-p", str(site.dir), "-c", str(conf)])

    unknown = said("ssl_certificate $nobody.pem; ssl_certificate_key $nobody.key;")
    assert unknown.returncode == 1 and 'unknown "nobody" variable' in unknown.stderr
    if not process.is_nginx(process.BINARY):
        assert 'must have the "max" parameter' in said(NAMED + "ssl_certificate_cache valid=1s;").stderr
        assert 'invalid parameter "max=0"' in said(NAMED + "ssl_certificate_cache max=0;").stderr

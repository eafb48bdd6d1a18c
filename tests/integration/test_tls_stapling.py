# integration/test_tls_stapling.py: OCSP responses that leave with the handshake, from a file, or as the authority's responder says.
# The authority is openssl(1); where it is to be wrong, a script says what it has prepared.
import signal
import threading

import pytest
from harness import certificates, process, reload, responder
from harness.marks import cases, covers, webserv_only
from harness.scripted import WITHIN_SECONDS, ScriptedServer, answer, answers, says

LISTEN = "listen 127.0.0.1:{port} ssl;"
GOOD, NOTHING = "Cert Status: good", "OCSP response: no response sent"


@pytest.fixture(scope="module")
def made():
    """An authority, a server's certificate in a file with the issuer behind it, and somebody whom the authority has not appointed."""
    made = certificates.Certificates()
    made.make_authority("stranger", "Stranger")
    for name, kind in (("server", "ecdsa"), ("rsa", "rsa")):
        made.issue(name, "localhost", kind=kind)
    (made.dir / "lonely.pem").write_text((made.dir / "server.pem").read_text())
    (made.dir / "lonely.key").write_text((made.dir / "server.key").read_text())
    for name in ("server", "rsa"):
        certificate = made.dir / f"{name}.pem"
        certificate.write_text(certificate.read_text() + (made.dir / "authority.pem").read_text())
    return made


@pytest.fixture(scope="module")
def good(made):
    return responder.response(made, "server")


@pytest.fixture
def script():
    """Starts responders that say what they are told."""
    started = []

    def start(play):
        started.append(ScriptedServer(play))
        return started[-1]

    yield start
    for one in started:
        one.stop()


def ocsp(content, *fields):
    return answer("200 OK", content.decode("latin-1").encode("latin-1"), "Content-Type: application/ocsp-response", *fields)


def status(server, port=None, *options):
    return certificates.openssl("s_client", "-connect", f"127.0.0.1:{port or server.port}", "-servername", "localhost", "-status", *options, text="")


def wait_until_stapled(server, *options, port=None):
    """nginx asks when the first client wants to know."""
    process.wait_until(lambda: GOOD in status(server, port, *options), what="an answer that is stapled")


def configuration(made, url, settings="", name="server", listen=LISTEN):
    chosen = f" ssl_stapling on; ssl_stapling_responder {url};" if url else " ssl_stapling on;"
    return "server { " + listen + made.pair(name) + chosen + settings + ' location / { return 200 "here"; } }'


def said(site, http):
    conf = site.configure(http=http)
    return process.run(["-t", "-p", str(site.dir), "-c", str(conf)])


# From a file

@covers("ssl_stapling", "ssl_stapling_file")
def test_a_response_is_stapled(serve, made, good):
    (made.dir / "good.der").write_bytes(good)
    server = serve(http=configuration(made, None, f"ssl_stapling_file {made.dir}/good.der;"))
    assert "OCSP Response Status: successful" in (told := status(server)) and GOOD in told


@covers("ssl_stapling")
def test_only_if_one_wants_it(serve, made, good):
    (made.dir / "good.der").write_bytes(good)
    server = serve(http="server { " + LISTEN + made.pair("server") + f" ssl_stapling off; ssl_stapling_file {made.dir}/good.der; }}")
    assert NOTHING in status(server)


@covers("ssl_stapling_file")
def test_what_is_wrong_with_a_file_is_said(site, made):
    broken = said(site, configuration(made, None, f"ssl_stapling_file {made.dir}/server.pem;"))
    assert broken.returncode == 1 and "d2i_OCSP_RESPONSE_bio" in broken.stderr


# Asking

@covers("ssl_stapling", "ssl_stapling_responder", "ssl_stapling_verify")
@cases("verify", ["on", "off"])
def test_the_responder_is_asked(serve, made, verify):
    real = responder.Responder(made, "server")
    try:
        server = serve(http=configuration(made, real.url(), f"ssl_stapling_verify {verify};"))
        wait_until_stapled(server)
        assert GOOD in status(server, None, "-tls1_2")
    finally:
        real.stop()


@covers("ssl_stapling")
def test_the_one_that_the_certificate_names(serve, made, good, script):
    asked = script(says(ocsp(good)))
    (made.dir / "named.cnf").write_text((made.dir / "openssl.cnf").read_text() + f"authorityInfoAccess = OCSP;URI:{asked.url('/ask')}\n")
    certificates.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "named.key", "-out",
                         "named.csr", "-subj", "/CN=localhost", "-config", "named.cnf", folder=made.dir)
    certificates.openssl("x509", "-req", "-in", "named.csr", "-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial", "-days", "30",
                         "-out", "named.pem", "-extfile", "named.cnf", "-extensions", "leaf", folder=made.dir)
    about = responder.response(made, "named")
    asked.script = says(ocsp(about))
    server = serve(http=configuration(made, None, f"ssl_trusted_certificate {made.authority};", name="named"))
    wait_until_stapled(server)
    assert asked.requests[0].target.startswith("/ask") and asked.requests[0].field("Host").startswith("127.0.0.1")


@webserv_only("it asks with GET, when the first client comes")
@covers("ssl_stapling_responder")
def test_how_it_is_asked(serve, made, good, script):
    asked = script(answers(lambda request: ocsp(good)))
    serve(http=configuration(made, asked.url("/a/b?c")))
    process.wait_until(lambda: asked.requests and hasattr(asked.requests[0], "content"), what="a question")
    request = asked.requests[0]
    assert (request.method, request.target, request.field("Host")) == ("POST", "/a/b?c", f"127.0.0.1:{asked.port}")
    assert request.field("Content-Type") == "application/ocsp-request"
    (made.dir / "request.der").write_bytes(request.content)
    assert responder.serial_of(made, "server") in certificates.openssl("ocsp", "-reqin", "request.der", "-req_text", folder=made.dir)


@covers("ssl_stapling", "ssl_stapling_responder")
def test_each_certificate_has_its_own(serve, made):
    real = responder.Responder(made, "server", "rsa")
    try:
        pairs = made.pair("rsa") + made.pair("server")
        server = serve(http="server { " + LISTEN + pairs + f" ssl_stapling on; ssl_stapling_responder {real.url()}; }}")
        for name, kind in (("server", "ECDSA"), ("rsa", "RSA")):
            options = ("-tls1_2", "-cipher", f"ECDHE-{kind}-AES128-GCM-SHA256")
            wait_until_stapled(server, *options)
            assert f"Serial Number: {responder.serial_of(made, name)}" in status(server, None, *options)
    finally:
        real.stop()


@covers("ssl_stapling_verify")
def test_the_signer_has_to_be_appointed(serve, made, script):
    forged = responder.response(made, "server", signer="stranger")
    asked = script(says(ocsp(forged)))
    server = serve(http=configuration(made, asked.url(), "ssl_stapling_verify on;"))
    status(server)
    assert "OCSP_basic_verify() failed" in server.error_line("while requesting certificate status")
    assert NOTHING in status(server)


@covers("ssl_stapling")
def test_whose_signature_it_is_may_be_left_to_clients(serve, made, script):
    forged = responder.response(made, "server", signer="stranger")
    asked = script(says(ocsp(forged)))
    wait_until_stapled(serve(http=configuration(made, asked.url())))


@covers("ssl_stapling_responder")
def test_of_an_issuer_that_is_only_trusted(serve, site, made, good, script):
    asked = script(says(ocsp(good)))
    trusted = f"ssl_trusted_certificate {made.authority};"
    wait_until_stapled(serve(http=configuration(made, asked.url(), trusted + " ssl_stapling_verify on;", name="lonely")))


@covers("ssl_stapling", "ssl_stapling_responder")
def test_what_cannot_be_asked_is_ignored_with_a_warning(site, made):
    for http, why in ((configuration(made, "http://127.0.0.1:1/", name="lonely"), "issuer certificate not found for certificate"),
                      (configuration(made, None), "no OCSP responder URL in the certificate"),
                      (configuration(made, "https://127.0.0.1:1/"), 'invalid URL prefix in OCSP responder "https://127.0.0.1:1/"'),
                      (configuration(made, "http://127.0.0.1:x/"), "in OCSP responder")):
        told = said(site, http)
        assert told.returncode == 0 and '"ssl_stapling" ignored, ' in told.stderr and why in told.stderr, told.stderr


@webserv_only("it says nothing")
@covers("ssl_stapling")
def test_nor_one_that_is_known_only_in_a_handshake(site, made):
    told = said(site, "server { " + LISTEN + f" ssl_stapling on; ssl_certificate {made.dir}/$ssl_server_name.pem;"
                f" ssl_certificate_key {made.dir}/$ssl_server_name.key; }}")
    assert told.returncode == 0 and '"ssl_stapling" ignored for certificates with variables in their names' in told.stderr, told.stderr


@webserv_only("it asks when the first client comes")
@covers("ssl_stapling_responder")
def test_not_too_many_at_once(serve, made, good, script):
    """Eight at most; they get their answer when there are eight of them, and then the others ask."""
    lock, eight = threading.Lock(), threading.Event()
    present = []

    def play(caller):
        if caller.read_request() is None:
            return
        with lock:
            present.append(caller)
            most.append(len(present))
            if len(present) == 8:
                eight.set()
        eight.wait(WITHIN_SECONDS)
        with lock:
            present.remove(caller)
        caller.send(ocsp(good))
        caller.finish()

    most = []
    asked = script(play)
    serve(http=" ".join(configuration(made, asked.url(f"/{number}"), f"server_name n{number};") for number in range(12)))
    process.wait_until(lambda: len(most) == 12, what="all of them")
    assert max(most) == 8


@covers("ssl_stapling_responder")
def test_a_test_asks_nobody(site, made, good, script):
    asked = script(says(ocsp(good)))
    assert said(site, configuration(made, asked.url())).stderr.count("ignored") == 0
    assert asked.callers == 0


# Bad responders: the handshake works, nothing is stapled, and the log says why

BAD = {
    "garbage": (says(ocsp(b"no response")), "d2i_OCSP_RESPONSE() failed"),
    "an error": (says(answer("500 Internal Server Error", b"x")), "status 500"),
    "a page": (says(answer("200 OK", b"<html>", "Content-Type: text/html")), 'OCSP responder sent invalid "Content-Type" header: "text/html"'),
    "no HTTP": (says(b"SSH-2.0-x\r\n\r\n"), "OCSP responder sent invalid response"),
    "an end": (says(b"HTTP/1.1 200 OK\r\nContent-Ty"), "OCSP responder prematurely closed connection"),
    "an end in the content": (says(ocsp(b"x" * 10).replace(b"Length: 10", b"Length: 20")), "OCSP responder prematurely closed connection"),
    "too much": (says(answer("200 OK", b"x" * 100_000, "Content-Type: application/ocsp-response")), "OCSP responder sent too big response"),
    "no answer": (says(ocsp(b"\x30\x03\x0a\x01\x03")), "OCSP response not successful (3: trylater)"),
}


@webserv_only("some of its words differ")
@covers("ssl_stapling_responder")
@cases("kind", BAD)
def test_of_bad_responders_nothing_is_stapled(serve, made, script, kind):
    play, why = BAD[kind]
    server = serve(http=configuration(made, script(play).url()))
    line = server.error_line("while requesting certificate status, responder: 127.0.0.1")
    assert "[error]" in line and why in line and f'certificate: "{made.dir}/server.pem"' in line
    assert NOTHING in status(server)
    assert server.error_log().count("while requesting") == 1


@webserv_only("it asks when the first client comes")
@covers("ssl_stapling_responder")
def test_answers_that_say_something_else(serve, made, script):
    about_rsa = responder.response(made, "rsa")
    revoked = responder.response(made, "server", revoked=True)
    for response, why in ((about_rsa, "certificate status not found in the OCSP response"), (revoked, 'certificate status "revoked" in the OCSP')):
        server = serve(http=configuration(made, script(says(ocsp(response))).url()))
        assert why in server.error_line("while requesting certificate status")
        assert NOTHING in status(server)
        server.stop()
        (server.site.dir / "error.log").unlink()


@webserv_only("it asks when the first client comes")
@covers("ssl_stapling_responder")
def test_nobody_listens(serve, made, script):
    gone = script(answers(lambda request: b""))
    url = gone.url()
    gone.stop()
    server = serve(http=configuration(made, url))
    line = server.error_line("while requesting certificate status")
    assert "connect() failed (111: Connection refused)" in line and f"peer: 127.0.0.1:{gone.port}" in line
    assert NOTHING in status(server)


@webserv_only("it asks when the first client comes")
@covers("ssl_stapling_responder")
def test_no_handshake_waits_for_a_slow_one(serve, made, script):
    slow = script(says(b"HTTP/1.1 200 OK\r\n", then="wait"))
    server = serve(http=configuration(made, slow.url()))
    process.wait_until(lambda: slow.requests, what="a question")
    assert NOTHING in status(server)
    # Nor does the end of the worker.
    server.process.signal(signal.SIGQUIT)
    assert server.process.wait() == 0
    assert "while requesting" not in server.error_log()


# Reloads

@webserv_only("it has new workers then, which know nothing")
@covers("ssl_stapling_responder")
def test_an_answer_lives_through_a_reload(serve, made, good, script):
    asked = script(says(ocsp(good)))
    server = serve(http=configuration(made, asked.url()))
    wait_until_stapled(server)
    asked.stop()
    reload.reload(server, http=configuration(made, asked.url(), "keepalive_timeout 10s;"))
    assert GOOD in status(server)
    assert len(asked.requests) == 1


@webserv_only("reloads are in place")
@covers("ssl_stapling_responder")
def test_a_reload_while_it_asks(serve, made, good, script):
    slow = script(says(b"HTTP/1.1 200 OK\r\n", then="wait"))
    quick = script(says(ocsp(good)))
    server = serve(http=configuration(made, slow.url()))
    process.wait_until(lambda: slow.requests, what="a question")
    worker = server.process.worker()
    before = reload.descriptors(worker)
    reload.reload(server, http=configuration(made, quick.url()))
    wait_until_stapled(server)
    reload.reload(server, http=configuration(made, quick.url()).replace("ssl_stapling on;", ""))
    process.wait_until(lambda: NOTHING in status(server), what="the configuration without")
    process.wait_until(lambda: reload.descriptors(worker) < before, what="the end of the question")
    assert server.process.workers() == [worker] and "while requesting" not in server.error_log()

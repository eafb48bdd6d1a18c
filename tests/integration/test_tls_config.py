# integration/test_tls_config.py: what is wrong with a configuration of https is said before anybody is served, with file, line and column;
# and a reload picks up new certificates, or keeps the old ones.
import signal
import threading

import pytest
from harness import certificates, process, reload
from harness.client import Connection
from harness.marks import cases, covers, webserv_only

LISTEN = "listen 127.0.0.1:{port} ssl;"


@pytest.fixture
def made(site):
    made = certificates.shared()
    for name, kind in (("localhost", "ecdsa"), ("rsa", "rsa")):
        made.pair(name, common_name="localhost", kind=kind)
    site.write(site.dir / "empty.pem")
    site.write(site.dir / "noise.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    return made


def complaint(site, http):
    done = process.run(["-t", "-p", str(site.dir), "-c", str(site.configure(http=http))])
    assert done.returncode == 1
    return done.stderr


# What is wrong, and what is said. {m} is the folder of the certificates.
WRONG = {
    "no certificate": ("server { listen 127.0.0.1:{port} ssl; }", 'no "ssl_certificate" is defined for the "listen ... ssl" directive'),
    "no key": ("server { listen 127.0.0.1:{port} ssl; ssl_certificate {m}/localhost.pem; }",
               'no "ssl_certificate_key" is defined for certificate'),
    "no file": ("server { ssl_certificate {m}/nosuch.pem; ssl_certificate_key {m}/localhost.key; }", 'cannot load certificate "'),
    "no key file": ("server { ssl_certificate {m}/localhost.pem; ssl_certificate_key {m}/nosuch.key; }", 'cannot load certificate key "'),
    "empty": ("server { ssl_certificate {dir}/empty.pem; ssl_certificate_key {m}/localhost.key; }", "PEM_read_bio_X509_AUX() failed"),
    "noise": ("server { ssl_certificate {dir}/noise.pem; ssl_certificate_key {m}/localhost.key; }", "PEM_read_bio_X509_AUX() failed"),
    "another's key": ("server { ssl_certificate {m}/localhost.pem; ssl_certificate_key {m}/authority.key; }", "key values mismatch"),
    "another kind of key": ("server { ssl_certificate {m}/localhost.pem; ssl_certificate_key {m}/rsa.key; }", "key type mismatch"),
    "protocol": ("server { ssl_protocols TLSv1.4; }", "TLSv1.4"),
    "ciphers": ("server { ssl_ciphers NONSENSE; ssl_certificate {m}/localhost.pem; ssl_certificate_key {m}/localhost.key; }",
                'SSL_CTX_set_cipher_list("NONSENSE") failed'),
    "curve": ("server { ssl_ecdh_curve nonsense; ssl_certificate {m}/localhost.pem; ssl_certificate_key {m}/localhost.key; }",
              'SSL_CTX_set1_curves_list("nonsense") failed'),
    "command": ("server { ssl_conf_command Nonsense x; ssl_certificate {m}/localhost.pem; ssl_certificate_key {m}/localhost.key; }",
                'SSL_CONF_cmd("Nonsense", "x") failed'),
    "dhparam": ("server { ssl_dhparam {dir}/empty.pem; ssl_certificate {m}/localhost.pem; ssl_certificate_key {m}/localhost.key; }",
                "empty.pem"),
    "ticket key": ("server { ssl_session_ticket_key {dir}/noise.pem; ssl_certificate {m}/localhost.pem; ssl_certificate_key {m}/localhost.key; }",
                   "must be 48 or 80 bytes"),
    "verify without authority": ("server { ssl_verify_client on; ssl_certificate {m}/localhost.pem; ssl_certificate_key {m}/localhost.key; }",
                                 "no ssl_client_certificate for ssl_verify_client"),
    "authority": ("server { ssl_verify_client on; ssl_client_certificate {dir}/empty.pem; ssl_certificate {m}/localhost.pem;"
                  " ssl_certificate_key {m}/localhost.key; }", "empty.pem"),
    "session cache": ("server { ssl_session_cache nonsense; }", 'invalid session cache "nonsense"'),
    "session cache size": ("server { ssl_session_cache builtin:x; }", 'invalid session cache "builtin:x"'),
    "shared session cache": ("server { ssl_session_cache shared:x; }", 'invalid session cache "shared:x"'),
    "small session cache": ("server { ssl_session_cache shared:x:1k; }", 'session cache "shared:x:1k" is too small'),
    "verify": ("server { ssl_verify_client maybe; }", "maybe"),
    "removed": ("server { ssl on; }", '"ssl" directive'),
}
ONLY_OURS = {"removed": "1.22 still has it", "another kind of key": "nginx fails each handshake"}


@cases("name", WRONG)
@covers("ssl_certificate", "ssl_certificate_key", "ssl_session_cache", "ssl_verify_client", "ssl_client_certificate", "ssl_dhparam",
        "ssl_session_ticket_key")
def test_what_is_wrong_is_said(site, made, name):
    http, message = WRONG[name]
    if process.is_nginx(process.BINARY) and name in ONLY_OURS:
        pytest.skip(ONLY_OURS[name])
    said = complaint(site, http.replace("{m}", str(made.dir)))
    assert message in said
    if not process.is_nginx(process.BINARY):
        assert "test.conf:" in said.splitlines()[0] and "^" in said, "the line and what in it"


@webserv_only("1.22 still has it")
@covers("ssl")
def test_the_removed_directive_says_what_replaced_it(site):
    assert 'write "listen ... ssl" instead' in complaint(site, "server { ssl on; }")


@webserv_only("Debian's OpenSSL has neither, and nginx says nothing")
@covers("ssl_protocols")
def test_broken_protocols_are_not_spoken(site):
    done = process.run(["-t", "-p", str(site.dir), "-c", str(site.configure(http="server { ssl_protocols SSLv3 TLSv1.2; }"))])
    assert done.returncode == 0 and '"SSLv3" is broken and not spoken here' in done.stderr
    assert "leaves no protocol" in complaint(site, "server { ssl_protocols SSLv2 SSLv3; }")


@webserv_only("nginx reads files through OpenSSL, in the master only")
@covers("ssl_conf_command")
def test_commands_do_not_name_files(site, made):
    http = f"server {{ ssl_conf_command PrivateKey /x; {made.pair('localhost')} }}"
    assert "names a file: use the directive that is made for it" in complaint(site, http)


# Reload


def config(made, name, addition=""):
    return "server { " + LISTEN + made.pair(name) + addition + ' location / { return 200 "$ssl_protocol"; } }'


def subject(server):
    with server.connect(tls=certificates.client(verify=False), name="localhost") as connection:
        return connection.socket.getpeercert(True)


@covers("ssl_certificate", "ssl_certificate_key")
def test_a_reload_picks_up_what_changed_on_the_disk(serve, site):
    ours = certificates.Certificates()
    ours.pair("one", common_name="localhost")
    server = serve(http=config(ours, "one"))
    before = subject(server)
    with server.connect(tls=certificates.client(ours), name="localhost") as stays:
        assert stays.get("/").status == 200
        ours.issue("one", common_name="localhost")
        server.process.signal(signal.SIGHUP)
        process.wait_until(lambda: subject(server) != before, what="the new certificate")
        if not process.is_nginx(server.binary):
            assert stays.get("/").text == "TLSv1.3", "whoever is connected stays so"


@covers("ssl_certificate", "ssl_certificate_key")
def test_a_broken_certificate_keeps_the_old_one_serving(serve, site):
    ours = certificates.Certificates()
    ours.pair("one", common_name="localhost")
    server = serve(http=config(ours, "one"))
    before = subject(server)
    (ours.dir / "one.pem").write_text("broken")
    server.process.signal(signal.SIGHUP)
    line = server.error_line("cannot load certificate")
    if not process.is_nginx(server.binary):
        assert "test.conf:" in line
        server.error_line("the configuration stays as it was")
    assert subject(server) == before


@webserv_only("its old workers go with their connections")
def test_nobody_is_cut_off_by_reloads(serve, made):
    """Some keep their connections, others come anew; each gets all its answers."""
    server = serve(http=config(made, "localhost"), main="worker_processes 2;")
    stop, failures, answers = threading.Event(), [], [0, 0]

    def ask(index, stays):
        try:
            connection = None
            while not stop.is_set() or answers[index] == 0:
                if connection is None or not stays:
                    connection = Connection(server.address, tls=certificates.client(), name="localhost")
                assert connection.get("/").text == "TLSv1.3"
                answers[index] += 1
                if not stays:
                    connection.close()
        except Exception as error:  # whatever it is, it is the test's to tell
            failures.append(error)

    threads = [threading.Thread(target=ask, args=(index, stays)) for index, stays in enumerate((True, False))]
    for thread in threads:
        thread.start()
    try:
        for _ in range(4):
            before = list(answers)
            reload.reload(server, http=config(made, "localhost", " keepalive_requests 100000;"), main="worker_processes 2;")
            process.wait_until(lambda: failures or all(now > then for now, then in zip(answers, before)), what="answers after the reload")
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
    assert not failures


@webserv_only("nginx forgets its keys")
@covers("ssl_certificate", "listen")
def test_https_may_begin_with_a_reload(serve, site, made):
    server = serve(http=reload.text("plain"))
    reload.reload(server, http=config(made, "localhost"))
    with server.connect(tls=certificates.client(), name="localhost") as connection:
        assert connection.get("/").text == "TLSv1.3"
    assert server.get("/").status == 400
    reload.reload(server, http=reload.text("plain"))
    assert server.get("/").text == "plain"

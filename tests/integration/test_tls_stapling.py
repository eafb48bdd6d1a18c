# integration/test_tls_stapling.py: OCSP responses that leave with the handshake, from a file.
# The authority that answers is openssl(1).
import pytest
from harness import certificates, process
from harness.marks import covers, webserv_only

LISTEN = "listen 127.0.0.1:{port} ssl;"


@pytest.fixture(scope="module")
def made():
    made = certificates.Certificates()
    made.issue("server", "localhost")
    serial = certificates.openssl("x509", "-in", "server.pem", "-noout", "-serial", folder=made.dir).strip().split("=")[1]
    (made.dir / "index.txt").write_text(f"V\t491231235959Z\t\t{serial}\tunknown\t/CN=localhost\n")
    certificates.openssl("ocsp", "-index", "index.txt", "-CA", "authority.pem", "-rsigner", "authority.pem", "-rkey", "authority.key", "-issuer",
                         "authority.pem", "-cert", "server.pem", "-respout", "good.der", "-ndays", "7", "-noverify", folder=made.dir)
    return made


def status(server):
    return certificates.openssl("s_client", "-connect", f"127.0.0.1:{server.port}", "-servername", "localhost", "-status", text="")


@covers("ssl_stapling", "ssl_stapling_file")
def test_a_response_is_stapled(serve, made):
    server = serve(http="server { " + LISTEN + made.pair("server") + f" ssl_stapling on; ssl_stapling_file {made.dir}/good.der; }}")
    assert "OCSP Response Status: successful" in status(server) and "Cert Status: good" in status(server)


@covers("ssl_stapling")
def test_only_if_one_wants_it(serve, made):
    server = serve(http="server { " + LISTEN + made.pair("server") + f" ssl_stapling off; ssl_stapling_file {made.dir}/good.der; }}")
    assert "OCSP response: no response sent" in status(server)


@covers("ssl_stapling", "ssl_stapling_file")
def test_what_is_wrong_is_said(site, made):
    def said(settings):
        conf = site.configure(http="server { " + LISTEN + made.pair("server") + settings + " }")
        return process.run(["-t", "-p", str(site.dir), "-c", str(conf)])

    assert '"ssl_stapling" ignored' in said("ssl_stapling on;").stderr
    broken = said(f"ssl_stapling on; ssl_stapling_file {made.dir}/server.pem;")
    assert broken.returncode == 1 and "d2i_OCSP_RESPONSE_bio" in broken.stderr


@webserv_only("it asks the responder")
@covers("ssl_stapling")
def test_nobody_is_asked(site):
    made = certificates.Certificates()
    config = made.dir / "openssl.cnf"
    config.write_text(config.read_text() + "authorityInfoAccess = OCSP;URI:http://127.0.0.1:1/\n")
    conf = site.configure(http="server { " + LISTEN + made.pair("server", common_name="localhost") + " ssl_stapling on; }")
    done = process.run(["-t", "-p", str(site.dir), "-c", str(conf)])
    assert done.returncode == 1 and "not supported by webserv yet" in done.stderr and "ssl_stapling_file" in done.stderr

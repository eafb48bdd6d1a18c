# integration/test_tls_clients.py: clients that show certificates: who is asked, whom is believed, and what the server knows of them then.
# It is the same with nginx, but where sessions or names of two servers meet.
import ssl

import pytest
from harness import certificates, process, reload
from harness.marks import cases, covers, webserv_only

LISTEN = "listen 127.0.0.1:{port} ssl;"


@pytest.fixture(scope="module")
def made():
    made = certificates.Certificates()
    made.issue("server", "localhost")
    made.issue("client", "A Client", names=["client.test"])
    made.issue("revoked", "Revoked", names=["revoked.test"])
    made.make_authority("stranger", "Stranger")
    made.issue("strange", "Strange", issuer="stranger", names=["strange.test"])
    made.make_authority("middle", "Middle", issuer="authority")
    made.issue("deep", "Deep", issuer="middle", names=["deep.test"])
    chain = (made.dir / "deep.pem").read_text() + (made.dir / "middle.pem").read_text()
    (made.dir / "deep.pem").write_text(chain)
    (made.dir / "openssl-ca.cnf").write_text("[ca]\ndefault_ca=x\n[x]\ndatabase=index.txt\ndefault_md=sha256\ndefault_crl_days=30\n")
    (made.dir / "index.txt").write_text("")
    signing = ["-config", "openssl-ca.cnf", "-keyfile", "authority.key", "-cert", "authority.pem"]
    certificates.openssl("ca", *signing, "-gencrl", "-out", "empty-crl.pem", folder=made.dir)
    certificates.openssl("ca", *signing, "-revoke", "revoked.pem", folder=made.dir)
    certificates.openssl("ca", *signing, "-gencrl", "-out", "crl.pem", folder=made.dir)
    return made


def config(made, settings, addition=""):
    return ("server { " + LISTEN + made.pair("server") + settings.replace("{m}", str(made.dir))
            + ' location / { return 200 "$ssl_client_verify|$ssl_client_s_dn|$ssl_client_i_dn"; } ' + addition + "}")


def get(server, made, certificate=None, target="/", name="localhost", host=None, protocol=None):
    context = certificates.client(made, certificate=certificate, protocol=protocol)
    with server.connect(tls=context, name=name) as connection:
        return connection.get(target, host=host or name)


@covers("ssl_verify_client", "ssl_client_certificate")
@cases("protocol", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_certificate_is_needed(serve, made, protocol):
    server = serve(http=config(made, "ssl_verify_client on; ssl_client_certificate {m}/authority.pem;"))
    assert get(server, made, "client", protocol=protocol).text == "SUCCESS|CN=A Client|CN=Test Authority"
    none = get(server, made, protocol=protocol)
    assert none.status == 400 and "No required SSL certificate was sent" in none.text
    strange = get(server, made, "strange", protocol=protocol)
    assert strange.status == 400 and "The SSL certificate error" in strange.text
    assert server.error_line("client sent no required SSL certificate")
    assert server.error_line(r"client SSL certificate verify error: \(\d+:.*certificate")


def test_the_errors_have_pages_of_their_own(serve, made):
    server = serve(http=config(made, "ssl_verify_client on; ssl_client_certificate {m}/authority.pem;"
                               "error_page 495 =403 /wrong; error_page 496 =401 /none;",
                               'location = /wrong { return 403 "wrong"; } location = /none { return 401 "none"; }'))
    assert (get(server, made).status, get(server, made).text) == (401, "none")
    assert (get(server, made, "strange").status, get(server, made, "strange").text) == (403, "wrong")


def test_the_numbers_of_the_errors_are_not_for_clients(serve, made):
    server = serve(http=config(made, "ssl_verify_client on; ssl_client_certificate {m}/authority.pem; error_page 495 496 /page;",
                               'location = /page { return 200 "page"; }'))
    for certificate in (None, "strange"):
        answer = get(server, made, certificate)
        assert (answer.status, answer.reason, answer.text) == (400, "Bad Request", "page")


@covers("ssl_verify_client")
def test_a_certificate_is_welcome(serve, made):
    server = serve(http=config(made, "ssl_verify_client optional; ssl_client_certificate {m}/authority.pem;"))
    assert get(server, made).text == "NONE||"
    assert get(server, made, "client").text.startswith("SUCCESS|")
    assert get(server, made, "strange").status == 400


@covers("ssl_verify_client")
def test_whoever_has_signed_it(serve, made):
    server = serve(http=config(made, "ssl_verify_client optional_no_ca; ssl_client_certificate {m}/authority.pem;"))
    assert get(server, made).text == "NONE||"
    assert get(server, made, "client").text.startswith("SUCCESS|")
    assert get(server, made, "strange").text.startswith("FAILED:unable to")


def names_sent(server, made):
    done = certificates.openssl("s_client", "-connect", f"127.0.0.1:{server.port}", "-tls1_2", text="")
    return done


@covers("ssl_trusted_certificate")
def test_trusted_authorities_are_not_named(serve, made):
    server = serve(http=config(made, "ssl_verify_client on; ssl_client_certificate {m}/authority.pem; ssl_trusted_certificate {m}/stranger.pem;"))
    assert get(server, made, "client").text.startswith("SUCCESS|")
    assert get(server, made, "strange").text == "SUCCESS|CN=Strange|CN=Stranger"
    named = names_sent(server, made)
    assert "CN = Test Authority" in named.split("Acceptable client certificate CA names")[1]
    assert "CN = Stranger" not in named


@covers("ssl_verify_depth")
@cases("depth, expected", [(0, "The SSL certificate error"), (1, "SUCCESS|CN=Deep|CN=Middle"), (2, "SUCCESS|CN=Deep|CN=Middle")])
def test_depth(serve, made, depth, expected):
    server = serve(http=config(made, f"ssl_verify_client on; ssl_client_certificate {{m}}/authority.pem; ssl_verify_depth {depth};"))
    assert expected in get(server, made, "deep").text


@covers("ssl_crl")
def test_revoked(serve, made):
    settings = "ssl_verify_client on; ssl_client_certificate {m}/authority.pem;"
    server = serve(http=config(made, settings + "ssl_crl {m}/crl.pem;"))
    assert get(server, made, "client").text.startswith("SUCCESS|")
    assert "The SSL certificate error" in get(server, made, "revoked").text
    assert server.error_line("verify error: .*revoked")


def test_revoked_needs_a_list(serve, made):
    server = serve(http=config(made, "ssl_verify_client on; ssl_client_certificate {m}/authority.pem;"))
    assert get(server, made, "revoked").text.startswith("SUCCESS|")


class Returning:
    """A client that comes back with the newest session it was given."""

    def __init__(self, made, certificate, protocol):
        self.context, self.session = certificates.client(made, certificate=certificate, protocol=protocol), None

    def get(self, server):
        """@return whether the session was resumed, and the answer"""
        with server.connect(tls=self.context, name="localhost", session=self.session) as connection:
            answer = connection.get("/", host="localhost")
            self.session = connection.socket.session
            return connection.socket.session_reused, answer


@covers("ssl_crl")
@cases("protocol", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_does_not_outlive_a_list(serve, made, protocol):
    """Whoever is revoked while he has a session comes back as a stranger, whatever his ticket says."""
    settings = "ssl_verify_client on; ssl_client_certificate {m}/authority.pem; ssl_crl {dir}/crl.pem; ssl_session_timeout 1h;"
    settings = settings.replace("{dir}", str(made.dir / "lists"))
    (made.dir / "lists").mkdir(exist_ok=True)
    (made.dir / "lists" / "crl.pem").write_text((made.dir / "empty-crl.pem").read_text())
    server = serve(http=config(made, settings))
    revoked, client = Returning(made, "revoked", protocol), Returning(made, "client", protocol)
    for visitor in (revoked, client):
        visitor.get(server)
        resumed, answer = visitor.get(server)
        assert resumed and answer.text.startswith("SUCCESS|")
    (made.dir / "lists" / "crl.pem").write_text((made.dir / "crl.pem").read_text())
    reload.reload_any(server, http=config(made, settings))
    process.wait_until(lambda: "The SSL certificate error" in revoked.get(server)[1].text, what="the refusal of who is revoked")
    assert client.get(server)[1].text.startswith("SUCCESS|")


@webserv_only("Debian's goes on as long as its keys do")
@covers("ssl_session_timeout")
@cases("settings", ["", "ssl_session_tickets off; ssl_session_cache shared:clients:1m;"])
def test_a_certificate_is_shown_again_after_a_while(serve, made, settings):
    """With TLS 1.3 each visit brings a new ticket: they must not go on for ever."""
    server = serve(http=config(made, "ssl_verify_client on; ssl_client_certificate {m}/authority.pem; ssl_session_timeout 1s;" + settings))
    client = Returning(made, "client", ssl.TLSVersion.TLSv1_3)
    assert not client.get(server)[0]
    process.wait_until(lambda: not client.get(server)[0], what="a handshake with a certificate")
    assert client.get(server)[1].text.startswith("SUCCESS|")


VARIABLES = ("ssl_client_serial ssl_client_fingerprint ssl_client_s_dn_legacy ssl_client_i_dn_legacy ssl_client_v_start ssl_client_v_end "
             "ssl_client_v_remain").split()


def test_what_is_known_of_a_client(serve, made):
    answer = "|".join("$" + name for name in VARIABLES)
    server = serve(http=config(made, "ssl_verify_client on; ssl_client_certificate {m}/authority.pem;",
                               f'location = /all {{ return 200 "{answer}"; }} location = /raw {{ return 200 "$ssl_client_raw_cert"; }}'
                               'location = /cert { return 200 "$ssl_client_cert"; } location = /escaped { return 200 "$ssl_client_escaped_cert"; }'))
    pem = (made.dir / "client.pem").read_text()

    def asked(what):
        return certificates.openssl("x509", "-in", "client.pem", "-noout", what, folder=made.dir).strip().split("=", 1)[1]

    serial, fingerprint, subject, issuer, start, end, remain = get(server, made, "client", "/all").text.split("|")
    assert serial == asked("-serial") and fingerprint.upper() == asked("-fingerprint").replace(":", "")
    assert (subject, issuer) == ("/CN=A Client", "/CN=Test Authority")
    assert (start, end) == (asked("-startdate"), asked("-enddate")) and remain in ("29", "30")
    assert get(server, made, "client", "/raw").text == pem
    assert get(server, made, "client", "/cert").text == pem.strip().replace("\n", "\n\t")
    escaped = get(server, made, "client", "/escaped").text
    assert escaped.startswith("-----BEGIN%20CERTIFICATE-----%0A") and "/" not in escaped and "+" not in escaped


def test_names_in_other_letters(serve, made):
    """RFC 2253 escapes what is not ASCII, comma or control octet alike: as openssl prints it."""
    made.issue("letters", 'Zoë, "Ω"\x7f', names=["letters.test"])
    server = serve(http=config(made, "ssl_verify_client on; ssl_client_certificate {m}/authority.pem;"))
    printed = certificates.openssl("x509", "-in", "letters.pem", "-noout", "-subject", "-nameopt", "RFC2253", folder=made.dir).strip()
    subject = get(server, made, "letters").text.split("|")[1]
    assert subject == printed.removeprefix("subject=") == r'CN=Zo\C3\AB\, \"\CE\A9\"\7F'


@webserv_only("it answers where the handshake's name is nobody's server_name")
@covers("ssl_verify_client")
def test_a_certificate_shown_to_one_server_is_not_shown_to_another(serve, made):
    made.pair("other", common_name="other.test")
    server = serve(http=config(made, "") + "server { " + LISTEN + " server_name other.test;" + made.pair("other")
                   + f" ssl_verify_client optional; ssl_client_certificate {made.dir}/authority.pem; location / {{ return 200 secret; }} }}")
    assert get(server, made, "client", name="other.test").text == "secret"
    misdirected = get(server, made, "client", name="localhost", host="other.test")
    assert misdirected.status == 421
    assert server.error_line("client attempted to request the server name different from the one that was negotiated")


@webserv_only("Debian's lets them be resumed")
@cases("protocol", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_of_one_server_opens_no_other(serve, made, protocol):
    """Who has not shown a certificate can not come back to where it is needed."""
    made.pair("other", common_name="other.test")
    server = serve(http="server { " + LISTEN + made.pair("server") + ' location / { return 200 "$ssl_session_reused"; } }'
                   "server { " + LISTEN + " server_name other.test;" + made.pair("server")
                   + f" ssl_verify_client optional; ssl_client_certificate {made.dir}/authority.pem;"
                   ' location / { return 200 "$ssl_session_reused"; } }')
    context = certificates.client(made, protocol=protocol, verify=False)

    def visit(name, session):
        with server.connect(tls=context, name=name, session=session) as connection:
            return connection.get("/", host=name).text, connection.socket.session

    first, session = visit("localhost", None)
    again, session = visit("localhost", session)
    assert (first, again) == (".", "r")
    try:
        assert visit("other.test", session)[0] == "."
    except ssl.SSLError:
        pass  # OpenSSL refuses such a session instead of doing without

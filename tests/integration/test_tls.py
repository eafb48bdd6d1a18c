# integration/test_tls.py: https: handshakes, what they agree on, which server answers, and all that plain connections do, encrypted.
# The clients are Python's and openssl's; the expectations hold for nginx as well where nothing else is said.
import os
import ssl
import subprocess

import pytest
from harness import certificates, process
from harness.client import head_of
from harness.marks import cases, covers, webserv_only

TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def pair(name="localhost", **options):
    return certificates.shared().pair(name, **options)


LISTEN = "listen 127.0.0.1:{port} ssl;"


def https(server, target="/", *fields, name="localhost", host=None, address=None, **options):
    with server.connect(address, tls=certificates.client(**options), name=name) as connection:
        return connection.get(target, *fields, host=host or name)


@pytest.fixture(scope="module")
def server(shared_site, shared_serve):
    shared_site.write("small.txt", b"small\n" * 100)
    shared_site.write("large.bin", os.urandom(3 << 20))
    shared_site.write("dir/index.html", "index")
    (shared_site.root / "put").mkdir()
    (shared_site.root / "put").chmod(0o777)
    return shared_serve(http="sendfile on; server { " + LISTEN + pair() + """
        location = /facts { return 200 "$scheme|$https|$ssl_protocol|$ssl_cipher|$ssl_server_name|$ssl_session_reused|$server_port"; }
        location /put/ { client_max_body_size 10m; dav_methods PUT; }
        location / { } }
        server { listen 127.0.0.1:{port2}; location = /facts { return 200 "$scheme|$https|$ssl_protocol|$ssl_session_reused"; } }""")


@covers("listen")
@cases("protocol, name", [(TLS12, "TLSv1.2"), (TLS13, "TLSv1.3")])
def test_variables(server, protocol, name):
    answer = https(server, "/facts", protocol=protocol)
    scheme, https_, version, cipher, server_name, reused, port = answer.text.split("|")
    assert (scheme, https_, version, server_name, reused, port) == ("https", "on", name, "localhost", ".", str(server.port))
    assert "GCM" in cipher or "CHACHA20" in cipher
    assert server.get("/facts", address=server.site.port("port2")).text == "http|||"


@covers("listen")
def test_much_of_everything_on_one_connection(server):
    small, large = ((server.site.root / name).read_bytes() for name in ("small.txt", "large.bin"))
    with server.connect(tls=certificates.client(), name="localhost") as connection:
        for _ in range(2):
            assert connection.get("/small.txt").content == small
            assert connection.get("/large.bin").content == large
            assert connection.get("/large.bin", "Range: bytes=100000-1700000").content == large[100000:1700001]
        assert connection.request("HEAD", "/large.bin").field("Content-Length") == str(len(large))
        connection.send(head_of("GET", "/small.txt") * 20)
        assert [connection.read_response().content for _ in range(20)] == [small] * 20
        assert connection.request("PUT", "/put/new", content=large).status == 201
        assert connection.get("/put/new").content == large
        assert connection.get("/dir").field("Location") == f"https://localhost:{server.port}/dir/"


@covers("listen")
def test_octet_by_octet(server):
    with server.connect(tls=certificates.client(), name="localhost") as connection:
        for octet in head_of("GET", "/small.txt"):
            connection.socket.send(bytes([octet]))
        assert connection.read_response().status == 200


@covers("listen")
def test_a_slow_reader_gets_all_of_it(server):
    large = (server.site.root / "large.bin").read_bytes()
    with server.connect(tls=certificates.client(), name="localhost", receive_buffer=4096) as connection:
        connection.send(head_of("GET", "/large.bin", ["Connection: close"]) + b"")
        answer = connection.read_response()
        assert answer.content == large
        assert connection.socket.recv(1) == b"", "the end is announced: Python would complain otherwise"


def test_the_end_is_announced(server):
    """close_notify comes before FIN, also for HTTP/1.0, where it tells a whole answer from a cut one."""
    context = certificates.client()
    context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
    for target in ("/small.txt", "/large.bin"):
        with server.connect(tls=context, name="localhost") as connection:
            connection.socket.suppress_ragged_eofs = False
            connection.send(head_of("GET", target, version="1.0"))
            content = (server.site.root / target[1:]).read_bytes()
            assert connection.read_to_end().endswith(content)


@covers("listen")
def test_plain_http_is_told_so(server):
    answer = server.get("/facts")
    assert answer.status == 400 and "The plain HTTP request was sent to HTTPS port" in answer.text
    assert answer.field("Connection") == "close"
    assert server.error_line("client sent plain HTTP request to HTTPS port")


def test_497_has_pages_of_its_own(serve):
    server = serve(http="server { " + LISTEN + pair() + " error_page 497 =301 https://$host:{port}$request_uri; }")
    answer = server.get("/x?y")
    assert answer.status == 301 and answer.field("Location") == f"https://localhost:{server.port}/x?y"


@covers("error_page")
@cases("target", ["/page", "@named"])
def test_497_with_a_page_is_400(serve, target):
    """So are 495 and 496: numbers of nginx's own are not for clients."""
    server = serve(http="server { " + LISTEN + pair() + f" error_page 404 497 {target};"
                   ' location = /page { return 200 "page"; } location @named { return 200 "page"; } location = /none { return 404; } }')
    with server.connect() as plain:
        answer = plain.get("/")
    assert (answer.status, answer.reason, answer.text) == (400, "Bad Request", "page")
    with server.connect(tls=certificates.client(), name="localhost") as connection:
        assert connection.get("/none").status == 404


def test_nonsense_ends_with_an_alert_and_a_line(server):
    with server.connect() as connection:
        connection.send(b"\x16\x03\x01\x00\x05nonsense")
        assert connection.read_to_end()[:1] in (b"\x15", b"")
    assert server.error_line(r"SSL_do_handshake\(\) failed \(SSL: error:.* while SSL handshaking, client: 127.0.0.1")


@cases("name", ["a.test", "b.test"])
def test_empty_records_do_not_lead_to_another_server(serve, name):
    """OpenSSL passes over some. The client checks that the certificate is the one it came for."""
    server = serve(http="".join(f"server {{ {LISTEN} server_name {one}; {pair(one, common_name=one)} }}" for one in ("a.test", "b.test")))
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = certificates.client().wrap_bio(incoming, outgoing, server_hostname=name)
    with server.connect() as connection:
        connection.send(b"\x16\x03\x01\x00\x00" * 3)
        while True:
            try:
                session.do_handshake()
                break
            except ssl.SSLWantReadError:
                connection.send(outgoing.read())
                octets = connection.socket.recv(65536)
                assert octets
                incoming.write(octets)
    assert session.getpeercert()["subject"][0][0] == ("commonName", name)


def test_a_client_that_goes_meanwhile_leaves_a_line(server):
    with server.connect() as connection:
        connection.send(b"\x16\x03\x01\x02\x00\x01")
    assert server.error_line("peer closed connection in SSL handshake")


def test_two_kinds_of_certificates(serve):
    server = serve(http="server { " + LISTEN + pair() + pair("rsa", common_name="localhost", kind="rsa") + " location / { return 200 $ssl_cipher; } }")
    for kind in ("ECDSA", "RSA"):
        assert kind in https(server, protocol=TLS12, ciphers=f"ECDHE-{kind}-AES128-GCM-SHA256").text


def subject_of(connection):
    return dict(part[0] for part in connection.socket.getpeercert()["subject"])["commonName"]


@covers("server_name", "ssl_certificate")
def test_the_name_in_the_handshake_chooses_the_certificate_and_host_the_server(serve):
    config = ""
    for name in ("a.test", "b.test", "c.test"):
        config += "server { " + LISTEN + f" server_name {name} *.{name}; " + pair(name, common_name=name, names=[name, f"*.{name}"])
        config += f' location / {{ return 200 "{name} $ssl_server_name"; }} }}'
    config += "server { " + LISTEN + ' server_name without.test; location / { return 200 "without"; } }'
    server = serve(http=config)
    for meant, subject in (("b.test", "b.test"), ("x.c.test", "c.test"), ("a.test", "a.test")):
        with server.connect(tls=certificates.client(), name=meant) as connection:
            assert subject_of(connection) == subject
            assert connection.get("/", host=meant).text == f"{subject} {meant}"
            assert connection.get("/", host="a.test").text == f"a.test {meant}"
            connection.send(head_of("GET", "/", host=None, version="1.0"))
            if not process.is_nginx(server.binary):
                assert connection.read_response().text == f"{subject} {meant}", "no Host: the handshake's name holds"
    unverified = certificates.client(verify=False)
    for meant in (None, "unknown.test", "without.test"):
        with server.connect(tls=unverified, name=meant) as connection:
            der = ssl.DER_cert_to_PEM_cert(connection.socket.getpeercert(True))
            assert der.strip() in (certificates.shared().dir / "a.test.pem").read_text(), "the default server's"
            assert connection.get("/", host="without.test").text == "without"


@webserv_only("nginx 1.22 has one set of protocols an address")
@covers("ssl_protocols")
def test_each_server_speaks_its_own_protocols(serve):
    server = serve(http="server { " + LISTEN + pair() + ' ssl_protocols TLSv1.3; location / { return 200 $ssl_protocol; } }'
                   "server { " + LISTEN + " server_name old.test; ssl_protocols TLSv1.2;" + pair("old", common_name="old.test")
                   + ' location / { return 200 $ssl_protocol; } }')
    assert https(server).text == "TLSv1.3"
    assert https(server, name="old.test").text == "TLSv1.2"
    with pytest.raises(ssl.SSLError):
        https(server, protocol=TLS12)


def handshakes(server, **options):
    try:
        with server.connect(tls=certificates.client(**options), name="localhost"):
            return True
    except (ssl.SSLError, ConnectionResetError):
        return False


@covers("ssl_protocols", "ssl_ciphers")
def test_old_protocols_only_if_one_asks_for_them(serve):
    old = {"protocol": ssl.TLSVersion.TLSv1_1, "ciphers": "ALL:@SECLEVEL=0"}
    assert not handshakes(serve(http="server { " + LISTEN + pair() + " }"), **old)


@covers("ssl_protocols", "ssl_ciphers")
def test_old_protocols_if_one_asks_for_them(serve):
    old = {"protocol": ssl.TLSVersion.TLSv1_1, "ciphers": "ALL:@SECLEVEL=0"}
    server = serve(http="server { " + LISTEN + pair() + ' ssl_protocols TLSv1 TLSv1.1; ssl_ciphers "ALL:@SECLEVEL=0"; }')
    assert handshakes(server, **old) and not handshakes(server)


@webserv_only("nginx's default has others")
@covers("ssl_ciphers")
def test_the_default_ciphers_are_forward_secret_and_authenticated(server):
    for good in ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"):
        assert handshakes(server, protocol=TLS12, ciphers=good)
    for bad in ("ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA", "AES256-GCM-SHA384", "AES128-SHA"):
        assert not handshakes(server, protocol=TLS12, ciphers=bad)


@covers("ssl_ciphers")
def test_other_ciphers_if_one_asks_for_them(serve):
    server = serve(http="server { " + LISTEN + pair() + " ssl_ciphers ECDHE-ECDSA-AES256-SHA; }")
    assert handshakes(server, protocol=TLS12, ciphers="ECDHE-ECDSA-AES256-SHA")
    assert not handshakes(server, protocol=TLS12, ciphers="ECDHE-ECDSA-AES128-GCM-SHA256")


@covers("ssl_prefer_server_ciphers")
@cases("prefers", ["on", "off"])
def test_whose_order_counts(serve, prefers):
    ours, theirs = "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256"
    server = serve(http="server { " + LISTEN + pair() + f" ssl_prefer_server_ciphers {prefers}; ssl_ciphers {ours}:{theirs};"
                   + " location / { return 200 $ssl_cipher; } }")
    assert https(server, protocol=TLS12, ciphers=f"{theirs}:{ours}").text == (ours if prefers == "on" else theirs)


@covers("ssl_conf_command")
def test_openssls_own_commands(serve):
    server = serve(http="server { " + LISTEN + pair() + " ssl_conf_command Ciphersuites TLS_CHACHA20_POLY1305_SHA256;"
                   " location / { return 200 $ssl_cipher; } }")
    assert https(server).text == "TLS_CHACHA20_POLY1305_SHA256"


@covers("ssl_ecdh_curve")
def test_curves(serve):
    server = serve(http="server { " + LISTEN + pair() + " ssl_ecdh_curve secp384r1; location / { return 200 $ssl_curve; } }")
    assert https(server).text == "secp384r1"


SIGNATURES = {"ecdsa_secp256r1_sha256": "ECDSA+SHA256", "rsa_pss_rsae_sha384": "rsa_pss_rsae_sha384", "rsa_pkcs1_sha512": "RSA+SHA512"}


@webserv_only("of 1.29.3")
@cases("kind, version, takes, chosen", [
    ("ecdsa", "-tls1_3", ["ecdsa_secp256r1_sha256", "rsa_pss_rsae_sha384"], 0), ("rsa", "-tls1_3", ["rsa_pss_rsae_sha384"], 0),
    ("rsa", "-tls1_2", ["ecdsa_secp256r1_sha256", "rsa_pkcs1_sha512"], 1),
])
def test_signatures(serve, kind, version, takes, chosen):
    """What a client takes, and what it gets; and what it has signed with itself."""
    made = certificates.shared()
    server = serve(http="server { " + LISTEN + made.pair(kind, common_name="localhost", kind=kind) + f" ssl_client_certificate {made.authority};"
                   + ' ssl_verify_client optional; return 200 "$ssl_sigalg|$ssl_sigalgs|$ssl_client_sigalg|$ssl_ech_status|$ssl_ech_outer_server_name|$http3"; }')
    own = ["-cert", made.dir / f"{kind}.pem", "-key", made.dir / f"{kind}.key"]
    asked = subprocess.run(["openssl", "s_client", "-quiet", "-connect", f"127.0.0.1:{server.port}", version,
                            "-sigalgs", ":".join(SIGNATURES[name] for name in takes), *own],
                           input=head_of("GET", "/", ["Connection: close"]), capture_output=True, timeout=30)
    ours, offered, theirs, *nothing = asked.stdout.decode().splitlines()[-1].split("|")
    assert (ours, offered, nothing) == (takes[chosen], ":".join(takes), ["", "", ""])
    assert theirs.startswith("ecdsa_" if kind == "ecdsa" else "rsa_")


@webserv_only("of 1.29.3")
def test_no_signatures_without_tls(serve):
    assert serve(server='return 200 "[$ssl_sigalg][$ssl_sigalgs][$ssl_client_sigalg]";').get("/").text == "[][][]"


@covers("ssl_dhparam")
def test_dhe_needs_parameters(serve, site):
    parameters = certificates.openssl("genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048")
    site.write(site.dir / "dh.pem", parameters)
    server = serve(http="server { " + LISTEN + pair("rsa", common_name="localhost", kind="rsa") + " ssl_dhparam dh.pem; }")
    assert handshakes(server, protocol=TLS12, ciphers="DHE-RSA-AES128-GCM-SHA256")


def test_without_parameters_there_is_no_dhe(serve):
    server = serve(http="server { " + LISTEN + pair("rsa", common_name="localhost", kind="rsa") + " }")
    assert not handshakes(server, protocol=TLS12, ciphers="DHE-RSA-AES128-GCM-SHA256")


@covers("ssl_password_file")
def test_encrypted_keys(serve, site):
    made = certificates.shared()
    pair()
    certificates.openssl("ec", "-in", made.dir / "localhost.key", "-aes128", "-passout", "pass:secret", "-out", site.dir / "locked.key")
    site.write(site.dir / "passwords", "wrong\nsecret\n")
    server = serve(http="server { " + LISTEN + f" ssl_certificate {made.dir}/localhost.pem; ssl_certificate_key {{dir}}/locked.key;"
                   " ssl_password_file passwords; }")
    assert handshakes(server)


@covers("ssl_reject_handshake")
def test_unknown_names_may_be_refused(serve):
    server = serve(http="server { " + LISTEN + " ssl_reject_handshake on; }"
                   "server { " + LISTEN + " server_name good.test;" + pair("good", common_name="good.test") + ' location / { return 200 "good"; } }')
    assert https(server, name="good.test").text == "good"
    for name in ("bad.test", None):
        with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
            server.connect(tls=certificates.client(verify=False), name=name)


@webserv_only("nginx knows it for stream only")
@covers("ssl_handshake_timeout")
def test_handshakes_end_in_time(serve):
    server = serve(http="server { " + LISTEN + pair() + " ssl_handshake_timeout 200ms; }")
    with server.connect() as silent, server.connect() as slow:
        slow.send(b"\x16\x03\x01\x02\x00\x01\x00")
        assert silent.is_closed() and slow.is_closed()
    assert server.error_line(r"client timed out \(110: .* while SSL handshaking")


def test_a_proxy_speaks_before_the_handshake(serve):
    server = serve(http="server { listen 127.0.0.1:{port} ssl proxy_protocol;" + pair() + " location / { return 200 $proxy_protocol_addr; } }")
    header = b"PROXY TCP4 192.0.2.1 192.0.2.2 1234 443\r\n"
    with server.connect(tls=certificates.client(), name="localhost", before=header) as connection:
        assert connection.get("/").text == "192.0.2.1"
    with server.connect() as connection:
        connection.send(header + head_of("GET", "/"))
        assert connection.read_response().status == 400


@webserv_only("it is ours")
@cases("model", ["fork", "iterative"])
def test_other_models_of_concurrency(serve, model):
    server = serve(http="server { " + LISTEN + pair() + ' location / { return 200 "$ssl_protocol"; } }',
                   events=f"worker_connections 64; concurrency {model};")
    for _ in range(3):
        assert https(server).text == "TLSv1.3"


@covers("ssl_buffer_size")
def test_records_begin_small_and_grow_to_the_buffer_size(serve):
    """What leaves is looked at on its way: a relay sees the records' heads."""
    server = serve(http="server { " + LISTEN + pair() + " ssl_buffer_size 4k; }")
    server.site.write("large.bin", b"x" * 300_000)
    sizes = record_sizes(server, "/large.bin")
    assert max(sizes) == 4096 + 17
    if not process.is_nginx(server.binary):
        assert all(size <= 1369 + 17 for size in sizes[:5]) and sizes.count(4096 + 17) > 50


def record_sizes(server, target):
    """Of the application data that the server sends for one request."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = certificates.client().wrap_bio(incoming, outgoing, server_hostname="localhost")
    seen = b""
    with server.connect() as connection:
        def exchange(call):
            nonlocal seen
            while True:
                try:
                    return call()
                except ssl.SSLWantReadError:
                    connection.socket.sendall(outgoing.read())
                    data = connection.socket.recv(65536)
                    seen += data
                    incoming.write(data)
        exchange(session.do_handshake)
        session.write(head_of("GET", target))
        connection.socket.sendall(outgoing.read())
        received = 0
        while received < 300_000:
            received += len(exchange(lambda: session.read(65536)))
    sizes = []
    while len(seen) >= 5:
        size = int.from_bytes(seen[3:5], "big")
        if seen[0] == 23:
            sizes.append(size)
        seen = seen[5 + size:]
    return sizes[4:] if sizes[0] < 100 else sizes


def test_a_crowd_is_let_in(server):
    """Fifty hellos come at once; meanwhile somebody who is inside goes on."""
    def begin():
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        session = certificates.client().wrap_bio(incoming, outgoing, server_hostname="localhost")
        with pytest.raises(ssl.SSLWantReadError):
            session.do_handshake()
        return session, incoming, outgoing, server.connect()

    with server.connect(tls=certificates.client(), name="localhost") as inside:
        crowd = [begin() for _ in range(50)]
        for _, _, outgoing, connection in crowd:
            connection.send(outgoing.read())
        assert inside.get("/small.txt").status == 200
        for session, incoming, outgoing, connection in crowd:
            while True:
                try:
                    session.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    incoming.write(connection.socket.recv(65536))
            session.write(head_of("HEAD", "/small.txt"))
            connection.send(outgoing.read())
        for session, incoming, _, connection in crowd:
            received = b""
            while b"\r\n\r\n" not in received:
                try:
                    received += session.read(65536)
                except ssl.SSLWantReadError:
                    incoming.write(connection.socket.recv(65536))
            assert received.startswith(b"HTTP/1.1 200 ")
            connection.close()


def test_s_client_agrees(server):
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-servername", "localhost", "-CAfile",
                           str(certificates.shared().authority), "-verify_return_error", "-ign_eof"],
                          input="GET /facts HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", capture_output=True, text=True, timeout=30,
                          check=False)
    assert "Verify return code: 0 (ok)" in done.stdout and "https|on|TLSv1.3" in done.stdout
    assert "Secure Renegotiation IS NOT supported" in done.stdout or "TLSv1.3" in done.stdout
    assert "Compression: NONE" in done.stdout


def test_nobody_renegotiates(server):
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-servername", "localhost", "-tls1_2"],
                          input="R\n", capture_output=True, text=True, timeout=30, check=False)
    assert "RENEGOTIATING" in done.stderr and "no renegotiation" in done.stderr


@webserv_only("nginx copies what it sends, and may send what the file no longer holds")
def test_a_file_that_is_cut_while_it_is_sent_ends_one_connection_only(server):
    path = server.site.write("cut.txt", b"x" * 8192)
    with server.connect(tls=certificates.client(), name="localhost") as connection:
        for _ in range(5):
            assert len(connection.get("/cut.txt").content) == 8192
        os.truncate(path, 10)
        assert connection.get("/cut.txt").content == b"x" * 10

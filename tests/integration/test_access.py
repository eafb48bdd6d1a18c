# integration/test_access.py: who may come in: by address, with `satisfy`, and by method.
# Clients come from 127.0.0.1, ::1 and a local socket.
import pytest
from harness import process
from harness.marks import cases, covers, webserv_only


@covers("allow", "deny")
@cases("rules, status", [
    ("deny all;", 403),
    ("allow all;", 200),
    ("deny 127.0.0.1;", 403),
    ("deny 127.0.0.2;", 200),
    ("allow 127.0.0.1; deny all;", 200),
    ("deny all; allow 127.0.0.1;", 403),
    ("allow 127.0.0.0/8; deny all;", 200),
    ("allow 127.0.0.2/31; deny all;", 403),
    ("deny 127.0.0.0/30;", 403),
    ("allow 10.0.0.0/8;", 200),
    ("deny 0.0.0.0/0;", 403),
    ("deny ::/0;", 200),
    ("deny unix:;", 200),
    ("allow ::1; allow unix:; deny all;", 403),
])
def test_first_rule_that_fits(serve, site, rules, status):
    site.write("file", "x")
    server = serve(server=rules)
    assert server.get("/file").status == status
    if status == 403:
        line = server.error_line("access forbidden by rule")
        assert "[error]" in line and "client: 127.0.0.1" in line


@covers("allow", "deny")
@cases("rules, ip4, ip6, local", [
    ("deny ::1;", 200, 403, 200),
    ("allow ::1/128; deny all;", 403, 200, 403),
    ("allow unix:; deny all;", 403, 403, 200),
    ("deny unix:;", 200, 200, 403),
    ("allow 127.0.0.1; deny all;", 200, 403, 403),
    ("deny 2001:db8::/32;", 200, 200, 200),
])
def test_families(serve, site, rules, ip4, ip6, local):
    site.write("file", "x")
    path = str(site.dir / "socket")
    server = serve(http="server { listen 127.0.0.1:{port}; listen [::1]:{port}; listen unix:{dir}/socket; " + rules + " }")
    assert server.get("/file").status == ip4
    assert server.get("/file", address=("::1", server.port)).status == ip6
    assert server.get("/file", address=path).status == local


@covers("deny")
def test_an_ipv4_client_of_an_ipv6_socket(serve, site):
    site.write("file", "x")
    server = serve(http="server { listen [::]:{port} ipv6only=off; deny 127.0.0.1; }")
    assert server.get("/file").status == 403
    assert server.get("/file", address=("::1", server.port)).status == 200


@covers("allow", "deny")
def test_rules_are_one_list_that_is_inherited_whole(serve, site):
    for name in ("file", "own/file", "same/file", "same/deep/file"):
        site.write(name, "x")
    server = serve(server="deny all; location /own/ { allow 10.0.0.1; } location /same/ { location /same/deep/ { } }")
    assert server.get("/file").status == 403
    assert server.get("/own/file").status == 200
    assert server.get("/same/deep/file").status == 403


@covers("deny")
def test_return_is_answered_first(serve):
    server = serve(server="deny all; location / { return 200 x; }")
    assert server.get("/").status == 200
    assert server.get("/").status == 200


@covers("deny")
def test_an_error_page_of_a_refusal_is_checked_too(serve, site):
    site.write("page", "page")
    site.write("open/page", "open page")
    server = serve(http="""server { listen 127.0.0.1:{port}; deny all; error_page 403 /page; }
        server { listen 127.0.0.1:{port2}; deny all; error_page 403 /open/page; location /open/ { allow all; } }""")
    assert server.get("/x").text.startswith("<html>")
    answer = server.get("/x", address=server.site.port("port2"))
    assert (answer.status, answer.text) == (403, "open page")


@covers("deny")
def test_named_locations_and_internal_redirects_are_checked(serve, site):
    site.write("index.html", "x")
    server = serve(server="""error_page 404 @named; location @named { deny all; }
        location = /index.html { deny all; }""")
    assert server.get("/missing").status == 403
    assert server.get("/").status == 403


@cases("words, complaint", [
    ("allow", 'invalid number of arguments in "allow" directive'),
    ("deny 127.0.0.1 127.0.0.2", 'invalid number of arguments in "deny" directive'),
    ("allow here", 'invalid parameter "here"'),
    ("deny 127.0.0.1/33", 'invalid parameter "127.0.0.1/33"'),
    ("deny 127.0.0", 'invalid parameter "127.0.0"'),
])
def test_wrong_rules(site, words, complaint):
    conf = site.configure(server=words + ";")
    answer = process.run(["-p", str(site.dir), "-c", str(conf), "-t"])
    assert answer.returncode == 1 and complaint in answer.stderr


def test_bits_that_mean_nothing(site):
    conf = site.configure(server="allow 127.0.0.1/8;")
    answer = process.run(["-p", str(site.dir), "-c", str(conf), "-t"])
    assert answer.returncode == 0 and "low address bits of 127.0.0.1/8 are meaningless" in answer.stderr


@covers("satisfy", "auth_basic")
@cases("rules, without, wrong, right", [
    ("satisfy all; allow 127.0.0.1; deny all;", 401, 401, 200),
    ("satisfy all; deny 127.0.0.1;", 403, 403, 403),
    ("satisfy all;", 401, 401, 200),
    ("satisfy any; allow 127.0.0.1; deny all;", 200, 200, 200),
    ("satisfy any; deny 127.0.0.1;", 401, 401, 200),
    ("satisfy any;", 401, 401, 200),
    ("deny 127.0.0.1;", 403, 403, 403),
])
def test_satisfy_with_passwords(serve, site, rules, without, wrong, right):
    site.write("file", "x")
    site.write(site.dir / "users", "user:{PLAIN}secret\n")
    server = serve(server=rules + "auth_basic realm; auth_basic_user_file {dir}/users;")
    for credentials, status in (("", without), ("dXNlcjp3cm9uZw==", wrong), ("dXNlcjpzZWNyZXQ=", right)):
        response = server.get("/file", *([f"Authorization: Basic {credentials}"] if credentials else []))
        assert response.status == status, credentials
        assert response.field("WWW-Authenticate") == ('Basic realm="realm"' if status == 401 else None)


@covers("limit_except", "auth_basic")
def test_passwords_for_some_methods(serve, site):
    site.write("file", "x")
    site.write(site.dir / "users", "user:{PLAIN}secret\n")
    server = serve(server="location / { limit_except GET { auth_basic realm; auth_basic_user_file {dir}/users; } }")
    assert server.get("/file").status == 200
    assert server.request("POST", "/file").status == 401
    assert server.request("POST", "/file", "Authorization: Basic dXNlcjpzZWNyZXQ=").status == 405


@cases("rules, status", [
    ("satisfy all; deny all;", 403),
    ("satisfy any; deny all;", 403),
    ("satisfy any; allow all;", 200),
    ("satisfy any;", 200),
    ("satisfy all; allow all;", 200),
])
def test_satisfy_with_one_judge(serve, site, rules, status):
    site.write("file", "x")
    server = serve(server=rules)
    assert server.get("/file").status == status
    if status == 403:
        server.error_line("access forbidden by rule")


@covers("satisfy")
def test_satisfy_is_all_or_any(site):
    conf = site.configure(server="satisfy some;")
    answer = process.run(["-p", str(site.dir), "-c", str(conf), "-t"])
    assert answer.returncode == 1 and 'invalid value "some"' in answer.stderr


@pytest.fixture(scope="module")
def limited(shared_site, shared_serve):
    shared_site.write("file", "x")
    shared_site.write("other", "x")
    shared_site.write("alias/file", "x")
    return shared_serve(server="""
        location /file { limit_except GET { deny all; } }
        location /post { limit_except POST PUT { deny all; } return 200 x; }
        location /lower { limit_except post { deny all; } return 200 x; }
        location /client { limit_except GET { allow 127.0.0.1; deny all; } }
        location /alias/ { limit_except GET { deny all; } alias {root}/alias/; }
        location /return { limit_except GET { deny all; } return 200 "get"; }
        location @named { limit_except GET { deny all; } return 200 "named"; }
        location /jump { error_page 405 @named; location /jump/in { } }
        location /nested { limit_except GET { deny all; } location /nested/in { return 200 in; } }
        """)


@covers("limit_except")
@cases("method, target, status", [
    ("GET", "/file", 200), ("HEAD", "/file", 200), ("POST", "/file", 403), ("PUT", "/file", 403), ("FOO", "/file", 403),
    ("DELETE", "/file", 403), ("OPTIONS", "/file", 403),
    ("POST", "/post", 200), ("PUT", "/post", 200), ("GET", "/post", 403), ("HEAD", "/post", 403),
    ("POST", "/lower", 200), ("GET", "/lower", 403),
    ("POST", "/client", 404), ("GET", "/client", 404),
    ("GET", "/alias/file", 200), ("POST", "/alias/file", 403),
    ("GET", "/return", 200), ("POST", "/return", 403),
    ("POST", "/nested/in", 200), ("POST", "/nested", 403),
])
def test_limit_except(limited, method, target, status):
    assert limited.request(method, target).status == status


@covers("limit_except", "access_log")
def test_a_log_of_what_is_limited(serve, site):
    site.write("file", "x")
    server = serve(server="location / { access_log {dir}/usual.log; limit_except GET { access_log {dir}/odd.log; } }")
    server.get("/file?first")
    server.request("PUT", "/file?second")
    server.get("/file?third")
    assert "second" in server.log_lines(1, "odd.log")[0]
    usual = server.log_lines(2, "usual.log")
    assert "first" in usual[0] and "third" in usual[1]
    assert len(server.log_lines(1, "odd.log")) == 1


@covers("limit_except")
def test_wrong_limits(site):
    for words, complaint in (("limit_except BREW { }", 'invalid method "BREW"'), ("limit_except { }", "invalid number of arguments"),
                             ("limit_except GET { root x; }", '"root" directive is not allowed here')):
        conf = site.configure(server="location / { " + words + " }")
        answer = process.run(["-p", str(site.dir), "-c", str(conf), "-t"])
        assert answer.returncode == 1 and complaint in answer.stderr, words


@covers("deny")
def test_a_client_that_is_refused_can_go_on(serve, site):
    site.write("open/file", "x")
    server = serve(server="deny all; location /open/ { allow all; }")
    with server.connect() as connection:
        assert connection.get("/x").status == 403
        assert connection.get("/open/file").status == 200


@webserv_only("nginx's debug log is of another kind")
@covers("deny", "limit_except")
def test_the_debug_log_says_where_it_was_decided(serve, site):
    site.write("file", "x")
    server = serve(main="worker_processes 1; error_log {dir}/debug.log debug;", server="""location /file { limit_except GET { deny all; }
        set_real_ip_from 127.0.0.1; allow 192.0.2.1; }""")
    assert server.get("/file", "X-Real-IP: 192.0.2.1").status == 200
    assert server.request("POST", "/file").status == 403
    for text in (r"the client is 192.0.2.1, says 127.0.0.1", r"allow 192.0.2.1 for 192.0.2.1 \(.*test.conf:\d+\)",
                 r"limit_except for POST \(.*test.conf:\d+\)", r"deny all for 127.0.0.1 \(.*test.conf:\d+\)"):
        server.error_line(text, "debug.log")

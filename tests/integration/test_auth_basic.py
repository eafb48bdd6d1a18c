# integration/test_auth_basic.py: who is let in, what is logged of it, changes of the file, and passwords that take long.
# Formats and odd fields are compared with nginx in test_same_as_nginx.py.
import signal
import threading
import time

import pytest
from compared.auth_basic import AUTH, HASHED, basic
from harness import process
from harness.marks import cases, covers, not_in_model, webserv_only


@pytest.fixture(scope="module")
def pair():
    with AUTH.pair() as pair:
        yield pair


@covers("auth_basic", "auth_basic_user_file")
@cases("user", HASHED)
def test_the_right_password_opens(pair, user):
    server = pair[0]
    assert server.get("/file", basic(user)).status == 200
    refused = server.get("/file", basic(user, "wrong"))
    assert (refused.status, refused.all("WWW-Authenticate")) == (401, ['Basic realm="Members only"'])
    assert server.get("/file", basic(user, "secret\0more")).status == 200  # a password is a C string


def test_a_relative_file_is_beside_the_configuration(pair):
    assert pair[0].get("/relative/file", basic("plain")).status == 200


def test_it_is_logged(pair):
    for server in pair:
        server.get("/file", basic("nobody"))
        server.get("/file", basic("plain", "wrong"))
        server.get("/file")
        server.get("/missing/file", basic("plain"))
        server.error_line(r'\[error\] .*user "nobody" was not found in ".*/users"')
        server.error_line(r'\[error\] .*user "plain": password mismatch')
        server.error_line(r"\[info\] .*no user/password was provided for basic authentication")
        server.error_line(r'\[error\] .*open\(\) ".*/nosuch" failed \(2: ')
        assert "wrong" not in server.error_log().replace("wrong arguments", "")
        assert any(" nobody [" in line for line in server.log_lines(1))


def test_a_change_of_the_file_holds_at_once(pair):
    for server in pair:
        path = server.site.dir / "users2"
        for password in ("first", "second"):
            path.write_text("late:{PLAIN}" + password + "\n")
            assert server.get("/variable/file?realm=x&file=users2", basic("late", password)).status == 200
        assert server.get("/variable/file?realm=x&file=users2", basic("late", "first")).status == 401
        path.write_text("plain:{PLAIN}other\n")


@webserv_only("nginx makes it upon its loop")
@not_in_model("iterative", "others wait by intention")
def test_a_slow_hash_keeps_nobody_waiting(site, serve):
    """Others are answered while a helper thread is at work: some hundred answers for each password, or there is no helper."""
    hashed = "$6$rounds=400000$saltsalt$" + "x" * 86
    (site.dir / "users").write_text(f"slow:{hashed}\n")
    site.write("private/file", "x")
    site.write("small", "x")
    server = serve(server="location /private/ { auth_basic r; auth_basic_user_file {dir}/users; }")
    over, count = threading.Event(), [0]

    def ask_others():
        while not over.is_set():
            assert server.get("/small").text == "x"
            count[0] += 1

    other = threading.Thread(target=ask_others)
    other.start()
    process.wait_until(lambda: count[0] > 10, what="answers to others")
    before, began = count[0], time.monotonic()
    assert server.get("/private/file", basic("slow")).status == 401
    took, during = time.monotonic() - began, count[0] - before
    over.set()
    other.join()
    assert took > 0.1, "the hash is not slow enough to show anything"
    assert during >= 10


@covers("auth_delay")
@cases("more", ["", "satisfy any; deny all;"])
def test_a_refusal_may_be_delayed(site, serve, more):
    site.write("file", "x")
    (site.dir / "users").write_text("plain:{PLAIN}secret\n")
    server = serve(server=more + "auth_basic r; auth_basic_user_file {dir}/users; auth_delay 300ms; location /denied { auth_basic off; satisfy all; deny all; }")
    for fields in ([], [basic("plain", "wrong")], [basic("nobody")]):
        began = time.monotonic()
        assert server.get("/file", *fields).status == 401
        assert time.monotonic() - began > 0.29
    assert server.error_log().count("delaying unauthorized request") == 3
    assert server.get("/file", basic("plain")).status == 200
    assert server.get("/none", basic("plain")).status == 404
    assert server.get("/denied").status == 403
    assert server.error_log().count("delaying unauthorized request") == 3


@covers("auth_delay")
@not_in_model("iterative", "others wait by intention")
def test_others_do_not_wait_for_a_delayed_refusal(site, serve):
    site.write("file", "x")
    (site.dir / "users").write_text("plain:{PLAIN}secret\n")
    server = serve(server="auth_basic r; auth_basic_user_file {dir}/users; auth_delay 10m;")
    with server.connect() as refused:
        refused.send("GET /file HTTP/1.1\r\nHost: h\r\n\r\n")
        server.error_line("delaying unauthorized request")
        assert server.get("/file", basic("plain")).text == "x"
        assert not refused.readable(0)
        server.process.signal(signal.SIGTERM)  # ends the wait
        assert server.process.wait() == 0


@cases("words, message", [("auth_basic;", "invalid number of arguments"), ("auth_basic a b;", "invalid number of arguments"),
                          ("auth_basic_user_file;", "invalid number of arguments"), ("auth_basic $nothing;", 'unknown "nothing" variable'),
                          ("auth_basic a; auth_basic b;", "is duplicate")])
def test_mistakes(site, words, message):
    result = process.run(["-t", "-c", str(site.configure(server=words)), "-p", str(site.dir)])
    assert result.returncode == 1 and message in result.stderr

# integration/test_auth_basic.py: users and passwords, compared with nginx: every format, every way not to have the right one.
# Both read the same files.
import base64
import hashlib
import threading
import time

import pytest
from harness import process
from harness.beside_nginx import beside_nginx
from harness.marks import cases, covers, not_in_model, webserv_only

SALT = b"pepper"
USERS = {
    "plain": "{PLAIN}secret",
    "sha": "{SHA}" + base64.b64encode(hashlib.sha1(b"secret").digest()).decode(),
    "ssha": "{SSHA}" + base64.b64encode(hashlib.sha1(b"secret" + SALT).digest() + SALT).decode(),
    "apr1": "$apr1$saltsalt$LrttParrLPdxvgutaSXWJ0",
    "des": "abNANd1rDfiNc",
    "md5": "$1$saltsalt$9xy1btjgzLYfb7hivXtC//",
    "sha256": "$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA",
    "sha512": "$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1",
    "bcrypt": "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
    "yescrypt": "$y$j75$abcd$4kXmLgaKDvIX6kdRHPMTHEFMzZbz3KU11lQ0dx6AKZ3",
    "commented": "{PLAIN}secret:a comment",
    "empty": "{PLAIN}",
    "nothing": "",
    "bad": "no hash at all",
    "badsha": "{SHA}!",
    "twice": "{PLAIN}secret",
}

CONFIG = """
    server {
        listen 127.0.0.1:{port};
        location / { auth_basic "Members only"; auth_basic_user_file {dir}/users; error_page 401 /401.html; }
        location = /401.html { auth_basic off; }
        location /inner/ { auth_basic "outer"; auth_basic_user_file {dir}/users;
            location /inner/open/ { auth_basic off; alias {root}/; }
            location /inner/other/ { auth_basic "other"; alias {root}/; } location /inner/same/ { alias {root}/; } }
        location /variable/ { alias {root}/; auth_basic $arg_realm; auth_basic_user_file {dir}/$arg_file; }
        location /relative/ { alias {root}/; auth_basic r; auth_basic_user_file users; }
        location /missing/ { alias {root}/; auth_basic r; auth_basic_user_file {dir}/nosuch; }
        location /folder/ { alias {root}/; auth_basic r; auth_basic_user_file {dir}/root; }
        location /closed/ { alias {root}/; auth_basic r; auth_basic_user_file {dir}/closed; }
        location /no-file/ { alias {root}/; auth_basic r; }
        location /no-realm/ { alias {root}/; auth_basic_user_file {dir}/users; }
        location /quoted/ { alias {root}/; auth_basic 'a "quoted" realm'; auth_basic_user_file {dir}/users; }
        location /user/ { auth_basic r; auth_basic_user_file {dir}/users; add_header X-User "$remote_user"; alias {root}/; }
        location /return/ { auth_basic r; auth_basic_user_file {dir}/users; return 200 "before access"; }
    }
"""


def documents(site):
    (site.dir / "root").mkdir(exist_ok=True)
    site.write("file", "content")
    site.write("401.html", "who are you?")
    lines = ["# a comment", "", *(f"{name}:{stored}" for name, stored in USERS.items()), "twice:{PLAIN}other", "#hidden:{PLAIN}secret",
             "windows:{PLAIN}secret\r", ":{PLAIN}secret", "no colon", "last:{PLAIN}secret"]
    (site.dir / "users").write_text("\n".join(lines))
    (site.dir / "users2").write_text("plain:{PLAIN}other\n")
    (site.dir / "closed").write_text("plain:{PLAIN}secret\n")
    (site.dir / "closed").chmod(0o600)


@pytest.fixture(scope="module")
def pair():
    with beside_nginx(CONFIG, documents) as pair:
        yield pair


def basic(user, password="secret"):
    return "Authorization: Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def seen(server, target, *fields):
    response = server.get(target, *fields)
    text = response.text.replace("nginx", "webserv").split("<hr>")[0]
    return response.status, response.all("WWW-Authenticate"), response.field("X-User"), text


def same(pair, target, *fields):
    ours, theirs = [seen(server, target, *fields) for server in pair]
    assert ours == theirs
    return ours


@covers("auth_basic", "auth_basic_user_file")
@cases("user", [name for name in USERS if name not in ("empty", "nothing", "bad", "badsha")])
def test_the_right_password_opens(pair, user):
    assert same(pair, "/file", basic(user))[:2] == (200, [])
    assert same(pair, "/file", basic(user, "wrong"))[:2] == (401, ['Basic realm="Members only"'])
    assert same(pair, "/file", basic(user, ""))[0] == same(pair, "/file", basic(user, "Secret"))[0] == 401
    assert same(pair, "/file", basic(user, "secret\0more"))[0] == 200  # a password is a C string


@cases("user, password", [("empty", ""), ("empty", "x"), ("nothing", ""), ("nothing", "x"), ("bad", "no hash at all"), ("badsha", ""), ("twice", "other"),
                          ("hidden", "secret"), ("#hidden", "secret"), ("windows", "secret"), ("last", "secret"), ("no colon", ""), ("nobody", "secret"),
                          ("PLAIN", "secret"), ("plai", "secret"), ("plain ", "secret"), ("plain", "secret:x"), ("# a comment", ""), ("", "secret")])
def test_lines_of_the_file(pair, user, password):
    same(pair, "/file", basic(user, password))


@cases("field", ["Authorization: Basic", "Authorization: Basic ", "Authorization: Basic !!!", "Authorization: Basic cGxhaW4=", "Authorization: Basic Og==",
                 "Authorization: Bearer abc", "authorization: bAsIc cGxhaW46c2VjcmV0", "Authorization: Basic   cGxhaW46c2VjcmV0",
                 "Authorization: Basic cGxhaW46c2VjcmV0=", "Authorization: Basiccc cGxhaW46c2VjcmV0", "Authorization: Basic cGxhaW46c2VjcmV0 x",
                 "X-Other: 1", "Proxy-Authorization: Basic cGxhaW46c2VjcmV0"])
def test_fields_that_are_not_quite_it(pair, field):
    same(pair, "/file", field)


@cases("target", ["/inner/file", "/inner/open/file", "/inner/other/file", "/inner/same/file", "/variable/file?realm=here&file=users2",
                  "/variable/file?realm=off&file=users", "/variable/file?realm=&file=users", "/variable/file?realm=x&file=none", "/missing/file",
                  "/folder/file", "/closed/file", "/no-file/file", "/no-realm/file", "/quoted/file", "/user/file", "/return/", "/401.html"])
@cases("fields", [[], [basic("plain")], [basic("plain", "other")]])
def test_where_it_holds(pair, target, fields):
    same(pair, target, *fields)


def test_a_relative_file_is_beside_the_configuration(pair):
    assert same(pair, "/relative/file", basic("plain"))[0] == 200


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


@cases("words, message", [("auth_basic;", "invalid number of arguments"), ("auth_basic a b;", "invalid number of arguments"),
                          ("auth_basic_user_file;", "invalid number of arguments"), ("auth_basic $nothing;", 'unknown "nothing" variable'),
                          ("auth_basic a; auth_basic b;", "is duplicate")])
def test_mistakes(site, words, message):
    result = process.run(["-t", "-c", str(site.configure(server=words)), "-p", str(site.dir)])
    assert result.returncode == 1 and message in result.stderr

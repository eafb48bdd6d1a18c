# integration/test_get_redirects.py: `webserv get -L`: where it goes, with which method, and what it does not take along.
# Secrets are for the origin that was asked for; a redirect is written by somebody who may want them.
import pytest
from harness.marks import cases, webserv_only
from harness.scripted import answer, answers, curl, get

pytestmark = webserv_only("nginx is no client")


def redirecting(status, location, keep=True):
    """Any target but /end is redirected."""

    def respond(request):
        if request.target.startswith("/end"):
            return answer(content=f"{request.method} {len(request.content)}")
        return answer(f"{status} Elsewhere", "not this", f"Location: {location}", *([] if keep else ["Connection: close"]))

    return answers(respond)


@cases("status", [301, 302, 303, 307, 308])
@cases("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
def test_methods(scripted, status, method):
    server = scripted(redirecting(status, "/end"))
    data = ["-d", "content"] if method in ("POST", "PUT") else []
    words = [*data, *(["-I"] if method == "HEAD" else ["-X", method])]
    assert get("-L", server.url("/"), *words).code == 0
    last = server.requests[-1]
    changed = (status == 303 and method not in ("GET", "HEAD")) or (status in (301, 302) and method == "POST")
    assert last.target == "/end" and last.method == ("GET" if changed else method)
    assert last.content == (b"content" if data and not changed else b"")
    assert (last.field("Content-Type") is not None) == bool(data and not changed)
    if not changed and not data:
        assert last.field("Content-Length") is None


@cases("status", [301, 302, 303, 307, 308])
def test_what_curl_makes_of_a_post(scripted, status):
    server = scripted(redirecting(status, "/end"))
    for client in (get, curl):
        assert client("-L", server.url("/"), "-d", "content").code == 0
    ours, theirs = server.requests[1], server.requests[3]
    assert (ours.method, ours.content, ours.field("Content-Type")) == (theirs.method, theirs.content, theirs.field("Content-Type"))


@cases("location, target", [
    ("/end/x?y", "/end/x?y"), ("../end", "/end"), ("?end", "/a/b?end"), ("//127.0.0.1:{port}/end", "/end"), ("http://127.0.0.1:{port}/end#f", "/end"),
    ("/end/a b", "/end/a%20b"), ("/end/\xe4", "/end/%E4"), ("./../x/../../end", "/end"), ("HTTP://127.0.0.1:{port}/end", "/end")])
def test_locations(scripted, location, target):
    def respond(request):
        if "end" in request.target:
            return answer(content="there")
        return answer("302 Found", "", "Location: " + location.replace("{port}", str(server.port)))

    server = scripted(answers(respond))
    for client in (get, curl) if location != "/end/\xe4" else (get,):
        outcome = client("-L", server.url("/a/b"))
        assert (outcome.code, outcome.out, server.requests[-1].target) == (0, b"there", target)


@cases("location, code", [("http://[x/", 3), ("ftp://a/", 1), ("foo://a/", 1), ("http://a\\b/", 3), ("mailto:a@b", 3), ("http:///", 3)])
def test_locations_that_lead_nowhere(scripted, location, code):
    server = scripted(redirecting(302, location))
    outcome = get("-L", server.url("/"))
    assert outcome.code == code and not outcome.out and "redirect" in outcome.err


@cases("fields", [[], ["Location:"]])
def test_without_a_location_it_is_the_answer(scripted, fields):
    server = scripted(answers(lambda request: answer("302 Found", "here", *fields)))
    assert get("-L", server.url("/")).out == b"here"


def test_without_l_it_is_the_answer(scripted):
    server = scripted(redirecting(302, "/end"))
    outcome = get(server.url("/"))
    assert (outcome.code, outcome.out, len(server.requests)) == (0, b"not this", 1)


@cases("status", [300, 304, 305, 306, 200, 404])
def test_other_statuses_lead_nowhere(scripted, status):
    server = scripted(answers(lambda request: answer(f"{status} What", b"" if status == 304 else b"here", "Location: /end")))
    assert get("-L", server.url("/")).code == 0
    assert len(server.requests) == 1


def test_a_loop_ends(scripted):
    server = scripted(redirecting(302, "/again"))
    outcome = get("-L", server.url("/"))
    assert outcome.code == 47 and "50 redirects" in outcome.err and not outcome.out
    assert len(server.requests) == 51
    assert server.callers == 1  # the connection was kept


@cases("limit", [0, 1, 3])
def test_the_limit(scripted, limit):
    server = scripted(redirecting(302, "/again"))
    for client in (get, curl):
        before = len(server.requests)
        assert client("-L", "--max-redirs", limit, server.url("/")).code == 47
        assert len(server.requests) - before == limit + 1


def test_connections_are_kept_or_made_anew(scripted):
    server = scripted(redirecting(302, "/end", keep=False))
    assert get("-L", server.url("/")).out == b"GET 0"
    assert server.callers == 2


def test_a_connection_that_was_kept_in_vain(scripted):
    """The server says it keeps the connection, and does not."""

    def script(caller):
        request = caller.read_request()
        caller.send(answer(content="end") if request.target == "/end" else answer("302 Found", b"", "Location: /end"))
        caller.finish()

    server = scripted(script)
    for _ in range(20):
        outcome = get("-L", server.url("/"))
        assert (outcome.code, outcome.out) == (0, b"end")


def test_large_content_of_a_redirect_is_left(scripted):
    """Neither printed nor waited for."""

    def respond(request):
        return answer(content="end") if request.target == "/end" else answer("302 Found", b"x" * 50_000_000, "Location: /end")

    server = scripted(answers(respond))
    assert get("-L", server.url("/")).out == b"end"
    assert server.callers == 2


SECRETS = ["-H", "Cookie: secret", "-H", "X-Own: x"]


@pytest.fixture
def two(scripted):
    """One server redirects to /end of another."""
    second = scripted(answers(lambda request: answer(content="end")))
    return scripted(redirecting(302, f"http://localhost:{second.port}/end")), second


@cases("words", [["-H", "Authorization: secret"], ["-u", "user:secret"], "url"])
def test_secrets_stay_with_their_origin(two, words):
    first, second = two
    url = first.url("/").replace("//", "//user:secret@") if words == "url" else first.url("/")
    words = [] if words == "url" else words
    for client in (get, curl):
        assert client("-L", url, *words, *SECRETS).out == b"end"
        assert "secret" in first.requests[-1].field("Cookie") and first.requests[-1].field("Authorization")
        asked = second.requests[-1]
        assert asked.field("Cookie") is None and asked.field("Authorization") is None and asked.field("X-Own") == "x"


def test_secrets_go_along_on_the_same_origin(scripted):
    server = scripted(redirecting(302, "/end"))
    for words in (["-u", "user:secret"], ["-H", "Authorization: secret"]):
        get("-L", server.url("/"), *words, *SECRETS)
        assert server.requests[-1].field("Authorization") and server.requests[-1].field("Cookie") == "secret"
    get("-L", server.url("/").replace("//", "//user:secret@"))
    assert server.requests[-1].field("Authorization")
    absolute = scripted(answers(lambda request: answer(content="end") if request.target == "/end" else
                                answer("302 Found", b"", f"Location: http://127.0.0.1:{absolute.port}/end")))
    get("-L", absolute.url("/").replace("//", "//user:secret@"))
    assert absolute.requests[-1].target == "/end" and absolute.requests[-1].field("Authorization")


def test_another_port_is_another_origin_and_there_is_no_way_back(scripted):
    third = scripted(answers(lambda request: answer(content=b"end") if request.target == "/end" else
                             answer("302 Found", b"", f"Location: http://127.0.0.1:{second.port}/back")))
    second = scripted(answers(lambda request: answer("302 Found", b"", f"Location: http://127.0.0.1:{third.port}/end")))
    assert get("-L", third.url("/"), "-u", "user:secret").out == b"end"
    assert [request.field("Authorization") is not None for request in third.requests + second.requests] == [True, False, False]


def test_the_host_field_of_the_user_stays(two):
    first, second = two
    get("-L", first.url("/"), "-H", "Host: own")
    assert first.requests[-1].field("Host") == "own"
    assert second.requests[-1].field("Host") == f"localhost:{second.port}"


def test_a_local_socket_is_asked_again(scripted, site):
    path = str(site.dir / "socket")
    server = scripted(redirecting(302, "http://other.org/end"), path)
    assert get("-L", "--unix-socket", path, "http://some.where/").out == b"GET 0"
    assert server.requests[-1].field("Host") == "other.org"

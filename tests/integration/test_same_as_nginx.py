# integration/test_same_as_nginx.py: one configuration on nginx and on webserv, the same octets to both, the same answers and log lines.
# The requests are in compared/, a table a topic. Where we differ by design, docs/DIFFERENCES.md has a row, and both answers are asserted.
import re
from contextlib import ExitStack

import pytest
from compared import (access, auth_basic, conditional, connections, content, dav, encodings, errors, fields, files, listings, logs, malformed,
                      methods, names, over_http2, ports, post_action, random_index, ranges, redirects, try_files)
from compared.ground import HTTP2, LOG_IS_ORDERED, answer_and_line, answer_that_differs, get, lines_since, neutral
from harness import process
from harness.client import NotInHttp2
from harness.marks import cases
from harness.transport import TRANSPORT

TOPICS = (access, auth_basic, conditional, connections, content, dav, encodings, errors, fields, files, listings, logs, malformed, methods, names,
          over_http2, ports, post_action, random_index, ranges, redirects, try_files)


def table(kind):
    """Every entry of every topic: name -> (ground, entry)."""
    return {f"{topic.__name__.split('.')[-1]}: {name}": (ground, entry) for topic in TOPICS
            for ground, entries in getattr(topic, kind).items() for name, entry in entries.items()}


ALL_DIFFERENT = table("DIFFERENT")
DIFFERENT = {name: (ground, difference) for name, (ground, difference) in ALL_DIFFERENT.items() if TRANSPORT in difference.only}
ELSEWHERE = {(ground, str(difference.request)) for ground, difference in DIFFERENT.values() if difference.only == HTTP2}
SAME = {name: (ground, request) for name, (ground, request) in table("SAME").items() if (ground, str(request)) not in ELSEWHERE}
REQUESTS_MIN = 900  # so many are compared; fewer only if somebody has thought about it
NOT_IN_HTTP2, NOT_IN_HTTP2_MAX = [], 60


@pytest.fixture(scope="module")
def running():
    """The servers of a ground, which are started when it is first asked for."""
    with ExitStack() as stack:
        pairs = {}

        def pair(ground):
            if ground not in pairs:
                pairs[ground] = stack.enter_context(ground.pair())
            return pairs[ground]

        yield pair


def of_both(ask, running, ground, *asked):
    """What each server says; who asks in HTTP/2 skips what has no words there."""
    try:
        return [ask(server, *asked) for server in running(ground)]
    except NotInHttp2 as reason:
        NOT_IN_HTTP2.append(str(reason))
        pytest.skip(f"not in HTTP/2: {reason}")


@cases("name", SAME)
def test_the_same_answer(running, name):
    ground, request = SAME[name]
    ours, theirs = of_both(answer_and_line, running, ground, request, ground)
    assert ours == theirs


@cases("name", DIFFERENT)
def test_a_difference_by_design(running, name):
    ground, difference = DIFFERENT[name]
    if difference.exact and not LOG_IS_ORDERED:
        pytest.skip("each connection has a process, and lines have no order")
    ours, theirs = of_both(answer_that_differs, running, ground, difference)
    is_nginx = process.is_nginx(process.BINARY)
    assert theirs.get("status", 0) == difference.nginx
    assert ours.get("status", 0) == (difference.nginx if is_nginx else difference.webserv), difference.row
    assert is_nginx or ours != theirs, f"there is no difference any more: docs/DIFFERENCES.md says {difference.row}"


def test_there_are_enough_requests():
    octets = {(id(ground), str(request)) for ground, request in SAME.values()}
    assert len(octets) >= REQUESTS_MIN
    assert len(NOT_IN_HTTP2) <= NOT_IN_HTTP2_MAX


# docs/DIFFERENCES.md


def rows():
    """First column -> (nginx's, ours) of the rows about requests."""
    text = (process.PROJECT / "docs/DIFFERENCES.md").read_text()
    found = {}
    for line in text.splitlines():
        if match := re.fullmatch(r"\| (.+?) \| (.+?) \| (.+?) \| (.+) \|", line):
            if match[1] != "request":
                assert match[1] not in found
                found[match[1]] = (match[2], match[3])
    return found


def test_every_difference_is_written_down_and_every_row_is_a_difference():
    assert {difference.row for _, difference in ALL_DIFFERENT.values()} == set(rows())


@cases("name", DIFFERENT)
def test_the_row_tells_the_statuses(name):
    difference = DIFFERENT[name][1]
    for text, status in zip(rows()[difference.row], (difference.nginx, difference.webserv), strict=True):
        if match := re.match(r"\d{3}\b", text):
            assert int(match[0]) == status


# Logs


def lines_of(server, request, ground):
    """What all logs of the ground say of a request, but for the time."""
    begins = {log: (server.site.dir / log).stat().st_size for log in logs.LOGS}
    answer_and_line(server, request, ground)
    return {log: [re.sub(r"\[[^]]*\]", "[]", line) for line in lines_since(server, log, begin)] for log, begin in begins.items()
            if log != "some.log"} | {"some.log": (server.site.dir / "some.log").read_text()[begins["some.log"]:]}


@pytest.mark.skipif(not LOG_IS_ORDERED, reason="each connection has a process, and lines have no order")
@cases("name", [name for name, (ground, _) in SAME.items() if ground is logs.LOGGED])
def test_the_same_lines(running, name):
    ground, request = SAME[name]
    ours, theirs = of_both(lines_of, running, ground, request, ground)
    assert ours == theirs


def test_the_same_complaints(running):
    """In the error log, of the client that is refused."""
    pair = running(access.ACCESS)
    for server in pair:
        server.get("/deny/x", "X-Real-IP: 192.0.2.77", host="first.org")
    ours, theirs = (re.sub(r"^\S+ \S+ |\d+#\d+: \*\d+ ", "", neutral(server.error_line("client: 192.0.2.77"), server)) for server in pair)
    assert ours == theirs

# integration/test_get_trace.py: `webserv get --trace` tells the life of its sockets as strace sees it, and how long each step took.
# The truth is strace's record of the same run.
import re
import ssl
import subprocess
import time

import pytest
from harness import certificates, process
from harness.marks import cases, webserv_only
from harness.scripted import ENVIRONMENT, answer, answers, get, says

pytestmark = webserv_only("nginx shows no sockets")

OUR_NAME = {"recvfrom": "read", "sendto": "write", "sendmsg": "write", "sendfile": "write"}
SEEN_BY_STRACE = "socket,setsockopt,connect,recvfrom,sendto,sendmsg,sendfile,shutdown,close"
# Leaks can not be looked for under strace.
UNDER_STRACE = {**ENVIRONMENT, "ASAN_OPTIONS": ENVIRONMENT.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
LINE = r" *\d+\.\d{3} +(\d+) (\w+)\((\w+)[^)]*\) = (-?\d+)(?: (E\w+))?"


def told(text):
    """What the trace says: (call, descriptor, result), where the result of a failure is its name."""
    calls = []
    for line in text.splitlines():
        if (match := re.match(LINE, line)) and match[2] != "resolve":
            calls.append((match[2], None if match[2] == "socket" else int(match[3]), match[5] or int(match[4])))
    return calls


def seen(record):
    """What strace saw of the same calls."""
    calls, sockets = [], set()
    for line in record.splitlines():
        match = re.match(r"\d+ +(\w+)\((\w+)(.*)\) += (-?\d+)(?: (E\w+))?", line)
        if not match:
            continue
        name, first, rest, number, error = match.groups()
        if name == "socket":
            if "SOCK_STREAM" in rest and first in ("AF_INET", "AF_INET6", "AF_UNIX"):
                sockets.add(int(number))
                calls.append((name, None, error or int(number)))
        elif first.isdigit() and int(first) in sockets:
            calls.append((OUR_NAME.get(name, name), int(first), error or int(number)))
            if name == "close":
                sockets.discard(int(first))
    return calls


@pytest.fixture
def trace(site):
    """Runs `get --trace` under strace; gives what it told and what strace saw."""

    def run(*words, code=0):
        record = site.dir / "strace"
        result = subprocess.run(["/usr/bin/strace", "-f", "-q", "-e", f"trace={SEEN_BY_STRACE}", "-e", "signal=none", "-o", str(record),
                                 process.BINARY, "get", "--trace", *map(str, words)], capture_output=True, timeout=60, check=False, env=UNDER_STRACE)
        text = result.stderr.decode()
        assert result.returncode == code, text
        assert not process.complaints_in(text)
        assert told(text) == seen(record.read_text())
        return text

    return run


@cases("family", ["ipv4", "ipv6", "unix"])
def test_it_tells_what_strace_sees(trace, scripted, site, family):
    address = {"ipv4": ("127.0.0.1", 0), "ipv6": ("::1", 0), "unix": str(site.dir / "socket")}[family]
    server = scripted(answers(lambda request: answer(content=b"x" * 300_000)), address)
    where = {"ipv4": f"127.0.0.1:{server.port}", "ipv6": f"[::1]:{server.port}", "unix": f"unix:{site.dir}/socket"}[family]
    words = ["--unix-socket", address, "http://a/"] if family == "unix" else [f"http://{where}/"]
    text = trace(*words)
    calls = [name for name, _, _ in told(text)]
    assert calls[0] == "socket" and calls[-1] == "close" and {"connect", "write", "read"} <= set(calls)
    assert f", {where}) = " in text
    assert re.search(r"close\(\d+\) = 0  after [\d.]+ ms, 300\d{3} octets read and \d+ written; we hung up first", text)


def test_uploads_and_redirects(trace, scripted, site):
    server = scripted(answers(lambda request: answer("303 See Other", "", "Location: /x") if request.target == "/" else answer(content="y")))
    text = trace("-L", server.url("/"), "-d", f"@{site.write('file', b'x' * 500_000)}")
    assert "by sendfile) = " in text
    assert len([call for call in told(text) if call[0] == "socket"]) == 1


def test_failed_attempts(trace, scripted, site):
    server = scripted(answers(lambda request: answer(content="y")))
    text = trace("--resolve", f"a:{server.port}:127.0.0.3,127.0.0.1", f"http://a:{server.port}/")
    assert text.count("it was never connected") == 1 and text.count("we hung up first") == 1
    text = trace(f"http://127.0.0.1:{site.port()}/", code=7)
    assert "connect(" in text and "it was never connected" in text and "step " not in text


@cases("octets, then, remark", [
    ("HTTP/1.0 200 OK\r\n\r\nabc", "finish", "the server hung up first"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "wait", "we hung up first"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + "abc" * 100_000, "wait", "we broke off with octets unread (a reset)")])
def test_who_hung_up_first(scripted, octets, then, remark):
    outcome = get("--trace", scripted(says(octets, then)).url())
    assert re.search(r"close\(\d+\) = 0  after .*; " + re.escape(remark), outcome.err)


def test_a_reset_is_the_servers(scripted):
    def script(caller):
        caller.read_request()
        caller.send("HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nabc")
        time.sleep(0.1)
        caller.reset()

    outcome = get("--trace", scripted(script).url())
    assert outcome.code == 56 and "the server broke off (a reset)" in outcome.err


def steps(text):
    """name -> (began, took) of the table."""
    return {name.strip(): (float(at), float(took)) for name, at, took in re.findall(r"^([A-Za-z ]+?) +(\d+\.\d{3}) +(\d+\.\d{3})(?:  .*)?$", text, re.M)}


def test_the_steps(scripted):
    """In their order, one after another, and a server that thinks is seen to think."""

    def script(caller):
        caller.read_request()
        time.sleep(0.2)
        caller.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")
        time.sleep(0.1)
        caller.send("b")

    server = scripted(script)
    outcome = get("--trace", f"http://localhost:{server.port}/", "-d", "hello")
    assert outcome.out == b"ab"
    table = steps(outcome.err)
    assert list(table) == ["resolve", "socket", "connect", "write", "first octet", "read", "close"]
    begins = [began for began, _ in table.values()]
    assert begins == sorted(begins)
    assert table["first octet"][1] >= 199 and table["read"][1] >= 99
    for name, (began, took) in list(table.items())[1:-1]:
        following = list(table)[list(table).index(name) + 1]
        assert began + took <= table[following][0] + 0.002, name
    assert re.search(r"resolve\(localhost\) = .*127\.0\.0\.1", outcome.err)
    facts = r"round trip \d+\.\d{3} ms, MSS \d+, congestion window [1-9]\d* segments, 0 sent again"
    assert re.search(rf"handshake of \d+: {facts}\n", outcome.err)
    assert re.search(rf"kernel, when connected: {facts}\nkernel, at the end:     {facts}\n", outcome.err)


@cases("tickets", [0, 2])
def test_the_steps_over_tls(scripted, tickets):
    """What TLS says for itself is neither what was asked nor what was answered: tickets come before the answer, the end of TLS after it."""
    made = certificates.shared()
    made.pair("both", common_name="localhost", names=["localhost", "127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.dir / "both.pem", made.dir / "both.key")
    context.num_tickets = tickets

    def script(caller):
        with context.wrap_socket(caller.socket, server_side=True) as caller.socket:
            caller.read_request()
            time.sleep(0.2)
            caller.send(answer(content=b"x" * 1000))
            caller.socket.recv(1)

    outcome = get("--trace", "--cacert", made.authority, f"https://127.0.0.1:{scripted(script).port}/")
    assert outcome.out == b"x" * 1000
    table = steps(outcome.err)
    assert list(table)[-6:] == ["connect", "TLS", "write", "first octet", "read", "close"]
    assert table["first octet"][1] >= 199
    end = sum(table["write"])
    assert abs(end - table["first octet"][0]) <= 0.002 and end < table["read"][0]
    read, written = (int(re.search(rf"^{name} .*  (\d+) octets$", outcome.err, re.M)[1]) for name in ("read", "write"))
    assert 1000 < read < 1000 + 200 + 600 * tickets and 0 < written < 300


def test_a_local_socket_has_no_handshake(scripted, site):
    path = str(site.dir / "socket")
    scripted(answers(lambda request: answer(content="y")), path)
    outcome = get("--trace", "--unix-socket", path, "http://a/")
    assert outcome.out == b"y" and "none, a local socket" in outcome.err and "kernel" not in outcome.err
    assert list(steps(outcome.err)) == ["socket", "connect", "write", "first octet", "read", "close"]


def test_content_and_trace_do_not_mix(scripted):
    server = scripted(answers(lambda request: answer(content="content\n")))
    outcome = get("--trace", server.url())
    assert outcome.out == b"content\n" and "\x1b" not in outcome.err


def test_without_it_nothing_is_asked(scripted, site):
    """No call is made that only somebody who watches would need."""
    server = scripted(answers(lambda request: answer(content="y")))
    record = site.dir / "strace"
    subprocess.run(["/usr/bin/strace", "-f", "-q", "-e", "trace=getsockopt,getpeername,ioctl,poll", "-o", str(record), process.BINARY, "get", server.url()],
                   stdout=subprocess.DEVNULL, timeout=60, check=True, env=UNDER_STRACE)
    for word in ("TCP_INFO", "SO_DOMAIN", "getpeername", "FIONREAD"):
        assert word not in record.read_text()

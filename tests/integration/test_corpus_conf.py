# integration/test_corpus_conf.py: configurations as sites have them (tests/corpus/conf): each loads, and answers as is written beside it.
# nginx has to pass the same: what is written there is what an administrator may expect.
import fnmatch
import re
import shutil
from dataclasses import dataclass, field

import pytest
from harness import certificates, process
from harness.client import Connection
from harness.marks import cases
from harness.site import MODEL, Server, Site, stop_all, with_concurrency

CORPUS = process.PROJECT / "tests/corpus/conf"
SITES = sorted(path.parent.name for path in CORPUS.glob("*/nginx.conf"))
BINARIES = {"webserv": process.BINARY, "nginx": process.NGINX}


@dataclass
class Exchange:
    method: str
    target: str
    line: int
    port: str = "port"
    before: str = ""
    tls: str = ""  # the name that is meant
    sent: list = field(default_factory=list)
    expected: list = field(default_factory=list)
    content: list = field(default_factory=list)


def parse(path):
    """Documents as (word, name, rest), and exchanges. See README.md beside the sites."""
    documents, exchanges = [], []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        word, _, rest = line.partition(" ")
        if word in ("", "#"):
            continue
        if word == "=":
            exchanges.append(Exchange(*rest.split(" ", 1), number))
        elif word == "<" and rest.startswith("PORT "):
            exchanges[-1].port = rest.removeprefix("PORT ")
        elif word == "<" and rest.startswith("TLS "):
            exchanges[-1].tls = rest.removeprefix("TLS ")
        elif word == "<" and rest.startswith("PROXY "):
            exchanges[-1].before = f"{rest}\r\n"
        elif word in "<>|":
            {"<": exchanges[-1].sent, ">": exchanges[-1].expected, "|": exchanges[-1].content}[word].append(rest)
        else:
            assert word in ("file", "link", "user", "certificate"), f"{path}:{number}: {line}"
            documents.append((word, *rest.split(" ", 1)))
    return documents, exchanges


def place_certificate(site, names):
    if not (certificates.shared().dir / f"{names[0]}.pem").exists():
        certificates.shared().issue(names[0], names=names)
    for kind in ("pem", "key"):
        shutil.copy(certificates.shared().dir / f"{names[0]}.{kind}", site.dir)


def place(site, name, model):
    """Puts a site of the corpus where a server can use it."""
    for path in (CORPUS / name).rglob("*"):
        if path.is_file() and path.name != "requests.txt":
            site.write(site.dir / path.relative_to(CORPUS / name), with_concurrency(site.fill(path.read_text()), model))
    shutil.copy(process.PROJECT / "conf/mime.types", site.dir)
    for word, path, rest in parse(CORPUS / name / "requests.txt")[0]:
        if word == "link":
            (site.root / path).symlink_to(rest)
        elif word == "certificate":
            place_certificate(site, [path, *rest.split(" ")])
        elif word == "user":
            site.write(site.dir / "users", f"{path}:{{PLAIN}}{rest}\n")
        elif size := re.fullmatch(r"(\d+) octets", rest):
            site.write_large(int(size[1]), path)
        else:
            site.write(path, rest.replace("\\n", "\n"))
    return site.dir / "nginx.conf"


@pytest.fixture(scope="module")
def running():
    """A server with a site of the corpus, started when it is first asked for."""
    servers = {}

    def server(name, binary):
        if (name, binary) not in servers:
            site = Site()
            servers[name, binary] = Server(site, BINARIES[binary])
            servers[name, binary].start(place(site, name, MODEL if binary == "webserv" else None))
        return servers[name, binary]

    yield server
    complaints = stop_all(servers.values())
    for each in servers.values():
        each.site.remove()
    assert not complaints, complaints


@cases("binary", BINARIES)
@cases("name", SITES)
def test_it_loads(site, name, binary):
    conf = place(site, name, None)
    result = process.run(["-t", "-p", str(site.dir), "-c", str(conf)], BINARIES[binary])
    assert result.returncode == 0 and "test is successful" in result.stderr, result.stderr
    assert not re.search(r"\[(warn|error|emerg)\]", result.stderr), result.stderr


def ask(server, exchange):
    """The answer; None if the connection is closed without one."""
    fields = [] if any(line.startswith("Host:") for line in exchange.sent) else ["Host: localhost"]
    tls = {"tls": certificates.client(), "name": exchange.tls} if exchange.tls else {}
    with Connection(("127.0.0.1", server.site.port(exchange.port)), **tls) as connection:
        head = "\r\n".join([f"{exchange.method} {exchange.target} HTTP/1.1", *fields, *exchange.sent])
        connection.send(f"{exchange.before}{head}\r\n\r\n")
        if not connection.receive_more():
            return None
        return connection.read_response(exchange.method)


def check_field(response, line):
    if line.startswith("!"):
        assert response.all(line[1:]) == []
    else:
        name, value = line.split(": ", 1)
        pattern = re.compile(fnmatch.translate(value).replace("\\Z", "$"))
        assert any(pattern.match(found) for found in response.all(name)), f"{line}: there is {response.all(name)}"


def check(response, exchange):
    status, *fields = exchange.expected
    if status == "closed":
        assert response is None
        return
    assert response.status == int(status)
    for line in fields:
        check_field(response, line)
    for beginning in exchange.content:
        if size := re.fullmatch(r"(\d+) octets", beginning):
            assert len(response.content) == int(size[1])
        else:
            assert response.text.startswith(beginning)


@cases("binary", BINARIES)
@cases("name, exchange", [pytest.param(name, exchange, id=f"{name}:{exchange.line} {exchange.method} {exchange.target}")
                          for name in SITES for exchange in parse(CORPUS / name / "requests.txt")[1]])
def test_it_answers(running, name, exchange, binary):
    check(ask(running(name, binary), exchange), exchange)


@cases("name", SITES)
def test_the_expectations_are_there(name):
    documents, exchanges = parse(CORPUS / name / "requests.txt")
    assert documents and len(exchanges) >= 4
    assert all(exchange.expected for exchange in exchanges)

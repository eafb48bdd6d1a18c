# integration/compared/ground.py: a configuration and documents for two servers, and what is the same about two answers.
# Every answer is compared with all that can be seen of it, the line in the log included, but for the server's name, ports and dates.
import os
import re
import ssl
from contextlib import contextmanager
from dataclasses import dataclass, field

from harness import process
from harness.beside_nginx import beside_nginx
from harness.client import head_of
from harness.site import DEFAULT_MAIN, MODEL
from harness.transport import connect

MTIME = 1_700_000_000
ETAG = f'"{MTIME:x}-a"'  # of ten octets
BEFORE, DATE, AFTER = (f"Tue, 14 Nov 2023 22:13:{second} GMT" for second in (19, 20, 21))

# A line for each request, and a server of its own whose lines say where those of a request end.
MARKED = """
    log_format compared '$status|$request|$host|$server_name|$remote_user|$http_user_agent|$request_method|$uri';
    access_log {dir}/compared.log compared;
    server { listen 127.0.0.1:{port9}; return 204; }
"""
# What stands last is only half understood when a request is refused, and a line that is too long is not logged whole.
REFUSED = re.compile(r"^(?:(4(?:00|94)|501|505|405(?=\|TRACE))(\|.*)\|[^|]*\|[^|]*|(414)().*)$")
LOG_IS_ORDERED = MODEL != "fork"  # there each connection has a process


@dataclass(eq=False)  # a ground is itself
class Ground:
    http: str
    documents: object
    theirs: str = None           # nginx's configuration, where it has another word for the same
    main: str = DEFAULT_MAIN
    own_documents: bool = False  # else both serve the same folder
    ignores_framing: bool = False
    environment: dict = field(default_factory=dict)

    @contextmanager
    def pair(self):
        """(ours, theirs), running."""
        before = {name: os.environ.get(name) for name in self.environment}
        os.environ.update(self.environment)
        try:
            with beside_nginx(self.http + MARKED, self.documents, self.theirs and self.theirs + MARKED, self.main, self.own_documents) as pair:
                yield pair
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})


@dataclass(frozen=True)
class Request:
    pieces: tuple      # each is sent when the server has taken the one before
    port: str = "port"  # the name it has in the configuration
    before: bytes = b""  # what comes before TLS, if there is TLS

    @property
    def method(self):
        return self.pieces[-1].lstrip(b"\r\n").split(b" ", 1)[0].decode("latin-1")


@dataclass(frozen=True)
class Difference:
    request: object
    nginx: int   # the status; 0 is an answer without a head, or none
    webserv: int
    row: str     # of docs/DIFFERENCES.md: its first column
    only: str = None     # the transport that it is about
    exact: bool = False  # it is in the framing or in the log line, where others would hide that this one has gone


def as_request(request):
    return request if isinstance(request, Request) else Request((request,))


def get(target, *fields, host="first.org", method="GET", version="1.1"):
    return head_of(method, target, fields, version, host)


def post(target, content, *fields, method="POST", host="first.org"):
    return head_of(method, target, [*fields, f"Content-Length: {len(content)}"], host=host) + content


def dated(path):
    os.utime(path, (MTIME, MTIME))
    return path


# What is the same


def neutral(text, server):
    """Without what may differ: the server's name, its version, its ports, the client's, the digits of a boundary."""
    text = re.sub(r"\b(nginx|webserv)(/[\d.]+( \([^)]*\))?)?", "SERVER", text)
    for name, number in server.site.ports.items():
        text = text.replace(f":{number}", f":{name.upper()}")
    text = text.replace(str(server.site.dir), "DIR")
    return re.sub(r"\|[3-6]\d{4}\b", "|CLIENT", re.sub(r"\b\d{20}\b", "BOUNDARY", text))


def neutral_fields(response, method, server):
    """Without Date; a built-in page is as long as the server's name makes it."""
    own_page = b"<hr><center>" in response.content or (method == "HEAD" and response.status >= 300 and not response.all("ETag"))
    for name, value in response.fields:
        if name.lower() == "content-length" and own_page and value != "0":
            value = str(int(value) - len(response.field("Server")))
        if name.lower() != "date":
            yield name, neutral(value, server)


def is_taken(connection):
    """Whether the server has read all that was sent, or has something to say: what it has not read is in its socket's queue."""
    if connection.readable(0):
        return True
    ours, theirs = (f":{name[1]:04X}" for name in (connection.socket.getsockname(), connection.socket.getpeername()))
    for line in open("/proc/net/tcp").readlines()[1:]:
        words = line.split()
        if words[1].endswith(theirs) and words[2].endswith(ours):
            return words[4].endswith(":00000000")
    return False


def send(connection, request):
    for number, piece in enumerate(request.pieces):
        if number:
            process.wait_until(lambda: is_taken(connection), what="a piece that was read")
        try:
            connection.send(piece)
        except (BrokenPipeError, ConnectionResetError):
            return


def answer(server, request):
    """Everything a client can see of an answer, in neutral form."""
    request = as_request(request)
    method = request.method
    try:
        connection = connect(("127.0.0.1", server.site.port(request.port)), before=request.before)
    except (ssl.SSLError, ConnectionResetError):
        return {"answer": "no handshake"}
    with connection:
        send(connection, request)
        try:
            response = connection.read_response(method)
        except AssertionError:
            return {"answer": "closed without"}
        return {
            "version": response.version, "status": response.status, "reason": response.reason, "framing": response.framing,
            "fields": sorted(neutral_fields(response, method, server)),  # the order of names means nothing
            "has date": len(response.all("Date")),
            "content": neutral(response.content.decode("latin-1"), server),
            "persists": connection.persists(),
        }


def lines_since(server, log, begin):
    """What a log tells of the requests since it had `begin` octets."""
    with connect(("127.0.0.1", server.site.port("port9"))) as connection:
        connection.request("GET", "/mark", ["Connection: close"])
    path = server.site.dir / log

    def marked():
        text = path.read_bytes()[begin:].decode("latin-1")
        return text if "/mark HTTP" in text else None

    return [neutral(line, server) for line in process.wait_until(marked, what="the mark in the log").splitlines() if "/mark HTTP" not in line]


def without_framing(seen):
    seen.pop("framing", None)
    seen["fields"] = [field for field in seen.get("fields", ()) if field[0].lower() not in ("content-length", "transfer-encoding")]


def answer_and_line(server, request, ground):
    """An answer, and what the log says of it."""
    begin = (server.site.dir / "compared.log").stat().st_size
    seen = answer(server, request)
    if LOG_IS_ORDERED:
        seen["log"] = [REFUSED.sub(r"\1\2\3", line) for line in lines_since(server, "compared.log", begin)]
    if ground.ignores_framing:
        without_framing(seen)
    return seen


def answer_that_differs(server, difference):
    begin = (server.site.dir / "compared.log").stat().st_size
    seen = answer(server, difference.request)
    if difference.exact:
        seen["log"] = lines_since(server, "compared.log", begin)
    else:
        without_framing(seen)
    return seen

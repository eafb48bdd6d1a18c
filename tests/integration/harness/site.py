# integration/harness/site.py: a folder with documents, a configuration and logs, and the server that runs on it.
# Configurations name {port} {port2} ... {root} {dir}; the rest of the text is nginx's language as it stands.
import os
import re
import shutil
import tempfile
from pathlib import Path

from . import process
from .client import encode
from .transport import connect, with_transport

PORTS = process.ports()

DEFAULT_MAIN = "worker_processes 1;"
DEFAULT_EVENTS = "worker_connections 256;"
DEFAULT_HTTP = "access_log {dir}/access.log; client_body_temp_path {dir}/content; root {root};"
if process.is_nginx(process.BINARY):
    DEFAULT_HTTP += " ssl_protocols TLSv1.2 TLSv1.3;"  # the default of later versions than Debian's
CONFIGURATION = """
pid {dir}/server.pid;
error_log {dir}/error.log info;
%(main)s
events { %(events)s }
http {
    %(defaults)s
%(http)s
}
"""


# WEBSERV_CONCURRENCY=fork runs tests that say nothing about the matter in that model.
MODEL = os.environ.get("WEBSERV_CONCURRENCY")


def with_concurrency(config, model):
    if not model or "concurrency" in config:
        return config
    return re.sub(r"\bevents\s*\{", lambda match: f"{match[0]} concurrency {model};", config, count=1)


class Site:
    """Files below `dir`, documents below `root`, ports as the configuration asks for them."""

    def __init__(self):
        self.dir = Path(tempfile.mkdtemp(prefix="webserv-test-"))
        self.dir.chmod(0o755)  # workers run as another user
        self.root = self.dir / "root"
        self.root.mkdir()
        self.ports = {}

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)

    def port(self, name="port"):
        if name not in self.ports:
            self.ports[name] = next(PORTS)
        return self.ports[name]

    def write(self, path, content=b"", mode=0o644):
        """A document: `path` is relative to the root, or absolute."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(encode(content))
        target.chmod(mode)
        return target

    def write_large(self, size, name="large"):
        """A file whose octets tell where in it they are, nearly. @return them"""
        octets = bytes(i * 7 % 251 for i in range(251)) * (size // 251 + 1)
        self.write(name, octets[:size])
        return octets[:size]

    def fill(self, text):
        text = text.replace("{root}", str(self.root)).replace("{dir}", str(self.dir))
        return re.sub(r"\{(port\d*)\}", lambda match: str(self.port(match[1])), text)

    def configure(self, config=None, *, http=None, server=None, main=DEFAULT_MAIN, events=DEFAULT_EVENTS,
                  defaults=DEFAULT_HTTP, name="test.conf", model=MODEL):
        """Writes a configuration file: a whole text, or only what stands in http or in the one server."""
        if server is not None:
            http = "server { listen 127.0.0.1:{port}; " + server + "\n}"
        if config is None:
            config = CONFIGURATION % {"main": main, "events": events, "defaults": defaults, "http": http or ""}
        path = self.dir / name
        fresh = path.with_name(name + ".new")
        fresh.write_text(self.fill(with_transport(with_concurrency(config, model))))
        fresh.rename(path)  # a server that reloads at this moment finds the one or the other
        return path


class Server:
    """A running server and its site."""

    def __init__(self, site, binary=None):
        self.site = site
        self.binary = binary or process.BINARY
        self.process = None
        self.connections = []
        self.workers_may_die = False
        self.stopped = False

    def start(self, conf, arguments=(), open_files_max=None, wait_for=None):
        self.process = process.Process(["-p", str(self.site.dir), "-c", str(conf), "-g", "daemon off;", *arguments],
                                       self.site.dir / "stderr", self.binary, open_files_max)
        if wait_for is None:
            wait_for = [("127.0.0.1", port) for port in self.site.ports.values()]
        self.process.wait_ready(wait_for)
        pid_file = self.site.dir / "server.pid"
        if f"pid {pid_file};" in Path(conf).read_text():  # written after the sockets listen
            process.wait_until(lambda: pid_file.exists() and pid_file.read_text().endswith("\n"), what="the pid file")
        return self

    # Talking to it

    @property
    def port(self):
        return self.site.port()

    @property
    def address(self):
        return ("127.0.0.1", self.port)

    def connect(self, address=None, **options):
        if isinstance(address, int):
            address = ("127.0.0.1", address)
        connection = connect(address or self.address, **options)
        self.connections.append(connection)
        return connection

    def request(self, method, target, *fields, content=None, host="localhost", version="1.1", address=None):
        with self.connect(address) as connection:
            return connection.request(method, target, fields, content, version, host)

    def get(self, target, *fields, **options):
        return self.request("GET", target, *fields, **options)

    def raw(self, data, address=None):
        """Sends octets and gives all that comes back until the server closes."""
        with self.connect(address) as connection:
            connection.send(data)
            return connection.read_to_end()

    # Its logs

    def log_lines(self, count=1, name="access.log"):
        """The lines of a log, once there are `count`: a line may be written after its response was read."""
        path = self.site.dir / name

        def enough():
            lines = path.read_text(errors="surrogateescape").splitlines() if path.exists() else []
            return lines if len(lines) >= count else None

        return process.wait_until(enough, what=f"line {count} of {name}")

    def error_line(self, pattern, name="error.log"):
        """The first line of the error log that matches, once there is one."""
        path = self.site.dir / name

        def found():
            lines = path.read_text(errors="replace").splitlines() if path.exists() else []
            return next((line for line in lines if re.search(pattern, line)), None)

        return process.wait_until(found, what=f"a line with {pattern!r} in {name}")

    def error_log(self):
        path = self.site.dir / "error.log"
        return path.read_text(errors="replace") if path.exists() else ""

    # Its end

    def stop(self):
        """Ends the server and its clients; fails on anything it should not have done."""
        if self.stopped or self.process is None:
            return
        self.stopped = True
        for connection in self.connections:
            connection.close()
        complaints = self.process.stop()
        for log in (self.process.stderr, self.error_log()):
            complaints += [line for line in process.complaints_in(log)
                           if not (self.workers_may_die and process.WORKER_DIED.search(line))]
        assert not complaints, "\n".join(complaints)


def stop_all(servers):
    """Ends servers, each of them even if another complains. @return complaints"""
    complaints = []
    for server in servers:
        try:
            server.stop()
        except AssertionError as error:
            complaints.append(str(error))
    return "\n".join(complaints)

# integration/conftest.py: the fixtures and markers of the tests.
# WEBSERV_BINARY names the server under test; with /usr/sbin/nginx the tests check their own expectations.
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from harness import marks, process  # noqa: E402
from harness.scripted import ScriptedServer  # noqa: E402
from harness.serving import Serving  # noqa: E402
from harness.site import MODEL, Server, Site, stop_all  # noqa: E402
from harness.transport import TRANSPORT  # noqa: E402


def pytest_configure(config):
    marks.register(config)


def pytest_collection_modifyitems(items):
    for item in items:
        for marker in item.iter_markers("not_in_model"):
            if marker.args[0] == MODEL:
                item.add_marker(pytest.mark.skip(reason=f"not with concurrency {MODEL}: {marker.args[1]}"))
        for name, transports in (("http1_only", ("h2",)), ("cleartext_only", ("https", "h2"))):
            if TRANSPORT in transports and (marker := item.get_closest_marker(name)):
                item.add_marker(pytest.mark.skip(reason=f"not over {TRANSPORT}: {marker.args[0]}"))
    if not process.is_nginx(process.BINARY):
        return
    for item in items:
        for marker in item.iter_markers("webserv_only"):
            item.add_marker(pytest.mark.skip(reason=f"not for nginx 1.22: {marker.args[0]}"))


@pytest.fixture(scope="session", autouse=True)
def binary():
    if not Path(process.BINARY).exists():
        pytest.exit(f"{process.BINARY} does not exist: build it, or set WEBSERV_BINARY", returncode=2)
    return process.BINARY


@pytest.fixture
def site():
    """An empty site of the test's own."""
    site = Site()
    yield site
    site.remove()


def starter(site, servers):
    def start(config=None, *, arguments=(), open_files_max=None, wait_for=None, binary=None, **parts):
        server = Server(site, binary)
        servers.append(server)
        model = None if process.is_nginx(server.binary) else MODEL
        return server.start(site.configure(config, model=model, **parts), arguments, open_files_max, wait_for)

    return start


def end(servers):
    if complaints := stop_all(servers):
        pytest.fail(complaints, pytrace=False)


@pytest.fixture
def serve(site):
    """Starts servers on `site`; they are stopped and examined after the test."""
    servers = []
    yield starter(site, servers)
    end(servers)


@pytest.fixture(scope="module")
def shared_site():
    site = Site()
    yield site
    site.remove()


@pytest.fixture(scope="module")
def shared_serve(shared_site):
    """As `serve`, for a server that all tests of a file share."""
    servers = []
    yield starter(shared_site, servers)
    end(servers)


@pytest.fixture
def serving(site):
    """Starts `webserv serve` on the site's root; examined after the test."""
    started = []

    def start(*arguments, **options):
        started.append(Serving(site, *arguments, **options))
        return started[-1]

    yield start
    for each in started:
        complaints = each.stop()
        assert not complaints, complaints


@pytest.fixture
def scripted():
    """Starts servers that follow a script; they end after the test."""
    servers = []

    def start(script, *arguments):
        servers.append(ScriptedServer(script, *arguments))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()

# browser/conftest.py: one browser for each file of tests, a fresh page for each test, and the servers that the integration tests start.
# WEBSERV_SCREENSHOTS names a folder for pictures of what was looked at.
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "integration"))

from chromium import Browser  # noqa: E402
from harness import marks, process  # noqa: E402
from harness.serving import Serving  # noqa: E402
from harness.site import Site, stop_all  # noqa: E402


def pytest_configure(config):
    marks.register(config)


@pytest.fixture(scope="session", autouse=True)
def binary():
    if not Path(process.BINARY).exists():
        pytest.exit(f"{process.BINARY} does not exist: build it, or set WEBSERV_BINARY", returncode=2)


@pytest.fixture(scope="module")
def browser(serving):
    """After the servers, so that it is gone before they end: they would wait for what it has dialled in advance."""
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture
def page(browser):
    return browser.page()


@pytest.fixture
def keep_picture(page, request):
    """Keeps a picture of the page, if somebody wants to see it."""
    folder = os.environ.get("WEBSERV_SCREENSHOTS")

    def keep(name):
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(Path(folder) / f"{name}.png")

    return keep


@pytest.fixture(scope="module")
def serving():
    """Starts `webserv serve FOLDER ...`; ended and examined after the file's tests, with the Servers that `also_stop` is told of."""
    site, started, others = Site(), [], []

    def start(*arguments, folder=None):
        started.append(Serving(site, *arguments, folder=folder))
        return started[-1]

    start.site = site
    start.also_stop = others.append
    yield start
    complaints = [complaint for each in started for complaint in each.stop()] + [stop_all(others)]
    site.remove()
    assert not any(complaints), complaints

# integration/test_operations_doc.py: the commands of docs/OPERATIONS.md, run as they stand there against a server of the test's own.
# Requests go on meanwhile. The files for systemd and logrotate are in test_install.py, where they are installed.
import os
import re
import shutil
import signal
import subprocess

import pytest
from harness import process
from harness.marks import webserv_only
from harness.traffic import Traffic

pytestmark = webserv_only("the commands are for webserv")
DOC = process.PROJECT / "docs/OPERATIONS.md"
CONF = """
worker_processes 2;
pid logs/webserv.pid;
error_log logs/error.log info;
events { }
http { access_log logs/access.log; server { listen 127.0.0.1:{port}; return 200 "$pid"; } }
"""


@pytest.fixture
def variables(site):
    binary = site.dir / "webserv"
    shutil.copy(process.BINARY, binary)
    yield {**os.environ, "WEBSERV": str(binary), "PREFIX": str(site.dir), "CONF": str(site.configure(CONF))}
    for path in (site.dir / "logs").glob("webserv.pid*"):
        if process.is_alive(int(path.read_text() or 0)):
            os.kill(int(path.read_text()), signal.SIGTERM)


def run_shell(script, variables):
    return subprocess.run(["sh", "-eu", "-c", script], env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=90, check=False)


def test_the_commands_work(site, variables):
    blocks = re.findall(r"^```sh\n(.*?)^```", DOC.read_text(), re.S | re.M)
    assert len(blocks) >= 8
    first, *middle, last = blocks
    result = run_shell(first, variables)
    assert result.returncode == 0, result.stdout
    address = ("127.0.0.1", site.port())
    with Traffic(address, may_be_ended=True) as traffic:
        result = run_shell("\n".join(middle), variables)  # one shell: later blocks use what earlier ones have set
        assert result.returncode == 0, result.stdout
        seen = traffic.count
        process.wait_until(lambda: traffic.count > seen + 20, what="answers")
    assert traffic.failures == []
    log = (site.dir / "logs/error.log").read_text()
    assert "is in place" in log
    assert "reopening logs" in log
    assert (site.dir / "logs/access.log.1").exists() and (site.dir / "logs/access.log").stat().st_size > 0
    result = run_shell(last, variables)
    assert result.returncode == 0, result.stdout
    process.wait_until(lambda: not (site.dir / "logs/webserv.pid").exists(), what="the end")
    assert not process.can_connect(address)


def test_every_signal_is_described():
    text = DOC.read_text()
    for name in ("TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "WINCH"):
        assert re.search(rf"^\| .*\b{name}\b.* \|", text, re.M), name

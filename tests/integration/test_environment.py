# integration/test_environment.py: ${env:NAME} in the values of a configuration.
# The environment is that of the process that was started.
import signal

import pytest
from harness import process
from harness.marks import webserv_only

pytestmark = webserv_only("has no such names")


def test_values_come_from_the_environment(serve, site, monkeypatch):
    site.write("folder/file", "content")
    monkeypatch.setenv("TEST_PORT", str(site.port()))
    monkeypatch.setenv("TEST_FOLDER", "folder")
    monkeypatch.setenv("TEST_TEXT", "two words")
    monkeypatch.setenv("TEST_CONF", "extra")
    (site.dir / "extra.conf").write_text("location /extra { return 200 '${env:TEST_TEXT} $uri'; }")
    server = serve(http="""server { listen 127.0.0.1:${env:TEST_PORT}; root {root}/${env:TEST_FOLDER};
        include {dir}/${env:TEST_CONF}.conf;
        location /text { return 200 ${env:TEST_TEXT}; }
        location ${env:TEST_NONE:-/default} { return ${env:TEST_STATUS:-202} x; } }""")
    assert server.get("/file").text == "content"
    assert server.get("/text").text == "two words"
    assert server.get("/extra").text == "two words /extra"
    assert server.get("/default").status == 202


def test_workers_need_no_environment_of_their_own(serve, site, monkeypatch):
    """A reload, too, is built by the workers from what the master has read."""
    monkeypatch.setenv("TEST_TEXT", "value")
    server = serve(server="return 200 'first ${env:TEST_TEXT}';")
    assert server.get("/").text == "first value"
    site.configure(server="return 200 'second ${env:TEST_TEXT} ${env:TEST_OTHER:-none}';")
    server.process.signal(signal.SIGHUP)
    process.wait_until(lambda: server.get("/").text == "second value none", what="the new configuration")
    site.configure(server="return 200 '${env:TEST_OTHER}';")
    server.process.signal(signal.SIGHUP)
    server.error_line(r'\[emerg\] .*the environment variable "TEST_OTHER" is not set in .*test\.conf:\d+')
    assert server.get("/").text == "second value none"


def test_what_is_not_set_is_refused(site, monkeypatch):
    monkeypatch.delenv("TEST_NONE", raising=False)
    conf = site.configure(server="return 200 ${env:TEST_NONE};")
    result = process.run(["-p", str(site.dir), "-c", str(conf), "-t"])
    assert result.returncode == 1
    first, *_ = result.stderr.splitlines()
    assert 'the environment variable "TEST_NONE" is not set in ' in first and f"{conf}:" in first
    assert "${env:TEST_NONE:-text}" in result.stderr

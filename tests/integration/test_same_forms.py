# integration/test_same_forms.py: what nginx takes as a configuration, webserv takes, and what it refuses, is refused.
# The forms are in compared/forms.py; where we differ, docs/DIFFERENCES.md says so.
import re
from itertools import count

import pytest
from compared.forms import DIFFERENT, REFUSED, TAKEN
from harness import process
from harness.marks import cases

BINARIES = {"webserv": process.BINARY, "nginx": process.NGINX}
HTTP = "client_body_temp_path {dir}/content; access_log off; "
SINGLE = [(context, line) for context in ("main", "events", "http") for line in TAKEN[context]]  # the others may all stand in one file


def lines_of(line, numbers):
    port = f"port{next(numbers)}"
    return line.replace("PORT", f"{{{port}}}") + ("" if line.endswith("}") else ";")


def configuration(context, *lines):
    numbers = count(1)
    parts = {"main": "", "events": "", "http": HTTP if context != "http" or not any("access_log" in line for line in lines) else ""}
    for line in lines:
        text = lines_of(line, numbers)
        if context == "server":
            text = "server { " + (text if line.startswith("listen") else f"listen 127.0.0.1:{{port0}}; {text}") + " }\n"
        elif context == "location":
            text = "server { listen 127.0.0.1:{port0}; location /there { " + text + " } }\n"
        parts[context if context in parts else "http"] += text
    pid = "" if "pid " in parts["main"] else "pid {dir}/server.pid; "
    return pid + parts["main"] + "\nevents { " + parts["events"] + " }\nhttp { " + parts["http"] + " }"


def takes(site, binary, context, *lines):
    """Whether a server takes it, and what it says."""
    conf = site.configure(configuration(context, *lines), model=None)
    answer = process.run(["-p", str(site.dir), "-c", str(conf), "-t"], BINARIES[binary], cwd=site.dir)
    return answer.returncode == 0, answer.stderr


@pytest.fixture(scope="module")
def ground(shared_site):
    for name in ("logs", "html"):
        (shared_site.dir / name).mkdir()
    return shared_site


@cases("binary", BINARIES)
@cases("context", ["server", "location"])
def test_taken(ground, binary, context):
    good, said = takes(ground, binary, context, *TAKEN[context])
    assert good, said


@cases("binary", BINARIES)
@cases("context, line", SINGLE)
def test_taken_by_itself(ground, binary, context, line):
    good, said = takes(ground, binary, context, line)
    assert good, said


@cases("binary", BINARIES)
@cases("context, line", [(context, line) for context, lines in REFUSED.items() for line in lines])
def test_refused(ground, binary, context, line):
    good, said = takes(ground, binary, context, line)
    assert not good and "[emerg]" in said


@cases("context, line, is_taken, reason", [(context, *row) for context, rows in DIFFERENT.items() for row in rows])
def test_different(ground, context, line, is_taken, reason):
    ours, theirs = takes(ground, "webserv", context, line), takes(ground, "nginx", context, line)
    is_nginx = process.is_nginx(process.BINARY)
    assert theirs[0] != is_taken and ours[0] == (is_taken != is_nginx), (ours, theirs)
    assert reason in re.sub(r"\s+", " ", (process.PROJECT / "docs/DIFFERENCES.md").read_text())

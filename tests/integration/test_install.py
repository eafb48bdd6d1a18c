# integration/test_install.py: what `cmake --install` puts in place, used as it lies there: the program by its own defaults,
# the welcome site, the manual page, the unit, the script for logrotate. Each tool that is asked about a file is the real one.
import os
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from harness import process
from harness.client import Connection
from harness.marks import cases, not_in_model, webserv_only
from harness.site import Site

pytestmark = [webserv_only("nginx is installed in another way"), not_in_model("fork", "installs files"), not_in_model("iterative", "installs files")]

IN_PLACE = """sbin/webserv etc/webserv/webserv.conf etc/webserv/webserv.conf.default etc/webserv/mime.types etc/webserv/mime.types.default
    share/webserv/www/index.html share/webserv/www/style.css share/man/man8/webserv.8 lib/systemd/system/webserv.service
    lib/systemd/system/webserv.socket share/doc/webserv/OPERATIONS.md share/doc/webserv/directives/core.md share/doc/webserv/LICENSE
    share/doc/webserv/webserv.logrotate var/lib/webserv/logs""".split()


def install(prefix, destdir=""):
    subprocess.run(["cmake", "--install", str(Path(process.BINARY).resolve().parent), "--prefix", str(prefix)], check=True, timeout=120,
                   stdout=subprocess.DEVNULL, env={**os.environ, "DESTDIR": str(destdir)})


class Installed:
    """One installation, with a port of its own in its configuration, and the server that runs from it."""

    def __init__(self, site):
        self.site = site
        self.prefix = site.dir / "opt"
        install(self.prefix)
        self.program = str(self.prefix / "sbin/webserv")
        self.conf = self.prefix / "etc/webserv/webserv.conf"
        self.state = self.prefix / "var/lib/webserv"
        self.change("listen 8080;", f"listen 127.0.0.1:{site.port()};")

    def change(self, old, new):
        assert old in self.conf.read_text()
        self.conf.write_text(self.conf.read_text().replace(old, new))

    def run(self, *arguments):
        return process.run(list(arguments), self.program, cwd="/")

    def get(self, target):
        with Connection(("127.0.0.1", self.site.port())) as connection:
            return connection.get(target)

    def pid(self):
        return int((self.state / "logs/webserv.pid").read_text())

    def end(self):
        file = self.state / "logs/webserv.pid"
        if not file.exists():
            return
        pid = self.pid()
        if process.is_alive(pid):
            os.kill(pid, signal.SIGTERM)
            process.wait_until(lambda: not process.is_alive(pid), 20, "the end")


@pytest.fixture
def installed(site):
    installed = Installed(site)
    yield installed
    installed.end()


@pytest.fixture(scope="module")
def untouched():
    site = Site()
    yield Installed(site)
    site.remove()


def manual_page(untouched):
    return untouched.prefix / "share/man/man8/webserv.8"


def test_everything_is_in_place(untouched):
    assert [name for name in IN_PLACE if not (untouched.prefix / name).exists()] == []


def test_nothing_names_the_source(untouched):
    """Nor is a word left that should have become a path."""
    for path in untouched.prefix.rglob("*"):
        if path.is_file() and path.name != "webserv":
            text = path.read_text()
            assert str(process.PROJECT) not in text, path
            assert not re.search(r"@[A-Z]+@", text), path


def test_it_serves_from_its_place(installed):
    result = installed.run("-t")
    assert result.returncode == 0, result.stderr
    assert f"the configuration file {installed.conf} syntax is ok" in result.stderr
    result = installed.run()
    assert result.returncode == 0, result.stderr
    assert f"{installed.prefix}/" in Path(f"/proc/{installed.pid()}/exe").resolve().as_posix()
    for target, kind in (("/", "text/html"), ("/index.html", "text/html"), ("/style.css", "text/css"), ("/socket.html", "text/html")):
        response = installed.get(target)
        assert (response.status, response.field("Content-Type")) == (200, kind)
        assert response.content == (process.PROJECT / "www" / (target[1:] or "index.html")).read_bytes()
    process.wait_until(lambda: "/socket.html" in (installed.state / "logs/access.log").read_text(), what="the log")

    installed.change("location /assets/ {", 'location /new { return 200 "reloaded"; } location /assets/ {')
    assert installed.run("-s", "reload").returncode == 0
    process.wait_until(lambda: installed.get("/new").text == "reloaded", what="the new configuration")

    pid = installed.pid()
    assert installed.run("-s", "quit").returncode == 0
    process.wait_until(lambda: not process.is_alive(pid), what="the end")
    assert not (installed.state / "logs/webserv.pid").exists()


def test_p_and_c_still_decide(installed, site):
    """A prefix of one's own has its own conf/webserv.conf, as in nginx."""
    site.write(site.dir / "own/conf/webserv.conf", "nonsense;")
    result = installed.run("-t", "-p", str(site.dir / "own"))
    assert f'unknown directive "nonsense" in {site.dir}/own/conf/webserv.conf:1' in result.stderr
    site.write(site.dir / "other.conf", "nonsense;")
    assert f"in {site.dir}/other.conf:1" in installed.run("-t", "-c", str(site.dir / "other.conf")).stderr


def test_the_paths_that_tools_ask_for(untouched):
    text = untouched.run("-V").stderr
    assert f"--prefix={untouched.state}/ --conf-path={untouched.conf}" in text
    help_text = untouched.run("-h").stderr
    assert str(untouched.conf) in help_text and str(untouched.state) in help_text


def test_settings_are_kept(installed):
    """A second installation, of what would be a newer version, leaves the owner's files alone."""
    installed.conf.write_text("# mine\n" + installed.conf.read_text())
    default = installed.conf.with_name("webserv.conf.default")
    default.write_text("old")
    os.utime(default, (0, 0))  # CMake leaves what seems to be as new as its own
    (installed.prefix / "etc/webserv/mime.types").unlink()
    install(installed.prefix)
    assert installed.conf.read_text().startswith("# mine\n")
    assert "listen 8080;" in default.read_text()
    assert (installed.prefix / "etc/webserv/mime.types").read_text() == (process.PROJECT / "conf/mime.types").read_text()


@cases("prefix, conf, state", [("/usr", "/etc/webserv/webserv.conf", "/var/lib/webserv"),
                               ("/usr/local", "/usr/local/etc/webserv/webserv.conf", "/var/lib/webserv"),
                               ("/opt/web", "/opt/web/etc/webserv/webserv.conf", "/opt/web/var/lib/webserv")])
def test_destdir(tmp_path, prefix, conf, state):
    """What packages are made of: all of it below $DESTDIR, and no file tells of that."""
    install(prefix, tmp_path)
    there = Path(f"{tmp_path}{conf}")
    assert f"root {prefix}/share/webserv/www;" in there.read_text() and there.with_name("mime.types").exists()
    assert Path(f"{tmp_path}{state}/logs").is_dir()
    assert f"ExecStart={prefix}/sbin/webserv -g" in Path(f"{tmp_path}{prefix}/lib/systemd/system/webserv.service").read_text()
    assert f"kill -USR1 \"$(cat {state}/logs/webserv.pid)\"" in Path(f"{tmp_path}{prefix}/share/doc/webserv/webserv.logrotate").read_text()
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or path.name == "webserv" or str(tmp_path) not in path.read_text(), path


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="needs root and unshare(1)")
def test_below_usr(tmp_path, site):
    """/usr/sbin/webserv reads /etc/webserv, in a mount namespace where it is there; tried first, since containers may forbid it."""
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting is not allowed here")
    install("/usr", tmp_path)
    program = site.dir / "program"
    (tmp_path / "etc/passwd").write_text(Path("/etc/passwd").read_text())
    (tmp_path / "etc/group").write_text(Path("/etc/group").read_text())
    program.write_text(f"mount --bind {tmp_path}/etc /etc && mount --bind {tmp_path}/usr/sbin /usr/sbin && mkdir -p /var/lib &&"
                       f" mount --bind {tmp_path}/var/lib /var/lib && mount --bind {tmp_path}/usr/share /usr/share && exec /usr/sbin/webserv -t\n")
    result = subprocess.run(["unshare", "-m", "sh", str(program)], capture_output=True, text=True, timeout=60, check=False)
    assert "configuration file /etc/webserv/webserv.conf test is successful" in result.stderr


# The manual page


@pytest.mark.skipif(not shutil.which("man"), reason="there is no man(1)")
def test_the_manual_page_is_shown(untouched):
    page = manual_page(untouched)
    result = subprocess.run(["man", "--warnings", "-l", str(page)], capture_output=True, text=True, timeout=60, check=False,
                            env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "100", "MANPAGER": "cat"})
    assert (result.returncode, result.stderr) == (0, "")
    for text in ("webserv \u2014 web server that reads nginx's configuration language", str(untouched.conf), str(untouched.state), "EXIT STATUS"):
        assert text in result.stdout


@pytest.mark.skipif(not shutil.which("groff"), reason="there is no groff(1)")
def test_the_manual_page_is_clean(untouched):
    result = subprocess.run(["groff", "-ww", "-z", "-mandoc", "-Tutf8", str(manual_page(untouched))], capture_output=True, text=True,
                            timeout=60, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def options_in_help(text):
    """-x and --xyz, where help tells of them: at the beginning of a line."""
    found = set()
    for line in text.splitlines():
        if match := re.match(r"\s+((?:--?[\w?][\w-]*(?:\{\w+\})?,?)+)", line):
            found |= {re.sub(r"\{\w+\}", "", word) for word in match[1].split(",") if word}
    return found


@cases("words, section", [(["-h"], "SH OPTIONS"), (["serve", "--help"], "Ss webserv serve"), (["get", "--help"], "Ss webserv get")])
def test_the_manual_page_knows_every_option(untouched, words, section):
    page = manual_page(untouched).read_text().replace("\\&", "")
    part = re.split(r"^\.S[hs] ", page.split(f".{section.replace('SH', 'Sh')}\n")[1], maxsplit=1, flags=re.M)[0]
    written = {f"-{word}" for line in part.splitlines() if "Fl" in line for word in re.findall(r"Fl (\S+)", line)}
    result = untouched.run(*words)
    there = options_in_help(result.stdout + result.stderr)
    assert len(there) > 10
    assert there - written == set()
    assert written - there == set()


# systemd and logrotate


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze(1)")
def test_the_units_are_right(untouched):
    units = [str(untouched.prefix / f"lib/systemd/system/webserv.{kind}") for kind in ("service", "socket")]
    result = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, timeout=60, check=False)
    assert [line for line in result.stderr.splitlines() if "webserv" in line] == []


def service(installed):
    """What the unit says, by name."""
    text = (installed.prefix / "lib/systemd/system/webserv.service").read_text()
    return dict(re.findall(r"^(\w+)=(.*)$", text, re.M))


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs root and setpriv(1)")
def test_what_the_unit_leaves_is_enough(installed):
    """Started by the unit's own command with no more rights than it leaves: it gets ready, reloads, ends."""
    unit = service(installed)
    rights = ",".join("+" + name.removeprefix("CAP_").lower() for name in unit["CapabilityBoundingSet"].split())
    assert unit["NoNewPrivileges"] == "true" and unit["Type"] == "notify"
    installed.change("worker_processes auto;", "worker_processes 2; worker_priority -5; worker_rlimit_nofile 5000;")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(installed.site.dir / "notify"))
        manager.settimeout(20)
        command = f'exec setpriv --bounding-set -all,{rights} --no-new-privs {unit["ExecStart"]}'
        assert subprocess.run(["sh", "-c", unit["ExecStartPre"]], check=False, timeout=30).returncode == 0
        with open(installed.site.dir / "stderr", "wb") as stderr:
            server = subprocess.Popen(["sh", "-c", command], stderr=stderr, env={**os.environ, "NOTIFY_SOCKET": str(installed.site.dir / "notify")})
        try:
            assert manager.recv(4096).startswith(b"READY=1")
            assert installed.get("/").status == 200
            workers = process.wait_until(lambda: (found := process.children_of(server.pid)) and len(found) == 2 and found, what="workers")
            assert {Path(f"/proc/{pid}").stat().st_uid for pid in workers} != {0}
            subprocess.run(["sh", "-c", unit["ExecReload"]], check=True, timeout=30, env={**os.environ, "MAINPID": str(server.pid)})
            assert manager.recv(4096).startswith(b"RELOADING=1")
            assert manager.recv(4096).startswith(b"READY=1")
            os.kill(workers[0], signal.SIGKILL)
            process.wait_until(lambda: len(process.children_of(server.pid)) == 2 and workers[0] not in process.children_of(server.pid),
                               what="a new worker")
        finally:
            server.send_signal(getattr(signal, unit["KillSignal"]))
            assert server.wait(20) == 0
    assert "failed" not in (installed.state / "logs/error.log").read_text()
    assert "failed" not in (installed.site.dir / "stderr").read_text()


def test_the_logrotate_script_tells_the_server(installed):
    """The script between postrotate and endscript."""
    text = (installed.prefix / "share/doc/webserv/webserv.logrotate").read_text()
    assert text.splitlines()[1] == f"{installed.state}/logs/*.log {{"
    script = re.search(r"postrotate\n(.*?)\n\s*endscript", text, re.S)[1]

    def run():
        return subprocess.run(["sh", "-eu", "-c", script], check=False, timeout=30).returncode

    assert run() == 0  # no server, no error
    assert installed.run().returncode == 0
    log = installed.state / "logs/access.log"
    log.rename(log.with_name("access.log.1"))
    assert run() == 0
    process.wait_until(log.exists, what="the new log")

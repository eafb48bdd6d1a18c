# integration/harness/process.py: finding the server under test, running it once, and running it until a test is over.
# A server that leaves a process behind, a sanitizer report or a dead worker fails the test that used it.
import os
import re
import resource
import signal
import socket
import subprocess
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
BINARY = os.environ.get("WEBSERV_BINARY") or str(PROJECT / "build/release/webserv")
NGINX = "/usr/sbin/nginx"
STARTS_WITHIN_SECONDS = 15  # sanitizers on a busy machine
STOPS_WITHIN_SECONDS = 15


def is_nginx(binary):
    return Path(binary).name == "nginx"


def name_of(binary):
    """What the server calls itself in messages and in the Server field."""
    return "nginx" if is_nginx(binary) else "webserv"


def wait_until(condition, seconds=10.0, what="the condition"):
    """Polls until `condition()` is true and returns its value; fails with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} did not come true within {seconds} s"
        time.sleep(0.005)
    return value


def run(arguments, binary=None, **options):
    """Runs the server's program to its end; output as text."""
    if is_nginx(binary or BINARY) and "-c" in arguments and "-e" not in arguments:
        arguments = ["-e", "/dev/null", *arguments]  # Debian's nginx logs to stderr, and then its messages have another form
    return subprocess.run([binary or BINARY, *arguments], capture_output=True, text=True, timeout=30, check=False,
                          stdin=subprocess.DEVNULL, **options)


def ports():
    """Ports that are free now, below those the kernel gives to clients. Runs at the same time have a lane each (0, 1, 2): they do not meet."""
    lane, lanes = (int(os.environ["WEBSERV_TEST_LANE"]), 3) if "WEBSERV_TEST_LANE" in os.environ else (0, 1)
    first = 10000 + (os.getpid() * 37) % 15000
    for port in range(first // lanes * lanes + lane, 32000, lanes):
        try:
            with socket.socket(socket.AF_INET6) as probe:  # [::] without V6ONLY covers IPv4 as well
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("::", port))
        except OSError:
            continue
        yield port


def can_connect(address):
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family) as probe:
        return probe.connect_ex(address) == 0


def children_of(pid):
    """Process ids whose parent is `pid`, zombies left out."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(entry.name))
    return sorted(found)


def pid_in(path):
    """@return the number in a pid file; None: there is no file or no number yet, as while an upgrade renames it"""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class Process:
    """A server in a session of its own, so that whatever it forks can be found and ended."""

    def __init__(self, arguments, stderr_path, binary=None, open_files_max=None, stdout=None):
        self.binary = binary or BINARY
        self.stderr_path = Path(stderr_path)

        def limit():
            if open_files_max:
                resource.setrlimit(resource.RLIMIT_NOFILE, (open_files_max, open_files_max))

        with open(stderr_path, "ab") as stderr:
            self.popen = subprocess.Popen([self.binary, *arguments], stdin=subprocess.DEVNULL, stderr=stderr,
                                          stdout=stdout or stderr, start_new_session=True, preexec_fn=limit)
        self.pid = self.popen.pid

    @property
    def stderr(self):
        return self.stderr_path.read_text(errors="replace")

    def wait_ready(self, addresses):
        def ready():
            assert self.popen.poll() is None, f"the server ended with {self.popen.returncode}: {self.stderr}"
            return all(can_connect(address) for address in addresses)

        wait_until(ready, STARTS_WITHIN_SECONDS, f"a connection to {addresses}")

    def workers(self):
        return children_of(self.pid)

    def worker(self):
        """The only one, once it is there: one may connect before."""
        worker, = wait_until(self.workers, what="a worker")
        return worker

    def signal(self, number):
        os.kill(self.pid, number)

    def wait(self, seconds=STOPS_WITHIN_SECONDS):
        """The exit status, once the process has ended."""
        return self.popen.wait(seconds)

    def group_is_gone(self):
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return True
        return False

    def stop(self):
        """Ends the server gracefully, then less so. @return complaints"""
        complaints = []
        for number in (signal.SIGQUIT, signal.SIGTERM):
            if self.popen.poll() is not None:
                break
            self.popen.send_signal(number)
            try:
                self.popen.wait(STOPS_WITHIN_SECONDS if number == signal.SIGTERM else 5)
            except subprocess.TimeoutExpired:
                complaints.append(f"{number.name} did not end the server")
        try:
            wait_until(self.group_is_gone, 5)
        except AssertionError:
            complaints.append("processes were left behind")
            os.killpg(self.pid, signal.SIGKILL)
            self.popen.wait(5)
        return complaints


SANITIZER_REPORT = re.compile(r"(ERROR|WARNING|SUMMARY): \w*Sanitizer|runtime error:|Assertion .* failed")
WORKER_DIED = re.compile(r"exited on signal|exited with (fatal )?code [1-9]")


def complaints_in(log):
    """Lines of an error log or of stderr that no test may cause."""
    return [line for line in log.splitlines() if SANITIZER_REPORT.search(line) or WORKER_DIED.search(line)]

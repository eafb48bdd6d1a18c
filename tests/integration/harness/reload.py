# integration/harness/reload.py: changing the configuration of a running server, and what that did.
# Configurations are short: one answer that tells which configuration, or which worker, has given it.
import os
import signal
from pathlib import Path

from . import process

ONE = "server { listen 127.0.0.1:{port}; "


def text(content):
    return ONE + f'location / {{ return 200 "{content}"; }} location /big {{ }} }}'


def pid(addition="", listen="listen 127.0.0.1:{port};"):
    return "server { " + listen + ' location / { return 200 "$pid"; } } ' + addition


def workers_of(server, count=1):
    process.wait_until(lambda: len(server.process.workers()) == count, what=f"{count} workers")
    return server.process.workers()


def in_place(server):
    """How often a new configuration went into effect."""
    return server.error_log().count("of the configuration is in place")


def reload(server, wait=True, **parts):
    """Changes the configuration and says so to the server; waits until it is in effect."""
    before = in_place(server)
    if parts:
        server.site.configure(**parts)
    server.process.signal(signal.SIGHUP)
    if wait:
        process.wait_until(lambda: in_place(server) > before, 30, "the new configuration")


def reload_any(server, **parts):
    """As reload(), for tests that nginx passes too: they wait for what they want to see."""
    server.site.configure(**parts)
    server.process.signal(signal.SIGHUP)


def reload_in_vain(server, pattern, **parts):
    before = server.error_log().count("the configuration stays as it was")
    server.site.configure(**parts)
    server.process.signal(signal.SIGHUP)
    process.wait_until(lambda: server.error_log().count("the configuration stays as it was") > before, 30, "the refusal")
    return server.error_line(pattern)


def new_workers(server, count, before):
    """Waits until `count` workers serve, none of them from before."""
    def there():
        now = server.process.workers()
        return now if len(now) == count and not set(now) & set(before) else None

    return process.wait_until(there, 30, f"{count} new workers")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def resident(pid):
    """Kibibytes."""
    return int(next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS:")).split()[1])


def is_sanitized(pid):
    """AddressSanitizer reserves terabytes of address space."""
    return "VmSize" in (status := Path(f"/proc/{pid}/status").read_text()) and int(status.split("VmSize:")[1].split()[0]) > 1 << 32

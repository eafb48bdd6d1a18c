# integration/harness/transport.py: what carries the requests of the tests: HTTP/1 over TCP; or, when WEBSERV_TRANSPORT says so, HTTP/1 over
# TLS (https) or HTTP/2 over TLS (h2). Configurations and tests are the same: each `listen` learns it here, and so does each client.
import os
import re
from functools import lru_cache

from . import certificates
from .client import Connection

TRANSPORT = os.environ.get("WEBSERV_TRANSPORT") or "http"
assert TRANSPORT in ("http", "https", "h2"), f"WEBSERV_TRANSPORT={TRANSPORT}"
SCHEME = "http" if TRANSPORT == "http" else "https"
PROTOCOL = "HTTP/2.0" if TRANSPORT == "h2" else "HTTP/1.1"  # as $server_protocol has it
LISTEN = re.compile(r"\blisten\s+(?![^;]*\bssl\b)([^;]+);")
WORDS = {"https": " ssl", "h2": " ssl http2"}


def with_transport(config):
    """The configuration, with every `listen` carried so."""
    if TRANSPORT == "http":
        return config
    config = LISTEN.sub(lambda match: f"listen {match[1]}{WORDS[TRANSPORT]};", config)
    return re.sub(r"\bhttp\s*\{", lambda match: match[0] + certificates.shared().pair("localhost"), config, count=1)


@lru_cache
def tls():
    context = certificates.client(verify=False)
    context.set_alpn_protocols(["h2", "http/1.1"] if TRANSPORT == "h2" else ["http/1.1"])
    return context


def connect(address, **options):
    """A connection of this kind to a server whose configuration was made by with_transport()."""
    if TRANSPORT == "http" or "tls" in options:
        return Connection(address, **options)
    if TRANSPORT == "https":
        return Connection(address, tls=tls(), **options)
    from .said_in_http2 import SaidInHttp2  # which needs python3-hpack

    return SaidInHttp2(address, tls=tls(), **options)

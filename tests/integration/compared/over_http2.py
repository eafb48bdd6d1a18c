# integration/compared/over_http2.py: what differs by design only in HTTP/2. These requests are compared with all others elsewhere, over HTTP/1.
from .content import chunked
from .general_ground import GENERAL
from .ground import HTTP2, Difference, get
from .logs import LOGGED
from .names import NAMES

MALFORMED = "HTTP/2: a malformed `:method` or `:authority`"
LARGE = "HTTP/2: a head larger than `large_client_header_buffers`"
SMALLER = "HTTP/2: ... that compression makes smaller than that"
NO_LINE = "HTTP/2: `$request` in the log line of a malformed request"

SAME = {}
DIFFERENT = {GENERAL: {
    "lower-case": Difference(get("/ten", method="get"), 400, 0, MALFORMED, HTTP2),
    "bad host": Difference(get("/ten", host="a/b"), 400, 0, MALFORMED, HTTP2),
    "user in host": Difference(get("/ten", host="user@first.org"), 200, 0, MALFORMED, HTTP2),
    "trailers": Difference(chunked(b"3\r\nabc\r\n0\r\nX: y\r\n\r\n"), 200, 200, "HTTP/2: trailers of a request", HTTP2),
    "many fields": Difference(get("/", *(f"X-{number}: {'x' * 900}" for number in range(60))), 0, 400, LARGE, HTTP2),
    "long line": Difference(get("/" + "a" * 9000), 404, 400, SMALLER, HTTP2),
    "long field": Difference(get("/", "X: " + "a" * 9000), 200, 400, SMALLER, HTTP2),
    "log of a refused request": Difference(get("/%zz"), 400, 400, NO_LINE, HTTP2, exact=True),
}, LOGGED: {
    "log of a refused target": Difference(get(r"/%22%5c%0a%00"), 400, 400, NO_LINE, HTTP2, exact=True),
}, NAMES: {
    **{f"host {host}": Difference(get("/", host=host), 400, 0, MALFORMED, HTTP2) for host in ("a..b", ".")},
    "port that is no number": Difference(get("/", host="exact.org:x"), 200, 0, MALFORMED, HTTP2),
}}

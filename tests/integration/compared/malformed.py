# integration/compared/malformed.py: what is no request, or a request too large.
from .general_ground import GENERAL
from .ground import HTTP1, Difference, get

BARE_LF = "line ends without CR"
NO_NAME = "a field name that is no token, a field line without a colon"

SAME = {GENERAL: {
    "space in target": b"GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", "no slash": b"GET ten HTTP/1.1\r\nHost: h\r\n\r\n",
    "space before colon": get("/ten", "X-A : b"), "underscore": get("/vars", "X_A: b"), "long line": get("/" + "a" * 9000),
    "long field": get("/", "X: " + "a" * 9000), "many fields": get("/", *(f"X-{number}: {'x' * 900}" for number in range(60))),
    "empty line first": b"\r\n" + get("/ten"), "folded": get("/ten", "X-A: b\r\n c"), "garbage": b"\x16\x03\x01\x02\r\n\r\n",
    "no version": b"GET /ten HTTP/\r\nHost: h\r\n\r\n", "another protocol": b"GET /ten ICY/1.1\r\nHost: h\r\n\r\n",
    "lower-case protocol": b"GET /ten http/1.1\r\nHost: h\r\n\r\n", "preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}}

DIFFERENT = {GENERAL: {
    "bare LF": Difference(b"GET /ten HTTP/1.1\nHost: first.org\n\n", 200, 400, BARE_LF),
    "bare LF in a field": Difference(b"GET /ten HTTP/1.1\r\nHost: first.org\nX: y\r\n\r\n", 200, 400, BARE_LF),
    "HTTP/0.9": Difference(b"GET /ten\r\n", 0, 400, "HTTP/0.9 (`GET /x` without a version)"),
    "two spaces": Difference(b"GET  /ten HTTP/1.1\r\nHost: first.org\r\n\r\n", 200, 400, "more than one space in the request line"),
    "no colon": Difference(get("/ten", "X"), 200, 400, NO_NAME), "name that is no token": Difference(get("/ten", "X(A): b"), 200, 400, NO_NAME),
    "control in a value": Difference(get("/ten", "X: a\x01b"), 200, 400, "a control octet in a field value"),
    "unknown expectation": Difference(get("/ten", "Expect: wonders"), 200, 417, "`Expect` other than `100-continue`"),
    "expectation without content": Difference(get("/text", "Expect: 100-continue"), 100, 200, "`Expect: 100-continue` without content", HTTP1),
    "log of a line too long": Difference(get("/" + "a" * 9000), 414, 414, "`$request` in the log line of 414", HTTP1, exact=True),
    "log of a refused request": Difference(get("/text", "Content-Length: x", method="POST"), 400, 400,
                                           "`$uri` and `$request_method` in the log line of a malformed request", exact=True),
}}

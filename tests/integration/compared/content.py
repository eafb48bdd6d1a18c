# integration/compared/content.py: requests with content: its length, its coding, its limit.
from .general_ground import GENERAL
from .ground import get, post


def chunked(octets, *fields, target="/text"):
    return get(target, "Transfer-Encoding: chunked", *fields, method="POST") + octets


SAME = {GENERAL: {
    "413": post("/text", b"x" * 1001), "at the limit": post("/text", b"x" * 1000), "big": post("/big", b"x" * 50_000),
    "413 big": post("/big", b"x" * 102_401), "chunked": chunked(b"3\r\nabc\r\n0\r\n\r\n"), "chunked with extensions": chunked(b"3;x=y\r\nabc\r\n0\r\n\r\n"),
    "chunked with trailers": chunked(b"3\r\nabc\r\n0\r\nX: y\r\n\r\n"), "chunked in capitals": chunked(b"A\r\n0123456789\r\n0\r\n\r\n"),
    "two lengths": post("/text", b"x", "Content-Length: 1"), "length and chunked": post("/text", b"", "Transfer-Encoding: chunked"),
    "gzip coding": get("/text", "Transfer-Encoding: gzip", method="POST"), "GET with content": get("/ten", "Content-Length: 3") + b"abc",
    "bad length": get("/text", "Content-Length: x", method="POST"), "negative length": get("/text", "Content-Length: -1", method="POST"),
    "1.0 chunked": get("/text", "Transfer-Encoding: chunked", version="1.0"), "POST without length": get("/text", method="POST"),
    "continue refused": get("/text", "Content-Length: 2000", "Expect: 100-continue", method="POST"),
}}
DIFFERENT = {}

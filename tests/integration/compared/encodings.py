# integration/compared/encodings.py: files that are there in a coding too, and who gets them.
from .access_ground import ACCESS
from .ground import DATE, get, post

GZIP = "Accept-Encoding: gzip"

SAME = {ACCESS: {
    "gzip": get("/gzip/ten.txt", GZIP), "gzip HEAD": get("/gzip/ten.txt", GZIP, method="HEAD"), "gzip not": get("/gzip/ten.txt"),
    "gzip none there": get("/gzip/page.html", GZIP), "gzip 304": get("/gzip/ten.txt", GZIP, f"If-Modified-Since: {DATE}"),
    "gzip always": get("/gzip_always/ten.txt"), "gzip always none there": get("/gzip_always/page.html"),
    "gzip 206": get("/gzip/ten.txt", GZIP, "Range: bytes=0-1"), "gzip POST": post("/gzip/ten.txt", b"", GZIP),
    "gzip 1.0": get("/gzip/ten.txt", GZIP, version="1.0"), "gzip missing": get("/gzip/none", GZIP), "gzip folder": get("/gzip/folder", GZIP),
    "the coded file itself": get("/gzip/ten.txt.gz", GZIP),
    **{f"proxied {number}": get("/gzip_proxied/ten.txt", GZIP, *fields) for number, fields in enumerate((
        ["Via: x"], ["Via: x", "Authorization: Basic eDp5"], ["User-Agent: some bot"], []))},
    "proxied 1.0": get("/gzip_proxied/ten.txt", GZIP, version="1.0"),
    **{f"accept {value}": get("/gzip/ten.txt", f"Accept-Encoding: {value}") for value in (
        "gzip;q=0", "gzip;q=0.001", "gzip;q=1.000", "gzip; q=0", "br, gzip", "GZIP", "x-gzip", "*", "identity;q=1, gzip;q=0.5", "",
        "gzip;q=2", "gzip;q=0.0000", "deflate")},
}}
DIFFERENT = {}

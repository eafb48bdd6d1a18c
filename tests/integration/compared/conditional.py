# integration/compared/conditional.py: preconditions (RFC 9110 section 13) that hold, that fail, that are not evaluated.
from .access_ground import ACCESS
from .general_ground import GENERAL
from .ground import AFTER, BEFORE, DATE, ETAG, HTTP1, Difference, get

LONG_AGO = "Sun, 06 Nov 1994 08:49:37 GMT"

SAME = {
    GENERAL: {
        "304 etag": get("/ten", f"If-None-Match: {ETAG}"), "304 date": get("/ten", f"If-Modified-Since: {DATE}"),
        "304 star": get("/ten", "If-None-Match: *"), "304 weak": get("/ten", f"If-None-Match: W/{ETAG}"),
        "304 list": get("/ten", f'If-None-Match: "a", {ETAG}'), "200 etag": get("/ten", 'If-None-Match: "x"'),
        "200 date": get("/ten", f"If-Modified-Since: {AFTER}"), "both": get("/ten", f"If-Modified-Since: {DATE}", 'If-None-Match: "x"'),
        "both hold": get("/ten", f"If-Modified-Since: {DATE}", f"If-None-Match: {ETAG}"),
        "match": get("/ten", f"If-Match: {ETAG}"), "match star": get("/ten", "If-Match: *"), "match list": get("/ten", f'If-Match: "a", {ETAG}'),
        "unmodified": get("/ten", f"If-Unmodified-Since: {DATE}"), "unmodified after": get("/ten", f"If-Unmodified-Since: {AFTER}"),
        "match and none match": get("/ten", f"If-Match: {ETAG}", f"If-None-Match: {ETAG}"),
        "304 missing": get("/none", "If-None-Match: *"), "304 HEAD": get("/ten", f"If-None-Match: {ETAG}", method="HEAD"),
        "304 folder": get("/folder/", "If-None-Match: *"), "304 of a text": get("/text", "If-None-Match: *"),
        "304 without etag": get("/noetag/ten", f"If-Modified-Since: {DATE}"), "etag without etag": get("/noetag/ten", f"If-None-Match: {ETAG}"),
        "no date": get("/ten", "If-Modified-Since: yesterday"), "empty date": get("/ten", "If-Modified-Since:"),
        "RFC 850 date": get("/ten", "If-Modified-Since: Tuesday, 14-Nov-23 22:13:20 GMT"),
        "asctime date": get("/ten", "If-Modified-Since: Tue Nov 14 22:13:20 2023"), "empty etag": get("/ten", "If-None-Match:"),
        "etag without quotes": get("/ten", f"If-None-Match: {ETAG.strip(chr(34))}"),
        "304 with a range": get("/ten", f"If-None-Match: {ETAG}", "Range: bytes=0-1"),
    },
    ACCESS: {
        **{f"{mode} {name}": get(f"/ims_{mode}/ten.txt", f"If-Modified-Since: {date}") for mode in ("off", "before")
           for name, date in (("before", BEFORE), ("equal", DATE), ("after", AFTER))},
        "pixel 304": get("/pixel", "If-Modified-Since: Mon, 28 Sep 1970 06:00:00 GMT"), "pixel 200": get("/pixel", f"If-Modified-Since: {LONG_AGO}"),
    },
}

DIFFERENT = {GENERAL: {
    "412": Difference(get("/ten", 'If-Match: "x"'), 412, 412, "412", HTTP1),
    "412 date": Difference(get("/ten", f"If-Unmodified-Since: {BEFORE}"), 412, 412, "412", HTTP1),
}}

# integration/compared/ranges.py: parts of a file (RFC 9110 section 14), one or several, and what is no range.
from .access_ground import ACCESS
from .general_ground import GENERAL
from .ground import AFTER, BEFORE, DATE, ETAG, Difference, get


def part(spec, *fields, target="/ten", **more):
    return get(target, f"Range: bytes={spec}", *fields, **more)


SAME = {
    GENERAL: {
        "range": part("2-4"), "range open": part("7-"), "range suffix": part("-3"), "range too long": part("5-99"),
        "suffix too long": part("-99"), "suffix of nothing": part("-0"), "all": part("0-"), "last": part("9-9"), "space around": part(" 2-4 "),
        "range unit": get("/ten", "Range: lines=1-2"), "range caps": get("/ten", "Range: BYTES=0-0"),
        "nothing": part(""), "416": part("10-"), "416 far": part("100-200"), "416 empty file": part("0-", target="/empty"),
        "if-range": part("0-1", f"If-Range: {ETAG}"), "if-range other": part("0-1", 'If-Range: "x"'), "if-range weak": part("0-1", f"If-Range: W/{ETAG}"),
        "if-range date": part("0-1", f"If-Range: {DATE}"), "if-range before": part("0-1", f"If-Range: {BEFORE}"),
        "if-range after": part("0-1", f"If-Range: {AFTER}"), "range of text": part("0-1", target="/text"), "range of an error": part("0-1", target="/none"),
        "range of a page": part("0-1", target="/c402"), "range of large": part("100-70000", target="/large.txt"),
        "range of head": part("0-1", method="HEAD"), "range of POST": part("0-1", method="POST"), "range overlapping": part("0-9,0-9"),
        "1.0": part("2-4", version="1.0"),
    },
    ACCESS: {
        "no ranges": part("0-1", target="/ranges_0/ten.txt"), "one range": part("0-1", target="/ranges_1/ten.txt"),
        "one range too many": part("0-1,3-4", target="/ranges_1/ten.txt"), "ranges of more than all": part("0-9,0-9", target="/ten.txt"),
        "several ranges": part("0-1,3-4,-1", target="/ten.txt"), "several, some of them beyond": part("0-1,20-", target="/ten.txt"),
        "several, with spaces": part("0-1, 3-4 ,  -1", target="/ten.txt"), "several, backwards": part("5-6,0-1", target="/ten.txt"),
        "several ranges HEAD": part("0-1,3-4", target="/ten.txt", method="HEAD"), "none of several": part("20-,30-", target="/ten.txt"),
        "several of large": part("0-9,100-199,290000-", target="/large.txt"),
    },
}

INVALID = "`Range: bytes=3-1`, `bytes=0-0;1-1`, `bytes=x`, `bytes=-`"

DIFFERENT = {GENERAL: {
    "an empty range": Difference(part("0-1,"), 416, 206, "`Range: bytes=0-1,`"),
    "range beyond integers": Difference(part("0-99999999999999999999"), 416, 206, "`Range: bytes=0-99999999999999999999`"),
    "range backwards": Difference(part("3-1"), 416, 200, INVALID),
    "no numbers": Difference(part("x"), 416, 200, INVALID), "a dash": Difference(part("-"), 416, 200, INVALID),
    "spaces within": Difference(part("2 - 4"), 206, 200, "`Range: bytes=2 - 4`"),
    "semicolon": Difference(part("0-0;1-1"), 416, 200, INVALID),
}}

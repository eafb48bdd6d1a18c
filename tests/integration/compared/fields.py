# integration/compared/fields.py: fields that the configuration adds, before the content and after it.
from .access_ground import ACCESS
from .general_ground import GENERAL
from .ground import DATE, HTTP1, Difference, get

SAME = {
    GENERAL: {
        "added": get("/headers"), "added deep": get("/headers/deep"), "added own": get("/headers/own"), "none added": get("/none?x"),
        "added to HEAD": get("/headers", method="HEAD"),
    },
    ACCESS: {
        **{f"expires {name}": get(f"/expires/{name}/ten.txt") for name in ("epoch", "max", "modified", "none")},
        "expires of an argument": get("/expires/none/ten.txt?e=epoch"), "expires of nonsense": get("/expires/none/ten.txt?e=x"),
        "expires off": get("/expires/none/ten.txt?e=off"), "expires 404": get("/expires/always"), "expires missing": get("/expires/max/none"),
        "expires 304": get("/expires/max/ten.txt", f"If-Modified-Since: {DATE}"), "expires 206": get("/expires/max/ten.txt", "Range: bytes=0-1"),
        "expires HEAD": get("/expires/max/ten.txt", method="HEAD"),
        # trailers
        "trailer": get("/trailer/ten.txt"), "trailer HEAD": get("/trailer/ten.txt", method="HEAD"), "trailer 1.0": get("/trailer/ten.txt", version="1.0"),
        "trailer missing": get("/trailer/none"), "trailer 404": get("/trailer_404"), "trailer made": get("/trailer_made"),
        "trailer 304": get("/trailer/ten.txt", f"If-Modified-Since: {DATE}"), "trailer 206": get("/trailer/ten.txt", "Range: bytes=0-1"),
        "trailer 416": get("/trailer/ten.txt", "Range: bytes=20-"), "trailer empty": get("/trailer/empty.txt"),
        "trailer large": get("/trailer/large.txt"),
    },
}
LINE_ENDS = "CR and LF in the value of a field (`add_header X $uri`, `return 302 http://x$uri`)"
DIFFERENT = {ACCESS: {
    "a line end in an added field": Difference(get("/line_ends/added%0d%0aX-B:%20b"), 200, 200, LINE_ENDS, HTTP1),
    "a line end in a location": Difference(get("/line_ends/sent%0aX-B:%20b"), 302, 302, LINE_ENDS, HTTP1),
}}

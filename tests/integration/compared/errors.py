# integration/compared/errors.py: answers that the configuration makes, error pages of every kind.
from .access_ground import ACCESS
from .general_ground import GENERAL
from .ground import Difference, get, post

SAME = {
    GENERAL: {
        "text": get("/text"), "prefix of nothing": get("/textual"), "return 200": get("/empty"), "204": get("/204"), "500": get("/c500"),
        "503": get("/c503"), "error page file": get("/c402"), "error page 200": get("/c403"), "error page =": get("/c406"),
        "error page named": get("/c410?a=b"), "error page named code": get("/c411"), "error page url": get("/c415"),
        "HEAD error page": get("/c402", method="HEAD"), "POST error page": post("/c406", b"x"), "POST named": post("/c410", b"x"),
        "internal": get("/pages/402.html"), "code with text": get("/code/123"), "cgi": get("/code.cgi"), "prefix": get("/prefix/code.cgi"),
        "prefix in": get("/prefix/in/code.cgi"), "variables": get("/vars/x%20y?a=1&b=2", "Cookie: c=d"), "variables empty": get("/vars"),
        "variables 1.0": get("/vars", version="1.0"), "variables host": get("/vars", host="WWW.First.org:123"),
    },
    ACCESS: {
        "recursive": get("/recursive"), "once": get("/once"), "a page for the denied": get("/denied/x"), "POST denied": post("/denied", b"x"),
        "denied missing": get("/deny/none", "X-Real-IP: 192.0.2.9"), "pixel": get("/pixel"), "pixel POST": post("/pixel", b""),
        "underscores": get("/underscores", "A_B: x"), "underscores on": get("/", "A_B: x", host="second.org"),
        "underscores not ignored": get("/", "A_B: x", host="third.org"), "variables": get("/variables"),
    },
}

PADDED = "a built-in error page for Internet Explorer or Chrome"

DIFFERENT = {GENERAL: {
    "MSIE": Difference(get("/none", "User-Agent: Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)"), 404, 404, PADDED),
    "Chrome": Difference(get("/none", "User-Agent: Mozilla/5.0 (X11) Chrome/120.0 Safari/537.36"), 404, 404, PADDED),
}}

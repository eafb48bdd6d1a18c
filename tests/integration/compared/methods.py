# integration/compared/methods.py: what else but GET.
from .access_ground import ACCESS
from .general_ground import GENERAL
from .ground import Difference, get, post

SAME = {
    GENERAL: {
        "HEAD": get("/ten", method="HEAD"), "HEAD missing": get("/none", method="HEAD"), "HEAD text": get("/text", method="HEAD"),
        "HEAD folder": get("/folder", method="HEAD"), "POST file": post("/ten", b"x"), "POST text": post("/text", b"x"),
        "PUT": get("/ten", method="PUT"), "DELETE": get("/ten", method="DELETE"), "OPTIONS": get("/ten", method="OPTIONS"),
        "PATCH": get("/ten", method="PATCH"), "FOO": get("/ten", method="FOO"), "TRACE": get("/ten", method="TRACE"), "lower-case": get("/ten", method="get"),
        "POST folder": post("/folder", b""), "POST missing": post("/none", b"x"), "405 trick": post("/405/ten", b"x"),
        "FOO text": get("/text", method="FOO"),
    },
    ACCESS: {
        **{f"limit {method}": get("/limit/ten.txt", method=method) for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "FOO")},
        **{f"limit return {method}": get("/limit_return", method=method) for method in ("GET", "HEAD", "POST", "PUT")},
        "limit with a page": get("/limit_error", method="POST"),
    },
}

DIFFERENT = {GENERAL: {
    "CONNECT": Difference(get("h:80", method="CONNECT", host="h:80"), 400, 405, "`CONNECT`"),
    "OPTIONS *": Difference(get("*", method="OPTIONS"), 400, 200, "`OPTIONS *`"),
}}

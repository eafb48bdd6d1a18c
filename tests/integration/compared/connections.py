# integration/compared/connections.py: versions, and whether the connection goes on.
from .access_ground import ACCESS
from .general_ground import GENERAL
from .ground import get, post

SAFARI = "User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605 (KHTML, like Gecko) Version/13.0 Safari/605"
MSIE6 = "User-Agent: Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)"

SAME = {
    GENERAL: {
        "close": get("/ten", "Connection: close"), "1.0": get("/ten", version="1.0"), "1.0 keep-alive": get("/ten", "Connection: keep-alive", version="1.0"),
        "1.5": get("/ten", version="1.5"), "2.0": get("/ten", version="2.0"), "no keep": get("/nokeep"), "keep header": get("/keep"),
        "keep close": get("/keep", "Connection: close"), "1.0 keep header": get("/keep", "Connection: keep-alive", version="1.0"),
        "404 close": get("/none", "Connection: close"), "304 close": get("/ten", "Connection: close", "If-None-Match: *"),
        "204 close": get("/204", "Connection: close"), "close in capitals": get("/ten", "Connection: CLOSE"), "another option": get("/ten", "Connection: x"),
    },
    ACCESS: {"safari": get("/keepalive", SAFARI), "no safari": get("/keepalive"), "msie": post("/keepalive_msie", b"", MSIE6),
             "msie GET": get("/keepalive_msie", MSIE6)},
}
DIFFERENT = {}

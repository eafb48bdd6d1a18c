# integration/compared/access.py: who may come in, and who the client is behind a proxy.
from .access_ground import ACCESS
from .ground import get

SAME = {ACCESS: {
    "allowed": get("/deny/ten.txt"), "denied": get("/deny/ten.txt", "X-Real-IP: 192.0.2.9"),
    "denied by the last rule": get("/deny/ten.txt", "X-Real-IP: 198.51.100.1"), "denied, IPv6": get("/deny/ten.txt", "X-Real-IP: 2001:db8::1"),
    "HEAD denied": get("/deny/ten.txt", "X-Real-IP: 192.0.2.9", method="HEAD"), "any": get("/any/ten.txt"), "other server": get("/", host="second.org"),
    # the client
    "no field": get("/real"), "X-Real-IP": get("/real", "X-Real-IP: 192.0.2.7:99"), "X-Real-IP of IPv6": get("/real", "X-Real-IP: [::7]:99"),
    "no address": get("/real", "X-Real-IP: x"), "two fields": get("/real", "X-Real-IP: 192.0.2.7", "X-Real-IP: 192.0.2.8"),
    "denied by a list": get("/xff/ten.txt", "X-Forwarded-For: 192.0.2.1"),
    **{f"a list: {value}": get("/", f"X-Forwarded-For: {value}", host="list.org") for value in (
        "192.0.2.7, 10.0.0.7", "192.0.2.7:5, 10.0.0.7:6", ",, 192.0.2.7 ,,", "10.0.0.1, 10.0.0.2", "192.0.2.7 10.0.0.1", "x, 10.0.0.1", "",
        "192.0.2.7, x", "::7, 10.0.0.1", "[::7]:7, 10.0.0.1", "192.0.2.7,192.0.2.8,10.0.0.1")},
    "lines of a list": get("/", "X-Forwarded-For: 192.0.2.7", "X-Forwarded-For: 10.1.1.1", host="list.org"),
    "lines of a list, one not trusted": get("/", "X-Forwarded-For: 192.0.2.7", "X-Forwarded-For: 192.0.2.8", host="list.org"),
    "lines of a list, one no address": get("/", "X-Forwarded-For: 192.0.2.7", "X-Forwarded-For: x", host="list.org"),
}}
DIFFERENT = {}

# integration/compared/auth_basic.py: users and passwords: every format, every way not to have the right one.
import base64
import hashlib

from .ground import Ground, dated, get

SALT = b"pepper"
USERS = {
    "plain": "{PLAIN}secret",
    "sha": "{SHA}" + base64.b64encode(hashlib.sha1(b"secret").digest()).decode(),
    "ssha": "{SSHA}" + base64.b64encode(hashlib.sha1(b"secret" + SALT).digest() + SALT).decode(),
    "apr1": "$apr1$saltsalt$LrttParrLPdxvgutaSXWJ0",
    "des": "abNANd1rDfiNc",
    "md5": "$1$saltsalt$9xy1btjgzLYfb7hivXtC//",
    "sha256": "$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA",
    "sha512": "$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1",
    "bcrypt": "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
    "yescrypt": "$y$j75$abcd$4kXmLgaKDvIX6kdRHPMTHEFMzZbz3KU11lQ0dx6AKZ3",
    "commented": "{PLAIN}secret:a comment",
    "empty": "{PLAIN}",
    "nothing": "",
    "bad": "no hash at all",
    "badsha": "{SHA}!",
    "twice": "{PLAIN}secret",
}

CONFIG = """
    server {
        listen 127.0.0.1:{port};
        location / { auth_basic "Members only"; auth_basic_user_file {dir}/users; error_page 401 /401.html; }
        location = /401.html { auth_basic off; }
        location /inner/ { auth_basic "outer"; auth_basic_user_file {dir}/users;
            location /inner/open/ { auth_basic off; alias {root}/; }
            location /inner/other/ { auth_basic "other"; alias {root}/; } location /inner/same/ { alias {root}/; } }
        location /variable/ { alias {root}/; auth_basic $arg_realm; auth_basic_user_file {dir}/$arg_file; }
        location /relative/ { alias {root}/; auth_basic r; auth_basic_user_file users; }
        location /missing/ { alias {root}/; auth_basic r; auth_basic_user_file {dir}/nosuch; }
        location /folder/ { alias {root}/; auth_basic r; auth_basic_user_file {dir}/root; }
        location /closed/ { alias {root}/; auth_basic r; auth_basic_user_file {dir}/closed; }
        location /no-file/ { alias {root}/; auth_basic r; }
        location /no-realm/ { alias {root}/; auth_basic_user_file {dir}/users; }
        location /quoted/ { alias {root}/; auth_basic 'a "quoted" realm'; auth_basic_user_file {dir}/users; }
        location /user/ { auth_basic r; auth_basic_user_file {dir}/users; add_header X-User "$remote_user"; alias {root}/; }
        location /return/ { auth_basic r; auth_basic_user_file {dir}/users; return 200 "before access"; }
    }
"""


def documents(site):
    (site.dir / "root").mkdir(exist_ok=True)
    dated(site.write("file", "content"))
    dated(site.write("401.html", "who are you?"))
    lines = ["# a comment", "", *(f"{name}:{stored}" for name, stored in USERS.items()), "twice:{PLAIN}other", "#hidden:{PLAIN}secret",
             "windows:{PLAIN}secret\r", ":{PLAIN}secret", "no colon", "last:{PLAIN}secret"]
    (site.dir / "users").write_text("\n".join(lines))
    (site.dir / "users2").write_text("plain:{PLAIN}other\n")
    (site.dir / "closed").write_text("plain:{PLAIN}secret\n")
    (site.dir / "closed").chmod(0o600)


AUTH = Ground(CONFIG, documents)


def basic(user, password="secret"):
    return "Authorization: Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


LINES = [("empty", ""), ("empty", "x"), ("nothing", ""), ("nothing", "x"), ("bad", "no hash at all"), ("badsha", ""), ("twice", "other"),
         ("hidden", "secret"), ("#hidden", "secret"), ("windows", "secret"), ("last", "secret"), ("no colon", ""), ("nobody", "secret"),
         ("PLAIN", "secret"), ("plai", "secret"), ("plain ", "secret"), ("plain", "secret:x"), ("# a comment", ""), ("", "secret")]
FIELDS = ["Authorization: Basic", "Authorization: Basic ", "Authorization: Basic !!!", "Authorization: Basic cGxhaW4=", "Authorization: Basic Og==",
          "Authorization: Bearer abc", "authorization: bAsIc cGxhaW46c2VjcmV0", "Authorization: Basic   cGxhaW46c2VjcmV0",
          "Authorization: Basic cGxhaW46c2VjcmV0=", "Authorization: Basiccc cGxhaW46c2VjcmV0", "Authorization: Basic cGxhaW46c2VjcmV0 x",
          "X-Other: 1", "Proxy-Authorization: Basic cGxhaW46c2VjcmV0"]
TARGETS = ["/inner/file", "/inner/open/file", "/inner/other/file", "/inner/same/file", "/variable/file?realm=here&file=users2",
           "/variable/file?realm=off&file=users", "/variable/file?realm=&file=users", "/variable/file?realm=x&file=none", "/missing/file",
           "/folder/file", "/closed/file", "/no-file/file", "/no-realm/file", "/quoted/file", "/user/file", "/return/", "/401.html"]
WHO = {"nobody": [], "plain": [basic("plain")], "plain with another password": [basic("plain", "other")]}
HASHED = [name for name in USERS if name not in ("empty", "nothing", "bad", "badsha")]

SAME = {AUTH: {
    **{f"{user} with {name}": get("/file", basic(user, password)) for user in HASHED for name, password in (
        ("the password", "secret"), ("a wrong one", "wrong"), ("none", ""), ("capitals", "Secret"), ("more", "secret\0more"))},
    **{f"line {user}:{password}": get("/file", basic(user, password)) for user, password in LINES},
    **{f"field {field}": get("/file", field) for field in FIELDS},
    **{f"{target} for {who}": get(target, *fields) for target in TARGETS for who, fields in WHO.items()},
}}
DIFFERENT = {}

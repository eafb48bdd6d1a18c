# integration/test_expires.py: Expires and Cache-Control as the configuration says how long an answer may be kept.
# Dates are compared with the answer's own Date, so that nothing depends on how fast the test runs.
import os
import time
from email.utils import parsedate_to_datetime

from harness import process
from harness.marks import cases, covers

MTIME = 1_700_000_000


def seconds(date):
    return parsedate_to_datetime(date).timestamp()


def lifetime(response):
    """Cache-Control, and by how much Expires is later than Date."""
    expires = response.field("Expires")
    return response.field("Cache-Control"), expires and seconds(expires) - seconds(response.field("Date"))


@covers("expires")
@cases("value, control, later", [
    ("1h", "max-age=3600", 3600),
    ("+1h", "max-age=3600", 3600),
    ("'1d 2h'", "max-age=93600", 93600),
    ("1d2h3m4s", "max-age=93784", 93784),
    ("1M", "max-age=2592000", 2592000),
    ("1y", "max-age=31536000", 31536000),
    ("0", "max-age=0", 0),
    ("-1", "no-cache", -1),
    ("-10m", "no-cache", -600),
    ("off", None, None),
])
def test_from_now(serve, site, value, control, later):
    site.write("file", "x")
    server = serve(server=f"location / {{ expires {value}; }}")
    found, difference = lifetime(server.get("/file"))
    assert found == control
    assert difference is None if later is None else abs(difference - later) <= 1


@covers("expires")
@cases("value, control, expires", [
    ("epoch", "no-cache", "Thu, 01 Jan 1970 00:00:01 GMT"),
    ("max", "max-age=315360000", "Thu, 31 Dec 2037 23:55:55 GMT"),
    ("modified 1h", "no-cache", "Tue, 14 Nov 2023 23:13:20 GMT"),
    ("modified +1d", "no-cache", "Wed, 15 Nov 2023 22:13:20 GMT"),
    ("modified -1h", "no-cache", "Tue, 14 Nov 2023 21:13:20 GMT"),
])
def test_fixed_dates(serve, site, value, control, expires):
    os.utime(site.write("file", "x"), (MTIME, MTIME))
    response = serve(server=f"expires {value};").get("/file")
    assert (response.field("Cache-Control"), response.field("Expires")) == (control, expires)


@covers("expires")
def test_modified_counts_from_the_file(serve, site):
    now = int(time.time())
    os.utime(site.write("file", "x"), (now - 100, now - 100))
    server = serve(server="expires modified 1h; location /made { return 200 x; }")
    response = server.get("/file")
    assert seconds(response.field("Expires")) == now - 100 + 3600
    assert response.field("Cache-Control") == f"max-age={now - 100 + 3600 - int(seconds(response.field('Date')))}"
    assert lifetime(server.get("/made")) == ("max-age=3600", 3600), "what has no date counts from now"


@covers("expires")
def test_a_time_of_day(serve, site):
    site.write("file", "x")
    server = serve(main="worker_processes 1; env TZ=UTC;", server="expires @15h30m10s; location /late/ { expires @23h59m59s; }")
    response = server.get("/file")
    expires, now = seconds(response.field("Expires")), seconds(response.field("Date"))
    assert expires % 86400 == 15 * 3600 + 30 * 60 + 10
    assert now < expires <= now + 86400
    assert response.field("Cache-Control") == f"max-age={int(expires - now)}"


@covers("expires")
@cases("code, has", [(200, 1), (201, 1), (204, 1), (206, 1), (301, 1), (302, 1), (303, 1), (304, 1), (307, 1), (308, 1), (202, 0), (400, 0),
                     (404, 0), (500, 0), (503, 0)])
def test_statuses(serve, code, has):
    server = serve(server=f"expires 1h; return {code} http://h/;")
    assert len(server.get("/").all("Expires")) == has


@covers("expires")
def test_variables(serve):
    server = serve(server="location /one { expires $arg_e; return 200 x; } location /two { expires modified $arg_e; return 200 x; }")
    for value, control in (("1h", "max-age=3600"), ("-1", "no-cache"), ("epoch", "no-cache"), ("max", "max-age=315360000"), ("off", None),
                           ("", None), ("nonsense", None), ("0", "max-age=0"), ("@25h", None)):
        assert server.get(f"/one?e={value}").field("Cache-Control") == control, value
    assert server.get("/two?e=1h").field("Cache-Control") == "max-age=3600"
    assert server.get("/two?e=@1h").field("Cache-Control") is None


@covers("expires")
def test_levels_and_neighbours(serve):
    server = serve(server="""expires 1h; location /inherits { return 200 x; } location /own { expires 2h; return 200 x; }
        location /off { expires off; return 200 x; }
        location /both { add_header Cache-Control public; return 200 x; }""")
    assert server.get("/inherits").field("Cache-Control") == "max-age=3600"
    assert server.get("/own").field("Cache-Control") == "max-age=7200"
    assert server.get("/off").field("Cache-Control") is None
    assert ", ".join(server.get("/both").all("Cache-Control")) == "max-age=3600, public"


@cases("words, complaint", [
    ("expires", "invalid number of arguments"),
    ("expires soon", "invalid value"),
    ("expires 1d 2h", "invalid value"),
    ("expires @25h", "daily time value must be less than 24 hours"),
    ("expires modified @1h", 'daily time cannot be used with "modified" parameter'),
    ("expires modified max", "invalid value"),
    ("expires 10ms", "invalid value"),
])
def test_wrong_values(site, words, complaint):
    conf = site.configure(server=words + ";")
    answer = process.run(["-p", str(site.dir), "-c", str(conf), "-t"])
    assert answer.returncode == 1 and complaint in answer.stderr

# integration/test_add_header.py: fields that the configuration adds to a response.
# They go with 200 201 204 206 301 302 303 304 307 308, or with every status when they say `always`.
from harness.marks import cases, covers


@covers("add_header")
@cases("code, plain",
    [(200, 1), (201, 1), (202, 0), (204, 1), (206, 1), (301, 1), (302, 1), (303, 1), (304, 1), (307, 1), (308, 1), (400, 0), (404, 0),
    (500, 0)])
def test_statuses(serve, code, plain):
    server = serve(server=f"add_header X-Plain 1; add_header X-Always 1 always; return {code} http://h/;")
    response = server.get("/")
    assert response.all("X-Plain") == ["1"] * plain
    assert response.all("X-Always") == ["1"]


@covers("add_header")
def test_inheritance_is_all_or_nothing(serve):
    server = serve(server="""add_header X-Server 1; add_header X-Second 2;
        location / { add_header X-Location 1; return 200 x; }
        location /plain { return 200 x; location /plain/deep { return 200 x; } }""")
    fields = {name for name, _ in server.get("/").beginning("x-")}
    assert fields == {"x-location"}
    for target in ("/plain", "/plain/deep"):
        assert {name for name, _ in server.get(target).beginning("x-")} == {"x-server", "x-second"}


@covers("add_header")
def test_variables_and_order(serve):
    server = serve(server="""add_header X-A "$uri and $args"; add_header X-B two; add_header X-A "three"; return 200 x;""")
    assert server.get("/p?q").beginning("x-") == [("x-a", "/p and q"), ("x-b", "two"), ("x-a", "three")]


@covers("add_header")
def test_an_empty_value_is_not_sent(serve):
    server = serve(server='add_header X-Empty ""; add_header X-Arg $arg_a; return 200 x;')
    assert server.get("/").all("X-Empty") + server.get("/").all("X-Arg") == []
    assert server.get("/?a=1").field("X-Arg") == "1"


@covers("add_header")
def test_last_modified_can_be_removed_and_replaced(serve, site):
    for name in ("a", "b", "c"):
        site.write(name, "x")
    server = serve(server="""location /a { add_header Last-Modified ""; }
        location /b { add_header Last-Modified "Mon, 01 Jan 2024 00:00:00 GMT"; }""")
    assert server.get("/a").field("Last-Modified") is None
    assert server.get("/b").field("Last-Modified") == "Mon, 01 Jan 2024 00:00:00 GMT"
    assert server.get("/c").field("Last-Modified") is not None


@covers("add_header")
def test_cache_control_may_stand_twice(serve):
    server = serve(server="add_header Cache-Control no-cache; add_header Cache-Control private; return 200 x;")
    assert ", ".join(server.get("/").all("Cache-Control")) == "no-cache, private"


@covers("add_header")
def test_fields_of_a_304(serve, site):
    site.write("file", "x")
    server = serve(server="add_header X-Added 1;")
    etag = server.get("/file").field("ETag")
    response = server.get("/file", f"If-None-Match: {etag}")
    assert (response.status, response.field("X-Added")) == (304, "1")


@covers("add_header", "error_page")
def test_the_location_where_the_request_ends_adds_the_fields(serve):
    server = serve(server="""add_header X-Server 1 always; error_page 404 /e;
        location /start { add_header X-Start 1 always; return 404; }
        location = /e { add_header X-End 1 always; return 200 page; }""")
    assert {name for name, _ in server.get("/start").beginning("x-")} == {"x-end"}


@covers("add_header")
def test_fields_of_built_in_pages_and_refusals(serve):
    server = serve(server="add_header X-Always 1 always; location /redirect { return 301 /x; }")
    assert server.get("/missing").field("X-Always") == "1"
    assert server.get("/redirect").field("X-Always") == "1"
    assert server.request("GET", "/", host=None).field("X-Always") == "1"

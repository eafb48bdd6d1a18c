# integration/test_inheritance.py: what an inner block takes from the outer one.
# Scalars fall through; lists are all or nothing; what the order in the file is, does not matter.
from harness.marks import covers, http1_only


@covers("http", "server", "location")
def test_scalars_fall_through_until_set(serve, site):
    for path in ("a", "b/a", "b/c/a"):
        site.write(path, "x")
    server = serve(http="""default_type text/http;
        server { listen 127.0.0.1:{port}; location /b/ { default_type text/b; location /b/c/ { } } }
        server { listen 127.0.0.1:{port2}; default_type text/server; location /b/ { } }""")
    second = site.port("port2")
    types = [server.get(target).field("Content-Type") for target in ("/a", "/b/a", "/b/c/a")]
    assert types == ["text/http", "text/b", "text/b"]
    assert server.get("/b/a", address=second).field("Content-Type") == "text/server"


def test_the_order_in_the_file_does_not_matter(serve, site):
    for path in ("a", "b/a"):
        site.write(path, "x")
    server = serve(http="""server { listen 127.0.0.1:{port}; location /b/ { } add_header X-S 1; etag off; }
        default_type text/late;""")
    response = server.get("/b/a")
    assert (response.field("Content-Type"), response.field("X-S"), response.field("ETag")) == ("text/late", "1", None)


@covers("error_page")
def test_error_page_is_a_list(serve):
    server = serve(server="""error_page 404 =200 /e1; error_page 403 =200 /e2;
        location = /e1 { return 200 e1; } location = /e2 { return 200 e2; }
        location /in { } location /own { error_page 403 =200 /e2; location /own/no { return 403; } }""")
    assert server.get("/in/x").text == "e1"
    assert server.get("/own/no").text == "e2"
    assert server.get("/own/x").status == 404


@covers("index")
def test_index_is_a_list(serve, site):
    site.write("a/one", "one")
    site.write("b/one", "one")
    server = serve(server="index one; location /b/ { index two; }")
    assert server.get("/a/").text == "one"
    assert server.get("/b/").status == 403


@covers("root", "alias")
def test_root_and_alias_are_one_slot(serve, site):
    site.write("images/x", "aliased")
    site.write("i/sub/x", "rooted")
    server = serve(server="location /i/ { alias {root}/images/; location /i/sub/ { root {root}; } }")
    assert server.get("/i/x").text == "aliased"
    assert server.get("/i/sub/x").text == "rooted"


@covers("return")
def test_return_is_not_inherited(serve, site):
    site.write("a/b/file", "document")
    server = serve(server="location /a/ { return 200 returned; location /a/b/ { } }")
    assert server.get("/a/x").text == "returned"
    assert server.get("/a/b/file").text == "document"


@covers("access_log")
def test_access_log_is_a_list(serve, site):
    server = serve(server="""access_log {dir}/one.log; access_log {dir}/two.log;
        location /in { return 200 x; } location /own { access_log {dir}/own.log; return 200 x; }""")
    server.get("/own")
    server.get("/in")
    assert "/in" in server.log_lines(1, "one.log")[0] and "/in" in server.log_lines(1, "two.log")[0]
    assert "/own" in server.log_lines(1, "own.log")[0]


@http1_only("the host comes with the rest of the head")
@covers("server_name", "listen")
def test_settings_before_the_host_is_known_are_the_default_server_s(serve):
    """The head is read before its Host: its limits come from the first server of the address."""
    server = serve(http="""server { listen 127.0.0.1:{port}; server_name small;
            large_client_header_buffers 2 1k; client_header_buffer_size 512; return 200 x; }
        server { listen 127.0.0.1:{port}; server_name large; large_client_header_buffers 4 16k; return 200 x; }""")
    assert server.get("/" + "a" * 2000, host="large").status == 414
    assert server.get("/" + "a" * 500, host="large").status == 200


@http1_only("is about the Connection field")
def test_each_server_has_its_own(serve):
    server = serve(http="""server { listen 127.0.0.1:{port}; server_name a; keepalive_timeout 0; location / { return 200 a; } }
        server { listen 127.0.0.1:{port}; server_name b; keepalive_timeout 10s 10s; location / { return 200 b; } }""")
    assert server.get("/", host="a").field("Connection") == "close"
    assert server.get("/", host="b").field("Keep-Alive") == "timeout=10"

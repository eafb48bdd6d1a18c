# integration/test_location.py: the path of a request chooses the location.
# Exact, longest prefix, then regexes in order unless the prefix is ^~; the same again inside of locations.
from harness.marks import cases, covers

LOCATIONS = r"""
    location = /exact { return 200 exact; }
    location =/glued { return 200 glued; }
    location /exact { return 200 exact-prefix; }
    location / { return 200 root; }
    location /a { return 200 a; }
    location /a/b { return 200 ab; }
    location /a/b/c { return 200 abc; }
    location ^~ /still/ { return 200 still; }
    location /still/loud/ { return 200 loud; }
    location /docs/ { return 200 docs; }
    location ~ \.x$ { return 200 X; }
    location ~* \.ci$ { return 200 caseless; }
    location ~*\.glued$ { return 200 glued-regex; }
    location ~ ^/docs/(\d+)/(?<rest>.*)$ { return 200 "$1:$rest"; }
    location ~ "^/docs/[0-9]{2}" { return 200 never; }
    location "/white space" { return 200 space; }
    location /p/ { return 200 p;
        location ^~ /p/n/ { return 200 N; }
        location ~ \.nn$ { return 200 R; } }
    location ~ \.nn$ { return 200 O; }
    location ^~ /q/ { return 200 q;
        location /q/n/ { return 200 n; } }
    location /deep/ { return 200 deep;
        location = /deep/exact.x { return 200 deep-exact; }
        location /deep/er/ { return 200 deeper;
            location ~ /est { return 200 deepest; } }
        location ~ other { return 200 deep-other; } }
    location ~ ^/re/ { return 200 re;
        location ~ \.in$ { return 200 re-in; } }
"""
CASES = [
    ("/", "root"), ("/nothing", "root"), ("/exact", "exact"), ("/exact/", "exact-prefix"), ("/exactly", "exact-prefix"),
    ("/exact?a=1", "exact"),
    ("/glued", "glued"), ("/a", "a"), ("/abc", "a"), ("/a/", "a"), ("/a/b", "ab"), ("/a/bc", "ab"), ("/a/b/c/d", "abc"), ("/A", "root"),
    ("/still/a.x", "still"), ("/still/loud/a.x", "X"), ("/still/loud/a", "loud"), ("/a/b/c.x", "X"), ("/exact.x", "X"),
    ("/f.CI", "caseless"), ("/f.ci", "caseless"), ("/f.X", "root"), ("/f.GLUED", "glued-regex"),
    ("/docs/12/some/thing", "12:some/thing"), ("/docs/x", "docs"), ("/docs/12", "never"), ("/docs/5/a.x", "X"),
    ("/white%20space/x", "space"), ("/%61/b", "ab"), ("/a//b", "ab"), ("/a/./b", "ab"), ("/x/../a/b", "ab"), ("/a%2Fb", "ab"),
    ("/p/n/a.x", "X"), ("/p/n/a.nn", "O"), ("/p/a.nn", "R"), ("/p/a.x", "X"), ("/p/a", "p"), ("/p/n/a", "N"),
    ("/q/a.x", "q"), ("/q/n/a.x", "n"), ("/q/n/a", "n"),
    ("/deep/exact.x", "deep-exact"), ("/deep/a", "deep"), ("/deep/er/a", "deeper"), ("/deep/er/a/est.x", "deepest"),
    ("/deep/other.x", "deep-other"), ("/deep/er/other", "deep-other"), ("/deep/er/est/other", "deepest"), ("/deep/er/a.x", "X"),
    ("/re/a", "re"), ("/re/a.in", "re-in"), ("/re/a.x", "X"),
]


@covers("location")
def test_which_location_is_chosen(serve):
    server = serve(server=LOCATIONS)
    with server.connect() as connection:
        answers = {target: connection.get(target).text for target, _ in CASES}
    assert answers == dict(CASES)


@covers("location")
def test_without_a_matching_location_the_server_answers(serve, site):
    site.write("plain.txt", "document")
    server = serve(server="location /a { return 200 a; }")
    assert server.get("/plain.txt").text == "document"
    assert server.get("/b").status == 404


@covers("location")
def test_captures_belong_to_the_location(serve, site):
    site.write("one/two.txt", "found")
    server = serve(server=r"location ~ ^/(?<folder>\w+)-(\w+)$ { alias {root}/$folder/$2.txt; }")
    assert server.get("/one-two").text == "found"
    assert server.get("/one-three").status == 404


@covers("location", "error_page")
def test_named_locations_are_reached_only_from_within(serve):
    server = serve(server="""error_page 404 = @fallback; root {root};
        location @fallback { return 200 "fallback $uri"; }""")
    assert server.get("/missing").text == "fallback /missing"
    assert server.get("/@fallback").text == "fallback /@fallback"  # a path, not the location


@covers("internal")
def test_internal_is_404_from_outside(serve):
    server = serve(server="""location /inside { internal; return 200 "inside $uri"; }
        location /outside { return 200 "outside"; }
        location = /through { error_page 403 =200 /inside/x; return 403; }""")
    assert server.get("/inside").status == 404
    assert server.get("/outside").text == "outside"
    assert server.get("/through").text == "inside /inside/x"


@covers("internal")
def test_an_index_leads_into_an_internal_location(serve, site):
    site.write("folder/index.html", "index")
    server = serve(server="location = /folder/index.html { internal; }")
    assert server.get("/folder/index.html").status == 404
    assert server.get("/folder/").text == "index"


@covers("internal")
def test_a_nested_location_is_internal_with_its_parent(serve, site):
    site.write("a/b/file", "nested")
    server = serve(server="location /a/ { internal; location /a/b/ { } }")
    assert server.get("/a/b/file").status == 404


@cases("path", ["/%2e%2e/x", "/..", "/../x", "/a/../../x", "/a%00b", "/%", "/%2", "/%zz", "/a/%2e%2e/%2e%2e/b"])
def test_a_path_that_leaves_the_root_or_is_malformed(serve, path):
    server = serve(server="location / { return 200 reached; }")
    assert server.get(path).status == 400


@cases("path, uri", [
    ("/a/b/../c", "/a/c"), ("/a/./b/.", "/a/b/"), ("/a/b/..", "/a/"), ("/a/...", "/a/..."), ("/.a", "/.a"), ("/a..", "/a.."),
    ("/%61%62", "/ab"), ("/a%3Fb", "/a?b"), ("/a%23b", "/a#b"), ("/a+b", "/a+b"), ("/a%2Bb", "/a+b"), ("/%25", "/%"), ("/%2541", "/%41"),
    ("/a#fragment", "/a"), ("/a?x#y", "/a"), ("//a///b", "/a/b"), ("/a/%2e/b", "/a/b"), ("/a/b/%2E%2e/c", "/a/c"), ("/a//../b", "/b"),
])
def test_the_normalised_path(serve, path, uri):
    server = serve(server='location / { return 200 "$uri"; }')
    assert server.get(path).text == uri


def test_captures_of_an_outer_regex_hold_in_nested_locations(serve):
    server = serve(server=r"""location ~ ^/u/(?<user>[a-z]+) {
        location ~ \.(php|cgi)$ { return 200 "$user $1"; }
        return 200 "$user only"; }""")
    assert server.get("/u/ann/x.php").text == "ann php"
    assert server.get("/u/bob").text == "bob only"

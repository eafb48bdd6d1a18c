# integration/test_include.py: configuration in several files: relative to the main one, with patterns, nested.
from harness import process
from harness.marks import covers, webserv_only

NAME = process.name_of(process.BINARY)


@covers("include")
def test_an_included_file_stands_where_it_is_named(serve, site):
    site.write(site.dir / "answer.inc", "return 200 included;")
    server = serve(server="location /a { include answer.inc; } location /b { include {dir}/answer.inc; } location / { return 200 not; }")
    assert server.get("/a").text == "included"
    assert server.get("/b").text == "included"
    assert server.get("/c").text == "not"


@covers("include")
def test_a_pattern_includes_in_the_order_of_names(serve, site):
    for number in (2, 1, 3):
        site.write(site.dir / f"parts/{number}.conf", f"add_header X-Part {number};")
    site.write(site.dir / "parts/4.off", "nonsense")
    server = serve(server="include parts/*.conf; include parts/none-*.conf; return 200 x;")
    assert server.get("/").all("X-Part") == ["1", "2", "3"]


@covers("include")
def test_other_patterns(serve, site):
    for name in ("a1", "a2", "b1"):
        site.write(site.dir / f"{name}.conf", f"add_header X-Part {name};")
    server = serve(server="include a?.conf; include [b]1.conf; return 200 x;")
    assert server.get("/").all("X-Part") == ["a1", "a2", "b1"]


@covers("include")
def test_nested_includes_are_relative_to_the_main_file(serve, site):
    site.write(site.dir / "sub/one.conf", "include sub/two.conf;")
    site.write(site.dir / "sub/two.conf", "server { listen 127.0.0.1:%d; return 200 nested; }" % site.port())
    assert serve(http="include sub/one.conf;").get("/").text == "nested"


@covers("include", "types")
def test_types_are_commonly_included(serve, site):
    site.write(site.dir / "mime.types", "types { text/other txt; }")
    site.write("a.txt", "x")
    assert serve(http="include mime.types; server { listen 127.0.0.1:{port}; }").get("/a.txt").field("Content-Type") == "text/other"


def fails(site, text, message):
    conf = site.configure(text)
    result = process.run(["-t", "-p", str(site.dir), "-c", str(conf)])
    assert result.returncode == 1
    assert message.replace("{dir}", str(site.dir)) in result.stderr


def test_a_missing_file_is_fatal(site):
    fails(site, "events { }\ninclude none.conf;", 'open() "{dir}/none.conf" failed (2: No such file or directory) in {dir}/test.conf:2')


def test_a_mistake_is_placed_in_the_included_file(site):
    site.write(site.dir / "inner.conf", "\n\nnosuch;\n")
    fails(site, "events { }\ninclude inner.conf;", f'{NAME}: [emerg] unknown directive "nosuch" in {{dir}}/inner.conf:3')


def test_a_block_must_end_in_the_file_where_it_began(site):
    site.write(site.dir / "inner.conf", "server {")
    fails(site, "events { }\nhttp { include inner.conf; } }", 'unexpected end of file, expecting "}" in {dir}/inner.conf:1')


@webserv_only("nginx includes until it crashes")
def test_a_file_that_includes_itself_ends(site):
    site.write(site.dir / "loop.conf", "include loop.conf;")
    conf = site.configure("events { }\ninclude loop.conf;")
    result = process.run(["-t", "-p", str(site.dir), "-c", str(conf)])
    assert result.returncode == 1 and "[emerg]" in result.stderr

# integration/test_try_files.py: files that come and go, mistakes, and what the debug log tells.
# What is found where is compared with nginx in test_same_as_nginx.py.
import pytest
from compared.try_files import CONFIG, documents
from harness import process
from harness.marks import cases, covers


@covers("try_files")
def test_a_file_that_comes_and_goes(site, serve):
    """Nothing is remembered of what was not there."""
    documents(site)
    server = serve(http=CONFIG)
    for _ in range(2):
        assert server.get("/a/later.txt").text == "content of fallback.html"
        server.site.write("a/later.txt", "later")
        assert server.get("/a/later.txt").text == "later"
        (server.site.root / "a/later.txt").unlink()


@cases("words, message", [
    ("try_files /a;", "invalid number of arguments"), ("try_files /a =x;", 'invalid code "x"'), ("try_files /a =1000;", 'invalid code "1000"'),
    ("try_files /a =-1;", 'invalid code "-1"'), ("try_files /a =;", 'invalid code ""'), ("try_files $nothing =404;", 'unknown "nothing" variable'),
    ("try_files /a /b; try_files /c /d;", "is duplicate"), ("location / { location /a { try_files /a; } }", "invalid number of arguments")])
def test_mistakes(site, words, message):
    result = process.run(["-t", "-c", str(site.configure(server=words)), "-p", str(site.dir)])
    assert result.returncode == 1 and message in result.stderr


def test_not_in_http(site):
    result = process.run(["-t", "-c", str(site.configure(http="try_files /a /b;")), "-p", str(site.dir)])
    assert result.returncode == 1 and '"try_files" directive is not allowed here' in result.stderr


def test_the_debug_log_tells_each_candidate(site, serve):
    if process.is_nginx(process.BINARY):
        pytest.skip("nginx needs another build for that")
    site.write("there", "x")
    server = serve("pid {dir}/server.pid; error_log {dir}/error.log debug; events {} http { server { listen 127.0.0.1:{port}; root {root};"
                   " location / { try_files $uri/ $uri /there; } } }")
    assert server.get("/there").text == "x"
    server.error_line(r'try_files: folder ".*/there" is not there')
    server.error_line(r'try_files: file ".*/there" is there \(.*test.conf:1\)')

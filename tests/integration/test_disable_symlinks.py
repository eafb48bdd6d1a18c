# integration/test_disable_symlinks.py: files that are reached through symbolic links, and are not to be.
# The same paths by each rule; root gives links away.
import os

import pytest
from harness import process
from harness.marks import cases, covers

CONFIGURATION = """
    location /off/ { alias {root}/; disable_symlinks off; }
    location /on/ { alias {root}/; disable_symlinks on; location /on/off/ { alias {root}/; disable_symlinks off; } }
    location /owner/ { alias {root}/; disable_symlinks if_not_owner; }
    location /from/ { alias {root}/out/; disable_symlinks on from={root}/out; }
    location /slash/ { alias {root}/out/; disable_symlinks on from={root}/out/; }
    location /document/ { alias {root}/; disable_symlinks on from=$document_root; }
    location /elsewhere/ { alias {root}/out/; disable_symlinks on from=/elsewhere; }
    location /part/ { alias {root}/out/; disable_symlinks on from={root}/o; }
    location /index/ { alias {root}/; disable_symlinks on; index to_file; }
    location /try { root {root}; disable_symlinks on; try_files /$arg_a /$arg_b /off/second; }
    location /tryowner { root {root}; disable_symlinks if_not_owner; try_files /$arg_a /$arg_b /off/second; }
"""


@pytest.fixture(scope="module")
def linked(shared_site, shared_serve):
    site = shared_site
    site.write("folder/file", "file")
    site.write("second", "second")
    site.write("large", "large" * 100_000)
    outside = site.dir / "outside"
    (outside / "deep").mkdir(parents=True)
    (outside / "deep" / "file").write_text("outside")
    (site.root / "out").symlink_to("../outside")
    (site.root / "to_file").symlink_to(outside / "deep" / "file")
    (site.root / "foreign").symlink_to("folder")
    (site.root / "foreign_file").symlink_to("folder/file")
    for name in ("foreign", "foreign_file"):
        os.lchown(site.root / name, 65534, 65534)
    return shared_serve(server=CONFIGURATION)


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give links away")


@covers("disable_symlinks")
@needs_root
@cases("target, status", [
    ("/off/to_file", 200), ("/off/foreign/file", 200),
    ("/on/folder/file", 200), ("/on/large", 200), ("/on/out/deep/file", 404), ("/on/to_file", 403), ("/on/foreign/file", 404),
    ("/on/foreign_file", 403), ("/on/out/", 404), ("/on/out", 403), ("/on/folder/", 403), ("/on/folder", 301), ("/on/none", 404),
    ("/on/out/none", 404), ("/on/off/to_file", 200),
    ("/owner/folder/file", 200), ("/owner/out/deep/file", 200), ("/owner/to_file", 200), ("/owner/foreign/file", 403),
    ("/owner/foreign_file", 403),
    ("/from/deep/file", 200), ("/slash/deep/file", 200), ("/document/folder/file", 200), ("/document/out/deep/file", 404),
    ("/elsewhere/deep/file", 404), ("/part/deep/file", 404), ("/index/", 403),
])
def test_links(linked, target, status):
    for _ in range(3):  # what is kept open must not forget about it
        assert linked.get(target).status == status


@covers("disable_symlinks", "try_files")
@needs_root
@cases("target, content", [
    ("/try?a=to_file&b=out/deep/file", "second"), ("/try?a=large_link&b=folder/file", "file"), ("/tryowner?a=out/deep/file", "outside"),
    ("/tryowner?a=foreign/file&b=to_file", "outside"), ("/tryowner?a=foreign_file&b=foreign/", "second"),
])
def test_candidates_behind_links_are_not_there(linked, target, content):
    assert linked.get(target).text == content


@covers("disable_symlinks")
def test_content_and_conditions_are_as_ever(linked):
    plain = linked.get("/off/large")
    answer = linked.get("/on/large")
    assert answer.content == plain.content == b"large" * 100_000
    assert answer.field("ETag") == plain.field("ETag")
    assert linked.get("/on/large", f"If-None-Match: {answer.field('ETag')}").status == 304
    assert linked.get("/on/large", "Range: bytes=5-9").content == b"large"


@covers("disable_symlinks")
def test_a_link_that_comes_later_is_not_followed(serve, site):
    site.write("file", "first")
    site.write("secret", "secret")
    server = serve(server="root {root}; disable_symlinks on;")
    assert server.get("/file").text == "first"
    (site.root / "file").unlink()
    (site.root / "file").symlink_to("secret")
    assert server.get("/file").status == 403
    server.error_line("/file\" failed \\(40: Too many levels of symbolic links\\)")


@cases("words, message", [
    ("on off", 'duplicate parameters "on off"'),
    ("off from=/x", '"from=" cannot be used with "off" parameter'),
    ("from=/x", '"disable_symlinks" must have "off", "on" or "if_not_owner" parameter'),
    ("on x", 'invalid parameter "x"'), ("maybe", 'invalid parameter "maybe"'),
])
def test_refused(site, words, message):
    conf = site.configure(server=f"disable_symlinks {words};")
    result = process.run(["-p", str(site.dir), "-c", str(conf), "-t"])
    assert result.returncode == 1
    assert message in result.stderr

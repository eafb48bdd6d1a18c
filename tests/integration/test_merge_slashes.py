# integration/test_merge_slashes.py: whether "//" in a path is one slash before locations are chosen.
from harness.marks import cases, covers

SERVER = """location = /a/b { return 200 merged; }
    location = /a//b { return 200 "kept"; }
    location / { return 200 "other $uri"; }"""


@covers("merge_slashes")
@cases("setting, answers", [
    ("", {"/a//b": "merged", "//a///b": "merged", "/a/b": "merged", "/a/%2Fb": "merged", "//": "other /", "/x?a//b": "other /x"}),
    ("merge_slashes on;", {"/a//b": "merged", "/c//../d": "other /d"}),
    ("merge_slashes off;", {"/a//b": "kept", "/a/b": "merged", "//a/b": "other //a/b", "/a/%2Fb": "kept", "/c//../d": "other /c/d"}),
])
def test_merge_slashes(serve, setting, answers):
    server = serve(server=setting + SERVER)
    assert {target: server.get(target).text for target in answers} == answers


@covers("merge_slashes")
def test_files_behind_several_slashes(serve, site):
    site.write("a/b", "file")
    server = serve(server="merge_slashes off;")
    assert server.get("/a//b").text == "file"  # the file system merges them
    assert server.get("/a//../../etc/passwd").status in (400, 404)

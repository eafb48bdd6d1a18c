# integration/test_documents.py: what the documents name exists: files, and functions in the files that are said to have them.
# A document that leads into the code is worth nothing once the code has moved.
import re

from harness import process
from harness.marks import cases

LIFE_OF_A_SOCKET = "docs/LIFE_OF_A_SOCKET.md"
FILE = r"`((?:[\w.]+/)+\w+\.(?:cpp|hpp|py|md))`"


def read(path):
    return (process.PROJECT / path).read_text()


def find(name):
    """Files of ours are named without src/."""
    return next((path for path in (process.PROJECT / name, process.PROJECT / "src" / name) if path.is_file()), None)


def has_definition(text, name):
    """`name` or `Class::name`, followed by its parameters."""
    *scopes, function = name.split("::")
    if re.search(rf"\b{'::'.join([*scopes, function])}\(", text):
        return True
    return all(re.search(rf"\bclass {scope}\b", text) for scope in scopes) and re.search(rf"[\w>&*] {function}\(", text) is not None


@cases("document", [LIFE_OF_A_SOCKET, "docs/LIFE_OF_A_REQUEST.md", "docs/ARCHITECTURE.md", "README.md", "CONTRIBUTING.md"])
def test_files_exist(document):
    missing = [name for name in re.findall(FILE, read(document)) if find(name) is None]
    assert not missing


def test_functions_are_where_the_life_of_a_socket_says():
    text = " ".join(read(LIFE_OF_A_SOCKET).split())
    places = re.findall(r"`([\w:]+)` in " + FILE, text)
    places += [(first, place) for first, _, place in re.findall(r"`([\w:]+)`\s+and `([\w:]+)` in " + FILE, text)]
    assert len(places) > 25
    missing = [f"{name} in {place}" for name, place in places
               if not find(place) or not has_definition(find(place).read_text(), name)]
    assert not missing


def test_functions_are_where_the_welcome_site_says():
    pages = {path.name: path.read_text() for path in (process.PROJECT / "www").glob("*.html")}
    places = [place for text in pages.values() for place in re.findall(r"<code>([\w:]+)</code> in <code>([\w./]+)</code>", text)]
    assert len(places) > 20
    missing = [f"{name} in {place}" for name, place in places
               if not find(place) or not has_definition(find(place).read_text(), name)]
    assert not missing


def test_the_life_of_a_socket_names_each_call():
    text = read(LIFE_OF_A_SOCKET)
    for call in ("socket", "setsockopt", "bind", "listen", "accept", "read", "write", "shutdown", "close"):
        assert f"| `{call}` |" in text and re.search(rf"^### .*\b{call}\b", text, re.M), call


def test_the_search_finds_what_is_missing():
    assert has_definition("Result<> bind_to(const Fd&", "bind_to")
    assert has_definition("Task<> Connection::close(", "Connection::close")
    assert has_definition("class Fd {\n    void reset(int", "Fd::reset")
    assert not has_definition("Task<> Connection::close(", "Listener::close")
    assert not has_definition("return rebind_to(x)", "bind_to")

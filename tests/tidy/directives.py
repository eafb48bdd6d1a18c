"""tests/tidy/directives.py: every directive has its page in docs/directives, written by webserv itself, and a test.

The pages come from the tables (`webserv manual FOLDER`), so what is compared is what the server really knows. A test says
with @covers("name") that it fails when that directive has no effect; ./test effect tries whether that is true.
"""

import ast
import re
import subprocess
import tempfile
from pathlib import Path

from .tree import Problem

PAGES = Path("docs/directives")
TESTS = Path("tests/integration")
PARSERS_OWN = {"include"}  # followed while parsing, before any table is asked
HEADING = re.compile(r"^#{2,4} +`?([a-z][a-z0-9_]*)`?\s*$", re.M)


def manual(tree):
    """File name -> text, as the built server writes it; a message if it does not."""
    program = tree.root / "build/release/webserv"
    if not program.exists():
        return None, "build/release/webserv is not built"
    with tempfile.TemporaryDirectory() as folder:
        answer = subprocess.run([program, "manual", folder], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, timeout=60)
        if answer.returncode != 0:
            return None, f"webserv manual failed: {answer.stdout.strip()[:200]}"
        return {path.name: path.read_text() for path in sorted(Path(folder).iterdir())}, None


def documented(tree):
    expected, complaint = manual(tree)
    if complaint:
        yield Problem(PAGES, 1, complaint)
        return
    folder = tree.root / PAGES
    present = {path.name: path.read_text() for path in folder.iterdir()} if folder.is_dir() else {}
    for name in sorted(expected.keys() | present.keys()):
        if name not in expected:
            yield Problem(PAGES / name, 1, "no module has this page any more")
        elif name not in present:
            yield Problem(PAGES / name, 1, "missing: run build/release/webserv manual docs/directives")
        elif present[name] != expected[name]:
            yield Problem(PAGES / name, first_difference(present[name], expected[name]), "out of date: run build/release/webserv manual docs/directives")


def first_difference(one, other):
    lines = zip(one.split("\n"), other.split("\n"))
    return next((number for number, (left, right) in enumerate(lines, 1) if left != right), 1)


def known_directives(tree):
    """Directive -> the page that describes it."""
    pages, complaint = manual(tree)
    if complaint:
        return {}, complaint
    return {name: page for page, text in pages.items() for name in HEADING.findall(text)}, None


def covered_directives(tree):
    """Directive -> where the first test claims it."""
    found = {}
    for path in sorted((tree.root / TESTS).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and name_of(node.func) == "covers":
                for argument in node.args:
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                        found.setdefault(argument.value, Problem(path.relative_to(tree.root), node.lineno, ""))
    return found


def name_of(function):
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", None)


def tested(tree):
    known, complaint = known_directives(tree)
    if complaint or not known:
        yield Problem(PAGES, 1, complaint or "the manual names no directive")
        return
    covered = covered_directives(tree)
    for name, page in sorted(known.items()):
        if name not in covered:
            yield Problem(PAGES / page, 1, f"no test in {TESTS} has @covers(\"{name}\")")
    for name, place in sorted(covered.items()):
        if name not in known and name not in PARSERS_OWN:
            yield Problem(place.path, place.line, f'@covers("{name}"): webserv has no such directive')

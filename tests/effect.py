#!/usr/bin/env python3
"""tests/effect.py: does a directive's test notice when the directive is taken away?

For each name that a test claims with @covers, the tests that claim it run once with that directive removed from every
configuration. At least one of them has to fail; otherwise the directive could do nothing and nobody would know.
Usage: tests/effect.py [NAME...]; ends with `N passed, N failed`.
"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"
VARIABLE = "WEBSERV_WITHOUT"
SPACE = " \t\r\n"

sys.dont_write_bytecode = True
sys.path.insert(0, str(TESTS))


def end_of_word(text, at):
    """Where the word, quoted or not, that begins at `at` ends."""
    if text[at] in "\"'":
        quote, at = text[at], at + 1
        while at < len(text) and text[at] != quote:
            at += 2 if text[at] == "\\" else 1
        return at + 1
    while at < len(text) and text[at] not in SPACE + ";{":
        at += 2 if text[at] == "\\" or text.startswith("${", at) else 1
    return at


def without(text, name):
    """A configuration less every `name`, simple or with its block. Mistakes in the configuration are left as they are."""
    kept = []
    at = begin = dropping = 0  # dropping: open braces of a block that goes
    first = ""                 # word of the statement that began at `begin`
    while at < len(text):
        if text[at] in SPACE:
            at += 1
        elif text[at] == "#":
            at = (text + "\n").index("\n", at)
        elif text[at] not in ";{}":
            end = end_of_word(text, at)
            first = first or text[at:end]
            at = end
        else:
            mark, at = text[at], at + 1
            goes = dropping > 0 or first == name
            if goes and mark == "{":
                dropping += 1
            elif dropping and mark == "}":
                dropping -= 1
            if not goes:
                kept.append(text[begin:at])
            begin, first = at, ""
    return "".join(kept) + text[begin:]


# The part that runs inside pytest, loaded with `-p effect`.


def pytest_collection_modifyitems(config, items):
    name = os.environ.get(VARIABLE)
    if not name:
        return
    chosen = [item for item in items if any(name in mark.args for mark in item.iter_markers("covers"))]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen
    from harness.site import Site

    fill = Site.fill
    Site.fill = lambda self, text: without(fill(self, text), name)


# The part that starts pytest once for each name.


def files_naming(name):
    """Collecting all tests takes longer than running those of one directive."""
    return [str(path) for path in sorted((TESTS / "integration").glob("test_*.py")) if f'"{name}"' in path.read_text()]


def run_without(name, paths):
    """Whether some test fails without the directive, and pytest's last line."""
    environment = {**os.environ, VARIABLE: name, "PYTHONPATH": str(TESTS), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "effect", "--tb=no", *paths]
    answer = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, timeout=600)
    last = answer.stdout.strip().split("\n")[-1]
    return answer.returncode == 1 and re.search(r"\b[1-9]\d* failed", last) is not None, last


def notices(name):
    noticed, last = run_without(name, files_naming(name))
    if not noticed:  # perhaps a test that gets the name from elsewhere
        noticed, last = run_without(name, ["tests/integration"])
    return name, noticed, last


def main(names):
    from tidy import directives
    from tidy.tree import Tree

    names = names or sorted(directives.covered_directives(Tree(ROOT)))
    passed = failed = 0
    with ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:  # most of them wait for what does not come
        for name, noticed, last in pool.map(notices, names):
            if noticed:
                passed += 1
                print(f"ok {name}", flush=True)
            else:
                failed += 1
                print(f"FAILED {name}: no test notices its absence ({last})", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

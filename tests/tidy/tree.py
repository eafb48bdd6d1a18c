"""tests/tidy/tree.py: the files that the checks look at, read once, and what a check answers.

A tree is the project or, in the self-test, a folder of small bad samples laid out like it.
"""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

SKIPPED = {".git", "build", "__pycache__", ".pytest_cache", "node_modules"}
CODE = {".cpp", ".hpp", ".h", ".c"}
SCRIPTS = {".py", ".sh", ".lua", ".js"}
PROSE = {".md", ".html", ".css", ".txt", ".conf", ".types", ".svg"}


@dataclass(frozen=True)
class Problem:
    path: Path
    line: int
    why: str


class SourceFile:
    def __init__(self, root, path):
        self.full_path = path
        self.path = path.relative_to(root)

    @cached_property
    def text(self):
        return self.full_path.read_bytes().decode("utf-8", errors="replace")

    @cached_property
    def lines(self):
        return self.text.split("\n")

    @property
    def is_cxx(self):
        """C++ of the server itself; bench/limit is plain C with rules of its own."""
        return self.path.suffix in {".cpp", ".hpp"} and self.path.parts[0] == "src"

    @property
    def is_script(self):
        return self.path.suffix in SCRIPTS or (not self.path.suffix and self.text.startswith("#!"))

    @property
    def is_code(self):
        return self.path.suffix in CODE or self.is_script

    @property
    def is_generated(self):
        """Data written by a program says so in its head comment."""
        return any(line.startswith(("//", "#", "<!--")) and "Generated" in line for line in self.lines[:4])

    def problem(self, line, why):
        return Problem(self.path, line, why)


class Tree:
    def __init__(self, root):
        self.root = Path(root)

    @cached_property
    def files(self):
        """Every text file that is ours, sorted."""
        found = []
        for folder, subfolders, names in os.walk(self.root):
            subfolders[:] = [name for name in subfolders if name not in SKIPPED]
            for name in names:
                path = Path(folder) / name
                if path.is_symlink() or name in SKIPPED or "tests/corpus/" in str(path):
                    continue
                if path.suffix in CODE | SCRIPTS | PROSE or (not path.suffix and is_text(path)):
                    found.append(SourceFile(self.root, path))
        return sorted(found, key=lambda file: file.path)

    @cached_property
    def cxx(self):
        return [file for file in self.files if file.is_cxx]

    @cached_property
    def by_path(self):
        return {str(file.path): file for file in self.files}


def is_text(path):
    with open(path, "rb") as file:
        return b"\0" not in file.read(4096)

"""tests/tidy/text.py: what every file must look like: its size, its head comment, its white space, its words.

Each check takes a tree and gives problems.
"""

import re
import subprocess

from . import cxx

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60
HEAD_LINES = range(2, 5)
UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
# Words about how a change came about belong into no file.
FOREIGN = re.compile(r"/wo" r"rk/|\bissue " r"#|\b(?:this|my|our|previous|earlier|last) session\b|\bhelper " r"agent|\bthe " r"lead\b|\u2014", re.I)


def file_sizes(tree):
    for file in tree.files:
        count = len(file.lines) - (file.text.endswith("\n"))
        if file.is_code and not file.is_generated and count > FILE_LINES_MAX:
            yield file.problem(count, f"{count} lines, at most {FILE_LINES_MAX}")


def function_sizes(tree):
    for file in tree.cxx:
        if file.is_generated:
            continue
        for function in cxx.functions(file.text):
            if function.lines > FUNCTION_LINES_MAX:
                yield file.problem(function.first, f"{function.name}: {function.lines} lines, at most {FUNCTION_LINES_MAX}")


def head_comments(tree):
    """`// folder/file.cpp: what it is`, two to four lines."""
    for file in tree.cxx:
        own_name = "/".join(file.path.parts[1:])
        count = next((at for at, line in enumerate(file.lines) if not line.startswith("//")), len(file.lines))
        if not file.lines[0].startswith(f"// {own_name}: "):
            yield file.problem(1, f'the first line must begin "// {own_name}: "')
        elif count not in HEAD_LINES:
            yield file.problem(1, f"the head comment has {count} lines; two to four say what the file is")


def white_space(tree):
    for file in tree.files:
        if file.path.name == "Makefile" or file.path.name == "LICENSE":
            continue
        for number, line in enumerate(file.lines, 1):
            if "\t" in line:
                yield file.problem(number, "a tab")
            if line != line.rstrip():
                yield file.problem(number, "space at the end of the line")
        if file.text and not file.text.endswith("\n"):
            yield file.problem(len(file.lines), "no newline at the end")


def unfinished(tree):
    for file in tree.files:
        for number, line in enumerate(file.lines, 1):
            if match := UNFINISHED.search(line):
                yield file.problem(number, f"{match[0]}: finish it, or write down why it is fine as it is")


def foreign_words(tree):
    for file in tree.files:
        for number, line in enumerate(file.lines, 1):
            if match := FOREIGN.search(line):
                yield file.problem(number, f'"{match[0]}" tells of something outside the project')


def formatted(tree):
    """clang-format agrees, asked in one go."""
    files = [str(file.full_path) for file in tree.cxx]
    if not files:
        return
    style = f"--style=file:{tree.root / '.clang-format'}"
    answer = subprocess.run(["clang-format-19", "--dry-run", style, *files], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    seen = set()
    for match in re.finditer(r"^(.+?):(\d+):\d+: (?:warning|error)", answer.stdout, re.M):
        file = next(file for file in tree.cxx if str(file.full_path) == match[1])
        if file.path not in seen:  # one line a file is enough to know what to do
            seen.add(file.path)
            yield file.problem(int(match[2]), "run clang-format-19 -i")

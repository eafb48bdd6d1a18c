"""tests/tidy/includes.py: which folder may include which, which file may meet which library, and headers that stand alone.

The table is the architecture; docs/ARCHITECTURE.md gives the reasons.
"""

import hashlib
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)')

BELOW = {
    "base": "",
    "sys": "base",
    "observe": "sys base",
    "http": "base",
    "config": "base",
    "io": "observe sys base",
    "tls": "io observe sys base",
    "h1": "http io observe sys base",
    "h2": "http io observe sys base",
    "h3": "http io observe sys base tls",
    "cache": "http io sys base",
    "upstream": "h1 h2 h3 tls http io observe sys base",
    "server": "h1 h2 h3 tls config http io observe sys base",
    "modules": "server upstream cache tls http config io observe sys base",
    "stream": "server upstream cache tls http config io observe sys base",
    "acme": "server upstream cache tls http config io observe sys base",
    "process": "io observe sys base",
}
BELOW = {folder: set(below.split()) | {folder} for folder, below in BELOW.items()}
BELOW["app"] = set(BELOW) | {"app"}

# Library header -> the files that may meet it; replacing a library then touches one place.
QUARANTINE = [
    (r"openssl/", r"tls/"),
    (r"nghttp2/", r"h2/hpack\.cpp$"),
    (r"ares", r"upstream/resolver\.cpp$"),
    (r"zlib\.h|brotli/|zstd\.h", r"http/content_coding"),
    (r"pcre2\.h", r"config/regex\.cpp$"),
    (r"CLI/", r"app/"),
    (r"fmt/", r".*\.cpp$"),
    (r"gtest/|gmock/", r".*_test\.(cpp|hpp)$"),
]
# Folders that take bytes and give values: they ask the system nothing.
NO_SYSTEM = {"base", "http", "config"}
SYSTEM_HEADER = re.compile(r"(?:sys/(?!types\.h).*|unistd|fcntl|poll|signal|pwd|grp|glob|dirent|netdb)(?:\.h)?$")


def of(file):
    """(line, name, ours) of each #include."""
    for number, line in enumerate(file.lines, 1):
        if match := INCLUDE.match(line):
            yield number, match[1] or match[2], match[1] is not None


def direction(tree):
    for file in tree.cxx:
        folder = file.path.parts[1]
        if folder not in BELOW:
            yield file.problem(1, f"folder {folder}/ is not in the table of who may include whom")
            continue
        for number, name, ours in of(file):
            if not ours:
                continue
            other = name.split("/")[0]
            if f"src/{name}" not in tree.by_path:
                yield file.problem(number, f'"{name}" is no file of ours; write "folder/file.hpp"')
            elif other not in BELOW[folder]:
                yield file.problem(number, f"{folder}/ must not include {other}/")
            elif folder == other == "modules" and not may_meet(file.path.name, name):
                yield file.problem(number, f"modules do not know each other; what they share belongs into server/ ({name})")


def may_meet(file_name, included):
    """The registry knows all modules; a module is known to its own files: proxy_head.cpp may include modules/proxy.hpp."""
    stem = file_name.split(".")[0]
    other = included.split("/")[-1].split(".")[0]
    return stem.startswith("registry") or other == "registry" or stem.split("_")[0] == other.split("_")[0] or stem.startswith(other)


def quarantine(tree):
    for file in tree.cxx:
        own_name = "/".join(file.path.parts[1:])
        for number, name, ours in of(file):
            if ours:
                continue
            for header, home in QUARANTINE:
                if re.match(header, name) and not re.match(home, own_name):
                    yield file.problem(number, f"<{name}> belongs only to {home}")
            if file.path.parts[1] in NO_SYSTEM and SYSTEM_HEADER.match(name) and not own_name.endswith(("_test.cpp", "_fuzz.cpp")):
                yield file.problem(number, f"{file.path.parts[1]}/ asks the system nothing, so it has no use for <{name}>")


def closure_hash(tree, file):
    """Of a header and all of ours that it includes."""
    pending, known = [file], {}
    while pending:
        one = pending.pop()
        if one.path in known:
            continue
        known[one.path] = one.text
        pending += [tree.by_path[f"src/{name}"] for _, name, ours in of(one) if ours and f"src/{name}" in tree.by_path]
    return hashlib.sha256(repr(sorted((str(path), text) for path, text in known.items())).encode()).hexdigest()


@lru_cache
def compiler():
    return next(name for name in ("clang++-19", "g++") if shutil.which(name))


def self_contained(tree):
    """Each header compiles alone; those known to do so are remembered by content in build/."""
    cache = tree.root / "build/header-cache"
    cache.mkdir(parents=True, exist_ok=True)

    def compile_alone(file):
        mark = cache / closure_hash(tree, file)
        if mark.exists():
            return None
        answer = subprocess.run([compiler(), "-std=c++23", "-fsyntax-only", "-Wall", "-Wextra", "-I", str(tree.root / "src"), "-x", "c++", "-"],
                                input=f'#include "{"/".join(file.path.parts[1:])}"\n', stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if answer.returncode == 0:
            mark.touch()
            return None
        first = next((line for line in answer.stdout.splitlines() if "error" in line), answer.stdout[:200])
        return file.problem(1, f"does not compile alone: {first}")

    headers = [file for file in tree.cxx if file.path.suffix == ".hpp"]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from (problem for problem in pool.map(compile_alone, headers) if problem)

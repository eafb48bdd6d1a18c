"""tests/suites.py: builds and runs the parts of the test suite; ./test calls it.

Each part adds to one tally; a suite that crashes, hangs or cannot be built counts as failed. Detailed results are in build/results.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from threading import Lock

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
RESULTS = BUILD / "results"
FUZZ_SECONDS = int(os.environ.get("WEBSERV_FUZZ_SECONDS", "10"))
SANITIZERS = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.complaints = []
        self.lock = Lock()  # some parts run two suites at once

    def add(self, name, passed, failed, began):
        with self.lock:
            self.passed += passed
            self.failed += failed
            if failed:
                self.complaints.append(name)
        print(f"{'FAILED' if failed else 'ok':6} {name}: {passed} passed, {failed} failed ({time.monotonic() - began:.0f} s)", flush=True)


def run(command, seconds, output, **environment):
    """The exit status, or None if it did not end in time; all that it started is ended then."""
    with open(output, "wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                                   env={**os.environ, **environment}, start_new_session=True)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            log.write(f"\ndid not end within {seconds} s\n".encode())
            return None
        finally:
            if process.returncode is None:  # too slow, or we were told to end
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def show(log, lines=60):
    print("".join(log.read_text(errors="replace").splitlines(keepends=True)[-lines:]), flush=True)


@cache
def build(tally, preset, *targets):
    """Configures and builds, once; says whether that worked."""
    began = time.monotonic()
    log = RESULTS / f"build-{preset}.log"
    command = ["cmake", "--build", "--preset", preset] + [f"--target={target}" for target in targets]
    if run(["cmake", "--preset", preset], 300, log) == 0 and run(command, 3600, log) == 0:
        print(f"ok     build {preset} ({time.monotonic() - began:.0f} s)", flush=True)
        return True
    show(log)
    tally.add(f"build {preset}", 0, 1, began)
    return False


def count_xml(path):
    """(passed, failed) of a report by googletest or pytest; None if there is no whole report."""
    try:
        suites = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return None
    cases = list(suites.iter("testcase"))
    failed = sum(1 for case in cases if case.find("failure") is not None or case.find("error") is not None)
    skipped = sum(1 for case in cases if case.find("skipped") is not None or case.get("status") == "notrun")
    return len(cases) - failed - skipped, failed


def run_reporting(tally, name, command, seconds, **environment):
    """Runs a program that leaves `name`.xml in the results."""
    began = time.monotonic()
    log, report = RESULTS / f"{name}.log", RESULTS / f"{name}.xml"
    status = run(command, seconds, log, **environment)
    passed, failed = count_xml(report) or (0, 1)
    if status != 0 and not failed:
        failed = 1  # all was well until it ended badly
    if failed:
        show(log)
    tally.add(name, passed, failed, began)


def unit(tally, preset="release"):
    if not build(tally, preset):
        return
    listing = subprocess.run(["ctest", "--test-dir", str(BUILD / preset), "--show-only=json-v1"], stdout=subprocess.PIPE, check=True)
    for test in json.loads(listing.stdout)["tests"]:
        name = f"unit-{preset}-{test['name']}"
        run_reporting(tally, name, test["command"], 180, GTEST_OUTPUT=f"xml:{RESULTS / name}.xml", **SANITIZERS)


def integration(tally, preset="release"):
    if not build(tally, preset):
        return
    name = f"integration-{preset}"
    # A test kills a worker with SIGSEGV: it shall die of that, and not write a report first.
    sanitizers = {**SANITIZERS, "ASAN_OPTIONS": SANITIZERS["ASAN_OPTIONS"] + ":handle_segv=0"}
    run_reporting(tally, name,
                  [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={RESULTS / name}.xml", "tests/integration"],
                  1200, WEBSERV_BINARY=str(BUILD / preset / "webserv"), PYTHONDONTWRITEBYTECODE="1", **sanitizers)


# What a client can tell, in the two other models of concurrency: a bounded choice of files, about a minute in all.
IN_EVERY_MODEL = ["content", "keepalive", "refusals", "request_content", "static", "timeouts", "same_as_nginx"]


def models(tally):
    if not build(tally, "release", "webserv"):
        return
    for model in ("fork", "iterative"):
        name = f"integration-{model}"
        files = [f"tests/integration/test_{topic}.py" for topic in IN_EVERY_MODEL]
        run_reporting(tally, name,
                      [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={RESULTS / name}.xml", *files], 300,
                      WEBSERV_BINARY=str(BUILD / "release" / "webserv"), PYTHONDONTWRITEBYTECODE="1", WEBSERV_CONCURRENCY=model)


# Everything that is about HTTP's semantics, over HTTP/2; what cannot be said there is marked @http1_only("why").
OVER_H2 = [
    "access", "access_log", "add_header", "add_trailer", "auth_basic", "autoindex", "content", "dav", "disable_symlinks", "early_read", "expires", "file_reading",
    "inheritance", "location", "log", "merge_slashes", "more_headers", "network_variables", "output", "post_action", "random_index", "ranges", "realip", "redirects",
    "reload", "reload_listeners", "request_content", "request_intake", "return_error_page", "root_alias_index", "same_as_nginx", "server_name",
    "server_tokens", "signals", "static", "static_coding", "stub_status", "try_files", "types", "upgrade"]
# What is about HTTP/1's octets, over TLS: a choice of files, a minute.
OVER_HTTPS = ["content", "head_limits", "keepalive", "refusals", "reload", "reload_listeners", "request_content", "same_as_nginx", "signals", "static",
              "timeouts", "upgrade"]


def h2(tally):
    """The tests again, with requests carried otherwise: two minutes, as two run at once."""
    if not build(tally, "release", "webserv"):
        return

    def over(lane, job):
        transport, topics = job
        name = f"integration-{transport}-{lane}"
        files = [f"tests/integration/test_{topic}.py" for topic in topics]
        run_reporting(tally, name, [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={RESULTS / name}.xml", *files], 600,
                      WEBSERV_BINARY=str(BUILD / "release" / "webserv"), PYTHONDONTWRITEBYTECODE="1", WEBSERV_TRANSPORT=transport,
                      WEBSERV_TEST_LANE=str(lane))

    jobs = [("h2", OVER_H2[::2]), ("h2", OVER_H2[1::2]), ("https", OVER_HTTPS)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(over, range(len(jobs)), jobs))


def browser(tally):
    """What our pages are like in a browser; not with the sanitizers, which have nothing to find in a page."""
    if not build(tally, "release", "webserv"):
        return
    run_reporting(tally, "browser", [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={RESULTS / 'browser.xml'}",
                                     "tests/browser"], 600,
                  WEBSERV_BINARY=str(BUILD / "release" / "webserv"), PYTHONDONTWRITEBYTECODE="1")


def soak(tally, preset="release"):
    """A short one; `python3 -m pytest tests/soak` takes its three minutes."""
    if not build(tally, preset, "webserv"):
        return
    name = f"soak-{preset}"
    run_reporting(tally, name, [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={RESULTS / name}.xml", "tests/soak"], 300,
                  WEBSERV_BINARY=str(BUILD / preset / "webserv"), WEBSERV_SOAK_SECONDS=os.environ.get("WEBSERV_SOAK_SECONDS", "10"),
                  PYTHONDONTWRITEBYTECODE="1", **SANITIZERS)


def effect(tally):
    if build(tally, "release", "webserv"):
        counting(tally, "effect", [sys.executable, "tests/effect.py"], 1200)


def asan(tally):
    unit(tally, "asan")
    integration(tally, "asan")
    soak(tally, "asan")


def fuzz_one(program):
    """A short run from the corpus; what it finds new is dropped, what breaks it is kept in build/results."""
    corpus = ROOT / "tests/corpus" / program.name
    log = RESULTS / f"{program.name}.log"
    with tempfile.TemporaryDirectory() as found:
        folders = [found] + ([str(corpus)] if corpus.is_dir() else [])
        status = run([str(program), *folders, f"-max_total_time={FUZZ_SECONDS}", "-timeout=10", "-rss_limit_mb=2048",
                      f"-artifact_prefix={RESULTS}/{program.name}-"], FUZZ_SECONDS * 3 + 60, log, **SANITIZERS)
    return program.name, log, status


def fuzz(tally):
    if not build(tally, "fuzz", "fuzzers"):
        return
    began = time.monotonic()
    sources = sorted(ROOT.glob("src/*/*_fuzz.cpp"))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, log, status in pool.map(fuzz_one, [BUILD / "fuzz" / source.stem for source in sources]):
            if status != 0:
                show(log)
            tally.add(f"fuzz {name}", int(status == 0), int(status != 0), began)


def counting(tally, name, command, seconds):
    """Runs a script of ours whose last line says `N passed, N failed`."""
    began = time.monotonic()
    log = RESULTS / f"{name}.log"
    status = run(command, seconds, log)
    lines = log.read_text(errors="replace").splitlines()
    counts = re.fullmatch(r"(\d+) passed, (\d+) failed", lines[-1]) if lines else None
    passed, failed = (int(counts[1]), int(counts[2])) if counts else (0, 1)
    for line in lines:
        if "were not looked at" in line:
            print(line)
    if status != 0 and not failed:
        failed = 1
    if failed:
        show(log, 200)
    tally.add(name, passed, failed, began)


def style(tally):
    if build(tally, "release", "webserv"):  # tidy_test compares the manual with what webserv says of itself
        counting(tally, "tidy_test", ["tests/tidy_test"], 900)
    counting(tally, "lint", ["tests/lint"], 2400)


PARTS = {"unit": unit, "style": style, "integration": integration, "browser": browser, "models": models, "h2": h2, "soak": soak, "effect": effect,
         "asan": asan, "fuzz": fuzz}


def main(names):
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        sys.exit(f"unknown part: {' '.join(unknown)}; there are: {' '.join(PARTS)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    shutil.rmtree(RESULTS, ignore_errors=True)
    RESULTS.mkdir(parents=True)
    tally = Tally()
    for name in names or PARTS:
        PARTS[name](tally)
    if tally.complaints:
        print("failed:", ", ".join(tally.complaints))
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

# integration/test_cost.py: what the documentation says that a request costs in instructions, and that it takes nothing from the heap.
# Counted by valgrind, so the same on every machine with the same compiler; the figures are those of bench/cost.py.
import re
import shutil
import sys
from pathlib import Path

import pytest
from harness import process
from harness.marks import cases, not_in_model, webserv_only

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
import cost  # noqa: E402

pytestmark = [
    webserv_only("the figures are ours"),
    not_in_model("fork", "a process of its own pays for each connection"),
    not_in_model("iterative", "the code is the same"),
    pytest.mark.skipif(shutil.which("valgrind") is None, reason="needs valgrind"),
    pytest.mark.skipif(b"__asan_init" in Path(process.BINARY).read_bytes(), reason="valgrind and the sanitizers exclude each other"),
]

WORSE_AT_MOST = 1.03


def documented():
    """Instructions a request by the name of the case."""
    page = (ROOT / "docs/PERFORMANCE.md").read_text()
    rows = re.findall(r"^\| ([^|]+?) \| (\d+) \| [\d.]+ \|", page, re.M)
    titles = {case.title: name for name, case in cost.CASES.items()}
    return {titles[title]: int(instructions) for title, instructions in rows if title in titles}


@cases("name", ["small", "log", "large", "missing"])
def test_instructions_and_allocations(name):
    costs = cost.cost(process.BINARY, name)
    assert costs["allocations"] < 0.05
    assert costs["instructions"] <= documented()[name] * WORSE_AT_MOST

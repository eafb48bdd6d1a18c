#!/usr/bin/env python3
"""bench/document.py: writes docs/PERFORMANCE.md from results of peers.py and cost.py: when, where, which versions, what came out.

bench/document.py RESULTS...   several runs are gathered; a workload is taken from the last that has it
"""

import json
import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path

import cost
import peers

PAGE = Path(__file__).resolve().parent.parent / "docs/PERFORMANCE.md"
HEAD = """# Performance

What a request costs, side by side with others on the same machine at the same time. Made by `bench/document.py` out of what
`bench/peers.py` has measured; [bench/README.md](../bench/README.md) tells how it measures and how to repeat it. Compare ratios: the
figures themselves are those of one machine on one day. The limit programs (`limit-...`) do nothing but the system calls that an answer
needs: nobody can be cheaper by these calls. A ratio is the median of those of each round. Where the lowest and the highest figure of a
server are far apart, something else used the machine meanwhile: look how far the limit program is from nginx.

What does not depend on a machine's mood is held by tests: `tests/integration/test_hot_path.py` counts the system calls of an answer,
`tests/integration/test_cost.py` holds the instructions of the table below, and that answers take nothing from the heap.

"""
NOTES = """## What bounds these figures

- (a), (e), (l): recv and one send an answer, the loop's two calls shared by many. The kernel's part is the limit program's (in (a) 82 % of
  the time, three quarters of it for sendmsg, in which the client's receiving and waking are included); our own code is 15 %, spread over
  sixty functions, of which none takes 2 %. Taking a tenth of its instructions away took 1 % of the time.
  In (l), where the load generator sets the pace, the servers are closer to each other than their "user" columns: nginx finds 20 requests
  in a turn of its loop, webserv, less busy, 5 (in (a): 24 and 4.5), so that the sockets' memory is cold for each of them.
  What made no difference: optimising for speed (-O3) or size (-Os: 5 % dearer), copying head and content into one buffer for send(2)
  (0.3 %), letting the compiler copy structures by eight octets instead of sixteen, for the stalls that the latter cause.
- (a-log): three quarters of what a log line costs is asking for its variables and looking for octets to escape. Two more locations and three
  `add_header` add 3 % to a logged answer's time.
- (b): the kernel's way from the page cache to the socket, page by page, is four fifths; the rest is our code, which these pages have
  driven out of the processor's caches meanwhile. What leaves by one sendfile is not corked: that took two system calls, and did not
  save a segment. Another order of the functions in the program made no difference, nor did sending from memory (which costs more).
- (d): four fifths are the kernel's: handshake, transmission, and above all close, which is two fifths. It takes six system calls here, nine
  in nginx. `limit-epoll` is the floor for all but h2o, which has the kernel wait for the request, as `listen ... deferred` does
  (`webserv-deferred`, whose floor is `limit-deferred`). Sending without MSG_MORE, closing at the end of the turn or in the next
  one, and optimising at link time made no difference.
- (p): what is offered is a small part of what one worker can do; what is measured is mostly how often the load generator is kept waiting.
- (j): a connection that waits is one object, without a coroutine; nginx keeps a pool of 512 octets. (j-tls): OpenSSL's own objects are
  nearly all of it. The largest rests meanwhile: four fifths of it are zeros, which go back to the system. The others (expanded keys, the
  session, what the handshake was made with) OpenSSL 3.0 frees with the connection only.
- (g): the signature and the key exchange are OpenSSL's, and nine tenths of it.
- (h2), (f-b): octets are copied out of the page cache, by OpenSSL into a record, and once more to leave with others in one write. Of (h2)'s
  time 43 % are libcrypto's, 36 % the kernel's, 10 % libc's (copying), 5 % libssl's and 6 % our own (perf). Sending each record as it is
  made saves one copy and costs 6 % more.

"""
COSTS = """## Instructions and allocations

Instructions of the program itself, without the kernel's, and allocations on the heap, for one request: counted by `bench/cost.py`.

"""


def first_line(command):
    try:
        answer = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=10)
    except OSError:
        return None
    lines = answer.stdout.splitlines()
    return lines[0].strip() if lines else None


def version_of(name, binary):
    """What a server says of itself in its first line; nothing for the limit programs, nor twice for the same program."""
    if name.startswith("limit-") or name.endswith("-deferred"):
        return None
    line = first_line([binary, "--version" if name == "caddy" else "-v"])
    return re.sub(r"^.*version: *", "", line) if line else None


def machine():
    text = Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*: (.*)$", text, re.M)
    return f"{os.cpu_count()} processors ({model[1] if model else platform.machine()}), Linux {platform.release()}"


def main(paths):
    results = [json.loads(Path(path).read_text()) for path in paths]
    runs = [result for result in results if "samples" in result]
    if not runs:
        sys.exit(__doc__)
    costs = [COSTS + cost.table(result["costs"]) for result in results if "costs" in result]
    samples = {}
    for run in runs:
        for workload in {sample["workload"] for sample in run["samples"]}:
            samples[workload] = [sample for sample in run["samples"] if sample["workload"] == workload]
    servers = {name: binary for run in runs for name, binary in run["servers"].items()}
    versions = [f"{name}: {version}" for name, binary in sorted(servers.items()) if (version := version_of(name, binary))]
    day = time.strftime("%d %B %Y", time.gmtime(max(Path(path).stat().st_mtime for path in paths)))
    rounds = ", ".join(sorted({f"{run['rounds']} rounds of {run['seconds']} s" for run in runs}))
    lines = [f"Measured on {day}: {machine()}; {rounds}, medians.", "", "Versions: " + "; ".join(versions) + ".", ""]
    tables = [peers.table(samples[name], workload) for name, workload in peers.WORKLOADS.items() if name in samples]
    PAGE.write_text(HEAD + "\n".join(lines) + "\n" + "\n".join([*tables, NOTES.rstrip("\n") + "\n", *costs[-1:]]))
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main(sys.argv[1:])

# integration/test_hot_path.py: what an answer costs where it is counted, not timed: system calls of small files on connections that stay.
# Figures of the clock are the business of bench/.
import os
import re
from collections import Counter

from harness.client import head_of
from harness.marks import not_in_model, webserv_only
from test_sendfile_and_tcp import Trace, needs_strace

CLIENTS = 64
ROUNDS = 30


def calls_of(trace):
    """Finished calls by name; strace's "resumed" lines are the second halves of others."""
    return Counter(name for line in trace.text().splitlines() if (match := re.match(r"\d+ +(\w+)\(", line)) and (name := match[1]))


def rounds(connections, target, count):
    for _ in range(count):
        for connection in connections:
            connection.send(head_of("GET", target))
        for connection in connections:
            assert connection.read_response().status == 200


@needs_strace
@webserv_only("it makes twice as many")
@not_in_model("fork", "each connection has a process of its own")
@not_in_model("iterative", "connections are answered one after another")
def test_a_small_file_costs_two_system_calls(serve, site):
    site.write("small", "x" * 1024)
    server = serve(server="")
    connections = [server.connect() for _ in range(CLIENTS)]
    rounds(connections, "/small", 2)  # the file is worth a watch now
    with Trace(server, "all") as trace:
        rounds(connections, "/small", ROUNDS)
        # A change is seen all the same, by whoever asks next.
        os.replace(site.write("new", "y" * 1024), site.root / "small")
        connections[0].send(head_of("GET", "/small"))
        assert connections[0].read_response().content == b"y" * 1024
    calls = calls_of(trace)
    answers = CLIENTS * ROUNDS
    # recv and sendmsg; epoll_wait is shared by those whose requests came together; what has changed is read when the loop tells.
    assert calls["recvfrom"] <= answers + CLIENTS and calls["sendmsg"] <= answers + CLIENTS, calls
    assert sum(calls.values()) <= 2.1 * answers + 200, calls
    assert calls["read"] <= CLIENTS, calls
    # With a second between two stats of a file, few are left.
    assert calls["newfstatat"] < answers / 20, calls
    for connection in connections:
        connection.close()

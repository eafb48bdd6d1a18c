# integration/harness/sockets.py: who has which socket, as the kernel tells it in /proc.
# Nothing here asks the server under test.
import os
import re
from pathlib import Path


def sockets_of(pid):
    """Inodes of the sockets that a process has open."""
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            if match := re.fullmatch(r"socket:\[(\d+)\]", os.readlink(entry)):
                found.add(match[1])
        except OSError:
            continue
    return found


def tcp_inodes(port, state):
    """Inodes of TCP sockets on our side of this port: state 0A is LISTEN, 01 is ESTABLISHED."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[9] for row in rows if int(row[1].split(":")[1], 16) == port and row[3] == state}


def connected_inodes(port):
    """Inodes of connections on our side of this port that have not ended: the peer may have sent its FIN."""
    return tcp_inodes(port, "01") | tcp_inodes(port, "08")


def queued(port):
    """Connections that wait to be accepted there."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [int(row[4].split(":")[1], 16) for row in rows if int(row[1].split(":")[1], 16) == port and row[3] == "0A"][0]


def all_children_of(pid):
    """Zombies too."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]) == pid:
                found.append(int(entry.name))
        except OSError:
            continue
    return found

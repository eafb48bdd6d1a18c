# integration/harness/name_server.py: a DNS server (RFC 1035) that knows what a test tells it, and remembers what it was asked.
# It can keep silent, refuse, and say that an answer is too long for a datagram.
import contextlib
import ipaddress
import socket
import struct
import threading

A, CNAME, AAAA = 1, 5, 28
NO_ERROR, SERVER_FAILURE, NO_SUCH_NAME = 0, 2, 3
TYPES = {"A": A, "AAAA": AAAA, "CNAME": CNAME}


def encode_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def read_question(message):
    """(name, type, where it ends)"""
    labels, at = [], 12
    while message[at]:
        labels.append(message[at + 1:at + 1 + message[at]].decode())
        at += 1 + message[at]
    return ".".join(labels).lower(), struct.unpack_from(">H", message, at + 1)[0], at + 5


class NameServer:
    """`records`: {name: [("A", "127.0.0.1", seconds), ("CNAME", "other.test", seconds)]}."""

    def __init__(self, records, silent=False, truncates=False, failure=None):
        self.records, self.silent, self.truncates, self.failure = records, silent, truncates, failure
        self.asked = []  # of (name, type, "udp" or "tcp")
        self.datagrams, self.listener = self.open()
        self.port = self.datagrams.getsockname()[1]
        self.threads = [threading.Thread(target=run, daemon=True) for run in (self.serve_datagrams, self.serve_streams)]
        for thread in self.threads:
            thread.start()

    @staticmethod
    def open():
        """Both kinds of sockets at one port."""
        for _ in range(50):
            listener = socket.create_server(("127.0.0.1", 0))
            datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            with contextlib.suppress(OSError):
                datagrams.bind(listener.getsockname())
                return datagrams, listener
            listener.close()
            datagrams.close()
        raise AssertionError("no port is free for both")

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def questions(self, kind="A"):
        return [name for name, type_, _ in self.asked if type_ == TYPES[kind]]

    def answer(self, message, transport):
        name, type_, end = read_question(message)
        self.asked.append((name, type_, transport))
        if self.silent:
            return None
        code = self.failure if self.failure is not None else NO_ERROR if name in self.records else NO_SUCH_NAME
        records = []
        while code == NO_ERROR and name in self.records:
            known = self.records[name]
            records += [(name, *record) for record in known if TYPES[record[0]] in (type_, CNAME)]
            name = next((value for kind, value, _ in known if kind == "CNAME"), None)
        is_cut = self.truncates and transport == "udp"
        flags = 0x8180 | (0x0200 if is_cut else 0) | code
        answers = b"" if is_cut else b"".join(self.encode(*record) for record in records)
        return message[:2] + struct.pack(">HHHHH", flags, 1, 0 if is_cut else len(records), 0, 0) + message[12:end] + answers

    @staticmethod
    def encode(name, kind, value, seconds):
        data = encode_name(value) if kind == "CNAME" else ipaddress.ip_address(value).packed
        return encode_name(name) + struct.pack(">HHIH", TYPES[kind], 1, seconds, len(data)) + data

    def serve_datagrams(self):
        with contextlib.suppress(OSError):
            while True:
                message, peer = self.datagrams.recvfrom(4096)
                if not message:
                    return
                if reply := self.answer(message, "udp"):
                    self.datagrams.sendto(reply, peer)

    def serve_streams(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), connection:
                connection.settimeout(10)
                while size := connection.recv(2):
                    message = connection.recv(struct.unpack(">H", size)[0])
                    if reply := self.answer(message, "tcp"):
                        connection.sendall(struct.pack(">H", len(reply)) + reply)

    def stop(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", ("127.0.0.1", self.port))  # an empty one ends it
        for thread in self.threads:
            thread.join(10)
        self.datagrams.close()

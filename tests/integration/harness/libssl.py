# integration/harness/libssl.py: a client that says below HTTP what no other client lets one say: OpenSSL's library, called directly.
# It trusts everybody.
import ctypes
import socket

UPDATE_NOT_REQUESTED, UPDATE_REQUESTED = 0, 1


class Client:
    def __init__(self, address, tls12=False):
        self.library = ctypes.CDLL("libssl.so.3")
        for name in ("TLS_client_method", "SSL_CTX_new", "SSL_new"):
            getattr(self.library, name).restype = ctypes.c_void_p
        self.context = self.call("SSL_CTX_new", self.call("TLS_client_method"))
        if tls12:
            set_max_version, version = 124, 0x0303  # SSL_CTX_set_max_proto_version() is a macro
            self.library.SSL_CTX_ctrl(self.context, set_max_version, ctypes.c_long(version), None)
        self.session = self.call("SSL_new", self.context)
        self.socket = socket.create_connection(address, timeout=20)
        self.socket.setblocking(True)
        self.library.SSL_set_fd(self.session, self.socket.fileno())
        assert self.library.SSL_connect(self.session) == 1

    def call(self, name, *arguments):
        return ctypes.c_void_p(getattr(self.library, name)(*arguments))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.library.SSL_free(self.session)
        self.library.SSL_CTX_free(self.context)
        self.socket.close()

    def update_keys(self, kind):
        """@return whether it could be said"""
        return self.library.SSL_key_update(self.session, kind) == 1 and self.library.SSL_do_handshake(self.session) == 1

    def renegotiate(self):
        return self.library.SSL_renegotiate(self.session) == 1 and self.library.SSL_do_handshake(self.session) == 1

    def send(self, octets):
        return self.library.SSL_write(self.session, octets, len(octets)) == len(octets)

    def receive(self):
        """Some octets; none: the connection is over, either way."""
        buffer = ctypes.create_string_buffer(65536)
        count = self.library.SSL_read(self.session, buffer, len(buffer))
        return buffer.raw[:max(count, 0)]

# integration/harness/responder.py: openssl(1) as the authority that says whether certificates are revoked: made once, or asked over HTTP.
# What it says can be spoilt in the ways in which authorities, and those who pose as one, spoil it.
import re
import subprocess

from . import certificates


def serial_of(made, name):
    return certificates.openssl("x509", "-in", f"{name}.pem", "-noout", "-serial", folder=made.dir).strip().split("=")[1]


def register(made, *names, revoked=False):
    """The authority knows these certificates from now on. @return its index"""
    state = "R\t491231235959Z\t200101000000Z" if revoked else "V\t491231235959Z\t"
    index = made.dir / f"{names[0]}.index"
    index.write_text("".join(f"{state}\t{serial_of(made, name)}\tunknown\t/CN={name}\n" for name in names))
    return index


def response(made, name, signer="authority", issuer="authority", times=("-ndays", "7"), revoked=False):
    """What the authority says about NAME.pem: DER. @param signer  who signs it"""
    index = register(made, name, revoked=revoked)
    certificates.openssl("ocsp", "-index", index, "-CA", f"{issuer}.pem", "-rsigner", f"{signer}.pem", "-rkey", f"{signer}.key", "-issuer",
                         f"{issuer}.pem", "-cert", f"{name}.pem", "-respout", f"{name}.der", *times, "-noverify", folder=made.dir)
    return (made.dir / f"{name}.der").read_bytes()


class Responder:
    """openssl ocsp -port: a real one."""

    def __init__(self, made, *names, issuer="authority"):
        index = register(made, *names)
        self.process = subprocess.Popen(["openssl", "ocsp", "-index", index, "-port", "0", "-rsigner", f"{issuer}.pem", "-rkey", f"{issuer}.key",
                                         "-CA", f"{issuer}.pem", "-ndays", "7"], cwd=made.dir, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.port = None
        for line in self.process.stdout:  # "ACCEPT 0.0.0.0:34567 PID=123"
            if found := re.search(r"ACCEPT .*:(\d+)", line):
                self.port = int(found[1])
                break
        assert self.port, "openssl does not say where it listens"

    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()

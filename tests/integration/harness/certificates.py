# integration/harness/certificates.py: authorities, certificates and keys, made with openssl(1) once a test run.
# Whoever reads a configuration here sees names; what they stand for is in this file.
import ssl
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

CONFIGURATION = """
[req]
distinguished_name = dn
[dn]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = CA:FALSE
subjectAltName = $ENV::NAMES
"""


def openssl(*arguments, names="DNS:localhost", folder=None, text=None):
    done = subprocess.run(["openssl", *map(str, arguments)], env={"NAMES": names, "PATH": "/usr/bin:/bin"}, cwd=folder, input=text,
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def key_options(kind):
    return ["-newkey", "rsa:2048"] if kind == "rsa" else ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]


class Certificates:
    """A folder with an authority, and what it vouches for. All of it may be read by anybody: these are tests."""

    def __init__(self, common_name="Test Authority"):
        self.dir = Path(tempfile.mkdtemp(prefix="webserv-certificates-"))
        self.dir.chmod(0o755)
        (self.dir / "openssl.cnf").write_text(CONFIGURATION)
        self.authority = self.make_authority("authority", common_name)

    def make_authority(self, name, common_name, issuer=None):
        """A self-signed authority, or one below another. @return the path of its certificate"""
        return self.issue(name, common_name, issuer or name, extensions="ca")

    def issue(self, name, common_name="localhost", issuer="authority", names=None, kind="ecdsa", days=30, extensions="leaf"):
        """NAME.pem and NAME.key, signed by `issuer`. @return the certificate's path"""
        names = ",".join(f"IP:{one}" if one[0].isdigit() else f"DNS:{one}" for one in names or [common_name.replace(" ", "-")])
        config = self.dir / "openssl.cnf"
        openssl("req", "-new", "-utf8", *key_options(kind), "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={common_name}",
                "-config", config, names=names, folder=self.dir)
        signing = ["-signkey", f"{name}.key"] if issuer == name else ["-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key", "-CAcreateserial"]
        openssl("x509", "-req", "-in", f"{name}.csr", *signing, "-days", str(days), "-out", f"{name}.pem", "-extfile", config,
                "-extensions", extensions, names=names, folder=self.dir)
        return self.dir / f"{name}.pem"

    def pair(self, name, **options):
        """The two directives that make a server use this certificate; it is made if there is none yet."""
        if not (self.dir / f"{name}.pem").exists():
            self.issue(name, **options)
        return f" ssl_certificate {self.dir}/{name}.pem; ssl_certificate_key {self.dir}/{name}.key; "


@lru_cache
def shared():
    """For tests that only need some certificates."""
    return Certificates()


def client(certificates=None, certificate=None, protocol=None, ciphers=None, verify=True):
    """What a client speaks and trusts. @param certificate  the name of its own; @param protocol  the only one it speaks"""
    certificates = certificates or shared()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if verify:
        context.load_verify_locations(certificates.authority)
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate:
        context.load_cert_chain(certificates.dir / f"{certificate}.pem", certificates.dir / f"{certificate}.key")
    if ciphers:
        context.set_ciphers(ciphers)
    if protocol:
        context.minimum_version = context.maximum_version = protocol
    return context

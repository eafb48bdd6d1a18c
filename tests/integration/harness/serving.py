# integration/harness/serving.py: `webserv serve FOLDER`, running, with what it prints.
# The folder is the site's root unless another one is named.
import re

from . import process
from .client import Connection


class Serving:
    def __init__(self, site, *arguments, wait=True, folder=None):
        self.site = site
        self.port = site.port()
        self.output = site.dir / "stdout"
        if not any(argument.startswith("--port") for argument in arguments) and "--unix" not in arguments:
            arguments = (*arguments, "--port", str(self.port))
        with open(self.output, "wb") as stdout:
            self.process = process.Process(["serve", str(folder or site.root), *arguments], site.dir / "stderr", stdout=stdout)
        if wait:
            self.process.wait_ready([str(site.dir / "socket")] if "--unix" in arguments else [("127.0.0.1", self.port)])

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    def get(self, target, *fields, address=None):
        with Connection(address or ("127.0.0.1", self.port)) as connection:
            return connection.get(target, *fields)

    def text(self):
        return self.output.read_text() + self.process.stderr

    def wait_for(self, pattern):
        return process.wait_until(lambda: re.search(pattern, self.text(), re.M), what=f"{pattern!r} in the output")

    def stop(self):
        """@return complaints"""
        return self.process.stop() + process.complaints_in(self.process.stderr)

# soak/documents.py: documents that change all the time, each in another way, and what may be answered meanwhile.
# A version is the octet that the content consists of. Who begins to ask after a change was made must get it, or a later one.
import mmap
import os
import threading
import time

KINDS = 250  # versions that can be told apart by their octet, which is never NUL


class Document:
    """`made`: the last change that is complete. `begun`: the last one that may be seen already."""

    atomic = True  # content is of one version

    def __init__(self, root, name, size):
        self.root, self.name, self.size = root, name, size
        self.path = root / name
        self.begun = self.made = 0
        self.changes = 0
        self.prepare()
        self.write(0)

    @property
    def target(self):
        return f"/{self.name}"

    def prepare(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)

    def octet(self, version):
        return bytes([1 + version % KINDS])

    def length(self, version):
        return self.size + version % 17

    def content(self, version):
        return self.octet(version) * self.length(version)

    def change(self):
        self.begun += 1
        self.write(self.begun)
        self.made = self.begun
        self.changes += 1

    # What a client may see between `floor`, which was made before it asked, and `ceiling`, which had begun when it got its answer.

    def objection(self, response, floor, ceiling, asked_for=None):
        """What is wrong with an answer, or None. `asked_for`: the version whose entity tag was sent."""
        versions = range(floor, ceiling + 1)
        if response.status == 304:
            return None if asked_for in versions else f"304 for version {asked_for}"
        if response.status != 200:
            return f"status {response.status}"
        return self.objection_to_content(response.content, versions)

    def objection_to_content(self, content, versions):
        if any(content == self.content(version) for version in versions):
            return None
        return f"{len(content)} octets {sorted(set(content))[:5]}"

    def may_be_cut(self, floor, ceiling):
        return False


def dated(path, version):
    """Entity tags are made of date and size: this way each version has one of its own."""
    os.utime(path, (1_000_000_000 + version,) * 2)
    return path


class Replaced(Document):
    """By rename(2), as everybody should."""

    def write(self, version):
        fresh = self.path.with_name(f".{self.path.name}.new")
        fresh.write_bytes(self.content(version))
        dated(fresh, version).rename(self.path)


class Released(Document):
    """In a folder that a symbolic link leads to; the link changes, and the old folder goes a little later."""

    def prepare(self):
        self.folder = self.root / "releases"
        self.link = self.root / "current"
        self.folder.mkdir()
        self.path = self.link / self.name

    @property
    def target(self):
        return f"/current/{self.name}"

    def write(self, version):
        folder = self.folder / str(version)
        folder.mkdir()
        (folder / self.name).write_bytes(self.content(version))
        dated(folder / self.name, version)
        fresh = self.root / ".current.new"
        fresh.symlink_to(folder)
        fresh.rename(self.link)
        if (old := self.folder / str(version - 20)).exists():
            (old / self.name).unlink()
            old.rmdir()


class Torn(Document):
    """A document that can be seen half changed."""

    atomic = False

    def objection_to_content(self, content, versions):
        octets = b"".join(self.octet(version) for version in versions)
        if len(versions) == 1 and len(content) != self.length(versions[0]):
            return f"{len(content)} octets of version {versions[0]}"
        return f"octets {sorted(set(content) - set(octets))}" if set(content) - set(octets) else None


class Mapped(Torn):
    """Through a shared mapping, which inotify does not tell of: the octets are seen at once, the date within a second."""

    def prepare(self):
        super().prepare()
        self.dates = []  # (when it was written, its date)
        self.path.write_bytes(bytes(self.size))
        with open(self.path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), self.size)

    def length(self, version):
        return self.size

    def write(self, version):
        self.memory[:] = self.content(version)
        self.memory.flush()
        os.utime(self.path, (1_000_000_000 + version,) * 2)
        self.dates.append((time.monotonic(), version))
        del self.dates[:-1000]

    def dated_before(self, moment):
        """The last version whose date was there at this moment."""
        return max((version for when, version in list(self.dates) if when <= moment), default=0)


class Rewritten(Torn):
    """Emptied and written anew, as a shell's `>` does. Whoever is being answered meanwhile may have been promised too much: then the
    connection is cut, or, where it is about the last page of a small file, NULs take the place of what has gone."""

    def objection_to_content(self, content, versions):
        if len(versions) > 1 and len(content) - len(content.rstrip(b"\0")) < 4096:
            content = content.rstrip(b"\0")
        return super().objection_to_content(content, versions)

    def write(self, version):
        with open(self.path, "wb") as file:
            file.write(self.content(version))

    def may_be_cut(self, floor, ceiling):
        return floor != ceiling


class Fleeting(Torn):
    """Deleted and created: there in even versions."""

    def write(self, version):
        if version % 2:
            self.path.unlink()
        else:
            self.path.write_bytes(self.content(version))

    def objection(self, response, floor, ceiling, asked_for=None):
        versions = range(floor, ceiling + 1)
        if response.status == 404:
            return None if any(version % 2 for version in versions) else "404"
        return super().objection(response, floor, ceiling, asked_for)

    def objection_to_content(self, content, versions):
        if all(version % 2 for version in versions):
            return "it is not there"
        return super().objection_to_content(content, versions)


class Author(threading.Thread):
    """Changes one document again and again."""

    def __init__(self, document, over, pause):
        super().__init__(daemon=True)
        self.document, self.over, self.pause = document, over, pause
        self.failure = None

    def run(self):
        try:
            while not self.over.wait(self.pause):
                self.document.change()
        except OSError as error:
            self.failure = f"{self.document.name}: {error}"

"""Reading and writing the objects of a log: trees as lists, blobs, commits."""

import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sluicegate.adapters.stores.git_process import COMMITTER, GitProgram
from sluicegate.errors import PermanentError

FILE = "100644"
_BUILD = "refs/log/build"
_MARK = b"1"


@dataclass(frozen=True)
class Listing:
    """The files of one commit: name to mode and id of the blob."""

    files: Mapping[str, tuple[str, str]]

    @cached_property
    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted(self.files)

    def starting(self, prefix: str) -> Iterator[str]:
        """The names that start with *prefix*, sorted."""
        for name in self.names[bisect.bisect_left(self.names, prefix) :]:
            if not name.startswith(prefix):
                return
            yield name

    def following(self, name: str, count: int) -> Sequence[str]:
        """*name* and what comes after it, *count* in all."""
        start = bisect.bisect_left(self.names, name)
        return self.names[start : start + count]


EMPTY = Listing({})


class GitObjects:
    """The objects that *git* knows, which never asks a remote for more."""

    def __init__(self, git: GitProgram) -> None:
        self._git = git

    def list_files(self, commit: str) -> Listing:
        """All files of a commit.

        Raises:
            PermanentError: it cannot be read.
        """
        said = self._git.ask("ls-tree", "-r", "-z", "--full-tree", commit)
        files = {}
        for line in _split(said.stdout):
            head, _, name = line.partition("\t")
            mode, _, oid = head.split(" ")
            files[name] = (mode, oid)
        return Listing(files)

    def list_again(self, old: str, known: Listing, new: str) -> Listing:
        """All files of the commit *new*, given those of *old*.

        Raises:
            PermanentError: they cannot be read.
        """
        said = self._git.ask(
            *("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev"),
            *(old, new),
        )
        files = dict(known.files)
        fields = _split(said.stdout)
        for head, name in zip(fields[::2], fields[1::2], strict=True):
            _, mode, _, oid, status = head.split(" ")
            if status == "D":
                del files[name]
            else:
                files[name] = (mode, oid)
        return Listing(files)

    def read(self, blobs: Iterable[str]) -> dict[str, bytes]:
        """The content of those *blobs* that are here.

        Raises:
            PermanentError: git fails.
        """
        asked = "".join(f"{blob}\n" for blob in blobs).encode()
        output = memoryview(self._git.ask("cat-file", "--batch", stdin=asked).stdout)
        found = {}
        while output:
            end = bytes(output[:200]).index(b"\n")
            blob, kind, *size = bytes(output[:end]).decode().split(" ")
            output = output[end + 1 :]
            if kind == "missing":
                continue
            length = int(size[0])
            found[blob] = bytes(output[:length])
            output = output[length + 1 :]
        return found

    def missing(self, blobs: Iterable[str]) -> list[str]:
        """Those of *blobs* that are not here.

        Raises:
            PermanentError: git fails.
        """
        asked = "".join(f"{blob}\n" for blob in blobs).encode()
        said = self._git.ask("cat-file", "--batch-check", stdin=asked)
        lines = [line.split(" ") for line in said.text.splitlines()]
        return [line[0] for line in lines if line[1] == "missing"]

    def has(self, commit: str) -> bool:
        """Whether a commit is here."""
        return not self._git.run("cat-file", "-e", f"{commit}^{{commit}}").exit_code

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether *old* is *new* or in its history; False if one is unknown."""
        return not self._git.run("merge-base", "--is-ancestor", old, new).exit_code

    def write_commit(
        self,
        parent: str | None,
        files: Iterable[tuple[str, bytes]],
        dropped: Iterable[str],
        message: str,
    ) -> str:
        """A commit that changes *files* of *parent* and is without those *dropped*.

        Raises:
            PermanentError: it cannot be written.

        Source:
            git-fast-import(1). The names need no quoting: they are a log's.
        """
        script = [
            b"reset %s\n" % _BUILD.encode(),
            b"\ncommit %s\nmark :%s\n" % (_BUILD.encode(), _MARK),
            b"committer %s now\n" % COMMITTER.encode(),
            _data(message.encode()),
        ]
        if parent is not None:
            script.append(b"from %s\n" % parent.encode())
        script += [b"D %s\n" % name.encode() for name in dropped]
        for name, content in files:
            head = b"M %s inline %s\n" % (FILE.encode(), name.encode())
            script += [head, _data(content)]
        script.append(b"\nget-mark :%s\ndone\n" % _MARK)
        said = self._git.ask(
            *("fast-import", "--quiet", "--force", "--done", "--date-format=now"),
            stdin=b"".join(script),
        )
        if not said.text:
            raise PermanentError(f"git fast-import made no commit: {said.reason}")
        return said.text


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


def _split(output: bytes) -> list[str]:
    fields = output.decode("utf-8", "surrogateescape").split("\0")
    return fields[:-1]

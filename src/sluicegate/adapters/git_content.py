"""What a Git work tree holds, as one digest: committed or not makes no difference."""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from sluicegate.errors import PermanentError
from sluicegate.model.digest import Digest

_CHUNK = 1 << 20
_SHA1_DIGITS = 40


class Content(NamedTuple):
    """One file: its mode as Git has it, the id of its blob, its path."""

    mode: str
    blob: str
    path: str


class Entry(NamedTuple):
    """A file in the index; ``is_compared`` is whether Git looks for changes of it."""

    content: Content
    is_compared: bool


def parse_index(output: str) -> Iterator[Entry]:
    """Read ``git ls-files -v --stage -z --full-name``.

    Raises:
        PermanentError: *output* is something else, or a merge is not finished.
    """
    for line in filter(None, output.split("\0")):
        head, _, path = line.partition("\t")
        try:
            tag, mode, blob, step = head.split(" ")
        except ValueError:
            raise PermanentError(f"git ls-files said {line[:80]!r}") from None
        if step != "0":
            raise PermanentError(
                f"{path} is in the middle of a merge", hint="finish the merge first"
            )
        # Others: S for skip-worktree, and small letters for assume-unchanged.
        yield Entry(Content(mode, blob, path), tag == "H")


def hash_file(root: Path, path: str, digits: int) -> Content | None:
    """The file at *path* as Git would add it; None if there is none.

    Filters such as line endings are not applied: a file they would change reads as
    changed, which costs a run and hides nothing.

    Args:
        root: of the work tree.
        path: relative to *root*.
        digits: of the repository's ids, 40 for SHA-1 and 64 for SHA-256.

    Raises:
        PermanentError: it cannot be read, or is neither a file nor a symbolic link.
    """
    place = root / path
    algorithm = "sha1" if digits == _SHA1_DIGITS else "sha256"
    blob = hashlib.new(algorithm, usedforsecurity=False)
    try:
        status = place.lstat()
        if stat.S_ISLNK(status.st_mode):
            link = os.fsencode(place.readlink())
            blob.update(b"blob %d\0" % len(link) + link)
            return Content("120000", blob.hexdigest(), path)
        if not stat.S_ISREG(status.st_mode):
            raise PermanentError(
                f"{path} is neither a file nor a link: its content has no digest"
            )
        with place.open("rb") as file:
            blob.update(b"blob %d\0" % status.st_size)
            while chunk := file.read(_CHUNK):
                blob.update(chunk)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PermanentError(f"cannot read {place}: {error.strerror}") from error
    mode = "100755" if status.st_mode & stat.S_IXUSR else "100644"
    return Content(mode, blob.hexdigest(), path)


def digest_content(files: Iterable[Content]) -> Digest:
    """One digest for *files*, whatever their order."""
    lines = sorted(f"{file.mode} {file.blob}\t{file.path}\0" for file in files)
    return Digest.of("".join(lines).encode("utf-8", "surrogateescape"))

"""A file of another repository, by commit and digest, kept once it has been read.

Both are verified: the commit says where the bytes are from, the digest that they are
the bytes that were meant, whatever becomes of the hash that Git names commits by. What
is kept is believed by its digest alone, so that it needs no network a second time.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sluicegate.errors import IntegrityError, PermanentError, TransientError, UsageError
from sluicegate.model.command import Command, CommandResult
from sluicegate.model.digest import Digest
from sluicegate.ports.process import ProcessRunner

_TIMEOUT = timedelta(minutes=5)  # a first fetch over a slow line
_FILES = frozenset({b"100644", b"100755"})
_SHA1 = 40  # hex digits
_EVERYTHING = ("+refs/heads/*:refs/pinned/heads/*", "+refs/tags/*:refs/pinned/tags/*")

# Transports that run a program of the address's choice are none of these.
_SPEAKING: Mapping[str, str] = {
    "LC_ALL": "C",
    "GIT_ALLOW_PROTOCOL": "https:ssh:file",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "SSH_ASKPASS_REQUIRE": "never",
}


@dataclass(frozen=True, slots=True)
class Pin:
    """Which file: ``path`` in the repository ``url`` at ``commit``, with ``digest``.

    ``url`` names one of https, ssh and file, or is a path; it holds no credential.
    """

    url: str
    commit: str
    path: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class PinnedFiles:
    """Reads pinned files, and keeps them in *cache*, a folder of this user.

    Without *fetches*, only what is kept already is read, and nothing is made.
    """

    cache: Path
    runner: ProcessRunner
    fetches: bool = True

    def read(self, pin: Pin, limit: int) -> bytes:
        """Read the file that *pin* names.

        Raises:
            UsageError: there is none at that commit, or more than *limit* bytes of it.
            IntegrityError: it is another one than was pinned.
            ExternalError: the repository cannot be read, or has no such commit.
        """
        place = self.cache / _name(pin)
        try:
            kept = place.read_bytes()
        except OSError:
            kept = None
        if kept is not None and Digest.of(kept) == pin.digest:
            return kept
        if not self.fetches:
            raise TransientError(
                f"{pin.path} of {pin.url} at {pin.commit[:12]} was never read here",
                hint="the next run fetches it, once",
            )
        with self._repository(pin) as folder:
            data = self._fetch(folder, pin, limit)
        found = Digest.of(data)
        if found != pin.digest:
            raise IntegrityError(
                f"{pin.path} of {pin.url} at {pin.commit[:12]} is not what was pinned:"
                f" its digest is {found}, not {pin.digest}",
                hint="if you trust the file as it is, write that digest; else find out"
                " who pinned what",
            )
        self._keep(place, data)
        return data

    def _fetch(self, folder: str, pin: Pin, limit: int) -> bytes:
        where = f"{pin.url} at {pin.commit[:12]}"
        self._bring(folder, pin)
        kind = self._git(folder, "cat-file", "-t", pin.commit)
        if kind.exit_code or kind.stdout.strip() != b"commit":
            raise PermanentError(
                f"{pin.url} has no commit {pin.commit}",
                hint="a branch that was moved or deleted takes commits along: pin one"
                " that a branch or tag still has",
            )
        listed = self._git(
            folder, "ls-tree", "-z", "-l", "--full-tree", pin.commit, "--", pin.path
        )
        mode, _, blob, size = (listed.stdout.partition(b"\t")[0].split() + [b""] * 4)[
            :4
        ]
        if listed.exit_code or mode not in _FILES:
            raise UsageError(f"there is no file {pin.path} in {where}")
        if int(size) > limit:
            raise UsageError(f"{pin.path} in {where} has more than {limit} bytes")
        said = self._git(folder, "cat-file", "blob", blob.decode("ascii"))
        if said.exit_code:
            raise PermanentError(f"cannot read {pin.path} of {where}: {_reason(said)}")
        return said.stdout

    def _bring(self, folder: str, pin: Pin) -> None:
        """Fetch the commit alone; where a server gives no commit by its name, all."""
        quiet = ("fetch", "--quiet", "--no-tags", "--no-recurse-submodules")
        said = self._git(
            folder, *quiet, "--depth=1", "--end-of-options", pin.url, pin.commit
        )
        if said.exit_code == 0:
            return
        said = self._git(folder, *quiet, "--end-of-options", pin.url, *_EVERYTHING)
        if said.exit_code:
            raise PermanentError(
                f"cannot read the policy in {pin.url}: {_reason(said)}",
                hint="see whether `git ls-remote` can read it; once it was read here it"
                " is not asked for again",
            )

    @contextmanager
    def _repository(self, pin: Pin) -> Iterator[str]:
        """An empty repository of our own, for one fetch."""
        try:
            self.cache.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(
                dir=self.cache, prefix=".fetch-"
            ) as folder:
                kind = "sha1" if len(pin.commit) == _SHA1 else "sha256"
                said = self._git(
                    folder,
                    *("init", "--quiet", "--bare", "--template="),
                    f"--object-format={kind}",
                )
                if said.exit_code:
                    raise PermanentError(f"git init failed: {_reason(said)}")
                yield folder
        except OSError as error:
            raise PermanentError(
                f"cannot write to {self.cache}: {error.strerror or error}",
                hint="shared policies are kept there: see XDG_CACHE_HOME",
            ) from error

    def _keep(self, place: Path, data: bytes) -> None:
        try:
            with tempfile.NamedTemporaryFile(dir=self.cache, delete=False) as file:
                file.write(data)
            os.replace(file.name, place)  # noqa: PTH105 - all or nothing
        except OSError:
            return  # it is read once more next time

    def _git(self, folder: str, *arguments: str) -> CommandResult:
        command = Command(
            ("git", *arguments),
            cwd=folder,
            timeout=_TIMEOUT,
            env={**_SPEAKING, "GIT_DIR": folder},
        )
        return self.runner.run(command, lambda _line: None)


def _name(pin: Pin) -> str:
    """The name it is kept by: of all that was verified when it was fetched."""
    said = "\0".join((pin.url, pin.commit, pin.path, str(pin.digest)))
    return hashlib.sha256(said.encode()).hexdigest()


def _reason(said: CommandResult) -> str:
    lines = said.stderr.decode("utf-8", "replace").strip().splitlines()
    told = [line for line in lines if line.startswith(("fatal:", "error:", "remote:"))]
    return "; ".join((told or lines)[-2:]) or f"git exited with {said.exit_code}"

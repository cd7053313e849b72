"""An inbox of Git branches: one branch a statement, here or on a remote.

Each branch is one commit without parents that holds one file. What is fetched to be
looked at goes into a folder of its own and is thrown away: nothing that somebody left
in the inbox gets into the repository, and no branch, work tree or index is touched.

Source:
    git(1), GIT_OBJECT_DIRECTORY; git-receive-pack(1), "QUARANTINE ENVIRONMENT".
"""

import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from typing_extensions import override

from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.command import Command, CommandResult
from sluicegate.ports.inbox import Inbox, Letter
from sluicegate.ports.process import ProcessRunner

PREFIX = "refs/heads/sluicegate-inbox/"
FILE = "statement.json"

FETCHED = "refs/remotes/*/sluicegate-inbox/*"
"""Where ``git fetch`` leaves the branches of remotes."""

_TIMEOUT = timedelta(seconds=30)  # a remote that is away holds up every run
_MAX_REFS = 200
_FORMAT = "--format=%(objectname)%09%(refname)"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_PUT_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_NOBODY = {  # who left it there is who signed it; no name, no mail address
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "sluicegate"), ("EMAIL", "inbox@sluicegate.invalid"))
}
_QUIET_FETCH = (
    *("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--refmap="),
    *("--no-recurse-submodules", "--no-auto-maintenance"),
)


class GitInbox(Inbox):
    """The branches ``sluicegate-inbox/*`` of the repository in *folder*.

    With *remote*, those of that remote: its name, or an address.
    """

    def __init__(
        self, folder: str, runner: ProcessRunner, remote: str | None = None
    ) -> None:
        if remote is not None and remote.startswith("-"):
            raise UsageError(f"not a remote: {remote!r}")
        self._folder = folder
        self._runner = runner
        self._remote = remote
        self._commits: dict[str, str] = {}

    @override
    def where(self) -> str:
        at = "this repository" if self._remote is None else self._remote
        return f"{PREFIX}* of {at}"

    @override
    def letters(self, limit: int) -> Iterator[Letter]:
        refs = self._list()
        with self._objects(refs) as env:
            for ref, commit in refs.items():
                self._commits[ref] = commit
                yield self._letter(ref, commit, limit, env)

    def fetched(self, limit: int) -> Iterator[Letter]:
        """What has waited on remotes when they were last fetched; asks no network.

        It may have been taken in since. It can be looked at, and not be removed.

        Raises:
            PermanentError: Git fails.
        """
        said = self._ask("for-each-ref", _FORMAT, FETCHED)
        for ref, commit in _refs(said, "refs/remotes/").items():
            yield self._letter(ref, commit, limit, {})

    @override
    def put(self, name: str, data: bytes) -> str:
        if not _PUT_NAME.fullmatch(name):
            raise UsageError(f"not a name for a statement: {name!r}")
        ref = f"{PREFIX}{name}"
        commit = self._write(data)
        if self._remote is None:
            self._ask("update-ref", "--no-deref", ref, commit)
            return f"the branch {ref.removeprefix('refs/heads/')}"
        self._ask("push", "--quiet", "--no-verify", self._remote, f"{commit}:{ref}")
        return f"the branch {ref.removeprefix('refs/heads/')} of {self._remote}"

    @override
    def remove(self, letter: Letter) -> None:
        ref, commit = letter.place, self._commits[letter.place]
        if self._remote is None:
            said = self._git("update-ref", "--no-deref", "-d", ref, commit)
        else:
            said = self._git(
                *("push", "--quiet", "--no-verify"),
                f"--force-with-lease={ref}:{commit}",
                self._remote,
                f":{ref}",
            )
        if said.exit_code and ref in self._list():
            raise _failed("remove the branch", said)

    def _list(self) -> dict[str, str]:
        """The refs of the inbox by name, with the commits they are at."""
        if self._remote is None:
            said = self._ask("for-each-ref", _FORMAT, PREFIX)
        else:
            said = self._ask("ls-remote", "--quiet", self._remote, f"{PREFIX}*")
        return _refs(said, PREFIX)

    def _letter(
        self, ref: str, commit: str, limit: int, env: Mapping[str, str]
    ) -> Letter:
        try:
            return Letter(ref, self._read(ref, commit, limit, env))
        except UsageError as error:
            return Letter(ref, None, str(error))

    def _read(self, ref: str, commit: str, limit: int, env: Mapping[str, str]) -> bytes:
        """Read the one file of a branch.

        Raises:
            UsageError: there is something else in it.
        """
        if not _NAME.fullmatch(ref.partition("/sluicegate-inbox/")[2]):
            raise UsageError("its name is not that of a statement")
        listed = self._git("ls-tree", "-z", "-l", "--full-tree", commit, env=env)
        entries = [each for each in listed.stdout.split(b"\0") if each]
        if listed.exit_code or len(entries) != 1:
            raise UsageError(f"not a commit that holds {FILE} and nothing else")
        about, _, name = entries[0].partition(b"\t")
        mode, _, blob, size = about.split()
        if mode != b"100644" or name != FILE.encode():
            raise UsageError(f"not a commit that holds {FILE} and nothing else")
        if int(size) > limit:
            raise UsageError(f"larger than {limit} bytes")
        said = self._git("cat-file", "blob", blob.decode("ascii"), env=env)
        if said.exit_code:
            raise UsageError(f"its {FILE} cannot be read")
        return said.stdout

    @contextmanager
    def _objects(self, refs: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
        """An environment in which Git has the objects of *refs*."""
        if self._remote is None or not refs:
            yield {}
            return
        own = self._ask("rev-parse", "--git-path", "objects").stdout
        beside = Path(self._folder, os.fsdecode(own.rstrip(b"\n"))).resolve()
        with tempfile.TemporaryDirectory(prefix="sluicegate-") as folder:
            env = {
                "GIT_OBJECT_DIRECTORY": folder,
                "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(beside),
            }
            # One of them may be gone, or broken: that must not hide the others.
            if self._fetch(self._remote, list(refs), env).exit_code:
                for ref in refs:
                    self._fetch(self._remote, [ref], env)
            yield env

    def _fetch(
        self, remote: str, refs: Sequence[str], env: Mapping[str, str]
    ) -> CommandResult:
        return self._git(*_QUIET_FETCH, remote, *refs, env=env)

    def _write(self, data: bytes) -> str:
        """Make the commit of a statement; its id."""
        with tempfile.TemporaryDirectory(prefix="sluicegate-") as folder:
            file = Path(folder, FILE)
            file.write_bytes(data)
            blob = self._text("hash-object", "-w", "--no-filters", "--", str(file))
            env = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
            self._ask(
                *("update-index", "--add", "--cacheinfo", f"100644,{blob},{FILE}"),
                env=env,
            )
            tree = self._text("write-tree", env=env)
        message = "Leave a statement for the audit log"
        return self._text("commit-tree", tree, "-m", message, env=_NOBODY)

    def _text(self, *arguments: str, env: Mapping[str, str] | None = None) -> str:
        return self._ask(*arguments, env=env).stdout.decode("ascii").strip()

    def _ask(
        self, *arguments: str, env: Mapping[str, str] | None = None
    ) -> CommandResult:
        said = self._git(*arguments, env=env)
        if said.exit_code:
            raise _failed(arguments[0], said)
        return said

    def _git(
        self, *arguments: str, env: Mapping[str, str] | None = None
    ) -> CommandResult:
        command = Command(
            ("git", "-c", f"core.hooksPath={os.devnull}", *arguments),
            cwd=self._folder,
            timeout=_TIMEOUT,
            env={
                "LC_ALL": "C",
                "GIT_TERMINAL_PROMPT": "0",
                "GIT_NO_REPLACE_OBJECTS": "1",
                **(env or {}),
            },
        )
        return self._runner.run(command, lambda _line: None)


def _refs(said: CommandResult, prefix: str) -> dict[str, str]:
    """The refs that Git lists, by name, with the commits they are at."""
    found = {}
    for line in said.stdout.decode("utf-8", "replace").splitlines():
        commit, _, ref = line.partition("\t")
        if ref.startswith(prefix) and _COMMIT.fullmatch(commit):
            found[ref] = commit
    return dict(sorted(found.items())[:_MAX_REFS])


def _failed(what: str, said: CommandResult) -> PermanentError:
    words = said.stderr.decode("utf-8", "replace").strip().splitlines()
    return PermanentError(
        f"the inbox in Git: git could not {what}: {words[-1] if words else 'no words'}",
        hint="may you push branches there? `git push --dry-run` tells",
    )

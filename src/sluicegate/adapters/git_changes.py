"""Who made the commits that are released, by the ``git`` program.

What the commits themselves say of it is not trusted further than it goes: no mail map,
and no replacement, graft or cached graph of the clone has a say, and a co-author counts
wherever in a message they are named. That a name in a commit is forged cannot be seen
here.
"""

import os
import re
from collections.abc import Iterator, Sequence
from datetime import timedelta

from sluicegate.errors import PermanentError
from sluicegate.model.command import Command, CommandResult
from sluicegate.model.release_request import Change
from sluicegate.ports.process import ProcessRunner

_TIMEOUT = timedelta(minutes=2)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_FORMAT = "%H%x00%ae%x00%ce%x00%B"
_LOG = (
    *("log", "-z", f"--format={_FORMAT}", "--encoding=UTF-8", "--no-color"),
    *("--no-show-signature", "--no-notes"),
)
_CO_AUTHOR = re.compile(
    r"^\s*co-(?:authored|developed)-by\s*:[^<\n]*<([^>\n]+)>",
    re.IGNORECASE | re.MULTILINE,
)
_SUBJECT = 200  # characters
_AS_IT_IS = (
    *("-c", "log.follow=false"),
    *("-c", "log.mailmap=false"),
    *("-c", "core.commitGraph=false"),  # a file that may name other parents
)


class GitChanges:
    """The commits of the repository that holds *folder*, an absolute path."""

    def __init__(self, folder: str, runner: ProcessRunner) -> None:
        self._folder = folder
        self._runner = runner

    def between(
        self, since: str | None, until: str, paths: Sequence[str] = ()
    ) -> Sequence[Change]:
        """The commits in *until* and not in *since*, newest first.

        Args:
            since: a whole commit; None for all that *until* has.
            until: a whole commit.
            paths: globs relative to the folder; only commits that touch them, without
                any all. A merge that decides anything is one of them.

        Raises:
            PermanentError: the clone does not have all of them, or Git fails.
        """
        for commit in filter(None, (since, until)):
            self._check(commit)
        if self.is_shallow():
            raise PermanentError(
                "this clone is shallow: it cannot be told who made what is released",
                hint="`git fetch --unshallow` (actions/checkout: `fetch-depth: 0`)",
            )
        span = until if since is None else f"{since}..{until}"
        said = self._ask(
            *(*_LOG, "--full-history", span, "--"),
            *(f":(glob){path}" for path in paths),
        )
        return tuple(_parse(said.decode("utf-8", "replace")))

    def is_shallow(self) -> bool:
        """Whether the clone lacks history, so that nobody can say who made what.

        Raises:
            PermanentError: Git fails.
        """
        return self._ask("rev-parse", "--is-shallow-repository").strip() == b"true"

    def one(self, commit: str) -> Change:
        """Who made the whole commit *commit*.

        Raises:
            PermanentError: the clone does not have it, or Git fails.
        """
        self._check(commit)
        said = self._ask(*_LOG, "-1", commit, "--")
        (found,) = _parse(said.decode("utf-8", "replace"))
        return found

    def committer(self, commit: str) -> str:
        """The address of who committed *commit*.

        Raises:
            PermanentError: Git fails.
        """
        said = self._ask("log", "-1", "--format=%ce", "--no-color", commit, "--")
        return said.decode("utf-8", "replace").strip()

    def own_address(self) -> str:
        """The address that Git would commit with here; empty if none is set."""
        said = self._run("config", "--get", "user.email")
        return said.stdout.decode("utf-8", "replace").strip()

    def _check(self, commit: str) -> None:
        if not _COMMIT.fullmatch(commit):
            raise PermanentError(
                f"not a whole commit: {commit!r}",
                hint="`git rev-parse NAME` says which one it is; a name could be moved",
            )
        if self._run("cat-file", "-e", f"{commit}^{{commit}}").exit_code:
            raise PermanentError(
                f"this clone does not have the commit {commit[:12]}: it cannot be told"
                " who made what is released",
                hint="`git fetch --all --tags`, or in CI the whole history"
                " (actions/checkout: `fetch-depth: 0`)",
            )

    def _ask(self, *arguments: str) -> bytes:
        said = self._run(*arguments)
        if said.exit_code:
            words = said.stderr.decode("utf-8", "replace").strip()
            raise PermanentError(f"git {arguments[0]} failed: {words[-300:]}")
        return said.stdout

    def _run(self, *arguments: str) -> CommandResult:
        command = Command(
            ("git", *_AS_IT_IS, *arguments),
            cwd=self._folder,
            timeout=_TIMEOUT,
            env={
                "LC_ALL": "C",
                "GIT_OPTIONAL_LOCKS": "0",
                "GIT_NO_LAZY_FETCH": "1",
                "GIT_NO_REPLACE_OBJECTS": "1",
                "GIT_GRAFT_FILE": os.devnull,
            },
        )
        return self._runner.run(command, lambda _line: None)


def _parse(said: str) -> Iterator[Change]:
    """Commits as `_FORMAT` writes them, a NUL after each."""
    fields = said.split("\0")
    if fields[-1] == "":
        fields.pop()
    if len(fields) % 4:
        raise PermanentError("git log said something else than it was asked for")
    for place in range(0, len(fields), 4):
        commit, author, committer, message = fields[place : place + 4]
        found = dict.fromkeys((author, committer, *_CO_AUTHOR.findall(message)))
        subject = message.lstrip("\n").partition("\n")[0][:_SUBJECT]
        yield Change(
            commit.strip(),
            tuple(each.strip() for each in found if each.strip()),
            subject,
        )

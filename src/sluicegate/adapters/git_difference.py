"""Which files differ between two commits, by the ``git`` program.

What a commit or a clone says of itself has no say in it: no external diff program, no
text conversion. A file that is not text, or is called so, is named all the same.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta

from sluicegate.errors import PermanentError
from sluicegate.model.command import Command, CommandResult
from sluicegate.model.difference import Difference, FileDifference
from sluicegate.model.release_notes import NoNotes
from sluicegate.ports.process import ProcessRunner

_TIMEOUT = timedelta(seconds=30)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class GitDifference:
    """Compares commits of the repository that holds *folder*, an absolute path."""

    def __init__(self, folder: str, runner: ProcessRunner) -> None:
        self._folder = folder
        self._runner = runner

    def between(
        self, old: str, new: str, paths: Sequence[str] = ()
    ) -> Difference | NoNotes:
        """The files that differ between the whole commits *old* and *new*.

        Args:
            old: the commit before.
            new: the commit after.
            paths: globs relative to the folder; without any, the whole repository.

        Returns:
            Why it cannot be told, where this machine has not what it takes.

        Raises:
            PermanentError: Git fails otherwise.
        """
        missing = [each for each in (old, new) if not self._has(each)]
        if missing:
            names = " and ".join(commit[:12] for commit in missing)
            return NoNotes(f"this clone does not have {names}", "`git fetch --all`")
        said = self._git(
            *("diff", "--numstat", "-z", "--find-renames", "--no-ext-diff"),
            *("--no-textconv", "--no-color", "--end-of-options"),
            *(old, new, "--", *(f":(glob){path}" for path in paths)),
        )
        if said.exit_code:
            words = said.stderr.decode("utf-8", "replace").strip()
            raise PermanentError(f"git diff failed: {words[-300:]}")
        return Difference(tuple(_parse(said.stdout)))

    def is_ancestor(self, old: str, new: str) -> bool | None:
        """Whether *new* has *old* in its history; None where that cannot be told."""
        if not all(map(self._has, (old, new))):
            return None
        said = self._git("merge-base", "--is-ancestor", old, new)
        return {0: True, 1: False}.get(said.exit_code)

    def _has(self, commit: str) -> bool:
        if not _COMMIT.fullmatch(commit):
            return False
        return self._git("cat-file", "-e", f"{commit}^{{commit}}").exit_code == 0

    def _git(self, *arguments: str) -> CommandResult:
        command = Command(
            ("git", *arguments),
            cwd=self._folder,
            timeout=_TIMEOUT,
            env={
                "LC_ALL": "C",
                "GIT_OPTIONAL_LOCKS": "0",
                "GIT_NO_LAZY_FETCH": "1",
                "GIT_NO_REPLACE_OBJECTS": "1",
            },
        )
        return self._runner.run(command, lambda _line: None)


def _parse(said: bytes) -> Iterator[FileDifference]:
    """Read added, removed and path, or of a rename an empty path and then both.

    Source:
        git-diff(1), "OTHER DIFF FORMATS", ``--numstat`` with ``-z``.
    """
    parts = iter(said.decode("utf-8", "replace").split("\0"))
    for head in parts:
        if not head:
            continue
        fields = head.split("\t", 2)
        if len(fields) != 3:  # noqa: PLR2004 - of the form above
            raise PermanentError("git diff said something else than it was asked for")
        added, removed, path = fields
        before = None
        if not path:
            before, path = next(parts, ""), next(parts, "")
        yield FileDifference(path, _count(added), _count(removed), before)


def _count(text: str) -> int | None:
    return int(text) if text.isdecimal() else None

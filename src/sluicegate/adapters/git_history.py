"""The commits between two releases, by the ``git`` program."""

import re
from collections.abc import Sequence
from datetime import timedelta

from typing_extensions import override

from sluicegate.errors import PermanentError
from sluicegate.model.command import Command, CommandResult
from sluicegate.model.release_notes import Change, NoNotes, ReleaseNotes
from sluicegate.ports.history import History
from sluicegate.ports.process import ProcessRunner

_TIMEOUT = timedelta(minutes=1)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_FIELDS = "%H%x00%aN%x00%s"


class GitHistory(History):
    """The history of the repository that holds *folder*, an absolute path."""

    def __init__(self, folder: str, runner: ProcessRunner) -> None:
        self._folder = folder
        self._runner = runner

    @override
    def notes(
        self, old: str, new: str, paths: Sequence[str], *, limit: int
    ) -> ReleaseNotes | NoNotes:
        for commit in (old, new):
            if not _COMMIT.fullmatch(commit):
                return NoNotes(f"the log names the commit {commit!r}, which is none")
        inside = self._git("rev-parse", "--is-shallow-repository")
        if inside.exit_code:
            return NoNotes(
                f"{self._folder} is not in a Git repository",
                "look from a clone of the repository: --file names its pipeline file",
            )
        shallow = inside.stdout.strip() == b"true"
        missing = [commit for commit in (old, new) if not self._has(commit)]
        if missing:
            names = " and ".join(commit[:12] for commit in missing)
            fetch = "git fetch --unshallow --tags" if shallow else "git fetch --all"
            return NoNotes(
                f"this clone does not have {names}",
                f"get the history with `{fetch}`, and look again",
            )
        added, dropped = f"{old}..{new}", f"{new}..{old}"
        return ReleaseNotes(
            added=self._changes(added, paths, limit),
            added_count=self._count(added, paths),
            dropped=self._changes(dropped, paths, limit),
            dropped_count=self._count(dropped, paths),
            shallow=shallow,
        )

    def _has(self, commit: str) -> bool:
        return self._git("cat-file", "-e", f"{commit}^{{commit}}").exit_code == 0

    def _changes(
        self, span: str, paths: Sequence[str], limit: int
    ) -> tuple[Change, ...]:
        """The commits of *span* that touch *paths*, newest first.

        Every side of a merge is looked at (--full-history), or what one side took back
        would be missing; the merges themselves say nothing that is not in the sides.
        """
        said = self._read(
            *("log", "-z", f"--format={_FIELDS}", f"--max-count={limit}"),
            *("--encoding=UTF-8", "--no-show-signature", "--no-color"),
            *_select(span, paths),
        )
        fields = said.decode("utf-8", "replace").split("\0")
        if len(fields) % 3 != 1:
            raise PermanentError("git log said something else than it was asked for")
        return tuple(
            Change(*fields[place : place + 3]) for place in range(0, len(fields) - 1, 3)
        )

    def _count(self, span: str, paths: Sequence[str]) -> int:
        return int(self._read("rev-list", "--count", *_select(span, paths)))

    def _read(self, *arguments: str) -> bytes:
        result = self._git(*arguments)
        if result.exit_code:
            lines = result.stderr.decode("utf-8", "replace").strip().splitlines()
            said = lines[-1] if lines else f"exit code {result.exit_code}"
            outside = "outside repository" in said
            hint = "mend `paths:` in the pipeline file" if outside else None
            raise PermanentError(f"git {arguments[0]} failed: {said}", hint=hint)
        return result.stdout

    def _git(self, *arguments: str) -> CommandResult:
        command = Command(
            ("git", "-c", "log.follow=false", "-c", "log.mailmap=true", *arguments),
            cwd=self._folder,
            timeout=_TIMEOUT,
            env={"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1"},
        )
        return self._runner.run(command, lambda _line: None)


def _select(span: str, paths: Sequence[str]) -> tuple[str, ...]:
    specs = (f":(glob){path}" for path in paths)
    return ("--full-history", "--no-merges", "--date-order", span, "--", *specs)

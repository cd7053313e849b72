"""When commits were made, by the ``git`` program.

It is the time of the committer: when the commit came to be as it is. Rebasing and
squashing make it anew.

Source:
    git-log(1): "%ct" is the committer date as a UNIX timestamp.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from typing_extensions import override

from sluicegate.errors import PermanentError
from sluicegate.model.command import Command, CommandResult
from sluicegate.ports.commit_times import CommitTimes
from sluicegate.ports.process import ProcessRunner

_TIMEOUT = timedelta(minutes=1)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LOG = ("log", "--format=%ct", "--no-color", "--no-show-signature")


class GitTimes(CommitTimes):
    """The commits of the repository that holds *folder*, an absolute path."""

    def __init__(self, folder: str, runner: ProcessRunner) -> None:
        self._folder = folder
        self._runner = runner

    @override
    def obstacle(self) -> str | None:
        if self._git("rev-parse", "--is-inside-work-tree").exit_code == 0:
            return None
        return f"{self._folder} is not in a Git repository"

    @override
    def is_shallow(self) -> bool:
        said = self._git("rev-parse", "--is-shallow-repository")
        return said.exit_code == 0 and said.stdout.strip() == b"true"

    @override
    def made(
        self, commit: str, earlier: Sequence[str], paths: Sequence[str]
    ) -> Sequence[datetime] | None:
        needed = (commit, *earlier[:1])
        if not all(_COMMIT.fullmatch(each) and self._has(each) for each in needed):
            return None
        if not earlier:
            return self._times(*_LOG, "--max-count=1", commit, "--")
        known = (each for each in earlier if _COMMIT.fullmatch(each))
        return self._times(
            *(*_LOG, "--no-merges", "--full-history", "--ignore-missing", commit),
            *("--not", *known, "--", *(f":(glob){path}" for path in paths)),
        )

    def _has(self, commit: str) -> bool:
        return self._git("cat-file", "-e", f"{commit}^{{commit}}").exit_code == 0

    def _times(self, *arguments: str) -> Sequence[datetime]:
        result = self._git(*arguments)
        if result.exit_code:
            words = result.stderr.decode("utf-8", "replace").strip()
            outside = "outside repository" in words
            hint = "mend `paths:` in the pipeline file" if outside else None
            raise PermanentError(f"git log failed: {words[-300:]}", hint=hint)
        try:
            stamps = [int(line) for line in result.stdout.split()]
            return tuple(datetime.fromtimestamp(stamp, UTC) for stamp in stamps)
        except (ValueError, OverflowError, OSError) as error:
            raise PermanentError("git log named times that are none") from error

    def _git(self, *arguments: str) -> CommandResult:
        command = Command(
            ("git", "-c", "log.follow=false", *arguments),
            cwd=self._folder,
            timeout=_TIMEOUT,
            env={"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1"},
        )
        return self._runner.run(command, lambda _line: None)

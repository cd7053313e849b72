"""The newest commits of a clone, on whatever branch, by the ``git`` program."""

import re
from collections.abc import Sequence
from datetime import timedelta

from sluicegate.errors import ExternalError
from sluicegate.model.command import Command
from sluicegate.ports.process import ProcessRunner

_TIMEOUT = timedelta(minutes=1)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def newest_commits(
    folder: str, runner: ProcessRunner, most: int, *, but: Sequence[str] = ()
) -> Sequence[str]:
    """At most *most* commits of all branches and tags, newest first.

    None where *folder*, an absolute path, is in no repository. Branches whose name
    fits one of the patterns *but* are left out, here and on remotes.
    """
    here = (f"--exclude={each}" for each in but)
    there = (f"--exclude=*/{each}" for each in but)
    command = Command(
        (
            *("git", "rev-list", f"--max-count={most:d}"),
            *(*here, "--branches", *there, "--remotes", "--tags", "HEAD", "--"),
        ),
        cwd=folder,
        timeout=_TIMEOUT,
        env={"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1"},
    )
    try:
        result = runner.run(command, lambda _line: None)
    except ExternalError:
        return ()
    if result.exit_code:
        return ()
    return [
        line
        for line in result.stdout.decode("ascii", "replace").split()
        if _COMMIT.fullmatch(line)
    ]

"""A second work tree of a repository, for a commit that is not checked out."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sluicegate.adapters.lock_file import try_lock
from sluicegate.errors import PermanentError, TransientError
from sluicegate.model.command import Command, CommandResult
from sluicegate.ports.process import ProcessRunner

_TIMEOUT = timedelta(minutes=10)  # a large repository is written whole


@contextmanager
def check_out(
    folder: str, commit: str, path: Path, runner: ProcessRunner
) -> Iterator[Path]:
    """Check *commit* out of the repository that holds *folder*, at *path*, for a while.

    What is at *path* is removed before and after, by one process at a time: two that go
    on with the same run must not take the tree away from each other. Submodules are not
    checked out.

    Yields:
        The root of the tree.

    Raises:
        PermanentError: the clone has no such commit, or Git fails.
        TransientError: another process has the tree.
    """

    def git(*arguments: str) -> CommandResult:
        argv = ("git", "-c", "core.hooksPath=/dev/null", *arguments)
        command = Command(argv, cwd=folder, timeout=_TIMEOUT, env={"LC_ALL": "C"})
        return runner.run(command, lambda _line: None)

    if git("cat-file", "-e", f"{commit}^{{commit}}").exit_code:
        raise PermanentError(
            f"this clone does not have commit {commit[:12]}, which is being rolled out",
            hint=f"`git fetch origin {commit}`; in a workflow, check out with"
            " `fetch-depth: 0`",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        if not try_lock(lock.fileno()):
            raise TransientError(
                f"another process works in a tree of commit {commit[:12]} already"
            )
        _remove(path)
        git("worktree", "prune")
        made = git(
            "worktree", "add", "--quiet", "--force", "--detach", str(path), commit
        )
        try:
            if made.exit_code:
                said = made.stderr.decode("utf-8", "replace").strip().splitlines()
                raise PermanentError(
                    f"commit {commit[:12]} cannot be checked out beside this work tree:"
                    f" {said[-1] if said else f'git ended with {made.exit_code}'}"
                )
            yield path
        finally:
            _remove(path)
            git("worktree", "prune")


def _remove(path: Path) -> None:
    if path.exists():
        shutil.rmtree(path)

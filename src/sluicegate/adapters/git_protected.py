"""The protected branch of a Git repository, by the ``git`` program.

It is what the remote ``origin`` calls its default branch; in a repository without that
remote, the local default branch. Nothing in the work tree or in the commit that is
checked out has a say in it.
"""

import os
from collections.abc import Sequence
from datetime import timedelta

from typing_extensions import override

from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.command import Command, CommandResult
from sluicegate.ports.process import ProcessRunner
from sluicegate.ports.protected import ProtectedBranch, Tip

_TIMEOUT = timedelta(minutes=1)
_USUAL = ("main", "master")
_REMOTE = "refs/remotes/origin"
_FILES = frozenset({b"100644", b"100755"})
_MAX_CHANGES = 500


class GitProtectedBranch(ProtectedBranch):
    """The protected branch of the repository that holds *folder*, an absolute path."""

    def __init__(self, folder: str, runner: ProcessRunner) -> None:
        self._folder = folder
        self._runner = runner

    @override
    def tip(self) -> Tip:
        if self._git("remote", "get-url", "origin").exit_code == 0:
            return self._tip_of_remote()
        return self._tip_here()

    @override
    def read(self, tip: Tip, path: str, limit: int) -> bytes | None:
        where = f"{path} at {tip.branch}"
        listed = self._ask("ls-tree", "-z", "-l", "--full-tree", tip.commit, "--", path)
        if not listed.stdout:
            return None
        # <mode> blob <id> <size>\t<path>\0
        mode, _, blob, size = listed.stdout.partition(b"\t")[0].split()
        if mode not in _FILES:
            raise UsageError(f"{where} is not a file")
        if int(size) > limit:
            raise UsageError(f"{where} has more than {limit} bytes")
        return self._ask("cat-file", "blob", blob.decode()).stdout

    def changes(self, tip: Tip, path: str) -> Sequence[Tip]:
        """Where the branch itself was when *path* became another, newest first.

        What was merged is none of it: a commit of a merged branch was never its tip.
        The newest 500 are found, fewer in a shallow clone.

        Raises:
            PermanentError: Git is missing or fails.
        """
        said = self._ask(
            *("rev-list", "--first-parent", f"--max-count={_MAX_CHANGES}"),
            *(tip.commit, "--", f":(top,literal){path}"),
            literal=False,
        )
        return [Tip(tip.branch, each) for each in said.stdout.decode("ascii").split()]

    def _tip_of_remote(self) -> Tip:
        named = self._git("symbolic-ref", "--quiet", f"{_REMOTE}/HEAD")
        if named.exit_code == 0:
            branches = [named.stdout.decode("utf-8", "replace").strip()]
        else:
            branches = [f"{_REMOTE}/{name}" for name in _USUAL]
        return self._the_one(
            branches,
            "which branch of origin is the protected one",
            "`git fetch origin`, then `git remote set-head origin --auto`",
        )

    def _tip_here(self) -> Tip:
        named = self._git("config", "--get", "init.defaultBranch")
        name = named.stdout.decode("utf-8", "replace").strip()
        names = (name,) if named.exit_code == 0 and name else _USUAL
        return self._the_one(
            [f"refs/heads/{name}" for name in names],
            "which branch is the protected one",
            "name it with `git config init.defaultBranch NAME`",
        )

    def _the_one(self, branches: list[str], unknown: str, hint: str) -> Tip:
        found = []
        for branch in branches:
            # `rev-parse` alone would take a tag that is called refs/heads/..., too.
            if self._git("show-ref", "--verify", "--quiet", branch).exit_code:
                continue
            asked = self._git(
                "rev-parse", "--verify", "--quiet", f"{branch}^{{commit}}"
            )
            if asked.exit_code == 0:
                found.append(Tip(branch, asked.stdout.decode("ascii").strip()))
        if len(found) != 1:
            raise UsageError(f"it cannot be told {unknown}", hint=hint)
        return found[0]

    def _ask(self, *arguments: str, literal: bool = True) -> CommandResult:
        said = self._git(*arguments, literal=literal)
        if said.exit_code:
            words = said.stderr.decode("utf-8", "replace").strip()
            raise PermanentError(f"git {arguments[0]} failed: {words[-300:]}")
        return said

    def _git(self, *arguments: str, literal: bool = True) -> CommandResult:
        command = Command(
            ("git", "-c", "core.commitGraph=false", *arguments),
            cwd=self._folder,
            timeout=_TIMEOUT,
            env={
                "LC_ALL": "C",
                "GIT_OPTIONAL_LOCKS": "0",
                "GIT_LITERAL_PATHSPECS": "1" if literal else "0",
                "GIT_NO_REPLACE_OBJECTS": "1",
                "GIT_GRAFT_FILE": os.devnull,
            },
        )
        return self._runner.run(command, lambda _line: None)

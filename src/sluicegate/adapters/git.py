"""The state of a Git work tree, by the ``git`` program."""

from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

from typing_extensions import override

from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.command import Command, CommandResult
from sluicegate.model.source import Source
from sluicegate.ports.process import ProcessRunner
from sluicegate.ports.repository import Repository

_TIMEOUT = timedelta(minutes=1)


class GitRepository(Repository):
    """The repository that holds *folder*, an absolute path."""

    def __init__(self, folder: str, runner: ProcessRunner) -> None:
        self._folder = folder
        self._runner = runner

    @override
    def source(self) -> Source:
        root = self._git("rev-parse", "--show-toplevel")
        if root.exit_code:
            raise UsageError(
                f"{self._folder} is not in a Git repository ({_last_line(root)})",
                hint="a run is about one commit: `git init`, `git add`, `git commit`",
            )
        head = self._git("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        if head.exit_code:
            raise UsageError(
                f"the Git repository {_text(root)} has no commit yet",
                hint="a run is about one commit: `git add` and `git commit` first",
            )
        branch = self._git("symbolic-ref", "--quiet", "--short", "HEAD")
        tags = self._git("tag", "--points-at", "HEAD", "--sort=-version:refname")
        remote = self._git("remote", "get-url", "origin")
        return Source(
            root=_text(root),
            commit=_text(head),
            branch=_text(branch) or None,
            tag=next(iter(_text(tags).splitlines()), None),
            dirty=self._dirty(),
            remote=_without_credentials(_text(remote)) or None,
        )

    def _dirty(self) -> tuple[str, ...]:
        """Changed and untracked files of the whole repository.

        Source: git-status(1), "Porcelain Format Version 1" with ``-z``: ``XY PATH``
        NUL, and for a rename a second NUL-ended path.
        """
        status = self._git("status", "--porcelain", "-z", "--untracked-files=all")
        if status.exit_code:
            raise PermanentError(f"git status failed: {_last_line(status)}")
        names = []
        fields = iter(status.stdout.decode("utf-8", "replace").split("\0"))
        for entry in fields:
            if entry:
                names.append(entry[3:])
                if "R" in entry[:2] or "C" in entry[:2]:
                    next(fields, None)
        return tuple(sorted(names))

    def _git(self, *arguments: str) -> CommandResult:
        command = Command(
            ("git", *arguments),
            cwd=self._folder,
            timeout=_TIMEOUT,
            env={"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"},
        )
        return self._runner.run(command, lambda _line: None)


def _text(result: CommandResult) -> str:
    """What a command printed, nothing if it failed."""
    if result.exit_code:
        return ""
    return result.stdout.decode("utf-8", "replace").strip()


def _last_line(result: CommandResult) -> str:
    lines = result.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else f"exit code {result.exit_code}"


def _without_credentials(url: str) -> str:
    """Cut ``user:password@`` out of a URL; scp-like addresses are left as they are."""
    if "://" not in url:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))

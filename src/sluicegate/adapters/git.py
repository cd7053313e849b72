"""The state of a Git work tree, by the ``git`` program."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from typing_extensions import override

from sluicegate.adapters.git_content import digest_content, hash_file, parse_index
from sluicegate.adapters.git_reading import ContentReader
from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.command import Command, CommandResult
from sluicegate.model.digest import Digest
from sluicegate.model.source import Source, WorkTree
from sluicegate.ports.process import ProcessRunner
from sluicegate.ports.repository import Repository

_TIMEOUT = timedelta(minutes=1)
# Ignored by a file inside it, which another run may be writing at this moment.
_OURS = ".sluicegate"
# Look at the files themselves, whatever a monitor says of them, and whatever of their
# status this repository does not want to be compared.
_LOOK = (
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.trustctime=true"),
    *("-c", "core.checkStat=default"),
)
_SCP_USER = re.compile(r"^(?!git@)[^@/:]+@(?=[^@/]+:)")
_FIELDS_BEFORE_PATH = {"1": 8, "2": 9, "u": 10, "?": 1}


class GitRepository(Repository):
    """The repository that holds *folder*, an absolute path."""

    def __init__(self, folder: str, runner: ProcessRunner) -> None:
        self._folder = folder
        self._runner = runner
        self._noticed: dict[tuple[str, ...], bool] = {}
        self._all_seen_in: tuple[int, ...] | None = None

    @override
    def source(self) -> Source:
        root = self._git("rev-parse", "--show-toplevel")
        if root.exit_code:
            raise self._no_repository(root)
        tree = self.work_tree()
        tags = self._git("tag", "--points-at", "HEAD", "--sort=-version:refname")
        remote = self._git("remote", "get-url", "origin")
        when = self._git("rev-list", "--max-count=1", "--timestamp", "HEAD")
        return Source(
            root=_text(root),
            commit=tree.commit,
            branch=tree.branch,
            tag=next(iter(_text(tags).splitlines()), None),
            dirty=tree.dirty,
            remote=_without_credentials(_text(remote)) or None,
            commit_time=_time(_text(when)),
        )

    @override
    def work_tree(self) -> WorkTree:
        status = self._git(
            *("status", "--porcelain=v2", "--branch", "-z", "--untracked-files=all"),
            "--ignore-submodules=none",  # whatever .gitmodules says
        )
        if status.exit_code:
            raise self._no_repository(status)
        tree = parse_status(status.stdout.decode("utf-8", "replace"))
        if tree is None:
            raise UsageError(
                f"the Git repository of {self._folder} has no commit yet",
                hint="a run is about one commit: `git add` and `git commit` first",
            )
        return tree if tree.dirty else replace(tree, dirty=tuple(self._unseen()))

    def _unseen(self) -> Iterator[str]:
        """Files with other content than the commit's that Git was told not to look at.

        Such a file that is not there is none of a sparse checkout. An index without
        such files is not read twice.
        """
        index = self._state_of_index()
        if index is not None and index == self._all_seen_in:
            return
        entries = parse_index(self._list([":(top)"], "-v", "--stage"))
        hidden = [entry.content for entry in entries if not entry.is_compared]
        for known in hidden:
            file = hash_file(self._root, known.path, len(known.blob))
            if file not in (None, known):
                yield known.path
        self._all_seen_in = None if hidden else index

    def _state_of_index(self) -> tuple[int, ...] | None:
        """What changes when the index does; None where that cannot be told."""
        try:
            status = self._index.stat()
        except OSError:
            return None
        return (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)

    @cached_property
    def _index(self) -> Path:
        said = self._git("rev-parse", "--git-path", "index")
        return Path(self._folder, _text(said) or "no index")

    @override
    def content(self, paths: Sequence[str], *, declared: bool = False) -> Digest:
        specs = [f":(glob){path}" for path in paths] if declared else list(paths)
        reader = ContentReader(self._root, self._list, self._content_of_module)
        files = reader.read(specs, ignored=declared)
        self._noticed[tuple(paths)] = reader.is_watched
        if declared:
            self._check_matched(paths, specs)
        return digest_content(files)

    @override
    def notices(self, paths: Sequence[str]) -> bool:
        return self._noticed.get(tuple(paths), False)

    def _content_of_module(self, folder: Path) -> Digest:
        return GitRepository(str(folder), self._runner).content((":(top)",))

    @cached_property
    def _root(self) -> Path:
        root = self._git("rev-parse", "--show-toplevel")
        if root.exit_code:
            raise self._no_repository(root)
        return Path(root.stdout.decode("utf-8", "surrogateescape").rstrip("\n"))

    def _list(self, specs: Sequence[str], *options: str) -> str:
        said = self._git("ls-files", "-z", "--full-name", *options, "--", *specs)
        if said.exit_code:
            raise PermanentError(f"git ls-files failed: {_last_line(said)}")
        return said.stdout.decode("utf-8", "surrogateescape")

    def _check_matched(self, paths: Sequence[str], specs: Sequence[str]) -> None:
        """A path that names nothing is a slip, and would never notice a change."""
        for path, spec in zip(paths, specs, strict=True):
            if not self._list([spec], "--cached", "--others"):
                raise PermanentError(
                    f"the input {path!r} matches no file",
                    hint="mend `inputs:`; paths are relative to the pipeline file",
                )

    def _no_repository(self, result: CommandResult) -> UsageError:
        said = _last_line(result)
        detail = "" if "not a git repository" in said else f" ({said})"
        return UsageError(
            f"{self._folder} is not in a Git repository{detail}",
            hint="a run is about one commit: `git init`, `git add`, `git commit`",
        )

    def _git(self, *arguments: str) -> CommandResult:
        command = Command(
            ("git", *_LOOK, *arguments),
            cwd=self._folder,
            timeout=_TIMEOUT,
            env={"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"},
        )
        return self._runner.run(command, lambda _line: None)


def parse_status(output: str) -> WorkTree | None:
    """Read ``git status --porcelain=v2 --branch -z``; None before the first commit.

    Raises:
        PermanentError: *output* is something else.

    Source:
        git-status(1), "Porcelain Format Version 2": ordinary entries (``1``) have 8
        fields before the path, renames (``2``) 9 and then the old path, unmerged ones
        (``u``) 10, untracked ones (``?``) 1.
    """
    headers: dict[str, str] = {}
    dirty: list[str] = []
    untracked: set[str] = set()
    fields = iter(output.split("\0"))
    for field in fields:
        kind, _, rest = field.partition(" ")
        if kind == "#":
            name, _, value = rest.partition(" ")
            headers[name] = value
        elif kind in _FIELDS_BEFORE_PATH:
            path = field.split(" ", _FIELDS_BEFORE_PATH[kind])[-1]
            if kind != "?" or _OURS not in path.split("/")[:-1]:
                dirty.append(path)
            if kind == "?":
                untracked.add(path)
            if kind == "2":
                next(fields, None)
        elif field:
            raise PermanentError(f"git status said {field[:80]!r}")
    if "branch.oid" not in headers or "branch.head" not in headers:
        raise PermanentError("git status did not say what is checked out")
    if headers["branch.oid"] == "(initial)":
        return None
    branch = headers["branch.head"]
    return WorkTree(
        commit=headers["branch.oid"],
        branch=None if branch == "(detached)" else branch,
        dirty=tuple(sorted(dirty)),
        untracked=frozenset(untracked.intersection(dirty)),
    )


def _text(result: CommandResult) -> str:
    """What a command printed, nothing if it failed."""
    if result.exit_code:
        return ""
    return result.stdout.decode("utf-8", "replace").strip()


def _time(listed: str) -> datetime | None:
    """The time in ``<seconds since 1970> <commit>``, which is the committer's."""
    seconds = listed.partition(" ")[0]
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _last_line(result: CommandResult) -> str:
    lines = result.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else f"exit code {result.exit_code}"


def _without_credentials(url: str) -> str:
    """Cut ``user:password@`` out of a URL, and the user out of an scp-like address.

    The user that everybody is, ``git``, stays. What cannot be read as a URL is left
    out whole: it might hold a password.
    """
    if "://" not in url:
        return _SCP_USER.sub("", url)
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))

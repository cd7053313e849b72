"""Every store of logs, as the contract suite opens them.

To add one, write a subclass of `LogHome` and name it in `HOMES`.
"""

import atexit
import os
import re
import shutil
import subprocess
import tempfile
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from fakes_audit import FakeStore
from typing_extensions import override

from sluicegate.adapters.stores.directory import DirectoryStore
from sluicegate.adapters.stores.directory_log import DirectoryLog
from sluicegate.adapters.stores.git_cache import GitCache
from sluicegate.adapters.stores.git_log import GitLog
from sluicegate.adapters.stores.git_place import find_place
from sluicegate.adapters.stores.git_ref import LocalRef
from sluicegate.adapters.stores.git_remote import RemoteRef
from sluicegate.adapters.stores.waiting import WaitingEvidence
from sluicegate.errors import UsageError
from sluicegate.model.git_address import DEFAULT_REF, GitAddress
from sluicegate.ports.store import LogStore

_NAME = re.compile(r"[a-z0-9_-][a-z0-9._-]*(/[a-z0-9_-][a-z0-9._-]*)*")


class LogHome(ABC):
    """An empty place for one log in *folder*, which is the test's own.

    ``drops`` is whether what is dropped is gone: a store may be bound to keep it.
    """

    drops = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def open(self) -> LogStore:
        """The log, as another machine or process has it each time."""

    @abstractmethod
    def litter(self, name: str, data: bytes) -> None:
        """Put a file there that no checkpoint commits to, as a crash may leave it."""


class _SharedFake(FakeStore):
    """A fake that several writers have at once."""

    def __init__(self, objects: dict[str, bytes], lock: threading.Lock) -> None:
        super().__init__()
        self.objects = objects
        self._commits = lock

    @override
    def commit(
        self, old: bytes | None, files: Sequence[tuple[str, bytes]], new: bytes
    ) -> None:
        for name, _ in files:
            if not _NAME.fullmatch(name):
                raise UsageError(f"not the name of a file: {name!r}")
        with self._commits:
            super().commit(old, files, new)


class FakeHome(LogHome):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._objects: dict[str, bytes] = {}
        self._lock = threading.Lock()

    @override
    def open(self) -> LogStore:
        return _SharedFake(self._objects, self._lock)

    @override
    def litter(self, name: str, data: bytes) -> None:
        self._objects[name] = data


class DirectoryHome(LogHome):
    @override
    def open(self) -> LogStore:
        return DirectoryLog(self.folder / "audit")

    @override
    def litter(self, name: str, data: bytes) -> None:
        DirectoryStore(self.folder / "audit").put(name, data)


def git(*arguments: str, cwd: Path) -> str:
    """What a git command prints, run by somebody with a name."""
    who = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    done = subprocess.run(
        ["git", *who, *arguments], cwd=cwd, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def make_checkout(folder: Path) -> Path:
    """A repository with one commit."""
    git("init", "--quiet", "-b", "main", str(folder), cwd=folder.parent)
    (folder / "code.py").write_text("print()\n")
    git("add", ".", cwd=folder)
    git("commit", "--quiet", "-m", "Begin", cwd=folder)
    return folder


def make_remote(folder: Path) -> Path:
    """A bare repository that serves parts of itself, as hosts do."""
    git("init", "--quiet", "--bare", "-b", "main", str(folder), cwd=folder.parent)
    for setting in ("allowFilter", "allowAnySHA1InWant"):
        git("config", f"uploadpack.{setting}", "true", cwd=folder)
    return folder


def open_git(
    checkout: Path,
    cache: Path,
    place: str = "",
    waiting: WaitingEvidence | None = None,
    environ: Mapping[str, str] | None = None,
) -> GitLog:
    """The log in a ref, seen from *checkout*."""
    environ = os.environ if environ is None else environ
    found = find_place(environ, checkout, GitAddress.parse(place))
    ref = LocalRef if found.url is None else RemoteRef
    return GitLog(ref(found, GitCache(cache, found, environ)), waiting)


@cache
def _template() -> Path:
    """A remote, a checkout, and two clones, one of them without past and files."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    project = make_checkout(folder / "project")
    remote = make_remote(folder / "remote.git")
    git("push", "--quiet", str(remote), "main", cwd=project)
    part = ("--depth=1", "--filter=blob:none")
    for name, options in (("whole", ()), ("part", part)):
        git("clone", "--quiet", *options, remote.as_uri(), name, cwd=folder)
        git("remote", "set-url", "origin", "../remote.git", cwd=folder / name)
    return folder


class GitHome(LogHome):
    """A ref of the repository itself."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        shutil.copytree(_template(), folder, dirs_exist_ok=True)
        self._opened = 0
        self._log = folder / "project"

    @override
    def open(self) -> LogStore:
        self._opened += 1
        return open_git(self._checkout, self.folder / f"cache{self._opened}")

    @property
    def _checkout(self) -> Path:
        return self._log

    @override
    def litter(self, name: str, data: bytes) -> None:
        ref, work = DEFAULT_REF, self.folder / "litter"
        begun = git("for-each-ref", ref, cwd=self._log)
        git(
            "clone",
            "--quiet",
            "--no-checkout",
            str(self._log),
            str(work),
            cwd=self.folder,
        )
        if begun:
            git("fetch", "--quiet", "origin", ref, cwd=work)
            git("checkout", "--quiet", "--detach", "FETCH_HEAD", cwd=work)
        else:
            git("checkout", "--quiet", "--orphan", "litter", cwd=work)
            git("rm", "--quiet", "-r", "--cached", "--ignore-unmatch", ".", cwd=work)
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_bytes(data)
        git("add", name, cwd=work)
        git("commit", "--quiet", "-m", "Leave something", cwd=work)
        git("push", "--quiet", "origin", f"HEAD:{ref}", cwd=work)


class GitRemoteHome(GitHome):
    """A ref of the remote: for a whole clone, and for one that lacks past and files."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._log = folder / "remote.git"

    @property
    @override
    def _checkout(self) -> Path:
        return self.folder / ("whole" if self._opened % 2 else "part")


HOMES: Mapping[str, Callable[[Path], LogHome]] = {
    "fake": FakeHome,
    "dir": DirectoryHome,
    "git-local": GitHome,
    "git-remote": GitRemoteHome,
}
"""The stores that promise what `tests/contract/test_log_store.py` says, by name."""

"""The files of a folder as its owner sees them: without what Git ignores."""

import os
import secrets
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.command import Command, CommandResult
from sluicegate.ports.process import ProcessRunner

_TIMEOUT = timedelta(minutes=1)
_MAX_FILES = 200_000
# Where Git does not say what is ignored.
_LEFT_OUT = frozenset({"__pycache__", "node_modules", "site-packages", "venv"})
_ALL = b"*\n"


class Folder:
    """The folder at *path*, an absolute path, in a Git repository or not."""

    def __init__(self, path: Path, runner: ProcessRunner) -> None:
        self.path = path
        self._runner = runner

    def sizes(self) -> Mapping[str, int]:
        """Every file by its path below the folder, with its size in bytes.

        Without what Git ignores; outside of a repository, without hidden folders.
        Symbolic links and names that are not UTF-8 are left out.

        Raises:
            PermanentError: the folder cannot be listed, or holds too much.
        """
        found: dict[str, int] = {}
        for name in self._names():
            with suppress(OSError, ValueError):
                status = (self.path / name).lstat()
                if stat.S_ISREG(status.st_mode):
                    found[name] = status.st_size
            if len(found) > _MAX_FILES:
                raise PermanentError(
                    f"{self.path} holds more than {_MAX_FILES} files",
                    hint="name the folder of one service, or ignore what Git should not"
                    " see in .gitignore",
                )
        return found

    def texts(self, names: Iterable[str], limit: int) -> Mapping[str, str]:
        """The first *limit* bytes of each of *names* that can be read, as text."""
        return dict(self._texts(names, limit))

    def remote(self) -> str:
        """The address of the remote ``origin`` without credentials, "" if none."""
        result = self._git("remote", "get-url", "origin")
        if result.exit_code:
            return ""
        url = result.stdout.decode("utf-8", "replace").strip()
        scheme, mark, rest = url.partition("://")
        return f"{scheme}{mark}{rest.rpartition('@')[2]}" if mark else url

    def repository(self) -> Path | None:
        """The root of the repository that holds the folder; None if none does."""
        for place in (self.path, *self.path.parents):
            if (place / ".git").exists():
                return place
        return None

    def _names(self) -> Iterator[str]:
        if self.repository() is None:
            yield from self._walk()
            return
        result = self._git(
            *("ls-files", "-z", "--cached", "--others", "--exclude-standard")
        )
        if result.exit_code:
            words = result.stderr.decode("utf-8", "replace").strip()
            raise PermanentError(
                f"git cannot list the files of {self.path}: {words[-300:]}",
                hint="run `git status` there: it says what is wrong",
            )
        for name in result.stdout.split(b"\0"):
            with suppress(UnicodeDecodeError):
                if name:
                    yield name.decode("utf-8")

    def _walk(self) -> Iterator[str]:
        for folder, folders, files in os.walk(self.path):
            folders[:] = sorted(
                name
                for name in folders
                if not name.startswith(".") and name not in _LEFT_OUT
            )
            for name in files:
                path = os.path.relpath(Path(folder, name), self.path)
                with suppress(UnicodeEncodeError):
                    path.encode("utf-8")  # fails where the name is not UTF-8
                    yield path.replace(os.sep, "/")

    def _texts(self, names: Iterable[str], limit: int) -> Iterator[tuple[str, str]]:
        for name in names:
            with suppress(OSError), (self.path / name).open("rb") as file:
                yield name, file.read(limit).decode("utf-8", "replace")

    def _git(self, *arguments: str) -> CommandResult:
        command = Command(
            ("git", *arguments),
            cwd=str(self.path),
            timeout=_TIMEOUT,
            env={"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"},
        )
        return self._runner.run(command, lambda _line: None)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old content or the new, nothing between.

    A link is followed; the mode of a file that is replaced is kept.

    Raises:
        PermanentError: it cannot be written; what was there is untouched.
    """
    real = path.resolve()
    temporary = real.with_name(f".{real.name}.{secrets.token_hex(4)}")
    try:
        mode = stat.S_IMODE(real.stat().st_mode) if real.exists() else None
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            temporary.chmod(mode)
        temporary.replace(real)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise PermanentError(f"cannot write {path}: {error.strerror}") from error


def make_state_folder(path: Path) -> None:
    """Make the folder at *path*, ignored by Git whatever the project ignores.

    A link is refused: a commit can hold one, and would have a run write elsewhere.

    Raises:
        PermanentError: it cannot be written.
        UsageError: it is a link.
    """
    ignore = path / ".gitignore"
    if path.is_symlink():
        raise UsageError(
            f"{path} is a link, and must be a folder",
            hint="remove it; the log may lie elsewhere by `audit: {store: ...}`",
        )
    try:
        path.mkdir(parents=True, exist_ok=True)
        if _read_or_none(ignore) == _ALL:
            return
    except OSError as error:
        raise PermanentError(f"cannot write {path}: {error.strerror}") from error
    # Never half there: Git, asked by another run, would see the whole folder.
    write_whole(ignore, _ALL)


def _read_or_none(path: Path) -> bytes | None:
    with suppress(FileNotFoundError):
        return path.read_bytes()
    return None

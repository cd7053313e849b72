"""A project in a Git repository, and `sluice` as a person runs it there."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_KEPT = ("PATH", "LANG", "TMPDIR")
_KEPT_PREFIXES = ("PIP_", "SSL_", "REQUESTS_", "CURL_", "UV_", "COVERAGE_")


def clean_environment(home: Path, **extra: str) -> dict[str, str]:
    """An environment that is the same at home and in CI, with folders of its own."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith(_KEPT_PREFIXES)
    }
    return {
        **kept,
        "HOME": str(home),
        "NO_COLOR": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        **extra,
    }


@dataclass
class CliProject:
    """A folder under Git with a pipeline file.

    ``home`` holds the user's folders: keys, pins, caches. ``environ`` is added to the
    command's environment.
    """

    folder: Path
    home: Path
    environ: dict[str, str] = field(default_factory=dict)

    @classmethod
    def make(cls, root: Path, files: Mapping[str, str]) -> "CliProject":
        """Make the repository and commit *files*."""
        project = cls(root / "project", root / "home")
        project.folder.mkdir()
        project.home.mkdir()
        project.git("init", "-q", "-b", "main")
        project.commit(files, "begin")
        return project

    def commit(self, files: Mapping[str, str], message: str) -> str:
        """Write *files* and commit everything; the commit."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
        done = subprocess.run(
            ["git", *identity, *arguments],
            cwd=self.folder,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def sluice(
        self, *arguments: str, before: Sequence[str] = (), check: int | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run the command to its end.

        *before* is what it is started through (strace, for instance). With *check* the
        exit code must be that.
        """
        done = subprocess.run(
            self.argv(*arguments, before=before),
            cwd=self.folder,
            env=clean_environment(self.home, **self.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if check is not None:
            assert done.returncode == check, done.stdout + done.stderr
        return done

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start the command and leave it running, in a process group of its own."""
        return subprocess.Popen(
            self.argv(*arguments),
            cwd=self.folder,
            env=clean_environment(self.home, **self.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def argv(self, *arguments: str, before: Sequence[str] = ()) -> list[str]:
        return [*before, sys.executable, "-m", "sluicegate", *arguments]

    def document(self, *arguments: str, check: int | None = None) -> dict[str, Any]:
        """What the command says with ``--json``."""
        done = self.sluice(*arguments, "--json", check=check)
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    def entries(self) -> list[dict[str, Any]]:
        """The entries of the audit log, read with a reader of our own."""
        store = self.folder / ".sluicegate/audit/tile/entries"
        size = int((store.parents[1] / "checkpoint").read_text().split("\n")[1])
        found: list[dict[str, Any]] = []
        for place in range((size + 255) // 256):
            data = _bundle(store, place, min(256, size - 256 * place))
            while data:
                length = int.from_bytes(data[:2])
                found.append(json.loads(data[2 : 2 + length]))
                data = data[2 + length :]
        return found


def _bundle(store: Path, place: int, width: int) -> bytes:
    name = f"{place:03d}" if width == 256 else f"{place:03d}.p/{width}"
    return (store / name).read_bytes()

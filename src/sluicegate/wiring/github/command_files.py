"""The files with which a step tells its runner things: outputs, variables, a summary.

Programs of the pipeline run in the same step, as the same user. They are not told where
these files are, but may find out. So what the files hold when the step begins is put
back before it writes its own; what any program has written into them is gone by then.

Source:
    GitHub, "Workflow commands for GitHub Actions", "Environment files".
"""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sluicegate.report.github.workflow_commands import format_outputs

OUTPUT, SUMMARY = "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"
_FILES = (OUTPUT, SUMMARY, "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE")
_MAX_BYTES = 1 << 24


@dataclass(frozen=True)
class CommandFiles:
    """The files of the step, and what they held when it began."""

    paths: Mapping[str, Path]
    before: Mapping[str, bytes]

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "CommandFiles":
        """The files that *environ* names, as they are now."""
        paths = {name: Path(environ[name]) for name in _FILES if environ.get(name)}
        return cls(paths, {name: _read(path) or b"" for name, path in paths.items()})

    def restore(self) -> list[str]:
        """Put back what the files held; the names of those that were written to.

        One that cannot be put back is said to have been written to, and stays.
        """
        changed = [
            name for name, path in self.paths.items() if _read(path) != self._of(name)
        ]
        for name in changed:
            with suppress(OSError):
                _replace(self.paths[name], self._of(name))
        return changed

    def write_outputs(self, outputs: Mapping[str, str]) -> None:
        """Append *outputs*; of one that cannot be written on a line, nothing.

        Raises:
            OSError: the file cannot be written.
        """
        kept = {name: text for name, text in outputs.items() if text.isprintable()}
        self._append(OUTPUT, format_outputs(kept, f"END_{secrets.token_hex(16)}"))

    def write_summary(self, text: str) -> None:
        """Append to the job summary.

        Raises:
            OSError: the file cannot be written.
        """
        self._append(SUMMARY, text)

    def _append(self, name: str, text: str) -> None:
        path = self.paths.get(name)
        if path is None:
            return
        with path.open("ab") as file:
            file.write(text.encode("utf-8", "replace"))

    def _of(self, name: str) -> bytes:
        return self.before[name]


def _read(path: Path) -> bytes | None:
    """What is in a file; None for what is none, or is too large to be ours."""
    try:
        if path.is_symlink() or not path.is_file():
            return None
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError:
        return None
    return None if len(data) > _MAX_BYTES else data


def _replace(path: Path, data: bytes) -> None:
    """Write *data* to a new file, and give it the name: no link is followed."""
    new = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with new.open("xb") as file:
        file.write(data)
    with suppress(OSError):
        new.chmod(path.lstat().st_mode & 0o777)
    os.replace(new, path)  # noqa: PTH105 - of a folder it says what is wrong

"""Files of a run, in ``.sluicegate`` beside the pipeline file."""

import os
import shutil
import stat
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from typing_extensions import override

from sluicegate.adapters import outputs
from sluicegate.adapters.masking import Masks
from sluicegate.adapters.stores.durable import NO_FOLLOW, NO_WAIT
from sluicegate.errors import PermanentError
from sluicegate.ports.workspace import ProjectFile, Workspace

_MAX_BYTES = 64 << 20  # a report larger than this is not a report
_MAX_SOURCE_BYTES = 1 << 20


class LocalWorkspace(Workspace):
    """The folder of a project on this machine."""

    def __init__(
        self,
        project: Path,
        state: Path,
        run_id: str,
        cache: Path,
        *,
        home: Path | None = None,
        masks: Masks | None = None,
    ) -> None:
        self._project = project
        self._outputs = state / "runs" / run_id
        self._cache = cache
        self._home = home
        self._masks = masks

    @override
    def project(self) -> str:
        return str(self._project)

    @override
    def output(self, stage: str, attempt: int) -> str:
        folder = self._outputs / f"{stage}-{attempt}"
        try:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        except OSError as error:
            raise PermanentError(f"cannot make {folder}: {error.strerror}") from error
        return str(folder)

    @override
    def cache(self) -> str:
        self._cache.mkdir(parents=True, exist_ok=True)
        return str(self._cache)

    @override
    def collect(self, patterns: Sequence[str]) -> tuple[ProjectFile, ...]:
        files = outputs.collect(self._project, patterns)
        for file in files:
            if self._masks is not None and self._masks.holds(file.data):
                raise PermanentError(
                    f"the output {file.path} holds a credential of this machine, and"
                    " outputs are kept as evidence",
                    hint="see to it that the stage does not write it there",
                )
        return files

    @override
    def restore(self, file: ProjectFile) -> None:
        outputs.restore(self._project, file, self._outputs)

    @override
    def home(self) -> str | None:
        return None if self._home is None else str(self._home)

    @override
    def sources(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        found: dict[str, bytes] = {}
        for path in paths:
            file = self._project / path
            with suppress(OSError, ValueError):
                if file.is_file() and file.stat().st_size <= _MAX_SOURCE_BYTES:
                    found[path] = file.read_bytes()
        return found

    @override
    def read(self, path: str) -> bytes | None:
        # Written by code under test: no link is followed, nothing but a file is read.
        try:
            descriptor = os.open(path, os.O_RDONLY | NO_FOLLOW | NO_WAIT)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise PermanentError(f"cannot read {path}: {error.strerror}") from error
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_BYTES:
                raise PermanentError(
                    f"{path} is not a plain file of at most {_MAX_BYTES >> 20} MiB"
                )
            data = file.read(_MAX_BYTES)
        return data if self._masks is None else self._masks.data(data)

    def clean(self) -> None:
        """Take secrets out of all that stages have written, once none runs any more.

        What cannot be cleaned is removed: a report can be made again, a secret that got
        out cannot be put back.
        """
        if self._masks is None:
            return
        for path in self._outputs.rglob("*"):
            if path.is_symlink() or not path.is_file():
                continue
            try:
                data = path.read_bytes()
                hidden = self._masks.data(data)
                if hidden != data:
                    path.write_bytes(hidden)
            except (OSError, MemoryError):
                path.unlink(missing_ok=True)

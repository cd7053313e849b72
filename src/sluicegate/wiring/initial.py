"""The first pipeline files of a folder: what they hold, and writing them."""

from dataclasses import dataclass
from pathlib import Path

from sluicegate.adapters.folder import make_state_folder, write_whole
from sluicegate.config.file import PIPELINE_FILE, parse_pipeline
from sluicegate.config.schema import json_schema
from sluicegate.detect.render import render
from sluicegate.detect.repository import Repository
from sluicegate.detect.service import Service
from sluicegate.errors import UsageError

SCHEMA_FILE = "schema.json"
"""The JSON Schema for the editor, in the state folder beside the pipeline file."""


@dataclass(frozen=True, slots=True)
class FirstFile:
    """A pipeline file to write at *path*; *present* is what stands there, if any."""

    service: Service
    path: Path
    text: str
    present: str | None

    @property
    def is_new(self) -> bool:
        """Whether nothing is there yet."""
        return self.present is None

    @property
    def is_same(self) -> bool:
        """Whether just this is there already."""
        return self.present == self.text


def build_files(found: Repository, folder: Path) -> tuple[FirstFile, ...]:
    """The pipeline file of each service *found* in *folder*.

    Raises:
        UsageError: what stands at the place of one cannot be read.
    """
    files = []
    for service in found.services:
        path = folder / service.folder / PIPELINE_FILE
        text = render(service)
        parse_pipeline(text.encode(), str(path))  # ours must be right, and is checked
        files.append(FirstFile(service, path, text, _read(path)))
    return tuple(files)


def write_file(file: FirstFile) -> None:
    """Write *file*, and the schema its first line names.

    Raises:
        PermanentError: it cannot be written; what was there is untouched.
    """
    state = file.path.parent / ".sluicegate"
    make_state_folder(state)
    write_whole(state / SCHEMA_FILE, json_schema().encode())
    if not file.is_same:
        write_whole(file.path, file.text.encode())


def write_schema(path: Path, text: str) -> None:
    """Write the JSON Schema *text* to *path*, over an older one.

    Raises:
        UsageError: something else is there.
        PermanentError: it cannot be written.
    """
    present = _read(path)
    if present is not None and '"$schema"' not in present:
        raise UsageError(
            f"{path} is there and is no JSON Schema, so it is not overwritten",
            hint="name another file, or remove this one",
        )
    write_whole(path, text.encode())


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        if path.is_symlink():
            raise UsageError(
                f"{path} is a link that leads nowhere", hint="remove or mend it"
            ) from None
        return None
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror}", hint="move it away, or mend it"
        ) from error

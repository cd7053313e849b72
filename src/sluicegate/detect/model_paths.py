"""Which paths `uses: modelscan` is to read, and whether it would let them pass. Pure.

Formats are told by name alone here; the stage itself goes by content.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

_ALLOWED = frozenset({".safetensors", ".onnx", ".gguf", ".json"})
_OF_ONNX = frozenset({".data", ".onnx_data"})
_READ_BY_PEOPLE = re.compile(
    r"(?i)(?:.*\.(?:md|txt|license)|license|notice|\.git(?:attributes|ignore|keep))"
)
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*")
_MOST = 20  # paths that a person still reads


@dataclass(frozen=True, slots=True)
class Reading:
    """What the stage would read. ``refused`` are files that it would not let pass."""

    paths: tuple[str, ...]
    unchecked: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


def plan_reading(models: Sequence[str], files: Sequence[str]) -> Reading | None:
    """What to read of *files* to read all *models*; None if it cannot be written down.

    A folder is named whole where everything in it can be told from its name, so that
    what is added to it is read, too.
    """
    refused = tuple(path for path in models if not _is_allowed(path))
    paths: dict[str, None] = {}
    unchecked: dict[str, None] = {}
    for path in models:
        folder = str(PurePosixPath(path).parent)
        inside = [each for each in files if each.startswith(f"{folder}/")]
        if folder == "." or not all(_is_known(each, models) for each in inside):
            paths[path] = None
            continue
        paths[folder] = None
        for each in inside:
            if _is_read_by_people(each):
                unchecked[each] = None
    chosen = tuple(_outermost(paths))
    named = (*chosen, *unchecked)
    if len(named) > _MOST or not all(_PLAIN.fullmatch(each) for each in named):
        return None
    return Reading(chosen, tuple(unchecked), refused)


def _is_allowed(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in _ALLOWED


def _is_known(path: str, models: Sequence[str]) -> bool:
    """Whether the name tells what becomes of the file."""
    suffix = PurePosixPath(path).suffix.lower()
    is_data = suffix in _OF_ONNX and any(each.endswith(".onnx") for each in models)
    return path in models or suffix in _ALLOWED or is_data or _is_read_by_people(path)


def _is_read_by_people(path: str) -> bool:
    return _READ_BY_PEOPLE.fullmatch(PurePosixPath(path).name) is not None


def _outermost(paths: dict[str, None]) -> Iterator[str]:
    for path in paths:
        if not any(path.startswith(f"{other}/") for other in paths):
            yield path

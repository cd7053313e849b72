"""The files of a model that a release request is bound to, for who decides. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from sluicegate.model.digest import Digest
from sluicegate.model.model_manifest import ModelFile, ModelManifest
from sluicegate.report.markdown import code_cell

_SHOWN = 12
_MAX_PATH = 56  # characters
_STEP = 1024
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


@dataclass(frozen=True, slots=True)
class ShownModel:
    """A model that is released: ``name`` is that of the request's artifact.

    ``manifest`` is None where what the digest stands for is not here.
    """

    name: str
    digest: Digest
    manifest: ModelManifest | None


def model_lines(shown: ShownModel) -> Iterator[str]:
    """Lines of text; the first is a heading. Not escaped."""
    yield f"Model of {shown.name}: {_describe(shown)}"
    files = () if shown.manifest is None else shown.manifest.files
    names = [_cut(file.path) for file in files[:_SHOWN]]
    width = max(map(len, names), default=0)
    for name, file in zip(names, files, strict=False):
        said = f"{file.format}, {format_size(file.size)}, {_short(file)}"
        yield f"  {name:<{width}}  {said}"
    if len(files) > _SHOWN:
        yield f"  ... and {len(files) - _SHOWN} more"


def model_markdown(shown: ShownModel) -> Iterator[str]:
    """A section of Markdown; whatever comes from outside is code."""
    yield ""
    yield f"#### Model of {code_cell(shown.name)}: {code_cell(_describe(shown))}"
    files = () if shown.manifest is None else shown.manifest.files
    if not files:
        return
    yield ""
    yield "| file | format | size | SHA-256 |"
    yield "| --- | --- | --- | --- |"
    for file in files[:_SHOWN]:
        cells = (_cut(file.path), file.format, format_size(file.size), _short(file))
        yield f"| {' | '.join(map(code_cell, cells))} |"
    if len(files) > _SHOWN:
        yield ""
        yield f"and {len(files) - _SHOWN} more"


def model_fields(shown: ShownModel) -> dict[str, object]:
    """What documents for machines say, with every digest whole."""
    files = None
    if shown.manifest is not None:
        files = [
            {
                "path": file.path,
                "size": file.size,
                "format": file.format,
                "digest": None if file.digest is None else str(file.digest),
            }
            for file in shown.manifest.files
        ]
    return {"name": shown.name, "digest": str(shown.digest), "files": files}


def format_size(size: int) -> str:
    """Write *size*, in bytes, for a person: ``312 bytes``, ``1.2 MiB``."""
    power = 0
    while power + 1 < len(_UNITS) and size >= _STEP ** (power + 1):
        power += 1
    number = f"{size / _STEP**power:.1f}" if power else str(size)
    return f"{number} {_UNITS[power]}"


def _describe(shown: ShownModel) -> str:
    if shown.manifest is None:
        return "its list of files is not here"
    number = len(shown.manifest.files)
    files = f"{number} file{'' if number == 1 else 's'}"
    formats = ", ".join(shown.manifest.formats)
    return f"{files}, {format_size(shown.manifest.size)} ({formats})"


def _short(file: ModelFile) -> str:
    return "no digest" if file.digest is None else file.digest.short


def _cut(path: str) -> str:
    path = " ".join(path.split())
    return path if len(path) <= _MAX_PATH else f"{path[: _MAX_PATH - 1]}…"

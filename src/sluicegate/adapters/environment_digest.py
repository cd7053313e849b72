"""What is installed in a Python environment, as one digest.

Two environments with the same distributions have the same digest, wherever they lie:
of each distribution's RECORD, which lists its files with their hashes, everything is
left out that names the environment's own place. A file that is changed by hand within
an environment is not noticed, as it is not by any installer.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sluicegate.errors import PermanentError
from sluicegate.model.digest import Digest

# Scripts begin with the interpreter's path, editable installs name a folder, and the
# rest is how something was installed, not what.
_LOCAL_LINE = re.compile(
    r"^(\.\./|.*\.(pth|pyc)(,|$)|.*\.dist-info/"
    r"(INSTALLER|REQUESTED|RECORD|direct_url\.json|uv_cache\.json|uv_build\.json)(,|$))"
)
_IGNORED_FOLDERS = {"__pycache__", "node_modules", "build", "dist"}
_MOST_BYTES = 4 << 20  # of a source file that is read; a larger one counts by its date


def digest_environment(sites: Iterable[Path], project: Path) -> Digest:
    """Digest the distributions in the folders *sites*, in the order of ``sys.path``.

    What is installed in place from a folder outside *project* counts with its content:
    a library beside a service is not among the files of the service.

    Raises:
        PermanentError: a file of theirs cannot be read.
    """
    state = hashlib.sha256()
    try:
        for site in sites:
            for part in _parts(site, project):
                state.update(len(part).to_bytes(8) + part)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise PermanentError(f"cannot read what is installed: {error}") from error
    return Digest(state.hexdigest())


def _parts(site: Path, project: Path) -> Iterator[bytes]:
    entries = sorted(site.iterdir()) if site.is_dir() else []
    for entry in entries:
        if entry.name == "__pycache__":
            continue
        yield entry.name.encode()
        if entry.name.endswith(".dist-info"):
            yield _record(entry / "RECORD")
            source = _editable_source(entry / "direct_url.json")
            if source is not None and not source.is_relative_to(project.resolve()):
                yield from _tree(source)
        elif entry.name.endswith(".egg-info"):
            metadata = entry / "PKG-INFO" if entry.is_dir() else entry
            yield metadata.read_bytes() if metadata.is_file() else b""
        elif entry.suffix == ".py":
            yield entry.read_bytes()


def _record(path: Path) -> bytes:
    """The lines of a RECORD that are the same in every environment, sorted."""
    text = path.read_text("utf-8", "replace") if path.is_file() else ""
    kept = (line for line in text.splitlines() if not _LOCAL_LINE.match(line))
    return "\n".join(sorted(kept)).encode()


def _editable_source(path: Path) -> Path | None:
    """The folder a distribution is installed from in place; None for any other.

    Source:
        PEP 610, direct_url.json.
    """
    if not path.is_file():
        return None
    origin = json.loads(path.read_bytes())
    is_editable = isinstance(origin, dict) and origin.get("dir_info", {}).get(
        "editable", False
    )
    return (
        Path(unquote(urlsplit(origin["url"]).path)).resolve() if is_editable else None
    )


def _tree(folder: Path) -> Iterator[bytes]:
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in _IGNORED_FOLDERS
            and not name.endswith(".egg-info")
        )
        for name in sorted(files):
            path = Path(where, name)
            if not path.is_file():
                continue
            yield str(path.relative_to(folder)).encode()
            status = path.stat()
            if status.st_size <= _MOST_BYTES:
                yield path.read_bytes()
            else:
                yield f"{status.st_size} {status.st_mtime_ns}".encode()
